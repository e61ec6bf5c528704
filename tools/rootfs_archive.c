/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/rootfs_archive.c - loads a root from a tar that libarchive can read, compressed or not.
 *
 * Order, ownership, times and attributes stay those of the archive. Names are checked before anything
 * is taken over; sizes count as they arrive, never as they are announced. An archive without its end is refused,
 * since one that is cut between two entries lacks nothing else.
 */
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/rootfs.h"

#define READ_LEN (1u << 16)
#define END_LEN 1024 /* two zero blocks */

static const char *reason(struct archive *a) {
	const char *text = archive_error_string(a);

	return text ? text : "it ends too early";
}

/* "./usr//bin/" becomes "usr/bin" in place; an absolute name stays one, "./" becomes "". */
static void normalise(char *path) {
	char *out = path;
	const char *in = path;

	if (*in == '/') return;
	while (*in) {
		size_t len = strcspn(in, "/");

		if (len && !(len == 1 && in[0] == '.')) {
			if (out != path) *out++ = '/';
			memmove(out, in, len);
			out += len;
		}
		in += len;
		in += strspn(in, "/");
	}
	*out = '\0';
}

/* A checked copy of a name; NULL in *ret_path for the root directory itself. */
static int take_name(const char *name, const char *archive, char **ret_path) {
	char *path;

	if (!name || !*name) return cli_fail("%s: an entry has no name", archive);
	if (*name == '/') return cli_fail("%s: the name '%.200s' is absolute", archive, name);
	path = cli_text("%s", name);
	normalise(path);
	if (!*path) {
		free(path);
		path = NULL;
	}
	*ret_path = path;
	return 0;
}

static int read_content(struct rootfs *fs, struct archive *a, struct rootfs_entry *entry, const char *archive) {
	static u8 bytes[READ_LEN];

	for (;;) {
		la_ssize_t n = archive_read_data(a, bytes, sizeof(bytes));
		int status;

		if (n == 0) return 0;
		if (n < 0) return cli_fail("%s: /%s cannot be read: %s", archive, entry->path, reason(a));
		status = rootfs_account(fs, entry->path, (u64)n);
		if (status) return status;
		buf_append(&entry->data, bytes, (size_t)n);
	}
}

static int take_xattrs(struct rootfs *fs, struct archive_entry *from, struct rootfs_entry *entry) {
	const char *name;
	const void *value;
	size_t len;

	(void)archive_entry_xattr_reset(from); /* the count: the loop below ends by itself */
	while (archive_entry_xattr_next(from, &name, &value, &len) == ARCHIVE_OK) {
		if (len > ROOTFS_XATTR_MAX)
			return cli_fail("/%s: the attribute %.100s is larger than 64 KiB", entry->path, name);
		if (rootfs_keeps_xattr(name, false))
			rootfs_set_xattr(entry, name, value, len);
		else
			fs->foreign_xattrs++;
	}
	return 0;
}

static int take_hardlink(struct rootfs *fs, const char *path, const char *name, const char *archive) {
	struct rootfs_entry *entry, *first;
	char *target = NULL;
	int status = take_name(name, archive, &target);

	if (status) return status;
	first = target ? rootfs_find(fs, target) : NULL;
	if (first && first->link) first = first->link;
	if (!first || !S_ISREG(first->mode))
		status = cli_fail("%s: /%s is a hard link to '%.200s', which is no regular file before it", archive,
				  path, name);
	else
		status = rootfs_add(fs, path, first->mode, &entry);
	if (!status) {
		entry->link = first;
		first->linked = true;
	}
	free(target);
	return status;
}

static int take_plain(struct rootfs *fs, struct archive *a, struct archive_entry *from, const char *path,
		      const char *archive) {
	struct rootfs_entry *entry;
	u32 mode = archive_entry_mode(from);
	la_int64_t mtime = archive_entry_mtime(from);
	int status = rootfs_add(fs, path, mode & (S_IFMT | 07777), &entry);

	if (status) return status;
	entry->uid = (u32)archive_entry_uid(from);
	entry->gid = (u32)archive_entry_gid(from);
	entry->mtime = mtime > 0 ? (u64)mtime : 0;
	status = take_xattrs(fs, from, entry);
	if (!status && S_ISLNK(mode))
		status = rootfs_set_target(entry, archive_entry_symlink(from) ? archive_entry_symlink(from) : "");
	if (!status && S_ISREG(mode)) status = read_content(fs, a, entry, archive);
	return status;
}

static int take_entry(struct rootfs *fs, struct archive *a, struct archive_entry *from, const char *archive) {
	u32 type = archive_entry_filetype(from);
	const char *link = archive_entry_hardlink(from);
	char *path = NULL;
	int status = take_name(archive_entry_pathname(from), archive, &path);

	if (status || !path) return status;
	if (link)
		status = take_hardlink(fs, path, link, archive);
	else if (type == AE_IFREG || type == AE_IFDIR || type == AE_IFLNK)
		status = take_plain(fs, a, from, path, archive);
	else
		fs->skipped++;
	free(path);
	return status;
}

/* libarchive takes the end of the bytes for the end of the archive, too: it has read the marker or it has not. */
static int check_end(struct archive *a, la_int64_t content_end, const char *path) {
	if (archive_filter_bytes(a, 0) - content_end >= END_LEN) return 0;
	return cli_fail("%s: the archive is cut: the two zero blocks at its end are missing", path);
}

static int take_all(struct rootfs *fs, struct archive *a, const char *path) {
	struct archive_entry *from;
	la_int64_t content_end = 0; /* of the uncompressed bytes */
	int status = 0;

	while (!status) {
		int err = archive_read_next_header(a, &from);

		if (err == ARCHIVE_EOF) return check_end(a, content_end, path);
		if (err < ARCHIVE_WARN) return cli_fail("%s is not a whole tar archive: %s", path, reason(a));
		if (err == ARCHIVE_WARN) cli_warn("%s: %s", path, reason(a));
		status = take_entry(fs, a, from, path);
		if (!status && archive_read_data_skip(a) < ARCHIVE_WARN) /* to the end of its last block */
			status = cli_fail("%s is not a whole tar archive: %s", path, reason(a));
		content_end = archive_filter_bytes(a, 0);
		cli_progress("read entries:", fs->count, SIZE_MAX);
	}
	return status;
}

/* Only what runs inside this program: no filter that would start another one. */
static bool support(struct archive *a) {
	int (*const calls[])(struct archive *) = {
		archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
		archive_read_support_filter_lzma, archive_read_support_filter_zstd, archive_read_support_filter_lz4,
		archive_read_support_filter_compress, archive_read_support_format_tar,
		archive_read_support_format_empty,
	};

	for (size_t i = 0; i < ARRAY_COUNT(calls); i++) {
		if (calls[i](a) < ARCHIVE_WARN) return false;
	}
	return true;
}

int rootfs_load_archive(struct rootfs *fs, const char *path) {
	struct archive *a = archive_read_new();
	int status;

	/* libarchive converts pax names to the locale's character set; UTF-8 leaves them alone. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		cli_warn("the locale C.UTF-8 is missing, so names beyond ASCII may be refused");
	if (!a || !support(a))
		status = cli_fail("libarchive cannot read tar archives here");
	else if (archive_read_open_filename(a, path, READ_LEN) != ARCHIVE_OK)
		status = cli_fail("cannot open %s as a tar archive: %s", path, reason(a));
	else
		status = take_all(fs, a, path);
	cli_progress("", 1, 1);
	if (a)
		(void)archive_read_free(a); /* only read from */
	return status;
}
