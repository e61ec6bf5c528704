/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_timer.c - the real interval timer: alarm and setitimer. Those that count CPU time are not there.
 */
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

#define ITIMER_REAL 0u
#define INTERVAL_MIN_NS 100000ull /* as often as the clock is asked at most */

struct itimerval_abi {
	struct time_abi interval, value;
};

/* Of one that is due a microsecond is left: it is set. */
static struct itimerval_abi get_timer(void) {
	const struct interval_timer *alarm = &process_current()->alarm;
	u64 now = port_now_ns(), next = alarm->timer.deadline_ns;
	u64 left = !ktimer_armed(&alarm->timer) ? 0 : next > now + NS_PER_US ? next - now : NS_PER_US;

	return (struct itimerval_abi){ time_of(alarm->interval_ns, NS_PER_US), time_of(left, NS_PER_US) };
}

static void set_timer(u64 value_ns, u64 interval_ns) {
	struct interval_timer *alarm = &process_current()->alarm;

	alarm->interval_ns = interval_ns != 0 ? max_u64(interval_ns, INTERVAL_MIN_NS) : 0;
	if (value_ns == 0)
		ktimer_cancel(&alarm->timer);
	else
		ktimer_arm(&alarm->timer, deadline_of(value_ns, FROM_NOW));
}

SYSCALL(36, getitimer) {
	struct itimerval_abi now = get_timer();

	return (u32)args[0] != ITIMER_REAL ? -EINVAL : copy_to_user(uaddr(args[1]), &now, sizeof(now));
}

SYSCALL(38, setitimer) {
	struct itimerval_abi wanted = { { 0, 0 }, { 0, 0 } }, old = get_timer();
	u64 value, interval;

	if ((u32)args[0] != ITIMER_REAL) return -EINVAL;
	if (args[1] != 0) TRY(copy_from_user(&wanted, uaddr(args[1]), sizeof(wanted)));
	TRY(time_ns(&wanted.value, NS_PER_US, &value));
	TRY(time_ns(&wanted.interval, NS_PER_US, &interval));
	set_timer(value, interval);
	return args[2] == 0 ? 0 : copy_to_user(uaddr(args[2]), &old, sizeof(old));
}

/* The rest of the old alarm is rounded, but never to 0. */
SYSCALL(37, alarm) {
	struct time_abi old = get_timer().value;

	set_timer((u32)args[0] * NS_PER_S, 0);
	return old.sec == 0 ? old.fraction != 0 : old.sec + (old.fraction >= 500000);
}
