/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_task.c - processes and threads: clone, exec, exit, wait, groups, sessions, scheduling.
 *
 * Decodes arguments and answers; clone.c, exec.c and exit.c act.
 */
#include "kernel/exec.h"
#include "kernel/filearg.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

#define AT_EXECVE_CHECK 0x10000u

#define WAIT4_OPTIONS 0xe000000bu
#define WAITID_OPTIONS 0xe100000fu

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };

SYSCALL(56, clone) {
	return task_clone(&(struct clone_request){
		.flags = args[0] & ~0xffull, .exit_signal = (int)(args[0] & 0xff), .stack = args[1],
		.parent_tid = args[2], .child_tid = args[3], .tls = args[4] });
}

SYSCALL(57, fork) { return task_clone(&(struct clone_request){ .exit_signal = SIGCHLD }); }

SYSCALL(58, vfork) {
	return task_clone(&(struct clone_request){ .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD });
}

static s64 exec_at(u64 dirfd, u64 name, u64 argv, u64 envp, u32 flags) {
	RELEASED(at_done) struct at at = { 0 };
	RELEASED(path_put) struct path path = { 0 };
	char shown[40];
	struct exec_request q = { .path = &path, .check_only = (flags & AT_EXECVE_CHECK) != 0,
				  .argv = { .user = argv }, .envp = { .user = envp } };

	TRY(at_begin(&at, dirfd, name));
	TRY(at_path(&at, flags, task_cred(), &path));
	if ((path_inode(&path)->mode & S_IFMT) == S_IFLNK) return -ELOOP;
	(void)text_format(shown, sizeof(shown), "/dev/fd/%d", int_arg(dirfd)); /* fits */
	q.shown_name = at.name[0] != 0 ? at.name : shown;
	return exec_run(&q);
}

SYSCALL(59, execve) { return exec_at((u64)AT_FDCWD, args[0], args[1], args[2], 0); }

SYSCALL(322, execveat) {
	u32 flags = (u32)args[4];

	if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_EXECVE_CHECK)) != 0) return -EINVAL;
	return exec_at(args[0], args[1], args[2], args[3], flags);
}

SYSCALL(60, exit) { task_exit((int)(args[0] & 0xff) << 8); }
SYSCALL(231, exit_group) { task_exit_group((int)(args[0] & 0xff) << 8); }

/* Two times, and fourteen counts that are not kept. */
static int put_rusage(u64 addr, struct cpu_times t) {
	const struct time_abi usage[9] = { time_of(t.user, NS_PER_US), time_of(t.system, NS_PER_US) };

	return addr == 0 ? 0 : copy_to_user(uaddr(addr), usage, sizeof(usage));
}

SYSCALL(61, wait4) {
	int pid = int_arg(args[0]);
	u32 options = (u32)args[2];
	struct wait_request q = { .which = WAIT_ALL, .options = (options & 0xff) | WAIT_EXITED };
	struct wait_result r;

	if ((options & ~WAIT4_OPTIONS) != 0 || pid == INT32_MIN) return pid == INT32_MIN ? -ESRCH : -EINVAL;
	if (pid > 0)
		q.which = WAIT_PID, q.id = (u32)pid;
	else if (pid != -1)
		q.which = WAIT_GROUP, q.id = pid == 0 ? task_pgid() : (u32)-pid;
	int err = task_wait(&q, &r);

	if (err <= 0) return err;
	if (args[1] != 0 && copy_to_user(uaddr(args[1]), &r.wait_status, sizeof(r.wait_status)) != 0) return -EFAULT;
	return put_rusage(args[3], r.times) != 0 ? -EFAULT : r.info.u.child.pid;
}

SYSCALL(247, waitid) {
	int which = int_arg(args[0]), id = int_arg(args[1]);
	u32 options = (u32)args[3];
	struct wait_request q = { .which = which, .id = (u32)id, .options = options };
	struct wait_result r = { 0 };

	if ((options & ~WAITID_OPTIONS) != 0 || (options & (WAIT_EXITED | WAIT_STOPPED | WAIT_CONTINUED)) == 0)
		return -EINVAL;
	if (which < WAIT_ALL || which > WAIT_GROUP || (which == WAIT_PID && id <= 0) || (which == WAIT_GROUP && id < 0))
		return -EINVAL;
	if (which == WAIT_GROUP && id == 0) q.id = task_pgid();
	int got = task_wait(&q, &r);

	if (got < 0) return got;
	if (args[2] != 0 && copy_to_user(uaddr(args[2]), &r.info, sizeof(r.info)) != 0) return -EFAULT;
	return got > 0 ? put_rusage(args[4], r.times) : 0;
}

SYSCALL(39, getpid) { return task_pid(); }

SYSCALL(186, gettid) { return task_current()->tid; }

SYSCALL(110, getppid) {
	const struct process *parent = process_current()->parent;

	return parent != NULL ? parent->pid : 0;
}

SYSCALL(218, set_tid_address) {
	task_current()->clear_tid = args[0];
	return task_current()->tid;
}

SYSCALL(109, setpgid) {
	int pid = int_arg(args[0]), pgid = int_arg(args[1]);
	struct process *self = process_current(), *process = pid == 0 ? self : process_find((u32)pid);

	if (pgid < 0 || pid < 0) return -EINVAL;
	if (process == NULL || process->zombie || (process != self && process->parent != self)) return -ESRCH;
	if (process != self && process->exec_done) return -EACCES;
	if (process->sid == process->pid || process->sid != self->sid) return -EPERM;
	u32 group = pgid == 0 ? process->pid : (u32)pgid;

	if (group != process->pid && !task_group_exists(group, self->sid)) return -EPERM;
	process->pgid = group;
	return 0;
}

/* The process that pid (0: the caller) names. */
static const struct process *named_process(u64 pid) {
	return (u32)pid == 0 ? process_current() : process_find((u32)pid);
}

SYSCALL(121, getpgid) {
	const struct process *process = named_process(args[0]);

	return process != NULL ? (s64)process->pgid : -ESRCH;
}

SYSCALL(111, getpgrp) { return task_pgid(); }

SYSCALL(112, setsid) {
	struct process *self = process_current();

	list_for_each_entry(struct process, process, &process_list, node)
		if (process->pgid == self->pid) return -EPERM;
	self->sid = self->pgid = self->pid;
	return self->sid;
}

SYSCALL(124, getsid) {
	const struct process *process = named_process(args[0]);

	return process != NULL ? (s64)process->sid : -ESRCH;
}

SYSCALL(158, arch_prctl) {
	bool sets_fs = (u32)args[0] == ARCH_SET_FS;
	u64 fs, gs;

	user_bases_save(&fs, &gs);
	switch ((u32)args[0]) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (args[1] >= USER_END) return -EPERM;
		user_bases_load(sets_fs ? args[1] : fs, sets_fs ? gs : args[1]);
		return 0;
	case ARCH_GET_FS: return copy_to_user(uaddr(args[1]), &fs, sizeof(fs));
	case ARCH_GET_GS: return copy_to_user(uaddr(args[1]), &gs, sizeof(gs));
	default: return -EINVAL;
	}
}

static s64 set_name(u64 addr) {
	char name[COMM_LEN] = { 0 };

	if (copy_string_from_user(name, uaddr(addr), COMM_LEN) == -EFAULT) return -EFAULT;
	name[COMM_LEN - 1] = 0;
	memcpy(task_current()->comm, name, COMM_LEN);
	return 0;
}

enum { PR_SET_NAME = 15, PR_GET_NAME = 16, PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39 };

SYSCALL(157, prctl) {
	struct task *task = task_current();

	switch (int_arg(args[0])) {
	case PR_SET_NAME: return set_name(args[1]);
	case PR_GET_NAME: return copy_to_user(uaddr(args[1]), task->comm, COMM_LEN);
	case PR_SET_NO_NEW_PRIVS:
		if (args[1] != 1 || args[2] != 0 || args[3] != 0 || args[4] != 0) return -EINVAL;
		task->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS: return task->no_new_privs;
	default: return -EINVAL;
	}
}

SYSCALL(98, getrusage) {
	int who = int_arg(args[0]);

	sched_account(true);
	if (who < -1 || who > 1) return -EINVAL;
	if (args[1] == 0) return -EFAULT;
	if (who == 0) return put_rusage(args[1], process_times(process_current()));
	return put_rusage(args[1], who == 1 ? task_current()->times : process_current()->children_times);
}

SYSCALL(135, personality) { return (u32)args[0] == 0xffffffffu || (u32)args[0] == 0 ? 0 : -EINVAL; }

/* Scheduling: one CPU, one class, and niceness that is kept and shown. */

SYSCALL(24, sched_yield) {
	schedule();
	return 0;
}

/* The task that pid (0: the caller) names. */
static struct task *named_task(u64 pid) { return (u32)pid == 0 ? task_current() : task_find((u32)pid); }

SYSCALL(203, sched_setaffinity) {
	u8 first = 0;

	if (named_task(args[0]) == NULL) return -ESRCH;
	if (args[1] == 0) return -EINVAL;
	TRY(copy_from_user(&first, uaddr(args[2]), 1));
	return (first & 1) != 0 ? 0 : -EINVAL;
}

SYSCALL(204, sched_getaffinity) {
	static const u64 cpus = 1;

	if (args[1] < sizeof(cpus) || (args[1] & 7) != 0) return -EINVAL;
	if (named_task(args[0]) == NULL) return -ESRCH;
	TRY(copy_to_user(uaddr(args[2]), &cpus, sizeof(cpus)));
	return sizeof(cpus);
}

/* true when task is meant by (which, who) of getpriority. */
static bool priority_matches(const struct task *task, int which, u32 who) {
	const struct task *self = task_current();

	if (which == 0) return task->tid == (who == 0 ? self->tid : who);
	if (which == 1) return task->process->pgid == (who == 0 ? self->process->pgid : who);
	return task->cred.uid == (who == 0 ? self->cred.uid : who);
}

SYSCALL(140, getpriority) {
	s64 best = -ESRCH;

	if ((u32)args[0] > 2) return -EINVAL;
	list_for_each_entry(struct task, task, &task_list, node)
		if (priority_matches(task, int_arg(args[0]), (u32)args[1]) && 20 - task->nice > best)
			best = 20 - task->nice;
	return best;
}

SYSCALL(141, setpriority) {
	const struct cred *cred = task_cred();
	int nice = int_arg(args[2]);
	s64 result = -ESRCH;

	if ((u32)args[0] > 2) return -EINVAL;
	nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	list_for_each_entry(struct task, task, &task_list, node) {
		if (!priority_matches(task, int_arg(args[0]), (u32)args[1])) continue;
		if (cred->euid != 0 && cred->euid != task->cred.uid && cred->euid != task->cred.euid) return -EPERM;
		if (cred->euid != 0 && nice < task->nice) return -EACCES;
		task->nice = nice;
		result = 0;
	}
	return result;
}

/* One class. */
SYSCALL(251, ioprio_set) { return 0; }
SYSCALL(252, ioprio_get) { return 0; }

/* libc asks for these and falls back: known not to be there, so the log need not say it. */

SYSCALL(324, membarrier) { return -ENOSYS; }
SYSCALL(334, rseq) { return -ENOSYS; }
SYSCALL(435, clone3) { return -ENOSYS; }
