/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/regs.c - the one bounded wait. Relies on now_ms; a register is read once more after the time is over. */
#include "tpm/regs.h"

bool regs_gone(const struct tpm_regs *regs, u32 id_addr) {
	u32 id = regs_read(regs, id_addr);

	return id == 0 || id == 0xffffffffu;
}

int regs_poll(const struct tpm_regs *regs, const struct regs_wait *wait, u32 *ret_value) {
	u64 start = regs->now_ms(regs->bus);
	u32 ones = wait->byte ? 0xffu : 0xffffffffu;

	for (;; regs->pause(regs->bus)) {
		bool last = regs->now_ms(regs->bus) - start >= wait->timeout_ms;
		u32 value = wait->byte ? regs->read8(regs->bus, wait->addr) : regs_read(regs, wait->addr);

		if ((value == ones || value & wait->lost) && regs_gone(regs, wait->id_addr)) return -ENODEV;
		if (value & wait->lost) return -EIO;
		if (((value & wait->mask) == wait->want) != wait->differ) {
			if (ret_value) *ret_value = value;
			return 0;
		}
		if (value == 0 && regs_gone(regs, wait->id_addr)) return -ENODEV;
		if (last) return -ETIMEDOUT;
	}
}
