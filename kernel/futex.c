/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/futex.c - queues of waiters by word.
 *
 * Kernel code is not preempted, so "compare, then sleep" is atomic as it stands. Invariant: a waiter is in the
 * bucket of its key from before it sleeps until it is woken or gave up.
 */
#include "kernel/futex.h"

#include "kernel/task.h"
#include "kernel/vm.h"
#include "kernel/x86/usercopy.h"

#define BUCKET_BITS 6u
#define BUCKET_COUNT (1u << BUCKET_BITS)
/* A hostile list may be a ring: as many entries as Linux follows. */
#define ROBUST_ENTRIES_MAX 2048u
#define ROBUST_TID_MASK 0x3fffffffu
#define ROBUST_OWNER_DIED 0x40000000u
#define ROBUST_WAITERS 0x80000000u

struct key {
	const void *space; /* the page of shared memory, or the address space */
	u64 at;            /* offset in the page, or address */
};

struct waiter {
	struct list node;
	struct task *task;
	struct key key;
	u32 bits;
	bool woken;
};

static struct list buckets[BUCKET_COUNT];

static struct list *bucket_of(struct key key) {
	u64 hash = ((u64)key.space ^ key.at) * 0x9e3779b97f4a7c15ull;
	struct list *bucket = &buckets[hash >> (64 - BUCKET_BITS)];

	if (bucket->next == NULL) list_init(bucket);
	return bucket;
}

static bool same(struct key a, struct key b) { return a.space == b.space && a.at == b.at; }

/* Reads the word, which also brings its page in, and finds its key. */
static int find_word(u64 addr, u32 *ret_value, struct key *ret_key) {
	struct mm *mm = task_mm();
	const struct region *r;
	u32 flags;

	if ((addr & 3) != 0) return -EINVAL;
	TRY(copy_from_user(ret_value, uaddr(addr), sizeof(*ret_value)));
	r = region_at(&mm->regions, addr);
	if (r != NULL && (r->flags & REGION_SHARED) != 0)
		*ret_key = (struct key){ mm_page(mm, addr, &flags), addr & (PAGE_SIZE - 1) };
	else
		*ret_key = (struct key){ mm, addr };
	return 0;
}

int futex_wait(u64 addr, u32 expected, u32 bits, u64 deadline_ns) {
	struct waiter waiter = { .task = task_current(), .bits = bits };
	u32 value;

	if (bits == 0) return -EINVAL;
	int err = find_word(addr, &value, &waiter.key);

	if (err != 0) return err;
	if (value != expected) return -EAGAIN;
	list_add_tail(bucket_of(waiter.key), &waiter.node);
	do {
		err = sched_sleep(deadline_ns, SLEEP_INTERRUPTIBLE);
	} while (err == 0 && !waiter.woken);
	list_del(&waiter.node);
	return waiter.woken ? 0 : err;
}

static u32 wake(struct key key, u32 count, u32 bits) {
	u32 woken = 0;

	list_for_each_safe(pos, next, bucket_of(key)) {
		struct waiter *waiter = list_entry(pos, struct waiter, node);

		if (woken >= count) break;
		if (!same(waiter->key, key) || (waiter->bits & bits) == 0) continue;
		list_del(&waiter->node);
		waiter->woken = true;
		sched_wake(waiter->task, 0);
		woken++;
	}
	return woken;
}

s64 futex_wake(u64 addr, u32 count, u32 bits) {
	struct key key;
	u32 value;

	if (bits == 0) return -EINVAL;
	int err = find_word(addr, &value, &key);

	return err != 0 ? err : (s64)wake(key, count, bits);
}

void futex_wake_address(u64 addr, u32 count) {
	(void)futex_wake(addr, count, FUTEX_BITS_ALL); /* nobody can be waiting at a bad address */
}

s64 futex_requeue(u64 addr, u32 count, u64 to_addr, u32 move_count, bool check, u32 expected) {
	struct key from, to;
	u32 value, unused, moved = 0;
	int err = find_word(addr, &value, &from);

	if (err == 0) err = find_word(to_addr, &unused, &to);
	if (err != 0) return err;
	if (check && value != expected) return -EAGAIN;
	u32 woken = wake(from, count, FUTEX_BITS_ALL);

	if (same(from, to)) return woken;
	list_for_each_safe(pos, next, bucket_of(from)) {
		struct waiter *waiter = list_entry(pos, struct waiter, node);

		if (moved >= move_count) break;
		if (!same(waiter->key, from)) continue;
		list_del(&waiter->node);
		waiter->key = to;
		list_add_tail(bucket_of(to), &waiter->node);
		moved++;
	}
	return (s64)woken + moved;
}

static void release_word(const struct task *task, u64 addr) {
	u32 value;

	if ((addr & 3) != 0 || copy_from_user(&value, uaddr(addr), sizeof(value)) != 0 ||
	    (value & ROBUST_TID_MASK) != task->tid)
		return;
	bool waiters = (value & ROBUST_WAITERS) != 0;

	value = (value & ROBUST_WAITERS) | ROBUST_OWNER_DIED;
	if (copy_to_user(uaddr(addr), &value, sizeof(value)) == 0 && waiters) futex_wake_address(addr, 1);
}

void futex_release_robust(struct task *task) {
	u64 head[3]; /* first entry, offset of the word from an entry, entry being locked or unlocked */
	u64 entry;

	if (task->robust_list == 0 || copy_from_user(head, uaddr(task->robust_list), sizeof(head)) != 0) return;
	entry = head[0];
	for (u32 i = 0; i < ROBUST_ENTRIES_MAX && (entry & ~1ull) != task->robust_list; i++) {
		u64 next = 0;
		bool more = copy_from_user(&next, uaddr(entry & ~1ull), sizeof(next)) == 0;

		if ((entry & ~1ull) != (head[2] & ~1ull) && (entry & 1) == 0)
			release_word(task, (entry & ~1ull) + head[1]);
		if (!more) break;
		entry = next;
	}
	if (head[2] != 0 && (head[2] & 1) == 0) release_word(task, head[2] + head[1]);
}
