/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/nodefs.h - the pseudo instances, made once at boot, and how their owners fill them.
 *
 * Context    boot (nodefs_init), then any task.
 * Ownership  the superblocks live for ever.
 * Errors     -ENOMEM.
 */
#pragma once

#include "fs/pseudo.h"

enum { NODEFS_PROC, NODEFS_SYS, NODEFS_SECURITY, NODEFS_DEV, NODEFS_COUNT };
extern struct superblock *nodefs[NODEFS_COUNT];

must_check int nodefs_init(void);

/* A table that an instance is given at boot. */
struct nodefs_table {
	u32 fs, count;
	const struct pseudo_node *nodes;
};
/* Registers a static const struct pseudo_node array of that name; the linker collects it, kernel/main.c adds it. */
#define NODES(instance, table)                                                                     \
	[[gnu::section(".nodes"), gnu::used, gnu::aligned(8)]]                                     \
	static const struct nodefs_table table_##table = { (instance), ARRAY_COUNT(table), (table) }
