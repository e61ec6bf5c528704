/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filearg.h - the arguments that file calls have in common: descriptors, names, buffers.
 *
 * Each copies in once and checks; what it returns is the kernel's own.
 *
 * Context    task context.
 * Units      bytes; user addresses as they came.
 * Ownership  files and paths that are returned are referenced; at_begin's parts, also after it failed, go with at_done.
 *            What a scope holds it declares RELEASED (kernel/base/try.h).
 * Errors     -EBADF, -EFAULT, -ENAMETOOLONG, -ENOENT (empty name), -ENOTDIR, -EINVAL, -ENOMEM.
 */
#pragma once

#include "fs/vfs.h"
#include "kernel/base/base.h"
#include "kernel/syscall.h"

/* Linux uapi fcntl.h. */
enum { AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_EACCESS = 0x200,
       AT_SYMLINK_FOLLOW = 0x400, AT_NO_AUTOMOUNT = 0x800, AT_EMPTY_PATH = 0x1000 };
#define CWD ((u64)AT_FDCWD)

/* For RELEASED. */
static inline void memory_drop(void *pointer) { port_free(*(void **)pointer); }

/* NULL: not open; with io also when it was opened with O_PATH. */
struct file *file_from_fd(u64 fd, bool io);
/* Calls act on the file that fd names, if there is one. */
s64 on_file(u64 fd, bool io, s64 (*action)(struct file *file, const u64 args[6]), const u64 args[6]);
/*
 * A system call whose first argument is a descriptor: its body finds the open file in file. SYSCALL_IO refuses what was
 * opened with O_PATH.
 */
#define SYSCALL_FD(nr, name_) SYSCALL_ON_FILE(nr, name_, false)
#define SYSCALL_IO(nr, name_) SYSCALL_ON_FILE(nr, name_, true)
#define SYSCALL_ON_FILE(nr, name_, io)                                                            \
	static s64 on_##name_(struct file *file, const u64 args[6]);                              \
	SYSCALL(nr, name_) { return on_file(args[0], io, on_##name_, args); }                     \
	static s64 on_##name_([[maybe_unused]] struct file *file, [[maybe_unused]] const u64 args[6])

/* Gives the file the lowest descriptor >= from, or puts it. */
s64 fd_install(struct file *file, u64 from, bool cloexec);
/* VFS_PATH_MAX bytes; port_free. */
must_check int name_from_user(u64 addr, char **ret_name);

/* A (dirfd, name) pair. */
struct at {
	char *name;
	struct file *file;         /* of dirfd */
	const struct path *start;  /* for the VFS; NULL is the working directory */
};
must_check int at_begin(struct at *at, u64 dirfd, u64 name);
void at_done(struct at *at);
/* What it names: AT_EMPTY_PATH with an empty name is dirfd itself; AT_SYMLINK_NOFOLLOW. */
must_check int at_path(const struct at *at, u32 at_flags, const struct cred *cred, struct path *ret_path);
/* The three together, for the task. */
must_check int path_from_user(u64 dirfd, u64 name, u32 at_flags, struct path *ret_path);

/* A call on what a (dirfd, name) pair names; rest are the arguments behind the name. */
typedef s64 path_action(const struct path *path, const u64 *rest);
s64 on_path(u64 dirfd, u64 name, u32 at_flags, path_action *action, const u64 *rest);

/* Tells fs whom to wake when locks go, and how fifos are opened: once at boot. */
void sys_fd_init(void);

/* A wait that a signal ended: the call is made again when the handler allows it. */
static inline s64 restartable(s64 result) { return result == -EINTR ? -ERESTARTSYS : result; }
