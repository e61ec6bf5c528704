/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_file.c - system calls on the content of open files.
 */
#include "kernel/filearg.h"
#include "kernel/pmm.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define SEEK_CUR 1
#define DIRENT_BOUNCE 32768u
#define COPY_MAX 0x7ffff000u
#define OFFSET_MAX 0x7fffffffffffffffull

enum direction { IN, OUT };

/* pos NULL is the file's own position. */
static s64 transfer(u64 fd, struct uio *uio, enum direction way, const u64 *pos) {
	RELEASED(file_drop) struct file *file = file_from_fd(fd, true);
	u64 at = pos ? *pos : 0, *from = &at;

	if (!file) return -EBADF;
	if ((s64)at < 0) return -EINVAL;
	if (pos && file_seek(file, 0, SEEK_CUR) < 0) return -ESPIPE;
	if (!pos) from = &file->pos;
	return restartable(way == OUT ? file_write_uio(file, uio, from) : file_read_uio(file, uio, from));
}

static s64 transfer_single(const u64 args[6], enum direction way, const u64 *pos) {
	struct uio uio;

	if (args[2] > USER_END || args[1] > USER_END - args[2]) return -EFAULT;
	uio_single(&uio, args[1], args[2]);
	return transfer(args[0], &uio, way, pos);
}

static s64 transfer_vector(const u64 args[6], enum direction way, const u64 *pos) {
	RELEASED(uio_done) struct uio uio = { .vec = &uio.one };

	TRY(uio_vector(&uio, args[1], args[2]));
	return transfer(args[0], &uio, way, pos);
}

/* Offset -1 is the file's own; no flag changes what is transferred. */
static s64 transfer_v2(const u64 args[6], enum direction way) {
	return args[5] ? -EOPNOTSUPP : transfer_vector(args, way, args[3] == ~0ull ? NULL : &args[3]);
}

SYSCALL(0, read) { return transfer_single(args, IN, NULL); }
SYSCALL(1, write) { return transfer_single(args, OUT, NULL); }
SYSCALL(17, pread64) { return transfer_single(args, IN, &args[3]); }
SYSCALL(18, pwrite64) { return transfer_single(args, OUT, &args[3]); }
SYSCALL(19, readv) { return transfer_vector(args, IN, NULL); }
SYSCALL(20, writev) { return transfer_vector(args, OUT, NULL); }
SYSCALL(295, preadv) { return transfer_vector(args, IN, &args[3]); }
SYSCALL(296, pwritev) { return transfer_vector(args, OUT, &args[3]); }
SYSCALL(327, preadv2) { return transfer_v2(args, IN); }
SYSCALL(328, pwritev2) { return transfer_v2(args, OUT); }

SYSCALL(8, lseek) {
	RELEASED(file_drop) struct file *file = file_from_fd(args[0], true);

	return file ? file_seek(file, (s64)args[1], (s32)args[2]) : -EBADF;
}

static int check_new_size(const struct inode *inode, u64 size) {
	u64 len = size;

	if ((s64)size < 0) return -EINVAL;
	return size > inode->size ? file_size_limit(size - 1, &len) : 0;
}

SYSCALL(77, ftruncate) {
	RELEASED(file_drop) struct file *file = file_from_fd(args[0], true);

	if (!file) return -EBADF;
	TRY(check_new_size(file->inode, args[1]));
	return file_truncate(file, args[1], task_cred());
}

static s64 do_truncate(const struct path *path, const u64 args[6]) {
	TRY(check_new_size(path_inode(path), args[1]));
	return vfs_truncate(path, args[1], task_cred());
}

SYSCALL(76, truncate) { return on_path(CWD, args[0], 0, do_truncate, args); }

#define FALLOC_FL_KEEP_SIZE 1u

/* Makes every page of [off, end) present. */
static s64 allocate(struct file *file, u64 off, u64 end, bool keep_size) {
	struct inode *inode = file->inode;
	u64 len = end - off;
	void *page;

	if (!file_writable(file)) return -EBADF;
	if (!inode_is(inode, S_IFREG) || !inode->ops->page) return -ENODEV;
	TRY(file_size_limit(end - 1, &len));
	if ((end - off) / PAGE_SIZE > pmm_stats().free / 2) return -ENOSPC; /* before memory is used up, not after */
	for (u64 index = off / PAGE_SIZE; index <= (end - 1) / PAGE_SIZE; index++) {
		TRY(inode->ops->page(inode, index, true, &page));
		port_page_put(page);
	}
	return end > inode->size && !keep_size ? file_truncate(file, end, task_cred()) : 0;
}

SYSCALL(285, fallocate) {
	RELEASED(file_drop) struct file *file = file_from_fd(args[0], true);
	u64 off = args[2], len = args[3], end;

	if (!file) return -EBADF;
	if ((s64)off < 0 || (s64)len <= 0) return -EINVAL;
	if (add_overflows(off, len, &end) || end > OFFSET_MAX) return -EFBIG;
	if ((u32)args[1] & ~FALLOC_FL_KEEP_SIZE) return -EOPNOTSUPP;
	return allocate(file, off, end, args[1]);
}

SYSCALL(74, fsync) {
	RELEASED(file_drop) struct file *file = file_from_fd(args[0], true);

	if (!file) return -EBADF;
	if (file->ops && file->ops->fsync) return file->ops->fsync(file);
	return inode_is(file->inode, S_IFREG) || inode_is(file->inode, S_IFDIR) ? 0 : -EINVAL;
}

/* Nothing is held back from a disk. */
SYSCALL(162, sync) { return 0; }

SYSCALL(306, syncfs) {
	RELEASED(file_drop) struct file *file = file_from_fd(args[0], true);

	return file ? 0 : -EBADF;
}

SYSCALL(221, fadvise64) {
	RELEASED(file_drop) struct file *file = file_from_fd(args[0], true);

	if (!file) return -EBADF;
	return inode_is(file->inode, S_IFIFO) ? -ESPIPE : args[3] > 5 ? -EINVAL : 0;
}

/* Entries as getdents64 packs them: ino, next position, length, type, name. */
#define DIRENT_HEAD 19u

struct dirent_sink {
	struct dir_sink sink;
	u8 *buf;
	size_t cap, len;
	bool full;
};

static bool put_dirent(struct dir_sink *sink, const char *name, size_t len, u64 ino, u8 type, u64 next_off) {
	struct dirent_sink *s = container_of(sink, struct dirent_sink, sink);
	size_t size = align_up(DIRENT_HEAD + len + 1, 8);
	u8 *at = s->buf + s->len;

	s->full = size > s->cap - s->len;
	if (s->full) return false;
	memset(at, 0, size);
	store_le64(at, ino);
	store_le64(at + 8, next_off);
	store_le16(at + 16, (u16)size);
	at[18] = type;
	memcpy(at + DIRENT_HEAD, name, len);
	s->len += size;
	return true;
}

SYSCALL(217, getdents64) {
	RELEASED(file_drop) struct file *file = file_from_fd(args[0], true);
	size_t cap = min_u64((u32)args[2], DIRENT_BOUNCE);
	RELEASED(memory_drop) u8 *bounce = port_alloc(cap ? cap : 1);
	struct dirent_sink s = { .sink = { put_dirent }, .buf = bounce, .cap = cap };
	u64 before;

	if (!file) return -EBADF;
	if (!bounce) return -ENOMEM;
	before = file->pos;
	TRY(file_readdir(file, &s.sink));
	if (s.full && !s.len) return -EINVAL;
	if (!s.len || !copy_to_user(uaddr(args[1]), bounce, s.len)) return (s64)s.len;
	file->pos = before;
	return -EFAULT;
}

/* One side of a copy inside the kernel: the file, and the position in the program's memory or in the file. */
struct end {
	struct file *file;
	u64 pos, addr;
};

static void end_done(struct end *end) { file_put(end->file); }

static int end_begin(struct end *end, u64 fd, u64 addr) {
	end->file = file_from_fd(fd, true);
	if (!end->file) return -EBADF;
	end->addr = addr;
	end->pos = end->file->pos;
	if (addr) TRY(copy_from_user(&end->pos, uaddr(addr), sizeof(end->pos)));
	return (s64)end->pos < 0 ? -EINVAL : 0;
}

static int end_store(struct end *end) {
	if (end->addr) return copy_to_user(uaddr(end->addr), &end->pos, sizeof(end->pos));
	if (!inode_is(end->file->inode, S_IFIFO)) end->file->pos = end->pos;
	return 0;
}

/* Until the input ends, count is done or the output takes less. */
static s64 copy_between(struct end *in, struct end *out, u64 count) {
	RELEASED(memory_drop) u8 *bounce = port_alloc(BOUNCE_MAX);
	s64 done = 0, n, written;

	if (!bounce) return -ENOMEM;
	do {
		u64 at = in->pos;

		n = file_read(in->file, bounce, min_u64(count - (u64)done, BOUNCE_MAX), &in->pos);
		if (n <= 0) break;
		written = file_write(out->file, bounce, (size_t)n, &out->pos);
		if (written > 0) done += written;
		if (written == n) continue;
		in->pos = at + (written > 0 ? (u64)written : 0);
		n = written;
		break;
	} while ((u64)done < count);
	if (end_store(in) || end_store(out)) return -EFAULT;
	return done ? done : restartable(n);
}

SYSCALL(40, sendfile) {
	RELEASED(end_done) struct end in = { 0 }, out = { 0 };

	TRY(end_begin(&in, args[1], args[2]));
	TRY(end_begin(&out, args[0], 0));
	if (!file_readable(in.file) || !file_writable(out.file)) return -EBADF;
	if (!inode_is(in.file->inode, S_IFREG) || (out.file->flags & O_APPEND)) return -EINVAL;
	return args[3] ? copy_between(&in, &out, min_u64(args[3], COPY_MAX)) : 0;
}

SYSCALL(326, copy_file_range) {
	RELEASED(end_done) struct end in = { 0 }, out = { 0 };
	u64 len = min_u64(args[4], COPY_MAX);

	TRY(end_begin(&in, args[0], args[1]));
	TRY(end_begin(&out, args[2], args[3]));
	if (!file_readable(in.file) || !file_writable(out.file) || (out.file->flags & O_APPEND)) return -EBADF;
	if (!inode_is(in.file->inode, S_IFREG) || !inode_is(out.file->inode, S_IFREG) || args[5]) return -EINVAL;
	if (in.file->inode == out.file->inode && in.pos < out.pos + len && out.pos < in.pos + len) return -EINVAL;
	TRY(file_size_limit(out.pos, &len));
	return len ? copy_between(&in, &out, len) : 0;
}

SYSCALL(75, fdatasync) { return sys_fsync(args); }
