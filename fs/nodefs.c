/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/nodefs.c - procfs, sysfs, securityfs and devfs: empty but for the directories that others are mounted on.
 */
#include "fs/nodefs.h"

struct superblock *nodefs[NODEFS_COUNT];

int nodefs_init(void) {
	static const struct pseudo_node sys = { "kernel/security", .mode = S_IFDIR | 0755 };
	static const struct pseudo_node dev[] = {
		{ "", .mode = S_IFDIR | 0755 },
		{ "pts", .mode = S_IFDIR | 0755 },
		{ "shm", .mode = S_IFDIR | S_ISVTX | 0777 },
	};

	TRY(pseudo_create("proc", MAGIC_PROC, &nodefs[NODEFS_PROC]));
	TRY(pseudo_create("sysfs", MAGIC_SYSFS, &nodefs[NODEFS_SYS]));
	TRY(pseudo_create("securityfs", MAGIC_SECURITYFS, &nodefs[NODEFS_SECURITY]));
	TRY(pseudo_create("devtmpfs", MAGIC_TMPFS, &nodefs[NODEFS_DEV])); /* the f_type of Linux's devtmpfs */
	TRY(pseudo_add(nodefs[NODEFS_SYS], &sys, 1));
	return pseudo_add(nodefs[NODEFS_DEV], dev, ARRAY_COUNT(dev));
}
