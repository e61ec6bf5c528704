/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_sched.c - questions about scheduling: one CPU, one class, and niceness that is kept and shown.
 *
 * Every task is SCHED_OTHER: realtime classes are refused, the lower ones and niceness accepted without effect.
 */
#include "kernel/syscall.h"

#include "kernel/base/try.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

enum { SCHED_OTHER = 0, SCHED_FIFO = 1, SCHED_RR = 2, SCHED_BATCH = 3, SCHED_IDLE = 5 };
#define RT_PRIORITY_MAX 99

static s64 sys_sched_yield(const u64 *) {
	schedule();
	return 0;
}

/* The task that pid (0: the caller) names. */
static struct task *named_task(u64 pid) { return (u32)pid == 0 ? task_current() : task_find((u32)pid); }

/* The highest priority of a policy, -EINVAL for one that is none. */
static int priority_max(int policy) {
	if (policy == SCHED_FIFO || policy == SCHED_RR) return RT_PRIORITY_MAX;
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE ? 0 : -EINVAL;
}

static s64 set_policy(const struct task *task, int policy, u64 param) {
	int max = priority_max(policy);
	s32 priority;

	TRY(max);
	TRY(copy_from_user(&priority, uaddr(param), sizeof(priority)));
	if (task == NULL) return -ESRCH;
	if (max > 0) return -EPERM;
	return priority == 0 ? 0 : -EINVAL;
}

static s64 sys_sched_setscheduler(const u64 args[6]) {
	return set_policy(named_task(args[0]), int_arg(args[1]), args[2]);
}

static s64 sys_sched_setparam(const u64 args[6]) { return set_policy(named_task(args[0]), SCHED_OTHER, args[1]); }
static s64 sys_sched_getscheduler(const u64 args[6]) { return named_task(args[0]) != NULL ? SCHED_OTHER : -ESRCH; }

static s64 sys_sched_getparam(const u64 args[6]) {
	return named_task(args[0]) != NULL ? clear_user(uaddr(args[1]), sizeof(s32)) : -ESRCH;
}

static s64 sys_sched_priority_max(const u64 args[6]) { return priority_max(int_arg(args[0])); }

static s64 sys_sched_priority_min(const u64 args[6]) {
	int max = priority_max(int_arg(args[0]));

	return max > 0 ? 1 : max;
}

static s64 sys_sched_rr_get_interval(const u64 args[6]) {
	static const s64 slice[2] = { 0, SLICE_NS };

	return named_task(args[0]) != NULL ? copy_to_user(uaddr(args[1]), slice, sizeof(slice)) : -ESRCH;
}

static s64 sys_sched_setaffinity(const u64 args[6]) {
	u8 first = 0;

	if (named_task(args[0]) == NULL) return -ESRCH;
	if (args[1] == 0) return -EINVAL;
	TRY(copy_from_user(&first, uaddr(args[2]), 1));
	return (first & 1) != 0 ? 0 : -EINVAL;
}

static s64 sys_sched_getaffinity(const u64 args[6]) {
	static const u64 cpus = 1;

	if (args[1] < sizeof(cpus) || (args[1] & 7) != 0) return -EINVAL;
	if (named_task(args[0]) == NULL) return -ESRCH;
	TRY(copy_to_user(uaddr(args[2]), &cpus, sizeof(cpus)));
	return sizeof(cpus);
}

static s64 sys_getcpu(const u64 args[6]) {
	for (unsigned i = 0; i < 2; i++)
		if (args[i] != 0) TRY(clear_user(uaddr(args[i]), sizeof(u32)));
	return 0;
}

/* ioprio_get and ioprio_set: one class. */
static s64 sys_ioprio(const u64 *) { return 0; }

/* true when task is meant by (which, who) of getpriority. */
static bool priority_matches(const struct task *task, int which, u32 who) {
	const struct task *self = task_current();

	if (which == 0) return task->tid == (who == 0 ? self->tid : who);
	if (which == 1) return task->process->pgid == (who == 0 ? self->process->pgid : who);
	return task->cred.uid == (who == 0 ? self->cred.uid : who);
}

static s64 sys_getpriority(const u64 args[6]) {
	s64 best = -ESRCH;

	if ((u32)args[0] > 2) return -EINVAL;
	list_for_each_entry(struct task, task, &task_list, node)
		if (priority_matches(task, int_arg(args[0]), (u32)args[1]) &&
		    20 - task->nice > best) best = 20 - task->nice;
	return best;
}

static s64 sys_setpriority(const u64 args[6]) {
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

const struct syscall_entry sys_sched_calls[] = {
	{ 24, 0, "sched_yield", sys_sched_yield },
	{ 140, 2, "getpriority", sys_getpriority },
	{ 141, 3, "setpriority", sys_setpriority },
	{ 142, 2, "sched_setparam", sys_sched_setparam },
	{ 143, 2, "sched_getparam", sys_sched_getparam },
	{ 144, 3, "sched_setscheduler", sys_sched_setscheduler },
	{ 145, 1, "sched_getscheduler", sys_sched_getscheduler },
	{ 146, 1, "sched_get_priority_max", sys_sched_priority_max },
	{ 147, 1, "sched_get_priority_min", sys_sched_priority_min },
	{ 148, 2, "sched_rr_get_interval", sys_sched_rr_get_interval },
	{ 203, 3, "sched_setaffinity", sys_sched_setaffinity },
	{ 204, 3, "sched_getaffinity", sys_sched_getaffinity },
	{ 251, 3, "ioprio_set", sys_ioprio },
	{ 252, 2, "ioprio_get", sys_ioprio },
	{ 309, 3, "getcpu", sys_getcpu },
};
const size_t sys_sched_call_count = ARRAY_COUNT(sys_sched_calls);
