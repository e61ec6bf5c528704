/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_time.c - clocks, sleep, and the real interval timer; those that count CPU time are not there.
 *
 * Two clocks stand behind all ids: time since boot, and the wall clock, which only uid 0 sets.
 */
#include "kernel/clock.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC, CLOCK_PROCESS_CPU, CLOCK_THREAD_CPU, CLOCK_MONOTONIC_RAW,
       CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM,
       CLOCK_TAI = 11 };
#define TIMER_ABSTIME 1
#define COARSE_NS (NS_PER_S / TICK_HZ)

/* CPU time. A negative id is (~pid << 3) | kind; bit 2 tells a thread's from a process's. */
static int read_cpu_clock(int id, u64 *ret_ns) {
	u32 pid = (u32)~(id >> 3);
	bool of_thread = (id & 4) != 0;
	const struct task *task = pid == 0 ? task_current() : task_find(pid);
	const struct process *process = pid == 0 ? process_current() : process_find(pid);

	if (of_thread ? task == NULL || task->process != process_current() : process == NULL) return -EINVAL;
	struct cpu_times times = of_thread ? task->times : process_times(process);

	*ret_ns = times.user + times.system;
	return 0;
}

static int read_clock(int id, u64 *ret_ns) {
	sched_account(true);
	switch (id) {
	case CLOCK_REALTIME: case CLOCK_REALTIME_COARSE: case CLOCK_REALTIME_ALARM: case CLOCK_TAI:
		*ret_ns = port_wall_ns();
		return 0;
	case CLOCK_MONOTONIC: case CLOCK_MONOTONIC_RAW: case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME: case CLOCK_BOOTTIME_ALARM:
		*ret_ns = port_now_ns();
		return 0;
	case CLOCK_PROCESS_CPU: return read_cpu_clock((int)(~0u << 3) | 2, ret_ns);
	case CLOCK_THREAD_CPU: return read_cpu_clock((int)(~0u << 3) | 6, ret_ns);
	default: return id < 0 ? read_cpu_clock(id, ret_ns) : -EINVAL;
	}
}

SYSCALL(228, clock_gettime) {
	u64 ns;

	TRY(read_clock(int_arg(args[0]), &ns));
	return time_write(args[1], 1, ns);
}

SYSCALL(229, clock_getres) {
	int id = int_arg(args[0]);
	bool coarse = id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE;
	u64 unused;

	TRY(read_clock(id, &unused));
	return args[1] == 0 ? 0 : time_write(args[1], 1, coarse ? COARSE_NS : 1);
}

static s64 set_wall(u64 addr, u64 unit_ns) {
	u64 ns;

	TRY(time_read(addr, unit_ns, &ns));
	if (task_cred()->euid != 0) return -EPERM;
	clock_set_wall(ns);
	return 0;
}

SYSCALL(227, clock_settime) {
	return int_arg(args[0]) != CLOCK_REALTIME ? -EINVAL : set_wall(args[1], 1);
}

SYSCALL(96, gettimeofday) {
	if (args[0] != 0) TRY(time_write(args[0], NS_PER_US, port_wall_ns()));
	return args[1] != 0 ? clear_user(uaddr(args[1]), 8) : 0;
}

SYSCALL(164, settimeofday) {
	if (args[0] == 0) return task_cred()->euid == 0 ? 0 : -EPERM; /* the zone alone: programs keep it themselves */
	return set_wall(args[0], NS_PER_US);
}

SYSCALL(201, time) {
	s64 now = (s64)(port_wall_ns() / NS_PER_S);

	if (args[0] != 0) TRY(copy_to_user(uaddr(args[0]), &now, sizeof(now)));
	return now;
}

SYSCALL(100, times) {
	sched_account(true);
	struct cpu_times own = process_times(process_current()), children = process_current()->children_times;
	const u64 ticks[4] = { own.user / NS_PER_CLOCK_TICK, own.system / NS_PER_CLOCK_TICK,
			       children.user / NS_PER_CLOCK_TICK, children.system / NS_PER_CLOCK_TICK };

	if (args[0] != 0) TRY(copy_to_user(uaddr(args[0]), ticks, sizeof(ticks)));
	return (s64)(port_now_ns() / NS_PER_CLOCK_TICK);
}

/* Until a signal: -EINTR; 0 when the deadline came. */
static int sleep_to(u64 deadline) {
	int err;

	while ((err = sched_sleep(deadline, SLEEP_INTERRUPTIBLE)) == 0)
		; /* a wake that was for something else */
	return err == -ETIMEDOUT ? 0 : err;
}

/* When a signal ends the sleep, the rest goes to where the program wants it. */
static s64 sleep_until(struct restart *restart) {
	u64 deadline = restart->arg[0], rest_addr = restart->arg[1], now;

	if (sleep_to(deadline) == 0) return 0;
	now = port_now_ns();
	if (rest_addr != 0) TRY(time_write(rest_addr, 1, deadline > now ? deadline - now : 0));
	return -ERESTART_RESTARTBLOCK;
}

static s64 sleep_for(u64 request, u64 rest) {
	struct restart *restart = &task_current()->restart;
	u64 ns;

	TRY(time_read(request, 1, &ns));
	*restart = (struct restart){ sleep_until, { deadline_of(ns, FROM_NOW), rest } };
	return sleep_until(restart);
}

SYSCALL(35, nanosleep) { return sleep_for(args[0], args[1]); }

SYSCALL(230, clock_nanosleep) {
	int id = int_arg(args[0]), flags = int_arg(args[1]);
	bool realtime = id == CLOCK_REALTIME || id == CLOCK_TAI;
	u64 ns;

	if (!realtime && id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME)
		return id == CLOCK_PROCESS_CPU ? -EOPNOTSUPP : -EINVAL;
	if ((flags & ~TIMER_ABSTIME) != 0) return -EINVAL;
	if (flags == 0) return sleep_for(args[2], args[3]);
	TRY(time_read(args[2], 1, &ns));
	return sleep_to(deadline_of(ns, realtime ? FROM_1970 : FROM_BOOT)) == 0 ? 0 : -ERESTARTNOHAND;
}

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
