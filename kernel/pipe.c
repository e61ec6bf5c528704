/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/pipe.c - pipes and fifos.
 *
 * A ring over pages that exist only while they hold something. The struct hangs at inode->special while an end is
 * open. Invariant: head < PIPE_CAPACITY, used <= PIPE_CAPACITY, and the bytes [head, head + used) modulo the capacity
 * lie in pages that are present.
 */
#include "kernel/pipe.h"

#include "kernel/task.h"

#define PIPE_PAGES (PIPE_CAPACITY / PAGE_SIZE)

struct pipe {
	u32 head, used;
	u32 readers, writers;
	u32 reader_opens, writer_opens; /* ever: what an open that waits for the other end watches */
	u8 *pages[PIPE_PAGES];
	struct waitq wait;
};

static const struct file_ops pipe_ops;

static struct pipe *pipe_of(const struct file *file) { return file->inode->special; }

bool file_is_pipe(const struct file *file) { return file->ops == &pipe_ops; }

u32 pipe_pending(const struct file *file) { return pipe_of(file)->used; }

static void changed(struct pipe *pipe) {
	waitq_wake_all(&pipe->wait);
	poll_wake();
}

/* The pages that hold nothing go; all of them when the pipe is empty. */
static void drop_page(struct pipe *pipe, u32 index) {
	if (pipe->pages[index]) port_page_put(pipe->pages[index]);
	pipe->pages[index] = NULL;
}

static size_t take(struct pipe *pipe, u8 *dst, size_t len) {
	size_t done = 0;

	len = min_u64(len, pipe->used);
	while (done < len) {
		u32 index = pipe->head / PAGE_SIZE, in_page = pipe->head % PAGE_SIZE;
		size_t n = min_u64(len - done, PAGE_SIZE - in_page);

		memcpy(dst + done, pipe->pages[index] + in_page, n);
		done += n;
		pipe->head = (u32)(pipe->head + n) % PIPE_CAPACITY;
		pipe->used -= (u32)n;
		/* While the ring is nearly full its end may share the page with its beginning. */
		if (pipe->head % PAGE_SIZE == 0 && pipe->used <= PIPE_CAPACITY - PAGE_SIZE) drop_page(pipe, index);
	}
	if (!pipe->used) {
		drop_page(pipe, pipe->head / PAGE_SIZE);
		pipe->head = 0;
	}
	return done;
}

/* As much as fits; -ENOMEM when not even a byte found a page. */
static ssize put(struct pipe *pipe, const u8 *src, size_t len) {
	size_t done = 0;

	len = min_u64(len, PIPE_CAPACITY - pipe->used);
	while (done < len) {
		u32 tail = (pipe->head + pipe->used) % PIPE_CAPACITY;
		u32 index = tail / PAGE_SIZE, in_page = tail % PAGE_SIZE;
		size_t n = min_u64(len - done, PAGE_SIZE - in_page);

		if (!pipe->pages[index]) pipe->pages[index] = port_page_alloc();
		if (!pipe->pages[index]) return done ? (ssize)done : -ENOMEM;
		memcpy(pipe->pages[index] + in_page, src + done, n);
		pipe->used += (u32)n;
		done += n;
	}
	return (ssize)done;
}

static ssize pipe_read(struct file *file, void *buf, size_t len, u64 *) {
	struct pipe *pipe = pipe_of(file);

	if (!len) return 0;
	while (!pipe->used) {
		if (!pipe->writers) return 0;
		if (file->flags & O_NONBLOCK) return -EAGAIN;
		TRY(waitq_sleep(&pipe->wait, 0, true));
	}
	len = take(pipe, buf, len);
	changed(pipe);
	return (ssize)len;
}

/* Room for what must be written in one piece: all of a small write, a byte of a large one. */
static int wait_for_room(const struct file *file, struct pipe *pipe, size_t len) {
	u32 need = len <= PIPE_ATOMIC ? (u32)len : 1;

	while (pipe->readers && PIPE_CAPACITY - pipe->used < need) {
		if (file->flags & O_NONBLOCK) return -EAGAIN;
		TRY(waitq_sleep(&pipe->wait, 0, true));
	}
	if (pipe->readers) return 0;
	task_signal_self(SIGPIPE);
	return -EPIPE;
}

static ssize pipe_write(struct file *file, const void *buf, size_t len, u64 *) {
	struct pipe *pipe = pipe_of(file);
	size_t done = 0;

	while (done < len) {
		ssize n = wait_for_room(file, pipe, done ? PIPE_ATOMIC + 1 : len);

		if (!n) n = put(pipe, (const u8 *)buf + done, len - done);
		if (n < 0) return done ? (ssize)done : n;
		done += (size_t)n;
		changed(pipe);
	}
	return (ssize)done;
}

static u32 pipe_poll(struct file *file) {
	const struct pipe *pipe = pipe_of(file);
	u32 ready = 0;

	if (file_readable(file))
		ready |= (pipe->used ? POLLIN : 0) | (pipe->writers || !pipe->writer_opens ? 0 : POLLHUP);
	if (file_writable(file))
		ready |= (PIPE_CAPACITY - pipe->used >= PIPE_ATOMIC ? POLLOUT : 0) | (pipe->readers ? 0 : POLLERR);
	return ready;
}

static void pipe_release(struct file *file) {
	struct pipe *pipe = pipe_of(file);

	if (file_readable(file)) pipe->readers--;
	if (file_writable(file)) pipe->writers--;
	changed(pipe);
	if (pipe->readers || pipe->writers) return;
	for (u32 i = 0; i < PIPE_PAGES; i++) drop_page(pipe, i);
	file->inode->special = NULL;
	port_free(pipe);
}

static void count_end(struct pipe *pipe, const struct file *file) {
	pipe->readers += file_readable(file);
	pipe->reader_opens += file_readable(file);
	pipe->writers += file_writable(file);
	pipe->writer_opens += file_writable(file);
	changed(pipe);
}

/* Waits until somebody has opened the other end, even when it was closed again meanwhile. */
static int wait_for_other(struct pipe *pipe, const u32 *now, const u32 *opens) {
	u32 seen = *opens;

	while (!*now && *opens == seen) TRY(waitq_sleep(&pipe->wait, 0, true));
	return 0;
}

/* A fifo by its name; also an unnamed pipe through /proc/PID/fd. */
static int fifo_open(struct inode *inode, struct file *file) {
	bool nonblock = file->flags & O_NONBLOCK, reads = file_readable(file), writes = file_writable(file);
	struct pipe *pipe = inode->special;
	int err;

	if (!reads && !writes) return -EINVAL;
	if (!reads && nonblock && (!pipe || !pipe->readers)) return -ENXIO;
	if (!pipe) {
		pipe = port_alloc(sizeof(*pipe));
		if (!pipe) return -ENOMEM;
		waitq_init(&pipe->wait);
		inode->special = pipe;
	}
	count_end(pipe, file);
	if (nonblock || inode->sb->anonymous || (reads && writes)) return 0; /* only a named one waits */
	err = reads ? wait_for_other(pipe, &pipe->writers, &pipe->writer_opens)
		    : wait_for_other(pipe, &pipe->readers, &pipe->reader_opens);
	if (err) pipe_release(file);
	return err;
}

static const struct file_ops pipe_ops = {
	.open = fifo_open,
	.release = pipe_release,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
};

void pipe_init(void) { vfs_set_fifo_ops(&pipe_ops); }

int pipe_create(u32 flags, struct file **ret_read_end, struct file **ret_write_end) {
	struct pipe *pipe = port_alloc(sizeof(*pipe));
	struct file *read_end, *write_end;

	flags &= O_NONBLOCK | O_DIRECT;
	if (!pipe) return -ENOMEM;
	waitq_init(&pipe->wait);
	read_end = file_alloc_kind("pipe", S_IFIFO | 0600, &pipe_ops, O_RDONLY | flags, NULL);
	if (!read_end) {
		port_free(pipe);
		return -ENOMEM;
	}
	read_end->inode->special = pipe;
	count_end(pipe, read_end);
	write_end = file_alloc_sharing(read_end, O_WRONLY | flags, NULL);
	if (!write_end) {
		file_put(read_end);
		return -ENOMEM;
	}
	count_end(pipe, write_end);
	*ret_read_end = read_end;
	*ret_write_end = write_end;
	return 0;
}
