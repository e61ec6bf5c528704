/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filearg.c - descriptors and names as arguments.
 *
 * User memory is read once per byte; names go to memory of their own, never the stack.
 */
#include "kernel/filearg.h"

#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

struct file *file_from_fd(u64 fd, bool io) {
	struct file *file = fdtable_file(task_files(), (s32)fd);

	if (!file || !io || !(file->flags & O_PATH)) return file;
	file_put(file);
	return NULL;
}

s64 on_file(u64 fd, bool io, s64 (*action)(struct file *file, const u64 args[6]), const u64 args[6]) {
	RELEASED(file_drop) struct file *file = file_from_fd(fd, io);

	return file ? action(file, args) : -EBADF;
}

s64 fd_install(struct file *file, u64 from, bool cloexec) {
	int fd, err = fdtable_install(task_files(), file, (s32)from, cloexec, task_rlimit(RLIMIT_NOFILE), &fd);

	if (!err) return fd;
	file_put(file);
	return err;
}

int name_from_user(u64 addr, char **ret_name) {
	RELEASED(memory_drop) char *name = port_alloc(VFS_PATH_MAX);

	if (!name) return -ENOMEM;
	TRY((int)copy_string_from_user(name, uaddr(addr), VFS_PATH_MAX));
	*ret_name = TAKE(name);
	return 0;
}

int at_begin(struct at *at, u64 dirfd, u64 name) {
	TRY(name_from_user(name, &at->name));
	if (at->name[0] == '/' || (s32)dirfd == AT_FDCWD) return 0;
	at->file = file_from_fd(dirfd, false);
	if (!at->file) return -EBADF;
	at->start = &at->file->path;
	return 0;
}

void at_done(struct at *at) {
	port_free(at->name);
	file_put(at->file);
}

int at_path(const struct at *at, u32 at_flags, const struct cred *cred, struct path *ret_path) {
	u32 follow = (at_flags & AT_SYMLINK_NOFOLLOW) ? 0 : WALK_FOLLOW;

	if (at->name[0] || !(at_flags & AT_EMPTY_PATH))
		return path_walk(task_fs(), at->start, at->name, follow, cred, ret_path);
	*ret_path = at->start ? *at->start : task_fs()->cwd;
	path_get(ret_path);
	return 0;
}

int path_from_user(u64 dirfd, u64 name, u32 at_flags, struct path *ret_path) {
	RELEASED(at_done) struct at at = { 0 };

	TRY(at_begin(&at, dirfd, name));
	return at_path(&at, at_flags, task_cred(), ret_path);
}

s64 on_path(u64 dirfd, u64 name, u32 at_flags, path_action *action, const u64 *rest) {
	RELEASED(path_put) struct path path = { 0 };

	TRY(path_from_user(dirfd, name, at_flags, &path));
	return action(&path, rest);
}
