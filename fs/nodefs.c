/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/nodefs.c - procfs, sysfs, securityfs and devfs: empty but for the directories that others are mounted on.
 */
#include "fs/nodefs.h"

static struct superblock *instances[4];

enum { PROC, SYS, SECURITY, DEV };

int nodefs_init(void) {
	static const struct {
		const char *fsname;
		u64 magic;
	} kinds[] = {
		[PROC] = { "proc", MAGIC_PROC },
		[SYS] = { "sysfs", MAGIC_SYSFS },
		[SECURITY] = { "securityfs", MAGIC_SECURITYFS },
		[DEV] = { "devtmpfs", MAGIC_TMPFS }, /* the f_type that Linux's devtmpfs has */
	};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_COUNT(kinds); i++)
		err = pseudo_create(kinds[i].fsname, kinds[i].magic, &instances[i]);
	if (!err) err = pseudo_add(nodefs_sys(), "kernel/security", S_IFDIR | 0755, 0, NULL, NULL);
	if (!err) err = pseudo_add(nodefs_dev(), "pts", S_IFDIR | 0755, 0, NULL, NULL);
	if (!err) err = pseudo_add(nodefs_dev(), "shm", S_IFDIR | S_ISVTX | 0777, 0, NULL, NULL);
	if (!err) nodefs_dev()->root->mode = S_IFDIR | 0755;
	return err;
}

struct superblock *nodefs_proc(void) { return instances[PROC]; }

struct superblock *nodefs_sys(void) { return instances[SYS]; }

struct superblock *nodefs_security(void) { return instances[SECURITY]; }

struct superblock *nodefs_dev(void) { return instances[DEV]; }
