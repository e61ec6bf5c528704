/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tcti.h - the transport that tss2-sys calls: TSS2_TCTI_CONTEXT_COMMON_V1 over a wire.
 *
 *   state   call                    leads to                  otherwise
 *   IDLE    transmit                HELD: nothing is sent     BAD_VALUE: stays IDLE
 *   IDLE    receive                 -                         BAD_SEQUENCE
 *   HELD    transmit                -                         BAD_SEQUENCE
 *   HELD    receive                 READY, then as there      IO_ERROR, NO_CONNECTION: IDLE
 *   READY   receive, response NULL  READY, with the size
 *   READY   receive                 IDLE, with the response   INSUFFICIENT_BUFFER: stays READY
 *   READY   transmit                -                         BAD_SEQUENCE
 *
 * The command runs inside receive, because nobody has anything else to do meanwhile; timeout must be
 * TSS2_TCTI_TIMEOUT_BLOCK. Calls that tss2-sys does not make (cancel, setLocality ...) are not there.
 *
 * While the TPM answers RETRY, YIELDED, TESTING (but not to SelfTest), NV_RATE or NV_UNAVAILABLE, receive
 * sends the kept command again: first after 20 ms (100 ms for the two of NV), then after twice that, until the
 * pause would exceed 2 s; the last answer is then given to the caller. This is the one place where commands
 * are repeated for such answers.
 *
 * Context    task context; busy-waits as long as the command may run.
 * Units      bytes, ms.
 * Ownership  the struct is the caller's; the wire must outlive it.
 * Errors     TSS2_TCTI_RC_*; the errno behind the last one is kept.
 * Source     TCG TSS 2.0 TPM Command Transmission Interface 1.0, section 3.
 */
#pragma once

#include <tss2_tcti.h>

#include "tpm/frame.h"
#include "tpm/wire.h"

enum { TCTI_DELAY_FIRST_MS = 20, TCTI_DELAY_NV_MS = 100, TCTI_DELAY_MAX_MS = 2000 };

struct tcti {
	TSS2_TCTI_CONTEXT_COMMON_V1 common; /* first: tss2 sees only this */
	struct wire *wire;
	enum { TCTI_IDLE = 0, TCTI_HELD, TCTI_READY } state;
	int error;               /* the wire's errno behind the last TSS2_TCTI_RC_IO_ERROR or NO_CONNECTION, or 0 */
	u64 delay_ms;            /* last pause before a resend, 0: the last command was sent once */
	size_t cmd_len, rsp_len; /* of the last command, and of the last response that was given out */
	u8 cmd[FRAME_MAX], rsp[FRAME_MAX];
};

/* Also forgets a held command. */
void tcti_init(struct tcti *tcti, struct wire *wire);
/* What receive does: carries out the cmd_len bytes in cmd; 0 with a final answer in rsp, or tcti->error. */
must_check int tcti_run(struct tcti *tcti);
