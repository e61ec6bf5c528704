/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/rootfs.c - the entries of an image's root: names, order, attributes, signature sidecars.
 *
 * Invariant: every entry's path passed check_name, occurs once, and its parent is a directory entry
 * that stands before it.
 */
#include "tools/rootfs.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/sigfmt.h"
#include "tools/utf8.h"

#define SYMLINKS_MAX 40u

static int by_path(const void *a, const void *b) {
	const struct rootfs_entry *left = a, *right = b;

	return strcmp(left->path, right->path);
}

/* A slash sorts before every other byte, so that a directory's content directly follows it. */
static int by_component(const void *a, const void *b) {
	const u8 *left = (const u8 *)(*(struct rootfs_entry *const *)a)->path;
	const u8 *right = (const u8 *)(*(struct rootfs_entry *const *)b)->path;

	while (*left && *left == *right) {
		left++;
		right++;
	}
	return (*left == '/' ? 1 : *left) - (*right == '/' ? 1 : *right);
}

struct rootfs_entry *rootfs_find(const struct rootfs *fs, const char *path) {
	struct rootfs_entry key = { .path = (char *)(uintptr_t)path };
	void *found = tfind(&key, &fs->index, by_path);

	return found ? *(struct rootfs_entry **)found : NULL;
}

/* A name that may hold bytes which a terminal should not see, quoted for a sentence. */
static char *quoted(const char *name) {
	struct buf b = { 0 };

	for (const char *p = name; *p && b.len < 200; p++) {
		if ((u8)*p < 0x20 || (u8)*p >= 0x7f)
			buf_format(&b, "\\x%02x", (u8)*p);
		else
			buf_append(&b, p, 1);
	}
	if (b.len >= 200) buf_text(&b, "...");
	buf_append(&b, "", 1);
	return (char *)b.bytes;
}

static int refuse_name(const char *name, const char *why) {
	char *shown = quoted(name);
	int status = cli_fail("the name '%s' %s", shown, why);

	free(shown);
	return status;
}

static int check_components(const char *path) {
	for (const char *p = path;;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.') return refuse_name(path, "leads upwards with '..'");
		if (len > ROOTFS_NAME_MAX) return refuse_name(path, "has a component longer than 255 bytes");
		if (len == 0 || (len == 1 && p[0] == '.')) return refuse_name(path, "has an empty component");
		if (!p[len]) return 0;
		p += len + 1;
	}
}

static int check_bytes(const char *name, size_t len) {
	if (text_has_control(name, len)) return refuse_name(name, "holds a control byte");
	if (!text_is_utf8(name, len)) return refuse_name(name, "is not valid UTF-8");
	return 0;
}

static int check_name(const char *path, u32 mode) {
	size_t len = strlen(path);
	int status = check_bytes(path, len);

	if (status) return status;
	if (len + S_ISDIR(mode) > ROOTFS_PATH_MAX)
		return refuse_name(path, S_ISDIR(mode) ? "is, with the slash of a directory, longer than 4095 bytes" :
				   "is longer than 4095 bytes");
	return check_components(path);
}

bool rootfs_keeps_xattr(const char *name, bool host) {
	static const char *const lsm[] = { "security.selinux", "security.SMACK64", "security.apparmor" };

	if (strncmp(name, "user.", 5) != 0 && strncmp(name, "security.", 9) != 0) return false;
	if (strlen(name) > 255 || strchr(name, '=') || text_has_control(name, strlen(name))) return false;
	for (size_t i = 0; host && i < ARRAY_COUNT(lsm); i++) {
		if (strncmp(name, lsm[i], strlen(lsm[i])) == 0) return false;
	}
	return true;
}

const struct rootfs_xattr *rootfs_xattr(const struct rootfs_entry *entry, const char *name) {
	for (size_t i = 0; i < entry->xattr_count; i++) {
		if (strcmp(entry->xattrs[i].name, name) == 0) return &entry->xattrs[i];
	}
	return NULL;
}

void rootfs_set_xattr(struct rootfs_entry *entry, const char *name, const void *value, size_t len) {
	size_t at = 0;
	struct rootfs_xattr *x;

	while (at < entry->xattr_count && strcmp(entry->xattrs[at].name, name) < 0) at++;
	if (at == entry->xattr_count || strcmp(entry->xattrs[at].name, name) != 0) {
		entry->xattrs = cli_grow(entry->xattrs, (entry->xattr_count + 1) * sizeof(*x));
		memmove(entry->xattrs + at + 1, entry->xattrs + at, (entry->xattr_count - at) * sizeof(*x));
		entry->xattrs[at] = (struct rootfs_xattr){ .name = cli_text("%s", name) };
		entry->xattr_count++;
	}
	x = &entry->xattrs[at];
	x->value = cli_grow(x->value, len);
	x->len = len;
	if (len) memcpy(x->value, value, len);
}

int rootfs_set_target(struct rootfs_entry *entry, const char *target) {
	size_t len = strlen(target);
	int status = check_bytes(target, len);

	if (status) return status;
	if (!len || len > ROOTFS_PATH_MAX)
		return cli_fail("the symbolic link /%s has %s target", entry->path, len ? "too long a" : "an empty");
	free(entry->target);
	entry->target = cli_text("%s", target);
	return 0;
}

int rootfs_account(struct rootfs *fs, const char *path, u64 len) {
	if (len > ROOTFS_BYTES_MAX - fs->bytes)
		return cli_fail("the root is larger than the %u MiB that an image can hold (at %s)",
				ROOTFS_BYTES_MAX >> 20, path);
	fs->bytes += len;
	return 0;
}

static int add_parents(struct rootfs *fs, const char *path) {
	const char *slash = strrchr(path, '/');
	struct rootfs_entry *parent;
	char *above;
	int status = 0;

	if (!slash) return 0;
	above = cli_text("%.*s", (int)(slash - path), path);
	parent = rootfs_find(fs, above);
	if (!parent)
		status = rootfs_add(fs, above, S_IFDIR | 0755, &parent);
	else if (!S_ISDIR(parent->mode))
		status = cli_fail("/%s stands below /%s, which is not a directory", path, above);
	free(above);
	return status;
}

int rootfs_add(struct rootfs *fs, const char *path, u32 mode, struct rootfs_entry **ret_entry) {
	struct rootfs_entry *entry;
	int status = check_name(path, mode);

	if (status) return status;
	if (rootfs_find(fs, path)) return cli_fail("/%s is there twice", path);
	status = add_parents(fs, path);
	if (status) return status;
	entry = cli_alloc(sizeof(*entry));
	entry->path = cli_text("%s", path);
	entry->mode = mode;
	if (fs->count == fs->cap) {
		fs->cap = fs->cap ? fs->cap * 2 : 256;
		fs->entries = cli_grow(fs->entries, fs->cap * sizeof(*fs->entries));
	}
	fs->entries[fs->count++] = entry;
	if (!tsearch(entry, &fs->index, by_path)) return cli_fail("out of memory");
	*ret_entry = entry;
	return 0;
}

static void drop_content(struct rootfs_entry *entry) {
	for (size_t i = 0; i < entry->xattr_count; i++) {
		free(entry->xattrs[i].name);
		free(entry->xattrs[i].value);
	}
	free(entry->xattrs);
	entry->xattrs = NULL;
	entry->xattr_count = 0;
	free(entry->target);
	entry->target = NULL;
	buf_free(&entry->data);
}

static void sort_entries(struct rootfs *fs) {
	if (fs->sorted && fs->count) qsort(fs->entries, fs->count, sizeof(*fs->entries), by_component);
}

int rootfs_put(struct rootfs *fs, const char *path, const void *bytes, size_t len, struct rootfs_entry **ret_entry) {
	struct rootfs_entry *entry = rootfs_find(fs, path);
	int status = 0;

	if (!entry)
		status = rootfs_add(fs, path, S_IFREG | 0644, &entry);
	else if (!S_ISREG(entry->mode))
		status = cli_fail("/%s of the root is not a regular file", path);
	else if (entry->link)
		status = cli_fail("/%s of the root is a hard link, so replacing it would change another file", path);
	if (!status) status = rootfs_account(fs, path, len);
	if (status) return status;
	drop_content(entry);
	entry->mode = S_IFREG | 0644;
	entry->uid = entry->gid = 0;
	buf_append(&entry->data, bytes, len);
	sort_entries(fs);
	*ret_entry = entry;
	return 0;
}

static void entry_free(struct rootfs_entry *entry) {
	drop_content(entry);
	free(entry->path);
	free(entry);
}

static void keep(void *entry) {
	(void)entry; /* entries are freed through the list */
}

void rootfs_free(struct rootfs *fs) {
	tdestroy(fs->index, keep);
	for (size_t i = 0; i < fs->count; i++) entry_free(fs->entries[i]);
	free(fs->entries);
	*fs = (struct rootfs){ 0 };
}

/* The file that a sidecar belongs to; NULL when the entry is none, as a signature of another kind. */
static struct rootfs_entry *sidecar_owner(const struct rootfs *fs, const struct rootfs_entry *sig) {
	size_t len = strlen(sig->path);
	struct rootfs_entry *owner;
	char *name;

	if (S_ISDIR(sig->mode) || len < 5 || strcmp(sig->path + len - 4, ".sig") != 0) return NULL;
	name = cli_text("%.*s", (int)(len - 4), sig->path);
	owner = rootfs_find(fs, name);
	free(name);
	if (!owner || !S_ISREG(owner->mode)) return NULL;
	if (!S_ISREG(sig->mode) || sig->link) {
		cli_warn("/%s is a link, so it is not taken as a signature", sig->path);
		return NULL;
	}
	if (sig->data.len && (!sig->data.bytes[0] || sig->data.bytes[0] >= IMA_XATTR_END)) {
		cli_warn("/%s is no IMA signature: it stays a file of its own", sig->path);
		return NULL;
	}
	return owner->link ? owner->link : owner;
}

const char *rootfs_sidecar_fault(struct span bytes) {
	struct sig_value value;

	if (!bytes.len) return "is empty, and so no signature";
	switch (bytes.base[0]) {
	case IMA_XATTR_SIG: break;
	case IMA_XATTR_DIGEST:
	case IMA_XATTR_DIGEST_NG: return "holds a digest, not a signature";
	default: return "is not an IMA signature of a file's content";
	}
	if (bytes.len > 1 && bytes.base[1] == 1) return "holds a signature of version 1, which is not supported";
	return sigfmt_parse(bytes, &value) ? "holds no whole IMA signature" : NULL;
}

static int take_sidecar(struct rootfs *fs, struct rootfs_entry *sig, struct rootfs_entry *owner) {
	struct span bytes = { sig->data.bytes, sig->data.len };
	const char *why = rootfs_sidecar_fault(bytes);

	if (why) return cli_fail("/%s %s", sig->path, why);
	if (sig->linked)
		return cli_fail("/%s is a signature with a second name, so it cannot be taken in", sig->path);
	rootfs_set_xattr(owner, LABEL_IMA, bytes.base, bytes.len);
	(void)tdelete(sig, &fs->index, by_path); /* it was found there */
	entry_free(sig);
	return 0;
}

int rootfs_finish(struct rootfs *fs) {
	size_t kept = 0;
	int status = 0;

	for (size_t i = 0; i < fs->count; i++) {
		struct rootfs_entry *entry = fs->entries[i];
		struct rootfs_entry *owner = sidecar_owner(fs, entry);

		if (owner && !status) status = take_sidecar(fs, entry, owner);
		if (!owner || status) fs->entries[kept++] = entry;
	}
	fs->count = kept;
	sort_entries(fs);
	return status;
}

/* Resolves one path, left to right; *budget bounds the symbolic links followed. */
static struct rootfs_entry *resolve(const struct rootfs *fs, const char *path, unsigned *budget) {
	struct rootfs_entry *entry = NULL;
	char *done = cli_text("%s", "");

	while (*path) {
		size_t len = strcspn(path, "/");
		bool last = !path[len + strspn(path + len, "/")];
		char *next = NULL;
		char *slash;

		if (len == 0 || (len == 1 && path[0] == '.')) {
			path += len ? len : 1;
			continue;
		}
		if (len == 2 && !memcmp(path, "..", 2)) {
			slash = strrchr(done, '/');
			*(slash ? slash : done) = '\0';
			path += len;
			continue;
		}
		next = cli_text("%s%s%.*s", done, *done ? "/" : "", (int)len, path);
		entry = rootfs_find(fs, next);
		if (entry && S_ISLNK(entry->mode) && *budget > 0) {
			char *joined = cli_text("%s%s%s%s", entry->target[0] == '/' ? "" : done,
						entry->target[0] == '/' ? "" : "/", entry->target, path + len);

			--*budget;
			entry = resolve(fs, joined, budget);
			free(joined);
			last = true;
		}
		free(done);
		done = next;
		path += len;
		if (!entry || last || S_ISLNK(entry->mode)) break;
	}
	free(done);
	return entry && !S_ISLNK(entry->mode) ? entry : NULL;
}

struct rootfs_entry *rootfs_resolve(const struct rootfs *fs, const char *path) {
	unsigned budget = SYMLINKS_MAX;
	struct rootfs_entry *entry = resolve(fs, path, &budget);

	return entry && entry->link ? entry->link : entry;
}

/* What a sentence should say once about a whole root. */
static void report(const struct rootfs *fs, const char *path) {
	if (fs->skipped)
		cli_warn("%s: device nodes, FIFOs and sockets are left out (%zu found): /dev is the kernel's", path,
			 fs->skipped);
	if (fs->foreign_xattrs)
		cli_warn("%s: extended attributes outside user.* and security.* are left out (%zu found)", path,
			 fs->foreign_xattrs);
	for (size_t i = 0; i < fs->count; i++) {
		const struct rootfs_entry *e = fs->entries[i];

		if (S_ISREG(e->mode) && (e->mode & (S_ISUID | S_ISGID)))
			cli_warn("/%s keeps its set-%s-id bit", e->path, e->mode & S_ISUID ? "user" : "group");
	}
}

int rootfs_load(struct rootfs *fs, const char *path) {
	struct stat st;
	int status;

	*fs = (struct rootfs){ 0 };
	if (stat(path, &st) < 0) return cli_fail("cannot open %s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return cli_fail("the root %s is neither a folder nor a tar file", path);
	if (S_ISREG(st.st_mode) && !st.st_size) return cli_fail("the root %s is an empty file", path);
	fs->sorted = S_ISDIR(st.st_mode);
	status = fs->sorted ? rootfs_load_dir(fs, path) : rootfs_load_archive(fs, path);
	if (!status) status = rootfs_finish(fs);
	if (!status) report(fs, path);
	return status;
}
