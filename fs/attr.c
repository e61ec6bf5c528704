/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/attr.c - permissions, attributes, extended attributes.
 *
 * Who may do what is decided here and nowhere else; uid 0 may everything but execute a file that nobody
 * may execute. Every change is offered to the hooks before it is made and goes through inode_changed() after.
 */
#include "fs/namespace.h"

static bool in_group(const struct cred *cred, u32 gid) {
	if (cred->fsgid == gid) return true;
	for (u32 i = 0; i < cred->group_count && i < VFS_GROUPS_MAX; i++)
		if (cred->groups[i] == gid) return true;
	return false;
}

int inode_permission(const struct inode *inode, u32 mask, const struct cred *cred) {
	u32 want = mask & (MAY_READ | MAY_WRITE | MAY_EXEC);
	u32 bits = inode->mode;

	if (cred->fsuid == 0) {
		if ((want & MAY_EXEC) && !inode_is(inode, S_IFDIR) && !(bits & 0111)) return -EACCES;
		return 0;
	}
	if (cred->fsuid == inode->uid)
		bits >>= 6;
	else if (in_group(cred, inode->gid))
		bits >>= 3;
	return (want & ~bits & 7) ? -EACCES : 0;
}

int path_permission(const struct path *path, u32 mask, const struct cred *cred) {
	const struct inode *inode = path_inode(path);
	u32 type = inode->mode & S_IFMT;
	bool stored = type == S_IFREG || type == S_IFDIR || type == S_IFLNK;

	if ((mask & MAY_WRITE) && (path_mount_flags(path) & MS_RDONLY) && stored) return -EROFS;
	return inode_permission(inode, mask, cred);
}

static int may_setattr(const struct inode *inode, const struct attr *attr, const struct cred *cred) {
	bool owner = cred->fsuid == inode->uid;

	if (cred->fsuid == 0) return 0;
	if ((attr->valid & (ATTR_MODE | ATTR_UID | ATTR_GID)) && !owner) return -EPERM;
	if ((attr->valid & ATTR_UID) && attr->uid != inode->uid) return -EPERM;
	if ((attr->valid & ATTR_GID) && attr->gid != inode->gid && !in_group(cred, attr->gid)) return -EPERM;
	if (!(attr->valid & (ATTR_ATIME | ATTR_MTIME)) || owner) return 0;
	return (attr->valid & ATTR_TIMES_NOW) ? inode_permission(inode, MAY_WRITE, cred) : -EPERM;
}

/* A change of owner or group takes set-id bits away; a stranger to the group may not give the set-gid bit. */
static void adjust_mode(const struct inode *inode, struct attr *attr, const struct cred *cred) {
	u32 gid = (attr->valid & ATTR_GID) ? attr->gid : inode->gid;

	if (attr->valid & ATTR_MODE) {
		attr->mode = (inode->mode & S_IFMT) | (attr->mode & 07777);
		if (cred->fsuid != 0 && !in_group(cred, gid)) attr->mode &= ~S_ISGID;
	} else if ((attr->valid & (ATTR_UID | ATTR_GID)) && !inode_is(inode, S_IFDIR)) {
		attr->valid |= ATTR_MODE;
		attr->mode = without_set_id(inode->mode);
	}
}

static int change(const struct path *path, const struct attr *attr, const struct cred *cred) {
	struct inode *inode = path_inode(path);
	bool now = attr->valid & ATTR_TIMES_NOW;

	if (!inode->ops->setattr) return -EPERM;
	if (vfs_hooks.setattr) TRY(vfs_hooks.setattr(path, attr, cred));
	TRY(inode->ops->setattr(inode, attr));
	if (attr->valid & ATTR_MODE) inode->mode = attr->mode;
	if (attr->valid & ATTR_UID) inode->uid = attr->uid;
	if (attr->valid & ATTR_GID) inode->gid = attr->gid;
	inode_changed(inode, attr->valid & ATTR_SIZE);
	if (attr->valid & ATTR_ATIME) inode->atime = now ? vfs_now() : attr->atime;
	if (attr->valid & ATTR_MTIME) inode->mtime = now ? vfs_now() : attr->mtime;
	return 0;
}

int vfs_setattr(const struct path *path, const struct attr *attr, const struct cred *cred) {
	struct attr final = *attr;

	if (path_mount_flags(path) & MS_RDONLY) return -EROFS;
	final.valid &= ~ATTR_SIZE; /* sizes change by vfs_truncate */
	TRY(may_setattr(path_inode(path), &final, cred));
	adjust_mode(path_inode(path), &final, cred);
	return change(path, &final, cred);
}

static int resize(const struct path *path, u64 size, const struct cred *cred) {
	struct attr attr = { .valid = ATTR_SIZE, .size = size };
	const struct inode *inode = path_inode(path);

	if (!inode_is(inode, S_IFREG)) return -EINVAL;
	if (inode->writers < 0) return -ETXTBSY;
	attr.mode = without_set_id(inode->mode);
	if (attr.mode != inode->mode && cred->fsuid != 0) attr.valid |= ATTR_MODE;
	return change(path, &attr, cred);
}

int vfs_truncate(const struct path *path, u64 size, const struct cred *cred) {
	if (inode_is(path_inode(path), S_IFDIR)) return -EISDIR;
	TRY(path_permission(path, MAY_WRITE, cred));
	return resize(path, size, cred);
}

int file_truncate(struct file *file, u64 size, const struct cred *cred) {
	return file_writable(file) ? resize(&file->path, size, cred) : -EINVAL;
}

static bool has_prefix(const char *name, const char *prefix) {
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Which names cred may use; what it finds there is then the file system's matter. */
static int xattr_permission(const struct inode *inode, const char *name, bool write, const struct cred *cred) {
	size_t len = strnlen(name, VFS_XATTR_NAME_MAX + 1);
	bool is_dir = inode_is(inode, S_IFDIR), root = cred->fsuid == 0;

	if (len == 0 || len > VFS_XATTR_NAME_MAX) return -ERANGE;
	if (!strcmp(name, "security.") || !strcmp(name, "trusted.") || !strcmp(name, "user.")) return -EINVAL;
	if (has_prefix(name, "security.")) return write && !root ? -EPERM : 0;
	if (has_prefix(name, "trusted.")) return root ? 0 : write ? -EPERM : -ENODATA;
	if (!has_prefix(name, "user.")) return -EOPNOTSUPP;
	if (!is_dir && !inode_is(inode, S_IFREG)) return write ? -EPERM : -ENODATA;
	if (write && is_dir && (inode->mode & S_ISVTX) && !root && cred->fsuid != inode->uid) return -EPERM;
	return inode_permission(inode, write ? MAY_WRITE : MAY_READ, cred);
}

ssize vfs_getxattr(struct inode *inode, const char *name, void *buf, size_t cap, const struct cred *cred) {
	TRY(xattr_permission(inode, name, false, cred));
	return inode->ops->getxattr ? inode->ops->getxattr(inode, name, buf, cap) : -EOPNOTSUPP;
}

/* value NULL: removal. */
static int change_xattr(const struct path *path, const char *name, const void *value, size_t len, int flags,
			const struct cred *cred) {
	struct inode *inode = path_inode(path);

	if (path_mount_flags(path) & MS_RDONLY) return -EROFS;
	TRY(xattr_permission(inode, name, true, cred));
	if (!inode->ops->setxattr) return -EOPNOTSUPP;
	if (!value) TRY((int)inode->ops->getxattr(inode, name, NULL, 0));
	if (vfs_hooks.setxattr) TRY(vfs_hooks.setxattr(path, name, value, len, cred));
	TRY(inode->ops->setxattr(inode, name, value, len, flags));
	inode_changed(inode, false);
	return 0;
}

int vfs_setxattr(const struct path *path, const char *name, const void *value, size_t len, int flags,
		 const struct cred *cred) {
	if (flags & ~(VFS_XATTR_CREATE | VFS_XATTR_REPLACE)) return -EINVAL;
	return len > VFS_XATTR_SIZE_MAX ? -E2BIG : change_xattr(path, name, value ? value : "", len, flags, cred);
}

int vfs_removexattr(const struct path *path, const char *name, const struct cred *cred) {
	return change_xattr(path, name, NULL, 0, 0, cred);
}

ssize vfs_listxattr(struct inode *inode, char *buf, size_t cap) {
	return inode->ops->getxattr ? inode->ops->getxattr(inode, NULL, buf, cap) : 0;
}

ssize vfs_readlink(const struct vfs_context *ctx, const struct path *path, char *buf, size_t cap) {
	RELEASED(path_put) struct path target = { 0 };
	struct inode *inode = path_inode(path);
	struct name text;

	if (!inode_is(inode, S_IFLNK)) return -EINVAL;
	if (inode->ops->follow) {
		TRY(inode->ops->follow(inode, &target));
		return path_name(ctx, &target, buf, cap);
	}
	TRY(inode->ops->readlink(inode, &text));
	cap = min_u64(text.len, cap);
	memcpy(buf, text.text, cap);
	return (ssize)cap;
}
