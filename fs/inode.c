/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/inode.c - life and change identity of inodes, superblocks and dentries.
 *
 * Invariants: a dentry stands in its parent's list exactly while its name leads to its inode; version and ctime
 * of an inode only ever grow. Freeing a chain of dentries is a loop, so that no depth of directories overflows a stack.
 */
#include "fs/namespace.h"

struct vfs_hooks vfs_hooks;
static u64 last_dev;

void vfs_set_hooks(const struct vfs_hooks *hooks) { vfs_hooks = hooks ? *hooks : (struct vfs_hooks){ 0 }; }

/* Major 0, in the encoding of stat's st_dev: low eight bits of the minor number first. */
u64 superblock_new_dev(void) {
	last_dev++;
	return (last_dev & 0xff) | (last_dev & ~0xffull) << 12;
}

void superblock_get(struct superblock *sb) { sb->refs++; }

void superblock_put(struct superblock *sb) {
	if (sb && --sb->refs == 0 && sb->release) sb->release(sb);
}

struct vtime vfs_now(void) {
	u64 ns = port_wall_ns();

	return (struct vtime){ (s64)(ns / 1000000000u), (u32)(ns % 1000000000u) };
}

void inode_changed(struct inode *inode, bool content) {
	struct vtime now = vfs_now();

	inode->version++;
	if (content) inode->mtime = now;
	if (vtime_after(&now, &inode->ctime)) {
		inode->ctime = now;
	} else if (++inode->ctime.nsec == 1000000000u) { /* clock too coarse, or set back */
		inode->ctime.nsec = 0;
		inode->ctime.sec++;
	}
	if (vfs_hooks.inode_changed) vfs_hooks.inode_changed(inode, content);
}

struct inode *inode_alloc(struct superblock *sb, const struct inode_ops *ops, u32 mode, size_t private_size) {
	struct inode *inode = port_alloc(sizeof(*inode) + private_size);
	struct vtime now = vfs_now();

	if (!inode) return NULL;
	*inode = (struct inode){
		.refs = 1, .sb = sb, .ops = ops, .mode = mode, .version = 1, .fs_private = inode + 1,
		.atime = now, .mtime = now, .ctime = now, .btime = now,
	};
	return inode;
}

void inode_get(struct inode *inode) { inode->refs++; }

void inode_put(struct inode *inode) {
	if (!inode || --inode->refs) return;
	if (inode->ops->evict) inode->ops->evict(inode);
	if (vfs_hooks.inode_free) vfs_hooks.inode_free(inode);
	port_free(inode);
}

int inode_deny_write(struct inode *inode) {
	if (inode->writers > 0) return -ETXTBSY;
	inode->writers--;
	return 0;
}

void inode_allow_write(struct inode *inode) { inode->writers++; }

char *name_copy(struct name name) {
	char *copy = port_alloc(name.len + 1);

	if (copy && name.len) memcpy(copy, name.text, name.len);
	return copy;
}

struct dentry *dentry_alloc(struct dentry *parent, struct name name, struct inode *inode) {
	struct dentry *dentry = port_alloc(sizeof(*dentry));
	char *copy = name_copy(name);

	if (!dentry || !copy) {
		port_free(dentry);
		port_free(copy);
		return NULL;
	}
	*dentry = (struct dentry){ .refs = 1, .name = copy, .inode = inode, .parent = parent ? parent : dentry };
	inode_get(inode);
	list_init(&dentry->siblings);
	list_init(&dentry->children);
	if (parent) {
		dentry_get(parent);
		list_add_tail(&parent->children, &dentry->siblings);
	}
	return dentry;
}

void dentry_get(struct dentry *dentry) { dentry->refs++; }

void dentry_put(struct dentry *dentry) {
	while (dentry && --dentry->refs == 0) {
		struct dentry *parent = dentry->parent == dentry ? NULL : dentry->parent;

		if (dentry->inode->sb->root_dentry == dentry) dentry->inode->sb->root_dentry = NULL;
		list_del(&dentry->siblings);
		inode_put(dentry->inode);
		port_free(dentry->name);
		port_free(dentry);
		dentry = parent;
	}
}

/* The file system is asked every time, so an entry it no longer has is never found through a dentry that is in use. */
int dentry_lookup(struct dentry *parent, struct name name, struct dentry **ret_dentry) {
	const struct inode_ops *ops = parent->inode->ops;
	RELEASED(inode_drop) struct inode *inode = NULL;

	if (name.len > VFS_NAME_MAX) return -ENAMETOOLONG;
	if (!ops || !ops->lookup) return -ENOTDIR;
	TRY(ops->lookup(parent->inode, name, &inode));
	list_for_each_entry(struct dentry, dentry, &parent->children, siblings) {
		if (dentry->inode != inode || !name_is(name, dentry->name)) continue;
		dentry_get(dentry);
		*ret_dentry = dentry;
		return 0;
	}
	struct dentry *new = dentry_alloc(parent, name, inode);
	if (!new) return -ENOMEM;
	*ret_dentry = new;
	return 0;
}
