/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/secnodes.h - one open list file: a stream over records, a record at a time.
 *
 * Context    task context.
 * Ownership  list_reader_alloc/free; bank is the log's.
 * Errors     -ENOMEM, -EIO a record that cannot be shown.
 */
#pragma once

#include "kernel/integrity/mlog.h"

struct list_reader;

struct list_reader *list_reader_alloc(const struct mlog *log, const struct mlog_bank *bank, bool ascii);
void list_reader_free(struct list_reader *reader);
/* The bytes from pos on, at most len; 0 at the end. Reading on where the last read ended is cheap. */
ssize list_reader_read(struct list_reader *reader, u8 *buf, size_t len, u64 pos);
