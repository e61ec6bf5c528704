/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_file.c - system calls on the content of open files.
 *
 * User memory is read or written once per byte. Data goes through one bounded kernel buffer per call, never the stack.
 */
#include "kernel/filearg.h"
#include "kernel/pmm.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define SEEK_CUR 1
#define SIGXFSZ 25
#define IOV_MAX 1024u
#define BOUNCE_MAX 65536u
#define DIRENT_BOUNCE 32768u
#define TRANSFER_MAX 0x7ffff000u /* as Linux's MAX_RW_COUNT */
#define OFFSET_MAX 0x7fffffffffffffffull

/* A scattered user buffer, consumed from its beginning; struct iovec_abi is Linux's struct iovec. */
struct iovec_abi {
	u64 base, len;
};
struct uio {
	struct iovec_abi one, *vec; /* &one, or allocated */
	size_t index;
	u64 left;
};

static void uio_done(struct uio *uio) {
	if (uio->vec != &uio->one) port_free(uio->vec);
}

static int uio_vector(struct uio *uio, u64 addr, u64 count) {
	if (count > IOV_MAX) return -EINVAL;
	uio->left = 0;
	uio->vec = port_alloc((count + 1) * sizeof(*uio->vec));
	if (!uio->vec) return -ENOMEM;
	TRY(copy_from_user(uio->vec, uaddr(addr), count * sizeof(*uio->vec)));
	for (size_t i = 0; i < count; i++) {
		if (uio->vec[i].len >> 63) return -EINVAL;
		uio->vec[i].len = min_u64(uio->vec[i].len, TRANSFER_MAX - uio->left);
		uio->left += uio->vec[i].len;
	}
	return 0;
}

/*
 * Moves len bytes, at most uio->left, out to the program or in from it. Page by page: where its memory ends the count
 * is short, or -EFAULT when nothing was moved.
 */
static ssize uio_move(struct uio *uio, u8 *buf, size_t len, bool out) {
	size_t done = 0;

	while (done < len) {
		struct iovec_abi *v = &uio->vec[uio->index];
		size_t n = min_u64(min_u64(len - done, v->len), PAGE_SIZE - v->base % PAGE_SIZE);

		if (out ? copy_to_user(uaddr(v->base), buf + done, n) : copy_from_user(buf + done, uaddr(v->base), n))
			return done ? (ssize)done : -EFAULT;
		v->base += n;
		v->len -= n;
		uio->left -= n;
		done += n;
		if (!v->len) uio->index++;
	}
	return (ssize)done;
}

/* Cuts len to RLIMIT_FSIZE; SIGXFSZ and -EFBIG when nothing is left. */
static int file_size_limit(u64 from, u64 *len) {
	u64 limit = task_rlimit(RLIMIT_FSIZE);

	if (limit == RLIM_INFINITY || !*len) return 0;
	if (from >= limit) {
		task_signal_self(SIGXFSZ);
		return -EFBIG;
	}
	*len = min_u64(*len, limit - from);
	return 0;
}

/*
 * What can wait (it has a poll operation) is read once, as another read could wait although there is something to
 * return.
 */
static ssize move(struct file *file, struct uio *uio, u64 *pos, bool write) {
	size_t cap = min_u64(uio->left, BOUNCE_MAX), want;
	RELEASED(memory_drop) u8 *bounce = port_alloc(cap ? cap : 1);
	ssize done = 0, n;

	if (!bounce) return -ENOMEM;
	if (write && inode_is(file->inode, S_IFREG) && file_writable(file))
		TRY(file_size_limit((file->flags & O_APPEND) ? file->inode->size : *pos, &uio->left));
	do {
		u64 before = *pos;

		want = min_u64(uio->left, cap);
		n = write ? uio_move(uio, bounce, want, false) : file_read(file, bounce, want, pos);
		if (write && n != (ssize)want && !inode_is(file->inode, S_IFREG)) n = -EFAULT; /* all or nothing */
		if (n >= 0 && write) {
			n = file_write(file, bounce, (size_t)n, pos);
		} else if (n > 0) {
			ssize got = n;

			n = uio_move(uio, bounce, (size_t)got, true);
			if (n < got) *pos = before + (n > 0 ? (u64)n : 0);
		}
		if (n > 0) done += n;
	} while (n == (ssize)want && uio->left && (write || !file->ops->poll));
	return done ? done : n;
}

enum { OUT = 1, VECTOR = 2, AT = 4 }; /* AT: not at the file's own position but at args[3] */

static s64 transfer(struct file *file, const u64 args[6], u32 how) {
	RELEASED(uio_done) struct uio uio = { .one = { args[1], min_u64(args[2], TRANSFER_MAX) } };
	u64 pos = args[3];

	uio.vec = &uio.one;
	uio.left = uio.one.len;
	if (!(how & VECTOR) && (args[2] > USER_END || args[1] > USER_END - args[2])) return -EFAULT;
	if ((how & AT) && (s64)pos < 0) return -EINVAL;
	if ((how & AT) && file_seek(file, 0, SEEK_CUR) < 0) return -ESPIPE;
	if (how & VECTOR) TRY(uio_vector(&uio, args[1], args[2]));
	return restartable(move(file, &uio, (how & AT) ? &pos : &file->pos, how & OUT));
}

/* Offset -1 is the file's own; no flag changes what is transferred. */
static s64 transfer_v2(struct file *file, const u64 args[6], u32 how) {
	return args[5] ? -EOPNOTSUPP : transfer(file, args, how | VECTOR | (args[3] == ~0ull ? 0 : AT));
}

SYSCALL_IO(0, read) { return transfer(file, args, 0); }
SYSCALL_IO(1, write) { return transfer(file, args, OUT); }
SYSCALL_IO(17, pread64) { return transfer(file, args, AT); }
SYSCALL_IO(18, pwrite64) { return transfer(file, args, AT | OUT); }
SYSCALL_IO(19, readv) { return transfer(file, args, VECTOR); }
SYSCALL_IO(20, writev) { return transfer(file, args, VECTOR | OUT); }
SYSCALL_IO(295, preadv) { return transfer(file, args, VECTOR | AT); }
SYSCALL_IO(296, pwritev) { return transfer(file, args, VECTOR | AT | OUT); }
SYSCALL_IO(327, preadv2) { return transfer_v2(file, args, 0); }
SYSCALL_IO(328, pwritev2) { return transfer_v2(file, args, OUT); }

SYSCALL_IO(8, lseek) { return file_seek(file, (s64)args[1], (s32)args[2]); }

static int check_new_size(const struct inode *inode, u64 size) {
	u64 len = size;

	if ((s64)size < 0) return -EINVAL;
	return size > inode->size ? file_size_limit(size - 1, &len) : 0;
}

SYSCALL_IO(77, ftruncate) {
	TRY(check_new_size(file->inode, args[1]));
	return file_truncate(file, args[1], task_cred());
}

static s64 do_truncate(const struct path *path, const u64 *rest) {
	TRY(check_new_size(path_inode(path), rest[0]));
	return vfs_truncate(path, rest[0], task_cred());
}

SYSCALL(76, truncate) { return on_path(CWD, args[0], 0, do_truncate, args + 1); }

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

SYSCALL_IO(285, fallocate) {
	u64 off = args[2], len = args[3], end;

	if ((s64)off < 0 || (s64)len <= 0) return -EINVAL;
	if (add_overflows(off, len, &end) || end > OFFSET_MAX) return -EFBIG;
	if ((u32)args[1] & ~FALLOC_FL_KEEP_SIZE) return -EOPNOTSUPP;
	return allocate(file, off, end, args[1]);
}

/* Nothing is held back from a disk. */
static s64 synced(const struct inode *inode) {
	return inode_is(inode, S_IFREG) || inode_is(inode, S_IFDIR) ? 0 : -EINVAL;
}

SYSCALL_IO(74, fsync) { return synced(file->inode); }
SYSCALL_IO(75, fdatasync) { return synced(file->inode); }
SYSCALL(162, sync) { return 0; }
SYSCALL_IO(306, syncfs) { return 0; }
SYSCALL_IO(221, fadvise64) { return inode_is(file->inode, S_IFIFO) ? -ESPIPE : args[3] > 5 ? -EINVAL : 0; }

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

SYSCALL_IO(217, getdents64) {
	size_t cap = min_u64((u32)args[2], DIRENT_BOUNCE);
	RELEASED(memory_drop) u8 *bounce = port_alloc(cap ? cap : 1);
	struct dirent_sink s = { .sink = { put_dirent }, .buf = bounce, .cap = cap };
	u64 before = file->pos;

	if (!bounce) return -ENOMEM;
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

/* Until the input ends, count is done or the output takes nothing. */
static s64 copy_between(struct end *in, struct end *out, u64 count) {
	RELEASED(memory_drop) u8 *bounce = port_alloc(BOUNCE_MAX);
	u64 done = 0, before;
	ssize n;

	if (!bounce) return -ENOMEM;
	do {
		before = in->pos;
		n = file_read(in->file, bounce, min_u64(count - done, BOUNCE_MAX), &in->pos);
		if (n > 0) n = file_write(out->file, bounce, (size_t)n, &out->pos);
		if (n > 0) done += (u64)n;
		in->pos = before + (n > 0 ? (u64)n : 0);
	} while (n > 0 && done < count);
	if (end_store(in) || end_store(out)) return -EFAULT;
	return done ? (s64)done : restartable(n);
}

SYSCALL(40, sendfile) {
	RELEASED(end_done) struct end in = { 0 }, out = { 0 };

	TRY(end_begin(&in, args[1], args[2]));
	TRY(end_begin(&out, args[0], 0));
	if (!file_readable(in.file) || !file_writable(out.file)) return -EBADF;
	if (!inode_is(in.file->inode, S_IFREG) || (out.file->flags & O_APPEND)) return -EINVAL;
	return args[3] ? copy_between(&in, &out, min_u64(args[3], TRANSFER_MAX)) : 0;
}

SYSCALL(326, copy_file_range) {
	RELEASED(end_done) struct end in = { 0 }, out = { 0 };
	u64 len = min_u64(args[4], TRANSFER_MAX);

	TRY(end_begin(&in, args[0], args[1]));
	TRY(end_begin(&out, args[2], args[3]));
	if (!file_readable(in.file) || !file_writable(out.file) || (out.file->flags & O_APPEND)) return -EBADF;
	if (!inode_is(in.file->inode, S_IFREG) || !inode_is(out.file->inode, S_IFREG) || args[5]) return -EINVAL;
	if (in.file->inode == out.file->inode && in.pos < out.pos + len && out.pos < in.pos + len) return -EINVAL;
	TRY(file_size_limit(out.pos, &len));
	return len ? copy_between(&in, &out, len) : 0;
}
