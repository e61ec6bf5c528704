/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/tarfs.c - entries of a tar become inodes of an empty memfs.
 *
 * Names are checked component by component before anything is made, and symlinks are never followed: what an entry
 * makes lies where its name says, inside the file system.
 */
#include "fs/tarfs.h"

#include "fs/tar.h"

#define SHOWN_NAME 120 /* of an entry's name, in a report */

struct unpacking {
	struct superblock *sb;
	struct tar_report *report;
	const struct tar_entry *entry;
};

/* Unpacking acts as uid 0. */
static const struct cred root_cred;

static void describe(struct tar_report *report, struct span name, const char *why) {
	char shown[SHOWN_NAME + 1];
	size_t len = min_u64(name.len, SHOWN_NAME);

	for (size_t i = 0; i < len; i++)
		shown[i] = (char)(name.base[i] < 0x20 || name.base[i] == 0x7f ? '?' : name.base[i]);
	shown[len] = '\0';
	if (name.len)
		(void)text_format(report->why, sizeof(report->why), "tar entry \"%s\"%s: %s", shown,
				  name.len > len ? "..." : "", why);
	else
		(void)text_format(report->why, sizeof(report->why), "tar: %s", why);
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
static int next_component(const struct unpacking *u, struct cursor *c, struct span *ret_component) {
	while (cursor_left(c)) {
		size_t len = 0, left = cursor_left(c);
		struct span part;

		while (len < left && c->base[c->pos + len] != '/') len++;
		part = cursor_take(c, len);
		if (cursor_left(c)) cursor_skip(c, 1);
		if (len == 0 || (len == 1 && part.base[0] == '.')) continue;
		if (len == 2 && memcmp(part.base, "..", 2) == 0)
			return refuse(u, -EBADMSG, "the name has a \"..\" component");
		if (len > VFS_NAME_MAX)
			return refuse(u, -ENAMETOOLONG, "a component of the name is longer than 255 bytes");
		*ret_component = part;
		return 1;
	}
	return 0;
}

static bool is_dir(const struct inode *inode) { return inode_is(inode, S_IFDIR); }

static int look_up(struct inode *dir, struct span name, struct inode **ret_inode) {
	return dir->ops->lookup(dir, (const char *)name.base, name.len, ret_inode);
}

static int make(struct inode *dir, struct span name, u32 mode, const char *target, struct inode **ret_inode) {
	TRY(dir->ops->create(dir, (const char *)name.base, name.len, mode, 0, target, &root_cred, ret_inode));
	inode_changed(dir, true);
	return 0;
}

/*
 * The directory of the final component, missing ones made, referenced; the component in ret_last, empty when the name
 * is the root itself.
 */
static int find_parent(const struct unpacking *u, struct span name, bool may_make, struct inode **ret_dir,
		       struct span *ret_last) {
	RELEASED(inode_drop) struct inode *dir = u->sb->root;
	struct cursor c = cursor_of(name);
	struct span last = { NULL, 0 }, following;
	int err, more;

	inode_get(dir);
	TRY(check_name(u, name));
	TRY(next_component(u, &c, &last));
	while ((more = next_component(u, &c, &following)) == 1) {
		struct inode *outer = dir;

		dir = NULL;
		err = look_up(outer, last, &dir);
		if (err == -ENOENT && may_make) err = make(outer, last, S_IFDIR | 0755, NULL, &dir);
		inode_put(outer);
		TRY(failed(u, err));
		if (!is_dir(dir)) return refuse(u, -EBADMSG, "its directory is not a directory");
		last = following;
	}
	TRY(more);
	*ret_dir = TAKE(dir);
	*ret_last = last;
	return 0;
}

static void set_attributes(struct inode *inode, const struct tar_entry *entry) {
	inode->mode = (inode->mode & S_IFMT) | entry->mode;
	inode->uid = entry->uid;
	inode->gid = entry->gid;
	inode->atime = inode->mtime = entry->mtime;
}

static int set_xattrs(const struct unpacking *u, struct inode *inode) {
	struct cursor records = cursor_of(u->entry->records);
	char name[VFS_XATTR_NAME_MAX + 1];
	struct span value;
	int err;

	while ((err = tar_xattr_next(&records, name, &value)) == 1) {
		err = inode->ops->setxattr(inode, name, value.base, value.len, 0);
		if (err == -EOPNOTSUPP)
			return refuse(u, -EBADMSG, "an extended attribute is outside of user, trusted and security");
		if (err == -E2BIG || err == -ERANGE)
			return refuse(u, -EBADMSG, "an extended attribute is too long or has no name");
		if (err) return failed(u, err);
	}
	if (err == -ENAMETOOLONG) return refuse(u, err, "the name of an extended attribute is longer than 255 bytes");
	return err ? refuse(u, err, "an extended attribute is malformed") : 0;
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
static int replace_earlier(const struct unpacking *u, struct inode *dir, struct span last) {
	RELEASED(inode_drop) struct inode *earlier = NULL;

	if (look_up(dir, last, &earlier)) return 0;
	if (is_dir(earlier)) return refuse(u, -EBADMSG, "an earlier entry made a directory of that name");
	return failed(u, dir->ops->unlink(dir, (const char *)last.base, last.len, false));
}

static int unpack_directory(const struct unpacking *u, struct inode *dir, struct span last) {
	RELEASED(inode_drop) struct inode *inode = u->sb->root;

	inode_get(inode);
	if (last.len) {
		inode_put(inode);
		inode = NULL;
		if (look_up(dir, last, &inode)) TRY(failed(u, make(dir, last, S_IFDIR | 0755, NULL, &inode)));
	}
	if (!is_dir(inode)) return refuse(u, -EBADMSG, "an earlier entry of that name is not a directory");
	set_attributes(inode, u->entry);
	u->report->directories++;
	return set_xattrs(u, inode);
}

static int unpack_file(const struct unpacking *u, struct inode *dir, struct span last) {
	RELEASED(inode_drop) struct inode *inode = NULL;

	TRY(replace_earlier(u, dir, last));
	TRY(failed(u, make(dir, last, S_IFREG | 0600, NULL, &inode)));
	TRY(fill(u, inode));
	set_attributes(inode, u->entry);
	u->report->files++;
	return set_xattrs(u, inode);
}

static int unpack_symlink(const struct unpacking *u, struct inode *dir, struct span last) {
	RELEASED(inode_drop) struct inode *inode = NULL;
	struct span link = u->entry->link;
	char *target;
	int err;

	if (link.len >= VFS_PATH_MAX) return refuse(u, -ENAMETOOLONG, "its target is longer than 4095 bytes");
	if (!link.len || memchr(link.base, '\0', link.len)) return refuse(u, -EBADMSG, "its target is not a name");
	TRY(replace_earlier(u, dir, last));
	target = port_alloc(link.len + 1);
	if (!target) return failed(u, -ENOMEM);
	memcpy(target, link.base, link.len);
	err = failed(u, make(dir, last, S_IFLNK | 0777, target, &inode));
	port_free(target);
	TRY(err);
	set_attributes(inode, u->entry);
	inode->mode = S_IFLNK | 0777;
	u->report->symlinks++;
	return set_xattrs(u, inode);
}

static int unpack_link(const struct unpacking *u, struct inode *dir, struct span last) {
	RELEASED(inode_drop) struct inode *target_dir = NULL, *target = NULL, *earlier = NULL;
	struct span target_last;
	int err = find_parent(u, u->entry->link, false, &target_dir, &target_last);

	if (!err) err = target_last.len ? look_up(target_dir, target_last, &target) : -ENOENT;
	if (err == -ENOENT) return refuse(u, -EBADMSG, "what it links to is not there");
	TRY(err); /* find_parent has said why */
	if (is_dir(target)) return refuse(u, -EBADMSG, "it links to a directory");
	if (look_up(dir, last, &earlier) == 0 && earlier == target) return 0; /* said twice */
	TRY(replace_earlier(u, dir, last));
	TRY(failed(u, dir->ops->link(dir, (const char *)last.base, last.len, target)));
	u->report->links++;
	return 0;
}

static int unpack_entry(const struct unpacking *u) {
	RELEASED(inode_drop) struct inode *dir = NULL;
	struct span last;

	if (u->entry->type == TAR_DEVICE) {
		u->report->skipped_devices++;
		return 0;
	}
	TRY(find_parent(u, u->entry->name, true, &dir, &last));
	if (u->entry->type == TAR_DIRECTORY) return unpack_directory(u, dir, last);
	if (!last.len) return refuse(u, -EBADMSG, "only a directory can be the root");
	if (u->entry->type == TAR_FILE) return unpack_file(u, dir, last);
	return u->entry->type == TAR_SYMLINK ? unpack_symlink(u, dir, last) : unpack_link(u, dir, last);
}

int tar_unpack(struct superblock *sb, struct span tar, struct tar_report *ret_report) {
	struct tar_reader reader = tar_open(tar);
	struct tar_report report = { 0 };
	struct tar_entry entry;
	struct unpacking u = { sb, &report, &entry };
	int err;

	while ((err = tar_next(&reader, &entry)) == 1) {
		err = unpack_entry(&u);
		if (err) break;
		reader.name.len = 0;
	}
	if (err && !report.why[0]) describe(&report, reader.name, reader.why);
	*ret_report = report;
	return err;
}
