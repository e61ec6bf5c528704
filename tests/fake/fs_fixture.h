/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/fs_fixture.h - an empty memfs mounted as root, two users, and short forms of the usual calls.
 *
 * Context    unit tests.
 * Ownership  fs_setup and fs_teardown belong together; teardown fails the test when anything leaked.
 * Errors     the short forms return what the call returned.
 */
#pragma once

#include "fs/memfs.h"

extern struct vfs_context fs_ctx;
extern struct superblock *fs_root_sb;
extern const struct cred fs_root;   /* uid 0 */
extern const struct cred fs_alice;  /* uid 1000, gid 1000, groups 50 and 60 */
extern const struct cred fs_bob;    /* uid 1001, gid 1001 */

int fs_setup(void **state);
int fs_teardown(void **state);

/* As uid 0. */
int fs_mkdir(const char *name, u32 mode);
int fs_write(const char *name, const char *text, u32 mode);
int fs_symlink(const char *target, const char *name);
int fs_chown(const char *name, u32 uid, u32 gid);
int fs_chmod(const char *name, u32 mode);
int fs_unlink(const char *name);
int fs_rmdir(const char *name);
int fs_rename(const char *from, const char *to, u32 flags);
int fs_link(const char *from, const char *to);
/* The inode, borrowed (the tree keeps it), or NULL. */
struct inode *fs_inode(const char *name);
/* Compares the whole content. */
bool fs_holds(const char *name, const char *text);
int fs_open(const char *name, u32 flags, u32 mode, const struct cred *cred, struct file **ret_file);
int fs_walk(const char *name, u32 flags, const struct cred *cred, struct path *ret_path);
