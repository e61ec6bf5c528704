/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/locks.c - advisory locks on inodes.
 *
 * Invariant: record locks of one owner on one inode never overlap, and no two locks of different owners conflict.
 */
#include "fs/locks.h"

#define CHAIN_MAX 64u /* waiters followed when looking for a deadlock */

struct lock {
	struct lock *next;
	struct lock_range range;
};

static struct list waiters = LIST_INIT(waiters);
static void (*wake_waiters)(void);

void locks_set_wake(void (*wake)(void)) { wake_waiters = wake; }

static void woken(void) {
	if (wake_waiters) wake_waiters();
}

bool lock_conflict(const struct inode *inode, const struct lock_range *want, struct lock_range *ret_conflict) {
	for (const struct lock *l = inode->locks; l && want->type != LOCK_NONE; l = l->next) {
		const struct lock_range *r = &l->range;

		if (r->flock != want->flock || r->owner == want->owner) continue;
		if (r->start > want->end || r->end < want->start) continue;
		if (r->type == LOCK_READ && want->type == LOCK_READ) continue;
		*ret_conflict = *r;
		return true;
	}
	return false;
}

/*
 * Cuts [want->start, want->end] out of the owner's locks; uses *spare when one has to become two, which a cut of
 * everything never needs. Returns whether there was something to cut.
 */
static bool cut(struct inode *inode, const struct lock_range *want, struct lock **spare) {
	struct lock **link = &inode->locks;
	bool any = false;

	while (*link) {
		struct lock *l = *link;
		struct lock_range *r = &l->range;

		if (r->owner != want->owner || r->start > want->end || r->end < want->start) {
			link = &l->next;
			continue;
		}
		any = true;
		if (r->start < want->start && r->end > want->end) {
			**spare = *l;
			(*spare)->range.start = want->end + 1;
			l->next = TAKE(*spare);
		}
		if (r->start < want->start) {
			r->end = want->start - 1;
			link = &l->next;
		} else if (r->end > want->end) {
			r->start = want->end + 1;
			link = &l->next;
		} else {
			*link = l->next;
			port_free(l);
		}
	}
	return any;
}

/* Takes neighbours of the same kind into new, so that locking byte by byte costs one lock. */
static void merge(struct inode *inode, struct lock_range *new) {
	struct lock **link = &inode->locks;

	while (*link) {
		struct lock *l = *link;
		const struct lock_range *r = &l->range;
		bool same = r->owner == new->owner && r->type == new->type;
		bool before = same && r->end != LOCK_END && r->end + 1 == new->start;
		bool after = same && new->end != LOCK_END && new->end + 1 == r->start;

		if (!before && !after) {
			link = &l->next;
			continue;
		}
		if (before)
			new->start = r->start;
		else
			new->end = r->end;
		*link = l->next;
		port_free(l);
	}
}

int lock_set(struct inode *inode, const struct lock_range *want) {
	struct lock *new = port_alloc(sizeof(*new)), *spare = port_alloc(sizeof(*spare));
	struct lock_range other;
	int err = lock_conflict(inode, want, &other) ? -EAGAIN : new && spare ? 0 : -ENOMEM;

	if (!err) {
		(void)cut(inode, want, &spare); /* woken in any case: a read lock may replace a write lock */
		if (want->type != LOCK_NONE) {
			new->range = *want;
			merge(inode, &new->range);
			new->next = inode->locks;
			inode->locks = TAKE(new);
		}
		woken();
	}
	port_free(spare);
	port_free(new);
	return err;
}

void locks_owner_gone(struct inode *inode, const void *owner) {
	const struct lock_range all = { .owner = owner, .end = LOCK_END };

	if (cut(inode, &all, NULL)) woken();
}

int lock_flock(struct file *file, int type) {
	const struct lock_range all = { .owner = file, .flock = true, .type = type, .end = LOCK_END };

	if (type != LOCK_NONE) return lock_set(file->inode, &all);
	locks_owner_gone(file->inode, file);
	return 0;
}

static const void *blocker_of(const void *owner) {
	list_for_each_entry(struct lock_waiter, w, &waiters, link)
		if (w->owner == owner) return w->blocker;
	return NULL;
}

int lock_wait_begin(struct lock_waiter *waiter, const void *owner, const void *blocker) {
	const void *next = blocker;

	for (u32 i = 0; next && i < CHAIN_MAX; i++) {
		if (next == owner) return -EDEADLK;
		next = blocker_of(next);
	}
	waiter->owner = owner;
	waiter->blocker = blocker;
	list_add_tail(&waiters, &waiter->link);
	return 0;
}

void lock_wait_end(struct lock_waiter *waiter) { list_del(&waiter->link); }
