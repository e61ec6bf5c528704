/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/futex.c - queues of waiters by word.
 *
 * Kernel code is not preempted, so "compare, then sleep" is atomic as it stands. Invariant: a waiter is in the
 * bucket of its key from before it sleeps until it is woken or gave up.
 */
#include "kernel/futex.h"

#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/vm.h"
#include "kernel/x86/usercopy.h"

#define BUCKET_BITS 6u
#define BUCKET_COUNT (1u << BUCKET_BITS)
/* A hostile list may be a ring: as many entries as Linux follows. */
#define ROBUST_HEAD_LEN 24u
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

#define BITS_ALL 0xffffffffu
#define FUTEX_CLOCK_REALTIME 256u
#define FUTEX_COMMAND 127u
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE = 4, FUTEX_WAIT_BITSET = 9,
       FUTEX_WAKE_BITSET = 10 };

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

/* restart: address, value expected there, bits, deadline. */
static s64 wait(struct restart *restart) {
	struct waiter waiter = { .task = task_current(), .bits = (u32)restart->arg[2] };
	u64 deadline = restart->arg[3];
	u32 value;
	int err;

	if (waiter.bits == 0) return -EINVAL;
	TRY(find_word(restart->arg[0], &value, &waiter.key));
	if (value != (u32)restart->arg[1]) return -EAGAIN;
	list_add_tail(bucket_of(waiter.key), &waiter.node);
	do {
		err = sched_sleep(deadline, SLEEP_INTERRUPTIBLE);
	} while (err == 0 && !waiter.woken);
	list_del(&waiter.node);
	if (waiter.woken) return 0;
	return err != -EINTR ? err : deadline != 0 ? -ERESTART_RESTARTBLOCK : -ERESTARTSYS;
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

static s64 wake_word(u64 addr, u32 count, u32 bits) {
	struct key key;
	u32 value;

	if (bits == 0) return -EINVAL;
	TRY(find_word(addr, &value, &key));
	return wake(key, count, bits);
}

void futex_wake_one(u64 addr) {
	(void)wake_word(addr, 1, BITS_ALL); /* nobody can be waiting at a bad address */
}

/* Wakes count waiters of addr, moves up to move_count others to to_addr; with check, only while value is expected. */
static s64 requeue(u64 addr, u32 count, u64 to_addr, u32 move_count, bool check, u32 expected) {
	struct key from, to;
	u32 value, unused, moved = 0, woken;

	TRY(find_word(addr, &value, &from));
	TRY(find_word(to_addr, &unused, &to));
	if (check && value != expected) return -EAGAIN;
	woken = wake(from, count, BITS_ALL);
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

/* FUTEX_WAIT's time is a distance, FUTEX_WAIT_BITSET's a moment of CLOCK_MONOTONIC, or of CLOCK_REALTIME if flagged. */
static s64 wait_word(const u64 args[6], u32 bits, enum time_base base) {
	struct restart *restart = &task_current()->restart;
	u64 deadline;

	TRY(deadline_read(args[3], 1, base, &deadline));
	*restart = (struct restart){ wait, { args[0], (u32)args[2], bits, deadline } };
	return wait(restart);
}

SYSCALL(202, futex) {
	u32 op = (u32)args[1], command = op & FUTEX_COMMAND;
	bool realtime = (op & FUTEX_CLOCK_REALTIME) != 0;

	if (realtime && command != FUTEX_WAIT_BITSET && command != FUTEX_WAIT) return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT: return wait_word(args, BITS_ALL, FROM_NOW);
	case FUTEX_WAIT_BITSET: return wait_word(args, (u32)args[5], realtime ? FROM_1970 : FROM_BOOT);
	case FUTEX_WAKE: return wake_word(args[0], (u32)args[2], BITS_ALL);
	case FUTEX_WAKE_BITSET: return wake_word(args[0], (u32)args[2], (u32)args[5]);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return requeue(args[0], (u32)args[2], args[4], (u32)args[3], command == FUTEX_CMP_REQUEUE,
			       (u32)args[5]);
	default: return -ENOSYS;
	}
}

SYSCALL(273, set_robust_list) {
	if (args[1] != ROBUST_HEAD_LEN) return -EINVAL;
	task_current()->robust_list = args[0];
	return 0;
}

/* Of the caller's own thread; musl asks to learn that robust lists are there. */
SYSCALL(274, get_robust_list) {
	static const u64 len = ROBUST_HEAD_LEN;

	if ((u32)args[0] != 0 && (u32)args[0] != task_current()->tid) return -EPERM;
	TRY(copy_to_user(uaddr(args[2]), &len, sizeof(len)));
	return copy_to_user(uaddr(args[1]), &task_current()->robust_list, sizeof(u64));
}

static void release_word(const struct task *task, u64 addr) {
	u32 value;

	if ((addr & 3) != 0 || copy_from_user(&value, uaddr(addr), sizeof(value)) != 0 ||
	    (value & ROBUST_TID_MASK) != task->tid)
		return;
	bool waiters = (value & ROBUST_WAITERS) != 0;

	value = (value & ROBUST_WAITERS) | ROBUST_OWNER_DIED;
	if (copy_to_user(uaddr(addr), &value, sizeof(value)) == 0 && waiters) futex_wake_one(addr);
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
