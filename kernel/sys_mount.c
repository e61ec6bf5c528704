/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_mount.c - mount and umount2, for uid 0.
 *
 * procfs, sysfs, securityfs and devfs exist once: mounting one again shows it in another place. tmpfs is made anew.
 */
#include "fs/memfs.h"
#include "fs/nodefs.h"
#include "kernel/filearg.h"
#include "kernel/pmm.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

/* Linux uapi mount.h. */
enum { MS_REMOUNT = 32, MS_BIND = 4096, MS_MOVE = 8192, MS_PROPAGATION = 15 << 17, UMOUNT_NOFOLLOW = 8,
       UMOUNT_FLAGS = 15 };
#define MS_MGC_VAL 0xc0ed0000u
#define MS_MGC_MASK 0xffff0000u
#define MS_KEPT (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME)

struct mount_args {
	struct path where;
	char *source, *type, *data; /* NULL when not given */
	u32 flags;
};

/* "10m", "4096", "50%": bytes. */
static int parse_size(const char *text, size_t len, u64 total_pages, u64 *ret_bytes) {
	static const char units[] = "kKmMgG%";
	const char *unit = len ? memchr(units, text[len - 1], 7) : NULL;
	u64 number;

	if (text_to_u64(text, unit ? len - 1 : len, 10, 1ull << 33, &number)) return -EINVAL;
	if (unit && *unit == '%')
		*ret_bytes = total_pages * min_u64(number, 100) / 100 * PAGE_SIZE;
	else
		*ret_bytes = number << (unit ? ((unit - units) / 2 + 1) * 10 : 0);
	return 0;
}

static int tmpfs_option(const char *text, size_t len, u64 total_pages, struct memfs_options *options) {
	const char *equals = memchr(text, '=', len);
	size_t key = equals ? (size_t)(equals - text) + 1 : len, value_len = len - key;
	const char *value = text + key;
	bool is_mode = strncmp(text, "mode=", key) == 0;
	u64 number;

	if (!equals) return -EINVAL;
	if (strncmp(text, "size=", key) == 0) return parse_size(value, value_len, total_pages, &options->max_bytes);
	if (strncmp(text, "nr_inodes=", key) == 0)
		return parse_size(value, value_len, total_pages, &options->max_inodes);
	if (strncmp(text, "huge=", key) == 0) return 0; /* understood, without effect */
	if (text_to_u64(value, value_len, is_mode ? 8 : 10, is_mode ? 07777 : 0xfffffffe, &number)) return -EINVAL;
	if (is_mode)
		options->root_mode = (u32)number;
	else if (strncmp(text, "uid=", key) == 0)
		options->root_uid = (u32)number;
	else if (strncmp(text, "gid=", key) == 0)
		options->root_gid = (u32)number;
	else
		return -EINVAL;
	return 0;
}

static int tmpfs_create(const char *data, struct superblock **ret_sb) {
	struct memfs_options options = { .fsname = "tmpfs", .magic = MAGIC_TMPFS, .root_mode = S_ISVTX | 0777 };
	u64 total = pmm_stats().total;

	options.max_bytes = total / 2 * PAGE_SIZE;
	options.max_inodes = total / 2;
	while (data && *data) {
		const char *comma = strchr(data, ',');
		size_t len = comma ? (size_t)(comma - data) : strlen(data);

		if (len) TRY(tmpfs_option(data, len, total, &options));
		data += len + (comma != NULL);
	}
	return memfs_create(&options, ret_sb);
}

static void superblock_drop(struct superblock **sb) { superblock_put(*sb); }

static int mount_new(const struct mount_args *m) {
	RELEASED(superblock_drop) struct superblock *sb = NULL;

	if (!m->type) return -EINVAL;
	if (strcmp(m->type, "tmpfs") == 0 || strcmp(m->type, "ramfs") == 0) TRY(tmpfs_create(m->data, &sb));
	for (size_t i = 0; i < NODEFS_COUNT && !sb; i++) {
		if (strcmp(m->type, nodefs[i]->fsname) != 0) continue;
		sb = nodefs[i];
		superblock_get(sb);
	}
	return sb ? vfs_mount(&m->where, sb, m->flags & MS_KEPT, m->source ? m->source : "none") : -ENODEV;
}

static int with_source(const struct mount_args *m, int (*act)(const struct path *from, const struct path *where)) {
	RELEASED(path_put) struct path from = { 0 };

	if (!m->source) return -EINVAL;
	TRY(path_walk(task_fs(), NULL, m->source, WALK_FOLLOW, task_cred(), &from));
	return act(&from, &m->where);
}

static void mount_args_done(struct mount_args *m) {
	path_put(&m->where);
	port_free(m->source);
	port_free(m->type);
	port_free(m->data);
}

SYSCALL(165, mount) {
	RELEASED(mount_args_done) struct mount_args m = { .flags = (u32)args[3] };

	if (task_cred()->euid != 0) return -EPERM;
	if ((m.flags & MS_MGC_MASK) == MS_MGC_VAL) m.flags &= ~MS_MGC_MASK;
	if (args[0]) TRY(name_from_user(args[0], &m.source));
	if (args[2]) TRY(name_from_user(args[2], &m.type));
	if (args[4] && !(m.flags & (MS_BIND | MS_MOVE))) TRY(name_from_user(args[4], &m.data));
	TRY(path_from_user(CWD, args[1], 0, &m.where));
	if (m.flags & MS_REMOUNT) return vfs_remount(&m.where, m.flags & MS_KEPT);
	if (m.flags & MS_BIND) return with_source(&m, vfs_bind);
	if (m.flags & MS_PROPAGATION) return 0; /* one name space: nothing to propagate to */
	return (m.flags & MS_MOVE) ? with_source(&m, vfs_move_mount) : mount_new(&m);
}

SYSCALL(166, umount2) {
	RELEASED(path_put) struct path path = { 0 };
	u32 flags = (u32)args[1];

	if (flags & ~UMOUNT_FLAGS) return -EINVAL;
	if (task_cred()->euid != 0) return -EPERM;
	TRY(path_from_user(CWD, args[0], (flags & UMOUNT_NOFOLLOW) ? AT_SYMLINK_NOFOLLOW : 0, &path));
	return vfs_umount(&path, flags & MNT_DETACH);
}
