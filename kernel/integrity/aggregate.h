/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/aggregate.h - boot_aggregate: the firmware's PCRs in one digest, the first record of a boot.
 *
 * Of the TPM's banks that of the default hash is taken, else sha256, else sha1; the digest is the hash, with the bank's
 * algorithm, over PCR 0 to 9, in the sha1 bank over PCR 0 to 7. With no such bank, or no TPM, it is zeros of the
 * default hash.
 *
 * Context    boot.
 * Units      bytes.
 * Errors     those of tpm_pcr_read.
 */
#pragma once

#include "crypto/hash.h"
#include "tpm/tpm.h"

/* ret_legacy: over the sha1 bank for the field d; 20 zeros when there is no sha1 bank. tpm may be NULL. */
must_check int aggregate_compute(struct tpm *tpm, unsigned default_hash, struct digest *ret_digest,
				 struct digest *ret_legacy);
