/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/syscall.c - one table out of many, and the way through it.
 *
 * Invariant: a number that no table names gives -ENOSYS, is counted, and is named in the kernel log once.
 */
#include "kernel/syscall.h"

#include "kernel/base/port.h"
#include "kernel/signal.h"
#include "kernel/task.h"

#define NUMBERS 512u

static const struct syscall_entry *table[NUMBERS];
static u32 missing[NUMBERS];   /* calls of numbers that are not there */
static u64 missing_total;

static void join(const struct syscall_entry *entries, size_t count) {
	for (size_t i = 0; i < count; i++) {
		u16 number = entries[i].number;

		if (number >= NUMBERS || table[number] != NULL)
			port_panic("assay: system call %u (%s) stands in two tables", number, entries[i].name);
		table[number] = &entries[i];
	}
}

void syscall_init(void) {
	join(sys_file_calls, sys_file_call_count);
	join(sys_fd_calls, sys_fd_call_count);
	join(sys_path_calls, sys_path_call_count);
	join(sys_stat_calls, sys_stat_call_count);
	join(sys_xattr_calls, sys_xattr_call_count);
	join(sys_mount_calls, sys_mount_call_count);
	join(sys_poll_calls, sys_poll_call_count);
	join(sys_epoll_calls, sys_epoll_call_count);
	join(sys_mem_calls, sys_mem_call_count);
	join(sys_task_calls, sys_task_call_count);
	join(sys_sched_calls, sys_sched_call_count);
	join(sys_cred_calls, sys_cred_call_count);
	join(sys_signal_calls, sys_signal_call_count);
	join(sys_time_calls, sys_time_call_count);
	join(sys_timer_calls, sys_timer_call_count);
	join(sys_machine_calls, sys_machine_call_count);
}

static s64 not_there(u64 number) {
	u32 *count = &missing[number < NUMBERS ? number : NUMBERS - 1];

	missing_total++;
	if ((*count)++ == 0)
		port_log(LOG_INFO, "assay: %s[%u] asked for system call %llu, which is not there (ENOSYS)", task_comm(),
			 task_pid(),
			 (unsigned long long)number);
	return -ENOSYS;
}

u64 syscall_missing_total(void) { return missing_total; }

s64 syscall_dispatch(u64 number, const u64 args[6]) {
	/*
	 * All ones below the bound and zero above it, computed without a branch: no speculative look beyond the
	 * table.
	 */
	u64 mask = (u64)(~(s64)(number | (NUMBERS - 1 - number)) >> 63);
	const struct syscall_entry *entry = table[number & mask & (NUMBERS - 1)];

	if (number >= NUMBERS || entry == NULL) return not_there(number);
	return entry->call(args);
}

void task_syscall(struct trap_frame *frame) {
	const u64 args[6] = { frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9 };

	sched_account(true);
	frame->rax = (u64)syscall_dispatch(frame->orig_rax, args);
}

void task_return_to_user(struct trap_frame *frame) {
	sched_preempt();
	signal_deliver(frame);
	sched_account(false);
}
