/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/seen.h - which records were made already: a set of keyed fingerprints.
 *
 * A fingerprint is 96 bits of SipHash-2-4-128 under a key drawn at start, over the PCR and the template digest. Being
 * keyed, two contents cannot be searched for that share one; being in the slot, no record is looked at, so records
 * can be deleted without touching the set and stay known.
 *
 * Context    task context; allocates in seen_reserve only.
 * Units      bytes.
 * Ownership  the struct is the caller's; seen_done frees.
 * Errors     -ENOMEM, -EIO no random key.
 * Source     Aumasson and Bernstein, SipHash; the 128-bit variant of its reference.
 */
#pragma once

#include "kernel/base/base.h"

struct fingerprint {
	u32 words[3];
};

struct seen {
	struct fingerprint *slots; /* all-zero: free */
	size_t slot_count;         /* power of two */
	size_t used;
	u8 key[16];
};

must_check int seen_init(struct seen *seen);
void seen_done(struct seen *seen);
struct fingerprint seen_fingerprint(const struct seen *seen, u32 pcr, const void *digest, size_t len);
bool seen_has(const struct seen *seen, const struct fingerprint *fp);
/* Makes sure that one more fits; the only step that can fail. */
must_check int seen_reserve(struct seen *seen);
/* After seen_reserve; of a fingerprint that seen_has does not know. */
void seen_add(struct seen *seen, const struct fingerprint *fp);

/* SipHash-2-4 with 128 bits of output. */
void siphash128(const u8 key[16], const void *bytes, size_t len, u8 ret_hash[16]);
