/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tpmhandles.h - which opener of /dev/tpmrm0 loaded which object or session, so that closing flushes it.
 *
 * A handle that the TPM gives out belongs to the one it was given to last: when an object vanished without our
 * seeing it (a session that ended with its command), the next owner of the same number takes it over.
 *
 * Context    task context.
 * Ownership  owner is an address that tells openers apart; it is never followed.
 * Errors     none: when the table is full the newest handle is not remembered, and stays until the next boot.
 * Source     TCG TPM 2.0 Library part 3 (which responses begin with a handle, which commands flush one).
 */
#ifndef ASSAY_TPMHANDLES_H
#define ASSAY_TPMHANDLES_H

#include "tpm/tpm.h"

/* After a command that was answered. */
void tpmhandles_note(const void *owner, const u8 *cmd, size_t cmd_len, const u8 *rsp, size_t rsp_len);
/* Flushes what owner still has. */
void tpmhandles_release(struct tpm *tpm, const void *owner);

#endif
