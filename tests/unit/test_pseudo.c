/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_pseudo.c - registered nodes: snapshots, stores, dynamic directories, magic links.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/pseudo.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/fs_fixture.h"

static struct superblock *sb;
static int value;
static char stored[64];
static u32 stored_uid;

static int setup(void **state)
{
	struct path path;

	if (fs_setup(state) || pseudo_create("proc", MAGIC_PROC, &sb) || fs_mkdir("/proc", 0755))
		return -1;
	if (fs_walk("/proc", 0, &fs_root, &path))
		return -1;
	if (vfs_mount(&path, sb, 0, "proc"))
		return -1;
	path_put(&path);
	value = 1;
	return 0;
}

static int teardown(void **state)
{
	superblock_put(sb);
	return fs_teardown(state);
}

static int show_value(struct blob *text, void *arg)
{
	if (value < 0)
		return value;
	blob_format(text, "%s is %d\n", (const char *)arg, value);
	return 0;
}

static ssize store_value(const char *text, size_t len, void *arg, const struct cred *cred)
{
	(void)arg;
	if (len >= sizeof(stored))
		return -EINVAL;
	memcpy(stored, text, len);
	stored[len] = '\0';
	stored_uid = cred->fsuid;
	return (ssize)len;
}

static char arg_text[] = "value";

static int add(const char *name, u32 mode, bool writable)
{
	const struct pseudo_node node = { name, mode, .show = show_value, .store = writable ? store_value : NULL,
					  .arg = arg_text };

	return pseudo_add(sb, &node, 1);
}

static ssize read_all(struct file *file, char *buf, size_t cap)
{
	size_t len = 0;
	ssize n;

	while ((n = file_read(file, buf + len, cap - 1 - len, NULL)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	return n < 0 ? n : (ssize)len;
}

static int cat(const char *name, char *buf, size_t cap)
{
	struct file *file;
	ssize n;
	int err = fs_open(name, O_RDONLY, 0, &fs_root, &file);

	if (err)
		return err;
	n = read_all(file, buf, cap);
	file_put(file);
	return n < 0 ? (int)n : 0;
}

static void text_node_is_a_snapshot_of_the_open(void **state)
{
	struct file *file;
	char buf[64];

	(void)state;
	assert_int_equal(add("a/b/value", S_IFREG | 0640, true), 0);
	assert_int_equal(fs_inode("/proc/a/b")->mode, S_IFDIR | 0555);
	assert_int_equal(fs_open("/proc/a/b/value", O_RDONLY, 0, &fs_root, &file), 0);
	value = 2;
	assert_int_equal(file_read(file, buf, 6, NULL), 6);
	assert_memory_equal(buf, "value ", 6);
	assert_true(read_all(file, buf, sizeof(buf)) == 5);
	assert_string_equal(buf, "is 1\n");
	assert_int_equal(file_seek(file, 0, 0), 0); /* from the beginning: anew */
	assert_true(read_all(file, buf, sizeof(buf)) > 0);
	assert_string_equal(buf, "value is 2\n");
	assert_int_equal(file_seek(file, -2, 2), 9);
	assert_true(read_all(file, buf, sizeof(buf)) == 2);
	assert_int_equal(file_seek(file, -1, 0), -EINVAL);
	file_put(file);
	value = -EIO;
	assert_int_equal(cat("/proc/a/b/value", buf, sizeof(buf)), -EIO);
	assert_int_equal(fs_open("/proc/a/b/value", O_RDONLY, 0, &fs_alice, &file), -EACCES);
}

static void store_gets_each_write_and_the_opener(void **state)
{
	struct file *file;
	char buf[16];

	(void)state;
	assert_int_equal(add("value", S_IFREG | 0666, true), 0);
	assert_int_equal(fs_open("/proc/value", O_WRONLY | O_CREAT | O_TRUNC, 0644, &fs_alice, &file), 0);
	assert_int_equal(file_write(file, "one", 3, NULL), 3);
	assert_string_equal(stored, "one");
	assert_int_equal(stored_uid, 1000);
	assert_int_equal(file_write(file, "", 0, NULL), 0);
	assert_string_equal(stored, "one");
	assert_int_equal(file_write(file, stored, 64, NULL), -EINVAL);
	assert_int_equal(file_read(file, buf, 1, NULL), -EBADF);
	file_put(file);
	assert_int_equal(add("ro", S_IFREG | 0644, false), 0);
	assert_int_equal(fs_open("/proc/ro", O_RDWR, 0, &fs_root, &file), 0);
	assert_int_equal(file_write(file, "x", 1, NULL), -EIO);
	file_put(file);
}

static void tree_cannot_be_changed_from_outside(void **state)
{
	struct file *file;

	(void)state;
	assert_int_equal(add("value", S_IFREG | 0644, true), 0);
	assert_int_equal(fs_open("/proc/new", O_CREAT | O_WRONLY, 0644, &fs_root, &file), -EACCES);
	assert_int_equal(fs_mkdir("/proc/new", 0755), -EPERM);
	assert_int_equal(fs_unlink("/proc/value"), -EPERM);
	assert_int_equal(fs_rename("/proc/value", "/proc/new", 0), -EPERM);
	assert_int_equal(fs_link("/proc/value", "/proc/new"), -EPERM);
	assert_int_equal(fs_chmod("/proc/value", 0600), 0);
	assert_int_equal(fs_inode("/proc/value")->mode, S_IFREG | 0600);
	assert_int_equal(add("value", S_IFREG | 0644, true), -EEXIST);
	assert_int_equal(add("value/x", S_IFREG | 0644, true), -ENOTDIR);
	assert_int_equal(add("", S_IFREG | 0644, true), -EEXIST);
	assert_int_equal(add("dir", S_IFDIR | 0755, false), 0);
	assert_int_equal(add("dir", S_IFDIR | 0700, false), 0);
	assert_int_equal(fs_inode("/proc/dir")->mode, S_IFDIR | 0700);
	assert_int_equal(fs_inode("/proc")->nlink, 3);
}

static void node_without_functions_shows_its_argument(void **state)
{
	static const struct pseudo_node nodes[] = { { "text", S_IFREG | 0444, .arg = arg_text },
						    { "link", S_IFLNK | 0777, .arg = "text" },
						    { "d/far", S_IFLNK | 0777, .arg = "/proc/link" } };
	struct path path;
	char buf[64];

	(void)state;
	assert_int_equal(pseudo_add(sb, nodes, ARRAY_COUNT(nodes)), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(cat(i ? "/proc/d/far" : "/proc/text", buf, sizeof(buf)), 0);
		assert_string_equal(buf, "value\n");
	}
	assert_int_equal(fs_inode("/proc/d")->nlink, 2);
	assert_int_equal(fs_walk("/proc/d/far", 0, &fs_root, &path), 0);
	assert_int_equal(path_inode(&path)->size, 10);
	assert_int_equal(vfs_readlink(&fs_ctx, &path, buf, 4), 4);
	assert_memory_equal(buf, "/pro", 4);
	path_put(&path);
}

static int show_long(struct blob *text, void *arg)
{
	(void)arg;
	blob_format(text, "%01000d|", 7);
	for (int i = 0; i < 20000; i++)
		blob_bytes(text, "0123456789", 10);
	return 0;
}

static const struct pseudo_node long_node = { "long", S_IFREG | 0444, .show = show_long };

static void long_texts_are_whole(void **state)
{
	char *buf = malloc(300000);

	(void)state;
	assert_int_equal(pseudo_add(sb, &long_node, 1), 0);
	assert_int_equal(cat("/proc/long", buf, 300000), 0);
	assert_int_equal(strlen(buf), 201001);
	assert_memory_equal(buf + 998, "07|01234", 8);
	free(buf);
}

/* Two numbered directories, each with a text, a link and a magic link. */
static int allowed = 1;

static int follow_it(void *arg, struct path *ret_path)
{
	if (!allowed)
		return -EACCES;
	return fs_walk((uintptr_t)arg == 5 ? "/five" : "/six", 0, &fs_root, ret_path);
}

static int show_number(struct blob *text, void *arg)
{
	blob_format(text, "%lu", (unsigned long)(uintptr_t)arg);
	return 0;
}

static int show_link(struct blob *text, void *arg)
{
	assert_true((uintptr_t)arg == 5 || (uintptr_t)arg == 6);
	blob_text(text, "number");
	return 0;
}

static u64 next_number(void *dir_arg, u64 from)
{
	assert_null(dir_arg);
	return from <= 5 ? 5 : from == 6 ? 6 : PSEUDO_NONE;
}

static int look(void *dir_arg, u64 number, struct pseudo_node *node)
{
	assert_ptr_equal(node->arg, dir_arg);
	if (number == PSEUDO_NONE)
		return 0;
	if (number != 5 && number != 6)
		return -ENOENT;
	node->uid = 1000;
	node->arg = (void *)(uintptr_t)number;
	return 0;
}

static const struct pseudo_node names[] = {
	{ "number", S_IFREG | 0444, .show = show_number },
	{ "link", S_IFLNK | 0777, .show = show_link },
	{ "exe", S_IFLNK | 0777, .follow = follow_it },
};
static const struct pseudo_dir child = { names, ARRAY_COUNT(names), .look = look };
static const struct pseudo_node numbered = { .mode = S_IFDIR | 0555, .dir = &child };
static const struct pseudo_dir top = { .numbered = &numbered, .next = next_number, .look = look };
static const struct pseudo_node top_node = { "", S_IFDIR | 0555, .dir = &top };

struct listing {
	struct dir_sink sink;
	char text[256];
	size_t max;
};

static bool note(struct dir_sink *sink, const char *name, size_t len, u64 ino, u8 type, u64 next_off)
{
	struct listing *l = container_of(sink, struct listing, sink);
	size_t at = strlen(l->text);

	(void)ino, (void)next_off;
	if (!l->max--)
		return false;
	snprintf(l->text + at, sizeof(l->text) - at, "%.*s:%u ", (int)len, name, type);
	return true;
}

static void dynamic_entries_are_made_when_looked_at(void **state)
{
	struct listing l = { .sink = { note }, .max = 4 };
	char buf[64];
	struct file *dir;
	u64 ino;

	(void)state;
	assert_int_equal(add("fixed", S_IFREG | 0444, true), 0);
	assert_int_equal(pseudo_add(sb, &top_node, 1), 0);
	assert_int_equal(cat("/proc/5/number", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "5");
	assert_int_equal(cat("/proc/6/link", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "6");
	assert_int_equal(cat("/proc/7/number", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(cat("/proc/05/number", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(cat("/proc/5x/number", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(cat("/proc/5/5", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(cat("/proc/5/../6/number", buf, sizeof(buf)), 0);
	assert_int_equal(fs_chmod("/proc/5", 0700), -EPERM);
	assert_int_equal(fs_open("/proc", O_RDONLY, 0, &fs_root, &dir), 0);
	assert_int_equal(file_readdir(dir, &l.sink), 0);
	l.max = 10;
	assert_int_equal(file_readdir(dir, &l.sink), 0); /* goes on where it stopped */
	assert_string_equal(l.text, ".:4 ..:4 fixed:8 5:4 6:4 ");
	file_put(dir);
	l = (struct listing){ .sink = { note }, .max = 10 };
	assert_int_equal(fs_open("/proc/6", O_RDONLY, 0, &fs_root, &dir), 0);
	assert_int_equal(file_readdir(dir, &l.sink), 0);
	assert_string_equal(l.text, ".:4 ..:4 number:8 link:10 exe:10 ");
	ino = dir->inode->ino;
	assert_int_equal(dir->inode->uid, 1000);
	file_put(dir);
	assert_int_equal(fs_open("/proc/6", O_RDONLY, 0, &fs_root, &dir), 0);
	assert_int_equal(dir->inode->ino, ino);
	file_put(dir);
}

static void magic_links_reach_what_has_no_name(void **state)
{
	char buf[VFS_PATH_MAX];
	struct path path;
	struct file *file;
	ssize n;

	(void)state;
	assert_int_equal(pseudo_add(sb, &top_node, 1), 0);
	assert_int_equal(fs_write("/five", "content", 0644), 0);
	assert_int_equal(fs_open("/proc/5/exe", O_RDONLY, 0, &fs_root, &file), 0);
	assert_ptr_equal(file->inode, fs_inode("/five"));
	file_put(file);
	assert_int_equal(fs_walk("/proc/5/exe", 0, &fs_root, &path), 0);
	n = vfs_readlink(&fs_ctx, &path, buf, sizeof(buf));
	assert_int_equal(n, 5);
	assert_memory_equal(buf, "/five", 5);
	path_put(&path);
	assert_int_equal(fs_open("/proc/6/exe", O_RDONLY, 0, &fs_root, &file), -ENOENT);
	assert_int_equal(fs_open("/proc/5/exe/", O_RDONLY, 0, &fs_root, &file), -ENOTDIR);
	assert_int_equal(fs_open("/proc/5/exe", O_NOFOLLOW, 0, &fs_root, &file), -ELOOP);
	allowed = 0;
	assert_int_equal(fs_open("/proc/5/exe", O_RDONLY, 0, &fs_root, &file), -EACCES);
	allowed = 1;
}

static int dev_opens;

static int dev_open(struct inode *inode, struct file *file)
{
	(void)inode;
	assert_ptr_equal(file->private_data, arg_text);
	dev_opens++;
	return 0;
}

static void dev_release(struct file *file)
{
	(void)file;
	dev_opens--;
}

static ssize dev_read(struct file *file, void *buf, size_t len, u64 *pos)
{
	(void)pos;
	assert_true(len >= 5);
	memcpy(buf, file->private_data, 5);
	return 5;
}

static const struct file_ops dev_fops = { .open = dev_open, .release = dev_release, .read = dev_read };
static const struct pseudo_node dev_node = { "dev", S_IFCHR | 0666, 0x0a01, .fops = &dev_fops, .arg = arg_text };

static void device_is_the_same_by_name_and_by_number(void **state)
{
	struct file *file;
	char buf[8];

	(void)state;
	assert_int_equal(pseudo_add(sb, &dev_node, 1), 0);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/mine", S_IFCHR | 0600, 0x0a01, &fs_root), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fs_open(i ? "/mine" : "/proc/dev", O_RDWR, 0, &fs_root, &file), 0);
		assert_int_equal(dev_opens, 1);
		assert_int_equal(file_read(file, buf, 8, NULL), 5);
		assert_memory_equal(buf, "value", 5);
		assert_int_equal(file_seek(file, 0, 0), -ESPIPE);
		file_put(file);
		assert_int_equal(dev_opens, 0);
	}
}

static void out_of_memory_is_an_errno_everywhere(void **state)
{
	char buf[64];
	int err = -ENOMEM, adds = 0;

	(void)state;
	for (u64 k = 1; err; k++) {
		fake_port_fail_after(k);
		err = add("x/y/value", S_IFREG | 0644, true);
		fake_port_fail_after(0);
		assert_true(err == 0 || err == -ENOMEM);
		adds++;
	}
	assert_int_equal(adds, 3); /* x, y and the node: one allocation each */
	err = -ENOMEM;
	for (u64 k = 1; err; k++) {
		fake_port_fail_after(k);
		err = cat("/proc/x/y/value", buf, sizeof(buf));
		fake_port_fail_after(0);
		assert_true(err == 0 || err == -ENOMEM);
	}
	assert_string_equal(buf, "value is 1\n");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(text_node_is_a_snapshot_of_the_open),
		T(store_gets_each_write_and_the_opener),
		T(tree_cannot_be_changed_from_outside),
		T(node_without_functions_shows_its_argument),
		T(long_texts_are_whole),
		T(dynamic_entries_are_made_when_looked_at),
		T(magic_links_reach_what_has_no_name),
		T(device_is_the_same_by_name_and_by_number),
		T(out_of_memory_is_an_errno_everywhere),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
