/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/pseudo.h - file systems whose nodes are rows of tables: a name, a mode and functions, given by their owners.
 *
 * procfs, sysfs, securityfs and devfs are instances (fs/nodefs.h).
 *
 * Context    task context.
 * Ownership  rows are copied; what name and arg point to stays the owner's and must outlive the node and what was
 *            opened through it (name: the call).
 * Errors     -EEXIST (a directory that is there already is only given the new row), -ENOTDIR, -ENOMEM, -ENOSPC.
 */
#pragma once

#include "fs/vfs.h"
#include "kernel/base/blob.h"

struct pseudo_dir;

struct pseudo_node {
	const char *name; /* a path in the instance ("integrity/ima/policy"), "" its root; directories are made 0555 */
	u32 mode;         /* with the type: S_IFREG | 0440, S_IFCHR | 0666, S_IFDIR | 0555, S_IFLNK | 0777 */
	u32 rdev, uid, gid;
	/*
	 * The whole text: of a file at open and at each seek back to 0, of a link when it is read. Without show, store
	 * and fops arg is the text; a file's gets a newline.
	 */
	int (*show)(struct blob *text, void *arg);
	/* One write() call (64 KiB at most); returns bytes consumed or errno. cred is that of the opener. */
	ssize (*store)(const char *text, size_t len, void *arg, const struct cred *cred);
	/* Devices, streams: their own file operations instead; file->private_data is arg at open. */
	const struct file_ops *fops;
	/* Magic links: the referenced path they lead to, after the permission check they need. */
	int (*follow)(void *arg, struct path *ret_path);
	const struct pseudo_dir *dir;
	void *arg;
};

/* Directories whose entries are made when looked at (those of processes), beside their fixed nodes. */
#define PSEUDO_NONE (~0ull)
struct pseudo_dir {
	const struct pseudo_node *named; /* entries with a name */
	size_t named_count;
	const struct pseudo_node *numbered; /* what each number is; NULL: there are none */
	/* The smallest number that is there, of those not below from; PSEUDO_NONE at the end. */
	u64 (*next)(void *dir_arg, u64 from);
	/* Completes a copy of the row (arg is dir_arg in it); number is PSEUDO_NONE for a name. -ENOENT. */
	int (*look)(void *dir_arg, u64 number, struct pseudo_node *node);
};

must_check int pseudo_create(const char *fsname, u64 magic, struct superblock **ret_sb);
must_check int pseudo_add(struct superblock *sb, const struct pseudo_node *nodes, size_t count);
