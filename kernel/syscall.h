/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/syscall.h - the system call table.
 *
 * Each sys_*.c owns its calls and exports one table; syscall.c joins them by number at boot and dispatches.
 * A call first decodes (copies in and checks everything, changes nothing), then acts.
 *
 * Context    task context, IF as the task had it; args are RDI RSI RDX R10 R8 R9.
 * Errors     a negative errno goes to RAX. -ERESTARTSYS never leaves the kernel. Unknown number: -ENOSYS, counted,
 *            logged once.
 * Source     Linux x86-64 system call numbers.
 */
#ifndef ASSAY_SYSCALL_H
#define ASSAY_SYSCALL_H

#include "kernel/base/err.h"
#include "kernel/base/types.h"

/* A call that may be restarted after a handler ran with SA_RESTART. */
#define ERESTARTSYS 512
/* Always restarted; restarted unless a handler ran; continued by restart_syscall unless a handler ran. */
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

struct syscall_entry {
	u16 number;
	u8 arg_count;
	const char *name;
	s64 (*call)(const u64 args[6]);
};

extern const struct syscall_entry sys_file_calls[];   /* sys_file.c */
extern const size_t sys_file_call_count;
extern const struct syscall_entry sys_fd_calls[];     /* sys_fd.c: open, close, dup, fcntl, flock, ioctl, pipe */
extern const size_t sys_fd_call_count;
extern const struct syscall_entry sys_path_calls[];   /* sys_path.c: names and links */
extern const size_t sys_path_call_count;
extern const struct syscall_entry sys_stat_calls[];   /* sys_stat.c: stat, access, modes, owners, times */
extern const size_t sys_stat_call_count;
extern const struct syscall_entry sys_xattr_calls[];  /* sys_xattr.c */
extern const size_t sys_xattr_call_count;
extern const struct syscall_entry sys_mount_calls[];  /* sys_mount.c */
extern const size_t sys_mount_call_count;
extern const struct syscall_entry sys_poll_calls[];   /* sys_poll.c: poll, select */
extern const size_t sys_poll_call_count;
extern const struct syscall_entry sys_epoll_calls[];  /* epoll.c: epoll; eventfd */
extern const size_t sys_epoll_call_count;
extern const struct syscall_entry sys_mem_calls[];    /* sys_mem.c */
extern const size_t sys_mem_call_count;
extern const struct syscall_entry sys_task_calls[];   /* sys_task.c: clone, exec, exit, wait, groups, prctl */
extern const size_t sys_task_call_count;
extern const struct syscall_entry sys_sched_calls[];  /* sys_sched.c: policy, affinity, priority */
extern const size_t sys_sched_call_count;
extern const struct syscall_entry sys_cred_calls[];   /* sys_cred.c: ids, groups, capabilities, limits */
extern const size_t sys_cred_call_count;
extern const struct syscall_entry sys_signal_calls[]; /* sys_signal.c: signals, futex */
extern const size_t sys_signal_call_count;
extern const struct syscall_entry sys_time_calls[];   /* sys_time.c: clocks and sleep */
extern const size_t sys_time_call_count;
extern const struct syscall_entry sys_timer_calls[];  /* sys_timer.c: alarm, interval and POSIX timers */
extern const size_t sys_timer_call_count;
extern const struct syscall_entry sys_machine_calls[]; /* sys_machine.c: uname, sysinfo, getrandom, syslog, reboot */
extern const size_t sys_machine_call_count;

/* Joins the tables; panics on a number that stands twice. */
void syscall_init(void);
s64 syscall_dispatch(u64 number, const u64 args[6]);
/* Calls of numbers that are not there, since boot. */
u64 syscall_missing_total(void);

/* int arguments: the upper half of the register does not count. */
static inline int int_arg(u64 value) { return (int)(u32)value; }

#endif
