/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/timespec.c - conversions that cannot overflow.
 */
#include "kernel/timespec.h"

#include "kernel/x86/usercopy.h"

int timespec_ns(const struct timespec_abi *ts, u64 *ret_ns) {
	if (ts->sec < 0 || ts->nsec < 0 || ts->nsec >= (s64)NS_PER_S) return -EINVAL;
	if ((u64)ts->sec >= TIME_FAR_FUTURE / NS_PER_S)
		*ret_ns = TIME_FAR_FUTURE;
	else
		*ret_ns = (u64)ts->sec * NS_PER_S + (u64)ts->nsec;
	return 0;
}

int timeval_ns(const struct timeval_abi *tv, u64 *ret_ns) {
	const struct timespec_abi ts = { tv->sec, tv->usec < 0 || tv->usec >= 1000000 ? -1
					 : tv->usec * (s64)NS_PER_US };

	return timespec_ns(&ts, ret_ns);
}

int timespec_read(u64 addr, u64 *ret_ns) {
	struct timespec_abi ts;
	int err = copy_from_user(&ts, uaddr(addr), sizeof(ts));

	return err != 0 ? err : timespec_ns(&ts, ret_ns);
}

int timespec_write(u64 addr, u64 ns) {
	struct timespec_abi ts = timespec_of(ns);

	return copy_to_user(uaddr(addr), &ts, sizeof(ts));
}

u64 deadline_after(u64 ns) {
	u64 now = port_now_ns();

	return ns >= TIME_FAR_FUTURE - now ? TIME_FAR_FUTURE : max_u64(now + ns, 1);
}

u64 deadline_of_wall(u64 ns) {
	u64 wall = port_wall_ns();

	return ns <= wall ? 1 : deadline_after(ns - wall);
}

int timespec_deadline(u64 addr, u64 *ret_deadline_ns) {
	u64 ns;
	int err = timespec_read(addr, &ns);

	if (err == 0) *ret_deadline_ns = deadline_after(ns);
	return err;
}

int timespec_moment(u64 addr, bool realtime, u64 *ret_deadline_ns) {
	u64 ns;
	int err = timespec_read(addr, &ns);

	if (err == 0) *ret_deadline_ns = realtime ? deadline_of_wall(ns) : max_u64(ns, 1);
	return err;
}
