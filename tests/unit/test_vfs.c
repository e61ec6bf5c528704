/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_vfs.c - opening, permissions, attributes, change identity, writers kept out, the hooks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fake/fake_port.h"
#include "tests/fake/fs_fixture.h"

static int try_open(const char *name, u32 flags, const struct cred *cred)
{
	struct file *file;
	int err = fs_open(name, flags, 0644, cred, &file);

	if (!err)
		file_put(file);
	return err;
}

static void open_permissions_by_class(void **state)
{
	(void)state;
	assert_int_equal(fs_write("/f", "x", 0640), 0);
	assert_int_equal(fs_chown("/f", 1001, 50), 0);
	assert_int_equal(try_open("/f", O_RDWR, &fs_bob), 0);       /* owner */
	assert_int_equal(try_open("/f", O_RDONLY, &fs_alice), 0);   /* group 50 */
	assert_int_equal(try_open("/f", O_WRONLY, &fs_alice), -EACCES);
	assert_int_equal(fs_chown("/f", 1001, 77), 0);
	assert_int_equal(try_open("/f", O_RDONLY, &fs_alice), -EACCES);
	assert_int_equal(fs_chmod("/f", 0066), 0);
	assert_int_equal(try_open("/f", O_RDONLY, &fs_bob), -EACCES); /* the owner's bits alone count */
	assert_int_equal(try_open("/f", O_RDWR, &fs_root), 0);
}

static void open_exec_needs_an_x_bit_even_for_root(void **state)
{
	struct file *file;

	(void)state;
	assert_int_equal(fs_write("/f", "x", 0644), 0);
	assert_int_equal(vfs_open_exec(&fs_ctx, NULL, "/f", &fs_root, &file), -EACCES);
	assert_int_equal(fs_chmod("/f", 0601), 0);
	assert_int_equal(vfs_open_exec(&fs_ctx, NULL, "/f", &fs_root, &file), 0);
	file_put(file);
	assert_int_equal(vfs_open_exec(&fs_ctx, NULL, "/", &fs_root, &file), -EACCES);
	assert_int_equal(vfs_remount(&fs_ctx.root, MS_NOEXEC), 0);
	assert_int_equal(vfs_open_exec(&fs_ctx, NULL, "/f", &fs_root, &file), -EACCES);
}

static void open_flags_do_what_they_say(void **state)
{
	struct file *file;

	(void)state;
	assert_int_equal(fs_write("/f", "text", 0644), 0);
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	assert_int_equal(fs_symlink("f", "/s"), 0);
	assert_int_equal(fs_symlink("made", "/dangling"), 0);
	assert_int_equal(try_open("/f", O_CREAT | O_EXCL | O_WRONLY, &fs_root), -EEXIST);
	assert_int_equal(try_open("/s", O_CREAT | O_EXCL | O_WRONLY, &fs_root), -EEXIST);
	assert_int_equal(try_open("/d", O_RDWR, &fs_root), -EISDIR);
	assert_int_equal(try_open("/d", O_CREAT | O_RDONLY, &fs_root), -EISDIR);
	assert_int_equal(try_open("/new/", O_CREAT | O_WRONLY, &fs_root), -EISDIR);
	assert_int_equal(try_open("/f", O_DIRECTORY, &fs_root), -ENOTDIR);
	assert_int_equal(try_open("/f/", O_RDONLY, &fs_root), -ENOTDIR);
	assert_int_equal(try_open("/s", O_NOFOLLOW, &fs_root), -ELOOP);
	assert_int_equal(try_open("/dangling", O_RDONLY, &fs_root), -ENOENT);
	assert_int_equal(try_open("/dangling", O_CREAT | O_WRONLY, &fs_root), 0);
	assert_non_null(fs_inode("/made"));
	assert_int_equal(try_open("/f", O_NOATIME, &fs_alice), -EPERM);
	assert_int_equal(fs_open("/s", O_PATH | O_NOFOLLOW, 0, &fs_root, &file), 0);
	assert_int_equal(file->inode->mode & S_IFMT, S_IFLNK);
	assert_int_equal(file_read(file, NULL, 0, NULL), -EBADF);
	file_put(file);
	assert_int_equal(try_open("/f", O_TRUNC | O_WRONLY, &fs_alice), -EACCES);
	assert_true(fs_holds("/f", "text"));
	assert_int_equal(try_open("/f", O_TRUNC | O_WRONLY, &fs_root), 0);
	assert_true(fs_holds("/f", ""));
}

static void open_created_unwritable_file_is_still_writable_once(void **state)
{
	struct file *file;

	(void)state;
	assert_int_equal(fs_open("/f", O_CREAT | O_RDWR, 0400, &fs_root, &file), 0);
	assert_int_equal(file_write(file, "x", 1, NULL), 1);
	file_put(file);
	assert_int_equal(fs_mkdir("/d", 0777), 0);
	assert_int_equal(fs_open("/d/f", O_CREAT | O_RDWR, 0400, &fs_alice, &file), 0);
	assert_int_equal(file_write(file, "x", 1, NULL), 1);
	file_put(file);
	assert_int_equal(try_open("/d/f", O_RDWR, &fs_alice), -EACCES);
}

static void open_special_files_without_an_owner_is_enxio(void **state)
{
	(void)state;
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/c", S_IFCHR | 0666, 0xeeee, &fs_root), 0);
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/s", S_IFSOCK | 0666, 0, &fs_root), 0);
	assert_int_equal(try_open("/c", O_RDONLY, &fs_root), -ENXIO);
	assert_int_equal(try_open("/s", O_RDONLY, &fs_root), -ENXIO);
	assert_int_equal(vfs_remount(&fs_ctx.root, MS_NODEV), 0);
	assert_int_equal(try_open("/c", O_RDONLY, &fs_root), -EACCES);
}

static int set(const char *name, struct attr attr, const struct cred *cred)
{
	struct path path;
	int err;

	assert_int_equal(fs_walk(name, WALK_FOLLOW, &fs_root, &path), 0);
	err = vfs_setattr(&path, &attr, cred);
	path_put(&path);
	return err;
}

static void setattr_is_for_the_owner(void **state)
{
	(void)state;
	assert_int_equal(fs_write("/f", "x", 0644), 0);
	assert_int_equal(fs_chown("/f", 1000, 1000), 0);
	assert_int_equal(set("/f", (struct attr){ .valid = ATTR_MODE, .mode = 0600 }, &fs_bob), -EPERM);
	assert_int_equal(set("/f", (struct attr){ .valid = ATTR_MODE, .mode = 0600 }, &fs_alice), 0);
	assert_int_equal(set("/f", (struct attr){ .valid = ATTR_UID, .uid = 1001 }, &fs_alice), -EPERM);
	assert_int_equal(set("/f", (struct attr){ .valid = ATTR_GID, .gid = 1001 }, &fs_alice), -EPERM);
	assert_int_equal(set("/f", (struct attr){ .valid = ATTR_GID, .gid = 60 }, &fs_alice), 0);
	assert_int_equal(set("/f", (struct attr){ .valid = ATTR_UID, .uid = 1001 }, &fs_root), 0);
	assert_int_equal(fs_inode("/f")->uid, 1001);
	assert_int_equal(fs_inode("/f")->gid, 60);
	assert_int_equal(fs_inode("/f")->mode, S_IFREG | 0600);
}

static void set_id_bits_fall_where_linux_drops_them(void **state)
{
	struct file *file;

	(void)state;
	assert_int_equal(fs_write("/f", "x", 06777), 0);
	assert_int_equal(fs_chown("/f", 1000, 1000), 0);
	assert_int_equal(fs_inode("/f")->mode, S_IFREG | 0777);
	assert_int_equal(fs_chmod("/f", 06777), 0);
	assert_int_equal(fs_open("/f", O_WRONLY, 0, &fs_root, &file), 0);
	assert_int_equal(file_write(file, "y", 1, NULL), 1);
	file_put(file);
	assert_int_equal(fs_inode("/f")->mode, S_IFREG | 06777); /* uid 0 keeps them */
	assert_int_equal(fs_open("/f", O_WRONLY, 0, &fs_alice, &file), 0);
	assert_int_equal(file_write(file, "z", 1, NULL), 1);
	file_put(file);
	assert_int_equal(fs_inode("/f")->mode, S_IFREG | 0777);
	assert_int_equal(set("/f", (struct attr){ .valid = ATTR_MODE, .mode = 02755 }, &fs_alice), 0);
	assert_int_equal(fs_inode("/f")->mode, S_IFREG | 02755);
	assert_int_equal(fs_chown("/f", 1000, 77), 0);
	assert_int_equal(set("/f", (struct attr){ .valid = ATTR_MODE, .mode = 02755 }, &fs_alice), 0);
	assert_int_equal(fs_inode("/f")->mode, S_IFREG | 0755); /* not of that group */
}

static void times_may_be_set_by_owner_and_touched_by_writers(void **state)
{
	struct attr explicit = { .valid = ATTR_ATIME | ATTR_MTIME, .atime = { 5, 6 }, .mtime = { 7, 8 } };
	struct attr now = { .valid = ATTR_ATIME | ATTR_MTIME | ATTR_TIMES_NOW };

	(void)state;
	assert_int_equal(fs_write("/f", "x", 0666), 0);
	assert_int_equal(set("/f", explicit, &fs_alice), -EPERM);
	assert_int_equal(set("/f", now, &fs_alice), 0);
	assert_int_equal(fs_chmod("/f", 0644), 0);
	assert_int_equal(set("/f", now, &fs_alice), -EACCES);
	assert_int_equal(set("/f", explicit, &fs_root), 0);
	assert_int_equal(fs_inode("/f")->atime.sec, 5);
	assert_int_equal(fs_inode("/f")->mtime.nsec, 8);
}

/* The stamp as an observer compares it. */
struct stamp {
	u64 version;
	struct vtime ctime;
};

static struct stamp look(const char *name)
{
	struct stamp s;

	s.version = fs_inode(name)->version;
	s.ctime = fs_inode(name)->ctime;
	return s;
}

static void expect_newer(const char *name, struct stamp *last, const char *what)
{
	struct stamp s = look(name);

	if (s.version <= last->version)
		fail_msg("%s left i_version as it was", what);
	if (s.ctime.sec < last->ctime.sec || (s.ctime.sec == last->ctime.sec && s.ctime.nsec <= last->ctime.nsec))
		fail_msg("%s repeated a ctime that was looked at", what);
	*last = s;
}

static int setx(const char *name, const char *attribute, const char *value)
{
	struct path path;
	int err;

	assert_int_equal(fs_walk(name, 0, &fs_root, &path), 0);
	err = vfs_setxattr(&path, attribute, value, strlen(value), 0, &fs_root);
	path_put(&path);
	return err;
}

static int removex(const char *name, const char *attribute)
{
	struct path path;
	int err;

	assert_int_equal(fs_walk(name, 0, &fs_root, &path), 0);
	err = vfs_removexattr(&path, attribute, &fs_root);
	path_put(&path);
	return err;
}

/* The clock stands still: every change must show all the same. */
static void every_change_bumps_version_and_ctime(void **state)
{
	struct stamp last;
	struct file *file;

	(void)state;
	fake_port_set_wall(1000000000000000000ull);
	assert_int_equal(fs_write("/f", "text", 0644), 0);
	last = look("/f");
	assert_int_equal(fs_open("/f", O_RDWR, 0, &fs_root, &file), 0);
	assert_int_equal(file_write(file, "TEXT", 4, NULL), 4); /* in place, same size */
	expect_newer("/f", &last, "an overwrite");
	assert_int_equal(file_write(file, "TEXT", 4, NULL), 4);
	expect_newer("/f", &last, "an append");
	assert_int_equal(file_truncate(file, 2, &fs_root), 0);
	expect_newer("/f", &last, "a truncation");
	assert_int_equal(file_truncate(file, 2, &fs_root), 0);
	expect_newer("/f", &last, "a truncation to the same size");
	file_put(file);
	assert_int_equal(fs_chmod("/f", 0600), 0);
	expect_newer("/f", &last, "chmod");
	assert_int_equal(fs_chown("/f", 1, 1), 0);
	expect_newer("/f", &last, "chown");
	assert_int_equal(setx("/f", "security.ima", "label"), 0);
	expect_newer("/f", &last, "setxattr");
	assert_int_equal(removex("/f", "security.ima"), 0);
	expect_newer("/f", &last, "removexattr");
	assert_int_equal(fs_link("/f", "/g"), 0);
	expect_newer("/f", &last, "link");
	assert_int_equal(fs_rename("/f", "/h", 0), 0);
	expect_newer("/h", &last, "rename");
	assert_int_equal(fs_unlink("/g"), 0);
	expect_newer("/h", &last, "unlink");
	assert_int_equal(try_open("/h", O_WRONLY | O_TRUNC, &fs_root), 0);
	expect_newer("/h", &last, "O_TRUNC");
}

static void reading_changes_no_stamp(void **state)
{
	struct stamp before, after;
	struct file *file;
	char buf[4];

	(void)state;
	assert_int_equal(fs_write("/f", "text", 0644), 0);
	before = look("/f");
	assert_int_equal(fs_open("/f", O_RDWR, 0, &fs_root, &file), 0);
	assert_int_equal(file_read(file, buf, 4, NULL), 4);
	assert_int_equal(file_write(file, buf, 0, NULL), 0);
	file_put(file);
	after = look("/f");
	assert_int_equal(before.version, after.version);
	assert_int_equal(before.ctime.nsec, after.ctime.nsec);
}

static void clock_set_back_repeats_no_stamp(void **state)
{
	struct stamp last;

	(void)state;
	fake_port_set_wall(2000000000999999999ull);
	assert_int_equal(fs_write("/f", "text", 0644), 0);
	last = look("/f");
	for (int i = 0; i < 1000; i++) {
		fake_port_set_wall(1000000000000000000ull + (u64)i);
		assert_int_equal(fs_write("/f", "TEXT", 0644), 0);
		expect_newer("/f", &last, "a write after the clock was set back");
	}
	assert_int_equal(fs_inode("/f")->mtime.sec, 1000000000); /* what programs see is the clock's */
}

static void directory_changes_stamp_the_directory(void **state)
{
	struct stamp last;

	(void)state;
	assert_int_equal(fs_mkdir("/d", 0755), 0);
	last = look("/d");
	assert_int_equal(fs_write("/d/f", "", 0644), 0);
	expect_newer("/d", &last, "a new file");
	assert_int_equal(fs_link("/d/f", "/d/g"), 0);
	expect_newer("/d", &last, "a new link");
	assert_int_equal(fs_rename("/d/g", "/d/h", 0), 0);
	expect_newer("/d", &last, "a rename");
	assert_int_equal(fs_rename("/d/h", "/h", 0), 0);
	expect_newer("/d", &last, "a rename out of it");
	assert_int_equal(fs_unlink("/d/f"), 0);
	expect_newer("/d", &last, "an unlink");
}

static void running_program_keeps_writers_out(void **state)
{
	struct inode *inode;
	struct file *writer;
	struct path path;

	(void)state;
	assert_int_equal(fs_write("/prog", "code", 0755), 0);
	inode = fs_inode("/prog");
	assert_int_equal(fs_open("/prog", O_WRONLY, 0, &fs_root, &writer), 0);
	assert_int_equal(inode_deny_write(inode), -ETXTBSY);
	file_put(writer);
	assert_int_equal(inode_deny_write(inode), 0);
	assert_int_equal(inode_deny_write(inode), 0); /* twice running */
	assert_int_equal(try_open("/prog", O_WRONLY, &fs_root), -ETXTBSY);
	assert_int_equal(try_open("/prog", O_RDWR | O_TRUNC, &fs_root), -ETXTBSY);
	assert_int_equal(try_open("/prog", O_RDONLY | O_TRUNC, &fs_root), -ETXTBSY);
	assert_int_equal(fs_walk("/prog", 0, &fs_root, &path), 0);
	assert_int_equal(vfs_truncate(&path, 0, &fs_root), -ETXTBSY);
	path_put(&path);
	assert_int_equal(try_open("/prog", O_RDONLY, &fs_root), 0);
	inode_allow_write(inode);
	assert_int_equal(try_open("/prog", O_WRONLY, &fs_root), -ETXTBSY);
	inode_allow_write(inode);
	assert_int_equal(try_open("/prog", O_WRONLY, &fs_root), 0);
	assert_true(fs_holds("/prog", "code"));
}

static void writers_and_readers_are_counted(void **state)
{
	struct file *reader, *writer, *both, *path_only;
	struct inode *inode;

	(void)state;
	assert_int_equal(fs_write("/f", "x", 0644), 0);
	inode = fs_inode("/f");
	assert_int_equal(fs_open("/f", O_RDONLY, 0, &fs_root, &reader), 0);
	assert_int_equal(fs_open("/f", O_WRONLY, 0, &fs_root, &writer), 0);
	assert_int_equal(fs_open("/f", O_RDWR, 0, &fs_root, &both), 0);
	assert_int_equal(fs_open("/f", O_PATH, 0, &fs_root, &path_only), 0);
	assert_int_equal(inode->readers, 1);
	assert_int_equal(inode->writers, 2);
	file_get(writer);
	file_put(writer);
	assert_int_equal(inode->writers, 2);
	file_put(reader);
	file_put(writer);
	file_put(both);
	file_put(path_only);
	assert_int_equal(inode->readers, 0);
	assert_int_equal(inode->writers, 0);
}

/* What the hooks saw. */
static struct {
	int opens, releases, changes, content_changes, frees, refuse;
	u32 mask;
	bool created;
	s32 writers_at_open, writers_at_release;
	u64 size_at_open;
} seen;

static int hook_open(struct file *file, const struct cred *cred, u32 mask, bool created)
{
	(void)cred;
	seen.opens++;
	seen.mask = mask;
	seen.created = created;
	seen.writers_at_open = file->inode->writers;
	seen.size_at_open = file->inode->size;
	return seen.refuse;
}

static void hook_release(struct file *file)
{
	seen.releases++;
	seen.writers_at_release = file->inode->writers;
}

static int hook_setxattr(const struct path *path, const char *name, const void *value, size_t len,
			 const struct cred *cred)
{
	(void)path, (void)name, (void)value, (void)len, (void)cred;
	return seen.refuse;
}

static int hook_setattr(const struct path *path, const struct attr *attr, const struct cred *cred)
{
	(void)path, (void)attr, (void)cred;
	return seen.refuse;
}

static void hook_changed(struct inode *inode, bool content)
{
	(void)inode;
	seen.changes++;
	seen.content_changes += content;
}

static void hook_free(struct inode *inode)
{
	(void)inode;
	seen.frees++;
}

static const struct vfs_hooks hooks = {
	.file_open = hook_open, .file_release = hook_release, .setxattr = hook_setxattr,
	.setattr = hook_setattr, .inode_changed = hook_changed,
	.inode_free = hook_free,
};

static void hooks_see_the_open_before_truncation(void **state)
{
	struct file *file;

	(void)state;
	assert_int_equal(fs_write("/f", "text", 0644), 0);
	memset(&seen, 0, sizeof(seen));
	vfs_set_hooks(&hooks);
	assert_int_equal(fs_open("/f", O_WRONLY | O_TRUNC | O_APPEND, 0, &fs_root, &file), 0);
	assert_int_equal(seen.opens, 1);
	assert_int_equal(seen.mask, MAY_WRITE | MAY_APPEND);
	assert_int_equal(seen.size_at_open, 4);
	assert_int_equal(seen.writers_at_open, 1);
	assert_false(seen.created);
	assert_int_equal(file->inode->size, 0);
	file_put(file);
	assert_int_equal(seen.releases, 1);
	assert_int_equal(seen.writers_at_release, 1);
	assert_int_equal(fs_open("/new", O_CREAT | O_RDONLY, 0644, &fs_root, &file), 0);
	assert_true(seen.created);
	assert_int_equal(seen.mask, MAY_READ);
	file_put(file);
	assert_int_equal(seen.releases, 1); /* readers are not announced */
	assert_int_equal(fs_unlink("/new"), 0);
	assert_int_equal(seen.frees, 1);
	vfs_set_hooks(NULL);
}

static void hooks_that_refuse_leave_everything(void **state)
{
	struct stamp before;
	struct inode *inode;

	(void)state;
	assert_int_equal(fs_write("/f", "text", 0644), 0);
	assert_int_equal(setx("/f", "security.ima", "old"), 0);
	inode = fs_inode("/f");
	before = look("/f");
	memset(&seen, 0, sizeof(seen));
	seen.refuse = -EACCES;
	vfs_set_hooks(&hooks);
	assert_int_equal(try_open("/f", O_RDWR | O_TRUNC, &fs_root), -EACCES);
	assert_int_equal(setx("/f", "security.ima", "new"), -EACCES);
	assert_int_equal(removex("/f", "security.ima"), -EACCES);
	assert_int_equal(fs_chmod("/f", 0), -EACCES);
	vfs_set_hooks(NULL);
	assert_true(fs_holds("/f", "text"));
	assert_int_equal(inode->mode, S_IFREG | 0644);
	assert_int_equal(inode->writers, 0);
	assert_int_equal(inode->readers, 0);
	assert_int_equal(look("/f").version, before.version);
	assert_int_equal(seen.changes, 0);
}

static void hooks_tell_content_from_metadata(void **state)
{
	(void)state;
	assert_int_equal(fs_write("/f", "text", 0644), 0);
	memset(&seen, 0, sizeof(seen));
	vfs_set_hooks(&hooks);
	assert_int_equal(fs_chmod("/f", 0600), 0);
	assert_int_equal(setx("/f", "user.a", "b"), 0);
	assert_int_equal(seen.changes, 2);
	assert_int_equal(seen.content_changes, 0);
	assert_int_equal(try_open("/f", O_WRONLY | O_TRUNC, &fs_root), 0);
	assert_int_equal(seen.content_changes, 1);
	vfs_set_hooks(NULL);
}

static void atime_follows_relatime(void **state)
{
	struct inode *inode;
	struct file *file;
	char buf[4];

	(void)state;
	fake_port_set_wall(1000000000000ull);
	assert_int_equal(fs_write("/f", "text", 0644), 0);
	inode = fs_inode("/f");
	assert_int_equal(fs_open("/f", O_RDONLY, 0, &fs_root, &file), 0);
	fake_port_set_wall(2000000000000ull);
	assert_int_equal(file_read(file, buf, 1, NULL), 1);
	assert_int_equal(inode->atime.sec, 2000);
	fake_port_set_wall(3000000000000ull);
	assert_int_equal(file_read(file, buf, 1, NULL), 1);
	assert_int_equal(inode->atime.sec, 2000); /* read already since it changed */
	fake_port_set_wall((2000 + 86400) * 1000000000ull);
	assert_int_equal(file_read(file, buf, 1, NULL), 1);
	assert_int_equal(inode->atime.sec, 2000 + 86400);
	file_put(file);
}

static void xattr_names_have_their_rules(void **state)
{
	struct path path;
	char buf[8], name[300];

	(void)state;
	assert_int_equal(fs_write("/f", "x", 0644), 0);
	assert_int_equal(fs_chown("/f", 1000, 1000), 0);
	assert_int_equal(fs_walk("/f", 0, &fs_root, &path), 0);
	assert_int_equal(vfs_setxattr(&path, "user.a", "v", 1, 0, &fs_alice), 0);
	assert_int_equal(vfs_setxattr(&path, "user.a", "v", 1, 0, &fs_bob), -EACCES);
	assert_int_equal(vfs_setxattr(&path, "security.ima", "v", 1, 0, &fs_alice), -EPERM);
	assert_int_equal(vfs_setxattr(&path, "trusted.t", "v", 1, 0, &fs_alice), -EPERM);
	assert_int_equal(vfs_setxattr(&path, "trusted.t", "v", 1, 0, &fs_root), 0);
	assert_int_equal(vfs_getxattr(path_inode(&path), "trusted.t", buf, 8, &fs_alice), -ENODATA);
	assert_int_equal(vfs_getxattr(path_inode(&path), "user.a", buf, 8, &fs_bob), 1);
	assert_int_equal(vfs_setxattr(&path, "system.posix_acl_access", "v", 1, 0, &fs_root), -EOPNOTSUPP);
	assert_int_equal(vfs_setxattr(&path, "odd", "v", 1, 0, &fs_root), -EOPNOTSUPP);
	assert_int_equal(vfs_setxattr(&path, "user.", "v", 1, 0, &fs_root), -EINVAL);
	assert_int_equal(vfs_setxattr(&path, "security.", "v", 1, 0, &fs_root), -EINVAL);
	assert_int_equal(vfs_setxattr(&path, "", "v", 1, 0, &fs_root), -ERANGE);
	memset(name, 'n', sizeof(name));
	memcpy(name, "user.", 5);
	name[256] = '\0';
	assert_int_equal(vfs_setxattr(&path, name, "v", 1, 0, &fs_root), -ERANGE);
	name[255] = '\0';
	assert_int_equal(vfs_setxattr(&path, name, "v", 1, 0, &fs_root), 0);
	path_put(&path);
	assert_int_equal(fs_symlink("f", "/s"), 0);
	assert_int_equal(fs_walk("/s", 0, &fs_root, &path), 0);
	assert_int_equal(vfs_setxattr(&path, "user.a", "v", 1, 0, &fs_root), -EPERM);
	path_put(&path);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fs_setup, fs_teardown)
	const struct CMUnitTest tests[] = {
		T(open_permissions_by_class),
		T(open_exec_needs_an_x_bit_even_for_root),
		T(open_flags_do_what_they_say),
		T(open_created_unwritable_file_is_still_writable_once),
		T(open_special_files_without_an_owner_is_enxio),
		T(setattr_is_for_the_owner),
		T(set_id_bits_fall_where_linux_drops_them),
		T(times_may_be_set_by_owner_and_touched_by_writers),
		T(every_change_bumps_version_and_ctime),
		T(reading_changes_no_stamp),
		T(clock_set_back_repeats_no_stamp),
		T(directory_changes_stamp_the_directory),
		T(running_program_keeps_writers_out),
		T(writers_and_readers_are_counted),
		T(hooks_see_the_open_before_truncation),
		T(hooks_that_refuse_leave_everything),
		T(hooks_tell_content_from_metadata),
		T(atime_follows_relatime),
		T(xattr_names_have_their_rules),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
