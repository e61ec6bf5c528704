/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/names.c - making, linking, removing and renaming names.
 *
 * All checks that do not belong to one file system are made here, before its operation is called; dentries that are in
 * use follow what the operation did, so that an open file knows its new name or that it has none.
 */
#include "fs/namespace.h"

int create_in(const struct path *parent, struct name name, const struct new_inode *what) {
	struct inode *dir = path_inode(parent), *inode;

	TRY(path_permission(parent, MAY_WRITE | MAY_EXEC, what->cred));
	if (!dir->ops->create) return -EPERM;
	TRY(dir->ops->create(dir, name, what, &inode));
	inode_put(inode);
	inode_changed(dir, true);
	return 0;
}

/* The parent for a name that must not exist yet. */
static int parent_for_new(const struct vfs_context *ctx, const struct path *start, const char *name, bool is_dir,
			  const struct cred *cred, struct path *parent, struct name *last) {
	RELEASED(dentry_drop) struct dentry *existing = NULL;
	int err;

	TRY(path_walk_parent(ctx, start, name, cred, parent, last));
	if (!name_is_plain(*last)) return -EEXIST;
	err = dentry_lookup(parent->dentry, *last, &existing);
	if (!err) return -EEXIST;
	return err == -ENOENT && (is_dir || last->text[last->len] != '/') ? 0 : err;
}

static int make(const struct vfs_context *ctx, const struct path *start, const char *name,
		const struct new_inode *what) {
	RELEASED(path_put) struct path parent = { 0 };
	bool is_dir = (what->mode & S_IFMT) == S_IFDIR;
	struct name last;

	TRY(parent_for_new(ctx, start, name, is_dir, what->cred, &parent, &last));
	return create_in(&parent, last, what);
}

int vfs_mknod(const struct vfs_context *ctx, const struct path *start, const char *name, u32 mode, u64 rdev,
	      const struct cred *cred) {
	u32 type = (mode & S_IFMT) ? mode & S_IFMT : S_IFREG;
	struct new_inode what = { .mode = type | (mode & 07777 & ~ctx->umask), .rdev = rdev, .cred = cred };

	return (type == S_IFCHR || type == S_IFBLK) && cred->fsuid != 0 ? -EPERM : make(ctx, start, name, &what);
}

int vfs_symlink(const struct vfs_context *ctx, const struct path *start, const char *name, const char *target,
		const struct cred *cred) {
	size_t len = strnlen(target, VFS_PATH_MAX);
	struct new_inode what = { .mode = S_IFLNK | 0777, .target = { target, len }, .cred = cred };

	return !len ? -ENOENT : len == VFS_PATH_MAX ? -ENAMETOOLONG : make(ctx, start, name, &what);
}

int vfs_link(const struct vfs_context *ctx, const struct path *old_path, const struct path *start, const char *name,
	     const struct cred *cred) {
	RELEASED(path_put) struct path parent = { 0 };
	struct inode *inode = path_inode(old_path), *dir;
	struct name last;

	TRY(parent_for_new(ctx, start, name, false, cred, &parent, &last));
	if (parent.mount != old_path->mount) return -EXDEV;
	TRY(path_permission(&parent, MAY_WRITE | MAY_EXEC, cred));
	dir = path_inode(&parent);
	if (inode_is(inode, S_IFDIR) || !dir->ops->link) return -EPERM;
	if (inode->nlink == 0 && !inode->linkable) return -ENOENT;
	TRY(dir->ops->link(dir, last, inode));
	inode->linkable = false;
	inode_changed(dir, true);
	inode_changed(inode, false);
	return 0;
}

/* Whether cred may take victim out of parent; from a sticky directory only its owner or the directory's may. */
static int may_remove(const struct path *parent, const struct dentry *victim, const struct cred *cred) {
	const struct inode *dir = path_inode(parent);
	u32 uid = cred->fsuid;

	TRY(path_permission(parent, MAY_WRITE | MAY_EXEC, cred));
	if ((dir->mode & S_ISVTX) && uid != 0 && uid != victim->inode->uid && uid != dir->uid) return -EPERM;
	return victim->mount_count ? -EBUSY : 0;
}

static void forget_name(struct dentry *dentry) {
	dentry->unlinked = true;
	list_del(&dentry->siblings);
}

int vfs_unlink(const struct vfs_context *ctx, const struct path *start, const char *name, bool is_rmdir,
	       const struct cred *cred) {
	RELEASED(path_put) struct path parent = { 0 };
	RELEASED(dentry_drop) struct dentry *victim = NULL;
	struct inode *dir;
	struct name last;
	bool is_dir;

	TRY(path_walk_parent(ctx, start, name, cred, &parent, &last));
	if (!name_is_plain(last))
		return !is_rmdir ? -EISDIR : !last.len ? -EBUSY : name_is(last, ".") ? -EINVAL : -ENOTEMPTY;
	TRY(dentry_lookup(parent.dentry, last, &victim));
	is_dir = inode_is(victim->inode, S_IFDIR);
	if (is_rmdir != is_dir) return is_rmdir ? -ENOTDIR : -EISDIR;
	if (!is_dir && last.text[last.len] == '/') return -ENOTDIR;
	TRY(may_remove(&parent, victim, cred));
	dir = path_inode(&parent);
	if (!dir->ops->unlink) return -EPERM;
	TRY(dir->ops->unlink(dir, last, victim->inode));
	forget_name(victim);
	inode_changed(dir, true);
	inode_changed(victim->inode, false);
	return 0;
}

/* One side of a renaming. */
struct side {
	struct path parent;
	struct name last;
	struct dentry *dentry; /* the target's may be NULL */
	char *new_name;        /* what the dentry will be called */
};

static void side_done(struct side *side) {
	dentry_put(side->dentry);
	port_free(side->new_name);
	path_put(&side->parent);
}

/* Whether ancestor is dentry or above it in the same tree. */
static bool is_ancestor(const struct dentry *ancestor, const struct dentry *dentry) {
	for (;; dentry = dentry->parent) {
		if (dentry == ancestor) return true;
		if (dentry->parent == dentry) return false;
	}
}

static int check_kinds(const struct side *from, const struct side *to, bool exchange) {
	bool from_dir = inode_is(from->dentry->inode, S_IFDIR);
	bool to_dir = to->dentry && inode_is(to->dentry->inode, S_IFDIR);

	if (!from_dir && from->last.text[from->last.len] == '/') return -ENOTDIR;
	if (!(exchange ? to_dir : from_dir) && to->last.text[to->last.len] == '/') return -ENOTDIR;
	if (is_ancestor(from->dentry, to->parent.dentry)) return -EINVAL;
	if (to->dentry && is_ancestor(to->dentry, from->parent.dentry)) return exchange ? -EINVAL : -ENOTEMPTY;
	if (!to->dentry || exchange || from_dir == to_dir) return 0;
	return from_dir ? -ENOTDIR : -EISDIR;
}

/* May be taken away; and a directory that gets another parent is written to: its ".." changes. */
static int may_move(const struct side *side, bool reparented, const struct cred *cred) {
	TRY(may_remove(&side->parent, side->dentry, cred));
	if (!reparented || !inode_is(side->dentry->inode, S_IFDIR)) return 0;
	return inode_permission(side->dentry->inode, MAY_WRITE, cred);
}

static void move_dentry(struct side *side, struct dentry *parent) {
	struct dentry *dentry = side->dentry, *old_parent = dentry->parent;
	char *old_name = dentry->name;

	list_del(&dentry->siblings);
	dentry_get(parent);
	dentry->parent = parent;
	list_add_tail(&parent->children, &dentry->siblings);
	dentry->name = side->new_name;
	side->new_name = old_name; /* freed with the side */
	dentry_put(old_parent);
}

static int act(struct side *from, struct side *to, u32 flags) {
	struct inode *old_dir = path_inode(&from->parent), *new_dir = path_inode(&to->parent);

	from->new_name = name_copy(to->last);
	to->new_name = name_copy(from->last);
	if (!from->new_name || !to->new_name) return -ENOMEM;
	TRY(old_dir->ops->rename(old_dir, from->last, new_dir, to->last, flags));
	if (to->dentry && (flags & VFS_RENAME_EXCHANGE)) move_dentry(to, from->parent.dentry);
	else if (to->dentry) forget_name(to->dentry);
	move_dentry(from, to->parent.dentry);
	inode_changed(old_dir, true);
	if (new_dir != old_dir) inode_changed(new_dir, true);
	inode_changed(from->dentry->inode, false);
	if (to->dentry) inode_changed(to->dentry->inode, false);
	return 0;
}

int vfs_rename(const struct vfs_context *ctx, const struct path *old_start, const char *old_name,
	       const struct path *new_start, const char *new_name, u32 flags, const struct cred *cred) {
	RELEASED(side_done) struct side from = { 0 }, to = { 0 };
	bool exchange = flags == VFS_RENAME_EXCHANGE, reparented;
	int err;

	if (flags && !exchange && flags != VFS_RENAME_NOREPLACE) return -EINVAL;
	TRY(path_walk_parent(ctx, old_start, old_name, cred, &from.parent, &from.last));
	TRY(path_walk_parent(ctx, new_start, new_name, cred, &to.parent, &to.last));
	if (from.parent.mount != to.parent.mount) return -EXDEV;
	if (!name_is_plain(from.last)) return -EBUSY;
	if (!name_is_plain(to.last)) return flags == VFS_RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	TRY(dentry_lookup(from.parent.dentry, from.last, &from.dentry));
	err = dentry_lookup(to.parent.dentry, to.last, &to.dentry);
	if (err && (err != -ENOENT || exchange)) return err;
	if (!err && flags == VFS_RENAME_NOREPLACE) return -EEXIST;
	TRY(check_kinds(&from, &to, exchange));
	reparented = from.parent.dentry != to.parent.dentry;
	TRY(may_move(&from, reparented, cred));
	TRY(to.dentry ? may_move(&to, reparented && exchange, cred)
		      : path_permission(&to.parent, MAY_WRITE | MAY_EXEC, cred));
	if (!path_inode(&from.parent)->ops->rename) return -EPERM;
	if (to.dentry && to.dentry->inode == from.dentry->inode) return 0; /* two names of one file */
	return act(&from, &to, flags);
}
