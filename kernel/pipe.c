/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/pipe.c - pipes and fifos, and event counters.
 *
 * A pipe is a ring over pages that go when it is empty. The struct hangs at inode->special while an
 * end is open. Invariant: head < PIPE_CAPACITY, used <= PIPE_CAPACITY, and the bytes [head, head + used) modulo the
 * capacity lie in pages that are present. An event counter never reaches ~0.
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

/* Until somebody else did something with the object. */
static int wait(const struct file *file, struct waitq *q) {
	return (file->flags & O_NONBLOCK) ? -EAGAIN : waitq_sleep(q, 0, true);
}

static void changed(struct waitq *q) {
	waitq_wake_all(q);
	poll_wake();
}

static void drop_pages(struct pipe *pipe) {
	for (u32 i = 0; i < PIPE_PAGES; i++) {
		if (pipe->pages[i]) port_page_put(pipe->pages[i]);
		pipe->pages[i] = NULL;
	}
}

/* Out of the ring to dst, or in from src: as much as there is or fits; less when there is no memory for a page. */
static size_t move(struct pipe *pipe, u8 *dst, const u8 *src, size_t len) {
	size_t done = 0;

	len = min_u64(len, dst ? pipe->used : PIPE_CAPACITY - pipe->used);
	while (done < len) {
		u32 at = (pipe->head + (dst ? 0 : pipe->used)) % PIPE_CAPACITY, in_page = at % PAGE_SIZE;
		size_t n = min_u64(len - done, PAGE_SIZE - in_page);
		u8 **page = &pipe->pages[at / PAGE_SIZE];

		if (!*page) *page = port_page_alloc_content();
		if (!*page) break;
		if (dst) {
			memcpy(dst + done, *page + in_page, n);
			pipe->head = (u32)(pipe->head + n) % PIPE_CAPACITY;
			pipe->used -= (u32)n;
		} else {
			memcpy(*page + in_page, src + done, n);
			pipe->used += (u32)n;
		}
		done += n;
	}
	if (!pipe->used) drop_pages(pipe);
	return done;
}

static ssize pipe_read(struct file *file, void *buf, size_t len, u64 *) {
	struct pipe *pipe = pipe_of(file);

	if (!len) return 0;
	while (!pipe->used) {
		if (!pipe->writers) return 0;
		TRY(wait(file, &pipe->wait));
	}
	len = move(pipe, buf, NULL, len);
	changed(&pipe->wait);
	return (ssize)len;
}

/* Room for what must be written in one piece: all of a small write, a byte of a large one. */
static int wait_for_room(const struct file *file, struct pipe *pipe, size_t len) {
	u32 need = len <= PIPE_ATOMIC ? (u32)len : 1;

	while (pipe->readers && PIPE_CAPACITY - pipe->used < need) TRY(wait(file, &pipe->wait));
	if (pipe->readers) return 0;
	task_signal_self(SIGPIPE);
	return -EPIPE;
}

static ssize pipe_write(struct file *file, const void *buf, size_t len, u64 *) {
	struct pipe *pipe = pipe_of(file);
	size_t done = 0;

	while (done < len) {
		ssize n = wait_for_room(file, pipe, done ? PIPE_ATOMIC + 1 : len);

		if (!n) n = (ssize)move(pipe, NULL, (const u8 *)buf + done, len - done);
		if (!n) n = -ENOMEM;
		if (n < 0) return done ? (ssize)done : n;
		done += (size_t)n;
		changed(&pipe->wait);
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

	if (!pipe) return; /* there was no memory for it */
	if (file_readable(file)) pipe->readers--;
	if (file_writable(file)) pipe->writers--;
	changed(&pipe->wait);
	if (pipe->readers || pipe->writers) return;
	drop_pages(pipe);
	file->inode->special = NULL;
	port_free(pipe);
}

static void count_end(struct pipe *pipe, const struct file *file) {
	pipe->readers += file_readable(file);
	pipe->reader_opens += file_readable(file);
	pipe->writers += file_writable(file);
	pipe->writer_opens += file_writable(file);
	changed(&pipe->wait);
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
	RELEASED(file_drop) struct file *read_end = NULL, *write_end = NULL;

	flags &= O_NONBLOCK | O_DIRECT;
	read_end = file_alloc_kind("pipe", S_IFIFO | 0600, &pipe_ops, O_RDONLY | flags, NULL);
	if (!read_end) return -ENOMEM;
	TRY(fifo_open(read_end->inode, read_end));
	write_end = file_alloc_sharing(read_end, O_WRONLY | flags, NULL);
	if (!write_end) return -ENOMEM;
	(void)fifo_open(write_end->inode, write_end); /* the pipe is there and has a reader */
	*ret_read_end = TAKE(read_end);
	*ret_write_end = TAKE(write_end);
	return 0;
}

#define COUNT_MAX (~0ull - 1)

struct eventfd {
	u64 count;
	bool semaphore;
	struct waitq wait;
};

static ssize eventfd_read(struct file *file, void *buf, size_t len, u64 *) {
	struct eventfd *e = file->private_data;
	u64 value;

	if (len < sizeof(value)) return -EINVAL;
	while (!e->count) TRY(wait(file, &e->wait));
	value = e->semaphore ? 1 : e->count;
	e->count -= value;
	memcpy(buf, &value, sizeof(value));
	changed(&e->wait);
	return sizeof(value);
}

static ssize eventfd_write(struct file *file, const void *buf, size_t len, u64 *) {
	struct eventfd *e = file->private_data;
	u64 value;

	if (len < sizeof(value)) return -EINVAL;
	memcpy(&value, buf, sizeof(value));
	if (value > COUNT_MAX) return -EINVAL;
	while (value > COUNT_MAX - e->count) TRY(wait(file, &e->wait));
	e->count += value;
	changed(&e->wait);
	return sizeof(value);
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
	struct file *file = e ? file_alloc_kind("eventfd", 0600, &eventfd_ops, O_RDWR | (flags & O_NONBLOCK), e) : NULL;

	if (!file) {
		port_free(e);
		return -ENOMEM;
	}
	e->count = initial;
	e->semaphore = flags & EFD_SEMAPHORE;
	waitq_init(&e->wait);
	*ret_file = file;
	return 0;
}
