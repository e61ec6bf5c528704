/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/mount.c - what is mounted where.
 *
 * One list of attached mounts in the order of mounting. A mount point is a pair (mount, dentry), so that what is
 * mounted below a directory is not seen through a bind mount of it made before. Invariant: an attached mount
 * other than the top has a mount point in an attached mount, and dentry->mount_count counts them.
 */
#include "fs/namespace.h"

static struct list mounts = LIST_INIT(mounts);

/* What is mounted in outer: at that dentry, or (NULL) anywhere. */
static struct mount *mounted_in(const struct mount *outer, const struct dentry *at) {
	list_for_each_entry(struct mount, m, &mounts, link)
		if (m->where.mount == outer && (!at || m->where.dentry == at)) return m;
	return NULL;
}

static void mount_put(struct mount *m) {
	if (--m->refs) return;
	dentry_put(m->root);
	superblock_put(m->sb);
	port_free(m);
}

void path_get(const struct path *path) {
	path->mount->refs++;
	dentry_get(path->dentry);
}

void path_put(struct path *path) {
	if (!path->dentry) return;
	dentry_put(path->dentry);
	mount_put(path->mount);
	*path = (struct path){ NULL, NULL };
}

void path_cross_down(struct path *path) {
	struct mount *m;

	while (path->dentry->mount_count && (m = mounted_in(path->mount, path->dentry))) {
		struct path inner = { m, m->root };

		path_get(&inner);
		path_put(path);
		*path = inner;
	}
}

/* The root dentry of a superblock, the same for every mount of it. */
static struct dentry *root_dentry(struct superblock *sb) {
	if (!sb->root_dentry) return sb->root_dentry = dentry_alloc(NULL, (struct name){ 0 }, sb->root);
	dentry_get(sb->root_dentry);
	return sb->root_dentry;
}

/* On top of what is there. */
static void attach(struct mount *m, const struct path *where) {
	if (where) {
		m->where = *where;
		path_get(where);
		path_cross_down(&m->where);
		m->where.dentry->mount_count++;
	}
	list_add_tail(&mounts, &m->link);
}

static void unhook(struct mount *m) {
	if (m->where.dentry) m->where.dentry->mount_count--;
	path_put(&m->where);
	list_del(&m->link);
}

static int check_point(const struct path *where, const struct dentry *root) {
	if (inode_is(path_inode(where), S_IFDIR) != inode_is(root->inode, S_IFDIR)) return -ENOTDIR;
	return where->dentry->unlinked ? -ENOENT : 0;
}

static int add(struct superblock *sb, struct dentry *root, u32 flags, const char *source, const struct path *where) {
	size_t len = strlen(source);
	struct mount *m;

	if (where) TRY(check_point(where, root));
	m = port_alloc(sizeof(*m) + len + 1);
	if (!m) return -ENOMEM;
	*m = (struct mount){ .refs = 1, .flags = flags, .sb = sb, .root = root };
	memcpy(m->source, source, len);
	superblock_get(sb);
	dentry_get(root);
	attach(m, where);
	return 0;
}

int vfs_mount(const struct path *where, struct superblock *sb, u32 flags, const char *source) {
	RELEASED(dentry_drop) struct dentry *root = root_dentry(sb);

	return root ? add(sb, root, flags, source, where) : -ENOMEM;
}

int vfs_mount_root(struct superblock *sb, u32 flags, const char *source, struct path *ret_root) {
	struct mount *m;

	if (!list_empty(&mounts)) return -EBUSY;
	TRY(vfs_mount(NULL, sb, flags, source));
	m = list_first(&mounts, struct mount, link);
	*ret_root = (struct path){ m, m->root };
	path_get(ret_root);
	return 0;
}

int vfs_bind(const struct path *from, const struct path *where) {
	if (from->dentry->unlinked) return -ENOENT;
	return add(from->mount->sb, from->dentry, from->mount->flags, from->mount->source, where);
}

static bool is_attached_root(const struct path *path) {
	return path->dentry == path->mount->root && !list_empty(&path->mount->link);
}

int vfs_move_mount(const struct path *from, const struct path *where) {
	if (!is_attached_root(from) || !from->mount->where.dentry) return -EINVAL;
	TRY(check_point(where, from->dentry));
	for (const struct mount *m = where->mount; m; m = m->where.mount)
		if (m == from->mount) return -ELOOP;
	unhook(from->mount);
	attach(from->mount, where);
	return 0;
}

int vfs_remount(const struct path *where, u32 flags) {
	if (!is_attached_root(where)) return -EINVAL;
	where->mount->flags = flags;
	return 0;
}

/* Innermost first. */
static void detach_tree(struct mount *m) {
	struct mount *inner, *next;

	do {
		for (inner = m; (next = mounted_in(inner, NULL));) inner = next;
		next = inner == m ? NULL : m;
		unhook(inner);
		mount_put(inner); /* its being attached */
	} while (next);
}

int vfs_umount(const struct path *where, u32 flags) {
	struct mount *m = where->mount;

	if (!is_attached_root(where)) return -EINVAL;
	/* The top; or more than its being attached and the caller's path. */
	if (!m->where.dentry || (!(flags & MNT_DETACH) && m->refs > 2)) return -EBUSY;
	detach_tree(m);
	return 0;
}

void vfs_detach_all(void) {
	while (!list_empty(&mounts)) detach_tree(list_first(&mounts, struct mount, link));
}

u32 path_mount_flags(const struct path *path) { return path->mount->flags | path->mount->sb->flags; }

void vfs_for_each_mount(mount_show_fn *show, void *arg) {
	char *name = port_alloc(VFS_PATH_MAX);
	struct vfs_context top = { 0 };

	list_for_each_entry(struct mount, m, &mounts, link) {
		struct path at = { m, m->root };

		if (!top.root.mount) top.root = at;
		if (name && path_name(&top, &at, name, VFS_PATH_MAX) >= 0)
			show(arg, m->source, name, m->sb->fsname, path_mount_flags(&at));
	}
	port_free(name);
}
