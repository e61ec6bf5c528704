/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/syscall.c - the table of system calls, and the way through it.
 *
 * Invariant: a number that no entry has gives -ENOSYS, and the kernel log names it once; of the numbers beyond the
 * table the first FAR_MAX, so that a program cannot fill the log with numbers.
 */
#include "kernel/syscall.h"

#include "kernel/signal.h"
#include "kernel/task.h"

#define NUMBERS 512u
#define FAR_MAX 16u

static const struct syscall_entry *table[NUMBERS];
static bool named[NUMBERS]; /* numbers that are not there and were asked for */
static u64 far_named[FAR_MAX]; /* the same beyond the table */
static u32 far_count;

extern const struct syscall_entry syscalls_start[], syscalls_end[]; /* linker/kernel.lds */

void syscall_init(void) {
	for (const struct syscall_entry *entry = syscalls_start; entry < syscalls_end; entry++) {
		if (entry->number >= NUMBERS || table[entry->number])
			port_panic("assay: system call %u (%s) is defined twice", entry->number, entry->name);
		table[entry->number] = entry;
	}
}

static bool far_is_news(u64 number) {
	for (u32 i = 0; i < far_count; i++)
		if (far_named[i] == number) return false;
	if (far_count == FAR_MAX) return false;
	far_named[far_count++] = number;
	return true;
}

static s64 not_there(u64 number) {
	if (number < NUMBERS ? !named[number] : far_is_news(number))
		port_log(LOG_INFO, "assay: %s[%u] asked for system call %lld, which is not there (ENOSYS)", task_comm(),
			 task_pid(), (long long)number);
	if (number < NUMBERS) named[number] = true;
	return -ENOSYS;
}

void task_syscall(struct trap_frame *frame) {
	const u64 args[6] = { frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9 };
	u64 number = frame->orig_rax;
	/*
	 * All ones below the bound and zero above it, computed without a branch: no speculative look beyond the
	 * table.
	 */
	u64 mask = (u64)(~(s64)(number | (NUMBERS - 1 - number)) >> 63);
	const struct syscall_entry *entry = table[number & mask & (NUMBERS - 1)];

	sched_account(true);
	frame->rax = (u64)(number < NUMBERS && entry != NULL ? entry->call(args) : not_there(number));
}

/* RLIMIT_CPU: SIGXCPU each second from the soft limit on, SIGKILL at the hard one. */
static void limit_cpu_time(struct process *process) {
	struct rlimit *limit = &process->limits[RLIMIT_CPU];

	if (limit->soft == RLIM_INFINITY) return;
	struct cpu_times used = process_times(process);
	u64 seconds = (used.user + used.system) / 1000000000u;

	if (seconds < limit->soft) return;
	task_signal_self(seconds < limit->hard ? SIGXCPU : SIGKILL);
	limit->soft = seconds + 1;
}

void task_return_to_user(struct trap_frame *frame) {
	sched_preempt();
	limit_cpu_time(process_current());
	signal_deliver(frame);
	sched_account(false);
}
