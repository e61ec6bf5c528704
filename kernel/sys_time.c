/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_time.c - clocks and sleep.
 *
 * Two clocks stand behind all ids: time since boot, and the wall clock, which only uid 0 sets.
 */
#include "kernel/clock.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_PROCESS_CPU = 2, CLOCK_THREAD_CPU = 3, CLOCK_MONOTONIC_RAW = 4,
       CLOCK_REALTIME_COARSE = 5, CLOCK_MONOTONIC_COARSE = 6, CLOCK_BOOTTIME = 7, CLOCK_REALTIME_ALARM = 8,
       CLOCK_BOOTTIME_ALARM = 9, CLOCK_TAI = 11 };
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
	return timespec_write(args[1], ns);
}

SYSCALL(229, clock_getres) {
	int id = int_arg(args[0]);
	bool coarse = id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE;
	u64 unused;

	TRY(read_clock(id, &unused));
	return args[1] == 0 ? 0 : timespec_write(args[1], coarse ? COARSE_NS : 1);
}

static s64 set_wall(u64 ns) {
	if (task_cred()->euid != 0) return -EPERM;
	clock_set_wall(ns);
	return 0;
}

SYSCALL(227, clock_settime) {
	u64 ns;

	if (int_arg(args[0]) != CLOCK_REALTIME) return -EINVAL;
	TRY(timespec_read(args[1], &ns));
	return set_wall(ns);
}

SYSCALL(96, gettimeofday) {
	struct timeval_abi tv = timeval_of(port_wall_ns());

	if (args[0] != 0) TRY(copy_to_user(uaddr(args[0]), &tv, sizeof(tv)));
	return args[1] != 0 ? clear_user(uaddr(args[1]), 8) : 0;
}

SYSCALL(164, settimeofday) {
	struct timeval_abi tv;
	u64 ns;

	if (args[0] == 0) return task_cred()->euid == 0 ? 0 : -EPERM; /* the zone alone: programs keep it themselves */
	TRY(copy_from_user(&tv, uaddr(args[0]), sizeof(tv)));
	TRY(timeval_ns(&tv, &ns));
	return set_wall(ns);
}

SYSCALL(201, time) {
	s64 now = timeval_of(port_wall_ns()).sec;

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

/* Sleeps to the deadline; when a signal ends it, the rest goes to where the program wants it. */
static s64 sleep_until(struct restart *restart) {
	u64 deadline = restart->arg[0], rest_addr = restart->arg[1];
	int err = 0;

	while (err == 0) err = sched_sleep(deadline, SLEEP_INTERRUPTIBLE);
	if (err == -ETIMEDOUT) return 0;
	u64 now = port_now_ns();

	if (rest_addr != 0 && timespec_write(rest_addr, deadline > now ? deadline - now : 0) != 0) return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static s64 sleep_for(u64 request, u64 rest) {
	struct restart *restart = &task_current()->restart;
	u64 deadline;
	TRY(timespec_deadline(request, &deadline));
	*restart = (struct restart){ sleep_until, { deadline, rest } };
	return sleep_until(restart);
}

SYSCALL(35, nanosleep) { return sleep_for(args[0], args[1]); }

SYSCALL(230, clock_nanosleep) {
	int id = int_arg(args[0]), flags = int_arg(args[1]);
	bool realtime = id == CLOCK_REALTIME || id == CLOCK_TAI;
	u64 deadline;

	if (!realtime && id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME)
		return id == CLOCK_PROCESS_CPU ? -EOPNOTSUPP : -EINVAL;
	if ((flags & ~TIMER_ABSTIME) != 0) return -EINVAL;
	if (flags == 0) return sleep_for(args[2], args[3]);
	int err = timespec_moment(args[2], realtime, &deadline);

	if (err != 0) return err;
	do {
		err = sched_sleep(deadline, SLEEP_INTERRUPTIBLE);
	} while (err == 0);
	return err == -ETIMEDOUT ? 0 : -ERESTARTNOHAND;
}
