/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_sched.c - questions about scheduling: one CPU, one class, and niceness that is kept and shown.
 */
#include "kernel/syscall.h"

#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

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

/* ioprio_get and ioprio_set: one class. */

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
		if (priority_matches(task, int_arg(args[0]), (u32)args[1]) &&
		    20 - task->nice > best) best = 20 - task->nice;
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

SYSCALL(251, ioprio_set) { return 0; }
SYSCALL(252, ioprio_get) { return 0; }
