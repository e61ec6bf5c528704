/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/rootfs.h - the root file system of an image while it is being built.
 *
 * A struct rootfs is a list of entries in packing order, which is the order of inode numbers in the guest:
 * bytewise by component for a directory, the archive's own order for a tar. Loading refuses every name that the
 * guest would refuse, and a tar without its end. A `name.sig` beside the file `name` becomes its label when it is an
 * IMA signature, stays a file (with a warning) when it is nothing of IMA's, and is refused otherwise.
 *
 * Context    host programs.
 * Units      bytes; mtime in seconds since 1970.
 * Ownership  the rootfs owns its entries; freed by rootfs_free.
 * Errors     0 or an exit status with the sentence printed (tools/cli.h).
 * Source     POSIX.1-2017 pax; SCHILY.xattr.* as GNU tar and libarchive write it.
 */
#pragma once

#include "kernel/base/types.h"
#include "tools/cli.h"

#define ROOTFS_PATH_MAX 4095u  /* as it stands in the tar: of a directory with the slash behind it */
#define ROOTFS_NAME_MAX 255u   /* one component */
#define ROOTFS_BYTES_MAX (1u << 30) /* content of all files together */
#define ROOTFS_XATTR_MAX 65536u
#define LABEL_IMA "security.ima"

struct rootfs_xattr {
	char *name;
	u8 *value;
	size_t len;
};

struct rootfs_entry {
	char *path;  /* "usr/bin/x": no slash at either end */
	u32 mode;    /* S_IFREG, S_IFDIR or S_IFLNK, and permission bits */
	u32 uid, gid;
	u64 mtime;
	struct buf data;           /* of regular files */
	char *target;              /* of symbolic links */
	struct rootfs_entry *link; /* set on every further name of a file: the entry with its content */
	bool linked;               /* further names refer to this entry */
	struct rootfs_xattr *xattrs; /* sorted by name */
	size_t xattr_count;
};

struct rootfs {
	struct rootfs_entry **entries;
	size_t count, cap;
	void *index;     /* by path, tsearch(3) */
	bool sorted;     /* keep bytewise order, a directory's content directly behind it */
	u64 bytes;       /* content so far */
	size_t skipped;  /* device nodes, FIFOs, sockets left out */
	size_t foreign_xattrs; /* trusted.*, system.* and other attributes left out */
};

/* A directory, or an archive in tar format under any common compression. */
must_check int rootfs_load(struct rootfs *fs, const char *path);
void rootfs_free(struct rootfs *fs);

/* NULL when there is none. path as in rootfs_entry. */
struct rootfs_entry *rootfs_find(const struct rootfs *fs, const char *path);
/* Follows symbolic links, as the guest's root would; NULL when it leads nowhere. A leading slash is fine. */
struct rootfs_entry *rootfs_resolve(const struct rootfs *fs, const char *path);

/*
 * Adds an entry; path is checked, copied and completed by parent directories (0755, owned by 0:0). A second
 * entry of the same name is refused.
 */
must_check int rootfs_add(struct rootfs *fs, const char *path, u32 mode, struct rootfs_entry **ret_entry);
/* Makes path a regular file, 0644, owned by 0:0, with this content and no attributes, was it there or not. */
must_check int rootfs_put(struct rootfs *fs, const char *path, const void *bytes, size_t len,
			  struct rootfs_entry **ret_entry);
/*
 * Why these bytes of a sidecar are no signature that can be taken in, as text behind its name; NULL when they are one.
 */
const char *rootfs_sidecar_fault(struct span bytes);
/* Restores packing order and takes in the signature sidecars; called by rootfs_load. */
must_check int rootfs_finish(struct rootfs *fs);

/* Checks and copies the text of a symbolic link. */
must_check int rootfs_set_target(struct rootfs_entry *entry, const char *target);
/* Replaces or adds. A value is copied. */
void rootfs_set_xattr(struct rootfs_entry *entry, const char *name, const void *value, size_t len);
const struct rootfs_xattr *rootfs_xattr(const struct rootfs_entry *entry, const char *name);
/* An attribute of this name is packed; with host set also no label of the build machine's own LSM. */
bool rootfs_keeps_xattr(const char *name, bool host);
/* Accounts len bytes more of content; a status when it is too much for an image. */
must_check int rootfs_account(struct rootfs *fs, const char *path, u64 len);

/* The two loaders behind rootfs_load. */
must_check int rootfs_load_dir(struct rootfs *fs, const char *path);
must_check int rootfs_load_archive(struct rootfs *fs, const char *path);

/* Appends the POSIX tar with pax headers: the bytes depend on the entries alone. */
void rootfs_write_pax(const struct rootfs *fs, struct buf *b);
