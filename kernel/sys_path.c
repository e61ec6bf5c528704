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

SYSCALL(80, chdir) { return on_path(CWD, args[0], 0, do_chdir, NULL); }
SYSCALL(161, chroot) { return on_path(CWD, args[0], 0, do_chroot, NULL); }

SYSCALL_FD(81, fchdir) { return do_chdir(&file->path, NULL); }

SYSCALL(79, getcwd) {
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

SYSCALL(95, umask) {
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

SYSCALL(83, mkdir) { return make_at(CWD, args[0], S_IFDIR | ((u32)args[1] & 01777), 0); }
SYSCALL(258, mkdirat) { return make_at(args[0], args[1], S_IFDIR | ((u32)args[2] & 01777), 0); }

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

SYSCALL(133, mknod) { return mknod_at(CWD, args[0], (u32)args[1], args[2]); }
SYSCALL(259, mknodat) { return mknod_at(args[0], args[1], (u32)args[2], args[3]); }

static s64 unlink_at(u64 dirfd, u64 name, bool is_rmdir) {
	RELEASED(at_done) struct at at = { 0 };

	TRY(at_begin(&at, dirfd, name));
	return vfs_unlink(task_fs(), at.start, at.name, is_rmdir, task_cred());
}

SYSCALL(87, unlink) { return unlink_at(CWD, args[0], false); }
SYSCALL(84, rmdir) { return unlink_at(CWD, args[0], true); }

SYSCALL(263, unlinkat) {
	if ((u32)args[2] & ~AT_REMOVEDIR) return -EINVAL;
	return unlink_at(args[0], args[1], (u32)args[2] & AT_REMOVEDIR);
}

static s64 rename_at(u64 old_dirfd, u64 old_name, u64 new_dirfd, u64 new_name, u32 flags) {
	RELEASED(at_done) struct at from = { 0 }, to = { 0 };

	TRY(at_begin(&from, old_dirfd, old_name));
	TRY(at_begin(&to, new_dirfd, new_name));
	return vfs_rename(task_fs(), from.start, from.name, to.start, to.name, flags, task_cred());
}

SYSCALL(82, rename) { return rename_at(CWD, args[0], CWD, args[1], 0); }
SYSCALL(264, renameat) { return rename_at(args[0], args[1], args[2], args[3], 0); }
SYSCALL(316, renameat2) { return rename_at(args[0], args[1], args[2], args[3], (u32)args[4]); }

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

SYSCALL(86, link) { return link_at(CWD, args[0], CWD, args[1], 0); }
SYSCALL(265, linkat) { return link_at(args[0], args[1], args[2], args[3], (u32)args[4]); }

static s64 symlink_at(u64 target_addr, u64 dirfd, u64 name) {
	RELEASED(memory_drop) char *target = NULL;
	RELEASED(at_done) struct at at = { 0 };

	TRY(name_from_user(target_addr, &target));
	TRY(at_begin(&at, dirfd, name));
	return vfs_symlink(task_fs(), at.start, at.name, target, task_cred());
}

SYSCALL(88, symlink) { return symlink_at(args[0], CWD, args[1]); }
SYSCALL(266, symlinkat) { return symlink_at(args[0], args[1], args[2]); }

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

SYSCALL(89, readlink) { return readlink_at(CWD, args[0], args[1], (s32)args[2]); }
SYSCALL(267, readlinkat) { return readlink_at(args[0], args[1], args[2], (s32)args[3]); }
