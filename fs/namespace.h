/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/namespace.h - what the parts of the VFS share among themselves: dentries, mounts, the walk.
 *
 * Only fs/{inode,mount,path,open,names,attr}.c include it.
 *
 * Context    as fs/vfs.h.
 * Ownership  a dentry references its inode and its parent; a mount references its superblock, its root dentry and
 *            its mount point, so that a mount with something mounted in it is busy by its count.
 * Errors     as fs/vfs.h.
 */
#pragma once

#include "fs/vfs.h"

struct mount {
	u32 refs, flags;     /* references: one for being attached, one for each path */
	struct superblock *sb;
	struct dentry *root;
	struct path where;   /* mount point; empty for the top mount and for detached ones */
	struct list link;    /* in the list of attached mounts */
	char source[];
};

/* As vfs_set_hooks left them. */
extern struct vfs_hooks vfs_hooks;

void dentry_get(struct dentry *dentry);
void dentry_put(struct dentry *dentry);
static inline void dentry_drop(struct dentry **dentry) { dentry_put(*dentry); }
/* The root of a tree (parent NULL) or a name in parent. Takes its own references. */
struct dentry *dentry_alloc(struct dentry *parent, struct name name, struct inode *inode);
/* The entry of that name, from the file system; -ENOENT. Does not cross mounts. */
must_check int dentry_lookup(struct dentry *parent, struct name name, struct dentry **ret_dentry);

/* Replaces *path by the root of what is mounted there, as often as something is. */
void path_cross_down(struct path *path);

/* Makes an inode in parent, whose name does not exist: permission, op, stamps. The caller's umask is applied. */
must_check int create_in(const struct path *parent, struct name name, const struct new_inode *what);

/*
 * What an open's name leads to; a regular file is made there when O_CREAT says so. O_CREAT, O_EXCL, O_NOFOLLOW and
 * O_DIRECTORY count.
 */
must_check int path_walk_open(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags,
			      u32 mode, const struct cred *cred, struct path *ret_path, bool *ret_created);

static inline bool name_is(struct name name, const char *text) {
	return name.len == strlen(text) && memcmp(name.text, text, name.len) == 0;
}

/* Not "." and not "..", and not the nothing that is left of "/". */
static inline bool name_is_plain(struct name name) { return name.len && !name_is(name, ".") && !name_is(name, ".."); }

/* The wall clock. */
struct vtime vfs_now(void);

static inline bool vtime_after(const struct vtime *a, const struct vtime *b) {
	return a->sec != b->sec ? a->sec > b->sec : a->nsec > b->nsec;
}

/* The mode without the bits that a stranger's write or a change of owner takes away. */
static inline u32 without_set_id(u32 mode) { return mode & ~(S_ISUID | ((mode & 0010) ? S_ISGID : 0)); }
