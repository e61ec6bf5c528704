/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/epoll.c - epoll, and the calls that make epoll and eventfd descriptors.
 *
 * Readiness is asked for, not told. An edge-triggered item is reported when a bit is newly ready, or when anything was
 * read or written on the inode since its last report: a program that drains until EAGAIN gets every edge, and at times
 * one more than Linux would give.
 */
#include "kernel/epoll.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/eventfd.h"
#include "kernel/filearg.h"
#include "kernel/pollbits.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define EPOLLET (1u << 31)
#define EPOLLONESHOT (1u << 30)
#define EPOLLWAKEUP (1u << 29)
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

static void item_free(struct item *item)
{
	list_del(&item->link);
	port_free(item);
}

static void file_gone(struct file *file)
{
	list_for_each(e, &all) {
		struct epoll *ep = list_entry(e, struct epoll, link);

		list_for_each_safe(pos, next, &ep->items) {
			struct item *item = list_entry(pos, struct item, link);

			if (item->file == file)
				item_free(item);
		}
	}
}

void epoll_init(void)
{
	vfs_set_watch_gone(file_gone);
}

/* What is to be reported of the item now. */
static u32 item_ready(struct item *item)
{
	u32 bits;

	if (item->disarmed)
		return 0;
	bits = poll_bits(item->file) & ((item->event.events & EPOLL_EVENT_BITS) | POLL_ALWAYS);
	if (!(item->event.events & EPOLLET))
		return bits;
	item->reported &= bits;
	if (item->io_seq == item->file->inode->io_seq && !(bits & ~item->reported))
		return 0;
	return bits;
}

static void item_reported(struct item *item, u32 bits)
{
	item->reported = bits;
	item->io_seq = item->file->inode->io_seq;
	if (item->event.events & EPOLLONESHOT)
		item->disarmed = true;
}

static u32 epoll_poll(struct file *file)
{
	static u32 nesting;
	const struct epoll *ep = file->private_data;
	u32 ready = 0;

	if (nesting == NESTING_MAX)
		return 0;
	nesting++;
	list_for_each(pos, &ep->items) {
		if (item_ready(list_entry(pos, struct item, link))) {
			ready = POLLIN;
			break;
		}
	}
	nesting--;
	return ready;
}

static void epoll_release(struct file *file)
{
	struct epoll *ep = file->private_data;

	while (!list_empty(&ep->items))
		item_free(list_first(&ep->items, struct item, link));
	list_del(&ep->link);
	port_free(ep);
}

static const struct file_ops epoll_ops = { .poll = epoll_poll, .release = epoll_release };

static s64 install(struct file *file, bool cloexec)
{
	int fd, err = fdtable_install(task_files(), file, 0, cloexec, task_rlimit(RLIMIT_NOFILE), &fd);

	if (err) {
		file_put(file);
		return err;
	}
	return fd;
}

static s64 create(bool cloexec)
{
	struct epoll *ep = port_alloc(sizeof(*ep));
	struct file *file;

	if (!ep)
		return -ENOMEM;
	list_init(&ep->items);
	file = file_alloc_kind("eventpoll", 0600, &epoll_ops, O_RDWR, ep);
	if (!file) {
		port_free(ep);
		return -ENOMEM;
	}
	list_add_tail(&all, &ep->link);
	return install(file, cloexec);
}

static s64 sys_epoll_create(const u64 args[6])
{
	return (s32)args[0] <= 0 ? -EINVAL : create(false);
}

static s64 sys_epoll_create1(const u64 args[6])
{
	return ((u32)args[0] & ~O_CLOEXEC) ? -EINVAL : create(args[0] & O_CLOEXEC);
}

/* Whether to is watched by from, directly or through others, or the chain is too long to tell. */
static bool reaches(const struct file *from, const struct file *to, u32 depth)
{
	const struct epoll *ep = from->private_data;

	if (from == to || depth == NESTING_MAX)
		return true;
	list_for_each(pos, &ep->items) {
		const struct item *item = list_entry(pos, struct item, link);

		if (item->file->ops == &epoll_ops && reaches(item->file, to, depth + 1))
			return true;
	}
	return false;
}

static struct item *find(const struct epoll *ep, const struct file *file, s32 fd)
{
	list_for_each(pos, &ep->items) {
		struct item *item = list_entry(pos, struct item, link);

		if (item->file == file && item->fd == fd)
			return item;
	}
	return NULL;
}

static s64 add(struct file *ep_file, struct file *file, s32 fd, const struct epoll_event_abi *event)
{
	struct epoll *ep = ep_file->private_data;
	struct item *item;

	if (find(ep, file, fd))
		return -EEXIST;
	if (file->ops == &epoll_ops && reaches(file, ep_file, 1))
		return -ELOOP;
	item = port_alloc(sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->file = file;
	item->fd = fd;
	item->event = *event;
	item->io_seq = file->inode->io_seq;
	file->watched = true;
	list_add_tail(&ep->items, &item->link);
	poll_wake(); /* for those who already wait in it */
	return 0;
}

static s64 change(struct file *ep_file, struct file *file, s32 fd, u32 op, const struct epoll_event_abi *event)
{
	struct epoll *ep = ep_file->private_data;
	struct item *item = find(ep, file, fd);

	if (op == EPOLL_CTL_ADD)
		return add(ep_file, file, fd, event);
	if (op != EPOLL_CTL_DEL && op != EPOLL_CTL_MOD)
		return -EINVAL;
	if (!item)
		return -ENOENT;
	if (op == EPOLL_CTL_DEL) {
		item_free(item);
		return 0;
	}
	if ((event->events | item->event.events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->event = *event;
	item->disarmed = false;
	item->reported = 0;
	poll_wake();
	return 0;
}

static s64 control(struct file *ep_file, struct file *file, const u64 args[6])
{
	struct epoll_event_abi event = { 0, 0 };

	if ((u32)args[1] != EPOLL_CTL_DEL && copy_from_user(&event, uaddr(args[3]), sizeof(event)))
		return -EFAULT;
	if (file->flags & O_PATH)
		return -EBADF;
	if (!file->ops || !file->ops->poll)
		return -EPERM;
	if (ep_file == file || ep_file->ops != &epoll_ops)
		return -EINVAL;
	return change(ep_file, file, (s32)args[2], (u32)args[1], &event);
}

static s64 sys_epoll_ctl(const u64 args[6])
{
	struct file *ep_file, *file;
	s64 err = file_from_fd(args[0], &ep_file);

	if (err)
		return err;
	err = file_from_fd(args[2], &file);
	if (!err) {
		err = control(ep_file, file, args);
		file_put(file);
	}
	file_put(ep_file);
	return err;
}

/* Reported items go to the end, so that all get their turn when the program takes few at a time. */
static size_t collect(struct epoll *ep, struct epoll_event_abi *events, size_t max)
{
	struct list done = LIST_INIT(done);
	size_t count = 0;

	list_for_each_safe(pos, next, &ep->items) {
		struct item *item = list_entry(pos, struct item, link);
		u32 bits = count < max ? item_ready(item) : 0;

		if (!bits)
			continue;
		events[count++] = (struct epoll_event_abi){ bits, item->event.data };
		item_reported(item, bits);
		list_del(&item->link);
		list_add_tail(&done, &item->link);
	}
	while (!list_empty(&done)) {
		struct list *first = done.next;

		list_del(first);
		list_add_tail(&ep->items, first);
	}
	return count;
}

static s64 wait_in(struct epoll *ep, u64 addr, u64 max, const struct timeout *timeout)
{
	struct epoll_event_abi *events = port_alloc(max * sizeof(*events));
	s64 count = 0;
	int err = 0;

	if (!events)
		return -ENOMEM;
	while (!err) {
		count = (s64)collect(ep, events, max);
		if (count)
			break;
		err = timeout_wait(timeout);
	}
	if (count && copy_to_user(uaddr(addr), events, (size_t)count * sizeof(*events)))
		err = -EFAULT;
	port_free(events);
	return err && err != -ETIMEDOUT ? err : count;
}

static s64 do_wait(const u64 args[6], const struct timeout *timeout)
{
	struct file *file;
	s64 result;

	if ((s32)args[2] <= 0)
		return -EINVAL;
	result = file_from_fd(args[0], &file);
	if (result)
		return result;
	if (file->ops == &epoll_ops)
		result = wait_in(file->private_data, args[1], min_u64((u32)args[2], EVENTS_MAX), timeout);
	else
		result = -EINVAL;
	file_put(file);
	return result == -ERESTARTNOHAND ? -EINTR : result; /* epoll_wait is never restarted */
}

static s64 sys_epoll_wait(const u64 args[6])
{
	struct timeout timeout = timeout_from_ms((s32)args[3]);

	return do_wait(args, &timeout);
}

static s64 sys_epoll_pwait(const u64 args[6])
{
	struct timeout timeout = timeout_from_ms((s32)args[3]);
	int err = mask_from_user(args[4], args[5]);

	return err ? err : do_wait(args, &timeout);
}

static s64 sys_epoll_pwait2(const u64 args[6])
{
	struct timeout timeout;
	int err = timeout_from_timespec(args[3], &timeout);

	if (!err)
		err = mask_from_user(args[4], args[5]);
	return err ? err : do_wait(args, &timeout);
}

static s64 make_eventfd(u64 initial, u32 flags)
{
	struct file *file;
	int err;

	if (flags & ~(EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	err = eventfd_create((u32)initial, flags, &file);
	return err ? err : install(file, flags & O_CLOEXEC);
}

static s64 sys_eventfd(const u64 args[6])
{
	return make_eventfd(args[0], 0);
}

static s64 sys_eventfd2(const u64 args[6])
{
	return make_eventfd(args[0], (u32)args[1]);
}

const struct syscall_entry sys_epoll_calls[] = {
	{ 213, 1, "epoll_create", sys_epoll_create },
	{ 232, 4, "epoll_wait", sys_epoll_wait },
	{ 233, 4, "epoll_ctl", sys_epoll_ctl },
	{ 281, 6, "epoll_pwait", sys_epoll_pwait },
	{ 284, 1, "eventfd", sys_eventfd },
	{ 290, 2, "eventfd2", sys_eventfd2 },
	{ 291, 1, "epoll_create1", sys_epoll_create1 },
	{ 441, 6, "epoll_pwait2", sys_epoll_pwait2 },
};
const size_t sys_epoll_call_count = ARRAY_COUNT(sys_epoll_calls);
