/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_xattr.c - the twelve system calls on extended attributes.
 */
#include "kernel/filearg.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

static int attribute_name(u64 addr, char name[VFS_XATTR_NAME_MAX + 1]) {
	ssize len = copy_string_from_user(name, uaddr(addr), VFS_XATTR_NAME_MAX + 1);

	return len == -ENAMETOOLONG || len == 0 ? -ERANGE : len < 0 ? (int)len : 0;
}

static s64 set(const struct path *path, const u64 *rest) {
	char name[VFS_XATTR_NAME_MAX + 1];
	RELEASED(memory_drop) u8 *value = NULL;
	u64 len = rest[2];

	TRY(attribute_name(rest[0], name));
	if (len > VFS_XATTR_SIZE_MAX) return -E2BIG;
	value = port_alloc(len + 1);
	if (!value) return -ENOMEM;
	TRY(copy_from_user(value, uaddr(rest[1]), len));
	return vfs_setxattr(path, name, value, len, (s32)rest[3], task_cred());
}

static s64 get(const struct path *path, const u64 *rest) {
	char name[VFS_XATTR_NAME_MAX + 1];
	RELEASED(memory_drop) u8 *value = NULL;
	u64 cap = min_u64(rest[2], VFS_XATTR_SIZE_MAX);
	s64 n;

	TRY(attribute_name(rest[0], name));
	value = port_alloc(cap + 1);
	if (!value) return -ENOMEM;
	n = vfs_getxattr(path_inode(path), name, value, cap, task_cred());
	if (n > 0 && cap) TRY(copy_to_user(uaddr(rest[1]), value, (size_t)n));
	return n;
}

/* Takes out what only uid 0 may see; returns the new length. */
static s64 hide_trusted(char *names, s64 len) {
	s64 kept = 0, n;

	for (s64 at = 0; at < len; at += n) {
		n = (s64)strlen(names + at) + 1;
		if (strncmp(names + at, "trusted.", 8) == 0) continue;
		memmove(names + kept, names + at, (size_t)n);
		kept += n;
	}
	return kept;
}

static s64 list(const struct path *path, const u64 *rest) {
	s64 n = vfs_listxattr(path_inode(path), NULL, 0);
	RELEASED(memory_drop) char *names = n > 0 ? port_alloc((size_t)n) : NULL;

	if (n <= 0) return n;
	if (!names) return -ENOMEM;
	n = vfs_listxattr(path_inode(path), names, (size_t)n);
	if (n > 0 && task_cred()->fsuid != 0) n = hide_trusted(names, n);
	if (n <= 0 || !rest[1]) return n;
	if ((u64)n > rest[1]) return -ERANGE;
	TRY(copy_to_user(uaddr(rest[0]), names, (size_t)n));
	return n;
}

static s64 remove(const struct path *path, const u64 *rest) {
	char name[VFS_XATTR_NAME_MAX + 1];

	TRY(attribute_name(rest[0], name));
	return vfs_removexattr(path, name, task_cred());
}

/* setxattr, lsetxattr and fsetxattr have numbers in a row, and so on. */
#define BY_PATH(number, function, action) \
	SYSCALL(number, function) { return on_path(CWD, args[0], 0, action, args + 1); } \
	SYSCALL(number + 1, l##function) { return on_path(CWD, args[0], AT_SYMLINK_NOFOLLOW, action, args + 1); } \
	SYSCALL_IO(number + 2, f##function) { return action(&file->path, args + 1); }
BY_PATH(188, setxattr, set)
BY_PATH(191, getxattr, get)
BY_PATH(194, listxattr, list)
BY_PATH(197, removexattr, remove)
