/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_path.c - system calls on names: directories, links, renaming, the working directory and the root.
 */
#include "kernel/filearg.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

static int enter_directory(struct path *place, const struct path *to) {
	if (!inode_is(path_inode(to), S_IFDIR)) return -ENOTDIR;
	TRY(inode_permission(path_inode(to), MAY_EXEC, task_cred()));
	path_get(to);
	path_put(place);
	*place = *to;
	return 0;
}

static s64 do_chdir(const struct path *path, const u64 *) { return enter_directory(&task_fs()->cwd, path); }

static s64 do_chroot(const struct path *path, const u64 *) {
	if (inode_is(path_inode(path), S_IFDIR) && task_cred()->euid != 0) return -EPERM;
	return enter_directory(&task_fs()->root, path);
}

static s64 sys_chdir(const u64 args[6]) { return on_path(CWD, args[0], 0, do_chdir, args); }
static s64 sys_chroot(const u64 args[6]) { return on_path(CWD, args[0], 0, do_chroot, args); }

static s64 sys_fchdir(const u64 args[6]) {
	RELEASED(file_drop) struct file *file = file_from_fd(args[0], false);

	return file ? do_chdir(&file->path, args) : -EBADF;
}

static s64 sys_getcwd(const u64 args[6]) {
	const struct vfs_context *ctx = task_fs();
	RELEASED(memory_drop) char *name = port_alloc(VFS_PATH_MAX);
	s64 len;

	if (ctx->cwd.dentry->unlinked) return -ENOENT;
	if (!name) return -ENOMEM;
	len = path_name(ctx, &ctx->cwd, name, VFS_PATH_MAX);
	if (len < 0) return len;
	if ((u64)len >= args[1]) return -ERANGE;
	TRY(copy_to_user(uaddr(args[0]), name, (size_t)len + 1));
	return len + 1;
}

static s64 sys_umask(const u64 args[6]) {
	struct vfs_context *ctx = task_fs();
	u32 old = ctx->umask;

	ctx->umask = (u32)args[0] & 0777;
	return old;
}

static s64 make_at(u64 dirfd, u64 name, u32 mode, u64 rdev) {
	RELEASED(at_done) struct at at = { 0 };

	TRY(at_begin(&at, dirfd, name));
	return vfs_mknod(task_fs(), at.start, at.name, mode, rdev, task_cred());
}

static s64 mkdir_at(u64 dirfd, u64 name, u64 mode) { return make_at(dirfd, name, S_IFDIR | ((u32)mode & 01777), 0); }
static s64 sys_mkdir(const u64 args[6]) { return mkdir_at(CWD, args[0], args[1]); }
static s64 sys_mkdirat(const u64 args[6]) { return mkdir_at(args[0], args[1], args[2]); }

static s64 mknod_at(u64 dirfd, u64 name, u32 mode, u64 rdev) {
	switch (mode & S_IFMT) {
	case S_IFDIR: return -EPERM;
	case S_IFCHR:
	case S_IFBLK: return make_at(dirfd, name, mode, (u32)rdev);
	case 0:
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK: return make_at(dirfd, name, mode, 0);
	default: return -EINVAL;
	}
}

static s64 sys_mknod(const u64 args[6]) { return mknod_at(CWD, args[0], (u32)args[1], args[2]); }
static s64 sys_mknodat(const u64 args[6]) { return mknod_at(args[0], args[1], (u32)args[2], args[3]); }

static s64 unlink_at(u64 dirfd, u64 name, bool is_rmdir) {
	RELEASED(at_done) struct at at = { 0 };

	TRY(at_begin(&at, dirfd, name));
	return vfs_unlink(task_fs(), at.start, at.name, is_rmdir, task_cred());
}

static s64 sys_unlink(const u64 args[6]) { return unlink_at(CWD, args[0], false); }
static s64 sys_rmdir(const u64 args[6]) { return unlink_at(CWD, args[0], true); }

static s64 sys_unlinkat(const u64 args[6]) {
	if ((u32)args[2] & ~AT_REMOVEDIR) return -EINVAL;
	return unlink_at(args[0], args[1], (u32)args[2] & AT_REMOVEDIR);
}

static s64 rename_at(u64 old_dirfd, u64 old_name, u64 new_dirfd, u64 new_name, u32 flags) {
	RELEASED(at_done) struct at from = { 0 }, to = { 0 };

	TRY(at_begin(&from, old_dirfd, old_name));
	TRY(at_begin(&to, new_dirfd, new_name));
	return vfs_rename(task_fs(), from.start, from.name, to.start, to.name, flags, task_cred());
}

static s64 sys_rename(const u64 args[6]) { return rename_at(CWD, args[0], CWD, args[1], 0); }
static s64 sys_renameat(const u64 args[6]) { return rename_at(args[0], args[1], args[2], args[3], 0); }

static s64 sys_renameat2(const u64 args[6]) {
	return rename_at(args[0], args[1], args[2], args[3], (u32)args[4]);
}

static s64 link_at(u64 old_dirfd, u64 old_name, u64 new_dirfd, u64 new_name, u32 flags) {
	u32 at_flags = (flags & AT_EMPTY_PATH) | ((flags & AT_SYMLINK_FOLLOW) ? 0 : AT_SYMLINK_NOFOLLOW);
	RELEASED(path_put) struct path old_path = { 0 };
	RELEASED(at_done) struct at to = { 0 };

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && task_cred()->euid != 0) return -ENOENT;
	TRY(path_from_user(old_dirfd, old_name, at_flags, &old_path));
	TRY(at_begin(&to, new_dirfd, new_name));
	return vfs_link(task_fs(), &old_path, to.start, to.name, task_cred());
}

static s64 sys_link(const u64 args[6]) { return link_at(CWD, args[0], CWD, args[1], 0); }
static s64 sys_linkat(const u64 args[6]) { return link_at(args[0], args[1], args[2], args[3], (u32)args[4]); }

static s64 symlink_at(u64 target_addr, u64 dirfd, u64 name) {
	RELEASED(memory_drop) char *target = NULL;
	RELEASED(at_done) struct at at = { 0 };

	TRY(name_from_user(target_addr, &target));
	TRY(at_begin(&at, dirfd, name));
	return vfs_symlink(task_fs(), at.start, at.name, target, task_cred());
}

static s64 sys_symlink(const u64 args[6]) { return symlink_at(args[0], CWD, args[1]); }
static s64 sys_symlinkat(const u64 args[6]) { return symlink_at(args[0], args[1], args[2]); }

static s64 readlink_at(u64 dirfd, u64 name, u64 buf, s32 size) {
	RELEASED(path_put) struct path path = { 0 };
	RELEASED(memory_drop) char *text = port_alloc(VFS_PATH_MAX);
	s64 n;

	if (size <= 0) return -EINVAL;
	if (!text) return -ENOMEM;
	TRY(path_from_user(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &path));
	n = vfs_readlink(task_fs(), &path, text, VFS_PATH_MAX);
	if (n < 0) return n;
	n = n < size ? n : size;
	TRY(copy_to_user(uaddr(buf), text, (size_t)n));
	return n;
}

static s64 sys_readlink(const u64 args[6]) { return readlink_at(CWD, args[0], args[1], (s32)args[2]); }
static s64 sys_readlinkat(const u64 args[6]) { return readlink_at(args[0], args[1], args[2], (s32)args[3]); }

const struct syscall_entry sys_path_calls[] = {
	{ 79, 2, "getcwd", sys_getcwd },
	{ 80, 1, "chdir", sys_chdir },
	{ 81, 1, "fchdir", sys_fchdir },
	{ 82, 2, "rename", sys_rename },
	{ 83, 2, "mkdir", sys_mkdir },
	{ 84, 1, "rmdir", sys_rmdir },
	{ 86, 2, "link", sys_link },
	{ 87, 1, "unlink", sys_unlink },
	{ 88, 2, "symlink", sys_symlink },
	{ 89, 3, "readlink", sys_readlink },
	{ 95, 1, "umask", sys_umask },
	{ 133, 3, "mknod", sys_mknod },
	{ 161, 1, "chroot", sys_chroot },
	{ 258, 3, "mkdirat", sys_mkdirat },
	{ 259, 4, "mknodat", sys_mknodat },
	{ 263, 3, "unlinkat", sys_unlinkat },
	{ 264, 4, "renameat", sys_renameat },
	{ 265, 5, "linkat", sys_linkat },
	{ 266, 3, "symlinkat", sys_symlinkat },
	{ 267, 4, "readlinkat", sys_readlinkat },
	{ 316, 5, "renameat2", sys_renameat2 },
};
const size_t sys_path_call_count = ARRAY_COUNT(sys_path_calls);
