/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/names.c - making, linking, removing and renaming names.
 *
 * All checks that do not belong to one file system are made here, before its operation is called; dentries that are in
 * use follow what the operation did, so that an open file knows its new name or that it has none.
 */
#include "fs/namespace.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"

static bool last_is_plain(const char *name, size_t len) {
	return len && !name_is_dot(name, len) && !name_is_dotdot(name, len);
}

int create_in(const struct path *parent, const char *name, size_t len, u32 mode, u64 rdev, const char *target,
	      const struct cred *cred) {
	struct inode *dir = path_inode(parent);
	struct inode *inode;
	int err = path_permission(parent, MAY_WRITE | MAY_EXEC, cred);

	if (err) return err;
	if (!dir->ops->create) return -EPERM;
	err = dir->ops->create(dir, name, len, mode, rdev, target, cred, &inode);
	if (err) return err;
	inode_put(inode);
	inode_changed(dir, true);
	return 0;
}

/* The parent for a name that must not exist yet. */
static int parent_for_new(const struct vfs_context *ctx, const struct path *start, const char *name, bool is_dir,
			  const struct cred *cred, struct path *ret_parent, const char **ret_last, size_t *ret_len) {
	struct dentry *existing;
	int err = path_walk_parent(ctx, start, name, cred, ret_parent, ret_last, ret_len);

	if (err) return err;
	if (!last_is_plain(*ret_last, *ret_len)) {
		err = -EEXIST;
	} else {
		err = dentry_lookup(ret_parent->dentry, *ret_last, *ret_len, &existing);
		if (!err) {
			dentry_put(existing);
			err = -EEXIST;
		} else if (err == -ENOENT) {
			err = !is_dir && (*ret_last)[*ret_len] == '/' ? -ENOENT : 0;
		}
	}
	if (err) path_put(ret_parent);
	return err;
}

static int make(const struct vfs_context *ctx, const struct path *start, const char *name, u32 mode, u64 rdev,
		const char *target, const struct cred *cred) {
	struct path parent;
	const char *last;
	size_t len;
	int err = parent_for_new(ctx, start, name, (mode & S_IFMT) == S_IFDIR, cred, &parent, &last, &len);

	if (err) return err;
	err = create_in(&parent, last, len, mode, rdev, target, cred);
	path_put(&parent);
	return err;
}

int vfs_mknod(const struct vfs_context *ctx, const struct path *start, const char *name, u32 mode, u64 rdev,
	      const struct cred *cred) {
	u32 type = mode & S_IFMT;

	if (type == 0) type = S_IFREG;
	if ((type == S_IFCHR || type == S_IFBLK) && cred->fsuid != 0) return -EPERM;
	if (type == S_IFLNK) return -EINVAL;
	return make(ctx, start, name, type | (mode & 07777 & ~ctx->umask), rdev, NULL, cred);
}

int vfs_symlink(const struct vfs_context *ctx, const struct path *start, const char *name, const char *target,
		const struct cred *cred) {
	size_t len = strnlen(target, VFS_PATH_MAX);

	if (!len) return -ENOENT;
	if (len >= VFS_PATH_MAX) return -ENAMETOOLONG;
	return make(ctx, start, name, S_IFLNK | 0777, 0, target, cred);
}

static int link_in(const struct path *parent, const char *last, size_t len, struct inode *inode,
		   const struct cred *cred) {
	struct inode *dir = path_inode(parent);
	int err = path_permission(parent, MAY_WRITE | MAY_EXEC, cred);

	if (err) return err;
	if (inode_is(inode, S_IFDIR) || !dir->ops->link) return -EPERM;
	if (inode->nlink == 0 && !inode->linkable) return -ENOENT;
	err = dir->ops->link(dir, last, len, inode);
	if (err) return err;
	inode->linkable = false;
	inode_changed(dir, true);
	inode_changed(inode, false);
	return 0;
}

int vfs_link(const struct vfs_context *ctx, const struct path *old_path, const struct path *start, const char *name,
	     const struct cred *cred) {
	struct path parent;
	const char *last;
	size_t len;
	int err = parent_for_new(ctx, start, name, false, cred, &parent, &last, &len);

	if (err) return err;
	if (parent.mount != old_path->mount)
		err = -EXDEV;
	else
		err = link_in(&parent, last, len, path_inode(old_path), cred);
	path_put(&parent);
	return err;
}

/* Whether cred may take victim out of dir. */
static int may_remove(const struct path *parent, const struct dentry *victim, const struct cred *cred) {
	int err = path_permission(parent, MAY_WRITE | MAY_EXEC, cred);

	return err ? err : sticky_check(path_inode(parent), victim->inode, cred);
}

static void forget_name(struct dentry *dentry) {
	dentry->unlinked = true;
	list_del(&dentry->siblings);
}

static int unlink_in(const struct path *parent, const char *last, size_t len, bool is_rmdir, const struct cred *cred) {
	struct inode *dir = path_inode(parent);
	struct dentry *victim;
	bool is_dir;
	int err = dentry_lookup(parent->dentry, last, len, &victim);

	if (err) return err;
	is_dir = inode_is(victim->inode, S_IFDIR);
	if (is_rmdir && !is_dir)
		err = -ENOTDIR;
	else if (!is_rmdir && is_dir)
		err = -EISDIR;
	else if (!is_rmdir && last[len] == '/')
		err = -ENOTDIR;
	if (!err) err = may_remove(parent, victim, cred);
	if (!err && victim->mount_count) err = -EBUSY;
	if (!err) err = dir->ops->unlink ? dir->ops->unlink(dir, last, len, is_rmdir) : -EPERM;
	if (!err) {
		forget_name(victim);
		inode_changed(dir, true);
		inode_changed(victim->inode, false);
	}
	dentry_put(victim);
	return err;
}

int vfs_unlink(const struct vfs_context *ctx, const struct path *start, const char *name, bool is_rmdir,
	       const struct cred *cred) {
	struct path parent;
	const char *last;
	size_t len;
	int err = path_walk_parent(ctx, start, name, cred, &parent, &last, &len);

	if (err) return err;
	if (last_is_plain(last, len))
		err = unlink_in(&parent, last, len, is_rmdir, cred);
	else if (!is_rmdir)
		err = -EISDIR;
	else
		err = !len ? -EBUSY : name_is_dot(last, len) ? -EINVAL : -ENOTEMPTY;
	path_put(&parent);
	return err;
}

struct renaming {
	struct path old_parent, new_parent;
	const char *old_last, *new_last;
	size_t old_len, new_len;
	struct dentry *source, *target; /* target may be NULL */
	char *source_name, *target_name; /* the names they will have */
	u32 flags;
};

static int check_kinds(const struct renaming *r) {
	bool source_dir = inode_is(r->source->inode, S_IFDIR);
	bool target_dir = r->target && inode_is(r->target->inode, S_IFDIR);

	if (!source_dir && r->old_last[r->old_len] == '/') return -ENOTDIR;
	if ((r->flags & VFS_RENAME_EXCHANGE) && !target_dir && r->new_last[r->new_len] == '/') return -ENOTDIR;
	if (!source_dir && !(r->flags & VFS_RENAME_EXCHANGE) && r->new_last[r->new_len] == '/') return -ENOTDIR;
	if (dentry_is_ancestor(r->source, r->new_parent.dentry)) return -EINVAL;
	if (r->target && dentry_is_ancestor(r->target, r->old_parent.dentry))
		return (r->flags & VFS_RENAME_EXCHANGE) ? -EINVAL : -ENOTEMPTY;
	if (!r->target || (r->flags & VFS_RENAME_EXCHANGE)) return 0;
	if (source_dir && !target_dir) return -ENOTDIR;
	return !source_dir && target_dir ? -EISDIR : 0;
}

/* A directory that gets another parent is written to: its ".." changes. */
static int may_reparent(const struct renaming *r, const struct dentry *dentry, const struct cred *cred) {
	if (r->old_parent.dentry == r->new_parent.dentry || !inode_is(dentry->inode, S_IFDIR)) return 0;
	return inode_permission(dentry->inode, MAY_WRITE, cred);
}

static int check_rename(const struct renaming *r, const struct cred *cred) {
	int err = check_kinds(r);

	if (!err) err = may_remove(&r->old_parent, r->source, cred);
	if (!err && r->target)
		err = may_remove(&r->new_parent, r->target, cred);
	else if (!err)
		err = path_permission(&r->new_parent, MAY_WRITE | MAY_EXEC, cred);
	if (!err) err = may_reparent(r, r->source, cred);
	if (!err && (r->flags & VFS_RENAME_EXCHANGE)) err = may_reparent(r, r->target, cred);
	if (!err && (r->source->mount_count || (r->target && r->target->mount_count))) err = -EBUSY;
	if (!err && !path_inode(&r->old_parent)->ops->rename) err = -EPERM;
	return err;
}

static int find_both(struct renaming *r) {
	int err = dentry_lookup(r->old_parent.dentry, r->old_last, r->old_len, &r->source);

	if (err) return err;
	err = dentry_lookup(r->new_parent.dentry, r->new_last, r->new_len, &r->target);
	if (err == -ENOENT && !(r->flags & VFS_RENAME_EXCHANGE)) return 0;
	if (!err && (r->flags & VFS_RENAME_NOREPLACE)) return -EEXIST;
	return err;
}

static char *copy_name(const char *name, size_t len) {
	char *copy = port_alloc(len + 1);

	if (copy) memcpy(copy, name, len);
	return copy;
}

static void move_dentry(struct dentry *dentry, struct dentry *parent, char **name) {
	struct dentry *old_parent = dentry->parent;
	char *old_name = dentry->name;

	list_del(&dentry->siblings);
	dentry_get(parent);
	dentry->parent = parent;
	list_add_tail(&parent->children, &dentry->siblings);
	dentry->name = *name;
	*name = old_name; /* freed with the renaming */
	dentry_put(old_parent);
}

static int act(struct renaming *r) {
	struct inode *old_dir = path_inode(&r->old_parent);
	struct inode *new_dir = path_inode(&r->new_parent);
	int err;

	r->source_name = copy_name(r->new_last, r->new_len);
	r->target_name = copy_name(r->old_last, r->old_len);
	if (!r->source_name || !r->target_name) return -ENOMEM;
	err = old_dir->ops->rename(old_dir, r->old_last, r->old_len, new_dir, r->new_last, r->new_len, r->flags);
	if (err) return err;
	if (r->target && (r->flags & VFS_RENAME_EXCHANGE))
		move_dentry(r->target, r->old_parent.dentry, &r->target_name);
	else if (r->target)
		forget_name(r->target);
	move_dentry(r->source, r->new_parent.dentry, &r->source_name);
	inode_changed(old_dir, true);
	if (new_dir != old_dir) inode_changed(new_dir, true);
	inode_changed(r->source->inode, false);
	if (r->target) inode_changed(r->target->inode, false);
	return 0;
}

static int rename_found(struct renaming *r, const struct cred *cred) {
	int err;

	if (r->old_parent.mount != r->new_parent.mount) return -EXDEV;
	if (!last_is_plain(r->old_last, r->old_len)) return -EBUSY;
	if (!last_is_plain(r->new_last, r->new_len)) return (r->flags & VFS_RENAME_NOREPLACE) ? -EEXIST : -EBUSY;
	err = find_both(r);
	if (!err) err = check_rename(r, cred);
	if (!err && !(r->target && r->target->inode == r->source->inode)) /* two names of one file: nothing to do */
		err = act(r);
	return err;
}

int vfs_rename(const struct vfs_context *ctx, const struct path *old_start, const char *old_name,
	       const struct path *new_start, const char *new_name, u32 flags, const struct cred *cred) {
	struct renaming r = { .flags = flags };
	int err;

	if (flags && flags != VFS_RENAME_NOREPLACE && flags != VFS_RENAME_EXCHANGE) return -EINVAL;
	err = path_walk_parent(ctx, old_start, old_name, cred, &r.old_parent, &r.old_last, &r.old_len);
	if (err) return err;
	err = path_walk_parent(ctx, new_start, new_name, cred, &r.new_parent, &r.new_last, &r.new_len);
	if (!err) err = rename_found(&r, cred);
	dentry_put(r.source);
	dentry_put(r.target);
	port_free(r.source_name);
	port_free(r.target_name);
	path_put(&r.old_parent);
	path_put(&r.new_parent);
	return err;
}
