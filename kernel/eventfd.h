/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/eventfd.h - counters as files.
 *
 * Context    task context; reads and writes wait.
 * Ownership  the file owns the counter.
 * Errors     -EINVAL fewer than 8 bytes or the value ~0, -EAGAIN, -EINTR, -ENOMEM.
 */
#pragma once

#include "fs/vfs.h"

#define EFD_SEMAPHORE 1u

/* flags: EFD_SEMAPHORE, O_NONBLOCK. */
must_check int eventfd_create(u64 initial, u32 flags, struct file **ret_file);
