/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_timer.c - the interval timers that send signals: alarm and setitimer.
 *
 * ITIMER_REAL stands in the scheduler's queue; the two that count CPU time are looked at in task_tick.
 */
#include "kernel/base/port.h"
#include "kernel/base/try.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

#define ITIMER_REAL 0u
#define ITIMER_PROF 2u
#define INTERVAL_MIN_NS 100000ull /* as often as the clock is asked at most */

struct itimerval_abi {
	struct timeval_abi interval, value;
};

/* CPU time so far as timer which counts it; for ITIMER_REAL the clock. */
static u64 timer_now(const struct process *process, u32 which) {
	if (which == ITIMER_REAL) return port_now_ns();
	sched_account(true);
	struct cpu_times times = process_times(process);

	return which == ITIMER_PROF ? times.user + times.system : times.user;
}

/* What is left, and the interval, of timer which. One that is due counts as a microsecond: it is set. */
static struct itimerval_abi get_timer(const struct process *process, u32 which) {
	bool real = which == ITIMER_REAL;
	const struct ktimer *timer = &process->alarm.timer;
	u64 next = real ? ktimer_armed(timer) ? timer->deadline_ns : 0 : process->cpu_timer[which - 1].next_ns;
	u64 interval = real ? process->alarm.interval_ns : process->cpu_timer[which - 1].interval_ns;
	u64 now = timer_now(process, which), left = next == 0 ? 0 : next > now ? next - now : NS_PER_US;

	return (struct itimerval_abi){ timeval_of(interval), timeval_of(left) };
}

static void set_timer(struct process *process, u32 which, u64 value_ns, u64 interval_ns) {
	if (interval_ns != 0) interval_ns = max_u64(interval_ns, INTERVAL_MIN_NS);
	if (which != ITIMER_REAL) {
		process->cpu_timer[which - 1].next_ns = value_ns == 0 ? 0 : timer_now(process, which) + value_ns;
		process->cpu_timer[which - 1].interval_ns = interval_ns;
		return;
	}
	process->alarm.interval_ns = interval_ns;
	if (value_ns == 0)
		ktimer_cancel(&process->alarm.timer);
	else
		ktimer_arm(&process->alarm.timer, deadline_after(value_ns));
}

static s64 sys_getitimer(const u64 args[6]) {
	if ((u32)args[0] > ITIMER_PROF) return -EINVAL;
	struct itimerval_abi now = get_timer(process_current(), (u32)args[0]);

	return copy_to_user(uaddr(args[1]), &now, sizeof(now));
}

static s64 sys_setitimer(const u64 args[6]) {
	struct itimerval_abi wanted = { { 0, 0 }, { 0, 0 } }, old;
	struct process *process = process_current();
	u64 value, interval;

	if ((u32)args[0] > ITIMER_PROF) return -EINVAL;
	if (args[1] != 0) TRY(copy_from_user(&wanted, uaddr(args[1]), sizeof(wanted)));
	TRY(timeval_ns(&wanted.value, &value));
	TRY(timeval_ns(&wanted.interval, &interval));
	old = get_timer(process, (u32)args[0]);
	set_timer(process, (u32)args[0], value, interval);
	return args[2] == 0 ? 0 : copy_to_user(uaddr(args[2]), &old, sizeof(old));
}

/* The rest of the old alarm is rounded, but never to 0. */
static s64 sys_alarm(const u64 args[6]) {
	struct timeval_abi old = get_timer(process_current(), ITIMER_REAL).value;

	set_timer(process_current(), ITIMER_REAL, (u32)args[0] * NS_PER_S, 0);
	if (old.sec == 0) return old.usec != 0;
	return old.sec + (old.usec >= 500000);
}

const struct syscall_entry sys_timer_calls[] = {
	{ 36, 2, "getitimer", sys_getitimer },
	{ 37, 1, "alarm", sys_alarm },
	{ 38, 3, "setitimer", sys_setitimer },
};
const size_t sys_timer_call_count = ARRAY_COUNT(sys_timer_calls);
