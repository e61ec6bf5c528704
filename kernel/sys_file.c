/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_file.c - system calls on the content of open files.
 */
#include "kernel/filearg.h"
#include "kernel/pmm.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"

#define SEEK_CUR 1
#define DIRENT_BOUNCE 32768u
#define OFFSET_MAX 0x7fffffffffffffffull

/* A transfer: which way, and from where. pos NULL is the file's own position. */
static s64 transfer(u64 fd, struct uio *uio, bool write, const u64 *pos)
{
	struct file *file;
	u64 at = pos ? *pos : 0;
	s64 n = io_file_from_fd(fd, &file);

	if (!n && pos) {
		n = (s64)at < 0 ? -EINVAL : 0;
		if (!n && file_seek(file, 0, SEEK_CUR) < 0)
			n = -ESPIPE;
		if (n)
			file_put(file);
	}
	if (n) {
		uio_done(uio);
		return n;
	}
	if (write)
		n = file_write_uio(file, uio, pos ? &at : &file->pos);
	else
		n = file_read_uio(file, uio, pos ? &at : &file->pos);
	file_put(file);
	uio_done(uio);
	return restartable(n);
}

static s64 sys_read(const u64 args[6])
{
	struct uio uio;

	uio_single(&uio, args[1], args[2]);
	return transfer(args[0], &uio, false, NULL);
}

static s64 sys_write(const u64 args[6])
{
	struct uio uio;

	uio_single(&uio, args[1], args[2]);
	return transfer(args[0], &uio, true, NULL);
}

static s64 sys_pread64(const u64 args[6])
{
	struct uio uio;

	uio_single(&uio, args[1], args[2]);
	return transfer(args[0], &uio, false, &args[3]);
}

static s64 sys_pwrite64(const u64 args[6])
{
	struct uio uio;

	uio_single(&uio, args[1], args[2]);
	return transfer(args[0], &uio, true, &args[3]);
}

static s64 transfer_vector(const u64 args[6], bool write, const u64 *pos)
{
	struct uio uio;
	int err = uio_vector(&uio, args[1], args[2]);

	return err ? err : transfer(args[0], &uio, write, pos);
}

static s64 sys_readv(const u64 args[6])
{
	return transfer_vector(args, false, NULL);
}

static s64 sys_writev(const u64 args[6])
{
	return transfer_vector(args, true, NULL);
}

static s64 sys_preadv(const u64 args[6])
{
	return transfer_vector(args, false, &args[3]);
}

static s64 sys_pwritev(const u64 args[6])
{
	return transfer_vector(args, true, &args[3]);
}

/* Offset -1 is the file's own; no flag changes what is transferred. */
static s64 transfer_v2(const u64 args[6], bool write)
{
	if (args[5])
		return -EOPNOTSUPP;
	return transfer_vector(args, write, args[3] == ~0ull ? NULL : &args[3]);
}

static s64 sys_preadv2(const u64 args[6])
{
	return transfer_v2(args, false);
}

static s64 sys_pwritev2(const u64 args[6])
{
	return transfer_v2(args, true);
}

static s64 sys_lseek(const u64 args[6])
{
	struct file *file;
	s64 result = io_file_from_fd(args[0], &file);

	if (result)
		return result;
	result = file_seek(file, (s64)args[1], (s32)args[2]);
	file_put(file);
	return result;
}

static s64 sys_ftruncate(const u64 args[6])
{
	struct file *file;
	u64 len = args[1];
	int err = io_file_from_fd(args[0], &file);

	if (err)
		return err;
	err = (s64)len < 0 ? -EINVAL : 0;
	if (!err && len > file->inode->size)
		err = file_size_limit(len - 1, &len);
	if (!err)
		err = file_truncate(file, args[1], task_cred());
	file_put(file);
	return err;
}

static s64 sys_truncate(const u64 args[6])
{
	struct path path;
	u64 len = args[1];
	int err;

	if ((s64)len < 0)
		return -EINVAL;
	err = path_from_user((u64)AT_FDCWD, args[0], 0, &path);
	if (err)
		return err;
	if (len > path_inode(&path)->size)
		err = file_size_limit(len - 1, &len);
	if (!err)
		err = vfs_truncate(&path, args[1], task_cred());
	path_put(&path);
	return err;
}

/* Makes every page of [off, off + len) present. */
static int allocate(struct inode *inode, u64 off, u64 len)
{
	u64 last = (off + len - 1) / PAGE_SIZE;
	struct pmm_stats stats;
	void *page;
	int err = 0;

	pmm_stats(&stats);
	if (len / PAGE_SIZE > stats.free / 2)
		return -ENOSPC; /* before memory is used up, not after */
	for (u64 index = off / PAGE_SIZE; !err && index <= last; index++) {
		err = inode->ops->page(inode, index, true, &page);
		if (!err)
			port_page_put(page);
	}
	return err;
}

#define FALLOC_FL_KEEP_SIZE 1u

static s64 sys_fallocate(const u64 args[6])
{
	u64 off = args[2], len = args[3], end;
	struct file *file;
	int err;

	if ((s64)off < 0 || (s64)len <= 0)
		return -EINVAL;
	if (add_overflows(off, len, &end) || end > OFFSET_MAX)
		return -EFBIG;
	if ((u32)args[1] & ~FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	err = io_file_from_fd(args[0], &file);
	if (err)
		return err;
	if (!file_writable(file))
		err = -EBADF;
	else if ((file->inode->mode & S_IFMT) != S_IFREG || !file->inode->ops->page)
		err = -ENODEV;
	if (!err)
		err = file_size_limit(end - 1, &len);
	if (!err)
		err = allocate(file->inode, off, args[3]);
	if (!err && end > file->inode->size && !(args[1] & FALLOC_FL_KEEP_SIZE))
		err = file_truncate(file, end, task_cred());
	file_put(file);
	return err;
}

static s64 sys_fsync(const u64 args[6])
{
	u32 type;
	struct file *file;
	int err = io_file_from_fd(args[0], &file);

	if (err)
		return err;
	type = file->inode->mode & S_IFMT;
	if (file->ops && file->ops->fsync)
		err = file->ops->fsync(file);
	else if (type != S_IFREG && type != S_IFDIR)
		err = -EINVAL;
	file_put(file);
	return err;
}

static s64 sys_sync(const u64 args[6])
{
	(void)args;
	return 0; /* nothing is held back from a disk */
}

static s64 sys_syncfs(const u64 args[6])
{
	struct file *file;
	int err = io_file_from_fd(args[0], &file);

	if (!err)
		file_put(file);
	return err;
}

static s64 sys_fadvise64(const u64 args[6])
{
	struct file *file;
	int err = io_file_from_fd(args[0], &file);

	if (err)
		return err;
	err = (file->inode->mode & S_IFMT) == S_IFIFO ? -ESPIPE : args[3] > 5 ? -EINVAL : 0;
	file_put(file);
	return err;
}

/* Entries as getdents64 packs them: ino, next position, length, type, name. */
#define DIRENT_HEAD 19u

struct dirent_sink {
	struct dir_sink sink;
	u8 *buf;
	size_t cap, len;
	bool full;
};

static bool put_dirent(struct dir_sink *sink, const char *name, size_t len, u64 ino, u8 type, u64 next_off)
{
	struct dirent_sink *s = container_of(sink, struct dirent_sink, sink);
	size_t size = align_up(DIRENT_HEAD + len + 1, 8);
	u8 *at = s->buf + s->len;

	if (size > s->cap - s->len) {
		s->full = true;
		return false;
	}
	memset(at, 0, size);
	store_le64(at, ino);
	store_le64(at + 8, next_off);
	store_le16(at + 16, (u16)size);
	at[18] = type;
	memcpy(at + DIRENT_HEAD, name, len);
	s->len += size;
	return true;
}

static s64 sys_getdents64(const u64 args[6])
{
	struct dirent_sink s = { .sink = { put_dirent }, .cap = min_u64((u32)args[2], DIRENT_BOUNCE) };
	struct file *file;
	u64 before;
	s64 err = io_file_from_fd(args[0], &file);

	if (err)
		return err;
	s.buf = port_alloc(s.cap ? s.cap : 1);
	before = file->pos;
	err = s.buf ? file_readdir(file, &s.sink) : -ENOMEM;
	if (!err && s.full && !s.len)
		err = -EINVAL;
	if (!err && s.len)
		err = copy_to_user(uaddr(args[1]), s.buf, s.len);
	if (err)
		file->pos = before;
	port_free(s.buf);
	file_put(file);
	return err ? err : (s64)s.len;
}

/* Copies within the kernel until the input ends, count is done or the output takes less. */
static s64 copy_between(struct file *in, u64 *in_pos, struct file *out, u64 *out_pos, u64 count)
{
	u8 *bounce = port_alloc(BOUNCE_MAX);
	s64 done = 0, n = 0, written;

	if (!bounce)
		return -ENOMEM;
	while ((u64)done < count) {
		u64 at = *in_pos;

		n = file_read(in, bounce, min_u64(count - (u64)done, BOUNCE_MAX), in_pos);
		if (n <= 0)
			break;
		written = file_write(out, bounce, (size_t)n, out_pos);
		if (written < n) {
			*in_pos = at + (written > 0 ? (u64)written : 0);
			done += written > 0 ? written : 0;
			n = written;
			break;
		}
		done += n;
	}
	port_free(bounce);
	return done ? done : restartable(n);
}

static int get_offset(u64 addr, const struct file *file, u64 *ret_pos)
{
	*ret_pos = file->pos;
	if (addr && copy_from_user(ret_pos, uaddr(addr), sizeof(*ret_pos)))
		return -EFAULT;
	return (s64)*ret_pos < 0 ? -EINVAL : 0;
}

static int put_offset(u64 addr, struct file *file, u64 pos)
{
	if (addr)
		return copy_to_user(uaddr(addr), &pos, sizeof(pos));
	file->pos = pos;
	return 0;
}

static bool is_regular(const struct file *file)
{
	return (file->inode->mode & S_IFMT) == S_IFREG;
}

static s64 sys_sendfile(const u64 args[6])
{
	struct file *in, *out;
	u64 pos;
	s64 n = io_file_from_fd(args[1], &in);

	if (n)
		return n;
	n = io_file_from_fd(args[0], &out);
	if (n) {
		file_put(in);
		return n;
	}
	if (!file_readable(in) || !file_writable(out))
		n = -EBADF;
	else if (!is_regular(in) || (out->flags & O_APPEND))
		n = -EINVAL;
	if (!n)
		n = get_offset(args[2], in, &pos);
	if (!n) {
		n = copy_between(in, &pos, out, &out->pos, min_u64(args[3], 0x7ffff000u));
		if (put_offset(args[2], in, pos) && n >= 0)
			n = -EFAULT;
	}
	file_put(out);
	file_put(in);
	return n;
}

static s64 copy_range(struct file *in, struct file *out, const u64 args[6])
{
	u64 in_pos, out_pos, len = min_u64(args[4], 0x7ffff000u);
	s64 n = !file_readable(in) || !file_writable(out) || (out->flags & O_APPEND) ? -EBADF : 0;

	if (!n && (!is_regular(in) || !is_regular(out) || args[5]))
		n = -EINVAL;
	if (!n)
		n = get_offset(args[1], in, &in_pos);
	if (!n)
		n = get_offset(args[3], out, &out_pos);
	if (!n && in->inode == out->inode && in_pos < out_pos + len && out_pos < in_pos + len)
		n = -EINVAL;
	if (!n && len)
		n = file_size_limit(out_pos, &len);
	if (n || !len)
		return n;
	n = copy_between(in, &in_pos, out, &out_pos, len);
	if ((put_offset(args[1], in, in_pos) || put_offset(args[3], out, out_pos)) && n >= 0)
		n = -EFAULT;
	return n;
}

static s64 sys_copy_file_range(const u64 args[6])
{
	struct file *in, *out;
	s64 n = io_file_from_fd(args[0], &in);

	if (n)
		return n;
	n = io_file_from_fd(args[2], &out);
	if (!n) {
		n = copy_range(in, out, args);
		file_put(out);
	}
	file_put(in);
	return n;
}

const struct syscall_entry sys_file_calls[] = {
	{ 0, 3, "read", sys_read },
	{ 1, 3, "write", sys_write },
	{ 8, 3, "lseek", sys_lseek },
	{ 17, 4, "pread64", sys_pread64 },
	{ 18, 4, "pwrite64", sys_pwrite64 },
	{ 19, 3, "readv", sys_readv },
	{ 20, 3, "writev", sys_writev },
	{ 40, 4, "sendfile", sys_sendfile },
	{ 74, 1, "fsync", sys_fsync },
	{ 75, 1, "fdatasync", sys_fsync },
	{ 76, 2, "truncate", sys_truncate },
	{ 77, 2, "ftruncate", sys_ftruncate },
	{ 162, 0, "sync", sys_sync },
	{ 217, 3, "getdents64", sys_getdents64 },
	{ 221, 4, "fadvise64", sys_fadvise64 },
	{ 285, 4, "fallocate", sys_fallocate },
	{ 295, 5, "preadv", sys_preadv },
	{ 296, 5, "pwritev", sys_pwritev },
	{ 306, 1, "syncfs", sys_syncfs },
	{ 326, 6, "copy_file_range", sys_copy_file_range },
	{ 327, 6, "preadv2", sys_preadv2 },
	{ 328, 6, "pwritev2", sys_pwritev2 },
};
const size_t sys_file_call_count = ARRAY_COUNT(sys_file_calls);
