/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/aggregate.c - boot_aggregate: the firmware's PCRs in one digest, the first record of a boot.
 *
 * Of the TPM's banks that of the default hash is taken, else sha256, else sha1; the digest is the hash, with the bank's
 * algorithm, over PCR 0 to 9, in the sha1 bank over PCR 0 to 7. With no such bank, or no TPM, it is zeros of the
 * default hash.
 */
#include "kernel/integrity/audit.h"
#include "kernel/integrity/core.h"

#define PCRS_SHA1 8u
#define PCRS_OTHER 10u

/* The bank of that hash; bank_count when there is none. */
static size_t find_bank(const struct tpm *tpm, unsigned hash) {
	size_t i = 0;

	while (i < tpm->bank_count && (tpm->banks[i].hash != hash || !hash_available(hash))) i++;
	return i;
}

static struct digest zeros(unsigned hash) { return (struct digest){ .id = (u8)hash, .len = (u8)hash_len(hash) }; }

/* The digest over the bank's PCRs; leaves *digest where there is no such bank. */
static int over_bank(struct tpm *tpm, size_t bank, struct digest *digest) {
	struct tpm_digests values;
	struct hash_ctx ctx;

	if (bank == tpm->bank_count) return 0;
	*digest = zeros(tpm->banks[bank].hash);
	TRY(hash_init(&ctx, digest->id));
	for (unsigned pcr = 0; pcr < (digest->id == HASH_SHA1 ? PCRS_SHA1 : PCRS_OTHER); pcr++) {
		TRY(tpm_pcr_read(tpm, pcr, &values));
		hash_update(&ctx, values.bytes[bank], digest->len);
	}
	hash_final(&ctx, digest->bytes);
	return 0;
}

/* legacy_digest: over the sha1 bank, for the field d; zeros when there is no such bank. */
static int compute(struct tpm *tpm, struct event *event) {
	const unsigned wanted[] = { core.default_hash, HASH_SHA256, HASH_SHA1 };
	size_t bank = tpm ? tpm->bank_count : 0;

	event->digest = zeros(core.default_hash);
	event->legacy_digest = zeros(HASH_SHA1);
	if (!tpm) return 0;
	for (size_t i = 0; bank == tpm->bank_count && i < ARRAY_COUNT(wanted); i++) bank = find_bank(tpm, wanted[i]);
	if (bank == tpm->bank_count)
		port_log(LOG_WARN, "assay: boot_aggregate is zeros: the TPM has no bank of the default hash, sha256 or "
			 "sha1");
	TRY(over_bank(tpm, bank, &event->digest));
	return over_bank(tpm, find_bank(tpm, HASH_SHA1), &event->legacy_digest);
}

int core_measure_aggregate(struct tpm *tpm) {
	struct event event = { .name = LOG_BOOT_AGGREGATE, .default_hash = core.default_hash };
	int err = compute(tpm, &event);
	const char *cause = err ? "hashing_error" : "store_entry";

	if (!err) err = core_record(core_boot_task(), core.default_template, LOG_DEFAULT_PCR, &event);
	if (err)
		audit_integrity(core_boot_task(), &(struct audit_event){ .type = AUDIT_PCR, .op = "add_boot_aggregate",
									 .cause = cause, .name = event.name });
	return err;
}
