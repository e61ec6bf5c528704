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
	u32 refs;            /* one for being attached, one for each path */
	u32 flags;
	struct superblock *sb;
	struct dentry *root;
	struct path where;   /* mount point; empty for the top mount and for detached ones */
	struct list link;    /* in the list of attached mounts */
	char source[];
};

/* The hooks set by vfs_set_hooks; never NULL, members may be. */
const struct vfs_hooks *vfs_hooks_get(void);

void dentry_get(struct dentry *dentry);
void dentry_put(struct dentry *dentry);
static inline void dentry_drop(struct dentry **dentry) { dentry_put(*dentry); }
/* The root of a tree (parent NULL) or a name in parent. Takes its own references. */
struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len, struct inode *inode);
/* The entry of that name, from the file system; -ENOENT. Does not cross mounts. */
must_check int dentry_lookup(struct dentry *parent, const char *name, size_t len, struct dentry **ret_dentry);
/* True when ancestor is dentry or above it in the same tree. */
bool dentry_is_ancestor(const struct dentry *ancestor, const struct dentry *dentry);

/* Replaces *path by the root of what is mounted there, as often as something is. */
void path_cross_down(struct path *path);

/* Makes a named inode in parent, whose name does not exist: permission, op, stamps. mode is what it will have. */
must_check int create_in(const struct path *parent, const char *name, size_t len, u32 mode, u64 rdev,
			 const char *target, const struct cred *cred);
/* The wall clock. */
struct vtime vfs_now(void);

/* A walk: position, and the rests of names that wait while a symlink's text is walked. */
struct walk {
	const struct vfs_context *ctx;
	const struct cred *cred;
	struct path at;             /* referenced */
	const char *rest;           /* what is left of the innermost text */
	const char *last;           /* final component, not yet looked up; not NUL-terminated */
	size_t last_len;            /* 0: the name ended at a directory reached by the walk ("/") */
	bool trailing_slash;
	u32 links;                  /* followed in all */
	u32 depth;
	struct {
		const char *rest;
		struct inode *link; /* keeps the text */
	} stack[VFS_SYMLINKS_MAX];
};

/* After success and failure alike walk_done is due. */
must_check int walk_begin(struct walk *w, const struct vfs_context *ctx, const struct path *start, const char *name,
			  const struct cred *cred);
/* Goes to the parent of the final component: w->at, w->last. */
must_check int walk_to_last(struct walk *w);
/* The final component, mounts crossed, symlink not followed. "." and ".." and "/" too. */
must_check int walk_lookup_last(struct walk *w, struct path *ret_path);
/* Follows link, which is the final component: after it the position is a new parent, or for a magic link the end. */
must_check int walk_follow(struct walk *w, const struct path *link);
void walk_done(struct walk *w);

static inline bool name_is_dot(const char *name, size_t len) { return len == 1 && name[0] == '.'; }

static inline bool name_is_dotdot(const char *name, size_t len) {
	return len == 2 && name[0] == '.' && name[1] == '.';
}

/* Sticky bit: whether cred may remove victim from dir. -EPERM. */
must_check int sticky_check(const struct inode *dir, const struct inode *victim, const struct cred *cred);
