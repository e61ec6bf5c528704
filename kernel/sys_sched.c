/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_sched.c - questions about scheduling: one CPU, one class, and niceness that is kept and shown.
 *
 * What would change the order in which tasks run is refused or, where Linux treats it as a hint, accepted without
 * effect.
 */
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define SCHED_IDLE 5

static s64 sys_sched_yield(const u64 args[6])
{
	(void)args; /* it has none */
	schedule();
	return 0;
}

/* The task that pid (0: the caller) names. */
static struct task *named_task(u64 pid)
{
	return (u32)pid == 0 ? task_current() : task_find((u32)pid);
}

/* Every task is SCHED_OTHER: realtime classes are refused, the lower ones accepted without effect. */
static s64 set_policy(struct task *task, int policy, u64 param)
{
	s32 priority;

	if (policy < 0 || policy > SCHED_IDLE || policy == 4)
		return -EINVAL;
	int err = copy_from_user(&priority, uaddr(param), sizeof(priority));

	if (err != 0)
		return err;
	if (task == NULL)
		return -ESRCH;
	if (policy == 1 || policy == 2)
		return -EPERM;
	return priority == 0 ? 0 : -EINVAL;
}

static s64 sys_sched_setscheduler(const u64 args[6])
{
	return set_policy(named_task(args[0]), int_arg(args[1]), args[2]);
}

static s64 sys_sched_setparam(const u64 args[6])
{
	return set_policy(named_task(args[0]), 0, args[1]);
}

static s64 sys_sched_getscheduler(const u64 args[6])
{
	return named_task(args[0]) != NULL ? 0 : -ESRCH;
}

static s64 sys_sched_getparam(const u64 args[6])
{
	return named_task(args[0]) != NULL ? clear_user(uaddr(args[1]), sizeof(s32)) : -ESRCH;
}

static s64 sys_sched_priority_max(const u64 args[6])
{
	int policy = int_arg(args[0]);

	if (policy == 1 || policy == 2)
		return 99;
	return policy == 0 || policy == 3 || policy == SCHED_IDLE ? 0 : -EINVAL;
}

static s64 sys_sched_priority_min(const u64 args[6])
{
	s64 max = sys_sched_priority_max(args);

	return max == 99 ? 1 : max;
}

static s64 sys_sched_rr_get_interval(const u64 args[6])
{
	static const s64 slice[2] = { 0, 20000000 };

	return named_task(args[0]) != NULL ? copy_to_user(uaddr(args[1]), slice, sizeof(slice)) : -ESRCH;
}

static s64 sys_sched_setaffinity(const u64 args[6])
{
	u8 first = 0;

	if (named_task(args[0]) == NULL)
		return -ESRCH;
	if (args[1] == 0)
		return -EINVAL;
	int err = copy_from_user(&first, uaddr(args[2]), 1);

	if (err != 0)
		return err;
	return (first & 1) != 0 ? 0 : -EINVAL;
}

static s64 sys_sched_getaffinity(const u64 args[6])
{
	static const u64 cpus = 1;

	if (args[1] < sizeof(cpus) || (args[1] & 7) != 0)
		return -EINVAL;
	if (named_task(args[0]) == NULL)
		return -ESRCH;
	int err = copy_to_user(uaddr(args[2]), &cpus, sizeof(cpus));

	return err != 0 ? err : (s64)sizeof(cpus);
}

static s64 sys_getcpu(const u64 args[6])
{
	int err = args[0] != 0 ? clear_user(uaddr(args[0]), sizeof(u32)) : 0;

	return err == 0 && args[1] != 0 ? clear_user(uaddr(args[1]), sizeof(u32)) : err;
}

/* true when task is meant by getpriority's (which, who). */
static bool priority_matches(const struct task *task, int which, u32 who)
{
	switch (which) {
	case 0:
		return task->tid == (who == 0 ? task_current()->tid : who);
	case 1:
		return task->process->pgid == (who == 0 ? task_pgid() : who);
	default:
		return task->cred.uid == (who == 0 ? task_current()->cred.uid : who);
	}
}

static s64 sys_getpriority(const u64 args[6])
{
	int which = int_arg(args[0]);
	s64 best = -ESRCH;

	if (which < 0 || which > 2)
		return -EINVAL;
	list_for_each(pos, &task_list) {
		const struct task *task = list_entry(pos, struct task, node);

		if (priority_matches(task, which, (u32)args[1]) && 20 - task->nice > best)
			best = 20 - task->nice;
	}
	return best;
}

static s64 sys_setpriority(const u64 args[6])
{
	int which = int_arg(args[0]), nice = int_arg(args[2]);
	const struct cred *cred = task_cred();
	s64 result = -ESRCH;

	if (which < 0 || which > 2)
		return -EINVAL;
	nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	list_for_each(pos, &task_list) {
		struct task *task = list_entry(pos, struct task, node);

		if (!priority_matches(task, which, (u32)args[1]))
			continue;
		if (cred->euid != 0 && cred->euid != task->cred.uid && cred->euid != task->cred.euid)
			return -EPERM;
		if (cred->euid != 0 && nice < task->nice)
			return -EACCES;
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
	{ 309, 3, "getcpu", sys_getcpu },
};
const size_t sys_sched_call_count = ARRAY_COUNT(sys_sched_calls);
