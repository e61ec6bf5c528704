/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/memxattr.h - extended attributes of one inode in memory.
 *
 * Context    task context.
 * Units      bytes; names at most VFS_XATTR_NAME_MAX, values at most VFS_XATTR_SIZE_MAX.
 * Ownership  the list owns names and values.
 * Errors     -ENODATA not there, -EEXIST (VFS_XATTR_CREATE), -ERANGE buffer too small, -ENOMEM, -E2BIG.
 */
#ifndef ASSAY_MEMXATTR_H
#define ASSAY_MEMXATTR_H

#include "fs/vfs.h"

struct memxattr;

/* cap 0: only the size. */
ssize memxattr_get(const struct memxattr *list, const char *name, void *buf, size_t cap);
/* Replaces as a whole; on failure the old value stays. ret_delta: bytes more (or fewer) in use. */
must_check int memxattr_set(struct memxattr **list, const char *name, const void *value, size_t len, int flags,
			    s64 *ret_delta);
must_check int memxattr_remove(struct memxattr **list, const char *name, s64 *ret_delta);
/* Names, each with its NUL, in the order of their making. */
ssize memxattr_list(const struct memxattr *list, char *buf, size_t cap);
/* Returns the bytes that were in use. */
u64 memxattr_clear(struct memxattr **list);

#endif
