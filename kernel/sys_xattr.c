/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_xattr.c - the twelve system calls on extended attributes.
 */
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/filearg.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

/* The file of a call, by path or descriptor. */
static s64 target_path(u64 name, u32 at_flags, struct path *ret_path)
{
	return path_from_user((u64)AT_FDCWD, name, at_flags, ret_path);
}

static s64 target_fd(u64 fd, struct path *ret_path)
{
	struct file *file;
	s64 err = io_file_from_fd(fd, &file);

	if (err)
		return err;
	*ret_path = file->path;
	path_get(ret_path);
	file_put(file);
	return 0;
}

static s64 attribute_name(u64 addr, char name[VFS_XATTR_NAME_MAX + 1])
{
	ssize len = copy_string_from_user(name, uaddr(addr), VFS_XATTR_NAME_MAX + 1);

	if (len == -ENAMETOOLONG || len == 0)
		return -ERANGE;
	return len < 0 ? len : 0;
}

static s64 set(const struct path *path, const u64 args[6])
{
	char name[VFS_XATTR_NAME_MAX + 1];
	u64 len = args[3];
	void *value = NULL;
	s64 err = attribute_name(args[1], name);

	if (!err && len > VFS_XATTR_SIZE_MAX)
		err = -E2BIG;
	if (!err && len) {
		value = port_alloc(len);
		err = value ? copy_from_user(value, uaddr(args[2]), len) : -ENOMEM;
	}
	if (!err)
		err = vfs_setxattr(path, name, value, len, (s32)args[4], task_cred());
	port_free(value);
	return err;
}

static s64 get(const struct path *path, const u64 args[6])
{
	char name[VFS_XATTR_NAME_MAX + 1];
	u64 cap = min_u64(args[3], VFS_XATTR_SIZE_MAX);
	void *value = NULL;
	s64 n = attribute_name(args[1], name);

	if (n)
		return n;
	if (cap) {
		value = port_alloc(cap);
		if (!value)
			return -ENOMEM;
	}
	n = vfs_getxattr(path_inode(path), name, value, cap, task_cred());
	if (n > 0 && cap && copy_to_user(uaddr(args[2]), value, (size_t)n))
		n = -EFAULT;
	port_free(value);
	return n;
}

/* Takes out what only uid 0 may see; returns the new length. */
static size_t hide_trusted(char *names, size_t len)
{
	size_t kept = 0;

	for (size_t at = 0; at < len;) {
		size_t n = strnlen(names + at, len - at) + 1;

		if (strncmp(names + at, "trusted.", 8) != 0) {
			memmove(names + kept, names + at, n);
			kept += n;
		}
		at += n;
	}
	return kept;
}

static s64 list(const struct path *path, const u64 args[6])
{
	s64 n = vfs_listxattr(path_inode(path), NULL, 0);
	char *names;

	if (n <= 0)
		return n;
	names = port_alloc((size_t)n);
	if (!names)
		return -ENOMEM;
	n = vfs_listxattr(path_inode(path), names, (size_t)n);
	if (n > 0 && task_cred()->fsuid != 0)
		n = (s64)hide_trusted(names, (size_t)n);
	if (n > 0 && args[2] && (u64)n > args[2])
		n = -ERANGE;
	if (n > 0 && args[2] && copy_to_user(uaddr(args[1]), names, (size_t)n))
		n = -EFAULT;
	port_free(names);
	return n;
}

static s64 remove(const struct path *path, const u64 args[6])
{
	char name[VFS_XATTR_NAME_MAX + 1];
	s64 err = attribute_name(args[1], name);

	return err ? err : vfs_removexattr(path, name, task_cred());
}

typedef s64 xattr_action(const struct path *path, const u64 args[6]);

static s64 by_path(const u64 args[6], u32 at_flags, xattr_action *action)
{
	struct path path;
	s64 result = target_path(args[0], at_flags, &path);

	if (result)
		return result;
	result = action(&path, args);
	path_put(&path);
	return result;
}

static s64 by_fd(const u64 args[6], xattr_action *action)
{
	struct path path;
	s64 result = target_fd(args[0], &path);

	if (result)
		return result;
	result = action(&path, args);
	path_put(&path);
	return result;
}

static s64 sys_setxattr(const u64 args[6])
{
	return by_path(args, 0, set);
}

static s64 sys_lsetxattr(const u64 args[6])
{
	return by_path(args, AT_SYMLINK_NOFOLLOW, set);
}

static s64 sys_fsetxattr(const u64 args[6])
{
	return by_fd(args, set);
}

static s64 sys_getxattr(const u64 args[6])
{
	return by_path(args, 0, get);
}

static s64 sys_lgetxattr(const u64 args[6])
{
	return by_path(args, AT_SYMLINK_NOFOLLOW, get);
}

static s64 sys_fgetxattr(const u64 args[6])
{
	return by_fd(args, get);
}

static s64 sys_listxattr(const u64 args[6])
{
	return by_path(args, 0, list);
}

static s64 sys_llistxattr(const u64 args[6])
{
	return by_path(args, AT_SYMLINK_NOFOLLOW, list);
}

static s64 sys_flistxattr(const u64 args[6])
{
	return by_fd(args, list);
}

static s64 sys_removexattr(const u64 args[6])
{
	return by_path(args, 0, remove);
}

static s64 sys_lremovexattr(const u64 args[6])
{
	return by_path(args, AT_SYMLINK_NOFOLLOW, remove);
}

static s64 sys_fremovexattr(const u64 args[6])
{
	return by_fd(args, remove);
}

const struct syscall_entry sys_xattr_calls[] = {
	{ 188, 5, "setxattr", sys_setxattr },
	{ 189, 5, "lsetxattr", sys_lsetxattr },
	{ 190, 5, "fsetxattr", sys_fsetxattr },
	{ 191, 4, "getxattr", sys_getxattr },
	{ 192, 4, "lgetxattr", sys_lgetxattr },
	{ 193, 4, "fgetxattr", sys_fgetxattr },
	{ 194, 3, "listxattr", sys_listxattr },
	{ 195, 3, "llistxattr", sys_llistxattr },
	{ 196, 3, "flistxattr", sys_flistxattr },
	{ 197, 2, "removexattr", sys_removexattr },
	{ 198, 2, "lremovexattr", sys_lremovexattr },
	{ 199, 2, "fremovexattr", sys_fremovexattr },
};
const size_t sys_xattr_call_count = ARRAY_COUNT(sys_xattr_calls);
