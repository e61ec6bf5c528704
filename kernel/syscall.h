/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/syscall.h - the system call table.
 *
 * Each sys_*.c owns its calls and exports one table; syscall.c joins them by number at boot and dispatches.
 * A call first decodes (copies in and checks everything, changes nothing), then acts.
 *
 * Context    task context, IF as the task had it; args are RDI RSI RDX R10 R8 R9.
 * Errors     a negative errno goes to RAX. -ERESTARTSYS never leaves the kernel. Unknown number: -ENOSYS, counted, logged once.
 * Source     Linux x86-64 system call numbers.
 */
#ifndef ASSAY_SYSCALL_H
#define ASSAY_SYSCALL_H

#include "kernel/base/err.h"
#include "kernel/base/types.h"

/* A call that may be restarted after a handler ran with SA_RESTART. */
#define ERESTARTSYS 512

struct syscall_entry {
	u16 number;
	u8 arg_count;
	const char *name;
	s64 (*call)(const u64 args[6]);
};

extern const struct syscall_entry sys_file_calls[];   /* sys_file.c */
extern const size_t sys_file_call_count;
extern const struct syscall_entry sys_path_calls[];   /* sys_path.c: names, links, attributes, xattrs, mounts */
extern const size_t sys_path_call_count;
extern const struct syscall_entry sys_poll_calls[];   /* sys_poll.c: poll, select, epoll, eventfd */
extern const size_t sys_poll_call_count;
extern const struct syscall_entry sys_mem_calls[];    /* sys_mem.c */
extern const size_t sys_mem_call_count;
extern const struct syscall_entry sys_task_calls[];   /* sys_task.c: clone, exec, wait, ids, limits */
extern const size_t sys_task_call_count;
extern const struct syscall_entry sys_signal_calls[]; /* sys_signal.c: signals, futex */
extern const size_t sys_signal_call_count;
extern const struct syscall_entry sys_time_calls[];   /* sys_time.c: clocks, sleep, getrandom, uname, sysinfo, syslog, reboot */
extern const size_t sys_time_call_count;

/* Joins the tables; panics on a number that stands twice. */
void syscall_init(void);
s64 syscall_dispatch(u64 number, const u64 args[6]);

#endif
