/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tpm.h - what the rest of the kernel asks of the TPM.
 *
 * One TPM, driven by polling through TIS or CRB. Every call sends its command, waits within the
 * bounds of tpm/tis.c, tpm/crb.c and tpm/wire.c, resubmits while the TPM answers RETRY, YIELDED or TESTING
 * (tpm/tcti.h, bounded), and translates the outcome to errno at one place.
 *
 * Promise 1: tpm_extend returns success only when every active bank holds the new value. When the answer
 * is lost or not understood the PCRs are read back: all new means done, all old a bounded retry,
 * anything else -EBADMSG, on which the caller must declare the log broken. After every other error no bank has
 * changed.
 *
 * A TPM that fell silent, vanished, lost its state (it wants a Startup) or reports failure is dead until the
 * next boot: a late answer must not be taken for that of a later command, and PCRs of a restarted TPM no
 * longer hold the log.
 *
 * Context    task context; the caller serialises (the kernel is not preempted inside).
 * Units      digests in bytes as the bank defines; times in ms.
 * Ownership  the struct is the caller's, initialised by tpm_open.
 * Errors     -ENODEV no TPM (from tpm_open alone), -ETIMEDOUT it did not answer in time, -EIO it answered with
 *            an error, or bytes that are no response, or it is dead; -EBADMSG see above; -EINVAL, -ENOMEM.
 * Source     TCG TPM 2.0 Library part 3; TCG PC Client Platform TPM Profile 1.05.
 */
#pragma once

#include "crypto/hash.h"
#include "kernel/base/base.h"
#include "tpm/pcr.h"
#include "tpm/regs.h"

#define TPM_BANKS_MAX 8u

/* A bank in the TPM's own order. hash is HASH_COUNT for an algorithm we have no mapping for. */
struct tpm_bank {
	u16 alg;       /* TPM_ALG_ID */
	u8 hash;       /* enum hash_id */
	u8 len;        /* digest size */
};

enum tpm_interface { TPM_IF_NONE = 0, TPM_IF_TIS, TPM_IF_CRB };

/* Where ACPI's TPM2 table says that the TPM is (tpm/location.h). */
struct tpm_location {
	enum tpm_interface interface;
	paddr_t base;          /* address 0 of struct tpm_regs */
	bool has_head;         /* the registers below offset 0x40 are there: locality, interface id */
};

struct tpm {
	enum tpm_interface interface;
	struct tpm_bank banks[TPM_BANKS_MAX]; /* active banks only */
	size_t bank_count;
	char manufacturer[5];  /* TPM_PT_MANUFACTURER as text */
	u32 firmware[2];
	bool unstarted;        /* firmware had not started it: the boot is not trustworthy */
	bool table_disagrees;  /* ACPI named the other interface than the registers do; the registers were followed */
	bool dead;             /* every later call fails with -EIO */
	void *state;           /* of tpm.c, allocated */
};

/* One digest per bank, in the order of tpm->banks. */
struct tpm_digests {
	u8 bytes[TPM_BANKS_MAX][HASH_MAX_LEN];
};

/*
 * Finds the interface, takes locality 0, self-tests, never sends Startup to a live TPM, flushes what
 * loaders left, reads banks and limits. ret_why (may be NULL) gets a static sentence on failure.
 */
must_check int tpm_open(struct tpm *tpm, const struct tpm_regs *regs,
			const struct tpm_location *where, const char **ret_why);
/* Releases the locality; with shutdown sends TPM2_Shutdown(CLEAR) first. */
void tpm_close(struct tpm *tpm, bool shutdown);

/* Extends every active bank by one command. */
must_check int tpm_extend(struct tpm *tpm, unsigned pcr, const struct tpm_digests *digests);
/* Reads PCR pcr of every active bank, consistently: no update came between the parts. */
must_check int tpm_pcr_read(struct tpm *tpm, unsigned pcr, struct tpm_digests *ret_values);
must_check int tpm_random(struct tpm *tpm, void *ret_buf, size_t len);

/*
 * Passes one raw command through (for /dev/tpm0, after the allow-list of tpm/filter.h). ret_len gets the
 * length of the response; a response longer than cap is -EIO. One submission, no retry.
 */
must_check int tpm_submit(struct tpm *tpm, const void *cmd, size_t len, void *ret_rsp, size_t cap, size_t *ret_len);

/* "TIS", "CRB", "none". */
const char *tpm_interface_name(enum tpm_interface interface);
