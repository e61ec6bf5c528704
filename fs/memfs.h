/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/memfs.h - a file system in memory: the root, filled from a pax tar, and tmpfs.
 *
 * Content lives in pages (port_page_*) that stay resident, so that the pages that were hashed are the pages that
 * are mapped. The root directory is inode 1; the others count from 2 in the order of their making; generation is 0.
 *
 * Context    task context.
 * Ownership  the superblock owns everything; memfs_create gives the caller one reference.
 * Errors     -ENOMEM, -ENOSPC over max_bytes or max_inodes, -EFBIG beyond 128 TiB.
 */
#pragma once

#include "fs/vfs.h"

struct memfs_options {
	const char *fsname; /* static */
	u64 magic;
	/* Of content, links' targets and extended attributes; of names. 0: no limit of its own. */
	u64 max_bytes, max_inodes;
	u32 root_mode, root_uid, root_gid; /* permission bits */
};

must_check int memfs_create(const struct memfs_options *options, struct superblock **ret_sb);
