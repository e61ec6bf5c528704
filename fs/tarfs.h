/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/tarfs.h - fills an empty memfs from a POSIX tar with pax headers.
 *
 * SCHILY.xattr.<name> records become extended attributes. Names that are absolute or contain ".."
 * components are refused; device nodes are skipped and counted; everything else that is not a regular file,
 * directory, symlink or hard link is refused.
 *
 * Context    boot, task context.
 * Ownership  tar bytes are copied. On failure the superblock is left as it is; the caller halts.
 * Errors     -EBADMSG malformed tar, -ENAMETOOLONG, -ENOMEM; a sentence that names the entry in ret_why.
 * Source     POSIX.1-2017 pax (ustar, extended headers); GNU tar and libarchive for SCHILY.xattr.
 */
#ifndef ASSAY_TARFS_H
#define ASSAY_TARFS_H

#include "fs/vfs.h"

struct tar_report {
	u64 files, directories, symlinks, links, skipped_devices;
	char why[256];
};

must_check int tar_unpack(struct superblock *sb, struct span tar, struct tar_report *ret_report);

#endif
