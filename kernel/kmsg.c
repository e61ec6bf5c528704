/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/kmsg.c - /dev/kmsg: the kernel log by record. A file's position is the number of the record that is read
 * next.
 */
#include "fs/nodefs.h"
#include "kernel/klog.h"
#include "kernel/limits.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"

enum { SEEK_SET = 0, SEEK_END = 2, SEEK_DATA = 3 };
#define KMSG_DEV (1u << 8 | 11u)

static int kmsg_open(struct inode *, struct file *file) {
	file->pos = klog_seq.first;
	return 0;
}

static ssize kmsg_read(struct file *file, void *buf, size_t len, u64 *pos) {
	ssize n;

	while ((n = klog_read_record(pos, buf, len)) == -EAGAIN) {
		if (file->flags & O_NONBLOCK) return -EAGAIN;
		if (poll_sleep(0) != 0) return -ERESTARTSYS;
	}
	return n;
}

/* "<N>text": the level is the low three bits of N; without it, as Linux's default, 4. */
static ssize kmsg_write(struct file *, const void *buf, size_t len, u64 *) {
	const char *text = buf, *end = len ? memchr(text, '>', min_u64(len, 6)) : NULL;
	u64 number = 4;
	size_t skip = 0;

	if (len >= KLOG_LINE_MAX) return -EINVAL;
	if (end && text[0] == '<' && text_to_u64(text + 1, (size_t)(end - text) - 1, 10, 999, &number) == 0)
		skip = (size_t)(end - text) + 1;
	klog_write((int)(number & 7), text + skip, len - skip);
	return (ssize)len;
}

static s64 kmsg_seek(struct file *file, s64 off, int whence) {
	if (off) return -ESPIPE;
	if (whence != SEEK_SET && whence != SEEK_END && whence != SEEK_DATA) return -EINVAL;
	file->pos = whence == SEEK_END ? klog_seq.next
		    : max_u64(whence == SEEK_DATA ? klog_seq.clear : 0, klog_seq.first);
	return 0;
}

static u32 kmsg_poll(struct file *file) { return POLLOUT | (file->pos < klog_seq.next ? POLLIN : 0); }

static const struct file_ops kmsg_fops = { .open = kmsg_open, .read = kmsg_read, .write = kmsg_write, .seek = kmsg_seek,
					   .poll = kmsg_poll };
static const struct pseudo_node nodes[] = { { "kmsg", S_IFCHR | 0644, KMSG_DEV, .fops = &kmsg_fops } };
NODES(NODEFS_DEV, nodes);
