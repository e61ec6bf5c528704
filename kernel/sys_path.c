/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_path.c - system calls on names: directories, links, renaming, the working directory and the root.
 */
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/filearg.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

static void move_to(struct path *place, const struct path *to)
{
	path_get(to);
	path_put(place);
	*place = *to;
}

static s64 enter_directory(struct path *place, const struct path *to)
{
	int err = (path_inode(to)->mode & S_IFMT) == S_IFDIR ? 0 : -ENOTDIR;

	if (!err)
		err = inode_permission(path_inode(to), MAY_EXEC, task_cred());
	if (!err)
		move_to(place, to);
	return err;
}

static s64 sys_chdir(const u64 args[6])
{
	struct path path;
	s64 err = path_from_user((u64)AT_FDCWD, args[0], 0, &path);

	if (err)
		return err;
	err = enter_directory(&task_fs()->cwd, &path);
	path_put(&path);
	return err;
}

static s64 sys_fchdir(const u64 args[6])
{
	struct file *file;
	s64 err = file_from_fd(args[0], &file);

	if (err)
		return err;
	err = enter_directory(&task_fs()->cwd, &file->path);
	file_put(file);
	return err;
}

static s64 sys_chroot(const u64 args[6])
{
	struct path path;
	s64 err = path_from_user((u64)AT_FDCWD, args[0], 0, &path);

	if (err)
		return err;
	err = (path_inode(&path)->mode & S_IFMT) == S_IFDIR && task_cred()->euid != 0 ? -EPERM : 0;
	if (!err)
		err = enter_directory(&task_fs()->root, &path);
	path_put(&path);
	return err;
}

static s64 sys_getcwd(const u64 args[6])
{
	const struct vfs_context *ctx = task_fs();
	char *name;
	s64 len;

	if (ctx->cwd.dentry->unlinked)
		return -ENOENT;
	name = port_alloc(VFS_PATH_MAX);
	if (!name)
		return -ENOMEM;
	len = path_name(ctx, &ctx->cwd, name, VFS_PATH_MAX);
	if (len >= 0 && (u64)++len > args[1])
		len = -ERANGE;
	if (len > 0 && copy_to_user(uaddr(args[0]), name, (size_t)len))
		len = -EFAULT;
	port_free(name);
	return len;
}

static s64 sys_umask(const u64 args[6])
{
	struct vfs_context *ctx = task_fs();
	u32 old = ctx->umask;

	ctx->umask = (u32)args[0] & 0777;
	return old;
}

static s64 make_at(u64 dirfd, u64 name, u32 mode, u64 rdev)
{
	struct at at;
	int err = at_begin(&at, dirfd, name);

	if (err)
		return err;
	err = vfs_mknod(task_fs(), at.start, at.name, mode, rdev, task_cred());
	at_done(&at);
	return err;
}

static s64 sys_mkdir(const u64 args[6])
{
	return make_at((u64)AT_FDCWD, args[0], S_IFDIR | ((u32)args[1] & 01777), 0);
}

static s64 sys_mkdirat(const u64 args[6])
{
	return make_at(args[0], args[1], S_IFDIR | ((u32)args[2] & 01777), 0);
}

static s64 mknod_at(u64 dirfd, u64 name, u32 mode, u64 rdev)
{
	u32 type = mode & S_IFMT;

	if (type == S_IFDIR)
		return -EPERM;
	if (type && type != S_IFREG && type != S_IFCHR && type != S_IFBLK && type != S_IFIFO && type != S_IFSOCK)
		return -EINVAL;
	return make_at(dirfd, name, mode, type == S_IFCHR || type == S_IFBLK ? (u32)rdev : 0);
}

static s64 sys_mknod(const u64 args[6])
{
	return mknod_at((u64)AT_FDCWD, args[0], (u32)args[1], args[2]);
}

static s64 sys_mknodat(const u64 args[6])
{
	return mknod_at(args[0], args[1], (u32)args[2], args[3]);
}

static s64 unlink_at(u64 dirfd, u64 name, bool is_rmdir)
{
	struct at at;
	int err = at_begin(&at, dirfd, name);

	if (err)
		return err;
	err = vfs_unlink(task_fs(), at.start, at.name, is_rmdir, task_cred());
	at_done(&at);
	return err;
}

static s64 sys_unlink(const u64 args[6])
{
	return unlink_at((u64)AT_FDCWD, args[0], false);
}

static s64 sys_rmdir(const u64 args[6])
{
	return unlink_at((u64)AT_FDCWD, args[0], true);
}

static s64 sys_unlinkat(const u64 args[6])
{
	if ((u32)args[2] & ~AT_REMOVEDIR)
		return -EINVAL;
	return unlink_at(args[0], args[1], (u32)args[2] & AT_REMOVEDIR);
}

static s64 rename_at(u64 old_dirfd, u64 old_name, u64 new_dirfd, u64 new_name, u32 flags)
{
	struct at from, to;
	int err = at_begin(&from, old_dirfd, old_name);

	if (err)
		return err;
	err = at_begin(&to, new_dirfd, new_name);
	if (!err) {
		err = vfs_rename(task_fs(), from.start, from.name, to.start, to.name, flags, task_cred());
		at_done(&to);
	}
	at_done(&from);
	return err;
}

static s64 sys_rename(const u64 args[6])
{
	return rename_at((u64)AT_FDCWD, args[0], (u64)AT_FDCWD, args[1], 0);
}

static s64 sys_renameat(const u64 args[6])
{
	return rename_at(args[0], args[1], args[2], args[3], 0);
}

static s64 sys_renameat2(const u64 args[6])
{
	return rename_at(args[0], args[1], args[2], args[3], (u32)args[4]);
}

static s64 link_at(u64 old_dirfd, u64 old_name, u64 new_dirfd, u64 new_name, u32 flags)
{
	struct path old_path;
	struct at to;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && task_cred()->euid != 0)
		return -ENOENT;
	if (!(flags & AT_SYMLINK_FOLLOW))
		flags |= AT_SYMLINK_NOFOLLOW;
	err = path_from_user(old_dirfd, old_name, flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW), &old_path);
	if (err)
		return err;
	err = at_begin(&to, new_dirfd, new_name);
	if (!err) {
		err = vfs_link(task_fs(), &old_path, to.start, to.name, task_cred());
		at_done(&to);
	}
	path_put(&old_path);
	return err;
}

static s64 sys_link(const u64 args[6])
{
	return link_at((u64)AT_FDCWD, args[0], (u64)AT_FDCWD, args[1], 0);
}

static s64 sys_linkat(const u64 args[6])
{
	return link_at(args[0], args[1], args[2], args[3], (u32)args[4]);
}

static s64 symlink_at(u64 target_addr, u64 dirfd, u64 name)
{
	char *target;
	struct at at;
	int err = name_from_user(target_addr, &target);

	if (err)
		return err;
	err = at_begin(&at, dirfd, name);
	if (!err) {
		err = vfs_symlink(task_fs(), at.start, at.name, target, task_cred());
		at_done(&at);
	}
	port_free(target);
	return err;
}

static s64 sys_symlink(const u64 args[6])
{
	return symlink_at(args[0], (u64)AT_FDCWD, args[1]);
}

static s64 sys_symlinkat(const u64 args[6])
{
	return symlink_at(args[0], args[1], args[2]);
}

static s64 readlink_at(u64 dirfd, u64 name, u64 buf, s32 size)
{
	struct path path;
	char *text;
	s64 n;

	if (size <= 0)
		return -EINVAL;
	n = path_from_user(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &path);
	if (n)
		return n;
	text = port_alloc(VFS_PATH_MAX);
	n = text ? vfs_readlink(task_fs(), &path, text, VFS_PATH_MAX) : -ENOMEM;
	if (n >= 0) {
		n = n < size ? n : size;
		if (copy_to_user(uaddr(buf), text, (size_t)n))
			n = -EFAULT;
	}
	port_free(text);
	path_put(&path);
	return n;
}

static s64 sys_readlink(const u64 args[6])
{
	return readlink_at((u64)AT_FDCWD, args[0], args[1], (s32)args[2]);
}

static s64 sys_readlinkat(const u64 args[6])
{
	return readlink_at(args[0], args[1], args[2], (s32)args[3]);
}

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
