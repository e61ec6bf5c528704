/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_cred.c - ids, groups and resource limits.
 *
 * Being privileged is being effective uid 0: there are no capabilities beside it.
 */
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define NO_ID 0xffffffffu
#define NOFILE_MAX 1048576u

static struct cred *cred(void) { return &task_current()->cred; }

static bool is_root(void) { return cred()->euid == 0; }

SYSCALL(102, getuid) { return cred()->uid; }
SYSCALL(107, geteuid) { return cred()->euid; }
SYSCALL(104, getgid) { return cred()->gid; }
SYSCALL(108, getegid) { return cred()->egid; }

/* Users' and groups' ids follow the same rules; struct cred has the four of each in a row. */
struct ids {
	u32 real, effective, saved, fs;
};
_Static_assert(offsetof(struct cred, gid) == sizeof(struct ids), "user ids, then group ids");

static struct ids *uids(void) { return (struct ids *)(void *)cred(); }

static struct ids *gids(void) { return uids() + 1; }

static bool may_become(const struct ids *ids, u32 id) {
	return id == NO_ID || is_root() || id == ids->real || id == ids->effective || id == ids->saved;
}

/* NO_ID leaves one as it is. */
static s64 change(struct ids *ids, u32 real, u32 effective, u32 saved) {
	if (real != NO_ID) ids->real = real;
	if (effective != NO_ID) ids->effective = effective;
	if (saved != NO_ID) ids->saved = saved;
	ids->fs = ids->effective;
	return 0;
}

static s64 set_one(struct ids *ids, u32 id) {
	if (id == NO_ID) return -EINVAL;
	if (is_root()) return change(ids, id, id, id);
	return id == ids->real || id == ids->saved ? change(ids, NO_ID, id, NO_ID) : -EPERM;
}

/* The saved id follows when the real one is set, or the effective one to something else than the real one. */
static s64 set_two(struct ids *ids, u32 real, u32 effective) {
	bool save = real != NO_ID || (effective != NO_ID && effective != ids->real);

	if (real != NO_ID && real != ids->real && real != ids->effective && !is_root()) return -EPERM;
	if (!may_become(ids, effective)) return -EPERM;
	return change(ids, real, effective, !save ? NO_ID : effective != NO_ID ? effective : ids->effective);
}

static s64 set_three(struct ids *ids, const u64 args[6]) {
	for (unsigned i = 0; i < 3; i++)
		if (!may_become(ids, (u32)args[i])) return -EPERM;
	return change(ids, (u32)args[0], (u32)args[1], (u32)args[2]);
}

static s64 get_three(const struct ids *ids, const u64 args[6]) {
	TRY(copy_to_user(uaddr(args[0]), &ids->real, sizeof(u32)));
	TRY(copy_to_user(uaddr(args[1]), &ids->effective, sizeof(u32)));
	return copy_to_user(uaddr(args[2]), &ids->saved, sizeof(u32));
}

SYSCALL(105, setuid) { return set_one(uids(), (u32)args[0]); }
SYSCALL(106, setgid) { return set_one(gids(), (u32)args[0]); }
SYSCALL(113, setreuid) { return set_two(uids(), (u32)args[0], (u32)args[1]); }
SYSCALL(114, setregid) { return set_two(gids(), (u32)args[0], (u32)args[1]); }
SYSCALL(117, setresuid) { return set_three(uids(), args); }
SYSCALL(119, setresgid) { return set_three(gids(), args); }
SYSCALL(118, getresuid) { return get_three(uids(), args); }
SYSCALL(120, getresgid) { return get_three(gids(), args); }

SYSCALL(115, getgroups) {
	const struct cred *c = cred();
	int cap = int_arg(args[0]);

	if (cap < 0 || (cap != 0 && (u32)cap < c->group_count)) return -EINVAL;
	if (cap != 0) TRY(copy_to_user(uaddr(args[1]), c->groups, c->group_count * sizeof(u32)));
	return c->group_count;
}

SYSCALL(116, setgroups) {
	u32 groups[VFS_GROUPS_MAX];
	struct cred *c = cred();

	if (!is_root()) return -EPERM;
	if (args[0] > VFS_GROUPS_MAX) return -EINVAL;
	TRY(copy_from_user(groups, uaddr(args[1]), args[0] * sizeof(u32)));
	for (u32 i = 0; i < args[0]; i++) { /* in rising order, as getgroups of Linux tells them */
		u32 at = i;

		for (; at > 0 && c->groups[at - 1] > groups[i]; at--) c->groups[at] = c->groups[at - 1];
		c->groups[at] = groups[i];
	}
	c->group_count = (u32)args[0];
	return 0;
}

static s64 change_limit(struct process *process, u32 resource, u64 new_addr, u64 old_addr) {
	struct rlimit wanted, old;

	if (resource >= RLIMIT_COUNT) return -EINVAL;
	old = process->limits[resource];
	if (new_addr != 0) {
		TRY(copy_from_user(&wanted, uaddr(new_addr), sizeof(wanted)));
		if (wanted.soft > wanted.hard) return -EINVAL;
		if (wanted.hard > old.hard && !is_root()) return -EPERM;
		if (resource == RLIMIT_NOFILE && wanted.hard > NOFILE_MAX) return -EPERM;
		process->limits[resource] = wanted;
	}
	return old_addr == 0 ? 0 : copy_to_user(uaddr(old_addr), &old, sizeof(old));
}

SYSCALL(97, getrlimit) { return args[1] == 0 ? -EFAULT : change_limit(process_current(), (u32)args[0], 0, args[1]); }
SYSCALL(160, setrlimit) { return args[1] == 0 ? -EFAULT : change_limit(process_current(), (u32)args[0], args[1], 0); }

SYSCALL(302, prlimit64) {
	const struct task *task = (u32)args[0] == 0 ? task_current() : task_find((u32)args[0]);
	const struct cred *c = cred();

	if (task == NULL) return -ESRCH;
	if (task->process != process_current() && !is_root() &&
	    (c->uid != task->cred.uid || c->uid != task->cred.euid || c->uid != task->cred.suid))
		return -EPERM;
	return change_limit(task->process, (u32)args[1], args[2], args[3]);
}
