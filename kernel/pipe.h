/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/pipe.h - pipes and fifos, and counters as files.
 *
 * Context    task context; reads, writes and opens of fifos wait.
 * Units      bytes; a pipe holds PIPE_CAPACITY, a write of up to PIPE_ATOMIC is not mixed with others.
 * Ownership  an unnamed pipe lives while an end is open; a fifo's content too. A counter is its file's.
 * Errors     -EAGAIN, -EINTR, -ENOMEM; pipes: -EPIPE with SIGPIPE when nobody can read, -ENXIO (fifo,
 *            O_WRONLY|O_NONBLOCK); counters: -EINVAL fewer than 8 bytes or the value ~0.
 */
#pragma once

#include "fs/vfs.h"

#define PIPE_CAPACITY 65536u
#define PIPE_ATOMIC 4096u

/* Tells the VFS how fifos are opened. */
void pipe_init(void);
/* flags: O_NONBLOCK and O_DIRECT (accepted, without effect). Each end has one reference. */
must_check int pipe_create(u32 flags, struct file **ret_read_end, struct file **ret_write_end);
bool file_is_pipe(const struct file *file);
/* Bytes that a read would find: FIONREAD. */
u32 pipe_pending(const struct file *file);

#define EFD_SEMAPHORE 1u
/* flags: EFD_SEMAPHORE, O_NONBLOCK. */
must_check int eventfd_create(u64 initial, u32 flags, struct file **ret_file);
