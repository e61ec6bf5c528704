/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_verdicts.c - what is kept of a file and for whom it holds: verdicts, exemptions of new files, digests
 * beside a new label, violations that cannot be named.
 */
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/core.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"

#define FILE_RULE " func=FILE_CHECK fowner=7"

/* A started core with that policy, and a file of owner 7 that holds hello. */
static struct inode *boot(const char *policy, const char *template, const char *label)
{
	machine_up(true);
	machine_copy("/etc/keys/x509_ima.der", "keys/rsa2048.der", NULL);
	machine_copy("/data/file", "sigs/hello.txt", label);
	machine_inode("/data/file")->uid = 7;
	fixture_start((struct integrity_config){ .template_name = template }, policy);
	return machine_inode("/data/file");
}

static bool is_kept(const struct inode *inode)
{
	const struct icache *known = inode->integrity;

	assert_non_null(known);
	assert_int_equal(known->collected, known->measured_pcrs != 0);
	return known->collected;
}

static int open_as(const struct cred *cred, const char *path)
{
	struct file *file;
	int err = vfs_open(&machine.context, NULL, path, O_RDONLY, 0, cred, &file);

	if (!err)
		file_put(file);
	return err;
}

/* ---- whom a verdict serves */

static void verdict_without_a_list_of_algorithms_serves_no_rule_with_one(void **state)
{
	(void)state;
	(void)boot("appraise" FILE_RULE " uid=1000 appraise_algos=sha512\nappraise" FILE_RULE "\n", NULL,
		   "sigs/rsa2048-sha256.sig");
	assert_int_equal(open_as(&machine.user, "/data/file"), -EACCES);
	assert_int_equal(open_as(&machine.root, "/data/file"), 0); /* kept from here on */
	assert_int_equal(open_as(&machine.user, "/data/file"), -EACCES);
	assert_true(logged("cause=denied-hash-algorithm"));
	assert_int_equal(open_as(&machine.root, "/data/file"), 0);
}

static void verdict_of_one_list_of_algorithms_serves_no_other_list(void **state)
{
	(void)state;
	(void)boot("appraise" FILE_RULE " uid=1000 appraise_algos=sha512\n"
		   "appraise" FILE_RULE " appraise_algos=sha256,sha512\n", NULL, "sigs/rsa2048-sha256.sig");
	assert_int_equal(open_as(&machine.root, "/data/file"), 0);
	assert_int_equal(open_as(&machine.user, "/data/file"), -EACCES);
}

static void verdict_is_kept_for_the_same_demand(void **state)
{
	(void)state;
	(void)boot("appraise" FILE_RULE " appraise_algos=sha256\n", NULL, "sigs/rsa2048-sha256.sig");
	fixture_watch_pages("/data/file");
	fixture_pages = (struct fixture_pages){ 0 };
	assert_int_equal(open_as(&machine.root, "/data/file"), 0);
	assert_true(fixture_pages.asked);
	fixture_pages = (struct fixture_pages){ 0 };
	assert_int_equal(open_as(&machine.user, "/data/file"), 0);
	assert_int_equal(fixture_pages.asked, 0);
}

/* ---- new files */

static void file_that_passed_because_it_was_new_passes_once(void **state)
{
	(void)state;
	(void)boot("appraise func=FILE_CHECK fowner=0\n", NULL, NULL);
	assert_int_equal(try_open("/data/new", O_RDWR | O_CREAT | O_EXCL), 0);
	assert_int_equal(try_open("/data/new", O_RDONLY), -EACCES);
	assert_int_equal(try_open("/data/new", O_RDWR | O_CREAT), -EACCES);
}

static int ask_write(struct file *file, enum check_how how)
{
	return check_file(&machine.task, &machine.root, file, FUNC_FILE_CHECK, MAY_WRITE, how);
}

static void signed_file_is_open_for_write_to_its_maker_only(void **state)
{
	struct file *file;

	(void)state;
	(void)boot("appraise" FILE_RULE "\n", NULL, "sigs/rsa2048-sha256.sig");
	file = machine_open("/data/file", O_RDONLY);
	assert_int_equal(ask_write(file, CHECK_BY_RULES), -EACCES);
	assert_true(logged("a signed file cannot be opened for write"));
	assert_int_equal(ask_write(file, CHECK_CREATED), 0);
	assert_int_equal(ask_write(file, CHECK_BY_RULES), -EACCES);
	file_put(file);
}

/* ---- labels, violations */

static void new_label_makes_a_new_record(void **state)
{
	struct span label = golden_read("sigs/rsa2048-sha256.sig");
	struct inode *inode;
	struct path path;
	size_t before;

	(void)state;
	inode = boot("measure" FILE_RULE "\n", "ima-sig", NULL);
	before = machine_count();
	assert_int_equal(try_open("/data/file", O_RDONLY), 0);
	assert_int_equal(try_open("/data/file", O_RDONLY), 0);
	assert_int_equal(machine_count() - before, 1);
	assert_true(is_kept(inode));
	assert_int_equal(path_walk(&machine.context, NULL, "/data/file", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_setxattr(&path, "user.note", "x", 1, 0, &machine.root), 0);
	assert_true(is_kept(inode));
	assert_int_equal(vfs_setxattr(&path, "security.ima", label.base, label.len, 0, &machine.root), 0);
	path_put(&path);
	golden_free(label);
	assert_false(is_kept(inode));
	assert_int_equal(try_open("/data/file", O_RDONLY), 0);
	assert_int_equal(machine_count() - before, 2);
	assert_true(listed(" /data/file 0302"));
	assert_true(machine_replays());
}

static void violation_without_a_name_is_counted_and_refused(void **state)
{
	struct file *reader, writer;
	size_t before;

	(void)state;
	(void)boot("measure" FILE_RULE "\n", NULL, NULL);
	reader = machine_open("/data/file", O_RDONLY);
	before = machine_count();
	writer = *reader;
	writer.flags = O_WRONLY;
	fake_port_fail_after(1); /* the name's memory is the first that is asked for */
	assert_int_equal(ask_write(&writer, CHECK_BY_RULES), -ENOMEM);
	fake_port_fail_after(0);
	assert_true(logged("the violation cannot be recorded"));
	assert_int_equal(mlog_violations(core.log), 1);
	assert_int_equal(machine_count(), before);
	assert_int_equal(ask_write(&writer, CHECK_BY_RULES), 0); /* still due */
	assert_int_equal(mlog_violations(core.log), 2);
	assert_int_equal(machine_count(), before + 1);
	file_put(reader);
}

#define TEST(test) cmocka_unit_test_teardown(test, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(verdict_without_a_list_of_algorithms_serves_no_rule_with_one),
		TEST(verdict_of_one_list_of_algorithms_serves_no_other_list),
		TEST(verdict_is_kept_for_the_same_demand),
		TEST(file_that_passed_because_it_was_new_passes_once),
		TEST(signed_file_is_open_for_write_to_its_maker_only),
		TEST(new_label_makes_a_new_record),
		TEST(violation_without_a_name_is_counted_and_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
