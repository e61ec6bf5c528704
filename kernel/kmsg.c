/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/kmsg.c - /dev/kmsg: the kernel log by record. A file's position is the number of the record that is read
 * next.
 */
#include "kernel/kmsg.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/klog.h"
#include "kernel/limits.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"

#define SEEK_SET 0
#define SEEK_END 2
#define SEEK_DATA 3
#define KMSG_DEV (1u << 8 | 11u)

static struct waitq readers = WAITQ_INIT(readers);

static void wake(void)
{
	waitq_wake_all(&readers);
	poll_wake();
}

static int kmsg_open(struct inode *inode, struct file *file)
{
	(void)inode;
	file->pos = klog_first_seq();
	return 0;
}

static ssize kmsg_read(struct file *file, void *buf, size_t len, u64 *pos)
{
	ssize n;

	while ((n = klog_read_record(pos, buf, len)) == -EAGAIN) {
		int err;

		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = waitq_sleep(&readers, 0, true);
		if (err)
			return err == -EINTR ? -ERESTARTSYS : err;
	}
	return n;
}

/* "<N>text": the level is the low three bits of N; without it, as Linux's default, 4. */
static ssize kmsg_write(struct file *file, const void *buf, size_t len, u64 *pos)
{
	const char *text = buf;
	size_t at = 0, n = len;
	unsigned level = 4, number = 0;

	(void)file;
	(void)pos;
	if (len >= KLOG_LINE_MAX)
		return -EINVAL;
	if (n && text[0] == '<') {
		for (at = 1; at < n && at < 5 && text[at] >= '0' && text[at] <= '9'; at++)
			number = number * 10 + (unsigned)(text[at] - '0');
		if (at > 1 && at < n && text[at] == '>') {
			level = number & 7;
			at++;
		} else {
			at = 0;
		}
	}
	klog_write((int)level, text + at, n - at);
	return (ssize)len;
}

static s64 kmsg_seek(struct file *file, s64 off, int whence)
{
	if (off)
		return -ESPIPE;
	if (whence == SEEK_SET)
		file->pos = klog_first_seq();
	else if (whence == SEEK_END)
		file->pos = klog_next_seq();
	else if (whence == SEEK_DATA)
		file->pos = klog_clear_seq();
	else
		return -EINVAL;
	return 0;
}

static u32 kmsg_poll(struct file *file)
{
	return POLLOUT | (file->pos < klog_next_seq() ? POLLIN : 0);
}

static const struct file_ops kmsg_fops = {
	.open = kmsg_open,
	.read = kmsg_read,
	.write = kmsg_write,
	.seek = kmsg_seek,
	.poll = kmsg_poll,
};
static const struct pseudo_ops kmsg_ops = { .fops = &kmsg_fops };

int kmsg_init(struct superblock *dev)
{
	klog_set(&(struct klog_config){ .wake = wake });
	return pseudo_add(dev, "kmsg", S_IFCHR | 0644, KMSG_DEV, &kmsg_ops, NULL);
}

int kmsg_wait(void)
{
	return waitq_sleep(&readers, 0, true);
}
