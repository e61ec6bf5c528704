/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/path.c - from names to places, and back.
 *
 * The walk is a loop over components with an explicit stack of symlink texts: no recursion, at most
 * VFS_SYMLINKS_MAX links in all. Invariant: w->at is referenced from walk_begin to walk_done and is a
 * directory with search permission whenever a component is looked up in it.
 */
#include "fs/namespace.h"

static void move_to(struct walk *w, const struct path *to) {
	path_get(to);
	path_put(&w->at);
	w->at = *to;
}

int walk_begin(struct walk *w, const struct vfs_context *ctx, const struct path *start, const char *name,
	       const struct cred *cred) {
	size_t len = strnlen(name, VFS_PATH_MAX);

	w->ctx = ctx;
	w->cred = cred;
	w->rest = name;
	w->trailing_slash = false;
	w->links = w->depth = 0;
	w->at = name[0] == '/' ? ctx->root : start ? *start : ctx->cwd;
	path_get(&w->at);
	return len == 0 ? -ENOENT : len == VFS_PATH_MAX ? -ENAMETOOLONG : 0;
}

static void pop(struct walk *w) {
	w->depth--;
	w->rest = w->stack[w->depth].rest;
	inode_put(w->stack[w->depth].link);
}

void walk_done(struct walk *w) {
	while (w->depth) pop(w);
	path_put(&w->at);
}

static void go_up(struct walk *w) {
	struct path up = w->at;

	while (!path_equal(&up, &w->ctx->root)) {
		if (up.dentry == up.mount->root && up.mount->where.dentry) {
			up = up.mount->where;
			continue;
		}
		up.dentry = up.dentry->parent;
		break;
	}
	move_to(w, &up);
	path_cross_down(&w->at);
}

int walk_follow(struct walk *w, const struct path *link) {
	RELEASED(path_put) struct path target = { 0 };
	struct inode *inode = path_inode(link);
	const char *text;
	size_t len;

	if (++w->links > VFS_SYMLINKS_MAX) return -ELOOP;
	if (inode->ops->follow) {
		TRY(inode->ops->follow(inode, &target));
		move_to(w, &target);
		return 0;
	}
	TRY(inode->ops->readlink(inode, &text, &len));
	if (len == 0) return -ENOENT;
	inode_get(inode);
	w->stack[w->depth].rest = w->rest;
	w->stack[w->depth++].link = inode;
	w->rest = text;
	if (text[0] == '/') move_to(w, &w->ctx->root);
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

static int look_up(const struct walk *w, const char *name, size_t len, struct path *ret_path) {
	TRY(dentry_lookup(w->at.dentry, name, len, &ret_path->dentry));
	ret_path->mount = w->at.mount;
	ret_path->mount->refs++;
	path_cross_down(ret_path);
	return 0;
}

/* One component that is not the final one. */
static int step(struct walk *w, const char *name, size_t len) {
	RELEASED(path_put) struct path next = { 0 };

	if (name_is_dot(name, len)) return 0;
	if (name_is_dotdot(name, len)) {
		go_up(w);
		return 0;
	}
	TRY(look_up(w, name, len, &next));
	if (inode_is(path_inode(&next), S_IFLNK)) return walk_follow(w, &next);
	move_to(w, &next);
	return 0;
}

int walk_to_last(struct walk *w) {
	for (;;) {
		const char *name;
		bool slash = false;
		size_t len = 0;

		while (*w->rest == '/') w->rest++;
		if (!*w->rest && w->depth) {
			pop(w);
			continue;
		}
		w->last = name = w->rest;
		while (name[len] && name[len] != '/') len++;
		w->last_len = len;
		if (!len) return 0;
		if (len > VFS_NAME_MAX) return -ENAMETOOLONG;
		if (!inode_is(path_inode(&w->at), S_IFDIR)) return -ENOTDIR;
		TRY(inode_permission(path_inode(&w->at), MAY_EXEC, w->cred));
		for (w->rest += len; *w->rest == '/'; w->rest++) slash = true;
		if (!*w->rest && outer_texts_end(w, &slash)) {
			w->trailing_slash |= slash;
			return 0;
		}
		TRY(step(w, name, len));
	}
}

int walk_lookup_last(struct walk *w, struct path *ret_path) {
	bool dotdot = name_is_dotdot(w->last, w->last_len);

	if (w->last_len && !dotdot && !name_is_dot(w->last, w->last_len))
		return look_up(w, w->last, w->last_len, ret_path);
	if (dotdot) go_up(w);
	*ret_path = w->at;
	path_get(ret_path);
	return 0;
}

int path_walk(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags,
	      const struct cred *cred, struct path *ret_path) {
	RELEASED(path_put) struct path found = { 0 };
	RELEASED(walk_done) struct walk w;

	TRY(walk_begin(&w, ctx, start, name, cred));
	for (;;) {
		TRY(walk_to_last(&w));
		TRY(walk_lookup_last(&w, &found));
		if (!w.last_len || !inode_is(path_inode(&found), S_IFLNK)) break;
		if (!(flags & WALK_FOLLOW) && !w.trailing_slash) break;
		TRY(walk_follow(&w, &found));
		path_put(&found);
	}
	if (((flags & WALK_DIRECTORY) || w.trailing_slash) && !inode_is(path_inode(&found), S_IFDIR)) return -ENOTDIR;
	*ret_path = found;
	found.dentry = NULL; /* the caller's now */
	return 0;
}

int path_walk_parent(const struct vfs_context *ctx, const struct path *start, const char *name,
		     const struct cred *cred, struct path *ret_parent, const char **ret_last, size_t *ret_len) {
	RELEASED(walk_done) struct walk w;

	TRY(walk_begin(&w, ctx, start, name, cred));
	TRY(walk_to_last(&w));
	*ret_parent = w.at;
	path_get(ret_parent);
	*ret_last = w.last;
	*ret_len = w.last_len;
	return 0;
}

/* Puts text before pos; false when it does not fit. */
static bool prepend(char *buf, size_t *pos, const char *text) {
	size_t len = strlen(text);

	if (len > *pos) return false;
	*pos -= len;
	memcpy(buf + *pos, text, len);
	return true;
}

/* Fills buf from its end; returns where the name begins, or cap when it does not fit. */
static size_t climb(const struct vfs_context *ctx, const struct path *path, char *buf, size_t cap) {
	struct path at = *path;
	size_t pos = cap - 1;
	bool fits = true, root = path_equal(path, &ctx->root);

	buf[pos] = '\0';
	if (at.dentry->unlinked) fits = prepend(buf, &pos, " (deleted)");
	if (at.dentry->inode->sb->anonymous) return fits && prepend(buf, &pos, at.dentry->name) ? pos : cap;
	while (fits && !path_equal(&at, &ctx->root)) {
		if (at.dentry != at.mount->root) {
			fits = prepend(buf, &pos, at.dentry->name) && prepend(buf, &pos, "/");
			at.dentry = at.dentry->parent;
		} else if (at.mount->where.dentry) {
			at = at.mount->where;
		} else {
			if (buf[pos] != '/') fits = prepend(buf, &pos, "/");
			return fits && prepend(buf, &pos, "(unreachable)") ? pos : cap;
		}
	}
	if (root) fits = fits && prepend(buf, &pos, "/");
	return fits ? pos : cap;
}

ssize path_name(const struct vfs_context *ctx, const struct path *path, char *buf, size_t cap) {
	size_t pos;

	if (cap < 2) return -ENAMETOOLONG;
	pos = climb(ctx, path, buf, cap);
	if (pos == cap) return -ENAMETOOLONG;
	memmove(buf, buf + pos, cap - pos);
	return (ssize)(cap - pos - 1);
}
