/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filearg.c - descriptors, names and buffers as arguments.
 *
 * User memory is read or written once per byte. Data goes through one bounded kernel buffer per call, never the stack.
 */
#include "kernel/filearg.h"

#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define IOV_MAX 1024u
#define TRANSFER_MAX 0x7ffff000u /* as Linux's MAX_RW_COUNT */
#define SIGXFSZ 25

struct file *file_from_fd(u64 fd, bool io) {
	struct file *file = fdtable_file(task_files(), (s32)fd);

	if (!file || !io || !(file->flags & O_PATH)) return file;
	file_put(file);
	return NULL;
}

s64 fd_install(struct file *file, u64 from, bool cloexec) {
	int fd, err = fdtable_install(task_files(), file, (s32)from, cloexec, task_rlimit(RLIMIT_NOFILE), &fd);

	if (!err) return fd;
	file_put(file);
	return err;
}

int name_from_user(u64 addr, char **ret_name) {
	RELEASED(memory_drop) char *name = port_alloc(VFS_PATH_MAX);

	if (!name) return -ENOMEM;
	TRY((int)copy_string_from_user(name, uaddr(addr), VFS_PATH_MAX));
	*ret_name = TAKE(name);
	return 0;
}

int at_begin(struct at *at, u64 dirfd, u64 name) {
	*at = (struct at){ 0 };
	TRY(name_from_user(name, &at->name));
	if (at->name[0] == '/' || (s32)dirfd == AT_FDCWD) return 0;
	at->file = file_from_fd(dirfd, false);
	if (!at->file) {
		at_done(at);
		return -EBADF;
	}
	at->start = &at->file->path;
	return 0;
}

void at_done(struct at *at) {
	port_free(at->name);
	file_put(at->file);
	*at = (struct at){ 0 };
}

int at_path_as(const struct at *at, u32 at_flags, const struct cred *cred, struct path *ret_path) {
	const struct vfs_context *ctx = task_fs();

	if (at->name[0] || !(at_flags & AT_EMPTY_PATH))
		return path_walk(ctx, at->start, at->name, (at_flags & AT_SYMLINK_NOFOLLOW) ? 0 : WALK_FOLLOW, cred,
				 ret_path);
	*ret_path = at->start ? *at->start : ctx->cwd;
	path_get(ret_path);
	return 0;
}

int at_path(const struct at *at, u32 at_flags, struct path *ret_path) {
	return at_path_as(at, at_flags, task_cred(), ret_path);
}

int path_from_user(u64 dirfd, u64 name, u32 at_flags, struct path *ret_path) {
	RELEASED(at_done) struct at at = { 0 };

	TRY(at_begin(&at, dirfd, name));
	return at_path(&at, at_flags, ret_path);
}

s64 on_path(u64 dirfd, u64 name, u32 at_flags, path_action *action, const u64 args[6]) {
	RELEASED(path_put) struct path path = { 0 };

	TRY(path_from_user(dirfd, name, at_flags, &path));
	return action(&path, args);
}

s64 on_fd(u64 fd, path_action *action, const u64 args[6]) {
	RELEASED(file_drop) struct file *file = file_from_fd(fd, true);

	return file ? action(&file->path, args) : -EBADF;
}

void uio_single(struct uio *uio, u64 addr, u64 len) {
	*uio = (struct uio){ .one = { addr, min_u64(len, TRANSFER_MAX) }, .count = 1 };
	uio->vec = &uio->one;
	uio->left = uio->one.len;
}

int uio_vector(struct uio *uio, u64 addr, u64 count) {
	*uio = (struct uio){ .vec = &uio->one, .count = count };
	if (count > IOV_MAX) return -EINVAL;
	if (!count) return 0;
	uio->vec = port_alloc(count * sizeof(*uio->vec));
	if (!uio->vec) return -ENOMEM;
	TRY(copy_from_user(uio->vec, uaddr(addr), count * sizeof(*uio->vec)));
	for (size_t i = 0; i < count; i++) {
		if (uio->vec[i].len >> 63) return -EINVAL;
		uio->vec[i].len = min_u64(uio->vec[i].len, TRANSFER_MAX - uio->left);
		uio->left += uio->vec[i].len;
	}
	return 0;
}

void uio_done(struct uio *uio) {
	if (uio->vec != &uio->one) port_free(uio->vec);
}

/* Moves len bytes, at most uio->left, out to the program or in from it: how many, up to the first page that is bad. */
static ssize uio_move(struct uio *uio, u8 *buf, size_t len, bool out) {
	size_t done = 0, n;

	for (; done < len; done += n) {
		struct iovec_abi *v = &uio->vec[uio->index];

		n = min_u64(min_u64(len - done, v->len), PAGE_SIZE - v->base % PAGE_SIZE);
		if (out ? copy_to_user(uaddr(v->base), buf + done, n) : copy_from_user(buf + done, uaddr(v->base), n))
			break;
		v->base += n;
		v->len -= n;
		uio->left -= n;
		if (!v->len) uio->index++;
	}
	return done || !len ? (ssize)done : -EFAULT;
}

/*
 * What can wait (it has a poll operation) is asked once, as another read could wait although there is something to
 * return.
 */
ssize file_read_uio(struct file *file, struct uio *uio, u64 *pos) {
	size_t cap = min_u64(uio->left, BOUNCE_MAX), want;
	RELEASED(memory_drop) u8 *bounce = port_alloc(cap ? cap : 1);
	ssize done = 0, n;

	if (!bounce) return -ENOMEM;
	do {
		u64 before = *pos;

		want = min_u64(uio->left, cap);
		n = file_read(file, bounce, want, pos);
		if (n > 0) {
			ssize moved = uio_move(uio, bounce, (size_t)n, true);

			if (moved != n) *pos = before + (moved > 0 ? (u64)moved : 0);
			n = moved;
			if (n > 0) done += n;
		}
	} while (n == (ssize)want && uio->left && !file->ops->poll);
	return done ? done : n;
}

int file_size_limit(u64 from, u64 *len) {
	u64 limit = task_rlimit(RLIMIT_FSIZE);

	if (limit == RLIM_INFINITY || !*len) return 0;
	if (from >= limit) {
		task_signal_self(SIGXFSZ);
		return -EFBIG;
	}
	*len = min_u64(*len, limit - from);
	return 0;
}

ssize file_write_uio(struct file *file, struct uio *uio, u64 *pos) {
	size_t cap = min_u64(uio->left, BOUNCE_MAX), want;
	RELEASED(memory_drop) u8 *bounce = port_alloc(cap ? cap : 1);
	ssize done = 0, n;

	if (!bounce) return -ENOMEM;
	if (inode_is(file->inode, S_IFREG) && file_writable(file))
		TRY(file_size_limit((file->flags & O_APPEND) ? file->inode->size : *pos, &uio->left));
	do {
		want = min_u64(uio->left, cap);
		n = uio_move(uio, bounce, want, false);
		if (n != (ssize)want && !inode_is(file->inode, S_IFREG)) n = -EFAULT; /* all or nothing */
		if (n >= 0) n = file_write(file, bounce, (size_t)n, pos);
		if (n > 0) done += n;
	} while (n == (ssize)want && uio->left);
	return done ? done : n;
}
