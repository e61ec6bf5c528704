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
 * Ownership  tcti_init builds a context in the caller's memory; the wire must outlive it.
 * Errors     TSS2_TCTI_RC_*; tcti_error tells the errno behind the last one.
 * Source     TCG TSS 2.0 TPM Command Transmission Interface 1.0, section 3.
 */
#pragma once

#include "tpm/wire.h"

#define TCTI_DELAY_FIRST_MS 20u
#define TCTI_DELAY_NV_MS 100u
#define TCTI_DELAY_MAX_MS 2000u

struct tcti;

/* Bytes that a context needs. */
size_t tcti_size(void);
/* memory: tcti_size() bytes, 16-byte aligned. To tss2 a TSS2_TCTI_CONTEXT. Also forgets a held command. */
struct tcti *tcti_init(void *memory, struct wire *wire);
/* 0, or the errno of the wire behind the last TSS2_TCTI_RC_IO_ERROR or NO_CONNECTION. */
int tcti_error(const struct tcti *tcti);
/* Bytes of the last response that was given out. */
size_t tcti_response_len(const struct tcti *tcti);
/* The last command was sent more than once. */
bool tcti_resent(const struct tcti *tcti);
