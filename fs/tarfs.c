/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/tarfs.c - entries of a tar become inodes of an empty memfs.
 *
 * Names are checked component by component before anything is made, and symlinks are never followed: what an entry
 * makes lies where its name says, inside the file system.
 */
#include "fs/tarfs.h"

#include "fs/tar.h"
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"

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
	return 0;
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

static bool is_dir(const struct inode *inode) { return (inode->mode & S_IFMT) == S_IFDIR; }

static int make(struct inode *dir, struct span name, u32 mode, const char *target, struct inode **ret_inode) {
	int err = dir->ops->create(dir, (const char *)name.base, name.len, mode, 0, target, &root_cred, ret_inode);

	if (!err) inode_changed(dir, true);
	return err;
}

/*
 * The directory of the final component, missing ones made, referenced; the component in ret_last, empty when the name
 * is the root itself.
 */
static int find_parent(const struct unpacking *u, struct span name, bool may_make, struct inode **ret_dir,
		       struct span *ret_last) {
	struct cursor c = cursor_of(name);
	struct inode *dir = u->sb->root, *next;
	struct span last = { NULL, 0 }, following;
	int more = check_name(u, name);

	if (!more && name.base[0] == '/') more = refuse(u, -EBADMSG, "the name is absolute");
	if (!more) more = next_component(u, &c, &last);
	if (more < 0) return more;
	inode_get(dir);
	while (more > 0 && (more = next_component(u, &c, &following)) > 0) {
		int err = dir->ops->lookup(dir, (const char *)last.base, last.len, &next);

		if (err == -ENOENT && may_make) err = make(dir, last, S_IFDIR | 0755, NULL, &next);
		inode_put(dir);
		if (err) return failed(u, err);
		dir = next;
		if (!is_dir(dir)) {
			inode_put(dir);
			return refuse(u, -EBADMSG, "its directory is not a directory");
		}
		last = following;
	}
	if (more < 0) {
		inode_put(dir);
		return more;
	}
	*ret_dir = dir;
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

	for (u64 index = 0; cursor_left(&c); index++) {
		size_t len = min_u64(cursor_left(&c), PAGE_SIZE);
		void *page;
		int err = inode->ops->page(inode, index, true, &page);

		if (err) return failed(u, err);
		err = cursor_get_bytes(&c, page, len);
		port_page_put(page);
		if (err) return failed(u, err);
		inode->size += len;
	}
	return 0;
}

/* Takes away a non-directory that an earlier entry made under this name. */
static int replace_earlier(const struct unpacking *u, struct inode *dir, struct span last) {
	const char *name = (const char *)last.base;
	struct inode *earlier;
	int err = dir->ops->lookup(dir, name, last.len, &earlier);

	if (err == -ENOENT) return 0;
	if (err) return failed(u, err);
	if (is_dir(earlier))
		err = refuse(u, -EBADMSG, "an earlier entry made a directory of that name");
	else
		err = failed(u, dir->ops->unlink(dir, name, last.len, false));
	inode_put(earlier);
	return err;
}

static int unpack_directory(const struct unpacking *u, struct inode *dir, struct span last) {
	struct inode *inode = u->sb->root;
	int err = 0;

	if (!last.len)
		inode_get(inode);
	else
		err = dir->ops->lookup(dir, (const char *)last.base, last.len, &inode);
	if (err == -ENOENT) err = make(dir, last, S_IFDIR | 0755, NULL, &inode);
	if (err) return failed(u, err);
	if (is_dir(inode)) {
		set_attributes(inode, u->entry);
		err = set_xattrs(u, inode);
		u->report->directories++;
	} else {
		err = refuse(u, -EBADMSG, "an earlier entry of that name is not a directory");
	}
	inode_put(inode);
	return err;
}

static int unpack_file(const struct unpacking *u, struct inode *dir, struct span last) {
	struct inode *inode;
	int err = failed(u, make(dir, last, S_IFREG | 0600, NULL, &inode));

	if (err) return err;
	err = fill(u, inode);
	if (!err) err = set_xattrs(u, inode);
	set_attributes(inode, u->entry);
	inode_put(inode);
	u->report->files++;
	return err;
}

static int unpack_symlink(const struct unpacking *u, struct inode *dir, struct span last) {
	struct span link = u->entry->link;
	struct inode *inode;
	char *target;
	int err;

	if (!link.len || link.len >= VFS_PATH_MAX || memchr(link.base, '\0', link.len))
		return refuse(u, link.len >= VFS_PATH_MAX ? -ENAMETOOLONG : -EBADMSG, "its target is not a name");
	target = port_alloc(link.len + 1);
	if (!target) return failed(u, -ENOMEM);
	memcpy(target, link.base, link.len);
	err = failed(u, make(dir, last, S_IFLNK | 0777, target, &inode));
	port_free(target);
	if (err) return err;
	err = set_xattrs(u, inode);
	set_attributes(inode, u->entry);
	inode->mode = S_IFLNK | 0777;
	inode_put(inode);
	u->report->symlinks++;
	return err;
}

static int find_link_target(const struct unpacking *u, struct inode **ret_inode) {
	struct inode *dir;
	struct span last;
	int err = find_parent(u, u->entry->link, false, &dir, &last);

	if (err) return err == -ENOENT ? refuse(u, -EBADMSG, "what it links to is not there") : err;
	err = last.len ? dir->ops->lookup(dir, (const char *)last.base, last.len, ret_inode) : -ENOENT;
	inode_put(dir);
	if (err == -ENOENT) return refuse(u, -EBADMSG, "what it links to is not there");
	if (err) return failed(u, err);
	if (is_dir(*ret_inode)) {
		inode_put(*ret_inode);
		return refuse(u, -EBADMSG, "it links to a directory");
	}
	return 0;
}

static int unpack_link(const struct unpacking *u, struct inode *dir, struct span last) {
	struct inode *target, *earlier;
	int err = find_link_target(u, &target);

	if (err) return err;
	if (dir->ops->lookup(dir, (const char *)last.base, last.len, &earlier) == 0) {
		bool same = earlier == target;

		inode_put(earlier);
		if (same) { /* said twice */
			inode_put(target);
			return 0;
		}
	}
	err = replace_earlier(u, dir, last);
	if (!err) err = failed(u, dir->ops->link(dir, (const char *)last.base, last.len, target));
	inode_put(target);
	if (!err) u->report->links++;
	return err;
}

static int unpack_entry(const struct unpacking *u) {
	struct inode *dir;
	struct span last;
	int err;

	if (u->entry->type == TAR_DEVICE) {
		u->report->skipped_devices++;
		return 0;
	}
	err = find_parent(u, u->entry->name, true, &dir, &last);
	if (err) return err;
	if (!last.len && u->entry->type != TAR_DIRECTORY)
		err = refuse(u, -EBADMSG, "only a directory can be the root");
	if (!err && u->entry->type != TAR_DIRECTORY && u->entry->type != TAR_LINK)
		err = replace_earlier(u, dir, last);
	if (err) {
		inode_put(dir);
		return err;
	}
	if (u->entry->type == TAR_DIRECTORY)
		err = unpack_directory(u, dir, last);
	else if (u->entry->type == TAR_FILE)
		err = unpack_file(u, dir, last);
	else if (u->entry->type == TAR_SYMLINK)
		err = unpack_symlink(u, dir, last);
	else
		err = unpack_link(u, dir, last);
	inode_put(dir);
	return err;
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
