/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_task.c - processes and threads: clone, exec, exit, wait, groups, sessions.
 *
 * Decodes arguments and answers; clone.c, exec.c and exit.c act.
 */
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"
#include "kernel/clone.h"
#include "kernel/exec.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100u
#define AT_EMPTY_PATH 0x1000u
#define AT_EXECVE_CHECK 0x10000u

#define WAIT4_OPTIONS 0xe000000bu
#define WAITID_OPTIONS 0xe100000fu

#define ARCH_SET_GS 0x1001u
#define ARCH_SET_FS 0x1002u
#define ARCH_GET_FS 0x1003u
#define ARCH_GET_GS 0x1004u

#define TIMERSLACK_NS 50000

struct rusage_abi {
	s64 user_sec, user_usec, system_sec, system_usec;
	s64 maxrss;
	s64 unused[13];
};
_Static_assert(sizeof(struct rusage_abi) == 144, "struct rusage has 144 bytes");

static s64 sys_clone(const u64 args[6])
{
	const struct clone_request q = { .flags = args[0] & ~0xffull, .exit_signal = (int)(args[0] & 0xff),
					 .stack = args[1],
					 .parent_tid = args[2], .child_tid = args[3], .tls = args[4] };

	return task_clone(&q);
}

static s64 sys_fork(const u64 args[6])
{
	const struct clone_request q = { .exit_signal = SIGCHLD };

	(void)args; /* it has none */
	return task_clone(&q);
}

static s64 sys_vfork(const u64 args[6])
{
	const struct clone_request q = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD };

	(void)args; /* it has none */
	return task_clone(&q);
}

/* A name from the program, on the heap: a path is too long for a kernel stack that goes deep. */
static int copy_name(u64 addr, char **ret_name)
{
	char *name = port_alloc(VFS_PATH_MAX);

	if (name == NULL)
		return -ENOMEM;
	ssize len = copy_string_from_user(name, uaddr(addr), VFS_PATH_MAX);

	if (len < 0) {
		port_free(name);
		return (int)len;
	}
	*ret_name = name;
	return 0;
}

static s64 sys_execve(const u64 args[6])
{
	char *name = NULL;
	int err = copy_name(args[0], &name);

	if (err != 0)
		return err;
	const struct exec_request q = { .name = name, .shown_name = name, .argv = { .user = args[1] },
					.envp = { .user = args[2] } };
	s64 result = exec_run(&q);

	port_free(name);
	return result;
}

/* AT_SYMLINK_NOFOLLOW: the last component must not be a symlink. */
static int refuse_symlink(const struct path *start, const char *name)
{
	struct path path;
	int err = path_walk(task_fs(), start, name, 0, task_cred(), &path);

	if (err != 0)
		return err;
	if ((path_inode(&path)->mode & S_IFMT) == S_IFLNK)
		err = -ELOOP;
	path_put(&path);
	return err;
}

static s64 exec_at(int fd, char *name, const u64 args[6], u32 flags)
{
	struct exec_request q = { .name = name, .shown_name = name, .check_only = (flags & AT_EXECVE_CHECK) != 0,
				  .argv = { .user = args[2] }, .envp = { .user = args[3] } };
	struct file *file = NULL;
	char shown[40];
	int err = 0;

	if (name[0] != '/' && fd != AT_FDCWD) {
		file = fdtable_file(task_files(), fd);
		if (file == NULL)
			return -EBADF;
		q.start = &file->path;
	}
	if (name[0] == 0) {
		q.name = NULL;
		(void)text_format(shown, sizeof(shown), "/dev/fd/%d", fd);
		q.shown_name = shown;
		if ((flags & AT_EMPTY_PATH) == 0 || file == NULL)
			err = -ENOENT;
	} else if ((flags & AT_SYMLINK_NOFOLLOW) != 0) {
		err = refuse_symlink(q.start, name);
	}
	s64 result = err != 0 ? err : exec_run(&q);

	if (file != NULL)
		file_put(file);
	return result;
}

static s64 sys_execveat(const u64 args[6])
{
	u32 flags = (u32)args[4];
	char *name = NULL;

	if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_EXECVE_CHECK)) != 0)
		return -EINVAL;
	int err = copy_name(args[1], &name);

	if (err != 0)
		return err;
	s64 result = exec_at(int_arg(args[0]), name, args, flags);

	port_free(name);
	return result;
}

static s64 sys_exit(const u64 args[6])
{
	task_exit((int)(args[0] & 0xff) << 8);
}

static s64 sys_exit_group(const u64 args[6])
{
	task_exit_group((int)(args[0] & 0xff) << 8);
}

static void fill_rusage(struct rusage_abi *ret, u64 user_ns, u64 system_ns)
{
	memset(ret, 0, sizeof(*ret));
	ret->user_sec = (s64)(user_ns / 1000000000u);
	ret->user_usec = (s64)(user_ns % 1000000000u / 1000u);
	ret->system_sec = (s64)(system_ns / 1000000000u);
	ret->system_usec = (s64)(system_ns % 1000000000u / 1000u);
}

static int put_rusage(u64 addr, const struct rusage_times *times)
{
	struct rusage_abi usage;

	if (addr == 0)
		return 0;
	fill_rusage(&usage, times->user_ns, times->system_ns);
	return copy_to_user(uaddr(addr), &usage, sizeof(usage));
}

static s64 sys_wait4(const u64 args[6])
{
	int pid = int_arg(args[0]);
	u32 options = (u32)args[2];
	struct wait_request q = { .which = WAIT_ALL, .options = (options & 0xff) | WAIT_EXITED };
	struct wait_result r;

	if ((options & ~WAIT4_OPTIONS) != 0 || pid == INT32_MIN)
		return pid == INT32_MIN ? -ESRCH : -EINVAL;
	if (pid > 0)
		q.which = WAIT_PID, q.id = (u32)pid;
	else if (pid != -1)
		q.which = WAIT_GROUP, q.id = pid == 0 ? task_pgid() : (u32)-pid;
	int err = task_wait(&q, &r);

	if (err <= 0)
		return err;
	if (args[1] != 0 && copy_to_user(uaddr(args[1]), &r.wait_status, sizeof(r.wait_status)) != 0)
		return -EFAULT;
	return put_rusage(args[3], &r.times) != 0 ? -EFAULT : (s64)r.pid;
}

static s64 sys_waitid(const u64 args[6])
{
	int which = int_arg(args[0]), id = int_arg(args[1]);
	u32 options = (u32)args[3];
	struct wait_request q = { .which = which, .id = (u32)id, .options = options };
	struct siginfo_abi info = signal_info(0, 0);
	struct wait_result r = { 0 };

	if ((options & ~WAITID_OPTIONS) != 0 || (options & (WAIT_EXITED | WAIT_STOPPED | WAIT_CONTINUED)) == 0)
		return -EINVAL;
	if (which < WAIT_ALL || which > WAIT_GROUP || (which == WAIT_PID && id <= 0) || (which == WAIT_GROUP && id < 0))
		return -EINVAL;
	if (which == WAIT_GROUP && id == 0)
		q.id = task_pgid();
	int got = task_wait(&q, &r);

	if (got < 0)
		return got;
	if (got > 0) {
		info = signal_info(SIGCHLD, r.code);
		info.u.child.pid = (s32)r.pid;
		info.u.child.uid = r.uid;
		info.u.child.status = r.status;
	}
	if (args[2] != 0 && copy_to_user(uaddr(args[2]), &info, sizeof(info)) != 0)
		return -EFAULT;
	return got > 0 ? put_rusage(args[4], &r.times) : 0;
}

static s64 sys_getpid(const u64 args[6])
{
	(void)args; /* it has none */
	return task_pid();
}

static s64 sys_gettid(const u64 args[6])
{
	(void)args; /* it has none */
	return task_current()->tid;
}

static s64 sys_getppid(const u64 args[6])
{
	const struct process *parent = process_current()->parent;

	(void)args; /* it has none */
	return parent != NULL ? parent->pid : 0;
}

static s64 sys_set_tid_address(const u64 args[6])
{
	task_current()->clear_tid = args[0];
	return task_current()->tid;
}

/* The process that pid (0: the caller) names, when it is the caller or its child. */
static int own_or_child(int pid, struct process **ret_process)
{
	struct process *self = process_current(), *process;

	process = pid == 0 ? self : process_find((u32)pid);
	if (process == NULL || process->zombie || (process != self && process->parent != self))
		return -ESRCH;
	*ret_process = process;
	return 0;
}

static s64 sys_setpgid(const u64 args[6])
{
	int pid = int_arg(args[0]), pgid = int_arg(args[1]);
	struct process *self = process_current(), *process;

	if (pgid < 0 || pid < 0)
		return -EINVAL;
	int err = own_or_child(pid, &process);

	if (err != 0)
		return err;
	if (process != self && process->exec_done)
		return -EACCES;
	if (process->sid == process->pid || process->sid != self->sid)
		return -EPERM;
	u32 group = pgid == 0 ? process->pid : (u32)pgid;

	if (group != process->pid && !task_group_exists(group, self->sid))
		return -EPERM;
	process->pgid = group;
	return 0;
}

static s64 sys_getpgid(const u64 args[6])
{
	int pid = int_arg(args[0]);
	const struct process *process = pid == 0 ? process_current() : process_find((u32)pid);

	return process != NULL ? (s64)process->pgid : -ESRCH;
}

static s64 sys_getpgrp(const u64 args[6])
{
	(void)args; /* it has none */
	return task_pgid();
}

static s64 sys_setsid(const u64 args[6])
{
	struct process *self = process_current();

	(void)args; /* it has none */
	list_for_each(pos, &process_list) {
		if (list_entry(pos, struct process, node)->pgid == self->pid)
			return -EPERM;
	}
	self->sid = self->pgid = self->pid;
	return self->sid;
}

static s64 sys_getsid(const u64 args[6])
{
	int pid = int_arg(args[0]);
	const struct process *process = pid == 0 ? process_current() : process_find((u32)pid);

	return process != NULL ? (s64)process->sid : -ESRCH;
}

static s64 sys_arch_prctl(const u64 args[6])
{
	u64 fs, gs;

	user_bases_save(&fs, &gs);
	switch ((u32)args[0]) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (args[1] >= USER_END)
			return -EPERM;
		if ((u32)args[0] == ARCH_SET_FS)
			user_bases_load(args[1], gs);
		else
			user_bases_load(fs, args[1]);
		return 0;
	case ARCH_GET_FS:
		return copy_to_user(uaddr(args[1]), &fs, sizeof(fs));
	case ARCH_GET_GS:
		return copy_to_user(uaddr(args[1]), &gs, sizeof(gs));
	default:
		return -EINVAL;
	}
}

static s64 set_name(u64 addr)
{
	struct task *task = task_current();
	char name[COMM_LEN] = { 0 };
	ssize len = copy_string_from_user(name, uaddr(addr), COMM_LEN);

	if (len == -EFAULT)
		return -EFAULT;
	name[COMM_LEN - 1] = 0;
	memcpy(task->comm, name, COMM_LEN);
	return 0;
}

enum { PR_SET_PDEATHSIG = 1, PR_GET_PDEATHSIG = 2, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4, PR_GET_KEEPCAPS = 7,
       PR_SET_NAME = 15,
       PR_GET_NAME = 16, PR_GET_SECCOMP = 21, PR_CAPBSET_READ = 23, PR_GET_SECUREBITS = 27, PR_SET_TIMERSLACK = 29,
       PR_GET_TIMERSLACK = 30, PR_GET_CHILD_SUBREAPER = 37, PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39,
       PR_GET_TID_ADDRESS = 40, PR_SET_THP_DISABLE = 41, PR_GET_THP_DISABLE = 42 };
#define CAP_LAST 40u

static s64 sys_prctl(const u64 args[6])
{
	struct task *task = task_current();
	int signal = task->parent_death_signal;

	switch (int_arg(args[0])) {
	case PR_SET_PDEATHSIG:
		if (args[1] > SIGNAL_COUNT)
			return -EINVAL;
		task->parent_death_signal = (int)args[1];
		return 0;
	case PR_GET_PDEATHSIG:
		return copy_to_user(uaddr(args[1]), &signal, sizeof(signal));
	case PR_GET_DUMPABLE:
		return task->dumpable;
	case PR_SET_DUMPABLE:
		if (args[1] > 1)
			return -EINVAL;
		task->dumpable = args[1] != 0;
		return 0;
	case PR_SET_NAME:
		return set_name(args[1]);
	case PR_GET_NAME:
		return copy_to_user(uaddr(args[1]), task->comm, COMM_LEN);
	case PR_CAPBSET_READ:
		return args[1] > CAP_LAST ? -EINVAL : 1;
	case PR_GET_TIMERSLACK:
		return TIMERSLACK_NS;
	case PR_SET_NO_NEW_PRIVS:
		if (args[1] != 1 || args[2] != 0 || args[3] != 0 || args[4] != 0)
			return -EINVAL;
		task->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return task->no_new_privs;
	case PR_GET_TID_ADDRESS:
		return copy_to_user(uaddr(args[1]), &task->clear_tid, sizeof(task->clear_tid));
	case PR_GET_CHILD_SUBREAPER:
		return clear_user(uaddr(args[1]), sizeof(int));
	case PR_GET_KEEPCAPS:
	case PR_GET_SECCOMP:
	case PR_GET_SECUREBITS:
	case PR_SET_TIMERSLACK:
	case PR_SET_THP_DISABLE:
	case PR_GET_THP_DISABLE:
		return 0;
	default:
		return -EINVAL;
	}
}

static s64 sys_getrusage(const u64 args[6])
{
	const struct task *task = task_current();
	const struct process *process = task->process;
	struct rusage_times times = { task->user_ns, task->system_ns };

	sched_account(true);
	switch (int_arg(args[0])) {
	case 0:
		process_times(process, &times.user_ns, &times.system_ns);
		break;
	case -1:
		times = (struct rusage_times){ process->child_user_ns, process->child_system_ns };
		break;
	case 1:
		break;
	default:
		return -EINVAL;
	}
	return args[1] == 0 ? -EFAULT : put_rusage(args[1], &times);
}

static s64 sys_personality(const u64 args[6])
{
	return (u32)args[0] == 0xffffffffu || (u32)args[0] == 0 ? 0 : -EINVAL;
}

static s64 sys_unshare(const u64 args[6])
{
	struct task *task = task_current();
	struct fdtable *files = NULL;
	struct fs_state *fs = NULL;

	if ((args[0] & ~(CLONE_FILES | CLONE_FS)) != 0)
		return -EINVAL;
	if ((args[0] & CLONE_FILES) != 0 && (files = fdtable_copy(task->files)) == NULL)
		return -ENOMEM;
	if ((args[0] & CLONE_FS) != 0 && (fs = fs_state_copy(task->fs)) == NULL) {
		if (files != NULL)
			fdtable_put(files);
		return -ENOMEM;
	}
	if (files != NULL) {
		fdtable_put(task->files);
		task->files = files;
	}
	if (fs != NULL) {
		fs_state_put(task->fs);
		task->fs = fs;
	}
	return 0;
}

/* libc asks for these and falls back: known not to be there, so the log need not say it. */
static s64 sys_not_offered(const u64 args[6])
{
	(void)args; /* whatever they are */
	return -ENOSYS;
}

const struct syscall_entry sys_task_calls[] = {
	{ 39, 0, "getpid", sys_getpid },
	{ 56, 5, "clone", sys_clone },
	{ 57, 0, "fork", sys_fork },
	{ 58, 0, "vfork", sys_vfork },
	{ 59, 3, "execve", sys_execve },
	{ 60, 1, "exit", sys_exit },
	{ 61, 4, "wait4", sys_wait4 },
	{ 98, 2, "getrusage", sys_getrusage },
	{ 109, 2, "setpgid", sys_setpgid },
	{ 110, 0, "getppid", sys_getppid },
	{ 111, 0, "getpgrp", sys_getpgrp },
	{ 112, 0, "setsid", sys_setsid },
	{ 121, 1, "getpgid", sys_getpgid },
	{ 124, 1, "getsid", sys_getsid },
	{ 135, 1, "personality", sys_personality },
	{ 157, 5, "prctl", sys_prctl },
	{ 158, 2, "arch_prctl", sys_arch_prctl },
	{ 186, 0, "gettid", sys_gettid },
	{ 218, 1, "set_tid_address", sys_set_tid_address },
	{ 231, 1, "exit_group", sys_exit_group },
	{ 247, 5, "waitid", sys_waitid },
	{ 272, 1, "unshare", sys_unshare },
	{ 322, 5, "execveat", sys_execveat },
	{ 334, 4, "rseq", sys_not_offered },
	{ 435, 2, "clone3", sys_not_offered },
};
const size_t sys_task_call_count = ARRAY_COUNT(sys_task_calls);
