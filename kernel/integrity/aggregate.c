/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/aggregate.c - see aggregate.h.
 */
#include "kernel/integrity/aggregate.h"

#define PCRS_SHA1 8u
#define PCRS_OTHER 10u

static size_t find_bank(const struct tpm *tpm, unsigned hash)
{
	size_t i = 0;

	while (i < tpm->bank_count && tpm->banks[i].hash != hash)
		i++;
	return i;
}

static size_t choose_bank(const struct tpm *tpm, unsigned default_hash)
{
	const unsigned wanted[] = { default_hash, HASH_SHA256, HASH_SHA1 };

	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++)
		if (hash_available(wanted[i]) && find_bank(tpm, wanted[i]) < tpm->bank_count)
			return find_bank(tpm, wanted[i]);
	return tpm->bank_count;
}

static struct digest zeros(unsigned hash)
{
	return (struct digest){ .id = (u8)hash, .len = (u8)hash_len(hash) };
}

static int over_bank(struct tpm *tpm, size_t bank, struct digest *ret_digest)
{
	unsigned hash = tpm->banks[bank].hash;
	unsigned pcr_count = hash == HASH_SHA1 ? PCRS_SHA1 : PCRS_OTHER;
	struct digest digest = zeros(hash);
	struct tpm_digests values;
	struct hash_ctx ctx;
	int err = hash_init(&ctx, hash);

	for (unsigned pcr = 0; !err && pcr < pcr_count; pcr++) {
		err = tpm_pcr_read(tpm, pcr, &values);
		if (!err)
			hash_update(&ctx, values.bytes[bank], digest.len);
	}
	if (err)
		return err;
	hash_final(&ctx, digest.bytes);
	*ret_digest = digest;
	return 0;
}

int aggregate_compute(struct tpm *tpm, unsigned default_hash, struct digest *ret_digest, struct digest *ret_legacy)
{
	struct digest digest = zeros(default_hash), legacy = zeros(HASH_SHA1);
	size_t bank = tpm ? choose_bank(tpm, default_hash) : 0;
	size_t sha1 = tpm ? find_bank(tpm, HASH_SHA1) : 0;
	int err = 0;

	if (tpm && bank < tpm->bank_count)
		err = over_bank(tpm, bank, &digest);
	if (!err && tpm && sha1 < tpm->bank_count)
		err = over_bank(tpm, sha1, &legacy);
	if (err)
		return err;
	*ret_digest = digest;
	*ret_legacy = legacy;
	return 0;
}
