/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/vfs.h - inodes, mounts, open files, and the operations behind them.
 *
 * fs knows nothing of integrity and nothing of tasks: callers pass a struct cred, a struct vfs_context (root,
 * cwd, umask), and integrity is called through struct vfs_hooks.
 *
 * Change identity: every change of content, size or metadata goes through inode_changed(), which bumps
 * i_version and moves ctime strictly forward, whatever the clock does: a stamp that was looked at never
 * repeats, so both are sound change cookies.
 *
 * Context    task context; not preempted inside. No call sleeps, except the read/write/ioctl of pipes and devices
 *            (their implementations in kernel/ call the scheduler).
 * Units      offsets, sizes in bytes; times as struct vtime.
 * Ownership  inodes, files, mounts, dentries are reference counted (_get/_put). A struct path that was returned
 *            holds a reference on both parts.
 * Errors     0 or negative errno as the Linux call of the same name documents.
 */
#pragma once

#include "kernel/base/base.h"

struct file;
struct inode;

/* Mode bits: Linux uapi stat.h. */
enum {
	S_IFMT = 0170000, S_IFSOCK = 0140000, S_IFLNK = 0120000, S_IFREG = 0100000, S_IFBLK = 0060000,
	S_IFDIR = 0040000, S_IFCHR = 0020000, S_IFIFO = 0010000, S_ISUID = 04000, S_ISGID = 02000, S_ISVTX = 01000,
};

/* Open flags: Linux uapi fcntl.h, x86-64. */
enum {
	O_ACCMODE = 03, O_RDONLY = 00, O_WRONLY = 01, O_RDWR = 02,
	O_CREAT = 0100, O_EXCL = 0200, O_NOCTTY = 0400, O_TRUNC = 01000, O_APPEND = 02000, O_NONBLOCK = 04000,
	O_DIRECT = 040000, O_LARGEFILE = 0100000, O_DIRECTORY = 0200000, O_NOFOLLOW = 0400000,
	O_NOATIME = 01000000, O_CLOEXEC = 02000000, O_PATH = 010000000, O_TMPFILE = 020000000 | O_DIRECTORY,
};

enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4, MAY_APPEND = 8 };

#define VFS_NAME_MAX 255u
#define VFS_PATH_MAX 4096u   /* with the NUL */
#define VFS_SYMLINKS_MAX 40u
#define VFS_GROUPS_MAX 32u

struct cred {
	u32 uid, euid, suid, fsuid, gid, egid, sgid, fsgid, group_count;
	u32 groups[VFS_GROUPS_MAX];
};

struct vtime {
	s64 sec;
	u32 nsec;
};

/* One position in the name space. */
struct path {
	struct mount *mount;
	struct dentry *dentry;
};

/* A component of a path or a whole text, in whatever holds it: not NUL-terminated. */
struct name {
	const char *text;
	size_t len;
};
/* NUL-terminated, the caller's; NULL when memory ran out. */
char *name_copy(struct name name);

struct vfs_context {
	struct path root, cwd;
	u32 umask;
};

/* What setattr changes: bits of attr.valid. */
enum {
	ATTR_MODE = 1, ATTR_UID = 2, ATTR_GID = 4, ATTR_SIZE = 8, ATTR_ATIME = 16, ATTR_MTIME = 32,
	ATTR_TIMES_NOW = 64, /* with ATIME and MTIME: the time is now, so write permission is enough */
};
struct attr {
	u32 valid;
	u32 mode, uid, gid;
	u64 size;
	struct vtime atime, mtime;
};

/* Receives directory entries; returns false to stop (the entry is then not consumed). type is DT_*. */
struct dir_sink {
	bool (*entry)(struct dir_sink *sink, const char *name, size_t len, u64 ino, u8 type, u64 next_off);
};

static inline u8 mode_to_dt(u32 mode) { return (u8)((mode & S_IFMT) >> 12); } /* DT_* are the mode's type bits */
/* "." and "..", at positions 0 and 1; entries proper begin at 2. False when the sink is full. */
bool dir_put_dots(struct dir_sink *sink, u64 ino, u64 parent_ino, u64 *pos);

/* What create makes: a mode with its type. */
struct new_inode {
	u32 mode;
	u64 rdev;
	struct name target; /* symlinks: 1 to VFS_PATH_MAX - 1 bytes without a NUL */
	const struct cred *cred;
};

/*
 * What a file system implements: the least that all need. The VFS has checked permission, kinds and lengths before it
 * calls, and stamps what changed afterwards. An operation that is NULL is refused (-EPERM, -EOPNOTSUPP, -ENOTDIR).
 */
struct inode_ops {
	/* Directories. Results carry one reference. */
	int (*lookup)(struct inode *dir, struct name name, struct inode **ret_inode);
	/* An empty name (O_TMPFILE): an inode without one, nlink 0. */
	int (*create)(struct inode *dir, struct name name, const struct new_inode *what, struct inode **ret_inode);
	int (*link)(struct inode *dir, struct name name, struct inode *inode);
	int (*unlink)(struct inode *dir, struct name name, struct inode *inode); /* the inode of that name */
	int (*rename)(struct inode *old_dir, struct name old_name, struct inode *new_dir, struct name new_name,
		      u32 flags);
	int (*readdir)(struct inode *dir, u64 *pos, struct dir_sink *sink);
	/* Symlinks: text owned by the inode while it is referenced; a NUL follows it. */
	int (*readlink)(struct inode *inode, struct name *ret_target);
	/* Magic links (/proc/PID/exe, fd/N): where they lead, without a name being walked. Result is referenced. */
	int (*follow)(struct inode *inode, struct path *ret_path);
	/* Any. Changes the size (ATTR_SIZE) or refuses; the VFS then stores the other fields. */
	int (*setattr)(struct inode *inode, const struct attr *attr);
	/* The value's length, put into buf unless cap is 0. name NULL: all names, each with its NUL. -ERANGE. */
	ssize (*getxattr)(struct inode *inode, const char *name, void *buf, size_t cap);
	/* value NULL: removes it. Flags are VFS_XATTR_*. */
	int (*setxattr)(struct inode *inode, const char *name, const void *value, size_t len, int flags);
	/*
	 * The resident page index of a regular file, referenced for the caller (port_page_put), NULL in
	 * *ret_page for a hole. With for_write it is allocated, and made present.
	 */
	int (*page)(struct inode *inode, u64 index, bool for_write, void **ret_page);
	/* Smallest page index >= index that is (present) or is not (!present) resident; ~0 when there is none. */
	u64 (*next_page)(struct inode *inode, u64 index, bool present);
	void (*evict)(struct inode *inode); /* last reference gone */
};

/* poll event bits: Linux uapi poll.h. */
enum { POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 16 };

struct file_ops {
	int (*open)(struct inode *inode, struct file *file);
	void (*release)(struct file *file); /* only after a successful open, or for file_alloc */
	ssize (*read)(struct file *file, void *buf, size_t len, u64 *pos);
	ssize (*write)(struct file *file, const void *buf, size_t len, u64 *pos);
	s64 (*seek)(struct file *file, s64 off, int whence);
	/* arg is the program's value; user memory is reached through the kernel's copy functions by the implementor. */
	int (*ioctl)(struct file *file, u32 cmd, u64 arg);
	u32 (*poll)(struct file *file); /* ready bits; wake-ups through kernel/sched */
};

struct inode {
	u32 refs;
	struct superblock *sb;
	const struct inode_ops *ops;
	const struct file_ops *fops; /* what an open file gets */
	u32 generation;
	u32 mode, nlink, uid, gid;
	u64 ino, rdev, size;
	struct vtime atime, mtime, ctime, btime;
	u64 blocks;           /* 512-byte units of content that are resident */
	u64 version;          /* i_version: bumped by every change, as ctime is moved */
	u32 io_seq;           /* bumped by every read and write through a file: edges for epoll */
	bool linkable;        /* O_TMPFILE: may get its first name by link */
	s32 writers;          /* > 0: open for write; < 0: writing denied (programs running) */
	u32 readers;          /* opens for read only */
	void *integrity;      /* kernel/integrity's state; freed through vfs_hooks.inode_free */
	void *special;        /* what a fifo's file_ops keep here while it is open */
	struct lock *locks;   /* fs/locks.c */
	void *fs_private;
};

struct file {
	u32 refs;
	u32 flags;            /* O_* as of open and fcntl(F_SETFL) */
	u64 pos;
	struct path path;     /* never empty: pipes and the like have one outside the tree */
	struct inode *inode;
	const struct file_ops *ops;
	void *private_data;
	struct cred cred;     /* who opened it; nobody's for file_alloc */
	bool counted_writer, counted_reader; /* holds inode->writers, inode->readers */
	bool opened;          /* ops->release is due */
	bool watched;         /* epoll wants to hear of the last put */
};

/* Mount flags, as statfs and /proc/mounts show them. */
enum { MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_NOATIME = 1024 };

struct superblock {
	u32 refs;
	const char *fsname;   /* "assayroot", "tmpfs", "proc", ... static */
	u64 magic, dev;       /* f_type, st_dev */
	u8 uuid[16];
	u32 flags;            /* MS_RDONLY */
	u64 max_bytes, used_bytes, max_inodes, inode_count; /* for statfs; of content; max 0: no limit of its own */
	bool anonymous;       /* pipes and the like: dentry names are shown as they are */
	struct inode *root;
	struct dentry *root_dentry; /* shared by all mounts; not a reference */
	void *fs_private;
	void (*release)(struct superblock *sb); /* frees it; no mount, file or dentry is left */
};

void superblock_get(struct superblock *sb);
void superblock_put(struct superblock *sb);
/* A number for superblock.dev that no other has. */
u64 superblock_new_dev(void);

/* f_type values: Linux uapi magic.h; the root's own value is in docs/FORMATS.md. */
enum {
	MAGIC_TMPFS = 0x01021994, MAGIC_PROC = 0x9fa0, MAGIC_SYSFS = 0x62656572, MAGIC_SECURITYFS = 0x73636673,
	MAGIC_DEVPTS = 0x1cd1,
	MAGIC_ROOT = 0x41535359, /* "ASSY": not tmpfs's, so that the built-in tcb rules measure the root */
};

/*
 * What kernel/integrity fills in. All may be NULL. A negative errno refuses the operation, nothing having changed.
 */
struct vfs_hooks {
	/* After a regular file's open was permitted and counted; before O_TRUNC. created: this open made it. */
	int (*file_open)(struct file *file, const struct cred *cred, u32 mask, bool created);
	/* Last put of a file that was counted as writer; called before the count drops. */
	void (*file_release)(struct file *file);
	/* value NULL: removal. */
	int (*setxattr)(const struct path *path, const char *name, const void *value, size_t len,
			const struct cred *cred);
	int (*setattr)(const struct path *path, const struct attr *attr, const struct cred *cred);
	/* After the change; content as inode_changed() was told: bytes or size, not only metadata. */
	void (*inode_changed)(struct inode *inode, bool content);
	void (*inode_free)(struct inode *inode);
};
void vfs_set_hooks(const struct vfs_hooks *hooks);

/* Stamps ctime (and mtime when content) from port_wall_ns(), bumps version, tells the hook. */
void inode_changed(struct inode *inode, bool content);

/* With private_size zeroed bytes of the file system's own at fs_private, that end with it. */
struct inode *inode_alloc(struct superblock *sb, const struct inode_ops *ops, u32 mode, size_t private_size);
void inode_get(struct inode *inode);
void inode_put(struct inode *inode);
static inline void inode_drop(struct inode **inode) { inode_put(*inode); } /* for RELEASED */

/* Programs that run keep writers out. -ETXTBSY when open for write. */
must_check int inode_deny_write(struct inode *inode);
void inode_allow_write(struct inode *inode);

/* Mounting. A mount takes its own reference on the superblock; source is copied. */
must_check int vfs_mount(const struct path *where, struct superblock *sb, u32 flags, const char *source);
must_check int vfs_mount_root(struct superblock *sb, u32 flags, const char *source, struct path *ret_root);
must_check int vfs_bind(const struct path *from, const struct path *where);
/* Moves a mount (MS_MOVE); where must be a directory iff the mount's root is. */
must_check int vfs_move_mount(const struct path *from, const struct path *where);
must_check int vfs_remount(const struct path *where, u32 flags);
#define MNT_DETACH 2u
must_check int vfs_umount(const struct path *where, u32 flags);
/* MS_* of the mount joined with those of its superblock. */
u32 path_mount_flags(const struct path *path);
/* Detaches every mount: for the end of the machine and of tests. */
void vfs_detach_all(void);
/* Calls show for every mount in order: source, absolute mount point, fs name, flags. */
typedef void mount_show_fn(void *arg, const char *source, const char *where, const char *fsname, u32 flags);
void vfs_for_each_mount(mount_show_fn *show, void *arg);

void path_get(const struct path *path);
void path_put(struct path *path);
/* Same place. */
static inline bool path_equal(const struct path *a, const struct path *b) {
	return a->mount == b->mount && a->dentry == b->dentry;
}

/*
 * Path walking (fs/path.c). start NULL: cwd, or the root for absolute names. flags:
 */
enum {
	WALK_FOLLOW = 1,    /* follow a trailing symlink */
	WALK_DIRECTORY = 2, /* the result must be a directory */
};
must_check int path_walk(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags,
			 const struct cred *cred, struct path *ret_path);
/* Walks to the parent of the last component, which ret_last gets (in the caller's string; empty for "/"). */
must_check int path_walk_parent(const struct vfs_context *ctx, const struct path *start, const char *name,
				const struct cred *cred, struct path *ret_parent, struct name *ret_last);
/*
 * Absolute name of path as seen from ctx->root, " (deleted)" appended when unlinked; "(unreachable)" before it
 * when it lies outside of the root. Returns the length without NUL, or -ENAMETOOLONG.
 */
ssize path_name(const struct vfs_context *ctx, const struct path *path, char *buf, size_t cap);

/* Files. */
must_check int vfs_open(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags, u32 mode,
			const struct cred *cred, struct file **ret_file);
/* For exec: MAY_EXEC, regular, not on a noexec mount; no file_open hook. name NULL: start itself. */
must_check int vfs_open_exec(const struct vfs_context *ctx, const struct path *start, const char *name,
			     const struct cred *cred, struct file **ret_file);
/* A file outside the tree, shown as KIND:[INO], or without a type in its mode as anon_inode:[KIND]. */
struct file *file_alloc_kind(const char *kind, u32 mode, const struct file_ops *ops, u32 flags, void *private_data);
/* Another end: the same inode. */
struct file *file_alloc_sharing(const struct file *other, u32 flags, void *private_data);
void file_get(struct file *file);
void file_put(struct file *file);
static inline void file_drop(struct file **file) { file_put(*file); } /* for RELEASED */
ssize file_read(struct file *file, void *buf, size_t len, u64 *pos);   /* pos NULL: the file's own */
ssize file_write(struct file *file, const void *buf, size_t len, u64 *pos);
s64 file_seek(struct file *file, s64 off, int whence);
u32 file_poll(struct file *file);
must_check int file_readdir(struct file *file, struct dir_sink *sink);
must_check int file_truncate(struct file *file, u64 size, const struct cred *cred);
/* O_RDONLY or O_RDWR, and O_WRONLY or O_RDWR; the fourth access mode is neither. */
static inline bool file_readable(const struct file *file) { return !(file->flags & (O_PATH | O_WRONLY)); }
static inline bool file_writable(const struct file *file) { return (file->flags & (O_PATH | O_ACCMODE)) - 1 < O_RDWR; }
/* What fifo inodes of every file system use at open; and what is told when a watched file goes. */
void vfs_set_fifo_ops(const struct file_ops *ops);
/* Character devices by number, wherever their inodes are; private_data is arg at open. -ENOSPC: table full. */
must_check int vfs_register_device(u64 rdev, const struct file_ops *ops, void *arg);
void vfs_set_watch_gone(void (*gone)(struct file *file));
/* Reads regular files by page whatever the open flags; for the kernel. */
ssize inode_read(struct inode *inode, u64 off, void *buf, size_t len);

/* Content of a regular file through inode_ops.page: what file systems put into file_ops. */
extern const struct file_ops vfs_page_file_ops;

must_check int inode_permission(const struct inode *inode, u32 mask, const struct cred *cred);

/* The same with the mount's and the superblock's read-only flags. */
must_check int path_permission(const struct path *path, u32 mask, const struct cred *cred);

/* Name operations; all follow POSIX and the sticky bit. */
must_check int vfs_mknod(const struct vfs_context *ctx, const struct path *start, const char *name, u32 mode, u64 rdev,
			 const struct cred *cred);
must_check int vfs_symlink(const struct vfs_context *ctx, const struct path *start, const char *name,
			   const char *target, const struct cred *cred);
must_check int vfs_link(const struct vfs_context *ctx, const struct path *old_path, const struct path *start,
			const char *name, const struct cred *cred);
must_check int vfs_unlink(const struct vfs_context *ctx, const struct path *start, const char *name, bool is_rmdir,
			  const struct cred *cred);
must_check int vfs_rename(const struct vfs_context *ctx, const struct path *old_start, const char *old_name,
			  const struct path *new_start, const char *new_name, u32 flags, const struct cred *cred);
/* Text of a symbolic link, magic links by the name of what they lead to. Returns the length, at most cap, no NUL. */
ssize vfs_readlink(const struct vfs_context *ctx, const struct path *path, char *buf, size_t cap);
enum { VFS_RENAME_NOREPLACE = 1, VFS_RENAME_EXCHANGE = 2 };
must_check int vfs_setattr(const struct path *path, const struct attr *attr, const struct cred *cred);
must_check int vfs_truncate(const struct path *path, u64 size, const struct cred *cred);
ssize vfs_getxattr(struct inode *inode, const char *name, void *buf, size_t cap, const struct cred *cred);
#define VFS_XATTR_NAME_MAX 255u
#define VFS_XATTR_SIZE_MAX 65536u
enum { VFS_XATTR_CREATE = 1, VFS_XATTR_REPLACE = 2 };
must_check int vfs_setxattr(const struct path *path, const char *name, const void *value, size_t len, int flags,
			    const struct cred *cred);
ssize vfs_listxattr(struct inode *inode, char *buf, size_t cap);
must_check int vfs_removexattr(const struct path *path, const char *name, const struct cred *cred);

/* A name in the tree: memory of lookups. Its inode is never NULL (no negative entries). */
struct dentry {
	u32 refs;
	struct inode *inode;
	struct dentry *parent; /* self for a root; referenced */
	struct list siblings;  /* in parent's children */
	struct list children;
	u32 mount_count;       /* mounts whose mount point this is */
	bool unlinked;
	char *name;            /* NUL-terminated, owned */
};

static inline bool inode_is(const struct inode *inode, u32 type) { return (inode->mode & S_IFMT) == type; }
static inline struct inode *path_inode(const struct path *path) { return path->dentry->inode; }
