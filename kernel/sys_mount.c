/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_mount.c - mount and umount2, for uid 0.
 *
 * procfs, sysfs, securityfs and devfs exist once: mounting one again shows it in another place. tmpfs is made anew.
 */
#include "fs/memfs.h"
#include "fs/nodefs.h"
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"
#include "kernel/filearg.h"
#include "kernel/pmm.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

/* Linux uapi mount.h. */
#define MS_REMOUNT 32u
#define MS_BIND 4096u
#define MS_MOVE 8192u
#define MS_PROPAGATION (1u << 17 | 1u << 18 | 1u << 19 | 1u << 20)
#define MS_MGC_VAL 0xc0ed0000u
#define MS_MGC_MASK 0xffff0000u
#define MS_KEPT (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME)
#define UMOUNT_FLAGS 15u
#define UMOUNT_NOFOLLOW 8u

struct mount_args {
	struct path where;
	char *source, *type, *data; /* NULL when not given */
	u32 flags;
};

/* "10m", "4096", "50%": bytes. */
static int parse_size(const char *text, size_t len, u64 *ret_bytes)
{
	struct pmm_stats stats;
	unsigned shift = 0;
	u64 number;

	pmm_stats(&stats);
	if (len && text[len - 1] == '%') {
		if (text_to_u64(text, len - 1, 10, 100, &number))
			return -EINVAL;
		*ret_bytes = stats.total * number / 100 * PAGE_SIZE;
		return 0;
	}
	if (len && strchr("kKmMgG", text[len - 1]))
		shift = strchr("kK", text[--len]) ? 10 : strchr("mM", text[len]) ? 20 : 30;
	if (text_to_u64(text, len, 10, 1ull << 33, &number))
		return -EINVAL;
	*ret_bytes = number << shift;
	return 0;
}

static int parse_mode(const char *text, size_t len, u32 *ret_mode)
{
	u32 mode = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '7' || mode > 0777)
			return -EINVAL;
		mode = mode << 3 | (u32)(text[i] - '0');
	}
	*ret_mode = mode;
	return len ? 0 : -EINVAL;
}

static int tmpfs_option(const char *text, size_t len, struct memfs_options *options)
{
	const char *equals = memchr(text, '=', len);
	size_t key = equals ? (size_t)(equals - text) : len;
	const char *value = equals ? equals + 1 : text + len;
	size_t value_len = equals ? len - key - 1 : 0;
	u64 number;
	int err;

	if (key == 4 && memcmp(text, "size", 4) == 0)
		return parse_size(value, value_len, &options->max_bytes);
	if (key == 4 && memcmp(text, "mode", 4) == 0)
		return parse_mode(value, value_len, &options->root_mode);
	if (key == 3 && (memcmp(text, "uid", 3) == 0 || memcmp(text, "gid", 3) == 0)) {
		err = text_to_u64(value, value_len, 10, 0xfffffffe, &number);
		if (err)
			return -EINVAL;
		*(text[0] == 'u' ? &options->root_uid : &options->root_gid) = (u32)number;
		return 0;
	}
	if ((key == 9 && memcmp(text, "nr_inodes", 9) == 0) || (key == 9 && memcmp(text, "nr_blocks", 9) == 0) ||
	    (key == 4 && memcmp(text, "huge", 4) == 0))
		return 0; /* understood, without effect: memory is what limits */
	return -EINVAL;
}

static int tmpfs_create(const char *data, struct superblock **ret_sb)
{
	struct memfs_options options = { .fsname = "tmpfs", .magic = MAGIC_TMPFS, .root_mode = S_ISVTX | 0777 };
	struct pmm_stats stats;
	int err = 0;

	pmm_stats(&stats);
	options.max_bytes = stats.total / 2 * PAGE_SIZE;
	while (data && *data && !err) {
		const char *comma = strchr(data, ',');
		size_t len = comma ? (size_t)(comma - data) : strlen(data);

		err = len ? tmpfs_option(data, len, &options) : 0;
		data += len + (comma != NULL);
	}
	return err ? err : memfs_create(&options, ret_sb);
}

/* A superblock with a reference for the caller. */
static int superblock_by_type(const char *type, const char *data, struct superblock **ret_sb)
{
	struct superblock *sb = NULL;

	if (strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0)
		return tmpfs_create(data, ret_sb);
	if (strcmp(type, "proc") == 0)
		sb = nodefs_proc();
	else if (strcmp(type, "sysfs") == 0)
		sb = nodefs_sys();
	else if (strcmp(type, "securityfs") == 0)
		sb = nodefs_security();
	else if (strcmp(type, "devtmpfs") == 0)
		sb = nodefs_dev();
	if (!sb)
		return -ENODEV;
	superblock_get(sb);
	*ret_sb = sb;
	return 0;
}

static int mount_new(const struct mount_args *m)
{
	struct superblock *sb;
	int err;

	if (!m->type)
		return -EINVAL;
	err = superblock_by_type(m->type, m->data, &sb);
	if (err)
		return err;
	err = vfs_mount(&m->where, sb, m->flags & MS_KEPT, m->source ? m->source : "none");
	superblock_put(sb);
	return err;
}

static int with_source(const struct mount_args *m, int (*act)(const struct path *from, const struct path *where))
{
	struct path from;
	int err = m->source ? path_walk(task_fs(), NULL, m->source, WALK_FOLLOW, task_cred(), &from) : -EINVAL;

	if (err)
		return err;
	err = act(&from, &m->where);
	path_put(&from);
	return err;
}

static int do_mount(const struct mount_args *m)
{
	if (m->flags & MS_REMOUNT)
		return vfs_remount(&m->where, m->flags & MS_KEPT);
	if (m->flags & MS_BIND)
		return with_source(m, vfs_bind);
	if (m->flags & MS_PROPAGATION)
		return 0; /* one name space: nothing to propagate to */
	if (m->flags & MS_MOVE)
		return with_source(m, vfs_move_mount);
	return mount_new(m);
}

static s64 optional_text(u64 addr, char **ret_text)
{
	return addr ? name_from_user(addr, ret_text) : 0;
}

static s64 sys_mount(const u64 args[6])
{
	struct mount_args m = { .flags = (u32)args[3] };
	s64 err;

	if (task_cred()->euid != 0)
		return -EPERM;
	if ((m.flags & MS_MGC_MASK) == MS_MGC_VAL)
		m.flags &= ~MS_MGC_MASK;
	err = optional_text(args[0], &m.source);
	if (!err)
		err = optional_text(args[2], &m.type);
	if (!err && !(m.flags & (MS_BIND | MS_MOVE)))
		err = optional_text(args[4], &m.data);
	if (!err)
		err = path_from_user((u64)AT_FDCWD, args[1], 0, &m.where);
	if (!err) {
		err = do_mount(&m);
		path_put(&m.where);
	}
	port_free(m.source);
	port_free(m.type);
	port_free(m.data);
	return err;
}

static s64 sys_umount2(const u64 args[6])
{
	u32 flags = (u32)args[1];
	struct path path;
	s64 err;

	if (flags & ~UMOUNT_FLAGS)
		return -EINVAL;
	if (task_cred()->euid != 0)
		return -EPERM;
	err = path_from_user((u64)AT_FDCWD, args[0], (flags & UMOUNT_NOFOLLOW) ? AT_SYMLINK_NOFOLLOW : 0, &path);
	if (err)
		return err;
	err = vfs_umount(&path, flags & MNT_DETACH);
	path_put(&path);
	return err;
}

const struct syscall_entry sys_mount_calls[] = {
	{ 165, 5, "mount", sys_mount },
	{ 166, 2, "umount2", sys_umount2 },
};
const size_t sys_mount_call_count = ARRAY_COUNT(sys_mount_calls);
