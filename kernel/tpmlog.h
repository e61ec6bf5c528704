/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tpmlog.h - the firmware's event log: joined, compared with the PCRs, and shown.
 *
 * The log that the stub copied ends where boot services ended; what firmware measured afterwards stands in its
 * Final Events table. Both are hostile bytes until they were parsed: what does not parse is cut off and said.
 * That it parses proves nothing: tpmlog_check replays it and says which PCR differs, if one does.
 *
 * Context    boot.
 * Ownership  the log is a private copy that lives for ever: the stub's copy is not needed afterwards.
 * Errors     -ENOMEM; a log that is absent or malformed is no error.
 * Source     TCG EFI Protocol 2.0, sections 5 and 7 (EFI_TCG2_FINAL_EVENTS_TABLE).
 */
#pragma once

#include "boot/bootinfo.h"
#include "tpm/tpm.h"

must_check int tpmlog_init(const struct bootinfo *boot);
/* Compares with PCR 0 to 15 but 10, in every bank that log and TPM share, and says the result. */
void tpmlog_check(struct tpm *tpm);
/* tpm0/binary_bios_measurements in securityfs, if there is a log. */
must_check int tpmlog_register_nodes(void);
