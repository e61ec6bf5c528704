/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/eventfd.c - a counter that can be waited for. Invariant: the count never reaches ~0.
 */
#include "kernel/eventfd.h"

#include "kernel/sched.h"

#define COUNT_MAX (~0ull - 1)

struct eventfd {
	u64 count;
	bool semaphore;
	struct waitq wait;
};

static int wait(struct file *file, struct eventfd *e) {
	return (file->flags & O_NONBLOCK) ? -EAGAIN : waitq_sleep(&e->wait, 0, true);
}

static ssize changed(struct eventfd *e) {
	waitq_wake_all(&e->wait);
	poll_wake();
	return 8;
}

static ssize eventfd_read(struct file *file, void *buf, size_t len, u64 *) {
	struct eventfd *e = file->private_data;
	u64 value;

	if (len < sizeof(value)) return -EINVAL;
	while (!e->count) TRY(wait(file, e));
	value = e->semaphore ? 1 : e->count;
	e->count -= value;
	memcpy(buf, &value, sizeof(value));
	return changed(e);
}

static ssize eventfd_write(struct file *file, const void *buf, size_t len, u64 *) {
	struct eventfd *e = file->private_data;
	u64 value;

	if (len < sizeof(value)) return -EINVAL;
	memcpy(&value, buf, sizeof(value));
	if (value > COUNT_MAX) return -EINVAL;
	while (value > COUNT_MAX - e->count) TRY(wait(file, e));
	e->count += value;
	return changed(e);
}

static u32 eventfd_poll(struct file *file) {
	const struct eventfd *e = file->private_data;

	return (e->count ? POLLIN : 0) | (e->count < COUNT_MAX ? POLLOUT : 0);
}

static void eventfd_release(struct file *file) { port_free(file->private_data); }

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
};

int eventfd_create(u64 initial, u32 flags, struct file **ret_file) {
	struct eventfd *e = port_alloc(sizeof(*e));

	if (!e) return -ENOMEM;
	e->count = initial;
	e->semaphore = flags & EFD_SEMAPHORE;
	waitq_init(&e->wait);
	*ret_file = file_alloc_kind("eventfd", 0600, &eventfd_ops, O_RDWR | (flags & O_NONBLOCK), e);
	if (*ret_file) return 0;
	port_free(e);
	return -ENOMEM;
}
