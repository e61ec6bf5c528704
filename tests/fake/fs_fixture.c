/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/fs_fixture.c - a root file system for unit tests.
 */
#include "tests/fake/fs_fixture.h"

#include <stdio.h>
#include <string.h>

#include "tests/fake/fake_port.h"

struct vfs_context fs_ctx;
struct superblock *fs_root_sb;
const struct cred fs_root;
const struct cred fs_alice = { 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 2, { 50, 60 } };
const struct cred fs_bob = { 1001, 1001, 1001, 1001, 1001, 1001, 1001, 1001, 0, { 0 } };

static u64 live_before;

int fs_setup(void **state)
{
	struct memfs_options options = { .fsname = "assayroot", .magic = MAGIC_ROOT, .root_mode = 0755 };

	(void)state;
	fake_port_reset();
	vfs_set_hooks(NULL);
	live_before = fake_port_live();
	if (memfs_create(&options, &fs_root_sb))
		return -1;
	if (vfs_mount_root(fs_root_sb, 0, "rootfs", &fs_ctx.root))
		return -1;
	fs_ctx.cwd = fs_ctx.root;
	path_get(&fs_ctx.cwd);
	fs_ctx.umask = 022;
	return 0;
}

int fs_teardown(void **state)
{
	(void)state;
	vfs_set_hooks(NULL);
	path_put(&fs_ctx.cwd);
	path_put(&fs_ctx.root);
	vfs_detach_all();
	superblock_put(fs_root_sb);
	if (fake_port_live() == live_before)
		return 0;
	printf("%llu objects leaked\n", (unsigned long long)(fake_port_live() - live_before));
	return -1;
}

int fs_mkdir(const char *name, u32 mode)
{
	int err = vfs_mknod(&fs_ctx, NULL, name, S_IFDIR | mode, 0, &fs_root);

	return err ? err : fs_chmod(name, mode);
}

int fs_open(const char *name, u32 flags, u32 mode, const struct cred *cred, struct file **ret_file)
{
	return vfs_open(&fs_ctx, NULL, name, flags, mode, cred, ret_file);
}

int fs_walk(const char *name, u32 flags, const struct cred *cred, struct path *ret_path)
{
	return path_walk(&fs_ctx, NULL, name, flags, cred, ret_path);
}

int fs_write(const char *name, const char *text, u32 mode)
{
	struct file *file;
	ssize n;
	int err = fs_open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600, &fs_root, &file);

	if (err)
		return err;
	n = file_write(file, text, strlen(text), NULL);
	file_put(file);
	return n == (ssize)strlen(text) ? fs_chmod(name, mode) : n < 0 ? (int)n : -EIO;
}

int fs_symlink(const char *target, const char *name)
{
	return vfs_symlink(&fs_ctx, NULL, name, target, &fs_root);
}

static int set(const char *name, const struct attr *attr)
{
	struct path path;
	int err = fs_walk(name, WALK_FOLLOW, &fs_root, &path);

	if (err)
		return err;
	err = vfs_setattr(&path, attr, &fs_root);
	path_put(&path);
	return err;
}

int fs_chown(const char *name, u32 uid, u32 gid)
{
	struct attr attr = { .valid = ATTR_UID | ATTR_GID, .uid = uid, .gid = gid };

	return set(name, &attr);
}

int fs_chmod(const char *name, u32 mode)
{
	struct attr attr = { .valid = ATTR_MODE, .mode = mode };

	return set(name, &attr);
}

int fs_unlink(const char *name)
{
	return vfs_unlink(&fs_ctx, NULL, name, false, &fs_root);
}

int fs_rmdir(const char *name)
{
	return vfs_unlink(&fs_ctx, NULL, name, true, &fs_root);
}

int fs_rename(const char *from, const char *to, u32 flags)
{
	return vfs_rename(&fs_ctx, NULL, from, NULL, to, flags, &fs_root);
}

int fs_link(const char *from, const char *to)
{
	struct path path;
	int err = fs_walk(from, 0, &fs_root, &path);

	if (err)
		return err;
	err = vfs_link(&fs_ctx, &path, NULL, to, &fs_root);
	path_put(&path);
	return err;
}

struct inode *fs_inode(const char *name)
{
	struct inode *inode;
	struct path path;

	if (fs_walk(name, 0, &fs_root, &path))
		return NULL;
	inode = path_inode(&path);
	path_put(&path);
	return inode;
}

bool fs_holds(const char *name, const char *text)
{
	size_t len = strlen(text);
	char buf[4096];
	struct path path;
	ssize n;

	if (len > sizeof(buf) || fs_walk(name, WALK_FOLLOW, &fs_root, &path))
		return false;
	n = inode_read(path_inode(&path), 0, buf, sizeof(buf));
	path_put(&path);
	return n == (ssize)len && memcmp(buf, text, len) == 0;
}
