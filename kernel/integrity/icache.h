/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/icache.h - what is known about a file's content, kept with its inode.
 *
 * It holds as long as the content is the one that was hashed: that is told by the change identity taken at collect,
 * and by vfs_hooks.inode_changed, which tells changes of content from others. Anything unclear counts as changed.
 *
 * Context    task context.
 * Ownership  the state hangs on inode->integrity and goes with the inode (icache_free).
 * Errors     -ENOMEM.
 */
#pragma once

#include "fs/vfs.h"
#include "kernel/integrity/policy.h"

/* Which bytes a digest belongs to. A value that the file system cannot report is absent. */
struct change_id {
	u64 dev, ino, cookie;
	struct vtime ctime;
	bool has_cookie, has_ctime;
};

struct change_id change_id_take(const struct inode *inode);
/* The whole truth table: the same object, and a cookie, or failing that a ctime, on both sides that is equal. */
bool change_id_differs(const struct change_id *then, const struct change_id *now);

/* Marks of the reader and writer state machine, and of labels. */
#define ICACHE_MAY_EMIT_TOMTOU 1u
#define ICACHE_EMITTED_OPENWRITERS 2u
#define ICACHE_SIGNED 4u /* the label is a signature, good or not: no opening for write */

/* A good verdict, and what was demanded when it was given: it serves the same demand only. */
struct icache_verdict {
	bool good;
	u32 rule_bits;
	u32 algos;
};

struct icache {
	struct change_id id;
	struct digest digest;
	bool collected;
	u32 marks;
	u32 done;                        /* CLASS_AUDIT, CLASS_HASH */
	u64 measured_pcrs;
	struct icache_verdict verdicts[APPRAISE_CLASSES];
};

/* The inode's state, made on first use; NULL when memory ran out. */
struct icache *icache_get(struct inode *inode);
/* Forgets what no longer holds: before every use. */
void icache_refresh(struct icache *state, struct inode *inode);
/* After a change of the inode; without content the digest stays and the verdicts go. */
void icache_changed(struct inode *inode, bool content);
/* Forgets digest and all results. */
void icache_forget(struct icache *state);
void icache_free(struct inode *inode);
