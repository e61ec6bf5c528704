/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/file.c - reading, writing, seeking in open files; the content of page-backed ones.
 *
 * Invariant: bytes of a resident page beyond the file's size are zero, so extending a file never shows old content.
 */
#include "fs/namespace.h"

enum { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE }; /* Linux uapi fs.h */
/* One call moves no more, as on Linux: the count must fit an int with room for a page. */
#define IO_MAX 0x7ffff000u
#define OFFSET_MAX 0x7fffffffffffffffull
#define RELATIME_SECONDS 86400

/* Access times as relatime keeps them: they show that content was read since it changed, or a day ago. */
static void touch_atime(struct file *file) {
	struct inode *inode = file->inode;
	const struct vtime now = vfs_now();

	if ((file->flags & O_NOATIME) || inode->sb->anonymous ||
	    (path_mount_flags(&file->path) & (MS_RDONLY | MS_NOATIME)))
		return;
	if (!vtime_after(&inode->atime, &inode->mtime) || !vtime_after(&inode->atime, &inode->ctime) ||
	    now.sec - inode->atime.sec >= RELATIME_SECONDS)
		inode->atime = now;
}

ssize file_read(struct file *file, void *buf, size_t len, u64 *pos) {
	ssize n;

	if (!file_readable(file)) return -EBADF;
	if (inode_is(file->inode, S_IFDIR)) return -EISDIR;
	if (!file->ops || !file->ops->read) return -EINVAL;
	file->inode->io_seq++;
	n = file->ops->read(file, buf, min_u64(len, IO_MAX), pos ? pos : &file->pos);
	if (n > 0) touch_atime(file);
	return n;
}

ssize file_write(struct file *file, const void *buf, size_t len, u64 *pos) {
	if (!file_writable(file)) return -EBADF;
	if (!file->ops || !file->ops->write) return -EINVAL;
	file->inode->io_seq++;
	return file->ops->write(file, buf, min_u64(len, IO_MAX), pos ? pos : &file->pos);
}

/* Out of a file's pages, from off on, to; or into them, from (the other is NULL). Bytes, or an error when none. */
static ssize copy_pages(struct inode *inode, u64 off, u8 *to, const u8 *from, size_t len) {
	size_t done = 0;

	while (done < len) {
		size_t in_page = (off + done) % PAGE_SIZE, n = min_u64(PAGE_SIZE - in_page, len - done);
		void *page;
		int err = inode->ops->page(inode, (off + done) / PAGE_SIZE, from != NULL, &page);

		if (err) return done ? (ssize)done : err;
		if (from)
			memcpy((u8 *)page + in_page, from + done, n);
		else if (page)
			memcpy(to + done, (u8 *)page + in_page, n);
		else
			memset(to + done, 0, n); /* a hole */
		if (page) port_page_put(page);
		done += n;
	}
	return (ssize)done;
}

ssize inode_read(struct inode *inode, u64 off, void *buf, size_t len) {
	if (!inode->ops || !inode->ops->page) return -EINVAL;
	return off < inode->size ? copy_pages(inode, off, buf, NULL, min_u64(len, inode->size - off)) : 0;
}

static ssize page_read(struct file *file, void *buf, size_t len, u64 *pos) {
	ssize n = inode_read(file->inode, *pos, buf, len);

	if (n > 0) *pos += (u64)n;
	return n;
}

static ssize page_write(struct file *file, const void *buf, size_t len, u64 *pos) {
	struct inode *inode = file->inode;
	u64 off = (file->flags & O_APPEND) ? inode->size : *pos;
	ssize n;

	if (off > OFFSET_MAX || len > OFFSET_MAX - off) return -EFBIG;
	n = copy_pages(inode, off, NULL, buf, len);
	if (n <= 0) return n;
	*pos = off + (u64)n;
	inode->size = max_u64(inode->size, *pos);
	if (file->cred.fsuid != 0) inode->mode = without_set_id(inode->mode);
	inode_changed(inode, true);
	return n;
}

const struct file_ops vfs_page_file_ops = { .read = page_read, .write = page_write };

static s64 seek_data_or_hole(const struct file *file, u64 off, bool data) {
	struct inode *inode = file->inode;
	u64 found;

	if (off >= inode->size) return -ENXIO;
	if (!inode->ops || !inode->ops->next_page) return (s64)(data ? off : inode->size);
	found = inode->ops->next_page(inode, off / PAGE_SIZE, data);
	if (found > inode->size / PAGE_SIZE || found * PAGE_SIZE >= inode->size)
		return data ? -ENXIO : (s64)inode->size;
	return (s64)max_u64(off, found * PAGE_SIZE);
}

s64 file_seek(struct file *file, s64 off, int whence) {
	u32 type = file->inode->mode & S_IFMT;
	s64 base = 0;

	if (file->flags & O_PATH) return -EBADF;
	if (file->ops && file->ops->seek) return file->ops->seek(file, off, whence);
	if (type != S_IFREG && type != S_IFDIR) return -ESPIPE;
	if (whence == SEEK_DATA || whence == SEEK_HOLE) {
		off = off < 0 || type != S_IFREG ? -ENXIO : seek_data_or_hole(file, (u64)off, whence == SEEK_DATA);
		if (off < 0) return off;
	} else if (whence == SEEK_CUR) {
		base = (s64)file->pos;
	} else if (whence == SEEK_END) {
		base = (s64)file->inode->size;
	} else if (whence != SEEK_SET) {
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, off, &base)) return -EOVERFLOW;
	if (base < 0) return -EINVAL;
	file->pos = (u64)base;
	return base;
}

u32 file_poll(struct file *file) {
	return file->ops && file->ops->poll ? file->ops->poll(file) : POLLIN | POLLOUT;
}

bool dir_put_dots(struct dir_sink *sink, u64 ino, u64 parent_ino, u64 *pos) {
	for (; *pos < 2; ++*pos)
		if (!sink->entry(sink, "..", 1 + *pos, *pos ? parent_ino : ino, S_IFDIR >> 12, *pos + 1)) return false;
	return true;
}

int file_readdir(struct file *file, struct dir_sink *sink) {
	struct inode *inode = file->inode;
	int err;

	if (!file_readable(file)) return -EBADF;
	if (!inode_is(inode, S_IFDIR) || !inode->ops->readdir) return -ENOTDIR;
	if (file->path.dentry->unlinked) return -ENOENT;
	err = inode->ops->readdir(inode, &file->pos, sink);
	if (!err) touch_atime(file);
	return err;
}
