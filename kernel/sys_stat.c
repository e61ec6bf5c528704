/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_stat.c - system calls that show or change attributes.
 */
#include "kernel/filearg.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

/* Linux struct stat, x86-64. */
struct stat_abi {
	u64 dev, ino, nlink;
	u32 mode, uid, gid, pad;
	u64 rdev;
	s64 size, blksize, blocks;
	struct time_abi atime, mtime, ctime;
	s64 unused[3];
};
_Static_assert(sizeof(struct stat_abi) == 144, "struct stat has 144 bytes");

static s64 do_stat(const struct path *path, const u64 *rest) {
	const struct inode *i = path_inode(path);
	const struct stat_abi s = {
		.dev = i->sb->dev, .ino = i->ino, .nlink = i->nlink,
		.mode = i->mode, .uid = i->uid, .gid = i->gid, .rdev = i->rdev,
		.size = (s64)i->size, .blksize = PAGE_SIZE, .blocks = (s64)i->blocks,
		.atime = { i->atime.sec, i->atime.nsec }, .mtime = { i->mtime.sec, i->mtime.nsec },
		.ctime = { i->ctime.sec, i->ctime.nsec },
	};

	return copy_to_user(uaddr(rest[0]), &s, sizeof(s));
}

SYSCALL(4, stat) { return on_path(CWD, args[0], 0, do_stat, args + 1); }
SYSCALL(6, lstat) { return on_path(CWD, args[0], AT_SYMLINK_NOFOLLOW, do_stat, args + 1); }
SYSCALL_FD(5, fstat) { return do_stat(&file->path, args + 1); }

#define STAT_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)

SYSCALL(262, newfstatat) {
	return ((u32)args[3] & ~STAT_FLAGS) ? -EINVAL : on_path(args[0], args[1], (u32)args[3], do_stat, args + 2);
}

/* Linux struct statx. */
struct statx_time_abi {
	s64 sec;
	u32 nsec;
	s32 pad;
};
struct statx_abi {
	u32 mask, blksize;
	u64 attributes;
	u32 nlink, uid, gid;
	u16 mode, pad;
	u64 ino, size, blocks, attributes_mask;
	struct statx_time_abi atime, btime, ctime, mtime;
	u32 rdev_major, rdev_minor, dev_major, dev_minor;
	u64 spare[14];
};
_Static_assert(sizeof(struct statx_abi) == 256, "struct statx has 256 bytes");
#define STATX_BASIC_AND_BTIME 0xfffu
#define STATX_RESERVED 0x80000000u
#define STATX_SYNC_FLAGS 0x6000u

static u32 dev_major(u64 dev) { return (u32)(dev >> 8) & 0xfff; }
static u32 dev_minor(u64 dev) { return (u32)((dev & 0xff) | (dev >> 12 & 0xfff00)); }
static struct statx_time_abi statx_time(struct vtime t) { return (struct statx_time_abi){ t.sec, t.nsec, 0 }; }

static s64 do_statx(const struct path *path, const u64 *rest) {
	const struct inode *i = path_inode(path);
	const struct statx_abi s = {
		.mask = STATX_BASIC_AND_BTIME, .blksize = PAGE_SIZE,
		.nlink = i->nlink, .uid = i->uid, .gid = i->gid, .mode = (u16)i->mode,
		.ino = i->ino, .size = i->size, .blocks = i->blocks,
		.atime = statx_time(i->atime), .btime = statx_time(i->btime),
		.ctime = statx_time(i->ctime), .mtime = statx_time(i->mtime),
		.rdev_major = dev_major(i->rdev), .rdev_minor = dev_minor(i->rdev),
		.dev_major = dev_major(i->sb->dev), .dev_minor = dev_minor(i->sb->dev),
	};

	return copy_to_user(uaddr(rest[2]), &s, sizeof(s));
}

SYSCALL(332, statx) {
	u32 at_flags = (u32)args[2] & ~STATX_SYNC_FLAGS;

	if ((at_flags & ~STAT_FLAGS) || (args[3] & STATX_RESERVED) || (args[2] & STATX_SYNC_FLAGS) == STATX_SYNC_FLAGS)
		return -EINVAL;
	return on_path(args[0], args[1], at_flags, do_statx, args + 2);
}

/* Linux struct statfs, x86-64. */
struct statfs_abi {
	s64 type, bsize;
	u64 blocks, bfree, bavail, files, ffree;
	s32 fsid[2];
	s64 namelen, frsize, flags, spare[4];
};
_Static_assert(sizeof(struct statfs_abi) == 120, "struct statfs has 120 bytes");
#define ST_VALID 0x20
#define ST_RELATIME 0x1000

static s64 do_statfs(const struct path *path, const u64 *rest) {
	const struct superblock *sb = path_inode(path)->sb;
	u64 blocks = sb->max_bytes / PAGE_SIZE, used = (sb->used_bytes + PAGE_SIZE - 1) / PAGE_SIZE;
	u64 bfree = blocks > used ? blocks - used : 0;
	struct statfs_abi s = {
		.type = (s64)sb->magic, .bsize = PAGE_SIZE, .frsize = PAGE_SIZE, .namelen = VFS_NAME_MAX,
		.blocks = blocks, .bfree = bfree, .bavail = bfree,
		.files = sb->max_inodes ? sb->max_inodes : sb->inode_count,
		.ffree = sb->max_inodes > sb->inode_count ? sb->max_inodes - sb->inode_count : 0,
		.fsid = { (s32)sb->dev, 0 },
		.flags = (s64)(path_mount_flags(path) | ST_VALID | ST_RELATIME),
	};

	return copy_to_user(uaddr(rest[0]), &s, sizeof(s));
}

SYSCALL(137, statfs) { return on_path(CWD, args[0], 0, do_statfs, args + 1); }
SYSCALL_FD(138, fstatfs) { return do_statfs(&file->path, args + 1); }

/* Access is asked for the real ids, unless AT_EACCESS. */
static s64 access_at(u64 dirfd, u64 name, u32 mode, u32 at_flags) {
	RELEASED(path_put) struct path path = { 0 };
	RELEASED(at_done) struct at at = { 0 };
	struct cred cred = *task_cred();

	if ((mode & ~7u) || (at_flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))) return -EINVAL;
	if (!(at_flags & AT_EACCESS)) {
		cred.fsuid = cred.uid;
		cred.fsgid = cred.gid;
	}
	TRY(at_begin(&at, dirfd, name));
	TRY(at_path(&at, at_flags, &cred, &path));
	if ((mode & MAY_EXEC) && inode_is(path_inode(&path), S_IFREG) && (path_mount_flags(&path) & MS_NOEXEC))
		return -EACCES;
	return mode ? path_permission(&path, mode, &cred) : 0;
}

SYSCALL(21, access) { return access_at(CWD, args[0], (u32)args[1], 0); }
SYSCALL(269, faccessat) { return access_at(args[0], args[1], (u32)args[2], 0); }
SYSCALL(439, faccessat2) { return access_at(args[0], args[1], (u32)args[2], (u32)args[3]); }

static s64 change(const struct path *path, const struct attr *attr) {
	if ((attr->valid & ATTR_MODE) && inode_is(path_inode(path), S_IFLNK)) return -EOPNOTSUPP;
	return attr->valid ? vfs_setattr(path, attr, task_cred()) : 0;
}

static s64 change_at(u64 dirfd, u64 name, u32 at_flags, struct attr attr) {
	RELEASED(path_put) struct path path = { 0 };

	if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
	TRY(path_from_user(dirfd, name, at_flags, &path));
	return change(&path, &attr);
}

static s64 change_fd(u64 fd, struct attr attr) {
	RELEASED(file_drop) struct file *file = file_from_fd(fd, true);

	return file ? change(&file->path, &attr) : -EBADF;
}

static struct attr mode_attr(u64 mode) { return (struct attr){ .valid = ATTR_MODE, .mode = (u32)mode & 07777 }; }

SYSCALL(90, chmod) { return change_at(CWD, args[0], 0, mode_attr(args[1])); }
SYSCALL(91, fchmod) { return change_fd(args[0], mode_attr(args[1])); }
SYSCALL(268, fchmodat) { return change_at(args[0], args[1], 0, mode_attr(args[2])); }
SYSCALL(452, fchmodat2) { return change_at(args[0], args[1], (u32)args[3], mode_attr(args[2])); }

/* -1 leaves an id as it is. */
static struct attr owner_attr(u64 uid, u64 gid) {
	u32 valid = ((u32)uid != ~0u ? ATTR_UID : 0) | ((u32)gid != ~0u ? ATTR_GID : 0);

	return (struct attr){ .valid = valid, .uid = (u32)uid, .gid = (u32)gid };
}

SYSCALL(92, chown) { return change_at(CWD, args[0], 0, owner_attr(args[1], args[2])); }
SYSCALL(93, fchown) { return change_fd(args[0], owner_attr(args[1], args[2])); }
SYSCALL(94, lchown) { return change_at(CWD, args[0], AT_SYMLINK_NOFOLLOW, owner_attr(args[1], args[2])); }
SYSCALL(260, fchownat) { return change_at(args[0], args[1], (u32)args[4], owner_attr(args[2], args[3])); }

#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

/* Two struct timespec (unit 1 ns), struct timeval (unit 1000 ns) or time_t (unit 0); address 0: both now. */
static int times_from_user(u64 addr, u64 unit_ns, struct time_abi ret_times[2]) {
	s64 raw[4] = { 0 };

	ret_times[0] = ret_times[1] = (struct time_abi){ 0, UTIME_NOW };
	if (!addr) return 0;
	TRY(copy_from_user(raw, uaddr(addr), unit_ns ? sizeof(raw) : sizeof(raw) / 2));
	for (size_t i = 0; i < 2; i++) {
		s64 fraction = unit_ns ? raw[2 * i + 1] : 0;

		if (unit_ns > 1 && (fraction < 0 || fraction >= (s64)(NS_PER_S / unit_ns))) return -EINVAL;
		ret_times[i] = (struct time_abi){ raw[unit_ns ? 2 * i : i], fraction * (s64)unit_ns };
	}
	return 0;
}

static int add_time(struct attr *attr, u32 bit, const struct time_abi *t, struct vtime *field) {
	const struct time_abi now = time_of(port_wall_ns(), 1);

	if (t->fraction == UTIME_OMIT) return 0;
	if (t->fraction == UTIME_NOW) t = &now;
	if (t->fraction < 0 || t->fraction >= (s64)NS_PER_S) return -EINVAL;
	attr->valid |= bit;
	*field = (struct vtime){ t->sec, (u32)t->fraction };
	return 0;
}

/* Access and modification; both "now" is the one case that write permission allows. No name: dirfd itself. */
static s64 set_times(u64 dirfd, u64 name, u32 at_flags, u64 addr, u64 unit_ns) {
	struct time_abi times[2];
	struct attr attr = { 0 };

	if (!name && (s32)dirfd == AT_FDCWD) return -EFAULT;
	TRY(times_from_user(addr, unit_ns, times));
	TRY(add_time(&attr, ATTR_ATIME, &times[0], &attr.atime));
	TRY(add_time(&attr, ATTR_MTIME, &times[1], &attr.mtime));
	if (times[0].fraction == UTIME_NOW && times[1].fraction == UTIME_NOW) attr.valid |= ATTR_TIMES_NOW;
	return name ? change_at(dirfd, name, at_flags, attr) : change_fd(dirfd, attr);
}

SYSCALL(132, utime) { return set_times(CWD, args[0], 0, args[1], 0); }
SYSCALL(235, utimes) { return set_times(CWD, args[0], 0, args[1], NS_PER_US); }
SYSCALL(261, futimesat) { return set_times(args[0], args[1], 0, args[2], NS_PER_US); }
SYSCALL(280, utimensat) { return set_times(args[0], args[1], (u32)args[3], args[2], 1); }
