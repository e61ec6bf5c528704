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
 * Errors     -ENODEV nothing answers at the registers, -ETIMEDOUT, -EIO bytes that are no response or a
 *            device that does not follow the protocol.
 * Source     TCG PC Client Platform TPM Profile (PTP) 1.05, section 6.5: FIFO interface.
 */
#pragma once

#include "tpm/regs.h"

/* PTP 6.5.1.4, table 18 (750, 2000, 200, 30 ms); B and C are longer, as drivers in the field need them. */
#define TIS_TIMEOUT_A_MS 750u  /* locality, burst count */
#define TIS_TIMEOUT_B_MS 4000u /* command ready */
#define TIS_TIMEOUT_C_MS 750u  /* stsValid, Expect */
#define TIS_TIMEOUT_D_MS 30u   /* until the status of a started command is not a left-over of before */

/* A command is sent again when the device counted other bytes than we (cheap), or fell silent (a time-out each). */
#define TIS_EXPECT_TRIES 50u
#define TIS_SILENCE_TRIES 3u
/* A response is read again through responseRetry when its bytes make no sense. */
#define TIS_RESPONSE_TRIES 3u

/* Checks that a device answers and takes locality 0; tis_close gives it back. */
must_check int tis_open(const struct tpm_regs *regs);
void tis_close(const struct tpm_regs *regs);

/* Hands over one whole command and starts it. */
must_check int tis_send(const struct tpm_regs *regs, const u8 *cmd, size_t len);
/* 0 once the response is there; -ETIMEDOUT after timeout_ms; -EIO when the device lost the command. */
must_check int tis_wait(const struct tpm_regs *regs, u64 timeout_ms);
/* Reads the response: its tag and size were checked and every byte arrived. */
must_check int tis_receive(const struct tpm_regs *regs, u8 *ret_rsp, size_t cap, size_t *ret_len);
