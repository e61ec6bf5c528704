/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_names.c - making, linking, unlinking and renaming names: who may, what stays, which errno.
 *
 * The rename matrix is what rename(2) and POSIX.1-2017 rename() say for each pair of kinds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fake/fs_fixture.h"

static int as(const struct cred *cred, int (*act)(const struct cred *cred))
{
	return act(cred);
}

static void mkdir_existing_and_odd_names_are_refused(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	assert_int_equal(fs_mkdir("/d/e/", 0755), 0);
	assert_int_equal(fs_mkdir("/d", 0755), -EEXIST);
	assert_int_equal(fs_mkdir("/", 0755), -EEXIST);
	assert_int_equal(fs_mkdir("/d/.", 0755), -EEXIST);
	assert_int_equal(fs_mkdir("/d/..", 0755), -EEXIST);
	assert_int_equal(fs_mkdir("/x/y", 0755), -ENOENT);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/f/", S_IFREG | 0644, 0, &fs_root), -ENOENT);
	assert_int_equal(fs_symlink("", "/s"), -ENOENT);
	assert_int_equal(fs_symlink("t", "/d"), -EEXIST);
}

static void mkdir_counts_links_and_applies_umask(void **state)
{
	(void)state;
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/d", S_IFDIR | 0777, 0, &fs_root), 0);
	assert_int_equal(fs_inode("/d")->mode, S_IFDIR | 0755);
	assert_int_equal(fs_inode("/d")->nlink, 2);
	assert_int_equal(fs_mkdir("/d/e", 0755), 0);
	assert_int_equal(fs_inode("/d")->nlink, 3);
	assert_int_equal(fs_rmdir("/d/e"), 0);
	assert_int_equal(fs_inode("/d")->nlink, 2);
}

static void mknod_devices_are_for_uid_0(void **state)
{
	(void)state;
	assert_int_equal(fs_chmod("/", 0777), 0);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/null", S_IFCHR | 0666, 0x103, &fs_alice), -EPERM);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/null", S_IFCHR | 0666, 0x103, &fs_root), 0);
	assert_int_equal(fs_inode("/null")->rdev, 0x103);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/pipe", S_IFIFO | 0666, 0, &fs_alice), 0);
	assert_int_equal(fs_inode("/pipe")->uid, 1000);
}

static void new_files_in_a_setgid_directory_inherit_the_group(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdir("/g", 0777), 0);
	assert_int_equal(fs_chown("/g", 0, 60), 0);
	assert_int_equal(fs_chmod("/g", S_ISGID | 0777), 0);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/g/f", S_IFREG | 0644, 0, &fs_alice), 0);
	assert_int_equal(fs_inode("/g/f")->gid, 60);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/g/d", S_IFDIR | 0755, 0, &fs_alice), 0);
	assert_int_equal(fs_inode("/g/d")->gid, 60);
	assert_true(fs_inode("/g/d")->mode & S_ISGID);
}

static void unlink_wrong_kinds_are_refused(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	assert_int_equal(fs_write("/d/f", "x", 0644), 0);
	assert_int_equal(fs_symlink("d", "/s"), 0);
	assert_int_equal(fs_unlink("/d"), -EISDIR);
	assert_int_equal(fs_rmdir("/d/f"), -ENOTDIR);
	assert_int_equal(fs_rmdir("/d"), -ENOTEMPTY);
	assert_int_equal(fs_rmdir("/d/."), -EINVAL);
	assert_int_equal(fs_rmdir("/d/.."), -ENOTEMPTY);
	assert_int_equal(fs_rmdir("/"), -EBUSY);
	assert_int_equal(fs_unlink("/d/f/"), -ENOTDIR);
	assert_int_equal(fs_unlink("/d/g"), -ENOENT);
	assert_int_equal(fs_rmdir("/s"), -ENOTDIR);
	assert_int_equal(fs_unlink("/s"), 0);
	assert_int_equal(fs_unlink("/d/f"), 0);
	assert_int_equal(fs_rmdir("/d/"), 0);
}

static void unlink_while_open_keeps_the_content(void **state)
{
	struct file *file;
	char buf[8];

	(void)state;
	assert_int_equal(fs_write("/f", "kept", 0644), 0);
	assert_int_equal(fs_open("/f", O_RDWR, 0, &fs_root, &file), 0);
	assert_int_equal(fs_unlink("/f"), 0);
	assert_null(fs_inode("/f"));
	assert_int_equal(file->inode->nlink, 0);
	assert_int_equal(file_read(file, buf, sizeof(buf), NULL), 4);
	assert_memory_equal(buf, "kept", 4);
	assert_int_equal(fs_write("/f", "other", 0644), 0);
	assert_ptr_not_equal(fs_inode("/f"), file->inode);
	file_put(file);
	assert_true(fs_holds("/f", "other"));
}

static void removed_working_directory_makes_nothing(void **state)
{
	struct vfs_context ctx = fs_ctx;
	struct path path;

	(void)state;
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	assert_int_equal(fs_walk("/d", 0, &fs_root, &ctx.cwd), 0);
	assert_int_equal(fs_rmdir("/d"), 0);
	assert_int_equal(vfs_mknod(&ctx, NULL, "f", S_IFREG | 0644, 0, &fs_root), -ENOENT);
	assert_int_equal(path_walk(&ctx, NULL, ".", 0, &fs_root, &path), 0);
	path_put(&path);
	assert_int_equal(path_walk(&ctx, NULL, "..", 0, &fs_root, &path), 0);
	path_put(&path);
	path_put(&ctx.cwd);
}

static void link_shares_the_inode(void **state)
{
	(void)state;
	assert_int_equal(fs_write("/f", "one", 0644), 0);
	assert_int_equal(fs_link("/f", "/g"), 0);
	assert_ptr_equal(fs_inode("/f"), fs_inode("/g"));
	assert_int_equal(fs_inode("/f")->nlink, 2);
	assert_int_equal(fs_unlink("/f"), 0);
	assert_int_equal(fs_inode("/g")->nlink, 1);
	assert_true(fs_holds("/g", "one"));
	assert_int_equal(fs_link("/g", "/g"), -EEXIST);
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	assert_int_equal(fs_link("/d", "/e"), -EPERM);
	assert_int_equal(fs_symlink("g", "/s"), 0);
	assert_int_equal(fs_link("/s", "/t"), 0); /* the link itself */
	assert_int_equal(fs_inode("/t")->mode & S_IFMT, S_IFLNK);
}

static int remove_it(const struct cred *cred)
{
	return vfs_unlink(&fs_ctx, NULL, "/tmp/f", false, cred);
}

static int rename_it(const struct cred *cred)
{
	return vfs_rename(&fs_ctx, NULL, "/tmp/f", NULL, "/tmp/g", 0, cred);
}

static void sticky_directory_protects_others_files(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdir("/tmp", 01777), 0);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/tmp/f", S_IFREG | 0666, 0, &fs_alice), 0);
	assert_int_equal(as(&fs_bob, remove_it), -EPERM);
	assert_int_equal(as(&fs_bob, rename_it), -EPERM);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/tmp/b", S_IFREG | 0666, 0, &fs_bob), 0);
	assert_int_equal(vfs_rename(&fs_ctx, NULL, "/tmp/b", NULL, "/tmp/f", 0, &fs_bob), -EPERM); /* over it */
	assert_int_equal(as(&fs_alice, rename_it), 0);
	assert_int_equal(vfs_rename(&fs_ctx, NULL, "/tmp/g", NULL, "/tmp/f", 0, &fs_alice), 0);
	assert_int_equal(as(&fs_root, remove_it), 0);
}

static void unwritable_directory_refuses_every_change(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdir("/ro", 0755), 0);
	assert_int_equal(fs_write("/ro/f", "x", 0666), 0);
	assert_int_equal(vfs_unlink(&fs_ctx, NULL, "/ro/f", false, &fs_alice), -EACCES);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/ro/g", S_IFREG | 0644, 0, &fs_alice), -EACCES);
	assert_int_equal(vfs_symlink(&fs_ctx, NULL, "/ro/s", "f", &fs_alice), -EACCES);
	assert_int_equal(vfs_rename(&fs_ctx, NULL, "/ro/f", NULL, "/ro/g", 0, &fs_alice), -EACCES);
	assert_true(fs_holds("/ro/f", "x"));
}

/* Kinds of source and target, and what a plain rename answers. */
enum kind { NONE, FILE_, LINK_, EMPTY, FULL };
static const char *const kind_names[] = { "none", "file", "symlink", "empty directory", "full directory" };

static void make_kind(const char *name, enum kind kind)
{
	char inner[32];

	snprintf(inner, sizeof(inner), "%s/in", name);
	if (kind == FILE_)
		assert_int_equal(fs_write(name, name, 0644), 0);
	if (kind == LINK_)
		assert_int_equal(fs_symlink(name, name), 0);
	if (kind == EMPTY || kind == FULL)
		assert_int_equal(fs_mkdir(name, 0755), 0);
	if (kind == FULL)
		assert_int_equal(fs_write(inner, "", 0644), 0);
}

static void remove_kind(const char *name)
{
	char inner[32];

	snprintf(inner, sizeof(inner), "%s/in", name);
	(void)fs_unlink(inner); /* may not be there */
	(void)fs_unlink(name);  /* a file, or ... */
	(void)fs_rmdir(name);   /* ... a directory */
	assert_null(fs_inode(name));
}

static int expected(enum kind from, enum kind to, u32 flags)
{
	bool from_dir = from == EMPTY || from == FULL, to_dir = to == EMPTY || to == FULL;

	if (from == NONE || (to == NONE && (flags & VFS_RENAME_EXCHANGE)))
		return -ENOENT;
	if (to == NONE || (flags & VFS_RENAME_EXCHANGE))
		return 0;
	if (flags & VFS_RENAME_NOREPLACE)
		return -EEXIST;
	if (from_dir && !to_dir)
		return -ENOTDIR;
	if (!from_dir && to_dir)
		return -EISDIR;
	return to == FULL ? -ENOTEMPTY : 0;
}

static void check_pair(enum kind from, enum kind to, u32 flags)
{
	u32 dir_links = fs_inode("/x")->nlink + fs_inode("/y")->nlink;
	struct inode *source, *target;
	int err, want = expected(from, to, flags);

	make_kind("/x/s", from);
	make_kind("/y/t", to);
	source = fs_inode("/x/s");
	target = fs_inode("/y/t");
	err = fs_rename("/x/s", "/y/t", flags);
	if (err != want)
		fail_msg("%s to %s with flags %u: %d instead of %d", kind_names[from], kind_names[to], flags, err,
			want);
	if (err) {
		assert_ptr_equal(fs_inode("/x/s"), source);
		assert_ptr_equal(fs_inode("/y/t"), target);
	} else {
		assert_ptr_equal(fs_inode("/y/t"), source);
		assert_ptr_equal(fs_inode("/x/s"), (flags & VFS_RENAME_EXCHANGE) ? target : NULL);
	}
	remove_kind("/x/s");
	remove_kind("/y/t");
	assert_int_equal(fs_inode("/x")->nlink + fs_inode("/y")->nlink, dir_links);
}

static void rename_of_every_kind_over_every_kind(void **state)
{
	static const u32 flags[] = { 0, VFS_RENAME_NOREPLACE, VFS_RENAME_EXCHANGE };

	(void)state;
	assert_int_equal(fs_mkdir("/x", 0755), 0);
	assert_int_equal(fs_mkdir("/y", 0755), 0);
	for (size_t f = 0; f < ARRAY_COUNT(flags); f++)
		for (enum kind from = NONE; from <= FULL; from++)
			for (enum kind to = NONE; to <= FULL; to++)
				check_pair(from, to, flags[f]);
	assert_int_equal(fs_rename("/x", "/y", 3), -EINVAL);
	assert_int_equal(fs_rename("/x", "/y", 4), -EINVAL);
}

static void rename_into_itself_is_refused(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdir("/a", 0755), 0);
	assert_int_equal(fs_mkdir("/a/b", 0755), 0);
	assert_int_equal(fs_rename("/a", "/a/b/c", 0), -EINVAL);
	assert_int_equal(fs_rename("/a", "/a/b", 0), -EINVAL);
	assert_int_equal(fs_rename("/a/b", "/a", 0), -ENOTEMPTY);
	assert_int_equal(fs_rename("/a/b", "/a", VFS_RENAME_EXCHANGE), -EINVAL);
	assert_int_equal(fs_rename("/a", "/a", 0), 0);
	assert_int_equal(fs_rename("/a/.", "/c", 0), -EBUSY);
	assert_int_equal(fs_rename("/a", "/a/b/..", 0), -EBUSY);
	assert_int_equal(fs_rename("/", "/c", 0), -EBUSY);
}

static void rename_trailing_slash_is_for_directories(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	assert_int_equal(fs_write("/f", "", 0644), 0);
	assert_int_equal(fs_rename("/f/", "/g", 0), -ENOTDIR);
	assert_int_equal(fs_rename("/f", "/g/", 0), -ENOTDIR);
	assert_int_equal(fs_rename("/d/", "/e/", 0), 0);
}

static void rename_between_links_of_one_file_does_nothing(void **state)
{
	(void)state;
	assert_int_equal(fs_write("/f", "x", 0644), 0);
	assert_int_equal(fs_link("/f", "/g"), 0);
	assert_int_equal(fs_rename("/f", "/g", 0), 0);
	assert_non_null(fs_inode("/f"));
	assert_int_equal(fs_inode("/g")->nlink, 2);
}

static void rename_over_an_open_file_keeps_it_readable(void **state)
{
	char buf[VFS_PATH_MAX];
	struct file *file;

	(void)state;
	assert_int_equal(fs_write("/old", "old", 0644), 0);
	assert_int_equal(fs_write("/new", "new", 0644), 0);
	assert_int_equal(fs_open("/old", O_RDONLY, 0, &fs_root, &file), 0);
	assert_int_equal(fs_rename("/new", "/old", 0), 0);
	assert_true(fs_holds("/old", "new"));
	assert_int_equal(file_read(file, buf, sizeof(buf), NULL), 3);
	assert_memory_equal(buf, "old", 3);
	assert_true(path_name(&fs_ctx, &file->path, buf, sizeof(buf)) > 0);
	assert_string_equal(buf, "/old (deleted)");
	file_put(file);
}

static void rename_of_a_directory_needs_it_writable(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdir("/p", 0777), 0);
	assert_int_equal(fs_mkdir("/q", 0777), 0);
	assert_int_equal(fs_mkdir("/p/d", 0755), 0); /* root's */
	assert_int_equal(vfs_rename(&fs_ctx, NULL, "/p/d", NULL, "/q/d", 0, &fs_alice), -EACCES);
	assert_int_equal(vfs_rename(&fs_ctx, NULL, "/p/d", NULL, "/p/e", 0, &fs_alice), 0);
}

static void read_only_mount_refuses_every_change(void **state)
{
	struct file *file;

	(void)state;
	assert_int_equal(fs_write("/f", "x", 0644), 0);
	assert_int_equal(vfs_remount(&fs_ctx.root, MS_RDONLY), 0);
	assert_int_equal(fs_unlink("/f"), -EROFS);
	assert_int_equal(fs_mkdir("/d", 0755), -EROFS);
	assert_int_equal(fs_rename("/f", "/g", 0), -EROFS);
	assert_int_equal(fs_link("/f", "/g"), -EROFS);
	assert_int_equal(fs_chmod("/f", 0600), -EROFS);
	assert_int_equal(fs_open("/f", O_RDWR, 0, &fs_root, &file), -EROFS);
	assert_int_equal(fs_open("/g", O_CREAT | O_WRONLY, 0644, &fs_root, &file), -EROFS);
	assert_int_equal(fs_open("/f", O_RDONLY, 0, &fs_root, &file), 0);
	file_put(file);
	assert_int_equal(vfs_remount(&fs_ctx.root, 0), 0);
	assert_int_equal(fs_unlink("/f"), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fs_setup, fs_teardown)
	const struct CMUnitTest tests[] = {
		T(mkdir_existing_and_odd_names_are_refused),
		T(mkdir_counts_links_and_applies_umask),
		T(mknod_devices_are_for_uid_0),
		T(new_files_in_a_setgid_directory_inherit_the_group),
		T(unlink_wrong_kinds_are_refused),
		T(unlink_while_open_keeps_the_content),
		T(removed_working_directory_makes_nothing),
		T(link_shares_the_inode),
		T(sticky_directory_protects_others_files),
		T(unwritable_directory_refuses_every_change),
		T(rename_of_every_kind_over_every_kind),
		T(rename_into_itself_is_refused),
		T(rename_trailing_slash_is_for_directories),
		T(rename_between_links_of_one_file_does_nothing),
		T(rename_over_an_open_file_keeps_it_readable),
		T(rename_of_a_directory_needs_it_writable),
		T(read_only_mount_refuses_every_change),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
