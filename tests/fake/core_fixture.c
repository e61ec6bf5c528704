/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/core_fixture.c - see core_fixture.h. Relies on tests/fake/machine.c and on the log of fake_port.c.
 */
#include "tests/fake/core_fixture.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fs/pseudo.h"
#include "kernel/integrity/core.h"
#include "tests/fake/fake_port.h"

struct fixture_pages fixture_pages;
static const struct inode_ops *real_ops; /* the same for all files of the root */
static struct superblock *securityfs; /* NULL while none is mounted */

void fixture_start(struct integrity_config config, const char *policy)
{
	char why[256] = "";

	if (policy)
		machine_write("/etc/ima/ima-policy", policy, strlen(policy), NULL);
	assert_int_equal(machine_start(config), 0);
	if (integrity_load_image_keys(&machine.context, &machine.root, why, sizeof(why)))
		fail_msg("%s", why);
}

void fixture_mount_securityfs(void)
{
	struct path where;

	machine_write("/sec/x", "", 0, NULL);
	assert_int_equal(pseudo_create("securityfs", MAGIC_SECURITYFS, &securityfs), 0);
	assert_int_equal(integrity_register_nodes(securityfs), 0);
	assert_int_equal(path_walk(&machine.context, NULL, "/sec", 0, &machine.root, &where), 0);
	assert_int_equal(vfs_mount(&where, securityfs, 0, "securityfs"), 0);
	path_put(&where);
}

int fixture_teardown(void **state)
{
	(void)state;
	if (securityfs) {
		vfs_detach_all();
		superblock_put(securityfs);
		securityfs = NULL;
	}
	machine_down();
	return fake_port_live() != 0;
}

static int watched_page(struct inode *inode, u64 index, bool for_write, void **ret_page)
{
	if (++fixture_pages.asked == fixture_pages.failing) return fixture_pages.err;
	return real_ops->page(inode, index, for_write, ret_page);
}

void fixture_watch_pages(const char *path)
{
	static struct inode_ops watched;
	struct inode *inode = machine_inode(path);

	if (inode->ops == &watched)
		return;
	real_ops = inode->ops;
	watched = *real_ops;
	watched.page = watched_page;
	inode->ops = &watched;
}

bool listed(const char *what)
{
	return strstr(machine_list(), what) != NULL;
}

bool logged(const char *what)
{
	return strstr(fake_port_log_text(), what) != NULL;
}

struct file *try_file(const char *path, u32 flags)
{
	struct file *file;

	return vfs_open(&machine.context, NULL, path, flags, 0644, &machine.root, &file) ? NULL : file;
}

int try_open(const char *path, u32 flags)
{
	struct file *file;
	int err = vfs_open(&machine.context, NULL, path, flags, 0644, &machine.root, &file);

	if (!err)
		file_put(file);
	return err;
}
