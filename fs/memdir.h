/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/memdir.h - the entries of a directory in memory: found by hash, listed in the order of their making.
 *
 * Context    task context.
 * Units      positions grow with every entry made and are never used again, so a reader that stands in the
 *            middle misses nothing and sees nothing twice when others are removed.
 * Ownership  an entry holds one reference on its inode.
 * Errors     -ENOMEM.
 */
#ifndef ASSAY_MEMDIR_H
#define ASSAY_MEMDIR_H

#include "fs/vfs.h"

struct mementry {
	struct list link;
	struct mementry *hash_next;
	u64 pos;
	u32 hash;
	u32 len;
	struct inode *inode;
	char name[];
};

struct memdir {
	struct list entries;
	struct mementry **buckets;
	u32 bucket_count; /* a power of two, or 0 before the first entry */
	u32 count;
	u64 next_pos;
};

#define MEMDIR_FIRST_POS 2u /* 0 and 1 are "." and ".." */

void memdir_init(struct memdir *dir);
struct mementry *memdir_find(const struct memdir *dir, const char *name, size_t len);
must_check int memdir_add(struct memdir *dir, const char *name, size_t len, struct inode *inode);
/* Puts the inode too. */
void memdir_remove(struct memdir *dir, struct mementry *entry);
/* Removes everything. */
void memdir_clear(struct memdir *dir);

#endif
