/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tpmbus.h - a TPM's registers as memory: struct tpm_regs over uncached mappings.
 *
 * A CRB's buffers may lie anywhere outside the registers' page: pages are mapped when they are first
 * asked for, at most TPMBUS_PAGES, never memory that is ours to use (paging_map_mmio refuses it).
 *
 * Context    boot (tpmbus_open), then task context.
 * Units      physical addresses.
 * Ownership  one bus; its mappings live for ever.
 * Errors     -EIO the registers cannot be mapped.
 * Source     PTP 1.05, section 6.5.
 */
#pragma once

#include "tpm/tpm.h"

#define TPMBUS_PAGES 4u /* a command and a response buffer of 4 KiB, each across two pages */

must_check int tpmbus_open(const struct tpm_location *where, struct tpm_regs *ret_regs);
