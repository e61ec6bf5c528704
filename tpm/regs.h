/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/regs.h - how a TPM's registers are reached.
 *
 * tis.c and crb.c know the protocols and nothing of buses; the kernel supplies an MMIO
 * table, tests/fake/fake_tpm.c a simulated one.
 *
 * Context    task context; the calls never sleep.
 * Units      addr is an offset from the TPM's base address (locality n at n * 0x1000), in bytes.
 * Ownership  buffers stay the caller's; nothing is kept after return.
 * Errors     none are reported by MMIO: an absent device reads as all zeros or all ones.
 * Source     TCG PC Client Platform TPM Profile (PTP) 1.05, sections 6.2 to 6.5.
 */
#ifndef ASSAY_TPM_REGS_H
#define ASSAY_TPM_REGS_H

#include "kernel/base/types.h"

struct tpm_regs {
	u8 (*read8)(void *bus, u32 addr);
	void (*write8)(void *bus, u32 addr, u8 value);
	u32 (*read32)(void *bus, u32 addr);
	void (*write32)(void *bus, u32 addr, u32 value);
	/* CRB buffers by physical address: 0, or -EIO when [paddr, paddr+len) may not be reached. */
	int (*read_buffer)(void *bus, paddr_t paddr, void *ret_buf, size_t len);
	int (*write_buffer)(void *bus, paddr_t paddr, const void *buf, size_t len);
	/* Monotonic milliseconds, and a pause of about 50 microseconds. */
	u64 (*now_ms)(void *bus);
	void (*pause)(void *bus);
	void *bus;
};

#endif
