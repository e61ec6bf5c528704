/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_pcrs.h - reading all PCRs of a TPM, and the files that tell them.
 *
 * Context    host; pcrs_read blocks up to its time limit.
 * Units      digests in bytes as the bank defines.
 * Ownership  the caller's structures.
 * Errors     negative errno: -EBADMSG for a response that is none, -EIO for an error of the TPM, -ETIMEDOUT.
 * Source     TCG TPM 2.0 Library part 3, 22.4 (TPM2_PCR_Read).
 */
#pragma once

#include "kernel/base/err.h"
#include "kernel/base/types.h"
#include "tpm/pcr.h"

#define PCRS_BANKS 5u
#define PCRS_DIGEST_MAX 64u
#define TPM_MESSAGE_MAX 4096u
#define TPM_HEADER_LEN 10u

struct pcrs {
	struct {
		u16 alg;
		u32 mask; /* PCRs that were read; 0: the bank is not active */
		u8 values[PCR_COUNT][PCRS_DIGEST_MAX];
	} banks[PCRS_BANKS];
};

/* Messages of one direction, cut out of a stream. */
struct tpm_frame {
	u8 header[TPM_HEADER_LEN];
	u32 have;  /* bytes of the current message seen so far */
	u32 total; /* its length, 0 while the header is incomplete */
	u32 complete; /* messages seen to their end */
};

/* -EBADMSG when a header tells a length below 10 or above TPM_MESSAGE_MAX. */
must_check int tpm_frame_feed(struct tpm_frame *f, const void *bytes, size_t len);

/* Writes the command that reads the PCRs of mask; returns its length. */
size_t pcrs_command(u16 alg, u32 mask, u8 ret_cmd[32]);

/*
 * Takes the values of one response into bank number bank; ret_got are those that it held, which may be
 * fewer than asked for, or none.
 */
must_check int pcrs_take(struct pcrs *p, size_t bank, const void *rsp, size_t len, u32 *ret_got);

/* Reads everything through fd, a socket to a TPM that has no command in progress. */
must_check int pcrs_read(int fd, unsigned ms, struct pcrs *ret_pcrs);

/* Writes DIR/pcrs.json and DIR/pcrs-BANK.txt; a status of tools/cli.h. */
must_check int pcrs_write(const struct pcrs *p, const char *dir);
/* Removes what an earlier run left. */
void pcrs_remove(const char *dir);
