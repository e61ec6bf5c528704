/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_path.c - from names to places and back: components, symlinks, mounts, roots, permissions.
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

static int walk(const char *name, u32 flags)
{
	struct path path;
	int err = fs_walk(name, flags, &fs_root, &path);

	if (!err)
		path_put(&path);
	return err;
}

static void expect_name(const char *name, u32 flags, const char *want)
{
	char buf[VFS_PATH_MAX];
	struct path path;

	assert_int_equal(fs_walk(name, flags, &fs_root, &path), 0);
	assert_int_equal(path_name(&fs_ctx, &path, buf, sizeof(buf)), strlen(want));
	assert_string_equal(buf, want);
	path_put(&path);
}

static void make_tree(void)
{
	assert_int_equal(fs_mkdir("/a", 0755), 0);
	assert_int_equal(fs_mkdir("/a/b", 0755), 0);
	assert_int_equal(fs_mkdir("/a/b/c", 0755), 0);
	assert_int_equal(fs_write("/a/b/f", "text", 0644), 0);
}

static void walk_plain_names_arrive(void **state)
{
	(void)state;
	make_tree();
	expect_name("/", 0, "/");
	expect_name("a/b/f", 0, "/a/b/f");
	expect_name("//a///b//./f", 0, "/a/b/f");
	expect_name("/a/b/c/..", 0, "/a/b");
	expect_name("/a/b/c/../../b/f", 0, "/a/b/f");
	expect_name("/..", 0, "/");
	expect_name("/../../a", 0, "/a");
	expect_name(".", 0, "/");
	expect_name("/a/b/", 0, "/a/b");
	expect_name("/a/b/.", 0, "/a/b");
}

static void walk_bad_names_are_refused(void **state)
{
	(void)state;
	make_tree();
	assert_int_equal(walk("", 0), -ENOENT);
	assert_int_equal(walk("/nothing", 0), -ENOENT);
	assert_int_equal(walk("/a/nothing/f", 0), -ENOENT);
	assert_int_equal(walk("/a/b/f/", 0), -ENOTDIR);
	assert_int_equal(walk("/a/b/f/.", 0), -ENOTDIR);
	assert_int_equal(walk("/a/b/f/..", 0), -ENOTDIR);
	assert_int_equal(walk("/a/b/f/g", 0), -ENOTDIR);
	assert_int_equal(walk("/a/b/f", WALK_DIRECTORY), -ENOTDIR);
}

static void walk_length_limits_hold(void **state)
{
	char name[VFS_PATH_MAX + 1];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[256] = '\0'; /* a component of 255 */
	assert_int_equal(walk(name, 0), -ENOENT);
	assert_int_equal(fs_write(name, "", 0644), 0);
	assert_int_equal(walk(name, 0), 0);
	name[256] = 'x';
	name[257] = '\0';
	assert_int_equal(walk(name, 0), -ENAMETOOLONG);
	for (size_t i = 0; i < VFS_PATH_MAX; i++)
		name[i] = i % 2 ? '/' : '.';
	name[VFS_PATH_MAX - 1] = '\0'; /* 4095 bytes */
	assert_int_equal(walk(name, 0), 0);
	name[VFS_PATH_MAX - 1] = '.';
	name[VFS_PATH_MAX] = '\0';
	assert_int_equal(walk(name, 0), -ENAMETOOLONG);
}

static void walk_symlinks_are_followed_where_asked(void **state)
{
	struct path path;

	(void)state;
	make_tree();
	assert_int_equal(fs_symlink("b/f", "/a/rel"), 0);
	assert_int_equal(fs_symlink("/a/b", "/abs"), 0);
	assert_int_equal(fs_symlink("../a/rel", "/a/chain"), 0);
	assert_int_equal(fs_symlink("nothing", "/dangling"), 0);
	assert_int_equal(fs_symlink("b/", "/a/slash"), 0);
	expect_name("/a/rel", WALK_FOLLOW, "/a/b/f");
	expect_name("/a/rel", 0, "/a/rel");
	expect_name("/a/chain", WALK_FOLLOW, "/a/b/f");
	expect_name("/abs/f", 0, "/a/b/f");
	expect_name("/abs/../b/f", 0, "/a/b/f");
	expect_name("/abs", 0, "/abs");
	expect_name("/abs/", 0, "/a/b");
	expect_name("/a/slash/f", 0, "/a/b/f");
	expect_name("/a/slash", WALK_FOLLOW, "/a/b");
	assert_int_equal(walk("/dangling", WALK_FOLLOW), -ENOENT);
	assert_int_equal(walk("/dangling", 0), 0);
	assert_int_equal(walk("/a/rel/", 0), -ENOTDIR);
	assert_int_equal(fs_walk("/a/rel/x", 0, &fs_root, &path), -ENOTDIR);
}

static void walk_forty_symlinks_pass_and_one_more_loops(void **state)
{
	char name[32], target[32];

	(void)state;
	assert_int_equal(fs_write("/l0", "end", 0644), 0);
	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "/l%d", i);
		snprintf(target, sizeof(target), "l%d", i - 1);
		assert_int_equal(fs_symlink(target, name), 0);
	}
	assert_int_equal(walk("/l40", WALK_FOLLOW), 0);
	assert_int_equal(walk("/l41", WALK_FOLLOW), -ELOOP);
	assert_int_equal(fs_symlink("self", "/self"), 0);
	assert_int_equal(walk("/self", WALK_FOLLOW), -ELOOP);
	assert_int_equal(walk("/self/x", 0), -ELOOP);
}

static void walk_parent_gives_the_last_component(void **state)
{
	struct path parent;
	struct name last;

	(void)state;
	make_tree();
	assert_int_equal(path_walk_parent(&fs_ctx, NULL, "/a/b/new//", &fs_root, &parent, &last), 0);
	assert_ptr_equal(path_inode(&parent), fs_inode("/a/b"));
	assert_int_equal(last.len, 3);
	assert_memory_equal(last.text, "new/", 4);
	path_put(&parent);
	assert_int_equal(path_walk_parent(&fs_ctx, NULL, "/", &fs_root, &parent, &last), 0);
	assert_int_equal(last.len, 0);
	path_put(&parent);
	assert_int_equal(path_walk_parent(&fs_ctx, NULL, "/a/b/f/x", &fs_root, &parent, &last), -ENOTDIR);
}

static void walk_needs_search_permission_at_each_step(void **state)
{
	struct path path;

	(void)state;
	make_tree();
	assert_int_equal(fs_walk("/a/b/f", 0, &fs_alice, &path), 0);
	path_put(&path);
	assert_int_equal(fs_chmod("/a/b", 0744), 0);
	assert_int_equal(fs_walk("/a/b", 0, &fs_alice, &path), 0);
	path_put(&path);
	assert_int_equal(fs_walk("/a/b/f", 0, &fs_alice, &path), -EACCES);
	assert_int_equal(fs_walk("/a/b/nothing", 0, &fs_alice, &path), -EACCES);
	assert_int_equal(fs_walk("/a/b/f", 0, &fs_root, &path), 0);
	path_put(&path);
	assert_int_equal(fs_chown("/a/b", 0, 60), 0);
	assert_int_equal(fs_chmod("/a/b", 0710), 0);
	assert_int_equal(fs_walk("/a/b/f", 0, &fs_alice, &path), 0); /* through a supplementary group */
	path_put(&path);
	assert_int_equal(fs_walk("/a/b/f", 0, &fs_bob, &path), -EACCES);
}

static void walk_dotdot_stops_at_the_chroot(void **state)
{
	struct vfs_context jail;
	char buf[64];
	struct path path;

	(void)state;
	make_tree();
	assert_int_equal(fs_walk("/a/b", 0, &fs_root, &jail.root), 0);
	assert_int_equal(fs_walk("/a/b/c", 0, &fs_root, &jail.cwd), 0);
	jail.umask = 0;
	assert_int_equal(path_walk(&jail, NULL, "../../../..", 0, &fs_root, &path), 0);
	assert_ptr_equal(path_inode(&path), fs_inode("/a/b"));
	path_put(&path);
	assert_int_equal(path_walk(&jail, NULL, "/f", 0, &fs_root, &path), 0);
	assert_int_equal(path_name(&jail, &path, buf, sizeof(buf)), 2);
	assert_string_equal(buf, "/f");
	path_put(&path);
	assert_int_equal(path_name(&jail, &fs_ctx.root, buf, sizeof(buf)), 14);
	assert_string_equal(buf, "(unreachable)/");
	path_put(&jail.root);
	path_put(&jail.cwd);
}

static struct superblock *other_fs(void)
{
	struct memfs_options options = { .fsname = "tmpfs", .magic = MAGIC_TMPFS, .root_mode = 01777 };
	struct superblock *sb;

	assert_int_equal(memfs_create(&options, &sb), 0);
	return sb;
}

static void mount_on(const char *where, struct superblock *sb, int want)
{
	struct path path;

	assert_int_equal(fs_walk(where, WALK_FOLLOW, &fs_root, &path), 0);
	assert_int_equal(vfs_mount(&path, sb, 0, "none"), want);
	path_put(&path);
}

static int umount(const char *where, u32 flags)
{
	struct path path;
	int err = fs_walk(where, WALK_FOLLOW, &fs_root, &path);

	if (err)
		return err;
	err = vfs_umount(&path, flags);
	path_put(&path);
	return err;
}

static void mount_is_crossed_both_ways(void **state)
{
	struct superblock *sb = other_fs();

	(void)state;
	make_tree();
	mount_on("/a/b", sb, 0);
	superblock_put(sb);
	assert_int_equal(walk("/a/b/f", 0), -ENOENT);
	assert_int_equal(fs_write("/a/b/inside", "x", 0644), 0);
	expect_name("/a/b/inside", 0, "/a/b/inside");
	expect_name("/a/b/..", 0, "/a");
	expect_name("/a/b/../b/inside", 0, "/a/b/inside");
	assert_int_equal(walk("/a/b/inside/", 0), -ENOTDIR);
}

static void mount_stacked_shows_the_upper(void **state)
{
	struct superblock *one = other_fs(), *two = other_fs();

	(void)state;
	make_tree();
	mount_on("/a/b", one, 0);
	assert_int_equal(fs_write("/a/b/one", "1", 0644), 0);
	mount_on("/a/b", two, 0);
	assert_int_equal(walk("/a/b/one", 0), -ENOENT);
	expect_name("/a/b/..", 0, "/a");
	assert_int_equal(umount("/a/b", 0), 0);
	assert_int_equal(walk("/a/b/one", 0), 0);
	assert_int_equal(umount("/a/b", 0), 0);
	assert_int_equal(walk("/a/b/f", 0), 0);
	assert_int_equal(umount("/a/b", 0), -EINVAL);
	superblock_put(one);
	superblock_put(two);
}

static void umount_busy_is_refused_unless_detached(void **state)
{
	struct superblock *sb = other_fs(), *inner = other_fs();
	struct file *file;
	char buf[4];

	(void)state;
	make_tree();
	mount_on("/a", sb, 0);
	assert_int_equal(fs_write("/a/f", "data", 0644), 0);
	assert_int_equal(fs_mkdir("/a/sub", 0755), 0);
	assert_int_equal(fs_open("/a/f", O_RDONLY, 0, &fs_root, &file), 0);
	assert_int_equal(umount("/a", 0), -EBUSY);
	file_put(file);
	mount_on("/a/sub", inner, 0);
	assert_int_equal(umount("/a", 0), -EBUSY);
	assert_int_equal(umount("/a/sub", 0), 0);
	mount_on("/a/sub", inner, 0);
	assert_int_equal(fs_open("/a/f", O_RDONLY, 0, &fs_root, &file), 0);
	assert_int_equal(umount("/a", MNT_DETACH), 0);
	assert_int_equal(walk("/a/b/f", 0), 0);
	assert_int_equal(file_read(file, buf, 4, NULL), 4); /* goes on while it is open */
	file_put(file);
	assert_int_equal(umount("/", 0), -EBUSY);
	superblock_put(sb);
	superblock_put(inner);
}

static void bind_shows_the_same_tree_without_later_mounts(void **state)
{
	struct superblock *sb = other_fs();
	struct path from, where;

	(void)state;
	make_tree();
	assert_int_equal(fs_mkdir("/view", 0755), 0);
	assert_int_equal(fs_walk("/a", 0, &fs_root, &from), 0);
	assert_int_equal(fs_walk("/view", 0, &fs_root, &where), 0);
	assert_int_equal(vfs_bind(&from, &where), 0);
	path_put(&from);
	path_put(&where);
	assert_ptr_equal(fs_inode("/view/b/f"), fs_inode("/a/b/f"));
	expect_name("/view/b/f", 0, "/view/b/f");
	expect_name("/view/..", 0, "/");
	mount_on("/a/b", sb, 0);
	assert_int_equal(walk("/a/b/f", 0), -ENOENT);
	assert_int_equal(walk("/view/b/f", 0), 0);
	assert_int_equal(fs_rename("/view/b/f", "/a/f", 0), -EXDEV);
	assert_int_equal(umount("/view", 0), 0);
	superblock_put(sb);
}

static void mount_needs_matching_kinds(void **state)
{
	struct superblock *sb = other_fs();
	struct path from, where;

	(void)state;
	make_tree();
	mount_on("/a/b/f", sb, -ENOTDIR);
	assert_int_equal(fs_write("/target", "old", 0644), 0);
	assert_int_equal(fs_walk("/a/b/f", 0, &fs_root, &from), 0);
	assert_int_equal(fs_walk("/target", 0, &fs_root, &where), 0);
	assert_int_equal(vfs_bind(&from, &where), 0); /* a file over a file */
	path_put(&from);
	path_put(&where);
	assert_true(fs_holds("/target", "text"));
	assert_int_equal(fs_unlink("/target"), -EBUSY);
	superblock_put(sb);
}

static void move_mount_takes_it_elsewhere(void **state)
{
	struct superblock *sb = other_fs();
	struct path from, where, inside;

	(void)state;
	make_tree();
	mount_on("/a", sb, 0);
	assert_int_equal(fs_mkdir("/a/deep", 0755), 0);
	assert_int_equal(fs_mkdir("/new", 0755), 0);
	assert_int_equal(fs_walk("/a", 0, &fs_root, &from), 0);
	assert_int_equal(fs_walk("/new", 0, &fs_root, &where), 0);
	assert_int_equal(fs_walk("/a/deep", 0, &fs_root, &inside), 0);
	assert_int_equal(vfs_move_mount(&from, &inside), -ELOOP);
	assert_int_equal(vfs_move_mount(&where, &from), -EINVAL);
	assert_int_equal(vfs_move_mount(&from, &where), 0);
	path_put(&from);
	path_put(&where);
	path_put(&inside);
	assert_int_equal(walk("/new/deep", 0), 0);
	assert_int_equal(walk("/a/b/f", 0), 0);
	superblock_put(sb);
}

struct seen {
	int count;
	char text[256];
};

static void note_mount(void *arg, const char *source, const char *where, const char *fsname, u32 flags)
{
	struct seen *seen = arg;
	size_t at = strlen(seen->text);

	seen->count++;
	snprintf(seen->text + at, sizeof(seen->text) - at, "%s %s %s %u;", source, where, fsname, flags);
}

static void for_each_mount_lists_in_order(void **state)
{
	struct superblock *sb = other_fs();
	struct seen seen = { 0 };
	struct path path;

	(void)state;
	make_tree();
	assert_int_equal(fs_walk("/a/b", 0, &fs_root, &path), 0);
	assert_int_equal(vfs_mount(&path, sb, MS_NOSUID, "src"), 0);
	path_put(&path);
	superblock_put(sb);
	vfs_for_each_mount(note_mount, &seen);
	assert_string_equal(seen.text, "rootfs / assayroot 0;src /a/b tmpfs 2;");
}

static void path_name_of_unlinked_says_deleted(void **state)
{
	char buf[64];
	struct path path;

	(void)state;
	make_tree();
	assert_int_equal(fs_walk("/a/b/f", 0, &fs_root, &path), 0);
	assert_int_equal(fs_unlink("/a/b/f"), 0);
	assert_int_equal(path_name(&fs_ctx, &path, buf, sizeof(buf)), 16);
	assert_string_equal(buf, "/a/b/f (deleted)");
	assert_int_equal(path_name(&fs_ctx, &path, buf, 16), -ENAMETOOLONG);
	assert_int_equal(path_name(&fs_ctx, &path, buf, 17), 16);
	path_put(&path);
}

static void path_name_follows_renames_above(void **state)
{
	char buf[64];
	struct path path;

	(void)state;
	make_tree();
	assert_int_equal(fs_walk("/a/b/f", 0, &fs_root, &path), 0);
	assert_int_equal(fs_rename("/a/b", "/moved", 0), 0);
	assert_true(path_name(&fs_ctx, &path, buf, sizeof(buf)) > 0);
	assert_string_equal(buf, "/moved/f");
	path_put(&path);
}

/* As deep as a program likes: nothing here may recurse over the depth. */
static void directories_as_deep_as_wished_come_and_go(void **state)
{
	struct path at = fs_ctx.root, next;
	struct vfs_context ctx = fs_ctx;

	(void)state;
	path_get(&at);
	for (int i = 0; i < 20000; i++) {
		ctx.cwd = at;
		assert_int_equal(vfs_mknod(&ctx, NULL, "d", S_IFDIR | 0755, 0, &fs_root), 0);
		assert_int_equal(path_walk(&ctx, NULL, "d", 0, &fs_root, &next), 0);
		path_put(&at);
		at = next;
	}
	path_put(&at);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fs_setup, fs_teardown)
	const struct CMUnitTest tests[] = {
		T(walk_plain_names_arrive),
		T(walk_bad_names_are_refused),
		T(walk_length_limits_hold),
		T(walk_symlinks_are_followed_where_asked),
		T(walk_forty_symlinks_pass_and_one_more_loops),
		T(walk_parent_gives_the_last_component),
		T(walk_needs_search_permission_at_each_step),
		T(walk_dotdot_stops_at_the_chroot),
		T(mount_is_crossed_both_ways),
		T(mount_stacked_shows_the_upper),
		T(umount_busy_is_refused_unless_detached),
		T(bind_shows_the_same_tree_without_later_mounts),
		T(mount_needs_matching_kinds),
		T(move_mount_takes_it_elsewhere),
		T(for_each_mount_lists_in_order),
		T(path_name_of_unlinked_says_deleted),
		T(path_name_follows_renames_above),
		T(directories_as_deep_as_wished_come_and_go),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
