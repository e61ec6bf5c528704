/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tcti.h - the transport that tss2-sys calls: TSS2_TCTI_CONTEXT_COMMON_V1 over a wire.
 *
 *   state      call           leads to                     otherwise
 *   IDLE       transmit       BUSY                         IO_ERROR, NO_CONNECTION: stays IDLE
 *   IDLE       receive        -                            BAD_SEQUENCE
 *   IDLE       cancel         -                            BAD_SEQUENCE
 *   BUSY       transmit       -                            BAD_SEQUENCE
 *   BUSY       receive        size asked (response NULL)   READY
 *   BUSY       receive        IDLE, with the response      TRY_AGAIN: stays BUSY; IO_ERROR: IDLE
 *   BUSY       cancel         BUSY: a response follows
 *   READY      receive        size asked: READY; else IDLE INSUFFICIENT_BUFFER: stays READY
 *   READY      transmit       -                            BAD_SEQUENCE
 *   any        setLocality 0  same                         another locality: BAD_VALUE
 *   any        finalize       IDLE; the wire is closed
 *
 * While the TPM answers RETRY, YIELDED, TESTING (but not to SelfTest), NV_RATE or NV_UNAVAILABLE, receive
 * sends the kept command again: first after 20 ms (100 ms for the two of NV), then after twice that, until the
 * pause would exceed 2 s; the last answer is then given to the caller. This is the one place where commands
 * are repeated for such answers.
 *
 * Context    task context; receive with TSS2_TCTI_TIMEOUT_BLOCK busy-waits as long as the command may run.
 * Units      bytes, ms.
 * Ownership  tcti_init builds a context in the caller's memory; the wire must outlive it.
 * Errors     TSS2_TCTI_RC_*; tcti_error tells the errno behind the last one.
 * Source     TCG TSS 2.0 TPM Command Transmission Interface 1.0, section 3.
 */
#ifndef ASSAY_TCTI_H
#define ASSAY_TCTI_H

#include "tpm/wire.h"

#define TCTI_DELAY_FIRST_MS 20u
#define TCTI_DELAY_NV_MS 100u
#define TCTI_DELAY_MAX_MS 2000u

struct tcti;

/* Bytes that a context needs. */
size_t tcti_size(void);
/* memory: tcti_size() bytes, 16-byte aligned. The result is a TSS2_TCTI_CONTEXT to tss2. */
struct tcti *tcti_init(void *memory, struct wire *wire);
/* Forgets a command in flight: for the caller that gave it up after an error. */
void tcti_reset(struct tcti *tcti);
/* 0, or the errno of the wire behind the last TSS2_TCTI_RC_IO_ERROR or NO_CONNECTION. */
int tcti_error(const struct tcti *tcti);
/* Bytes of the last response that was given out. */
size_t tcti_response_len(const struct tcti *tcti);
/* The last command was sent more than once. */
bool tcti_resent(const struct tcti *tcti);

#endif
