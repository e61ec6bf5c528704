/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/locks.h - advisory locks: fcntl record locks and flock.
 *
 * Nothing waits here: a conflict is -EAGAIN, the caller sleeps until the wake function was called and tries again.
 *
 * Context    task context.
 * Units      ranges are bytes, both ends inclusive; LOCK_END for "to the end".
 * Ownership  locks hang on the inode; record locks belong to an owner (the descriptor table), flock to the file.
 * Errors     -EAGAIN conflict, -ENOMEM, -EDEADLK.
 */
#pragma once

#include "fs/vfs.h"

/* Values of Linux struct flock.l_type. */
enum { LOCK_READ, LOCK_WRITE, LOCK_NONE };
#define LOCK_END 0xffffffffffffffffull

struct lock_range {
	const void *owner; /* a descriptor table, or with flock a file: no address is both */
	bool flock;        /* the two kinds do not see each other */
	u32 pid;
	int type;
	u64 start, end;
};

/* The first lock that stands in the way of want, in ret_conflict; false when there is none. */
bool lock_conflict(const struct inode *inode, const struct lock_range *want, struct lock_range *ret_conflict);
/* Sets or (LOCK_NONE) clears. */
must_check int lock_set(struct inode *inode, const struct lock_range *want);
/* A descriptor of the inode was closed by owner, or owner is the file that goes: all its locks go. */
void locks_owner_gone(struct inode *inode, const void *owner);

must_check int lock_flock(struct file *file, int type);

/* Called whenever a lock went away. */
void locks_set_wake(void (*wake)(void));

/* One waiting for a record lock: between _begin and _end others see what it waits for. */
struct lock_waiter {
	struct list link;
	const void *owner;
	const void *blocker;
};
/* -EDEADLK when blocker waits, directly or through others, for owner. */
must_check int lock_wait_begin(struct lock_waiter *waiter, const void *owner, const void *blocker);
void lock_wait_end(struct lock_waiter *waiter);
