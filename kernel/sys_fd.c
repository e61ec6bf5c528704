/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_fd.c - system calls on descriptors: open, close, dup, fcntl, locks, ioctl, pipes, event counters.
 */
#include "fs/locks.h"
#include "kernel/filearg.h"
#include "kernel/pipe.h"
#include "kernel/pollbits.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

static struct waitq lock_wait = WAITQ_INIT(lock_wait);

static void wake_lock_waiters(void) { waitq_wake_all(&lock_wait); }

static s64 open_at(u64 dirfd, u64 name, u64 flags, u64 mode) {
	RELEASED(at_done) struct at at = { 0 };
	struct file *file;
	int err;

	TRY(at_begin(&at, dirfd, name));
	err = vfs_open(task_fs(), at.start, at.name, (u32)flags, (u32)mode & 07777, task_cred(), &file);
	if (err) return restartable(err);
	if (!(file->flags & O_PATH)) file->flags |= O_LARGEFILE; /* as Linux shows it to 64-bit programs */
	return fd_install(file, 0, flags & O_CLOEXEC);
}

SYSCALL(2, open) { return open_at(CWD, args[0], args[1], args[2]); }
SYSCALL(85, creat) { return open_at(CWD, args[0], O_CREAT | O_WRONLY | O_TRUNC, args[1]); }
SYSCALL(257, openat) { return open_at(args[0], args[1], args[2], args[3]); }
SYSCALL(3, close) { return fdtable_close(task_files(), (s32)args[0]); }

#define CLOSE_RANGE_CLOEXEC 4u

SYSCALL(436, close_range) {
	struct fdtable *table = task_files();
	u32 first = (u32)args[0], last = (u32)args[1];

	if (first > last || ((u32)args[2] & ~CLOSE_RANGE_CLOEXEC)) return -EINVAL;
	if (first > 0x7fffffffu) return 0;
	for (int fd = fdtable_next(table, (int)first); fd >= 0 && (u32)fd <= last; fd = fdtable_next(table, fd + 1))
		TRY(args[2] ? fdtable_set_cloexec(table, fd, true) : fdtable_close(table, fd));
	return 0;
}

SYSCALL_FD(32, dup) {
	file_get(file);
	return fd_install(file, 0, false);
}

static s64 dup_to(u64 from, u64 to, bool cloexec) {
	RELEASED(file_drop) struct file *file = file_from_fd(from, false);

	if (!file) return -EBADF;
	if ((s32)from != (s32)to) {
		TRY(fdtable_replace(task_files(), (s32)to, file, cloexec, task_rlimit(RLIMIT_NOFILE)));
		file = NULL; /* the table's */
	}
	return (s32)to;
}

SYSCALL(33, dup2) { return dup_to(args[0], args[1], false); }

SYSCALL(292, dup3) {
	if (((u32)args[2] & ~O_CLOEXEC) || (u32)args[0] == (u32)args[1]) return -EINVAL;
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

static int decode_lock(const struct file *file, const struct flock_abi *l, struct lock_range *ret_range) {
	s64 base = l->whence == 1 ? (s64)file->pos : l->whence == 2 ? (s64)file->inode->size : 0;
	s64 start, end;

	if (l->whence < 0 || l->whence > 2 || l->type < LOCK_READ || l->type > LOCK_NONE) return -EINVAL;
	if (__builtin_add_overflow(base, l->start, &start) || __builtin_add_overflow(start, l->len, &end))
		return -EOVERFLOW;
	if ((l->len < 0 ? end : start) < 0) return -EINVAL;
	*ret_range = (struct lock_range){
		.owner = task_files(), .pid = task_pid(), .type = l->type,
		.start = (u64)(l->len < 0 ? end : start), /* a negative length: the bytes before start */
		.end = l->len < 0 ? (u64)start - 1 : l->len ? (u64)end - 1 : LOCK_END,
	};
	return 0;
}

static s64 get_lock(const struct file *file, struct flock_abi *l, const struct lock_range *want, u64 addr) {
	struct lock_range other;

	if (want->type == LOCK_NONE) return -EINVAL;
	if (!lock_conflict(file->inode, want, &other)) {
		l->type = LOCK_NONE;
	} else {
		*l = (struct flock_abi){ .type = (int16_t)other.type, .start = (s64)other.start,
					 .pid = (s32)other.pid };
		if (other.end != LOCK_END) l->len = (s64)(other.end - other.start + 1);
	}
	return copy_to_user(uaddr(addr), l, sizeof(*l));
}

static s64 set_lock(struct file *file, const struct lock_range *want, bool wait) {
	struct lock_range other;
	int err;

	if ((want->type == LOCK_READ && !file_readable(file)) || (want->type == LOCK_WRITE && !file_writable(file)))
		return -EBADF;
	while ((err = lock_set(file->inode, want)) == -EAGAIN && wait && lock_conflict(file->inode, want, &other)) {
		struct lock_waiter waiter;

		TRY(lock_wait_begin(&waiter, want->owner, other.owner));
		err = waitq_sleep(&lock_wait, 0, true);
		lock_wait_end(&waiter);
		if (err) return restartable(err);
	}
	return err;
}

enum { F_DUPFD = 0, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN,
       F_DUPFD_CLOEXEC = 1030, F_SETPIPE_SZ = 1031, F_GETPIPE_SZ = 1032 };
#define FD_CLOEXEC 1u
#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

static s64 lock_command(struct file *file, u32 cmd, u64 arg) {
	struct lock_range want;
	struct flock_abi l;

	TRY(copy_from_user(&l, uaddr(arg), sizeof(l)));
	TRY(decode_lock(file, &l, &want));
	return cmd == F_GETLK ? get_lock(file, &l, &want, arg) : set_lock(file, &want, cmd == F_SETLKW);
}

static s64 set_flags(struct file *file, u64 arg) {
	u32 uid = task_cred()->fsuid;

	if ((arg & O_NOATIME) && !(file->flags & O_NOATIME) && uid != 0 && uid != file->inode->uid) return -EPERM;
	file->flags = (file->flags & ~SETFL_MASK) | ((u32)arg & SETFL_MASK);
	return 0;
}

SYSCALL_FD(72, fcntl) {
	u32 cmd = (u32)args[1];
	u64 arg = args[2];

	if ((file->flags & O_PATH) && cmd > F_GETFL && cmd != F_DUPFD_CLOEXEC) return -EBADF;
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg >= task_rlimit(RLIMIT_NOFILE) || arg > 0x7fffffff) return -EINVAL;
		file_get(file);
		return fd_install(file, arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD: return fdtable_cloexec(task_files(), (s32)args[0]); /* FD_CLOEXEC is 1 */
	case F_SETFD: return fdtable_set_cloexec(task_files(), (s32)args[0], arg & FD_CLOEXEC);
	case F_GETFL: return file->flags;
	case F_SETFL: return set_flags(file, arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW: return lock_command(file, cmd, arg);
	case F_SETOWN:
	case F_GETOWN: return 0; /* no signal-driven I/O: nobody owns */
	case F_SETPIPE_SZ:
		if ((u32)arg > PIPE_CAPACITY) return -EPERM; /* what Linux says over pipe-max-size */
		[[fallthrough]];
	case F_GETPIPE_SZ: return file_is_pipe(file) ? (s64)PIPE_CAPACITY : -EBADF;
	default: return -EINVAL;
	}
}

enum { FLOCK_SH = 1, FLOCK_EX = 2, FLOCK_NB = 4, FLOCK_UN = 8 };

SYSCALL_IO(73, flock) {
	u32 how = (u32)args[1] & ~FLOCK_NB;
	int err, type = how == FLOCK_SH ? LOCK_READ : how == FLOCK_EX ? LOCK_WRITE : LOCK_NONE;

	if (how != FLOCK_SH && how != FLOCK_EX && how != FLOCK_UN) return -EINVAL;
	while ((err = lock_flock(file, type)) == -EAGAIN && !(args[1] & FLOCK_NB)) {
		err = waitq_sleep(&lock_wait, 0, true);
		if (err) return restartable(err);
	}
	return err;
}

enum { FIONREAD = 0x541b, FIONBIO = 0x5421, FIONCLEX = 0x5450, FIOCLEX = 0x5451 };

static s64 pending_bytes(const struct file *file, u64 arg) {
	s32 n;

	if (file_is_pipe(file))
		n = (s32)pipe_pending(file);
	else if (inode_is(file->inode, S_IFREG))
		n = (s32)(file->inode->size > file->pos ? min_u64(file->inode->size - file->pos, 0x7fffffff) : 0);
	else
		return -ENOTTY;
	return copy_to_user(uaddr(arg), &n, sizeof(n));
}

SYSCALL_IO(16, ioctl) {
	u32 cmd = (u32)args[1];
	s32 on;

	if (cmd == FIOCLEX || cmd == FIONCLEX) return fdtable_set_cloexec(task_files(), (s32)args[0], cmd == FIOCLEX);
	if (cmd == FIONBIO) {
		TRY(copy_from_user(&on, uaddr(args[2]), sizeof(on)));
		file->flags = on ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
		return 0;
	}
	if (file->ops && file->ops->ioctl) return restartable(file->ops->ioctl(file, cmd, args[2]));
	return cmd == FIONREAD ? pending_bytes(file, args[2]) : -ENOTTY;
}

static s64 make_pipe(u64 addr, u32 flags) {
	struct file *ends[2];
	s32 fd[2];
	s64 err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) return -EINVAL;
	TRY(pipe_create(flags, &ends[0], &ends[1]));
	for (size_t i = 0; i < 2; i++) fd[i] = (s32)fd_install(ends[i], 0, flags & O_CLOEXEC);
	err = fd[0] < 0 ? fd[0] : fd[1] < 0 ? fd[1] : copy_to_user(uaddr(addr), fd, sizeof(fd));
	for (size_t i = 0; i < 2 && err; i++)
		if (fd[i] >= 0) (void)fdtable_close(task_files(), fd[i]); /* just opened */
	return err;
}

SYSCALL(22, pipe) { return make_pipe(args[0], 0); }
SYSCALL(293, pipe2) { return make_pipe(args[0], (u32)args[1]); }

static s64 make_eventfd(u64 initial, u32 flags) {
	struct file *file;

	if (flags & ~(EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC)) return -EINVAL;
	TRY(eventfd_create((u32)initial, flags, &file));
	return fd_install(file, 0, flags & O_CLOEXEC);
}

SYSCALL(284, eventfd) { return make_eventfd(args[0], 0); }
SYSCALL(290, eventfd2) { return make_eventfd(args[0], (u32)args[1]); }

void sys_fd_init(void) {
	locks_set_wake(wake_lock_waiters);
	pipe_init();
	epoll_init();
}
