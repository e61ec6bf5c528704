/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_memfs.c - the file system in memory: sparse content against a flat model, limits, directories
 * under removal, extended attributes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/pagetree.h"
#include "kernel/base/port.h"
#include "tests/fake/fs_fixture.h"

#define MIB (1u << 20)

static struct file *open_rw(const char *name)
{
	struct file *file;

	assert_int_equal(fs_open(name, O_CREAT | O_RDWR, 0644, &fs_root, &file), 0);
	return file;
}

static ssize write_at(struct file *file, const void *bytes, size_t len, u64 pos)
{
	return file_write(file, bytes, len, &pos);
}

static ssize read_at(struct file *file, void *buf, size_t len, u64 pos)
{
	return file_read(file, buf, len, &pos);
}

static void sparse_file_reads_zeros_between(void **state)
{
	struct file *file = open_rw("/f");
	char buf[16];

	(void)state;
	assert_int_equal(write_at(file, "end", 3, 10 * MIB), 3);
	assert_int_equal(file->inode->size, 10 * MIB + 3);
	assert_int_equal(file->inode->blocks, 8); /* one page */
	assert_int_equal(read_at(file, buf, 16, 5 * MIB), 16);
	for (int i = 0; i < 16; i++)
		assert_int_equal(buf[i], 0);
	assert_int_equal(read_at(file, buf, 16, 10 * MIB - 2), 5);
	assert_memory_equal(buf, "\0\0end", 5);
	assert_int_equal(file_seek(file, 0, 3), 10 * MIB);          /* SEEK_DATA */
	assert_int_equal(file_seek(file, 10 * MIB, 4), 10 * MIB + 3); /* SEEK_HOLE: the end */
	assert_int_equal(file_seek(file, 1, 4), 1);
	assert_int_equal(file_seek(file, 10 * MIB + 3, 3), -ENXIO);
	assert_int_equal(file_seek(file, -1, 3), -ENXIO);
	file_put(file);
}

static void seek_rules_hold(void **state)
{
	struct file *file = open_rw("/f");

	(void)state;
	assert_int_equal(write_at(file, "12345", 5, 0), 5);
	assert_int_equal(file_seek(file, -2, 2), 3);
	assert_int_equal(file_seek(file, 1, 1), 4);
	assert_int_equal(file_seek(file, -5, 1), -EINVAL);
	assert_int_equal(file->pos, 4);
	assert_int_equal(file_seek(file, 100, 0), 100);
	assert_int_equal(file_seek(file, 0x7fffffffffffffff, 1), -EOVERFLOW);
	assert_int_equal(file_seek(file, 0, 9), -EINVAL);
	file_put(file);
}

static void shrinking_zeroes_what_growing_shows(void **state)
{
	struct file *file = open_rw("/f");
	char page[PAGE_SIZE * 2], buf[8];

	(void)state;
	memset(page, 'x', sizeof(page));
	assert_int_equal(write_at(file, page, sizeof(page), 0), (ssize)sizeof(page));
	assert_int_equal(file_truncate(file, 100, &fs_root), 0);
	assert_int_equal(file->inode->blocks, 8);
	assert_int_equal(file_truncate(file, 5000, &fs_root), 0);
	assert_int_equal(read_at(file, buf, 8, 96), 8);
	assert_memory_equal(buf, "xxxx\0\0\0\0", 8);
	assert_int_equal(read_at(file, buf, 8, 4096), 8);
	assert_memory_equal(buf, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(write_at(file, "y", 1, 6000), 1); /* beyond the end: the gap is zeros */
	assert_int_equal(read_at(file, buf, 4, 5998), 3);
	assert_memory_equal(buf, "\0\0y", 3);
	file_put(file);
}

static u32 next_random(u32 *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

#define MODEL_MAX (5u * MIB)

static void random_io_agrees_with_a_flat_model(void **state)
{
	u8 *model = calloc(1, MODEL_MAX), *buf = malloc(MODEL_MAX);
	struct file *file = open_rw("/f");
	u64 size = 0;
	u32 seed = 7;

	(void)state;
	for (int i = 0; i < 400; i++) {
		u64 off = next_random(&seed) % (MODEL_MAX - 70000);
		size_t len = next_random(&seed) % 70000;

		if (i % 7 == 3) {
			assert_int_equal(file_truncate(file, off, &fs_root), 0);
			if (off < size)
				memset(model + off, 0, size - off);
			size = off;
			continue;
		}
		memset(buf, i + 1, len);
		assert_int_equal(write_at(file, buf, len, off), (ssize)len);
		memset(model + off, i + 1, len);
		if (len && off + len > size)
			size = off + len;
	}
	assert_int_equal(file->inode->size, size);
	assert_int_equal(read_at(file, buf, MODEL_MAX, 0), (ssize)size);
	assert_memory_equal(buf, model, size);
	file_put(file);
	free(model);
	free(buf);
}

static void file_size_limits_are_efbig(void **state)
{
	struct file *file = open_rw("/f");

	(void)state;
	assert_int_equal(file_truncate(file, PAGETREE_PAGES_MAX * PAGE_SIZE, &fs_root), 0);
	assert_int_equal(file_truncate(file, PAGETREE_PAGES_MAX * PAGE_SIZE + 1, &fs_root), -EFBIG);
	assert_int_equal(write_at(file, "x", 1, PAGETREE_PAGES_MAX * PAGE_SIZE), -EFBIG);
	assert_int_equal(write_at(file, "x", 1, 0x7fffffffffffffffull), -EFBIG);
	assert_int_equal(write_at(file, "x", 1, ~0ull), -EFBIG);
	assert_int_equal(write_at(file, "x", 1, PAGETREE_PAGES_MAX * PAGE_SIZE - 1), 1);
	assert_int_equal(file->inode->blocks, 8);
	file_put(file);
}

static void pages_are_the_ones_that_were_there(void **state)
{
	struct file *file = open_rw("/f");
	void *before, *after;

	(void)state;
	assert_int_equal(write_at(file, "one", 3, 0), 3);
	assert_int_equal(file->inode->ops->page(file->inode, 0, false, &before), 0);
	assert_int_equal(port_page_refs(before), 2);
	assert_int_equal(write_at(file, "x", 1, 20 * MIB), 1);
	assert_int_equal(file->inode->ops->page(file->inode, 0, false, &after), 0);
	assert_ptr_equal(before, after);
	port_page_put(after);
	assert_int_equal(file_truncate(file, 0, &fs_root), 0);
	assert_memory_equal(before, "one", 3); /* who holds it keeps it */
	assert_int_equal(port_page_refs(before), 1);
	port_page_put(before);
	assert_int_equal(file->inode->ops->page(file->inode, 0, false, &after), 0);
	assert_null(after);
	file_put(file);
}

/* A file system of its own limits at /t. */
static struct superblock *mount_at_t(u64 max_bytes, u64 max_inodes)
{
	struct memfs_options options = { .fsname = "tmpfs", .magic = MAGIC_TMPFS, .root_mode = 01777,
					 .max_bytes = max_bytes, .max_inodes = max_inodes };
	struct superblock *sb;
	struct path path;

	assert_int_equal(memfs_create(&options, &sb), 0);
	assert_int_equal(fs_mkdir("/t", 0755), 0);
	assert_int_equal(fs_walk("/t", 0, &fs_root, &path), 0);
	assert_int_equal(vfs_mount(&path, sb, 0, "none"), 0);
	path_put(&path);
	return sb;
}

static void full_file_system_is_enospc_and_recovers(void **state)
{
	char page[PAGE_SIZE] = { 1 }, big[3 * PAGE_SIZE] = { 0 };
	struct superblock *sb = mount_at_t(4 * PAGE_SIZE, 0);
	struct file *file;

	(void)state;
	file = open_rw("/t/f");
	assert_int_equal(file_write(file, big, sizeof(big), NULL), (ssize)sizeof(big));
	assert_int_equal(file_write(file, big, sizeof(big), NULL), PAGE_SIZE); /* what fitted */
	assert_int_equal(file_write(file, page, 1, NULL), -ENOSPC);
	assert_int_equal(write_at(file, page, 100, 0), 100); /* in place it still works */
	assert_int_equal(sb->max_bytes, 4 * PAGE_SIZE);
	assert_int_equal(sb->used_bytes, 4 * PAGE_SIZE);
	assert_int_equal(sb->root->ops->setxattr(sb->root, "user.x", page, 1, 0), -ENOSPC);
	file_put(file);
	assert_int_equal(fs_unlink("/t/f"), 0);
	assert_int_equal(sb->used_bytes, 0);
	assert_int_equal(sb->root->ops->setxattr(sb->root, "user.x", page, PAGE_SIZE, 0), 0);
	assert_int_equal(sb->root->ops->setxattr(sb->root, "user.x", NULL, 0, 0), 0);
	assert_int_equal(sb->used_bytes, 0);
	superblock_put(sb);
}

static void every_name_counts_against_the_number_of_inodes(void **state)
{
	struct superblock *sb = mount_at_t(0, 4);

	(void)state;
	file_put(open_rw("/t/a"));
	assert_int_equal(fs_symlink("target", "/t/b"), 0);
	assert_int_equal(sb->used_bytes, 6);
	assert_int_equal(fs_link("/t/a", "/t/c"), 0);
	assert_int_equal(sb->inode_count, 4);
	assert_int_equal(fs_link("/t/a", "/t/d"), -ENOSPC);
	assert_int_equal(fs_mkdir("/t/d", 0755), -ENOSPC);
	assert_int_equal(fs_symlink("x", "/t/d"), -ENOSPC);
	assert_int_equal(fs_unlink("/t/a"), 0);
	assert_int_equal(fs_mkdir("/t/d", 0755), 0);
	assert_int_equal(fs_unlink("/t/c"), 0);
	assert_int_equal(fs_unlink("/t/b"), 0);
	assert_int_equal(sb->inode_count, 2);
	assert_int_equal(sb->used_bytes, 0);
	superblock_put(sb);
}

struct names {
	struct dir_sink sink;
	size_t count, max;
	char last[256];
	u64 next[64];
	bool seen[64];
};

static bool take_name(struct dir_sink *sink, const char *name, size_t len, u64 ino, u8 type, u64 next_off)
{
	struct names *n = container_of(sink, struct names, sink);
	int number;

	(void)ino, (void)type;
	if (n->count == n->max)
		return false;
	memcpy(n->last, name, len);
	n->last[len] = '\0';
	n->next[n->count++ % 64] = next_off;
	if (sscanf(n->last, "f%d", &number) == 1) {
		assert_false(n->seen[number]); /* nothing twice */
		n->seen[number] = true;
	}
	return true;
}

static void getdents_positions_survive_removal(void **state)
{
	struct names n = { .sink = { take_name }, .max = 12 };
	struct file *dir;
	char name[32];

	(void)state;
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "/d/f%d", i);
		assert_int_equal(fs_write(name, "", 0644), 0);
	}
	assert_int_equal(fs_open("/d", O_RDONLY, 0, &fs_root, &dir), 0);
	assert_int_equal(file_readdir(dir, &n.sink), 0);
	assert_int_equal(n.count, 12); /* ".", "..", f0 to f9 */
	for (int i = 0; i < 25; i += 2) { /* some that were seen, some that were not, the next one among them */
		snprintf(name, sizeof(name), "/d/f%d", i);
		assert_int_equal(fs_unlink(name), 0);
	}
	assert_int_equal(fs_write("/d/f40", "", 0644), 0);
	n.max = 1000;
	assert_int_equal(file_readdir(dir, &n.sink), 0);
	for (int i = 0; i <= 40; i++)
		assert_int_equal(n.seen[i], i < 10 || i > 24 || i % 2);
	assert_int_equal(file_readdir(dir, &n.sink), 0);
	assert_string_equal(n.last, "f40");
	file_put(dir);
}

static void getdents_rewinds_and_seeks(void **state)
{
	struct names n = { .sink = { take_name }, .max = 3 };
	struct file *dir;

	(void)state;
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	assert_int_equal(fs_write("/d/a", "", 0644), 0);
	assert_int_equal(fs_write("/d/b", "", 0644), 0);
	assert_int_equal(fs_open("/d", O_RDONLY, 0, &fs_root, &dir), 0);
	assert_int_equal(file_readdir(dir, &n.sink), 0);
	assert_string_equal(n.last, "a");
	assert_int_equal(file_seek(dir, (s64)n.next[1], 0), (s64)n.next[1]); /* after ".." */
	n.max = 4;
	assert_int_equal(file_readdir(dir, &n.sink), 0);
	assert_string_equal(n.last, "a");
	assert_int_equal(file_seek(dir, 0, 0), 0);
	n.max = 5;
	assert_int_equal(file_readdir(dir, &n.sink), 0);
	assert_string_equal(n.last, ".");
	file_put(dir);
}

static void large_directory_finds_every_name(void **state)
{
	char name[32];

	(void)state;
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "/d/%d", i);
		assert_int_equal(vfs_mknod(&fs_ctx, NULL, name, S_IFREG | 0644, 0, &fs_root), 0);
	}
	for (int i = 0; i < 5000; i += 3) {
		snprintf(name, sizeof(name), "/d/%d", i);
		assert_int_equal(fs_unlink(name), 0);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "/d/%d", i);
		assert_int_equal(fs_inode(name) != NULL, i % 3 != 0);
	}
}

static void inode_numbers_follow_the_order_of_making(void **state)
{
	(void)state;
	assert_int_equal(fs_inode("/")->ino, 1);
	assert_int_equal(fs_mkdir("/a", 0755), 0);
	assert_int_equal(fs_write("/a/b", "", 0644), 0);
	assert_int_equal(fs_symlink("x", "/c"), 0);
	assert_int_equal(fs_inode("/a")->ino, 2);
	assert_int_equal(fs_inode("/a/b")->ino, 3);
	assert_int_equal(fs_inode("/c")->ino, 4);
	assert_int_equal(fs_inode("/c")->generation, 0);
	assert_int_equal(fs_inode("/c")->size, 1);
}

static void tmpfile_may_get_one_name(void **state)
{
	struct file *file;

	(void)state;
	assert_int_equal(fs_open("/", O_TMPFILE | O_RDONLY, 0600, &fs_root, &file), -EINVAL);
	assert_int_equal(fs_open("/", O_TMPFILE | O_RDWR, 0666, &fs_root, &file), 0);
	assert_int_equal(file->inode->nlink, 0);
	assert_int_equal(file->inode->mode, S_IFREG | 0644);
	assert_int_equal(file_write(file, "data", 4, NULL), 4);
	assert_int_equal(vfs_link(&fs_ctx, &file->path, NULL, "/named", &fs_root), 0);
	file_put(file);
	assert_true(fs_holds("/named", "data"));
	assert_int_equal(fs_inode("/named")->nlink, 1);
	assert_int_equal(fs_open("/", O_TMPFILE | O_EXCL | O_RDWR, 0600, &fs_root, &file), 0);
	assert_int_equal(vfs_link(&fs_ctx, &file->path, NULL, "/other", &fs_root), -ENOENT);
	file_put(file);
}

static void xattrs_are_stored_whole(void **state)
{
	struct inode *inode;
	char *big = calloc(1, VFS_XATTR_SIZE_MAX + 1), *back = malloc(VFS_XATTR_SIZE_MAX), list[64];
	struct path path;

	(void)state;
	memset(big, 'v', VFS_XATTR_SIZE_MAX);
	assert_int_equal(fs_write("/f", "", 0644), 0);
	assert_int_equal(fs_walk("/f", 0, &fs_root, &path), 0);
	inode = path_inode(&path);
	assert_int_equal(vfs_setxattr(&path, "security.ima", big, VFS_XATTR_SIZE_MAX + 1, 0, &fs_root), -E2BIG);
	assert_int_equal(vfs_setxattr(&path, "security.ima", big, VFS_XATTR_SIZE_MAX, 0, &fs_root), 0);
	assert_int_equal(vfs_getxattr(inode, "security.ima", NULL, 0, &fs_root), VFS_XATTR_SIZE_MAX);
	assert_int_equal(vfs_getxattr(inode, "security.ima", back, 10, &fs_root), -ERANGE);
	assert_int_equal(vfs_getxattr(inode, "security.ima", back, VFS_XATTR_SIZE_MAX, &fs_root), VFS_XATTR_SIZE_MAX);
	assert_memory_equal(big, back, VFS_XATTR_SIZE_MAX);
	assert_int_equal(vfs_setxattr(&path, "security.ima", "\0\1", 2, 0, &fs_root), 0);
	assert_int_equal(vfs_getxattr(inode, "security.ima", back, 10, &fs_root), 2);
	assert_memory_equal(back, "\0\1", 2);
	assert_int_equal(vfs_setxattr(&path, "user.empty", NULL, 0, VFS_XATTR_CREATE, &fs_root), 0);
	assert_int_equal(vfs_setxattr(&path, "user.empty", NULL, 0, VFS_XATTR_CREATE, &fs_root), -EEXIST);
	assert_int_equal(vfs_setxattr(&path, "user.none", NULL, 0, VFS_XATTR_REPLACE, &fs_root), -ENODATA);
	assert_int_equal(vfs_setxattr(&path, "user.none", NULL, 0, 4, &fs_root), -EINVAL);
	assert_int_equal(vfs_getxattr(inode, "user.empty", back, 10, &fs_root), 0);
	assert_int_equal(vfs_getxattr(inode, "user.none", back, 10, &fs_root), -ENODATA);
	assert_int_equal(vfs_listxattr(inode, NULL, 0), 24);
	assert_int_equal(vfs_listxattr(inode, list, 23), -ERANGE);
	assert_int_equal(vfs_listxattr(inode, list, sizeof(list)), 24);
	assert_memory_equal(list, "security.ima\0user.empty", 24);
	assert_int_equal(vfs_removexattr(&path, "user.empty", &fs_root), 0);
	assert_int_equal(vfs_removexattr(&path, "user.empty", &fs_root), -ENODATA);
	assert_int_equal(vfs_listxattr(inode, list, sizeof(list)), 13);
	path_put(&path);
	free(big);
	free(back);
}

static void pagetree_keeps_what_is_below_a_cut(void **state)
{
	static const u64 indexes[] = { 0, 1, 511, 512, 513, 262143, 262144, 1000000, PAGETREE_PAGES_MAX - 1 };
	struct pagetree tree = { 0 };
	void **slot;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(indexes); i++) {
		assert_int_equal(pagetree_slot(&tree, indexes[i], &slot), 0);
		assert_null(*slot);
		*slot = port_page_alloc();
		tree.count++;
		*(u64 *)*slot = indexes[i];
	}
	assert_int_equal(pagetree_slot(&tree, PAGETREE_PAGES_MAX, &slot), -EFBIG);
	assert_int_equal(pagetree_next(&tree, 2, true), 511);
	assert_int_equal(pagetree_next(&tree, 262145, true), 1000000);
	assert_int_equal(pagetree_next(&tree, 511, false), 514);
	assert_int_equal(pagetree_next(&tree, 2, false), 2);
	for (size_t i = ARRAY_COUNT(indexes); i-- > 0;) {
		assert_int_equal(*(u64 *)pagetree_get(&tree, indexes[i]), indexes[i]);
		pagetree_cut(&tree, indexes[i]);
		assert_null(pagetree_get(&tree, indexes[i]));
		assert_int_equal(tree.count, i);
		assert_int_equal(pagetree_next(&tree, indexes[i], true), PAGETREE_NONE);
	}
	assert_null(tree.root);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fs_setup, fs_teardown)
	const struct CMUnitTest tests[] = {
		T(sparse_file_reads_zeros_between),
		T(seek_rules_hold),
		T(shrinking_zeroes_what_growing_shows),
		T(random_io_agrees_with_a_flat_model),
		T(file_size_limits_are_efbig),
		T(pages_are_the_ones_that_were_there),
		T(full_file_system_is_enospc_and_recovers),
		T(every_name_counts_against_the_number_of_inodes),
		T(getdents_positions_survive_removal),
		T(getdents_rewinds_and_seeks),
		T(large_directory_finds_every_name),
		T(inode_numbers_follow_the_order_of_making),
		T(tmpfile_may_get_one_name),
		T(xattrs_are_stored_whole),
		T(pagetree_keeps_what_is_below_a_cut),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
