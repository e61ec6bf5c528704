/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/aggregate.c - see aggregate.h.
 */
#include "kernel/integrity/aggregate.h"

#define PCRS_SHA1 8u
#define PCRS_OTHER 10u

static size_t find_bank(const struct tpm *tpm, unsigned hash) {
	size_t i = 0;

	while (i < tpm->bank_count && tpm->banks[i].hash != hash) i++;
	return i;
}

static size_t choose_bank(const struct tpm *tpm, unsigned default_hash) {
	const unsigned wanted[] = { default_hash, HASH_SHA256, HASH_SHA1 };

	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++)
		if (hash_available(wanted[i]) && find_bank(tpm, wanted[i]) < tpm->bank_count)
			return find_bank(tpm, wanted[i]);
	return tpm->bank_count;
}

static struct digest zeros(unsigned hash) { return (struct digest){ .id = (u8)hash, .len = (u8)hash_len(hash) }; }

static int over_bank(struct tpm *tpm, size_t bank, struct digest *ret_digest) {
	struct digest digest = zeros(tpm->banks[bank].hash);
	unsigned pcr_count = digest.id == HASH_SHA1 ? PCRS_SHA1 : PCRS_OTHER;
	struct tpm_digests values;
	struct hash_ctx ctx;

	TRY(hash_init(&ctx, digest.id));
	for (unsigned pcr = 0; pcr < pcr_count; pcr++) {
		TRY(tpm_pcr_read(tpm, pcr, &values));
		hash_update(&ctx, values.bytes[bank], digest.len);
	}
	hash_final(&ctx, digest.bytes);
	*ret_digest = digest;
	return 0;
}

int aggregate_compute(struct tpm *tpm, unsigned default_hash, struct digest *ret_digest, struct digest *ret_legacy) {
	struct digest digest = zeros(default_hash), legacy = zeros(HASH_SHA1);
	size_t bank = tpm ? choose_bank(tpm, default_hash) : 0, sha1 = tpm ? find_bank(tpm, HASH_SHA1) : 0;

	if (tpm && bank < tpm->bank_count) TRY(over_bank(tpm, bank, &digest));
	if (tpm && sha1 < tpm->bank_count) TRY(over_bank(tpm, sha1, &legacy));
	*ret_digest = digest;
	*ret_legacy = legacy;
	return 0;
}
