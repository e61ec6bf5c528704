/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filearg.c - descriptors, names and buffers as arguments.
 *
 * User memory is read or written once per byte. Data goes through one bounded kernel buffer per call, never the stack.
 */
#include "kernel/filearg.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define IOV_MAX 1024u
#define TRANSFER_MAX 0x7ffff000u /* as Linux's MAX_RW_COUNT */
#define SIGXFSZ 25

int file_from_fd(u64 fd, struct file **ret_file)
{
	struct file *file = fdtable_file(task_files(), (s32)fd);

	if (!file)
		return -EBADF;
	*ret_file = file;
	return 0;
}

int io_file_from_fd(u64 fd, struct file **ret_file)
{
	struct file *file;
	int err = file_from_fd(fd, &file);

	if (err)
		return err;
	if (file->flags & O_PATH) {
		file_put(file);
		return -EBADF;
	}
	*ret_file = file;
	return 0;
}

int name_from_user(u64 addr, char **ret_name)
{
	char *name = port_alloc(VFS_PATH_MAX);
	ssize len;

	if (!name)
		return -ENOMEM;
	len = copy_string_from_user(name, uaddr(addr), VFS_PATH_MAX);
	if (len < 0) {
		port_free(name);
		return (int)len;
	}
	*ret_name = name;
	return 0;
}

int at_begin(struct at *at, u64 dirfd, u64 name)
{
	int err;

	*at = (struct at){ 0 };
	err = name_from_user(name, &at->name);
	if (err || at->name[0] == '/' || (s32)dirfd == AT_FDCWD)
		return err;
	err = file_from_fd(dirfd, &at->file);
	if (err) {
		at_done(at);
		return err;
	}
	at->start = &at->file->path;
	return 0;
}

void at_done(struct at *at)
{
	port_free(at->name);
	file_put(at->file);
	*at = (struct at){ 0 };
}

int at_path_as(const struct at *at, u32 at_flags, const struct cred *cred, struct path *ret_path)
{
	const struct vfs_context *ctx = task_fs();

	if (!at->name[0] && (at_flags & AT_EMPTY_PATH)) {
		*ret_path = at->start ? *at->start : ctx->cwd;
		path_get(ret_path);
		return 0;
	}
	return path_walk(ctx, at->start, at->name, (at_flags & AT_SYMLINK_NOFOLLOW) ? 0 : WALK_FOLLOW, cred, ret_path);
}

int at_path(const struct at *at, u32 at_flags, struct path *ret_path)
{
	return at_path_as(at, at_flags, task_cred(), ret_path);
}

int path_from_user(u64 dirfd, u64 name, u32 at_flags, struct path *ret_path)
{
	struct at at;
	int err = at_begin(&at, dirfd, name);

	if (err)
		return err;
	err = at_path(&at, at_flags, ret_path);
	at_done(&at);
	return err;
}

void uio_single(struct uio *uio, u64 addr, u64 len)
{
	*uio = (struct uio){ .one = { addr, min_u64(len, TRANSFER_MAX) }, .count = 1 };
	uio->vec = &uio->one;
	uio->left = uio->one.len;
}

int uio_vector(struct uio *uio, u64 addr, u64 count)
{
	int err = 0;

	*uio = (struct uio){ .count = count };
	uio->vec = &uio->one;
	if (count > IOV_MAX)
		return -EINVAL;
	if (!count)
		return 0;
	uio->vec = port_alloc(count * sizeof(*uio->vec));
	if (!uio->vec) {
		uio->vec = &uio->one;
		return -ENOMEM;
	}
	err = copy_from_user(uio->vec, uaddr(addr), count * sizeof(*uio->vec));
	for (size_t i = 0; !err && i < count; i++) {
		if (uio->vec[i].len > 0x7fffffffffffffffull)
			err = -EINVAL;
		uio->vec[i].len = min_u64(uio->vec[i].len, TRANSFER_MAX - uio->left);
		uio->left += uio->vec[i].len;
	}
	if (err)
		uio_done(uio);
	return err;
}

void uio_done(struct uio *uio)
{
	if (uio->vec != &uio->one)
		port_free(uio->vec);
	uio->vec = &uio->one;
	uio->left = 0;
}

/* The next contiguous piece, at most len. */
static size_t piece(struct uio *uio, size_t len, u64 *ret_addr)
{
	struct iovec_abi *v;

	while (uio->index < uio->count && !uio->vec[uio->index].len)
		uio->index++;
	if (uio->index == uio->count)
		return 0;
	v = &uio->vec[uio->index];
	len = min_u64(len, v->len);
	*ret_addr = v->base;
	v->base += len;
	v->len -= len;
	uio->left -= len;
	return len;
}

int uio_copy_out(struct uio *uio, const void *src, size_t len)
{
	u64 addr = 0;

	while (len) {
		size_t n = piece(uio, len, &addr);
		int err = n ? copy_to_user(uaddr(addr), src, n) : -EFAULT;

		if (err)
			return err;
		src = (const u8 *)src + n;
		len -= n;
	}
	return 0;
}

int uio_copy_in(struct uio *uio, void *ret_dst, size_t len)
{
	u64 addr = 0;

	while (len) {
		size_t n = piece(uio, len, &addr);
		int err = n ? copy_from_user(ret_dst, uaddr(addr), n) : -EFAULT;

		if (err)
			return err;
		ret_dst = (u8 *)ret_dst + n;
		len -= n;
	}
	return 0;
}

static bool is_regular(const struct file *file)
{
	return (file->inode->mode & S_IFMT) == S_IFREG;
}

/*
 * What can wait (it has a poll operation) is asked once, as another read could wait although there is something to
 * return.
 */
ssize file_read_uio(struct file *file, struct uio *uio, u64 *pos)
{
	size_t cap = min_u64(uio->left, BOUNCE_MAX);
	u8 *bounce = port_alloc(cap ? cap : 1);
	ssize done = 0, n;

	if (!bounce)
		return -ENOMEM;
	do {
		size_t want = min_u64(uio->left, cap);
		u64 before = *pos;

		n = file_read(file, bounce, want, pos);
		if (n > 0 && uio_copy_out(uio, bounce, (size_t)n)) {
			*pos = before;
			n = -EFAULT;
		}
		if (n > 0)
			done += n;
		if (n < (ssize)want)
			break;
	} while (uio->left && !file->ops->poll);
	port_free(bounce);
	return done ? done : n;
}

int file_size_limit(u64 from, u64 *len)
{
	u64 limit = task_rlimit(RLIMIT_FSIZE);

	if (limit == RLIM_INFINITY || !*len)
		return 0;
	if (from >= limit) {
		task_signal_self(SIGXFSZ);
		return -EFBIG;
	}
	*len = min_u64(*len, limit - from);
	return 0;
}

ssize file_write_uio(struct file *file, struct uio *uio, u64 *pos)
{
	size_t cap = min_u64(uio->left, BOUNCE_MAX);
	u8 *bounce = port_alloc(cap ? cap : 1);
	ssize done = 0, n = 0;

	if (!bounce)
		return -ENOMEM;
	if (is_regular(file) && file_writable(file))
		n = file_size_limit((file->flags & O_APPEND) ? file->inode->size : *pos, &uio->left);
	while (!n) {
		size_t want = min_u64(uio->left, cap);

		n = want ? uio_copy_in(uio, bounce, want) : 0;
		if (!n)
			n = file_write(file, bounce, want, pos);
		if (n > 0)
			done += n;
		if (n < (ssize)want || !uio->left)
			break;
		n = 0;
	}
	port_free(bounce);
	return done ? done : n;
}
