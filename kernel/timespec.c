/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/timespec.c - conversions that cannot overflow.
 */
#include "kernel/timespec.h"

#include "kernel/x86/usercopy.h"

int time_ns(const struct time_abi *time, u64 unit_ns, u64 *ret_ns) {
	u64 seconds = (u64)time->sec, fraction = (u64)time->fraction;

	if (time->sec < 0 || fraction >= NS_PER_S / unit_ns) return -EINVAL;
	*ret_ns = seconds >= TIME_FAR_FUTURE / NS_PER_S ? TIME_FAR_FUTURE : seconds * NS_PER_S + fraction * unit_ns;
	return 0;
}

int time_read(u64 addr, u64 unit_ns, u64 *ret_ns) {
	struct time_abi time;

	TRY(copy_from_user(&time, uaddr(addr), sizeof(time)));
	return time_ns(&time, unit_ns, ret_ns);
}

int time_write(u64 addr, u64 unit_ns, u64 ns) {
	struct time_abi time = time_of(ns, unit_ns);

	return copy_to_user(uaddr(addr), &time, sizeof(time));
}

u64 deadline_of(u64 ns, enum time_base base) {
	u64 now = port_now_ns(), wall = port_wall_ns();

	if (base == FROM_BOOT) return max_u64(ns, 1);
	if (base == FROM_1970 && ns <= wall) return 1;
	if (base == FROM_1970) ns -= wall;
	return ns >= TIME_FAR_FUTURE - now ? TIME_FAR_FUTURE : max_u64(now + ns, 1);
}

int deadline_read(u64 addr, u64 unit_ns, enum time_base base, u64 *ret_deadline_ns) {
	u64 ns, deadline = 0;

	if (addr) {
		TRY(time_read(addr, unit_ns, &ns));
		deadline = deadline_of(ns, base);
	}
	*ret_deadline_ns = deadline;
	return 0;
}
