/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/mlog.h - the measurement log: append and extend are one step.
 *
 * A record is kept once, as the bytes that are hashed; the template digest of each bank is derived when it is read.
 * The order of the log is the order of the extends. A record that is in the log is in the PCR, or the log is broken
 * at that record and takes no more (promise 1). Without a TPM nothing is extended and all else is the same.
 *
 * Banks are those of the TPM in its order; then sha1 if the TPM has none, and the default hash if it is none of
 * these. A bank whose algorithm we have no hash for gets the sha1 digest padded with zeros.
 *
 * Context    task context, not preempted inside: that is the lock over {duplicate? append, count, extend}.
 * Units      bytes; records are counted from 0.
 * Ownership  mlog_alloc/mlog_free; a record's span points into the log and stays valid while the record is there.
 * Errors     -EEXIST the same record is there (nothing done), -EIO broken or just broke, -EINVAL a PCR that cannot be
 *            extended, -ENOMEM (nothing done), -E2BIG, -ENOPKG the default hash is not built.
 */
#pragma once

#include "kernel/base/blob.h"
#include "kernel/integrity/template.h"
#include "tpm/tpm.h"

#define MLOG_BANKS_MAX (TPM_BANKS_MAX + 2u)

struct mlog;

struct mlog_bank {
	u16 alg;     /* TPM_ALG_ID */
	u8 hash;     /* enum hash_id; HASH_COUNT for an algorithm without mapping */
	u8 len;
	bool padded; /* not built: sha1 and zeros */
	bool listed; /* has files: not the slot of the default hash alone */
};

struct mlog_record {
	u32 pcr;
	const struct template *template;
	struct span data;  /* from template_build */
	bool violation;    /* all-zero digests; 0xff extended; never a duplicate */
};

/* Where a reader stands. Zeroed: before the first record. */
struct mlog_cursor {
	const struct segment *segment;
	size_t offset;
};

/* tpm NULL: bypass. */
must_check int mlog_alloc(struct tpm *tpm, unsigned default_hash, struct mlog **ret_log);
void mlog_free(struct mlog *log);

must_check int mlog_append(struct mlog *log, const struct mlog_record *record);

/* A violation was seen, recorded or not. */
void mlog_count_violation(struct mlog *log);
/* Records in the list; violations seen since start (saturating). */
u64 mlog_count(const struct mlog *log);
u64 mlog_violations(const struct mlog *log);
/* True once an extend failed for good; ret_record (may be NULL) gets the number of the record that it broke at. */
bool mlog_broken(const struct mlog *log, u64 *ret_record);

size_t mlog_bank_count(const struct mlog *log);
const struct mlog_bank *mlog_bank(const struct mlog *log, size_t index);

/* The next record; false at the end. */
bool mlog_next(const struct mlog *log, struct mlog_cursor *cursor, struct mlog_record *ret_record);
/* The template digest for the bank as the list shows it (zeros for a violation); bank->len bytes. */
must_check int mlog_digest(const struct mlog_bank *bank, const struct mlog_record *record, u8 *ret_bytes);
/* Appends the record as it stands in the bank's binary or ascii file. */
must_check int mlog_show_binary(const struct mlog_bank *bank, const struct mlog_record *record, struct blob *out);
must_check int mlog_show_ascii(const struct mlog_bank *bank, const struct mlog_record *record, struct blob *out);
