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
	bool flock;
	struct lock_range range;
};

static struct list waiters = LIST_INIT(waiters);
static void (*wake_waiters)(void);

void locks_set_wake(void (*wake)(void)) { wake_waiters = wake; }

static void woken(void) {
	if (wake_waiters) wake_waiters();
}

static const struct lock *find_conflict(const struct inode *inode, const struct lock_range *want, bool flock) {
	for (const struct lock *l = inode->locks; l; l = l->next) {
		if (l->flock != flock || l->range.owner == want->owner) continue;
		if (l->range.start > want->end || l->range.end < want->start) continue;
		if (l->range.type == LOCK_WRITE || want->type == LOCK_WRITE) return l;
	}
	return NULL;
}

bool lock_conflict(const struct inode *inode, const struct lock_range *want, struct lock_range *ret_conflict) {
	const struct lock *l = want->type == LOCK_NONE ? NULL : find_conflict(inode, want, false);

	if (!l) return false;
	*ret_conflict = l->range;
	return true;
}

/* Cuts [want->start, want->end] out of the owner's locks; uses *spare when one has to become two. */
static void cut(struct inode *inode, const struct lock_range *want, struct lock **spare) {
	struct lock **link = &inode->locks;

	while (*link) {
		struct lock *l = *link;
		struct lock_range *r = &l->range;

		if (l->flock || r->owner != want->owner || r->start > want->end || r->end < want->start) {
			link = &l->next;
		} else if (r->start < want->start && r->end > want->end) {
			**spare = *l;
			(*spare)->range.start = want->end + 1;
			l->next = *spare;
			*spare = NULL;
			r->end = want->start - 1;
			return;
		} else if (r->start < want->start) {
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
}

/* Takes neighbours of the same kind into new, so that locking byte by byte costs one lock. */
static void merge(struct inode *inode, struct lock *new) {
	struct lock **link = &inode->locks;

	while (*link) {
		struct lock *l = *link;
		const struct lock_range *r = &l->range;
		bool same = !l->flock && r->owner == new->range.owner && r->type == new->range.type;

		if (same && r->end != LOCK_END && r->end + 1 == new->range.start)
			new->range.start = r->start;
		else if (same && new->range.end != LOCK_END && new->range.end + 1 == r->start)
			new->range.end = r->end;
		else
			same = false;
		if (!same) {
			link = &l->next;
			continue;
		}
		*link = l->next;
		port_free(l);
	}
}

int lock_set(struct inode *inode, const struct lock_range *want) {
	struct lock *new = NULL, *spare;

	if (want->type != LOCK_NONE && find_conflict(inode, want, false)) return -EAGAIN;
	spare = port_alloc(sizeof(*spare));
	if (want->type != LOCK_NONE) new = port_alloc(sizeof(*new));
	if (!spare || (want->type != LOCK_NONE && !new)) {
		port_free(spare);
		port_free(new);
		return -ENOMEM;
	}
	cut(inode, want, &spare);
	port_free(spare);
	if (new) {
		new->range = *want;
		merge(inode, new);
		new->next = inode->locks;
		inode->locks = new;
	}
	woken();
	return 0;
}

static void drop(struct inode *inode, const void *owner, bool flock) {
	struct lock **link = &inode->locks;
	bool any = false;

	while (*link) {
		struct lock *l = *link;

		if (l->flock != flock || l->range.owner != owner) {
			link = &l->next;
			continue;
		}
		*link = l->next;
		port_free(l);
		any = true;
	}
	if (any) woken();
}

void locks_owner_gone(struct inode *inode, const void *owner) { drop(inode, owner, false); }

void locks_file_gone(struct file *file) { drop(file->inode, file, true); }

int lock_flock(struct file *file, int type) {
	struct lock_range want = { .owner = file, .type = type, .end = LOCK_END };
	struct lock *l;

	if (type == LOCK_NONE) {
		locks_file_gone(file);
		return 0;
	}
	if (find_conflict(file->inode, &want, true)) return -EAGAIN;
	for (l = file->inode->locks; l; l = l->next) {
		if (l->flock && l->range.owner == file) {
			l->range.type = type;
			woken();
			return 0;
		}
	}
	l = port_alloc(sizeof(*l));
	if (!l) return -ENOMEM;
	l->flock = true;
	l->range = want;
	l->next = file->inode->locks;
	file->inode->locks = l;
	return 0;
}

static const void *blocker_of(const void *owner) {
	list_for_each(pos, &waiters) {
		const struct lock_waiter *w = list_entry(pos, struct lock_waiter, link);

		if (w->owner == owner) return w->blocker;
	}
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
