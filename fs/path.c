/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/path.c - from names to places, and back.
 *
 * The walk is a loop over components with an explicit stack of symlink texts: no recursion, at most
 * VFS_SYMLINKS_MAX links in all. Invariant: w->at is referenced from walk_begin to walk_done and is a
 * directory with search permission whenever a component is looked up in it.
 */
#include "fs/namespace.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"

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
	w->last = NULL;
	w->last_len = 0;
	w->trailing_slash = false;
	w->links = w->depth = 0;
	w->at = name[0] == '/' ? ctx->root : start ? *start : ctx->cwd;
	path_get(&w->at);
	if (len == 0) return -ENOENT;
	return len >= VFS_PATH_MAX ? -ENAMETOOLONG : 0;
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
	struct inode *inode = path_inode(link);
	struct path target;
	const char *text;
	size_t len;
	int err;

	if (++w->links > VFS_SYMLINKS_MAX) return -ELOOP;
	if (inode->ops->follow) {
		err = inode->ops->follow(inode, &target);
		if (!err) {
			move_to(w, &target);
			path_put(&target);
		}
		return err;
	}
	if (!inode->ops->readlink) return -EINVAL;
	err = inode->ops->readlink(inode, &text, &len);
	if (err) return err;
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

static size_t component_len(const char *name) {
	size_t len = 0;

	while (name[len] && name[len] != '/') len++;
	return len;
}

/* One component that is not the final one. */
static int step(struct walk *w, const char *name, size_t len) {
	struct path next;
	int err;

	if (name_is_dot(name, len)) return 0;
	if (name_is_dotdot(name, len)) {
		go_up(w);
		return 0;
	}
	next.mount = w->at.mount;
	err = dentry_lookup(w->at.dentry, name, len, &next.dentry);
	if (err) return err;
	next.mount->refs++;
	path_cross_down(&next);
	if (inode_is(path_inode(&next), S_IFLNK))
		err = walk_follow(w, &next);
	else
		move_to(w, &next);
	path_put(&next);
	return err;
}

int walk_to_last(struct walk *w) {
	for (;;) {
		const char *name;
		bool slash = false;
		size_t len;
		int err;

		while (*w->rest == '/') w->rest++;
		if (!*w->rest && w->depth) {
			pop(w);
			continue;
		}
		w->last = name = w->rest;
		w->last_len = len = component_len(name);
		if (!len) return 0;
		if (len > VFS_NAME_MAX) return -ENAMETOOLONG;
		if (!inode_is(path_inode(&w->at), S_IFDIR)) return -ENOTDIR;
		err = inode_permission(path_inode(&w->at), MAY_EXEC, w->cred);
		if (err) return err;
		for (w->rest += len; *w->rest == '/'; w->rest++) slash = true;
		if (!*w->rest && outer_texts_end(w, &slash)) {
			w->trailing_slash |= slash;
			return 0;
		}
		err = step(w, name, len);
		if (err) return err;
	}
}

int walk_lookup_last(struct walk *w, struct path *ret_path) {
	struct path found;
	int err;

	if (w->last_len && name_is_dotdot(w->last, w->last_len))
		go_up(w);
	else if (w->last_len && !name_is_dot(w->last, w->last_len)) {
		err = dentry_lookup(w->at.dentry, w->last, w->last_len, &found.dentry);
		if (err) return err;
		found.mount = w->at.mount;
		found.mount->refs++;
		path_cross_down(&found);
		*ret_path = found;
		return 0;
	}
	*ret_path = w->at;
	path_get(ret_path);
	return 0;
}

int path_walk(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags,
	      const struct cred *cred, struct path *ret_path) {
	struct path found = { NULL, NULL };
	struct walk w;
	int err = walk_begin(&w, ctx, start, name, cred);

	while (!err) {
		err = walk_to_last(&w);
		if (!err) err = walk_lookup_last(&w, &found);
		if (err || !w.last_len || !inode_is(path_inode(&found), S_IFLNK) ||
		    !((flags & WALK_FOLLOW) || w.trailing_slash))
			break;
		err = walk_follow(&w, &found);
		path_put(&found);
	}
	if (!err && ((flags & WALK_DIRECTORY) || w.trailing_slash) && !inode_is(path_inode(&found), S_IFDIR)) {
		path_put(&found);
		err = -ENOTDIR;
	}
	walk_done(&w);
	if (!err) *ret_path = found;
	return err;
}

int path_walk_parent(const struct vfs_context *ctx, const struct path *start, const char *name,
		     const struct cred *cred, struct path *ret_parent, const char **ret_last, size_t *ret_len) {
	struct walk w;
	int err = walk_begin(&w, ctx, start, name, cred);

	if (!err) err = walk_to_last(&w);
	if (!err) {
		*ret_parent = w.at;
		path_get(ret_parent);
		*ret_last = w.last;
		*ret_len = w.last_len;
	}
	walk_done(&w);
	return err;
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
	bool fits = true;

	buf[pos] = '\0';
	if (at.dentry->unlinked) fits = prepend(buf, &pos, " (deleted)");
	if (at.dentry->inode->sb->anonymous) return fits && prepend(buf, &pos, at.dentry->name) ? pos : cap;
	if (path_equal(&at, &ctx->root)) return fits && prepend(buf, &pos, "/") ? pos : cap;
	while (fits && !path_equal(&at, &ctx->root)) {
		if (at.dentry != at.mount->root) {
			fits = prepend(buf, &pos, at.dentry->name) && prepend(buf, &pos, "/");
			at.dentry = at.dentry->parent;
		} else if (at.mount->where.dentry) {
			at = at.mount->where;
		} else {
			if (!buf[pos] || buf[pos] == ' ') fits = prepend(buf, &pos, "/");
			fits = fits && prepend(buf, &pos, "(unreachable)");
			break;
		}
	}
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
