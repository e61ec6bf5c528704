/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/attr.c - permissions, attributes, extended attributes.
 *
 * Who may do what is decided here and nowhere else; uid 0 may everything but execute a file that nobody
 * may execute. Every change is offered to the hooks before it is made and goes through inode_changed() after.
 */
#include "fs/namespace.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"

bool cred_in_group(const struct cred *cred, u32 gid) {
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
	else if (cred_in_group(cred, inode->gid))
		bits >>= 3;
	return (want & ~bits & 7) ? -EACCES : 0;
}

static bool is_device_like(const struct inode *inode) {
	u32 type = inode->mode & S_IFMT;

	return type == S_IFCHR || type == S_IFBLK || type == S_IFIFO || type == S_IFSOCK;
}

int path_permission(const struct path *path, u32 mask, const struct cred *cred) {
	const struct inode *inode = path_inode(path);

	if ((mask & MAY_WRITE) && (path_mount_flags(path) & MS_RDONLY) && !is_device_like(inode)) return -EROFS;
	return inode_permission(inode, mask, cred);
}

int sticky_check(const struct inode *dir, const struct inode *victim, const struct cred *cred) {
	if (!(dir->mode & S_ISVTX) || cred->fsuid == 0 || cred->fsuid == victim->uid || cred->fsuid == dir->uid)
		return 0;
	return -EPERM;
}

int vfs_getattr(struct inode *inode, struct kstat *ret_stat) {
	*ret_stat = (struct kstat){
		.dev = inode->sb->dev,
		.ino = inode->ino,
		.mode = inode->mode,
		.nlink = inode->nlink,
		.uid = inode->uid,
		.gid = inode->gid,
		.rdev = inode->rdev,
		.size = inode->size,
		.blocks = inode->blocks,
		.blksize = PAGE_SIZE,
		.atime = inode->atime,
		.mtime = inode->mtime,
		.ctime = inode->ctime,
		.btime = inode->btime,
	};
	return 0;
}

static int may_change_owner(const struct inode *inode, const struct attr *attr, const struct cred *cred) {
	if (cred->fsuid == 0) return 0;
	if ((attr->valid & ATTR_UID) && (attr->uid != inode->uid || cred->fsuid != inode->uid)) return -EPERM;
	if ((attr->valid & ATTR_GID) &&
	    (cred->fsuid != inode->uid || (attr->gid != inode->gid && !cred_in_group(cred, attr->gid))))
		return -EPERM;
	return 0;
}

static int may_setattr(const struct inode *inode, const struct attr *attr, const struct cred *cred) {
	bool owner = cred->fsuid == 0 || cred->fsuid == inode->uid;
	int err = may_change_owner(inode, attr, cred);

	if (err) return err;
	if ((attr->valid & ATTR_MODE) && !owner) return -EPERM;
	if (!(attr->valid & (ATTR_ATIME | ATTR_MTIME)) || owner) return 0;
	if (!(attr->valid & ATTR_TIMES_NOW)) return -EPERM;
	return inode_permission(inode, MAY_WRITE, cred);
}

/* A change of owner or group takes set-id bits away; a stranger to the group may not give the set-gid bit. */
static void adjust_mode(const struct inode *inode, struct attr *attr, const struct cred *cred) {
	u32 gid = (attr->valid & ATTR_GID) ? attr->gid : inode->gid;

	if (attr->valid & ATTR_MODE) {
		attr->mode = (inode->mode & S_IFMT) | (attr->mode & 07777);
		if (cred->fsuid != 0 && !cred_in_group(cred, gid)) attr->mode &= ~S_ISGID;
	} else if ((attr->valid & (ATTR_UID | ATTR_GID)) && !inode_is(inode, S_IFDIR) &&
		   (inode->mode & (S_ISUID | S_ISGID))) {
		attr->valid |= ATTR_MODE;
		attr->mode = inode->mode & ~S_ISUID;
		if (inode->mode & 0010) attr->mode &= ~S_ISGID;
	}
}

static void store_attr(struct inode *inode, const struct attr *attr) {
	if (attr->valid & ATTR_MODE) inode->mode = attr->mode;
	if (attr->valid & ATTR_UID) inode->uid = attr->uid;
	if (attr->valid & ATTR_GID) inode->gid = attr->gid;
	inode_changed(inode, attr->valid & ATTR_SIZE);
	if (attr->valid & ATTR_ATIME) inode->atime = (attr->valid & ATTR_TIMES_NOW) ? vfs_now() : attr->atime;
	if (attr->valid & ATTR_MTIME) inode->mtime = (attr->valid & ATTR_TIMES_NOW) ? vfs_now() : attr->mtime;
}

static int change(const struct path *path, const struct attr *attr, const struct cred *cred) {
	const struct vfs_hooks *hooks = vfs_hooks_get();
	struct inode *inode = path_inode(path);
	int err = 0;

	if (!inode->ops || !inode->ops->setattr) return -EPERM;
	if (hooks->setattr) err = hooks->setattr(path, attr, cred);
	if (!err) err = inode->ops->setattr(inode, attr);
	if (!err) store_attr(inode, attr);
	return err;
}

int vfs_setattr(const struct path *path, const struct attr *attr, const struct cred *cred) {
	struct inode *inode = path_inode(path);
	struct attr final = *attr;
	int err;

	if (path_mount_flags(path) & MS_RDONLY) return -EROFS;
	final.valid &= ~ATTR_SIZE; /* sizes change by vfs_truncate */
	err = may_setattr(inode, &final, cred);
	if (err) return err;
	adjust_mode(inode, &final, cred);
	return change(path, &final, cred);
}

static int resize(const struct path *path, u64 size, const struct cred *cred) {
	struct attr attr = { .valid = ATTR_SIZE, .size = size };
	const struct inode *inode = path_inode(path);

	if (inode_is(inode, S_IFDIR)) return -EISDIR;
	if (!inode_is(inode, S_IFREG)) return -EINVAL;
	if (inode->writers < 0) return -ETXTBSY;
	if ((inode->mode & (S_ISUID | S_ISGID)) && cred->fsuid != 0) {
		attr.valid |= ATTR_MODE;
		attr.mode = inode->mode & ~(S_ISUID | ((inode->mode & 0010) ? S_ISGID : 0));
	}
	return change(path, &attr, cred);
}

int vfs_truncate(const struct path *path, u64 size, const struct cred *cred) {
	int err = inode_is(path_inode(path), S_IFDIR) ? -EISDIR : path_permission(path, MAY_WRITE, cred);

	return err ? err : resize(path, size, cred);
}

int file_truncate(struct file *file, u64 size, const struct cred *cred) {
	return file_writable(file) ? resize(&file->path, size, cred) : -EINVAL;
}

static bool has_prefix(const char *name, const char *prefix) {
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 && name[len];
}

/* Which names cred may use; what it finds there is then the file system's matter. */
static int xattr_permission(const struct inode *inode, const char *name, bool write, const struct cred *cred) {
	size_t len = strnlen(name, VFS_XATTR_NAME_MAX + 1);
	u32 type = inode->mode & S_IFMT;

	if (len == 0 || len > VFS_XATTR_NAME_MAX) return -ERANGE;
	if (has_prefix(name, "security.")) return write && cred->fsuid != 0 ? -EPERM : 0;
	if (has_prefix(name, "trusted.")) return cred->fsuid == 0 ? 0 : write ? -EPERM : -ENODATA;
	if (!has_prefix(name, "user.")) return -EOPNOTSUPP;
	if (type != S_IFREG && type != S_IFDIR) return write ? -EPERM : -ENODATA;
	if (write && type == S_IFDIR && (inode->mode & S_ISVTX) && cred->fsuid != 0 && cred->fsuid != inode->uid)
		return -EPERM;
	return inode_permission(inode, write ? MAY_WRITE : MAY_READ, cred);
}

ssize vfs_getxattr(struct inode *inode, const char *name, void *buf, size_t cap, const struct cred *cred) {
	int err = xattr_permission(inode, name, false, cred);

	if (err) return err;
	if (!inode->ops || !inode->ops->getxattr) return -EOPNOTSUPP;
	return inode->ops->getxattr(inode, name, buf, cap);
}

int vfs_setxattr(const struct path *path, const char *name, const void *value, size_t len, int flags,
		 const struct cred *cred) {
	struct inode *inode = path_inode(path);
	const struct vfs_hooks *hooks = vfs_hooks_get();
	int err;

	if (flags & ~(VFS_XATTR_CREATE | VFS_XATTR_REPLACE)) return -EINVAL;
	if (len > VFS_XATTR_SIZE_MAX) return -E2BIG;
	if (path_mount_flags(path) & MS_RDONLY) return -EROFS;
	err = xattr_permission(inode, name, true, cred);
	if (err) return err;
	if (!inode->ops || !inode->ops->setxattr) return -EOPNOTSUPP;
	if (hooks->setxattr) err = hooks->setxattr(path, name, value, len, cred);
	if (!err) err = inode->ops->setxattr(inode, name, value, len, flags);
	if (!err) inode_changed(inode, false);
	return err;
}

ssize vfs_listxattr(struct inode *inode, char *buf, size_t cap) {
	if (!inode->ops || !inode->ops->listxattr) return 0;
	return inode->ops->listxattr(inode, buf, cap);
}

int vfs_removexattr(const struct path *path, const char *name, const struct cred *cred) {
	struct inode *inode = path_inode(path);
	const struct vfs_hooks *hooks = vfs_hooks_get();
	ssize there;
	int err;

	if (path_mount_flags(path) & MS_RDONLY) return -EROFS;
	err = xattr_permission(inode, name, true, cred);
	if (err) return err;
	if (!inode->ops || !inode->ops->removexattr) return -EOPNOTSUPP;
	there = inode->ops->getxattr(inode, name, NULL, 0);
	if (there < 0) return (int)there;
	if (hooks->removexattr) err = hooks->removexattr(path, name, cred);
	if (!err) err = inode->ops->removexattr(inode, name);
	if (!err) inode_changed(inode, false);
	return err;
}

ssize vfs_readlink(const struct vfs_context *ctx, const struct path *path, char *buf, size_t cap) {
	struct inode *inode = path_inode(path);
	const char *text;
	struct path target;
	size_t len;
	ssize n;
	int err;

	if (!inode_is(inode, S_IFLNK)) return -EINVAL;
	if (!inode->ops->follow) {
		err = inode->ops->readlink ? inode->ops->readlink(inode, &text, &len) : -EINVAL;
		if (err) return err;
		len = len < cap ? len : cap;
		memcpy(buf, text, len);
		return (ssize)len;
	}
	err = inode->ops->follow(inode, &target);
	if (err) return err;
	n = path_name(ctx, &target, buf, cap);
	path_put(&target);
	return n;
}
