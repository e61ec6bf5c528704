/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/tar.h - reads the entries of a POSIX tar archive, pax headers resolved.
 *
 * Understands ustar, pax extended and global headers, GNU long names and base-256 numbers. Refuses what it does not
 * know, sparse files, an archive without its end marker or of no whole number of blocks, and anything but zeros behind
 * the marker.
 *
 * Context    any; no allocation.
 * Units      bytes.
 * Ownership  spans point into the archive, or into the reader (a name joined from two fields) until the next call.
 * Errors     -EBADMSG, with a half sentence in reader->why; reader->name then is the entry's name as far as known.
 * Source     POSIX.1-2017 pax; GNU tar manual (GNU format, SCHILY.xattr); libarchive tar(5).
 */
#pragma once

#include "fs/tarfs.h"
#include "kernel/base/cursor.h"

struct tar_entry {
	enum tar_type type;
	struct span name;
	struct span link;     /* of TAR_LINK and TAR_SYMLINK */
	struct span content;  /* of TAR_FILE */
	u32 mode;             /* permission bits */
	u32 uid, gid;
	struct vtime mtime;
	struct span records;  /* the pax records, for tar_xattr_next */
};

/* Numbers of a header that pax records may give instead. */
enum { TAR_SIZE, TAR_UID, TAR_GID, TAR_MTIME, TAR_NUMBERS };

/* What pax headers (and GNU's long names) say of the next entry, or (the global ones) of all. */
struct tar_pax {
	struct span records, path, linkpath;
	bool has[TAR_NUMBERS];
	u64 number[TAR_NUMBERS]; /* TAR_MTIME: a s64 */
	u32 mtime_nsec;
	bool schily, libarchive; /* attributes seen in either spelling */
};

/* Begins with the archive in `in` and nothing else. */
struct tar_reader {
	struct cursor in;
	struct tar_pax global;
	struct span name;
	const char *why;
	char joined[257];
};

/* 1 and an entry; 0 at the end marker. */
must_check int tar_next(struct tar_reader *reader, struct tar_entry *ret_entry);
/* The next SCHILY.xattr record: 1, or 0 when there is no more. -ENAMETOOLONG. */
must_check int tar_xattr_next(struct cursor *records, char ret_name[VFS_XATTR_NAME_MAX + 1], struct span *ret_value);
