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

/* One set of ids in order real, effective, saved; both kinds follow the same rules. */
struct ids {
	u32 *real, *effective, *saved, *fs;
};

static struct ids uids(void) {
	struct cred *c = cred();

	return (struct ids){ &c->uid, &c->euid, &c->suid, &c->fsuid };
}

static struct ids gids(void) {
	struct cred *c = cred();

	return (struct ids){ &c->gid, &c->egid, &c->sgid, &c->fsgid };
}

static bool is_one_of(struct ids ids, u32 id) { return id == *ids.real || id == *ids.effective || id == *ids.saved; }

static s64 set_one(struct ids ids, u32 id) {
	if (id == NO_ID) return -EINVAL;
	if (!is_root() && id != *ids.real && id != *ids.saved) return -EPERM;
	if (is_root()) *ids.real = *ids.saved = id;
	*ids.effective = *ids.fs = id;
	return 0;
}

static s64 set_two(struct ids ids, u32 real, u32 effective) {
	u32 old_real = *ids.real;

	if (!is_root() && real != NO_ID && real != *ids.real && real != *ids.effective) return -EPERM;
	if (!is_root() && effective != NO_ID && !is_one_of(ids, effective)) return -EPERM;
	if (real != NO_ID) *ids.real = real;
	if (effective != NO_ID) *ids.effective = effective;
	if (real != NO_ID || (effective != NO_ID && effective != old_real)) *ids.saved = *ids.effective;
	*ids.fs = *ids.effective;
	return 0;
}

static s64 set_three(struct ids ids, u32 real, u32 effective, u32 saved) {
	const u32 wanted[3] = { real, effective, saved };

	for (unsigned i = 0; i < 3; i++) {
		if (!is_root() && wanted[i] != NO_ID && !is_one_of(ids, wanted[i])) return -EPERM;
	}
	if (real != NO_ID) *ids.real = real;
	if (effective != NO_ID) *ids.effective = effective;
	if (saved != NO_ID) *ids.saved = saved;
	*ids.fs = *ids.effective;
	return 0;
}

static s64 get_three(struct ids ids, const u64 args[6]) {
	const u32 values[3] = { *ids.real, *ids.effective, *ids.saved };
	int err = 0;

	for (unsigned i = 0; i < 3 && err == 0; i++)
		err = copy_to_user(uaddr(args[i]), &values[i], sizeof(values[i]));
	return err;
}

SYSCALL(105, setuid) { return set_one(uids(), (u32)args[0]); }

SYSCALL(106, setgid) { return set_one(gids(), (u32)args[0]); }

SYSCALL(113, setreuid) { return set_two(uids(), (u32)args[0], (u32)args[1]); }

SYSCALL(114, setregid) { return set_two(gids(), (u32)args[0], (u32)args[1]); }

SYSCALL(117, setresuid) { return set_three(uids(), (u32)args[0], (u32)args[1], (u32)args[2]); }

SYSCALL(119, setresgid) { return set_three(gids(), (u32)args[0], (u32)args[1], (u32)args[2]); }

SYSCALL(118, getresuid) { return get_three(uids(), args); }

SYSCALL(120, getresgid) { return get_three(gids(), args); }

SYSCALL(115, getgroups) {
	const struct cred *c = cred();
	int cap = int_arg(args[0]);

	if (cap < 0 || (cap != 0 && (u32)cap < c->group_count)) return -EINVAL;
	int err = cap == 0 ? 0 : copy_to_user(uaddr(args[1]), c->groups, c->group_count * sizeof(u32));

	return err != 0 ? err : (s64)c->group_count;
}

SYSCALL(116, setgroups) {
	u32 groups[VFS_GROUPS_MAX];
	struct cred *c = cred();

	if (!is_root()) return -EPERM;
	if (args[0] > VFS_GROUPS_MAX) return -EINVAL;
	TRY(copy_from_user(groups, uaddr(args[1]), args[0] * sizeof(u32)));
	memcpy(c->groups, groups, args[0] * sizeof(u32));
	c->group_count = (u32)args[0];
	return 0;
}

static int check_limit(unsigned resource, const struct rlimit *now, const struct rlimit *wanted) {
	if (wanted->soft > wanted->hard) return -EINVAL;
	if (wanted->hard > now->hard && !is_root()) return -EPERM;
	return resource == RLIMIT_NOFILE && wanted->hard > NOFILE_MAX ? -EPERM : 0;
}

static s64 change_limit(struct process *process, u32 resource, u64 new_addr, u64 old_addr) {
	struct rlimit wanted, old;

	if (resource >= RLIMIT_COUNT) return -EINVAL;
	old = process->limits[resource];
	if (new_addr != 0) {
		int err = copy_from_user(&wanted, uaddr(new_addr), sizeof(wanted));

		if (err == 0) err = check_limit(resource, &old, &wanted);
		if (err != 0) return err;
		process->limits[resource] = wanted;
	}
	return old_addr == 0 ? 0 : copy_to_user(uaddr(old_addr), &old, sizeof(old));
}

SYSCALL(97, getrlimit) {
	return args[1] == 0 ? -EFAULT : change_limit(process_current(), (u32)args[0], 0, args[1]);
}

SYSCALL(160, setrlimit) {
	return args[1] == 0 ? -EFAULT : change_limit(process_current(), (u32)args[0], args[1], 0);
}

SYSCALL(302, prlimit64) {
	const struct task *task = (u32)args[0] == 0 ? task_current() : task_find((u32)args[0]);
	const struct cred *c = cred();

	if (task == NULL) return -ESRCH;
	if (task->process != process_current() && !is_root() &&
	    (c->uid != task->cred.uid || c->uid != task->cred.euid || c->uid != task->cred.suid))
		return -EPERM;
	return change_limit(task->process, (u32)args[1], args[2], args[3]);
}

