/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/tarfs.h - fills an empty memfs from a POSIX tar with pax headers.
 *
 * SCHILY.xattr.<name> records become extended attributes. A leading "./" is nothing; missing directories are made
 * 0755 root; a later entry replaces an earlier one of its name (a directory keeps its content). Device nodes are
 * skipped and counted and take no inode number. Refused: absolute names, ".." components, a name through something
 * that is no directory, attributes outside of user, trusted and security, whatever fs/tar.h refuses.
 *
 * Context    boot, task context.
 * Ownership  the archive's bytes are copied. On failure the file system is left as far as it got; the caller halts.
 * Errors     -EBADMSG, -ENAMETOOLONG, -ENOMEM, -ENOSPC: then ret_report->why is a sentence that names the entry.
 * Source     as fs/tar.h.
 */
#pragma once

#include "fs/vfs.h"

enum tar_type { TAR_FILE, TAR_LINK, TAR_SYMLINK, TAR_DEVICE, TAR_DIRECTORY, TAR_TYPES };

struct tar_report {
	u64 count[TAR_TYPES]; /* entries; the devices among them were skipped */
	char why[256]; /* the only output that counts after a failure */
};

must_check int tar_unpack(struct superblock *sb, struct span tar, struct tar_report *ret_report);
