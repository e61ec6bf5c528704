/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_stat.c - system calls that show or change attributes.
 */
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/filearg.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

/* Linux struct stat, x86-64. */
struct stat_abi {
	u64 dev, ino, nlink;
	u32 mode, uid, gid, pad;
	u64 rdev;
	s64 size, blksize, blocks;
	s64 atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	s64 unused[3];
};
_Static_assert(sizeof(struct stat_abi) == 144, "struct stat has 144 bytes");

static s64 put_stat(u64 addr, struct inode *inode)
{
	struct kstat k;
	struct stat_abi s;
	int err = vfs_getattr(inode, &k);

	if (err)
		return err;
	s = (struct stat_abi){
		.dev = k.dev, .ino = k.ino, .nlink = k.nlink,
		.mode = k.mode, .uid = k.uid, .gid = k.gid, .rdev = k.rdev,
		.size = (s64)k.size, .blksize = k.blksize, .blocks = (s64)k.blocks,
		.atime = k.atime.sec, .atime_nsec = k.atime.nsec,
		.mtime = k.mtime.sec, .mtime_nsec = k.mtime.nsec,
		.ctime = k.ctime.sec, .ctime_nsec = k.ctime.nsec,
	};
	return copy_to_user(uaddr(addr), &s, sizeof(s));
}

static s64 stat_at(u64 dirfd, u64 name, u64 buf, u32 at_flags)
{
	struct path path;
	s64 err;

	if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	err = path_from_user(dirfd, name, at_flags, &path);
	if (err)
		return err;
	err = put_stat(buf, path_inode(&path));
	path_put(&path);
	return err;
}

static s64 sys_stat(const u64 args[6])
{
	return stat_at((u64)AT_FDCWD, args[0], args[1], 0);
}

static s64 sys_lstat(const u64 args[6])
{
	return stat_at((u64)AT_FDCWD, args[0], args[1], AT_SYMLINK_NOFOLLOW);
}

static s64 sys_newfstatat(const u64 args[6])
{
	return stat_at(args[0], args[1], args[2], (u32)args[3]);
}

static s64 sys_fstat(const u64 args[6])
{
	struct file *file;
	s64 err = file_from_fd(args[0], &file);

	if (err)
		return err;
	err = put_stat(args[1], file->inode);
	file_put(file);
	return err;
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

static u32 dev_major(u64 dev)
{
	return (u32)(dev >> 8) & 0xfff;
}

static u32 dev_minor(u64 dev)
{
	return (u32)((dev & 0xff) | (dev >> 12 & 0xfff00));
}

static struct statx_time_abi statx_time(const struct vtime *t)
{
	return (struct statx_time_abi){ t->sec, t->nsec, 0 };
}

static s64 put_statx(u64 addr, struct inode *inode)
{
	struct kstat k;
	struct statx_abi s;
	int err = vfs_getattr(inode, &k);

	if (err)
		return err;
	s = (struct statx_abi){
		.mask = STATX_BASIC_AND_BTIME, .blksize = k.blksize,
		.nlink = k.nlink, .uid = k.uid, .gid = k.gid, .mode = (u16)k.mode,
		.ino = k.ino, .size = k.size, .blocks = k.blocks,
		.atime = statx_time(&k.atime), .btime = statx_time(&k.btime),
		.ctime = statx_time(&k.ctime), .mtime = statx_time(&k.mtime),
		.rdev_major = dev_major(k.rdev), .rdev_minor = dev_minor(k.rdev),
		.dev_major = dev_major(k.dev), .dev_minor = dev_minor(k.dev),
	};
	return copy_to_user(uaddr(addr), &s, sizeof(s));
}

static s64 sys_statx(const u64 args[6])
{
	u32 at_flags = (u32)args[2] & ~STATX_SYNC_FLAGS;
	struct path path;
	s64 err;

	if ((at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)) || (args[3] & STATX_RESERVED) ||
	    (args[2] & STATX_SYNC_FLAGS) == STATX_SYNC_FLAGS)
		return -EINVAL;
	err = path_from_user(args[0], args[1], at_flags, &path);
	if (err)
		return err;
	err = put_statx(args[4], path_inode(&path));
	path_put(&path);
	return err;
}

/* Linux struct statfs, x86-64. */
struct statfs_abi {
	s64 type, bsize;
	u64 blocks, bfree, bavail, files, ffree;
	s32 fsid[2];
	s64 namelen, frsize, flags;
	s64 spare[4];
};
_Static_assert(sizeof(struct statfs_abi) == 120, "struct statfs has 120 bytes");
#define ST_VALID 0x20
#define ST_RELATIME 0x1000

static s64 put_statfs(u64 addr, const struct path *path)
{
	struct superblock *sb = path_inode(path)->sb;
	struct kstatfs k = { .type = sb->magic, .bsize = PAGE_SIZE, .namelen = VFS_NAME_MAX };
	struct statfs_abi s;
	int err = sb->statfs ? sb->statfs(sb, &k) : 0;

	if (err)
		return err;
	s = (struct statfs_abi){
		.type = (s64)k.type, .bsize = (s64)k.bsize,
		.blocks = k.blocks, .bfree = k.bfree, .bavail = k.bavail, .files = k.files, .ffree = k.ffree,
		.fsid = { (s32)sb->dev, 0 }, .namelen = (s64)k.namelen, .frsize = (s64)k.bsize,
		.flags = (s64)(path_mount_flags(path) | ST_VALID | ST_RELATIME),
	};
	return copy_to_user(uaddr(addr), &s, sizeof(s));
}

static s64 sys_statfs(const u64 args[6])
{
	struct path path;
	s64 err = path_from_user((u64)AT_FDCWD, args[0], 0, &path);

	if (err)
		return err;
	err = put_statfs(args[1], &path);
	path_put(&path);
	return err;
}

static s64 sys_fstatfs(const u64 args[6])
{
	struct file *file;
	s64 err = file_from_fd(args[0], &file);

	if (err)
		return err;
	err = put_statfs(args[1], &file->path);
	file_put(file);
	return err;
}

/* Access is asked for the real ids, unless AT_EACCESS. */
static s64 access_at(u64 dirfd, u64 name, u32 mode, u32 at_flags)
{
	struct cred cred = *task_cred();
	struct path path;
	struct at at;
	int err;

	if ((mode & ~7u) || (at_flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	if (!(at_flags & AT_EACCESS)) {
		cred.fsuid = cred.uid;
		cred.fsgid = cred.gid;
	}
	err = at_begin(&at, dirfd, name);
	if (err)
		return err;
	err = at_path_as(&at, at_flags, &cred, &path);
	at_done(&at);
	if (err)
		return err;
	if ((mode & MAY_EXEC) && (path_inode(&path)->mode & S_IFMT) == S_IFREG &&
	    (path_mount_flags(&path) & MS_NOEXEC))
		err = -EACCES;
	if (!err && mode)
		err = path_permission(&path, mode, &cred);
	path_put(&path);
	return err;
}

static s64 sys_access(const u64 args[6])
{
	return access_at((u64)AT_FDCWD, args[0], (u32)args[1], 0);
}

static s64 sys_faccessat(const u64 args[6])
{
	return access_at(args[0], args[1], (u32)args[2], 0);
}

static s64 sys_faccessat2(const u64 args[6])
{
	return access_at(args[0], args[1], (u32)args[2], (u32)args[3]);
}

static s64 setattr_at(u64 dirfd, u64 name, u32 at_flags, const struct attr *attr)
{
	struct path path;
	s64 err = path_from_user(dirfd, name, at_flags, &path);

	if (err)
		return err;
	if ((attr->valid & ATTR_MODE) && (path_inode(&path)->mode & S_IFMT) == S_IFLNK)
		err = -EOPNOTSUPP;
	else if (attr->valid)
		err = vfs_setattr(&path, attr, task_cred());
	path_put(&path);
	return err;
}

static s64 setattr_fd(u64 fd, const struct attr *attr)
{
	struct file *file;
	s64 err = io_file_from_fd(fd, &file);

	if (err)
		return err;
	if (attr->valid)
		err = vfs_setattr(&file->path, attr, task_cred());
	file_put(file);
	return err;
}

static struct attr mode_attr(u64 mode)
{
	return (struct attr){ .valid = ATTR_MODE, .mode = (u32)mode & 07777 };
}

static s64 sys_chmod(const u64 args[6])
{
	struct attr attr = mode_attr(args[1]);

	return setattr_at((u64)AT_FDCWD, args[0], 0, &attr);
}

static s64 sys_fchmod(const u64 args[6])
{
	struct attr attr = mode_attr(args[1]);

	return setattr_fd(args[0], &attr);
}

static s64 sys_fchmodat(const u64 args[6])
{
	struct attr attr = mode_attr(args[2]);

	return setattr_at(args[0], args[1], 0, &attr);
}

static s64 sys_fchmodat2(const u64 args[6])
{
	struct attr attr = mode_attr(args[2]);

	if ((u32)args[3] & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return setattr_at(args[0], args[1], (u32)args[3], &attr);
}

/* -1 leaves an id as it is. */
static struct attr owner_attr(u64 uid, u64 gid)
{
	struct attr attr = { .uid = (u32)uid, .gid = (u32)gid };

	attr.valid = (attr.uid != ~0u ? ATTR_UID : 0) | (attr.gid != ~0u ? ATTR_GID : 0);
	return attr;
}

static s64 sys_chown(const u64 args[6])
{
	struct attr attr = owner_attr(args[1], args[2]);

	return setattr_at((u64)AT_FDCWD, args[0], 0, &attr);
}

static s64 sys_lchown(const u64 args[6])
{
	struct attr attr = owner_attr(args[1], args[2]);

	return setattr_at((u64)AT_FDCWD, args[0], AT_SYMLINK_NOFOLLOW, &attr);
}

static s64 sys_fchown(const u64 args[6])
{
	struct attr attr = owner_attr(args[1], args[2]);

	return setattr_fd(args[0], &attr);
}

static s64 sys_fchownat(const u64 args[6])
{
	struct attr attr = owner_attr(args[2], args[3]);

	if ((u32)args[4] & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return setattr_at(args[0], args[1], (u32)args[4], &attr);
}

#define NSEC_PER_SEC 1000000000
#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

struct time_pair {
	s64 sec, fraction;
};

/* One of the two times; both "now" is the one case that write permission allows. */
static int add_time(struct attr *attr, u32 bit, const struct time_pair *t, struct vtime *field)
{
	u64 now = port_wall_ns();

	if (t->fraction == UTIME_OMIT)
		return 0;
	if (t->fraction != UTIME_NOW && (t->fraction < 0 || t->fraction >= NSEC_PER_SEC))
		return -EINVAL;
	attr->valid |= bit;
	*field = (struct vtime){ t->sec, (u32)t->fraction };
	if (t->fraction == UTIME_NOW)
		*field = (struct vtime){ (s64)(now / NSEC_PER_SEC), (u32)(now % NSEC_PER_SEC) };
	return 0;
}

/* times: access, modification, in nanoseconds; NULL for now. */
static int times_attr(const struct time_pair *times, struct attr *ret_attr)
{
	static const struct time_pair now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	struct attr attr = { 0 };
	int err;

	if (!times)
		times = now;
	err = add_time(&attr, ATTR_ATIME, &times[0], &attr.atime);
	if (!err)
		err = add_time(&attr, ATTR_MTIME, &times[1], &attr.mtime);
	if (err)
		return err;
	if (times[0].fraction == UTIME_NOW && times[1].fraction == UTIME_NOW)
		attr.valid |= ATTR_TIMES_NOW;
	*ret_attr = attr;
	return 0;
}

static s64 set_times(u64 dirfd, u64 name, u32 at_flags, const struct time_pair *times)
{
	struct attr attr;
	int err = times_attr(times, &attr);

	if (err)
		return err;
	return name ? setattr_at(dirfd, name, at_flags, &attr) : setattr_fd(dirfd, &attr);
}

static s64 sys_utimensat(const u64 args[6])
{
	struct time_pair times[2];

	if ((u32)args[3] & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!args[1] && (s32)args[0] == AT_FDCWD)
		return -EFAULT;
	if (args[2] && copy_from_user(times, uaddr(args[2]), sizeof(times)))
		return -EFAULT;
	return set_times(args[0], args[1], (u32)args[3], args[2] ? times : NULL);
}

/* Two struct timeval. */
static s64 set_times_us(u64 dirfd, u64 name, u64 addr)
{
	struct time_pair times[2];

	if (!addr)
		return set_times(dirfd, name, 0, NULL);
	if (copy_from_user(times, uaddr(addr), sizeof(times)))
		return -EFAULT;
	for (size_t i = 0; i < 2; i++) {
		if (times[i].fraction < 0 || times[i].fraction >= 1000000)
			return -EINVAL;
		times[i].fraction *= 1000;
	}
	return set_times(dirfd, name, 0, times);
}

static s64 sys_utimes(const u64 args[6])
{
	return args[0] ? set_times_us((u64)AT_FDCWD, args[0], args[1]) : -EFAULT;
}

static s64 sys_futimesat(const u64 args[6])
{
	return set_times_us(args[0], args[1], args[2]);
}

static s64 sys_utime(const u64 args[6])
{
	struct time_pair times[2] = { 0 };
	s64 sec[2];

	if (!args[0])
		return -EFAULT;
	if (args[1] && copy_from_user(sec, uaddr(args[1]), sizeof(sec)))
		return -EFAULT;
	if (args[1]) {
		times[0].sec = sec[0];
		times[1].sec = sec[1];
	}
	return set_times((u64)AT_FDCWD, args[0], 0, args[1] ? times : NULL);
}

const struct syscall_entry sys_stat_calls[] = {
	{ 4, 2, "stat", sys_stat },
	{ 5, 2, "fstat", sys_fstat },
	{ 6, 2, "lstat", sys_lstat },
	{ 21, 2, "access", sys_access },
	{ 90, 2, "chmod", sys_chmod },
	{ 91, 2, "fchmod", sys_fchmod },
	{ 92, 3, "chown", sys_chown },
	{ 93, 3, "fchown", sys_fchown },
	{ 94, 3, "lchown", sys_lchown },
	{ 132, 2, "utime", sys_utime },
	{ 137, 2, "statfs", sys_statfs },
	{ 138, 2, "fstatfs", sys_fstatfs },
	{ 235, 2, "utimes", sys_utimes },
	{ 260, 5, "fchownat", sys_fchownat },
	{ 261, 3, "futimesat", sys_futimesat },
	{ 262, 4, "newfstatat", sys_newfstatat },
	{ 268, 3, "fchmodat", sys_fchmodat },
	{ 269, 3, "faccessat", sys_faccessat },
	{ 280, 4, "utimensat", sys_utimensat },
	{ 332, 5, "statx", sys_statx },
	{ 439, 4, "faccessat2", sys_faccessat2 },
	{ 452, 4, "fchmodat2", sys_fchmodat2 },
};
const size_t sys_stat_call_count = ARRAY_COUNT(sys_stat_calls);
