/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/tarfs.c - entries of a tar become inodes of an empty memfs.
 *
 * Names are checked component by component before anything is made, and symlinks are never followed: what an entry
 * makes lies where its name says, inside the file system.
 */
#include "fs/tar.h"

#define SHOWN_NAME 120 /* of an entry's name, in a report */

struct unpacking {
	struct superblock *sb;
	struct tar_report *report;
	const struct tar_entry *entry;
};

static void describe(struct tar_report *report, struct span name, const char *why) {
	char shown[SHOWN_NAME];

	text_printable(shown, sizeof(shown), name.base, name.len);
	(void)text_format(report->why, sizeof(report->why), name.len ? "tar entry \"%s\": %s" : "tar%s: %s",
			  shown, why);
}

static int refuse(const struct unpacking *u, int err, const char *why) {
	describe(u->report, u->entry->name, why);
	return err;
}

static int failed(const struct unpacking *u, int err) {
	if (!err) return 0;
	return refuse(u, err, err == -ENOMEM ? "out of memory" : err == -ENOSPC ? "file system full" : err_name(err));
}

static int check_name(const struct unpacking *u, struct span name) {
	if (!name.len) return refuse(u, -EBADMSG, "it has no name");
	if (name.len >= VFS_PATH_MAX) return refuse(u, -ENAMETOOLONG, "the name is longer than 4095 bytes");
	if (memchr(name.base, '\0', name.len)) return refuse(u, -EBADMSG, "the name holds a NUL");
	return name.base[0] == '/' ? refuse(u, -EBADMSG, "the name is absolute") : 0;
}

/* The next component that is not ".": 1, 0 at the end, or an error. */
static int next_component(const struct unpacking *u, struct cursor *c, struct name *ret_component) {
	while (cursor_left(c)) {
		const u8 *start = c->base + c->pos, *slash = memchr(start, '/', cursor_left(c));
		struct name part = { (const char *)start, slash ? (size_t)(slash - start) : cursor_left(c) };

		cursor_skip(c, part.len + (slash != NULL));
		if (part.len == 0 || (part.len == 1 && part.text[0] == '.')) continue;
		if (part.len == 2 && memcmp(part.text, "..", 2) == 0)
			return refuse(u, -EBADMSG, "the name has a \"..\" component");
		if (part.len > VFS_NAME_MAX)
			return refuse(u, -ENAMETOOLONG, "a component of the name is longer than 255 bytes");
		*ret_component = part;
		return 1;
	}
	return 0;
}

static bool is_dir(const struct inode *inode) { return inode_is(inode, S_IFDIR); }

static int look_up(struct inode *dir, struct name name, struct inode **ret_inode) {
	return dir->ops->lookup(dir, name, ret_inode);
}

/* As uid 0. */
static int make(const struct unpacking *u, struct inode *dir, struct name name, u32 mode, struct inode **ret_inode) {
	static const struct cred root_cred;
	struct new_inode what = { .mode = mode, .cred = &root_cred };

	if ((mode & S_IFMT) == S_IFLNK)
		what.target = (struct name){ (const char *)u->entry->link.base, u->entry->link.len };
	TRY(failed(u, dir->ops->create(dir, name, &what, ret_inode)));
	inode_changed(dir, true);
	return 0;
}

/*
 * The directory of the final component, missing ones made, referenced; the component in ret_last, empty when the name
 * is the root itself.
 */
static int find_parent(const struct unpacking *u, struct span name, bool may_make, struct inode **ret_dir,
		       struct name *ret_last) {
	RELEASED(inode_drop) struct inode *dir = u->sb->root;
	struct cursor c = cursor_of(name);
	struct name last = { NULL, 0 }, following;
	int more;

	inode_get(dir);
	TRY(check_name(u, name));
	TRY(next_component(u, &c, &last));
	while ((more = next_component(u, &c, &following)) == 1) {
		RELEASED(inode_drop) struct inode *outer = TAKE(dir);
		int err = look_up(outer, last, &dir);

		if (err == -ENOENT && may_make) err = make(u, outer, last, S_IFDIR | 0755, &dir);
		TRY(failed(u, err));
		if (!is_dir(dir)) return refuse(u, -EBADMSG, "its directory is not a directory");
		last = following;
	}
	TRY(more);
	*ret_dir = TAKE(dir);
	*ret_last = last;
	return 0;
}

static int set_xattrs(const struct unpacking *u, struct inode *inode) {
	struct cursor records = cursor_of(u->entry->records);
	char name[VFS_XATTR_NAME_MAX + 1];
	struct span value;
	int more;

	while ((more = tar_xattr_next(&records, name, &value)) == 1) {
		if (strncmp(name, "user.", 5) && strncmp(name, "trusted.", 8) && strncmp(name, "security.", 9))
			return refuse(u, -EBADMSG, "an extended attribute is outside of user, trusted and security");
		if (value.len > VFS_XATTR_SIZE_MAX) return refuse(u, -EBADMSG, "an extended attribute is too long");
		TRY(failed(u, inode->ops->setxattr(inode, name, value.base, value.len, 0)));
	}
	if (more == -ENAMETOOLONG) return refuse(u, more, "the name of an extended attribute is longer than 255 bytes");
	return more ? refuse(u, more, "an extended attribute is malformed") : 0;
}

static int fill(const struct unpacking *u, struct inode *inode) {
	struct cursor c = cursor_of(u->entry->content);
	void *page;

	for (u64 index = 0; cursor_left(&c); index++) {
		struct span part = cursor_take(&c, min_u64(cursor_left(&c), PAGE_SIZE));

		TRY(failed(u, inode->ops->page(inode, index, true, &page)));
		memcpy(page, part.base, part.len);
		port_page_put(page);
		inode->size += part.len;
	}
	return 0;
}

/* Takes away a non-directory that an earlier entry made under this name. */
static int replace_earlier(const struct unpacking *u, struct inode *dir, struct name last) {
	RELEASED(inode_drop) struct inode *earlier = NULL;

	if (look_up(dir, last, &earlier)) return 0;
	if (is_dir(earlier)) return refuse(u, -EBADMSG, "an earlier entry made a directory of that name");
	return failed(u, dir->ops->unlink(dir, last, earlier));
}

/* A directory, a file or a symlink, whose mode stays. */
static int unpack_inode(const struct unpacking *u, struct inode *dir, struct name last, u32 type) {
	RELEASED(inode_drop) struct inode *inode = NULL;
	const struct tar_entry *entry = u->entry;

	if (type == S_IFDIR && !last.len) {
		inode = dir; /* the root */
		inode_get(inode);
	} else if (type != S_IFDIR) {
		TRY(replace_earlier(u, dir, last));
	}
	if (!inode && look_up(dir, last, &inode)) TRY(make(u, dir, last, type, &inode));
	if (type == S_IFDIR && !is_dir(inode))
		return refuse(u, -EBADMSG, "an earlier entry of that name is not a directory");
	TRY(fill(u, inode));
	inode->mode = type | (type == S_IFLNK ? 0777 : entry->mode);
	inode->uid = entry->uid;
	inode->gid = entry->gid;
	inode->atime = inode->mtime = entry->mtime;
	return set_xattrs(u, inode);
}

static int check_target(const struct unpacking *u) {
	struct span link = u->entry->link;

	if (link.len >= VFS_PATH_MAX) return refuse(u, -ENAMETOOLONG, "its target is longer than 4095 bytes");
	return link.len && !memchr(link.base, '\0', link.len) ? 0 : refuse(u, -EBADMSG, "its target is not a name");
}

static int unpack_link(const struct unpacking *u, struct inode *dir, struct name last) {
	RELEASED(inode_drop) struct inode *target_dir = NULL, *target = NULL, *earlier = NULL;
	struct name target_last;
	int err = find_parent(u, u->entry->link, false, &target_dir, &target_last);

	if (!err) err = target_last.len ? look_up(target_dir, target_last, &target) : -ENOENT;
	if (err == -ENOENT) return refuse(u, -EBADMSG, "what it links to is not there");
	TRY(err); /* find_parent has said why */
	if (is_dir(target)) return refuse(u, -EBADMSG, "it links to a directory");
	if (look_up(dir, last, &earlier) == 0 && earlier == target) return 0; /* said twice */
	TRY(replace_earlier(u, dir, last));
	return failed(u, dir->ops->link(dir, last, target));
}

static int unpack_entry(const struct unpacking *u) {
	RELEASED(inode_drop) struct inode *dir = NULL;
	enum tar_type type = u->entry->type;
	struct name last;

	u->report->count[type]++;
	if (type == TAR_DEVICE) return 0;
	TRY(find_parent(u, u->entry->name, true, &dir, &last));
	if (type == TAR_DIRECTORY) return unpack_inode(u, dir, last, S_IFDIR);
	if (!last.len) return refuse(u, -EBADMSG, "only a directory can be the root");
	if (type == TAR_FILE) return unpack_inode(u, dir, last, S_IFREG);
	if (type == TAR_LINK) return unpack_link(u, dir, last);
	TRY(check_target(u));
	return unpack_inode(u, dir, last, S_IFLNK);
}

int tar_unpack(struct superblock *sb, struct span tar, struct tar_report *ret_report) {
	struct tar_reader reader = { .in = cursor_of(tar) };
	struct tar_entry entry;
	struct unpacking u = { sb, ret_report, &entry };
	int err;

	*ret_report = (struct tar_report){ 0 };
	while ((err = tar_next(&reader, &entry)) == 1) {
		err = unpack_entry(&u);
		if (err) return err; /* which has said why */
		reader.name.len = 0;
	}
	if (err) describe(ret_report, reader.name, reader.why);
	return err;
}
