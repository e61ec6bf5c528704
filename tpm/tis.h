/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tis.h - the FIFO interface (TIS) over struct tpm_regs, locality 0, by polling.
 *
 *   tis_send      Idle/Completion -> Ready -> Reception -> Execution
 *   tis_wait      Execution -> Completion
 *   tis_receive   Completion -> Idle
 *
 * A failed tis_send has aborted the command before it ran. Every wait ends at the time named below; a device
 * that reads as all zeros or all ones is given up at once.
 *
 * Context    task context; busy-waits through regs->pause.
 * Units      bytes, ms.
 * Ownership  regs must outlive the struct; buffers stay the caller's.
 * Errors     -ENODEV nothing answers at the registers, -ETIMEDOUT, -EIO bytes that are no response or a
 *            device that does not follow the protocol.
 * Source     TCG PC Client Platform TPM Profile (PTP) 1.05, section 6.5: FIFO interface.
 */
#ifndef ASSAY_TIS_H
#define ASSAY_TIS_H

#include "kernel/base/err.h"
#include "tpm/regs.h"

/* PTP 6.5.1.4, table 18 (750, 2000, 200, 30 ms); B and C are longer, as drivers in the field need them. */
#define TIS_TIMEOUT_A_MS 750u  /* locality, burst count */
#define TIS_TIMEOUT_B_MS 4000u /* command ready, abort, cancel */
#define TIS_TIMEOUT_C_MS 750u  /* stsValid, Expect */
#define TIS_TIMEOUT_D_MS 30u   /* until the status of a started command is not a left-over of before */

/* A command is sent again when the device counted other bytes than we (cheap), or fell silent (a time-out each). */
#define TIS_EXPECT_TRIES 50u
#define TIS_SILENCE_TRIES 3u
/* A response is read again through responseRetry when its bytes make no sense. */
#define TIS_RESPONSE_TRIES 3u

struct tis {
	const struct tpm_regs *regs;
	u32 did_vid;
};

/* Checks that a device answers and takes locality 0. */
must_check int tis_open(struct tis *tis, const struct tpm_regs *regs);
/* Gives the locality back. */
void tis_close(struct tis *tis);

/* Hands over one whole command and starts it. */
must_check int tis_send(struct tis *tis, const u8 *cmd, size_t len);
/*
 * 0 once the response is there; -ETIMEDOUT after timeout_ms, and then it may be asked again; -EIO when
 * the device lost the command.
 */
must_check int tis_wait(struct tis *tis, u64 timeout_ms);
/* Reads the response: its tag and size were checked and every byte arrived. */
must_check int tis_receive(struct tis *tis, u8 *ret_rsp, size_t cap, size_t *ret_len);
/* Asks the device to give up the running command; the response still comes and must be waited for. */
void tis_cancel(struct tis *tis);

#endif
