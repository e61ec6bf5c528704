/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/rootfs_dir.c - loads a root from a directory, without privilege.
 *
 * Everything becomes owned by 0:0 with time 0, so that the image depends on content, names, modes and labels alone.
 * Entries are visited in packing order: of the names of one file the first carries the content.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tools/rootfs.h"

#define DEPTH_MAX 256u

struct inode_key {
	dev_t dev;
	ino_t ino;
	struct rootfs_entry *entry;
};

struct walk {
	struct rootfs *fs;
	const char *root; /* the directory, for sentences */
	void *inodes; /* struct inode_key, of files with several names */
	unsigned depth;
};

static int by_inode(const void *a, const void *b) {
	const struct inode_key *left = a, *right = b;

	if (left->dev != right->dev) return left->dev < right->dev ? -1 : 1;
	return left->ino < right->ino ? -1 : left->ino > right->ino;
}

/* Notes the entry as the first name of its file, or makes it a further one. */
static void note_inode(struct walk *w, const struct stat *st, struct rootfs_entry *entry) {
	struct inode_key *key = cli_alloc(sizeof(*key));
	struct inode_key **found;

	*key = (struct inode_key){ st->st_dev, st->st_ino, entry };
	found = tsearch(key, &w->inodes, by_inode);
	if (!found || *found == key) return;
	entry->link = (*found)->entry;
	entry->link->linked = true;
	free(key);
}

static void read_xattr(struct rootfs *fs, struct rootfs_entry *entry, int fd, const char *name) {
	static u8 value[ROOTFS_XATTR_MAX];
	ssize_t len;

	if (!rootfs_keeps_xattr(name, true)) {
		fs->foreign_xattrs += strncmp(name, "security.", 9) != 0;
		return;
	}
	len = fgetxattr(fd, name, value, sizeof(value));
	if (len >= 0) rootfs_set_xattr(entry, name, value, (size_t)len);
}

static void read_xattrs(struct rootfs *fs, struct rootfs_entry *entry, int fd) {
	static char names[ROOTFS_XATTR_MAX];
	ssize_t len = flistxattr(fd, names, sizeof(names));

	for (const char *p = names; len > 0 && p < names + len; p += strlen(p) + 1) read_xattr(fs, entry, fd, p);
}

static int read_regular(struct walk *w, struct rootfs_entry *entry, int fd) {
	char *name = cli_text("%s/%s", w->root, entry->path);
	int status = cli_read_fd(fd, name, ROOTFS_BYTES_MAX, &entry->data);

	free(name);
	if (!status) status = rootfs_account(w->fs, entry->path, entry->data.len);
	if (!status) read_xattrs(w->fs, entry, fd);
	return status;
}

static int read_link(struct walk *w, struct rootfs_entry *entry, int dir, const char *name) {
	char target[ROOTFS_PATH_MAX + 2];
	ssize_t len = readlinkat(dir, name, target, sizeof(target) - 1);

	if (len < 0) return cli_fail("cannot read the link %s/%s: %s", w->root, entry->path, strerror(errno));
	target[len] = '\0';
	return rootfs_set_target(entry, target);
}

static int load_children(struct walk *w, int fd, const char *path);

static int load_opened(struct walk *w, int fd, const struct stat *st, const char *path) {
	struct rootfs_entry *entry;
	int status = rootfs_add(w->fs, path, st->st_mode & (S_IFMT | 07777), &entry);

	if (status) return status;
	if (S_ISDIR(st->st_mode)) {
		read_xattrs(w->fs, entry, fd);
		return load_children(w, fd, path);
	}
	if (st->st_nlink > 1) note_inode(w, st, entry);
	return entry->link ? 0 : read_regular(w, entry, fd);
}

static int load_entry(struct walk *w, int dir, const char *name, const char *path) {
	struct rootfs_entry *entry;
	struct stat st;
	int fd, status;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cli_fail("cannot examine %s/%s: %s", w->root, path, strerror(errno));
	if (S_ISLNK(st.st_mode)) {
		status = rootfs_add(w->fs, path, S_IFLNK | 0777, &entry);
		return status ? status : read_link(w, entry, dir, name);
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		w->fs->skipped++;
		return 0;
	}
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		status = cli_fail("cannot open %s/%s: %s", w->root, path, strerror(errno));
		if (fd >= 0)
			(void)close(fd); /* the failure was told */
		return status;
	}
	status = load_opened(w, fd, &st, path);
	(void)close(fd); /* only read from */
	return status;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int list_names(const struct walk *w, int fd, const char *path, char ***ret_names, size_t *ret_count) {
	int copy = dup(fd);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	char **names = NULL;
	size_t count = 0;
	struct dirent *d;

	if (!dir) {
		if (copy >= 0)
			(void)close(copy); /* the failure is told below */
		return cli_fail("cannot read the directory %s/%s: %s", w->root, path, strerror(errno));
	}
	while ((d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
		names = cli_grow(names, (count + 1) * sizeof(*names));
		names[count++] = cli_text("%s", d->d_name);
	}
	(void)closedir(dir); /* only read from */
	if (count) qsort(names, count, sizeof(*names), by_name);
	*ret_names = names;
	*ret_count = count;
	return 0;
}

static int load_children(struct walk *w, int fd, const char *path) {
	char **names = NULL;
	size_t count = 0;
	int status;

	if (w->depth == DEPTH_MAX)
		return cli_fail("%s/%s lies more than %u directories deep", w->root, path, DEPTH_MAX);
	status = list_names(w, fd, path, &names, &count);
	if (status) return status;
	w->depth++;
	for (size_t i = 0; i < count; i++) {
		char *child = cli_text("%s%s%s", path, *path ? "/" : "", names[i]);

		if (!status) status = load_entry(w, fd, names[i], child);
		free(child);
		free(names[i]);
		cli_progress("read entries:", w->fs->count, SIZE_MAX);
	}
	w->depth--;
	free(names);
	return status;
}

int rootfs_load_dir(struct rootfs *fs, const char *path) {
	struct walk w = { .fs = fs, .root = path };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status;

	if (fd < 0) return cli_fail("cannot open the directory %s: %s", path, strerror(errno));
	status = load_children(&w, fd, "");
	cli_progress("", 1, 1);
	tdestroy(w.inodes, free);
	(void)close(fd); /* only read from */
	return status;
}
