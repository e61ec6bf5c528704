/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/crb.h - the command/response buffer interface (CRB) over struct tpm_regs, locality 0, by polling.
 *
 *   crb_send      Idle -> Ready -> Reception -> Execution
 *   crb_wait      Execution -> Completion
 *   crb_receive   Completion -> Idle
 *
 * The buffers lie where the device's registers say. They are shared with the device and often the same for
 * both directions: each is read once, into private memory, and a command that may be needed again is kept by
 * the caller.
 *
 * Context    task context; busy-waits through regs->pause.
 * Units      bytes, ms; buffer addresses are physical.
 * Ownership  regs must outlive the struct; buffers stay the caller's.
 * Errors     -ENODEV nothing answers, or the buffers cannot be reached, or the device says that it has failed;
 *            -ETIMEDOUT; -EIO bytes that are no response; -E2BIG command longer than its buffer.
 * Source     TCG PC Client Platform TPM Profile (PTP) 1.05, section 6.5: CRB interface.
 */
#pragma once

#include "tpm/regs.h"

/* PTP 6.5.1.4, table 18 (750, 200 ms); C is longer, as drivers in the field need it. */
#define CRB_TIMEOUT_A_MS 750u  /* locality */
#define CRB_TIMEOUT_C_MS 750u  /* cmdReady, goIdle */
#define CRB_READY_TRIES 3u

struct crb {
	const struct tpm_regs *regs;
	bool has_head;       /* the registers below the control area are there: locality, interface id */
	paddr_t cmd_addr;
	paddr_t rsp_addr;
	u32 cmd_len;
	u32 rsp_len;
};

/* Takes locality 0 where there is one, wakes the device and learns its buffers. */
must_check int crb_open(struct crb *crb, const struct tpm_regs *regs, bool has_head);
void crb_close(struct crb *crb);

must_check int crb_send(struct crb *crb, const u8 *cmd, size_t len);
/* 0 once the response is there; -ETIMEDOUT after timeout_ms. */
must_check int crb_wait(struct crb *crb, u64 timeout_ms);
must_check int crb_receive(struct crb *crb, u8 *ret_rsp, size_t cap, size_t *ret_len);
