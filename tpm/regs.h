/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/regs.h - how a TPM's registers are reached, and waited for.
 *
 * tis.c and crb.c know the protocols and nothing of buses; the kernel supplies an MMIO
 * table, tests/fake/fake_tpm.c a simulated one.
 *
 * Context    task context; the calls never sleep.
 * Units      addr is an offset from the TPM's base address (locality n at n * 0x1000), in bytes.
 * Ownership  buffers stay the caller's; nothing is kept after return.
 * Errors     none are reported by MMIO: an absent device reads as all zeros or all ones.
 * Source     TCG PC Client Platform TPM Profile (PTP) 1.05, section 6.5.
 */
#pragma once

#include "kernel/base/base.h"

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

static inline u32 regs_read(const struct tpm_regs *r, u32 addr) { return r->read32(r->bus, addr); }

static inline void regs_write(const struct tpm_regs *r, u32 addr, u32 value) { r->write32(r->bus, addr, value); }

/* What a register is waited to become. */
struct regs_wait {
	u32 addr;
	bool byte;      /* an 8-bit register */
	u32 mask;
	u32 want;       /* of the bits in mask */
	bool differ;    /* ... or anything but want */
	u32 lost;       /* bits that read as 0 while the device is ours to use */
	u32 id_addr;    /* a 32-bit register that is neither zeros nor ones while there is a device */
	u64 timeout_ms;
};

/*
 * Every wait of both interfaces. 0, and then *ret_value (may be NULL) is what was read last; -ETIMEDOUT; -ENODEV
 * nobody answers at id_addr (asked as soon as the register reads as zeros or ones); -EIO a lost bit was seen.
 */
must_check int regs_poll(const struct tpm_regs *regs, const struct regs_wait *wait, u32 *ret_value);

/* Nobody answers. */
bool regs_gone(const struct tpm_regs *regs, u32 id_addr);
