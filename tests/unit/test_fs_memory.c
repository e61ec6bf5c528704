/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_fs_memory.c - every file system operation with the k-th allocation failing, for every k.
 *
 * Each operation runs in a fresh tree. When it fails it must say -ENOMEM, change nothing that can be seen, and leak
 * nothing; when k is beyond its last allocation it must succeed. Two may have done their first half: an open may have
 * made the empty file, a write may be short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/fdtable.h"
#include "fs/locks.h"
#include "fs/tarfs.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/fs_fixture.h"
#include "tests/fake/golden.h"

static int make_tree(void)
{
	int err = fs_mkdir("/a", 0755);

	if (!err)
		err = fs_mkdir("/a/b", 0755);
	if (!err)
		err = fs_write("/a/f", "text", 0644);
	if (!err)
		err = fs_write("/a/g", "other", 0644);
	if (!err)
		err = fs_symlink("a/f", "/s");
	return err;
}

/* What can be seen of the tree, to compare. */
static u64 fingerprint(void)
{
	static const char *const names[] = { "/", "/a", "/a/b", "/a/f", "/a/g", "/s", "/a/n", "/n" };
	u64 sum = 0;

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		const struct inode *inode = fs_inode(names[i]);

		sum = sum * 1099511628211ull + (inode ? inode->ino * 7 + inode->size * 31 + inode->nlink * 131 +
							inode->version * 1009 + inode->mode : 1);
	}
	return sum;
}

static int op_create(void)
{
	struct file *file;
	int err = fs_open("/a/n", O_CREAT | O_EXCL | O_RDWR, 0644, &fs_root, &file);

	if (!err) {
		file_put(file);
	} else if (fs_inode("/a/n")) {
		assert_int_equal(fs_inode("/a/n")->size, 0);
		assert_int_equal(fs_inode("/a/n")->writers, 0);
	}
	return err;
}

static int op_mkdir(void)
{
	return vfs_mknod(&fs_ctx, NULL, "/a/n", S_IFDIR | 0755, 0, &fs_root);
}

static int op_symlink(void)
{
	return fs_symlink("target", "/a/n");
}

static int op_link(void)
{
	return fs_link("/a/f", "/a/n");
}

static int op_rename(void)
{
	return fs_rename("/a/f", "/n", 0);
}

static int op_rename_over(void)
{
	return fs_rename("/a/f", "/a/g", 0);
}

static int op_exchange(void)
{
	return fs_rename("/a/f", "/a/b", VFS_RENAME_EXCHANGE);
}

static int op_unlink(void)
{
	return fs_unlink("/a/f");
}

static int op_read(void)
{
	struct file *file;
	char buf[8];
	ssize n;
	int err = fs_open("/s", O_RDONLY, 0, &fs_root, &file);

	if (err)
		return err;
	n = file_read(file, buf, sizeof(buf), NULL);
	file_put(file);
	return n < 0 ? (int)n : n == 4 ? 0 : -EIO;
}

static int op_append(void)
{
	static const char big[20000];
	struct file *file;
	ssize n;
	int err = fs_open("/a/f", O_WRONLY | O_APPEND, 0, &fs_root, &file);

	if (err)
		return err;
	n = file_write(file, big, sizeof(big), NULL);
	if (n >= 0 && n < (ssize)sizeof(big))
		n = -ENOMEM;
	file_put(file);
	return n < 0 ? (int)n : 0;
}

static int op_setxattr(void)
{
	struct path path;
	int err = fs_walk("/a/f", 0, &fs_root, &path);

	if (err)
		return err;
	err = vfs_setxattr(&path, "user.x", "value", 5, 0, &fs_root);
	path_put(&path);
	return err;
}

static int op_tmpfile(void)
{
	struct file *file;
	int err = fs_open("/a", O_TMPFILE | O_RDWR, 0600, &fs_root, &file);

	if (!err)
		file_put(file);
	return err;
}

static int op_mount(void)
{
	struct memfs_options options = { .fsname = "tmpfs", .magic = MAGIC_TMPFS, .root_mode = 0755 };
	struct superblock *sb;
	struct path path;
	int err = memfs_create(&options, &sb);

	if (err)
		return err;
	err = fs_walk("/a/b", 0, &fs_root, &path);
	if (!err) {
		err = vfs_mount(&path, sb, 0, "none");
		path_put(&path);
	}
	superblock_put(sb);
	return err;
}

static int op_anonymous(void)
{
	struct file *file = file_alloc_kind("pipe", S_IFIFO | 0600, NULL, O_RDONLY, NULL);
	struct file *other = file ? file_alloc_sharing(file, O_WRONLY, NULL) : NULL;
	int err = other ? 0 : -ENOMEM;

	file_put(file);
	file_put(other);
	return err;
}

static int op_fdtable(void)
{
	struct fdtable *table = fdtable_alloc(), *copy = NULL;
	struct file *file;
	int fd, err = table ? fs_open("/a/f", O_RDONLY, 0, &fs_root, &file) : -ENOMEM;

	if (!err) {
		err = fdtable_install(table, file, 100, false, 1000, &fd);
		if (err)
			file_put(file);
	}
	if (!err) {
		copy = fdtable_copy(table);
		err = copy ? 0 : -ENOMEM;
	}
	fdtable_put(copy);
	fdtable_put(table);
	return err;
}

static int op_locks(void)
{
	struct inode *inode = fs_inode("/a/f"); /* may find no memory: then nothing is tried */
	struct lock_range whole = { .owner = &whole, .type = LOCK_WRITE, .end = 99 };
	struct lock_range middle = { .owner = &whole, .type = LOCK_NONE, .start = 10, .end = 20 };
	int err = inode ? lock_set(inode, &whole) : -ENOMEM;

	if (!err)
		err = lock_set(inode, &middle);
	if (inode)
		locks_owner_gone(inode, &whole);
	return err;
}

static const struct {
	const char *name;
	int (*run)(void);
	bool halves;
} operations[] = {
	{ "create", op_create, true },
	{ "mkdir", op_mkdir, false },
	{ "symlink", op_symlink, false },
	{ "link", op_link, false },
	{ "rename", op_rename, false },
	{ "rename over", op_rename_over, false },
	{ "exchange", op_exchange, false },
	{ "unlink", op_unlink, false },
	{ "read", op_read, false },
	{ "append", op_append, true },
	{ "setxattr", op_setxattr, false },
	{ "tmpfile", op_tmpfile, false },
	{ "mount", op_mount, false },
	{ "anonymous files", op_anonymous, false },
	{ "descriptors", op_fdtable, false },
	{ "locks", op_locks, false },
};

static void failing_allocations_change_nothing(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(operations); i++) {
		int err = -ENOMEM;
		u64 k;

		for (k = 1; err; k++) {
			u64 before;

			assert_int_equal(fs_setup(state), 0);
			assert_int_equal(make_tree(), 0);
			before = fingerprint();
			fake_port_fail_after(k);
			err = operations[i].run();
			fake_port_fail_after(0);
			if (err && err != -ENOMEM)
				fail_msg("%s, allocation %d: %d", operations[i].name, (int)k, err);
			if (err == -ENOMEM && !operations[i].halves && fingerprint() != before)
				fail_msg("%s, allocation %d: something changed", operations[i].name, (int)k);
			if (fs_teardown(state))
				fail_msg("%s, allocation %d: leak", operations[i].name, (int)k);
		}
		assert_true(k > 2); /* there was something to fail */
	}
}

static void unpacking_with_failing_allocations_leaks_nothing(void **state)
{
	struct span tar = golden_read("tar/gnu-posix.tar");
	struct tar_report report;
	int err = -ENOMEM;
	u64 k;

	for (k = 1; err; k++) {
		assert_int_equal(fs_setup(state), 0);
		fake_port_fail_after(k);
		err = tar_unpack(fs_root_sb, tar, &report);
		fake_port_fail_after(0);
		assert_true(err == 0 || (err == -ENOMEM && strstr(report.why, "out of memory")));
		assert_int_equal(fs_teardown(state), 0);
	}
	assert_true(k > 30);
	golden_free(tar);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failing_allocations_change_nothing),
		cmocka_unit_test(unpacking_with_failing_allocations_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
