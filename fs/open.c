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
	*file = (struct file){
		.refs = 1, .flags = flags & ~OPEN_ONLY_FLAGS, .path = *path, .inode = path_inode(path), .ops = ops,
		.private_data = private_data, .cred = *cred, .opened = ops, /* for those that are made with them */
	};
	path_get(path);
	return file;
}

static int anon_setattr(struct inode *, const struct attr *attr) { return (attr->valid & ATTR_SIZE) ? -EINVAL : 0; }

static const struct inode_ops anon_inode_ops = { .setattr = anon_setattr };

struct file *file_alloc_kind(const char *kind, u32 mode, const struct file_ops *ops, u32 flags, void *private_data) {
	RELEASED(inode_drop) struct inode *inode = inode_alloc(&anon_sb, &anon_inode_ops, mode, 0);
	RELEASED(path_put) struct path path = { &anon_mount, NULL };
	char name[64];
	struct name shown = { name, 0 };

	if (!inode) return NULL;
	inode->ino = ++anon_ino;
	inode->nlink = 1;
	shown.len = (mode & S_IFMT)
		? text_format(name, sizeof(name), "%s:[%lu]", kind, (unsigned long)inode->ino)
		: text_format(name, sizeof(name), "anon_inode:[%s]", kind);
	path.dentry = dentry_alloc(NULL, shown, inode);
	if (!path.dentry) return NULL;
	path.mount->refs++;
	return file_new(&path, ops, flags, private_data, &nobody);
}

struct file *file_alloc_sharing(const struct file *other, u32 flags, void *private_data) {
	return file_new(&other->path, other->ops, flags, private_data, &nobody);
}

void file_get(struct file *file) { file->refs++; }

void file_put(struct file *file) {
	if (!file || --file->refs) return;
	if (file->watched && watch_gone) watch_gone(file);
	locks_owner_gone(file->inode, file);
	if (file->counted_writer && vfs_hooks.file_release) vfs_hooks.file_release(file);
	if (file->opened && file->ops && file->ops->release) file->ops->release(file);
	if (file->counted_writer) file->inode->writers--;
	if (file->counted_reader) file->inode->readers--;
	path_put(&file->path);
	port_free(file);
}

enum how { FOUND, CREATED, FOR_EXEC };

static u32 open_mask(u32 flags) {
	static const u8 by_mode[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };

	return by_mode[flags & O_ACCMODE] | ((flags & O_TRUNC) ? MAY_WRITE : 0) | ((flags & O_APPEND) ? MAY_APPEND : 0);
}

/* Everything that can be said about an open before it changes something. */
static int check_open(const struct path *path, u32 flags, enum how how, const struct cred *cred) {
	const struct inode *inode = path_inode(path);
	u32 type = inode->mode & S_IFMT, mask = how == FOR_EXEC ? MAY_EXEC : open_mask(flags);

	if (how == FOR_EXEC && (type != S_IFREG || (path_mount_flags(path) & MS_NOEXEC))) return -EACCES;
	if ((flags & O_DIRECTORY) && type != S_IFDIR) return -ENOTDIR;
	if (flags & O_PATH) return 0;
	if (type == S_IFLNK) return -ELOOP;
	if (type == S_IFDIR && (mask & MAY_WRITE)) return -EISDIR;
	if ((type == S_IFCHR || type == S_IFBLK) && (path_mount_flags(path) & MS_NODEV)) return -EACCES;
	if ((flags & O_NOATIME) && cred->fsuid != 0 && cred->fsuid != inode->uid) return -EPERM;
	if (type == S_IFREG && (mask & MAY_WRITE) && inode->writers < 0) return -ETXTBSY;
	return how == CREATED ? 0 : path_permission(path, mask, cred);
}

/* Gives the file the operations of its inode's kind, and counts it. */
static int prepare(struct file *file) {
	struct inode *inode = file->inode;
	u32 type = inode->mode & S_IFMT;

	file->ops = inode->fops;
	if (type == S_IFIFO && !file->ops) file->ops = fifo_ops;
	for (u32 i = 0; type == S_IFCHR && !file->ops && i < device_count; i++) {
		if (devices[i].rdev != inode->rdev) continue;
		file->ops = devices[i].ops;
		file->private_data = devices[i].arg;
	}
	if (!file->ops && type != S_IFDIR) return -ENXIO;
	if (type != S_IFREG) return 0;
	file->counted_writer = file_writable(file);
	inode->writers += file->counted_writer;
	file->counted_reader = file_readable(file) && !file->counted_writer;
	inode->readers += file->counted_reader;
	return 0;
}

static int open_path(const struct path *path, u32 flags, enum how how, const struct cred *cred,
		     struct file **ret_file) {
	RELEASED(file_drop) struct file *file = NULL;
	bool regular = inode_is(path_inode(path), S_IFREG);

	TRY(check_open(path, flags, how, cred));
	file = file_new(path, NULL, flags, NULL, cred);
	if (!file) return -ENOMEM;
	if (!(flags & O_PATH)) {
		TRY(prepare(file));
		if (regular && how != FOR_EXEC && vfs_hooks.file_open)
			TRY(vfs_hooks.file_open(file, cred, open_mask(flags), how == CREATED));
		if (file->ops && file->ops->open) TRY(file->ops->open(file->inode, file));
		file->opened = true;
		if ((flags & O_TRUNC) && how == FOUND && regular) TRY(vfs_truncate(path, 0, cred));
	}
	*ret_file = TAKE(file);
	return 0;
}

/* A file without a name in the directory that was named. */
static int open_tmpfile(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags, u32 mode,
			const struct cred *cred, struct file **ret_file) {
	struct new_inode what = { .mode = S_IFREG | (mode & 07777 & ~ctx->umask), .cred = cred };
	RELEASED(path_put) struct path dir = { 0 }, path = { 0 };
	RELEASED(inode_drop) struct inode *inode = NULL;

	if (!(open_mask(flags) & MAY_WRITE) || (flags & O_CREAT)) return -EINVAL;
	TRY(path_walk(ctx, start, name, WALK_FOLLOW | WALK_DIRECTORY, cred, &dir));
	TRY(path_permission(&dir, MAY_WRITE | MAY_EXEC, cred));
	if (!path_inode(&dir)->ops->create) return -EOPNOTSUPP;
	TRY(path_inode(&dir)->ops->create(path_inode(&dir), (struct name){ 0 }, &what, &inode));
	inode->linkable = !(flags & O_EXCL);
	path.dentry = dentry_alloc(dir.dentry, (struct name){ "#tmpfile", 8 }, inode);
	if (!path.dentry) return -ENOMEM;
	path.mount = dir.mount;
	path.mount->refs++;
	list_del(&path.dentry->siblings);
	path.dentry->unlinked = true;
	return open_path(&path, flags & ~O_TMPFILE, CREATED, cred, ret_file);
}

int vfs_open(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags, u32 mode,
	     const struct cred *cred, struct file **ret_file) {
	RELEASED(path_put) struct path found = { 0 };
	bool created = false;

	if (flags & O_PATH) flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & O_TMPFILE) == O_TMPFILE) return open_tmpfile(ctx, start, name, flags, mode, cred, ret_file);
	if ((flags & O_TMPFILE) && ((flags & O_CREAT) || !(flags & O_DIRECTORY))) return -EINVAL;
	TRY(path_walk_open(ctx, start, name, flags, mode, cred, &found, &created));
	return open_path(&found, flags, created ? CREATED : FOUND, cred, ret_file);
}

int vfs_open_exec(const struct vfs_context *ctx, const struct path *start, const char *name, const struct cred *cred,
		  struct file **ret_file) {
	RELEASED(path_put) struct path path = { 0 };

	if (!name) return open_path(start, O_RDONLY, FOR_EXEC, cred, ret_file);
	TRY(path_walk(ctx, start, name, WALK_FOLLOW, cred, &path));
	return open_path(&path, O_RDONLY, FOR_EXEC, cred, ret_file);
}
