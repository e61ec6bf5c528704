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
struct lock;
struct mount;
struct superblock;
struct dentry;

/* Mode bits: Linux uapi stat.h. */
#define S_IFMT 0170000u
#define S_IFSOCK 0140000u
#define S_IFLNK 0120000u
#define S_IFREG 0100000u
#define S_IFBLK 0060000u
#define S_IFDIR 0040000u
#define S_IFCHR 0020000u
#define S_IFIFO 0010000u
#define S_ISUID 04000u
#define S_ISGID 02000u
#define S_ISVTX 01000u

/* Open flags: Linux uapi fcntl.h, x86-64. */
#define O_ACCMODE 03u
#define O_RDONLY 00u
#define O_WRONLY 01u
#define O_RDWR 02u
#define O_CREAT 0100u
#define O_EXCL 0200u
#define O_NOCTTY 0400u
#define O_TRUNC 01000u
#define O_APPEND 02000u
#define O_NONBLOCK 04000u
#define O_DIRECT 040000u
#define O_LARGEFILE 0100000u
#define O_DIRECTORY 0200000u
#define O_NOFOLLOW 0400000u
#define O_NOATIME 01000000u
#define O_CLOEXEC 02000000u
#define O_PATH 010000000u
#define O_TMPFILE (020000000u | O_DIRECTORY)

#define MAY_EXEC 1u
#define MAY_WRITE 2u
#define MAY_READ 4u
#define MAY_APPEND 8u

#define VFS_NAME_MAX 255u
#define VFS_PATH_MAX 4096u   /* with the NUL */
#define VFS_SYMLINKS_MAX 40u
#define VFS_GROUPS_MAX 32u

struct cred {
	u32 uid, euid, suid, fsuid;
	u32 gid, egid, sgid, fsgid;
	u32 group_count;
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

struct vfs_context {
	struct path root;
	struct path cwd;
	u32 umask;
};

struct kstat {
	u64 dev;
	u64 ino;
	u32 mode, nlink, uid, gid;
	u64 rdev;
	u64 size;
	u64 blocks; /* 512-byte units */
	u32 blksize;
	struct vtime atime, mtime, ctime, btime;
};

struct kstatfs {
	u64 type; /* f_type magic */
	u64 bsize, blocks, bfree, bavail, files, ffree;
	u32 namelen, flags;
};

/* What setattr changes: bits of attr.valid. */
#define ATTR_MODE 1u
#define ATTR_UID 2u
#define ATTR_GID 4u
#define ATTR_SIZE 8u
#define ATTR_ATIME 16u
#define ATTR_MTIME 32u
#define ATTR_TIMES_NOW 64u /* with ATIME and MTIME: the time is now, so write permission is enough */
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

struct inode_ops {
	/* Directories. Results carry one reference. */
	int (*lookup)(struct inode *dir, const char *name, size_t len, struct inode **ret_inode);
	int (*create)(struct inode *dir, const char *name, size_t len, u32 mode, u64 rdev,
		      const char *symlink_target, const struct cred *cred, struct inode **ret_inode);
	/* An inode without a name (O_TMPFILE), nlink 0. */
	int (*tmpfile)(struct inode *dir, u32 mode, const struct cred *cred, struct inode **ret_inode);
	int (*link)(struct inode *dir, const char *name, size_t len, struct inode *inode);
	int (*unlink)(struct inode *dir, const char *name, size_t len, bool is_rmdir);
	int (*rename)(struct inode *old_dir, const char *old_name, size_t old_len, struct inode *new_dir,
		      const char *new_name, size_t new_len, u32 flags);
	int (*readdir)(struct inode *dir, u64 *pos, struct dir_sink *sink);
	/* Symlinks: text owned by the inode while it is referenced. */
	int (*readlink)(struct inode *inode, const char **ret_target, size_t *ret_len);
	/* Magic links (/proc/PID/exe, fd/N): where they lead, without a name being walked. Result is referenced. */
	int (*follow)(struct inode *inode, struct path *ret_path);
	/* Any. Changes the size (ATTR_SIZE) or refuses; the VFS then stores the other fields. */
	int (*setattr)(struct inode *inode, const struct attr *attr);
	ssize (*getxattr)(struct inode *inode, const char *name, void *buf, size_t cap); /* cap 0: size only */
	int (*setxattr)(struct inode *inode, const char *name, const void *value, size_t len, int flags);
	ssize (*listxattr)(struct inode *inode, char *buf, size_t cap);
	int (*removexattr)(struct inode *inode, const char *name);
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
#define POLLIN 1u
#define POLLOUT 4u
#define POLLERR 8u
#define POLLHUP 16u

struct file_ops {
	int (*open)(struct inode *inode, struct file *file);
	void (*release)(struct file *file); /* only after a successful open, or for file_alloc */
	ssize (*read)(struct file *file, void *buf, size_t len, u64 *pos);
	ssize (*write)(struct file *file, const void *buf, size_t len, u64 *pos);
	s64 (*seek)(struct file *file, s64 off, int whence);
	/* arg is the program's value; user memory is reached through the kernel's copy functions by the implementor. */
	int (*ioctl)(struct file *file, u32 cmd, u64 arg);
	u32 (*poll)(struct file *file); /* ready bits; wake-ups through kernel/sched */
	int (*fsync)(struct file *file);
};

struct inode {
	u32 refs;
	struct superblock *sb;
	const struct inode_ops *ops;
	const struct file_ops *fops; /* what an open file gets */
	u64 ino;
	u32 generation;
	u32 mode, nlink, uid, gid;
	u64 rdev;
	u64 size;
	struct vtime atime, mtime, ctime, btime;
	u64 blocks;           /* 512-byte units of content that are resident */
	u64 version;          /* i_version: bumped by every change */
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
	bool counted_writer;  /* holds inode->writers */
	bool counted_reader;
	struct cred cred;     /* who opened it; nobody's for file_alloc */
	bool opened;          /* ops->release is due */
	bool watched;         /* epoll wants to hear of the last put */
};

/* Mount flags, as statfs and /proc/mounts show them. */
#define MS_RDONLY 1u
#define MS_NOSUID 2u
#define MS_NODEV 4u
#define MS_NOEXEC 8u
#define MS_NOATIME 1024u

struct superblock {
	u32 refs;
	const char *fsname;   /* "assayroot", "tmpfs", "proc", ... static */
	u64 magic;            /* f_type */
	u64 dev;              /* st_dev */
	u8 uuid[16];
	u32 flags;            /* MS_RDONLY */
	bool anonymous;       /* pipes and the like: dentry names are shown as they are */
	struct inode *root;
	struct dentry *root_dentry; /* shared by all mounts; not a reference */
	void *fs_private;
	int (*statfs)(struct superblock *sb, struct kstatfs *ret_stat);
	void (*release)(struct superblock *sb); /* frees it; no mount, file or dentry is left */
};

void superblock_get(struct superblock *sb);
void superblock_put(struct superblock *sb);
/* A number for superblock.dev that no other has. */
u64 superblock_new_dev(void);

/* f_type values: Linux uapi magic.h; the root's own value is in docs/FORMATS.md. */
#define MAGIC_TMPFS 0x01021994u
#define MAGIC_PROC 0x9fa0u
#define MAGIC_SYSFS 0x62656572u
#define MAGIC_SECURITYFS 0x73636673u
#define MAGIC_DEVPTS 0x1cd1u
#define MAGIC_ROOT 0x41535359u /* "ASSY": not tmpfs's, so that the built-in tcb rules measure the root */

/*
 * What kernel/integrity fills in. All may be NULL. A negative errno refuses the operation, nothing having changed.
 */
struct vfs_hooks {
	/* After a regular file's open was permitted and counted; before O_TRUNC. created: this open made it. */
	int (*file_open)(struct file *file, const struct cred *cred, u32 mask, bool created);
	/* Last put of a file that was counted as writer; called before the count drops. */
	void (*file_release)(struct file *file);
	int (*setxattr)(const struct path *path, const char *name, const void *value, size_t len,
			const struct cred *cred);
	int (*removexattr)(const struct path *path, const char *name, const struct cred *cred);
	int (*setattr)(const struct path *path, const struct attr *attr, const struct cred *cred);
	/* After the change; content as inode_changed() was told: bytes or size, not only metadata. */
	void (*inode_changed)(struct inode *inode, bool content);
	void (*inode_free)(struct inode *inode);
};
void vfs_set_hooks(const struct vfs_hooks *hooks);

/* Stamps ctime (and mtime when content) from port_wall_ns(), bumps version, tells the hook. */
void inode_changed(struct inode *inode, bool content);
/* The change cookie and ctime: every later change gives others. */
u64 inode_version_read(struct inode *inode, struct vtime *ret_ctime);

struct inode *inode_alloc(struct superblock *sb);
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
#define WALK_FOLLOW 1u     /* follow a trailing symlink */
#define WALK_DIRECTORY 2u  /* the result must be a directory */
must_check int path_walk(const struct vfs_context *ctx, const struct path *start, const char *name, u32 flags,
			 const struct cred *cred, struct path *ret_path);
/* Walks to the parent; ret_last gets the last component (in the caller's string), its length in ret_len. */
must_check int path_walk_parent(const struct vfs_context *ctx, const struct path *start, const char *name,
				const struct cred *cred, struct path *ret_parent, const char **ret_last,
				size_t *ret_len);
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
static inline bool file_readable(const struct file *file) {
	u32 how = file->flags & O_ACCMODE;

	return !(file->flags & O_PATH) && (how == O_RDONLY || how == O_RDWR);
}
static inline bool file_writable(const struct file *file) {
	u32 how = file->flags & O_ACCMODE;

	return !(file->flags & O_PATH) && (how == O_WRONLY || how == O_RDWR);
}
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
bool cred_in_group(const struct cred *cred, u32 gid);

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
#define VFS_RENAME_NOREPLACE 1u
#define VFS_RENAME_EXCHANGE 2u
must_check int vfs_getattr(struct inode *inode, struct kstat *ret_stat);
must_check int vfs_setattr(const struct path *path, const struct attr *attr, const struct cred *cred);
must_check int vfs_truncate(const struct path *path, u64 size, const struct cred *cred);
ssize vfs_getxattr(struct inode *inode, const char *name, void *buf, size_t cap, const struct cred *cred);
#define VFS_XATTR_NAME_MAX 255u
#define VFS_XATTR_SIZE_MAX 65536u
#define VFS_XATTR_CREATE 1
#define VFS_XATTR_REPLACE 2
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
