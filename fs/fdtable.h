/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/fdtable.h - descriptor tables.
 *
 * Context    task context.
 * Ownership  a table holds one reference on each file; tables are reference counted (CLONE_FILES).
 * Errors     -EBADF, -EMFILE over max (RLIMIT_NOFILE, given by the caller), -ENOMEM.
 */
#pragma once

#include "fs/vfs.h"

struct fdtable;

struct fdtable *fdtable_alloc(void);
struct fdtable *fdtable_copy(const struct fdtable *table);
void fdtable_get(struct fdtable *table);
void fdtable_put(struct fdtable *table);   /* the last one closes every file */
void fdtable_close_on_exec(struct fdtable *table);
/* A new reference on the file, or NULL. */
struct file *fdtable_file(const struct fdtable *table, int fd);
/* Takes over the caller's reference on success. Lowest free number >= from. */
must_check int fdtable_install(struct fdtable *table, struct file *file, int from, bool cloexec, u64 max, int *ret_fd);
/* At exactly fd, closing what was there. */
must_check int fdtable_replace(struct fdtable *table, int fd, struct file *file, bool cloexec, u64 max);
must_check int fdtable_close(struct fdtable *table, int fd);
/* 1 when it closes on exec, 0 when not. */
must_check int fdtable_cloexec(const struct fdtable *table, int fd);
must_check int fdtable_set_cloexec(struct fdtable *table, int fd, bool cloexec);
/* Smallest open number >= from, or -1: for /proc/PID/fd and close_range. */
int fdtable_next(const struct fdtable *table, int from);
