/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_fd.c - system calls on descriptors: open, close, dup, fcntl, locks, ioctl, pipes.
 */
#include "fs/locks.h"
#include "kernel/base/port.h"
#include "kernel/filearg.h"
#include "kernel/pipe.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

static struct waitq lock_wait = WAITQ_INIT(lock_wait);

static void wake_lock_waiters(void)
{
	waitq_wake_all(&lock_wait);
}

/* Gives the file a descriptor, or lets it go. */
static s64 install(struct file *file, u64 from, bool cloexec)
{
	int fd, err = fdtable_install(task_files(), file, (s32)from, cloexec, task_rlimit(RLIMIT_NOFILE), &fd);

	if (err) {
		file_put(file);
		return err;
	}
	return fd;
}

static s64 open_at(u64 dirfd, u64 name, u64 flags, u64 mode)
{
	struct file *file;
	struct at at;
	int err = at_begin(&at, dirfd, name);

	if (err)
		return err;
	err = vfs_open(task_fs(), at.start, at.name, (u32)flags, (u32)mode & 07777, task_cred(), &file);
	at_done(&at);
	if (err)
		return restartable(err);
	if (!(file->flags & O_PATH))
		file->flags |= O_LARGEFILE; /* as Linux shows it to 64-bit programs */
	return install(file, 0, flags & O_CLOEXEC);
}

static s64 sys_open(const u64 args[6])
{
	return open_at((u64)AT_FDCWD, args[0], args[1], args[2]);
}

static s64 sys_creat(const u64 args[6])
{
	return open_at((u64)AT_FDCWD, args[0], O_CREAT | O_WRONLY | O_TRUNC, args[1]);
}

static s64 sys_openat(const u64 args[6])
{
	return open_at(args[0], args[1], args[2], args[3]);
}

static s64 sys_close(const u64 args[6])
{
	return fdtable_close(task_files(), (s32)args[0]);
}

#define CLOSE_RANGE_CLOEXEC 4u

static s64 sys_close_range(const u64 args[6])
{
	struct fdtable *table = task_files();
	u32 first = (u32)args[0], last = (u32)args[1];
	int fd;

	if (first > last || ((u32)args[2] & ~CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if (first > 0x7fffffffu)
		return 0;
	for (fd = fdtable_next(table, (int)first); fd >= 0 && (u32)fd <= last; fd = fdtable_next(table, fd + 1)) {
		if (args[2])
			(void)fdtable_set_cloexec(table, fd, true); /* it is open */
		else
			(void)fdtable_close(table, fd); /* it is open */
	}
	return 0;
}

static s64 sys_dup(const u64 args[6])
{
	struct file *file;
	int err = file_from_fd(args[0], &file);

	return err ? err : install(file, 0, false);
}

static s64 dup_to(u64 from, u64 to, bool cloexec)
{
	struct file *file;
	int err = file_from_fd(from, &file);

	if (err)
		return err;
	err = fdtable_replace(task_files(), (s32)to, file, cloexec, task_rlimit(RLIMIT_NOFILE));
	if (err) {
		file_put(file);
		return err;
	}
	return (s32)to;
}

static s64 sys_dup2(const u64 args[6])
{
	struct file *file;

	if ((u32)args[0] != (u32)args[1])
		return dup_to(args[0], args[1], false);
	if (file_from_fd(args[0], &file))
		return -EBADF;
	file_put(file);
	return (s32)args[1];
}

static s64 sys_dup3(const u64 args[6])
{
	if (((u32)args[2] & ~O_CLOEXEC) || (u32)args[0] == (u32)args[1])
		return -EINVAL;
	return dup_to(args[0], args[1], args[2] & O_CLOEXEC);
}

/* Linux struct flock, x86-64. */
struct flock_abi {
	int16_t type, whence;
	s32 pad;
	s64 start, len;
	s32 pid, pad2;
};
_Static_assert(sizeof(struct flock_abi) == 32, "struct flock has 32 bytes");

static int decode_lock(const struct file *file, const struct flock_abi *l, struct lock_range *ret_range)
{
	s64 base = l->whence == 1 ? (s64)file->pos : l->whence == 2 ? (s64)file->inode->size : 0;
	s64 start, end;

	if (l->whence < 0 || l->whence > 2 || l->type < LOCK_READ || l->type > LOCK_NONE)
		return -EINVAL;
	if (__builtin_add_overflow(base, l->start, &start))
		return -EOVERFLOW;
	if (__builtin_add_overflow(start, l->len, &end))
		return -EOVERFLOW;
	if (l->len < 0) { /* the bytes before start */
		s64 swap = start;

		start = end;
		end = swap;
	}
	if (start < 0)
		return -EINVAL;
	*ret_range = (struct lock_range){
		.owner = task_files(),
		.pid = task_pid(),
		.type = l->type,
		.start = (u64)start,
		.end = l->len ? (u64)end - 1 : LOCK_END,
	};
	return 0;
}

static s64 get_lock(const struct file *file, struct flock_abi *l, const struct lock_range *want, u64 addr)
{
	struct lock_range other;

	if (!lock_conflict(file->inode, want, &other)) {
		l->type = LOCK_NONE;
	} else {
		l->type = (int16_t)other.type;
		l->whence = 0;
		l->start = (s64)other.start;
		l->len = other.end == LOCK_END ? 0 : (s64)(other.end - other.start + 1);
		l->pid = (s32)other.pid;
	}
	return copy_to_user(uaddr(addr), l, sizeof(*l));
}

static s64 set_lock(struct file *file, const struct lock_range *want, bool wait)
{
	struct lock_range other;
	int err;

	if ((want->type == LOCK_READ && !file_readable(file)) || (want->type == LOCK_WRITE && !file_writable(file)))
		return -EBADF;
	while ((err = lock_set(file->inode, want)) == -EAGAIN && wait && lock_conflict(file->inode, want, &other)) {
		struct lock_waiter waiter;

		err = lock_wait_begin(&waiter, want->owner, other.owner);
		if (err)
			return err;
		err = waitq_sleep(&lock_wait, 0, true);
		lock_wait_end(&waiter);
		if (err)
			return restartable(err);
	}
	return err;
}

enum { F_DUPFD = 0, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN,
       F_DUPFD_CLOEXEC = 1030, F_SETPIPE_SZ = 1031, F_GETPIPE_SZ = 1032 };
#define FD_CLOEXEC 1u
#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

static s64 lock_command(struct file *file, u32 cmd, u64 arg)
{
	struct lock_range want;
	struct flock_abi l;
	s64 err;

	if (file->flags & O_PATH)
		return -EBADF;
	err = copy_from_user(&l, uaddr(arg), sizeof(l));
	if (!err)
		err = decode_lock(file, &l, &want);
	if (err)
		return err;
	if (cmd == F_GETLK)
		return want.type == LOCK_NONE ? -EINVAL : get_lock(file, &l, &want, arg);
	return set_lock(file, &want, cmd == F_SETLKW);
}

static s64 dup_from(struct file *file, u64 arg, bool cloexec)
{
	if (arg >= task_rlimit(RLIMIT_NOFILE) || arg > 0x7fffffff)
		return -EINVAL;
	file_get(file);
	return install(file, arg, cloexec);
}

static s64 set_flags(struct file *file, u64 arg)
{
	if (file->flags & O_PATH)
		return -EBADF;
	if ((arg & O_NOATIME) && !(file->flags & O_NOATIME) && task_cred()->fsuid != 0 &&
	    task_cred()->fsuid != file->inode->uid)
		return -EPERM;
	file->flags = (file->flags & ~SETFL_MASK) | ((u32)arg & SETFL_MASK);
	return 0;
}

static s64 pipe_size_command(const struct file *file, u32 cmd, u64 arg)
{
	if (!file_is_pipe(file))
		return -EBADF;
	if (cmd == F_SETPIPE_SZ && (u32)arg > PIPE_CAPACITY)
		return -EPERM; /* what Linux says over pipe-max-size */
	return PIPE_CAPACITY;
}

static s64 fcntl_file(struct file *file, u64 fd, u32 cmd, u64 arg)
{
	bool cloexec;
	int err;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return dup_from(file, arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
		err = fdtable_cloexec(task_files(), (s32)fd, &cloexec);
		return err ? err : (s64)(cloexec ? FD_CLOEXEC : 0);
	case F_SETFD:
		return fdtable_set_cloexec(task_files(), (s32)fd, arg & FD_CLOEXEC);
	case F_GETFL:
		return file->flags;
	case F_SETFL:
		return set_flags(file, arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		return lock_command(file, cmd, arg);
	case F_SETOWN:
	case F_GETOWN:
		return 0; /* no signal-driven I/O: nobody owns */
	case F_SETPIPE_SZ:
	case F_GETPIPE_SZ:
		return pipe_size_command(file, cmd, arg);
	default:
		return -EINVAL;
	}
}

static s64 sys_fcntl(const u64 args[6])
{
	struct file *file;
	s64 result = file_from_fd(args[0], &file);

	if (result)
		return result;
	result = fcntl_file(file, args[0], (u32)args[1], args[2]);
	file_put(file);
	return result;
}

enum { FLOCK_SH = 1, FLOCK_EX = 2, FLOCK_NB = 4, FLOCK_UN = 8 };

static s64 sys_flock(const u64 args[6])
{
	u32 how = (u32)args[1] & ~FLOCK_NB;
	int type = how == FLOCK_SH ? LOCK_READ : how == FLOCK_EX ? LOCK_WRITE : LOCK_NONE;
	struct file *file;
	s64 err;

	if (how != FLOCK_SH && how != FLOCK_EX && how != FLOCK_UN)
		return -EINVAL;
	err = io_file_from_fd(args[0], &file);
	if (err)
		return err;
	while ((err = lock_flock(file, type)) == -EAGAIN && !(args[1] & FLOCK_NB)) {
		err = waitq_sleep(&lock_wait, 0, true);
		if (err)
			break;
	}
	file_put(file);
	return restartable(err);
}

enum { FIONREAD = 0x541b, FIONBIO = 0x5421, FIONCLEX = 0x5450, FIOCLEX = 0x5451, FIOASYNC = 0x5452 };

static s64 pending_bytes(const struct file *file, u64 arg)
{
	u32 type = file->inode->mode & S_IFMT;
	s32 n;

	if (file_is_pipe(file))
		n = (s32)pipe_pending(file);
	else if (type == S_IFREG)
		n = (s32)(file->inode->size > file->pos ? min_u64(file->inode->size - file->pos, 0x7fffffff) : 0);
	else
		return -ENOTTY;
	return copy_to_user(uaddr(arg), &n, sizeof(n));
}

static s64 set_nonblocking(struct file *file, u64 arg)
{
	s32 on;

	if (copy_from_user(&on, uaddr(arg), sizeof(on)))
		return -EFAULT;
	file->flags = on ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
	return 0;
}

static s64 ioctl_file(struct file *file, u64 fd, u32 cmd, u64 arg)
{
	if (cmd == FIOCLEX || cmd == FIONCLEX)
		return fdtable_set_cloexec(task_files(), (s32)fd, cmd == FIOCLEX);
	if (cmd == FIONBIO)
		return set_nonblocking(file, arg);
	if (file->ops && file->ops->ioctl)
		return restartable(file->ops->ioctl(file, cmd, arg));
	return cmd == FIONREAD ? pending_bytes(file, arg) : -ENOTTY;
}

static s64 sys_ioctl(const u64 args[6])
{
	struct file *file;
	s64 result = io_file_from_fd(args[0], &file);

	if (result)
		return result;
	result = ioctl_file(file, args[0], (u32)args[1], args[2]);
	file_put(file);
	return result;
}

static s64 make_pipe(u64 addr, u32 flags)
{
	struct file *read_end, *write_end;
	s64 fd[2];
	s32 out[2];
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = pipe_create(flags, &read_end, &write_end);
	if (err)
		return err;
	fd[0] = install(read_end, 0, flags & O_CLOEXEC);
	if (fd[0] < 0) {
		file_put(write_end);
		return fd[0];
	}
	fd[1] = install(write_end, 0, flags & O_CLOEXEC);
	out[0] = (s32)fd[0];
	out[1] = (s32)fd[1];
	if (fd[1] >= 0 && !copy_to_user(uaddr(addr), out, sizeof(out)))
		return 0;
	(void)fdtable_close(task_files(), out[0]); /* just opened */
	if (fd[1] < 0)
		return fd[1];
	(void)fdtable_close(task_files(), out[1]); /* just opened */
	return -EFAULT;
}

static s64 sys_pipe(const u64 args[6])
{
	return make_pipe(args[0], 0);
}

static s64 sys_pipe2(const u64 args[6])
{
	return make_pipe(args[0], (u32)args[1]);
}

void sys_fd_init(void)
{
	locks_set_wake(wake_lock_waiters);
	pipe_init();
}

const struct syscall_entry sys_fd_calls[] = {
	{ 2, 3, "open", sys_open },
	{ 3, 1, "close", sys_close },
	{ 16, 3, "ioctl", sys_ioctl },
	{ 22, 1, "pipe", sys_pipe },
	{ 32, 1, "dup", sys_dup },
	{ 33, 2, "dup2", sys_dup2 },
	{ 72, 3, "fcntl", sys_fcntl },
	{ 73, 2, "flock", sys_flock },
	{ 85, 2, "creat", sys_creat },
	{ 257, 4, "openat", sys_openat },
	{ 292, 3, "dup3", sys_dup3 },
	{ 293, 2, "pipe2", sys_pipe2 },
	{ 436, 3, "close_range", sys_close_range },
};
const size_t sys_fd_call_count = ARRAY_COUNT(sys_fd_calls);
