/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/mount.c - what is mounted where.
 *
 * One list of attached mounts in the order of mounting. A mount point is a pair (mount, dentry), so that what is
 * mounted below a directory is not seen through a bind mount of it made before. Invariant: an attached mount
 * other than the top has a mount point in an attached mount, and dentry->mount_count counts them.
 */
#include "fs/namespace.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"

static struct list mounts = LIST_INIT(mounts);

static struct mount *mount_at(const struct path *where) {
	if (!where->dentry->mount_count) return NULL;
	list_for_each(pos, &mounts) {
		struct mount *m = list_entry(pos, struct mount, link);

		if (m->where.dentry && path_equal(&m->where, where)) return m;
	}
	return NULL;
}

static void mount_put(struct mount *m) {
	if (!m || --m->refs) return;
	dentry_put(m->root);
	superblock_put(m->sb);
	port_free(m->source);
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

	while ((m = mount_at(path))) {
		struct path inner = { m, m->root };

		path_get(&inner);
		path_put(path);
		*path = inner;
	}
}

static int mount_alloc(struct superblock *sb, struct dentry *root, u32 flags, const char *source,
		       struct mount **ret_mount) {
	struct mount *m = port_alloc(sizeof(*m));
	size_t len = strlen(source);

	if (!m) return -ENOMEM;
	m->source = port_alloc(len + 1);
	if (!m->source) {
		port_free(m);
		return -ENOMEM;
	}
	memcpy(m->source, source, len);
	m->refs = 1;
	m->flags = flags;
	m->sb = sb;
	superblock_get(sb);
	m->root = root;
	dentry_get(root);
	list_init(&m->link);
	*ret_mount = m;
	return 0;
}

/* The root dentry of a superblock, the same for every mount of it. */
static struct dentry *root_dentry(struct superblock *sb) {
	if (sb->root_dentry) {
		dentry_get(sb->root_dentry);
		return sb->root_dentry;
	}
	sb->root_dentry = dentry_alloc(NULL, "", 0, sb->root);
	return sb->root_dentry;
}

static void attach(struct mount *m, const struct path *where) {
	if (where) {
		m->where = *where;
		path_get(where);
		where->dentry->mount_count++;
	}
	list_add_tail(&mounts, &m->link);
}

static void unhook(struct mount *m) {
	if (m->where.dentry) {
		m->where.dentry->mount_count--;
		path_put(&m->where);
	}
	list_del(&m->link);
}

static int check_point(const struct path *where, const struct dentry *root) {
	if (inode_is(where->dentry->inode, S_IFDIR) != inode_is(root->inode, S_IFDIR)) return -ENOTDIR;
	if (where->dentry->unlinked) return -ENOENT;
	return 0;
}

static int add(struct superblock *sb, struct dentry *root, u32 flags, const char *source, const struct path *where) {
	struct path top = where ? *where : (struct path){ NULL, NULL };
	struct mount *m;
	int err = where ? check_point(where, root) : 0;

	if (!err) err = mount_alloc(sb, root, flags, source, &m);
	if (err) return err;
	if (!where) {
		attach(m, NULL);
		return 0;
	}
	path_get(&top);
	path_cross_down(&top); /* on top of what is there */
	attach(m, &top);
	path_put(&top);
	return 0;
}

int vfs_mount(const struct path *where, struct superblock *sb, u32 flags, const char *source) {
	struct dentry *root = root_dentry(sb);
	int err;

	if (!root) return -ENOMEM;
	err = add(sb, root, flags, source, where);
	dentry_put(root);
	return err;
}

int vfs_mount_root(struct superblock *sb, u32 flags, const char *source, struct path *ret_root) {
	struct mount *m;
	int err;

	if (!list_empty(&mounts)) return -EBUSY;
	err = vfs_mount(NULL, sb, flags, source);
	if (err) return err;
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
	const struct mount *m;
	struct path top = *where;
	int err;

	if (!is_attached_root(from) || !from->mount->where.dentry) return -EINVAL;
	err = check_point(where, from->dentry);
	if (err) return err;
	for (m = where->mount; m; m = m->where.mount)
		if (m == from->mount) return -ELOOP;
	path_get(&top);
	path_cross_down(&top);
	unhook(from->mount);
	attach(from->mount, &top);
	path_put(&top);
	return 0;
}

int vfs_remount(const struct path *where, u32 flags) {
	if (!is_attached_root(where)) return -EINVAL;
	where->mount->flags = flags;
	return 0;
}

static struct mount *first_inside(const struct mount *m) {
	list_for_each(pos, &mounts) {
		struct mount *inner = list_entry(pos, struct mount, link);

		if (inner->where.mount == m) return inner;
	}
	return NULL;
}

/* Innermost first. */
static void detach_tree(struct mount *m) {
	struct mount *inner, *next;

	do {
		for (inner = m; (next = first_inside(inner));) inner = next;
		next = inner == m ? NULL : m;
		unhook(inner);
		mount_put(inner); /* its being attached */
	} while (next);
}

int vfs_umount(const struct path *where, u32 flags) {
	struct mount *m = where->mount;

	if (!is_attached_root(where)) return -EINVAL;
	if (!m->where.dentry)
		return -EBUSY; /* the top */
	if (!(flags & MNT_DETACH) && m->refs > 2) /* attached, and the caller's path */
		return -EBUSY;
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

	list_for_each(pos, &mounts) {
		struct mount *m = list_entry(pos, struct mount, link);
		struct path at = { m, m->root };

		if (!top.root.mount) top.root = at;
		if (name && path_name(&top, &at, name, VFS_PATH_MAX) >= 0)
			show(arg, m->source, name, m->sb->fsname, m->flags | m->sb->flags);
	}
	port_free(name);
}
