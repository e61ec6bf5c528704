/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/path.c - from names to places, and back.
 *
 * The walk is a loop over components with an explicit stack of symlink texts: no recursion, at most
 * VFS_SYMLINKS_MAX links in all. Invariant: w->at is referenced from walk_begin to walk_done and is a
 * directory with search permission whenever a component is looked up in it.
 */
#include "fs/namespace.h"

/* A walk: position, and the rests of names that wait while a symlink's text is walked. */
struct walk {
	const struct vfs_context *ctx;
	const struct cred *cred;
	struct path at;             /* referenced */
	const char *rest;           /* what is left of the innermost text */
	struct name last;           /* final component, not yet looked up; empty: the name ended at a directory ("/") */
	bool trailing_slash;
	u32 links;                  /* followed in all */
	u32 depth;
	struct {
		const char *rest;
		struct inode *link; /* keeps the text */
	} stack[VFS_SYMLINKS_MAX];
};

static void move_to(struct walk *w, const struct path *to) {
	path_get(to);
	path_put(&w->at);
	w->at = *to;
}

/* After success and failure alike walk_done is due. */
static int walk_begin(struct walk *w, const struct vfs_context *ctx, const struct path *start, const char *name,
		      const struct cred *cred) {
	size_t len = strnlen(name, VFS_PATH_MAX);

	*w = (struct walk){ .ctx = ctx, .cred = cred, .rest = name };
	w->at = name[0] == '/' ? ctx->root : start ? *start : ctx->cwd;
	path_get(&w->at);
	return len == 0 ? -ENOENT : len == VFS_PATH_MAX ? -ENAMETOOLONG : 0;
}

static void pop(struct walk *w) {
	w->depth--;
	w->rest = w->stack[w->depth].rest;
	inode_put(w->stack[w->depth].link);
}

static void walk_done(struct walk *w) {
	while (w->depth) pop(w);
	path_put(&w->at);
}

static void go_up(struct walk *w) {
	const struct path *root = &w->ctx->root;
	struct path up = w->at;

	while (!path_equal(&up, root) && up.dentry == up.mount->root && up.mount->where.dentry) up = up.mount->where;
	if (!path_equal(&up, root)) up.dentry = up.dentry->parent;
	move_to(w, &up);
	path_cross_down(&w->at);
}

/* After it the position is where the text begins, or for a magic link the end. */
static int follow(struct walk *w, const struct path *link) {
	RELEASED(path_put) struct path target = { 0 };
	struct inode *inode = path_inode(link);
	struct name text;

	if (++w->links > VFS_SYMLINKS_MAX) return -ELOOP;
	if (inode->ops->follow) {
		TRY(inode->ops->follow(inode, &target));
		move_to(w, &target);
		return 0;
	}
	TRY(inode->ops->readlink(inode, &text));
	if (text.len == 0) return -ENOENT;
	inode_get(inode);
	w->stack[w->depth].rest = w->rest;
	w->stack[w->depth++].link = inode;
	w->rest = text.text;
	if (text.text[0] == '/') move_to(w, &w->ctx->root);
	return 0;
}

/* Nothing but slashes is left in the outer texts. */
static bool outer_texts_end(const struct walk *w, bool *ret_slash) {
	for (u32 i = 0; i < w->depth; i++) {
		for (const char *p = w->stack[i].rest; *p; p++) {
			if (*p != '/') return false;
			*ret_slash = true;
		}
	}
	return true;
}

/* Where one component leads: mounts crossed, symlink not followed. ".." moves the walk. */
static int look_up(struct walk *w, struct name name, struct path *ret_path) {
	if (name_is_plain(name)) {
		TRY(dentry_lookup(w->at.dentry, name, &ret_path->dentry));
		ret_path->mount = w->at.mount;
		ret_path->mount->refs++;
		path_cross_down(ret_path);
		return 0;
	}
	if (name_is(name, "..")) go_up(w);
	*ret_path = w->at;
	path_get(ret_path);
	return 0;
}

/* Goes to the parent of the final component: w->at, w->last. */
static int walk_to_last(struct walk *w) {
	for (;;) {
		RELEASED(path_put) struct path next = { 0 };
		bool slash = false;
		size_t len = 0;

		while (*w->rest == '/') w->rest++;
		if (!*w->rest && w->depth) {
			pop(w);
			continue;
		}
		while (w->rest[len] && w->rest[len] != '/') len++;
		w->last = (struct name){ w->rest, len };
		if (!len) return 0;
		if (len > VFS_NAME_MAX) return -ENAMETOOLONG;
		if (!inode_is(path_inode(&w->at), S_IFDIR)) return -ENOTDIR;
		TRY(inode_permission(path_inode(&w->at), MAY_EXEC, w->cred));
		for (w->rest += len; *w->rest == '/'; w->rest++) slash = true;
		if (!*w->rest && outer_texts_end(w, &slash)) {
			w->trailing_slash |= slash;
			return 0;
		}
		TRY(look_up(w, w->last, &next));
		if (inode_is(path_inode(&next), S_IFLNK))
			TRY(follow(w, &next));
		else
			move_to(w, &next);
	}
}

/* The place of the final component, made when O_CREAT says so. */
static int find_or_create(struct walk *w, u32 flags, u32 mode, struct path *ret_path, bool *ret_created) {
	struct new_inode what = { .mode = S_IFREG | (mode & 07777 & ~w->ctx->umask), .cred = w->cred };
	int err = (flags & O_CREAT) && w->trailing_slash ? -EISDIR : look_up(w, w->last, ret_path);

	if (!(flags & O_CREAT)) return err;
	if (!err) return (flags & O_EXCL) ? -EEXIST : inode_is(path_inode(ret_path), S_IFDIR) ? -EISDIR : 0;
	if (err != -ENOENT) return err;
	if (!path_inode(&w->at)->ops->create) return -EACCES;
	TRY(create_in(&w->at, w->last, &what));
	*ret_created = true;
	return look_up(w, w->last, ret_path);
}

int path_walk_open(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags, u32 mode,
		   const struct cred *cred, struct path *ret_path, bool *ret_created) {
	RELEASED(path_put) struct path found = { 0 };
	RELEASED(walk_done) struct walk w;

	TRY(walk_begin(&w, ctx, start, name, cred));
	for (;;) {
		TRY(walk_to_last(&w));
		TRY(find_or_create(&w, flags, mode, &found, ret_created));
		if (!w.last.len || !inode_is(path_inode(&found), S_IFLNK)) break;
		if ((flags & O_NOFOLLOW) && !w.trailing_slash) break;
		TRY(follow(&w, &found));
		path_put(&found);
	}
	if (((flags & O_DIRECTORY) || w.trailing_slash) && !inode_is(path_inode(&found), S_IFDIR)) return -ENOTDIR;
	*ret_path = found;
	found.dentry = NULL; /* the caller's now */
	return 0;
}

int path_walk(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags,
	      const struct cred *cred, struct path *ret_path) {
	u32 how = ((flags & WALK_FOLLOW) ? 0 : O_NOFOLLOW) | ((flags & WALK_DIRECTORY) ? O_DIRECTORY : 0);

	return path_walk_open(ctx, start, name, how, 0, cred, ret_path, NULL);
}

int path_walk_parent(const struct vfs_context *ctx, const struct path *start, const char *name,
		     const struct cred *cred, struct path *ret_parent, struct name *ret_last) {
	RELEASED(walk_done) struct walk w;

	TRY(walk_begin(&w, ctx, start, name, cred));
	TRY(walk_to_last(&w));
	*ret_parent = w.at;
	path_get(ret_parent);
	*ret_last = w.last;
	return 0;
}

/* A text that grows at its front; failing is sticky. */
struct tail {
	char *buf;
	size_t pos;
	bool full;
};

static void prepend(struct tail *tail, const char *text) {
	size_t len = strlen(text);

	tail->full |= len > tail->pos;
	if (tail->full) return;
	tail->pos -= len;
	memcpy(tail->buf + tail->pos, text, len);
}

static void climb(const struct vfs_context *ctx, struct path at, struct tail *tail) {
	if (at.dentry->unlinked) prepend(tail, " (deleted)");
	if (path_inode(&at)->sb->anonymous) {
		prepend(tail, at.dentry->name);
		return;
	}
	if (path_equal(&at, &ctx->root)) prepend(tail, "/");
	while (!path_equal(&at, &ctx->root)) {
		if (at.dentry != at.mount->root) {
			prepend(tail, at.dentry->name);
			prepend(tail, "/");
			at.dentry = at.dentry->parent;
		} else if (at.mount->where.dentry) {
			at = at.mount->where;
		} else {
			prepend(tail, tail->buf[tail->pos] == '/' ? "(unreachable)" : "(unreachable)/");
			return;
		}
	}
}

ssize path_name(const struct vfs_context *ctx, const struct path *path, char *buf, size_t cap) {
	struct tail tail = { buf, cap, false };

	if (cap < 2) return -ENAMETOOLONG;
	buf[--tail.pos] = '\0';
	climb(ctx, *path, &tail);
	if (tail.full) return -ENAMETOOLONG;
	memmove(buf, buf + tail.pos, cap - tail.pos);
	return (ssize)(cap - tail.pos - 1);
}
