/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/epoll.c - epoll.
 *
 * Readiness is asked for, not told. An edge-triggered item is reported when a bit is newly ready, or when anything was
 * read or written on the inode since its last report: a program that drains until EAGAIN gets every edge, and at times
 * one more than Linux would give.
 */
#include "kernel/filearg.h"
#include "kernel/pollbits.h"
#include "kernel/sched.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

#define EPOLLET (1u << 31)
#define EPOLLONESHOT (1u << 30)
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLL_EVENT_BITS 0x0fffffffu
#define NESTING_MAX 5u      /* epoll in epoll, as on Linux */
#define EVENTS_MAX 1024u    /* returned by one call */

enum { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL, EPOLL_CTL_MOD };

/* Packed on x86-64. */
struct __attribute__((packed)) epoll_event_abi {
	u32 events;
	u64 data;
};
_Static_assert(sizeof(struct epoll_event_abi) == 12, "struct epoll_event has 12 bytes");

struct item {
	struct list link;
	struct file *file;    /* not a reference: file_gone removes the item */
	s32 fd;
	struct epoll_event_abi event;
	bool disarmed;        /* EPOLLONESHOT was reported */
	u32 reported;         /* edge-triggered: bits that the program knows */
	u32 io_seq;
};

struct epoll {
	struct list link;     /* in all */
	struct list items;
};

static struct list all = LIST_INIT(all);
static const struct file_ops epoll_ops;

static void item_free(struct item *item) {
	list_del(&item->link);
	port_free(item);
}

static void file_gone(struct file *file) {
	list_for_each_entry(struct epoll, ep, &all, link) {
		list_for_each_safe(pos, next, &ep->items) {
			struct item *item = list_entry(pos, struct item, link);

			if (item->file == file) item_free(item);
		}
	}
}

void epoll_init(void) { vfs_set_watch_gone(file_gone); }

/* What is to be reported of the item now. */
static u32 item_ready(struct item *item) {
	u32 bits;

	if (item->disarmed) return 0;
	bits = poll_bits(item->file) & ((item->event.events & EPOLL_EVENT_BITS) | POLL_ALWAYS);
	if (!(item->event.events & EPOLLET)) return bits;
	item->reported &= bits;
	if (item->io_seq == item->file->inode->io_seq && !(bits & ~item->reported)) return 0;
	return bits;
}

static u32 epoll_poll(struct file *file) {
	static u32 nesting;
	const struct epoll *ep = file->private_data;
	u32 ready = 0;

	if (nesting == NESTING_MAX) return 0;
	nesting++;
	list_for_each_entry(struct item, item, &ep->items, link)
		if (!ready && item_ready(item)) ready = POLLIN;
	nesting--;
	return ready;
}

static void epoll_release(struct file *file) {
	struct epoll *ep = file->private_data;

	while (!list_empty(&ep->items)) item_free(list_first(&ep->items, struct item, link));
	list_del(&ep->link);
	port_free(ep);
}

static const struct file_ops epoll_ops = { .poll = epoll_poll, .release = epoll_release };

static s64 create(bool cloexec) {
	struct epoll *ep = port_alloc(sizeof(*ep));
	struct file *file = ep ? file_alloc_kind("eventpoll", 0600, &epoll_ops, O_RDWR, ep) : NULL;

	if (!file) {
		port_free(ep);
		return -ENOMEM;
	}
	list_init(&ep->items);
	list_add_tail(&all, &ep->link);
	return fd_install(file, 0, cloexec);
}

SYSCALL(213, epoll_create) { return (s32)args[0] <= 0 ? -EINVAL : create(false); }

SYSCALL(291, epoll_create1) { return ((u32)args[0] & ~O_CLOEXEC) ? -EINVAL : create(args[0] & O_CLOEXEC); }

/* Whether to is watched by from, directly or through others, or the chain is too long to tell. */
static bool reaches(const struct file *from, const struct file *to, u32 depth) {
	const struct epoll *ep = from->private_data;

	if (from == to || depth == NESTING_MAX) return true;
	list_for_each_entry(const struct item, item, &ep->items, link)
		if (item->file->ops == &epoll_ops && reaches(item->file, to, depth + 1)) return true;
	return false;
}

static struct item *find(const struct epoll *ep, const struct file *file, s32 fd) {
	list_for_each_entry(struct item, item, &ep->items, link)
		if (item->file == file && item->fd == fd) return item;
	return NULL;
}

static s64 add(struct file *ep_file, struct file *file, s32 fd, const struct epoll_event_abi *event) {
	struct epoll *ep = ep_file->private_data;
	struct item *item;

	if (file->ops == &epoll_ops && reaches(file, ep_file, 1)) return -ELOOP;
	item = port_alloc(sizeof(*item));
	if (!item) return -ENOMEM;
	*item = (struct item){ .file = file, .fd = fd, .event = *event, .io_seq = file->inode->io_seq };
	file->watched = true;
	list_add_tail(&ep->items, &item->link);
	poll_wake(); /* for those who already wait in it */
	return 0;
}

SYSCALL_IO(233, epoll_ctl) {
	RELEASED(file_drop) struct file *watched = file_from_fd(args[2], true);
	struct epoll_event_abi event = { 0, 0 };
	s32 op = (s32)args[1], fd = (s32)args[2];
	struct item *item;

	if (op != EPOLL_CTL_DEL) TRY(copy_from_user(&event, uaddr(args[3]), sizeof(event)));
	if (!watched) return -EBADF;
	if (!watched->ops || !watched->ops->poll) return -EPERM;
	if (file == watched || file->ops != &epoll_ops) return -EINVAL;
	if (op != EPOLL_CTL_ADD && op != EPOLL_CTL_DEL && op != EPOLL_CTL_MOD) return -EINVAL;
	item = find(file->private_data, watched, fd);
	if (op == EPOLL_CTL_ADD) return item ? -EEXIST : add(file, watched, fd, &event);
	if (!item) return -ENOENT;
	if (op == EPOLL_CTL_DEL) {
		item_free(item);
		return 0;
	}
	if ((event.events | item->event.events) & EPOLLEXCLUSIVE) return -EINVAL;
	item->event = event;
	item->disarmed = false;
	item->reported = 0;
	poll_wake();
	return 0;
}

/* Reported items go to the end, so that all get their turn when the program takes few at a time. */
static s64 collect(struct epoll *ep, struct epoll_event_abi *events, s64 max) {
	const struct list *moved = NULL;
	s64 count = 0;

	list_for_each_safe(pos, next, &ep->items) {
		struct item *item = list_entry(pos, struct item, link);
		u32 bits;

		if (count == max || pos == moved) break;
		bits = item_ready(item);
		if (!bits) continue;
		events[count++] = (struct epoll_event_abi){ bits, item->event.data };
		item->reported = bits;
		item->io_seq = item->file->inode->io_seq;
		item->disarmed = item->event.events & EPOLLONESHOT;
		list_del(pos);
		list_add_tail(&ep->items, pos);
		if (!moved) moved = pos;
	}
	return count;
}

static s64 do_wait(struct file *file, const u64 args[6], u64 deadline_ns) {
	s64 count = 0, max = (s64)min_u64((u32)args[2], EVENTS_MAX);
	RELEASED(memory_drop) struct epoll_event_abi *events = NULL;

	if ((s32)args[2] <= 0 || file->ops != &epoll_ops) return -EINVAL;
	events = port_alloc((size_t)max * sizeof(*events));
	if (!events) return -ENOMEM;
	while (!(count = collect(file->private_data, events, max))) {
		int err = deadline_wait(deadline_ns);

		if (err) return err == -ETIMEDOUT ? 0 : err == -ERESTARTNOHAND ? -EINTR : err; /* never restarted */
	}
	TRY(copy_to_user(uaddr(args[1]), events, (size_t)count * sizeof(*events)));
	return count;
}

SYSCALL_IO(232, epoll_wait) { return do_wait(file, args, deadline_from_ms((s32)args[3])); }

SYSCALL_IO(281, epoll_pwait) {
	TRY(mask_from_user(args[4], args[5]));
	return do_wait(file, args, deadline_from_ms((s32)args[3]));
}

SYSCALL_IO(441, epoll_pwait2) {
	u64 deadline;

	TRY(deadline_read(args[3], 1, FROM_NOW, &deadline));
	TRY(mask_from_user(args[4], args[5]));
	return do_wait(file, args, deadline);
}

