/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/filter.h - which commands programs may send through /dev/tpm0 and /dev/tpmrm0.
 *
 * Refused for everybody, uid 0 included: extending or resetting any PCR but 16 and 23 (PCR_Extend, PCR_Event,
 * EventSequenceComplete, PCR_Reset), Startup, Shutdown, Clear, PCR_Allocate, PCR_SetAuthPolicy/Value,
 * hierarchy changes, dictionary attack settings, clock settings, field upgrade, anything under the platform
 * hierarchy, anything not on the list of allowed command codes, malformed headers. Sessions change nothing:
 * the command code and the handles always stand in the clear.
 *
 * Context    any; decode only.
 * Ownership  reads the caller's bytes once; the caller passes a private copy.
 * Errors     0 allowed; -EPERM refused, then ret_rsp holds a complete TPM response (10 bytes: tag
 *            TPM_ST_NO_SESSIONS, TPM_RC_COMMAND_CODE or TPM_RC_LOCALITY), ret_what a static name for the audit
 *            line and ret_code the command code; -EINVAL shorter than a header, or its size field disagrees with len.
 * Source     TCG TPM 2.0 Library part 3; part 2 sections 6.5.2 (command codes), 6.6 (response codes), 7.4 (handles).
 */
#pragma once

#include "kernel/base/base.h"

must_check int tpm_filter(const void *cmd, size_t len, u8 ret_rsp[10], const char **ret_what, u32 *ret_code);
