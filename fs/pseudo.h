/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/pseudo.h - file systems whose nodes are a name, a mode and functions registered by their owner.
 *
 * procfs, sysfs, securityfs and devfs are instances (fs/nodefs.c); their content is registered by whoever
 * owns it. Names are paths inside the instance ("integrity/ima/policy"); missing directories are made 0555.
 *
 * Context    task context.
 * Ownership  name is copied; arg stays the owner's and must outlive the node and what was opened through it.
 * Errors     -EEXIST (a directory that is there already only gets the new mode), -ENOENT, -ENOTDIR, -ENOMEM.
 */
#pragma once

#include "fs/vfs.h"

/* Text is built once at open (a snapshot) by show into the sink. */
struct show_sink;
void show_bytes(struct show_sink *sink, const void *bytes, size_t len);
void show_format(struct show_sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct pseudo_ops {
	/* Whole content, at open and at each seek back to 0: 0 or errno. NULL: not readable this way. */
	int (*show)(struct show_sink *sink, void *arg);
	/* One write() call (64 KiB at most); returns bytes consumed or errno. cred is that of the opener. */
	ssize (*store)(const char *text, size_t len, void *arg, const struct cred *cred);
	/* Devices, streams: their own file operations instead of show/store; file->private_data is arg at open. */
	const struct file_ops *fops;
};

/* Modes carry the type: S_IFREG | 0440, S_IFCHR | 0666, S_IFDIR | 0555. rdev for devices. */
must_check int pseudo_create(const char *fsname, u64 magic, struct superblock **ret_sb);
must_check int pseudo_add(struct superblock *sb, const char *name, u32 mode, u64 rdev, const struct pseudo_ops *ops,
			  void *arg);
must_check int pseudo_symlink(struct superblock *sb, const char *name, const char *target);
/* With everything below it. Open files keep their snapshot; a write gets -ENODEV. */
must_check int pseudo_remove(struct superblock *sb, const char *name);

/*
 * Directories whose entries are made when looked at (procfs PID directories): lookup fills node, list
 * enumerates. Registered on a directory beside its fixed nodes; "" is the root.
 */
struct pseudo_node_info;
struct pseudo_dynamic {
	/* 0 and the node; or -ENOENT. */
	int (*lookup)(const char *name, size_t len, void *dir_arg, struct pseudo_node_info *ret);
	/* Entry number index (from 0) into ret_name (NUL-terminated, cap 64); false at the end. */
	bool (*list)(u64 index, void *dir_arg, char *ret_name, u32 *ret_mode);
};
struct pseudo_node_info {
	u32 mode;
	u32 uid, gid;
	const struct pseudo_ops *ops;
	u64 arg_value;               /* passed as (void *)(uintptr_t) to ops and as dir_arg to children */
	char target[256];            /* symlinks */
	/* Magic links: the referenced path they lead to, after the permission check they need. NULL: use target. */
	int (*follow)(u64 arg_value, struct path *ret_path);
	const struct pseudo_dynamic *children; /* directories */
};
must_check int pseudo_set_dynamic(struct superblock *sb, const char *dir, const struct pseudo_dynamic *dynamic,
				  void *arg);
