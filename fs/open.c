/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/open.c - opening files, and what an open file can do.
 *
 * The order of an open is fixed: found (or created), permitted, counted, offered to the hook, opened by its owner,
 * and only then truncated, so that a hook sees the content that was there. Invariant: inode->writers counts the
 * files with counted_writer; while it is negative none is added.
 */
#include "fs/locks.h"
#include "fs/namespace.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"

#define DEVICES_MAX 64u
#define MAGIC_ANON 0x09041934u
/* Flags that end with the open: Linux fcntl(F_GETFL) does not show them. */
#define OPEN_ONLY_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

struct device {
	u64 rdev;
	const struct file_ops *ops;
	void *arg;
};

static struct device devices[DEVICES_MAX];
static u32 device_count;
static const struct file_ops *fifo_ops;
static void (*watch_gone)(struct file *file);

static struct superblock anon_sb = { .refs = 1, .fsname = "anon_inodefs", .magic = MAGIC_ANON, .anonymous = true };
static struct mount anon_mount = { .refs = 1, .sb = &anon_sb, .link = LIST_INIT(anon_mount.link) };
static u64 anon_ino;

void vfs_set_fifo_ops(const struct file_ops *ops) { fifo_ops = ops; }

void vfs_set_watch_gone(void (*gone)(struct file *file)) { watch_gone = gone; }

int vfs_register_device(u64 rdev, const struct file_ops *ops, void *arg) {
	u32 i = 0;

	while (i < device_count && devices[i].rdev != rdev) i++;
	if (i == DEVICES_MAX) return -ENOSPC;
	devices[i] = (struct device){ rdev, ops, arg };
	if (i == device_count) device_count++;
	return 0;
}

/* Of files that nobody opened by name. */
static const struct cred nobody = { 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 0, { 0 } };

static struct file *file_new(const struct path *path, const struct file_ops *ops, u32 flags, void *private_data,
			     const struct cred *cred) {
	struct file *file = port_alloc(sizeof(*file));

	if (!file) return NULL;
	file->refs = 1;
	file->flags = flags & ~OPEN_ONLY_FLAGS;
	file->path = *path;
	path_get(path);
	file->inode = path_inode(path);
	file->ops = ops;
	file->private_data = private_data;
	file->cred = *cred;
	return file;
}

static int anon_setattr(struct inode *inode, const struct attr *attr) {
	(void)inode;
	return (attr->valid & ATTR_SIZE) ? -EINVAL : 0;
}

static const struct inode_ops anon_inode_ops = { .setattr = anon_setattr };

struct file *file_alloc_kind(const char *kind, u32 mode, const struct file_ops *ops, u32 flags, void *private_data) {
	struct inode *inode = inode_alloc(&anon_sb);
	struct path path = { &anon_mount, NULL };
	struct file *file = NULL;
	char name[64];

	if (!inode) return NULL;
	inode->ino = ++anon_ino;
	inode->mode = mode;
	inode->nlink = 1;
	inode->ops = &anon_inode_ops;
	if (mode & S_IFMT)
		(void)text_format(name, sizeof(name), "%s:[%lu]", kind, (unsigned long)inode->ino);
	else
		(void)text_format(name, sizeof(name), "anon_inode:[%s]", kind);
	path.dentry = dentry_alloc(NULL, name, strlen(name), inode);
	if (path.dentry) {
		file = file_new(&path, ops, flags, private_data, &nobody);
		dentry_put(path.dentry);
	}
	if (file) file->opened = true;
	inode_put(inode);
	return file;
}

struct file *file_alloc(const struct file_ops *ops, u32 flags, void *private_data) {
	return file_alloc_kind("file", 0600, ops, flags, private_data);
}

struct file *file_alloc_sharing(const struct file *other, u32 flags, void *private_data) {
	struct file *file = file_new(&other->path, other->ops, flags, private_data, &nobody);

	if (file) file->opened = true;
	return file;
}

void file_get(struct file *file) { file->refs++; }

void file_put(struct file *file) {
	const struct vfs_hooks *hooks = vfs_hooks_get();

	if (!file || --file->refs) return;
	if (file->watched && watch_gone) watch_gone(file);
	locks_file_gone(file);
	if (file->counted_writer && hooks->file_release) hooks->file_release(file);
	if (file->opened && file->ops && file->ops->release) file->ops->release(file);
	if (file->counted_writer) file->inode->writers--;
	if (file->counted_reader) file->inode->readers--;
	path_put(&file->path);
	port_free(file);
}

static u32 open_mask(u32 flags) {
	static const u8 by_mode[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };
	u32 mask = by_mode[flags & O_ACCMODE];

	if (flags & O_TRUNC) mask |= MAY_WRITE;
	if (flags & O_APPEND) mask |= MAY_APPEND;
	return mask;
}

/* Everything that can be said about an open before it changes something. */
static int check_open(const struct path *path, u32 flags, bool created, const struct cred *cred) {
	const struct inode *inode = path_inode(path);
	u32 type = inode->mode & S_IFMT;
	u32 mask = open_mask(flags);

	if (type == S_IFLNK) return (flags & O_DIRECTORY) == O_DIRECTORY ? -ENOTDIR : -ELOOP;
	if ((flags & O_DIRECTORY) && type != S_IFDIR) return -ENOTDIR;
	if (type == S_IFDIR && (mask & MAY_WRITE)) return -EISDIR;
	if ((type == S_IFCHR || type == S_IFBLK) && (path_mount_flags(path) & MS_NODEV)) return -EACCES;
	if ((flags & O_NOATIME) && cred->fsuid != 0 && cred->fsuid != inode->uid) return -EPERM;
	if (type == S_IFREG && (mask & MAY_WRITE) && inode->writers < 0) return -ETXTBSY;
	return created ? 0 : path_permission(path, mask, cred);
}

/* The operations of the inode's kind. */
static int choose_ops(struct file *file) {
	const struct inode *inode = file->inode;
	u32 type = inode->mode & S_IFMT;

	file->ops = inode->fops;
	if (type == S_IFIFO && !file->ops) file->ops = fifo_ops;
	for (u32 i = 0; type == S_IFCHR && !file->ops && i < device_count; i++) {
		if (devices[i].rdev == inode->rdev) {
			file->ops = devices[i].ops;
			file->private_data = devices[i].arg;
		}
	}
	return file->ops || type == S_IFDIR ? 0 : -ENXIO;
}

static void count(struct file *file) {
	if (!inode_is(file->inode, S_IFREG)) return;
	if (file_writable(file)) {
		file->counted_writer = true;
		file->inode->writers++;
	} else if (file_readable(file)) {
		file->counted_reader = true;
		file->inode->readers++;
	}
}

static int open_checked(struct file *file, u32 flags, bool created, const struct cred *cred) {
	const struct vfs_hooks *hooks = vfs_hooks_get();
	struct inode *inode = file->inode;
	int err = choose_ops(file);

	if (err) return err;
	count(file);
	if (inode_is(inode, S_IFREG) && hooks->file_open)
		err = hooks->file_open(file, cred, open_mask(flags), created);
	if (!err && file->ops && file->ops->open) err = file->ops->open(inode, file);
	if (err) return err;
	file->opened = true;
	if ((flags & O_TRUNC) && !created && inode_is(inode, S_IFREG)) err = vfs_truncate(&file->path, 0, cred);
	return err;
}

static int open_found(const struct path *path, u32 flags, bool created, const struct cred *cred, struct file **ret_file)
{
	struct file *file;
	int err = 0;

	if (flags & O_PATH) {
		if ((flags & O_DIRECTORY) && !inode_is(path_inode(path), S_IFDIR)) return -ENOTDIR;
	} else {
		err = check_open(path, flags, created, cred);
	}
	if (err) return err;
	file = file_new(path, NULL, flags, NULL, cred);
	if (!file) return -ENOMEM;
	if (!(flags & O_PATH)) err = open_checked(file, flags, created, cred);
	if (err) {
		file_put(file);
		return err;
	}
	*ret_file = file;
	return 0;
}

/* The place of the final component, made when O_CREAT says so. */
static int find_or_create(struct walk *w, u32 flags, u32 mode, struct path *ret_path, bool *ret_created) {
	int err;

	if ((flags & O_CREAT) && w->trailing_slash) return -EISDIR;
	err = walk_lookup_last(w, ret_path);
	if (!err && (flags & O_CREAT)) {
		if (flags & O_EXCL)
			err = -EEXIST;
		else if (inode_is(path_inode(ret_path), S_IFDIR))
			err = -EISDIR;
		if (err) path_put(ret_path);
		return err;
	}
	if (err != -ENOENT || !(flags & O_CREAT)) return err;
	if (!path_inode(&w->at)->ops->create) return -EACCES;
	err = create_in(&w->at, w->last, w->last_len, S_IFREG | (mode & 07777 & ~w->ctx->umask), 0, NULL, w->cred);
	if (!err) err = walk_lookup_last(w, ret_path);
	if (!err) *ret_created = true;
	return err;
}

/* A file without a name in the directory that was named. */
static int open_tmpfile(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags, u32 mode,
			const struct cred *cred, struct file **ret_file) {
	const struct inode_ops *ops;
	struct path dir, path;
	struct inode *inode;
	int err;

	if (!(open_mask(flags) & MAY_WRITE) || (flags & O_CREAT)) return -EINVAL;
	err = path_walk(ctx, start, name, WALK_FOLLOW | WALK_DIRECTORY, cred, &dir);
	if (err) return err;
	ops = path_inode(&dir)->ops;
	err = path_permission(&dir, MAY_WRITE | MAY_EXEC, cred);
	if (!err) err = ops->tmpfile ? 0 : -EOPNOTSUPP;
	if (!err) err = ops->tmpfile(path_inode(&dir), S_IFREG | (mode & 07777 & ~ctx->umask), cred, &inode);
	if (!err) {
		inode->linkable = !(flags & O_EXCL);
		path.mount = dir.mount;
		path.dentry = dentry_alloc(dir.dentry, "#tmpfile", 8, inode);
		inode_put(inode);
		err = path.dentry ? 0 : -ENOMEM;
	}
	if (!err) {
		list_del(&path.dentry->siblings);
		path.dentry->unlinked = true;
		err = open_found(&path, flags & ~O_TMPFILE, true, cred, ret_file);
		dentry_put(path.dentry);
	}
	path_put(&dir);
	return err;
}

static int check_flags(u32 *flags) {
	if (*flags & O_PATH) {
		*flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
		return 0;
	}
	if ((*flags & O_TMPFILE) != O_TMPFILE && (*flags & O_TMPFILE & ~O_DIRECTORY)) return -EINVAL;
	if ((*flags & O_TMPFILE) == O_DIRECTORY && (*flags & O_CREAT)) return -EINVAL;
	return 0;
}

int vfs_open(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags, u32 mode,
	     const struct cred *cred, struct file **ret_file) {
	struct path found = { NULL, NULL };
	bool created = false;
	struct walk w;
	int err = check_flags(&flags);

	if (err) return err;
	if ((flags & O_TMPFILE) == O_TMPFILE) return open_tmpfile(ctx, start, name, flags, mode, cred, ret_file);
	err = walk_begin(&w, ctx, start, name, cred);
	while (!err) {
		err = walk_to_last(&w);
		if (!err) err = find_or_create(&w, flags, mode, &found, &created);
		if (err || !w.last_len || !inode_is(path_inode(&found), S_IFLNK) ||
		    ((flags & O_NOFOLLOW) && !w.trailing_slash))
			break;
		err = walk_follow(&w, &found);
		path_put(&found);
	}
	if (!err && w.trailing_slash) flags |= O_DIRECTORY;
	if (!err) err = open_found(&found, flags, created, cred, ret_file);
	path_put(&found);
	walk_done(&w);
	return err;
}

int vfs_open_path(const struct path *path, u32 flags, const struct cred *cred, struct file **ret_file) {
	int err = check_flags(&flags);

	return err ? err : open_found(path, flags & ~(O_CREAT | O_EXCL), false, cred, ret_file);
}

int vfs_open_exec(const struct vfs_context *ctx, const struct path *start, const char *name, const struct cred *cred,
		  struct file **ret_file) {
	struct file *file = NULL;
	struct path path;
	int err = 0;

	if (name) {
		err = path_walk(ctx, start, name, WALK_FOLLOW, cred, &path);
	} else {
		path = *start;
		path_get(&path);
	}
	if (err) return err;
	if (!inode_is(path_inode(&path), S_IFREG) || (path_mount_flags(&path) & MS_NOEXEC)) err = -EACCES;
	if (!err) err = path_permission(&path, MAY_EXEC, cred);
	if (!err) {
		file = file_new(&path, NULL, O_RDONLY, NULL, cred);
		err = file ? choose_ops(file) : -ENOMEM;
	}
	path_put(&path);
	if (!err && file->ops->open) err = file->ops->open(file->inode, file);
	if (err) {
		file_put(file);
		return err;
	}
	file->opened = true;
	count(file);
	*ret_file = file;
	return 0;
}
