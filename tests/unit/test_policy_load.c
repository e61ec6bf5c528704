/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_policy_load.c - loading a policy: one opener, one rule a write, files, signatures, all or nothing.
 *
 * First the state machine alone, then the file of securityfs on a machine without hardware. Read-backs are Linux's, the
 * signature is evmctl's (tests/golden).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/core.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"

#define POLICY "/sec/integrity/ima/policy"

/* ---- the state machine alone */

static struct policy committed;
static int commit_answer;
static const char *file_text;
static bool asked_for_signature;

static int keep(const struct integrity_task *task, struct policy *rules)
{
	(void)task;
	if (commit_answer)
		return commit_answer;
	policy_done(&committed);
	committed = *rules;
	*rules = (struct policy){ 0 };
	return 0;
}

static int read_text(const struct integrity_task *task, const char *path, bool must_be_signed, struct blob *out)
{
	(void)task;
	asked_for_signature = must_be_signed;
	if (strcmp(path, "/pol") != 0)
		return -ENOENT;
	blob_text(out, file_text);
	return blob_status(out);
}

static const struct cred nobody = { .uid = 7 };
static const struct integrity_task task = { .pid = 3, .comm = "loader", .cred = &nobody };
static struct policy_load load;
static struct policy_load_env env;

static int setup(void **state)
{
	(void)state;
	fake_port_reset();
	load = (struct policy_load){ 0 };
	env = (struct policy_load_env){ .task = &task, .enforce = true, .read = read_text, .commit = keep };
	commit_answer = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	policy_done(&load.rules);
	policy_done(&committed);
	return fake_port_live() != 0;
}

static ssize put(const char *text)
{
	return policy_load_write(&load, &env, text, strlen(text));
}

static void writes_take_one_line_each_and_close_commits(void **state)
{
	static const char text[] = "# comment\nmeasure func=BPRM_CHECK\n\nappraise fowner=0";

	(void)state;
	assert_int_equal(policy_load_open(&load), 0);
	assert_int_equal(policy_load_open(&load), -EBUSY);
	assert_int_equal(put(text), 10);
	assert_int_equal(put(text + 10), 24);
	assert_int_equal(put(text + 34), 1);
	assert_int_equal(put(text + 35), 17);
	assert_int_equal(put(""), 0);
	assert_int_equal(committed.count, 0);
	assert_int_equal(policy_load_release(&load, &env), 0);
	assert_int_equal(committed.count, 2);
	assert_true(logged("type=1807") && logged("action=measure func=BPRM_CHECK res=1"));
	assert_true(logged("ima: policy update completed"));
	assert_true(logged("pid=3 uid=7 auid=4294967295 ses=4294967295 op=policy_update cause=completed "
			   "comm=\"loader\" res=1 errno=0"));
	assert_false(logged("invalid-policy"));
	assert_int_equal(policy_load_open(&load), 0); /* idle again */
	assert_int_equal(policy_load_release(&load, &env), -EINVAL);
}

static void bad_line_discards_everything_and_the_next_load_works(void **state)
{
	(void)state;
	assert_int_equal(policy_load_open(&load), 0);
	assert_int_equal(put("measure\n"), 8);
	assert_int_equal(put("measure fun=1\n"), -EINVAL);
	assert_true(logged("action=measure UNKNOWN=fun=1 res=0"));
	assert_true(logged("op=update_policy cause=invalid-policy comm=\"loader\" res=0 errno=0"));
	assert_true(logged("ima: policy: line 2, column 9: the word is not known: fun=1"));
	assert_int_equal(put("audit\n"), 6); /* parsed all the same */
	assert_int_equal(policy_load_release(&load, &env), -EINVAL);
	assert_int_equal(committed.count, 0);
	assert_true(logged("ima: policy update failed") && logged("cause=failed comm=\"loader\" res=0"));
	assert_int_equal(policy_load_open(&load), 0);
	assert_int_equal(put("measure\n"), 8);
	assert_int_equal(policy_load_release(&load, &env), 0);
	assert_int_equal(committed.count, 1);
}

static void policy_without_a_rule_is_discarded(void **state)
{
	(void)state;
	assert_int_equal(policy_load_open(&load), 0);
	assert_int_equal(put("# only a comment\n"), 17);
	assert_int_equal(policy_load_release(&load, &env), -EINVAL);
	assert_int_equal(committed.count, 0);
	assert_true(logged("ima: policy update failed"));
}

static void commit_that_fails_leaves_nothing_behind(void **state)
{
	(void)state;
	commit_answer = -EIO;
	assert_int_equal(policy_load_open(&load), 0);
	assert_int_equal(put("measure\n"), 8);
	assert_int_equal(policy_load_release(&load, &env), -EIO);
	assert_int_equal(load.rules.count, 0);
	assert_false(load.busy);
	assert_true(logged("ima: policy update failed"));
}

static void long_writes_are_cut_and_long_lines_refused(void **state)
{
	static char text[3 * PAGE_SIZE];

	(void)state;
	memset(text, '#', sizeof(text));
	assert_int_equal(policy_load_open(&load), 0);
	assert_int_equal(policy_load_write(&load, &env, text, PAGE_SIZE - 1), PAGE_SIZE - 1);
	text[PAGE_SIZE - 2] = '\n';
	assert_int_equal(policy_load_write(&load, &env, text, sizeof(text)), PAGE_SIZE - 1);
	assert_true(load.valid);
	text[PAGE_SIZE - 2] = '#';
	text[PAGE_SIZE - 1] = '\n'; /* one byte too far */
	assert_int_equal(policy_load_write(&load, &env, text, sizeof(text)), -EINVAL);
	assert_true(logged("ima: policy: a line is longer than 4095 bytes"));
	assert_false(load.valid);
}

static void file_is_loaded_whole_up_to_its_first_bad_line(void **state)
{
	(void)state;
	assert_int_equal(policy_load_open(&load), 0);
	file_text = "measure func=BPRM_CHECK\n# more\naudit"; /* the last line has no newline */
	assert_int_equal(put("/pol\nrest"), 5);
	assert_int_equal(load.rules.count, 2);
	assert_false(asked_for_signature);
	file_text = "audit\nbogus\naudit\n";
	assert_int_equal(put("/pol"), -EINVAL);
	assert_int_equal(load.rules.count, 3);
	assert_true(logged("ima: policy: line 2, column 1: the word is not known: bogus"));
	assert_int_equal(put("/other\n"), -ENOENT);
	assert_true(logged("ima: Unable to open file: /other (-2)"));
	assert_int_equal(policy_load_write(&load, &env, "/p\0l\n", 5), -EINVAL);
	assert_int_equal(policy_load_release(&load, &env), -EINVAL);
	assert_int_equal(committed.count, 0);
}

static void rule_that_asks_for_signed_policies_counts_before_it_is_in_force(void **state)
{
	(void)state;
	assert_int_equal(policy_load_open(&load), 0);
	assert_int_equal(put("appraise func=POLICY_CHECK appraise_type=imasig\n"), 48);
	assert_int_equal(put("audit\n"), -EACCES);
	assert_true(logged("op=policy_update cause=signed policy required comm=\"loader\" res=0 errno=0"));
	file_text = "audit\n";
	assert_int_equal(put("/pol\n"), 5);
	assert_true(asked_for_signature);
	assert_int_equal(policy_load_release(&load, &env), -EINVAL);
	env.signed_required = true;
	assert_int_equal(policy_load_open(&load), 0);
	assert_int_equal(put("audit\n"), -EACCES);
	env.enforce = false; /* ima_appraise=log and fix: rules are taken */
	assert_int_equal(put("audit\n"), 6);
	assert_int_equal(policy_load_release(&load, &env), -EINVAL);
}

static void rules_and_bytes_have_an_end(void **state)
{
	static char line[4001];

	(void)state;
	env.rules_before = POLICY_RULES_MAX - 1;
	assert_int_equal(policy_load_open(&load), 0);
	assert_int_equal(put("audit\n"), 6);
	assert_int_equal(put("audit\n"), -E2BIG);
	assert_true(logged("ima: policy: there is room for 4096 rules in all and 1048576 bytes a load"));
	assert_int_equal(policy_load_release(&load, &env), -EINVAL);
	env.rules_before = 0;
	memset(line, '#', 4000);
	assert_int_equal(policy_load_open(&load), 0);
	for (unsigned i = 0; i <= POLICY_TEXT_MAX / 4000; i++)
		assert_int_equal(put(line), 4000);
	assert_int_equal(put(line), -E2BIG);
}

static void memory_that_runs_out_refuses_and_leaks_nothing(void **state)
{
	unsigned failed = 0;
	bool bad;

	(void)state;
	file_text = "measure func=BPRM_CHECK\naudit fowner=3\n";
	for (u64 n = 1; n < 64; n++) {
		fake_port_fail_after(n);
		assert_int_equal(policy_load_open(&load), 0);
		bad = put("appraise func=MMAP_CHECK\n") < 0;
		bad |= put("/pol\n") < 0;
		policy_done(&committed);
		assert_int_equal(policy_load_release(&load, &env), bad ? -EINVAL : 0);
		assert_int_equal(committed.count, bad ? 0 : 3);
		fake_port_fail_after(0);
		failed += bad;
	}
	assert_in_range(failed, 5, 40);
}

/* ---- the file of securityfs */

static void up(const char *names)
{
	machine_boot(names);
	fixture_mount_securityfs();
}

static int open_as(u32 flags, const struct cred *cred, struct file **ret_file)
{
	return vfs_open(&machine.context, NULL, POLICY, flags, 0, cred, ret_file);
}

/* As cat does: what a write did not take is written again. The first errno, or 0. */
static int write_policy(const char *text)
{
	struct file *file = machine_open(POLICY, O_WRONLY | O_TRUNC);
	size_t len = strlen(text);
	ssize n = 0;

	for (size_t at = 0; at < len && n >= 0; at += n < 0 ? 0 : (size_t)n)
		n = file_write(file, text + at, len - at, NULL);
	file_put(file);
	return n < 0 ? (int)n : 0;
}

static void expect_policy(const char *want)
{
	struct file *file = machine_open(POLICY, O_RDONLY);
	char text[4096] = "";
	ssize len = file_read(file, text, sizeof(text) - 1, NULL);

	file_put(file);
	assert_true(len >= 0);
	assert_string_equal(text, want);
}

static void policy_file_has_one_writer_and_no_reader_beside_root(void **state)
{
	struct file *first, *second;
	struct cred root = machine.root;
	u64 one = 1;

	(void)state;
	up("none");
	root.euid = 1000; /* who may open it and is not root: Linux says EPERM without CAP_SYS_ADMIN */
	assert_int_equal(open_as(O_RDONLY, &root, &first), -EPERM);
	assert_int_equal(open_as(O_RDWR, &machine.root, &first), -EACCES);
	assert_int_equal(open_as(O_WRONLY, &machine.user, &first), -EACCES);
	assert_int_equal(open_as(O_RDONLY, &machine.user, &first), -EACCES);
	assert_int_equal(open_as(O_WRONLY, &machine.root, &first), 0);
	assert_int_equal(open_as(O_WRONLY, &machine.root, &second), -EBUSY);
	assert_int_equal(open_as(O_RDONLY, &machine.root, &second), 0);
	file_put(second);
	assert_int_equal(file_write(first, "audit\n", 6, &one), -EINVAL);
	file_put(first);
	assert_true(logged("ima: policy update failed"));
	assert_int_equal(open_as(O_WRONLY, &machine.root, &second), 0);
	file_put(second);
}

static void write_at_an_offset_spoils_the_load(void **state)
{
	struct file *file;
	u64 one = 1;

	(void)state;
	up("none");
	file = machine_open(POLICY, O_WRONLY);
	assert_int_equal(file_write(file, "audit\n", 6, NULL), 6);
	assert_int_equal(file_write(file, "audit\n", 6, &one), -EINVAL);
	assert_int_equal(file_write(file, "audit\n", 6, NULL), 6);
	file_put(file);
	assert_true(logged("ima: policy update failed"));
	expect_policy("");
	assert_int_equal(write_policy("audit\n"), 0);
	expect_policy("audit \n");
}

static void file_that_is_empty_or_has_no_rule_loads_nothing(void **state)
{
	(void)state;
	up("none");
	machine_write("/etc/empty", "", 0, NULL);
	machine_write("/etc/comment", "# none\n", 7, NULL);
	assert_int_equal(write_policy("/etc/empty\n"), -EINVAL);
	assert_true(logged("ima: policy: the file is empty"));
	expect_policy("");
	assert_int_equal(write_policy("/etc/comment\n"), 0);
	assert_true(logged("ima: policy update failed"));
	expect_policy("");
}

static void first_load_replaces_and_the_second_appends(void **state)
{
	(void)state;
	up("tcb");
	assert_int_equal(write_policy("measure func=BPRM_CHECK\n# none\ndont_measure fowner=3\n"), 0);
	expect_policy("measure func=BPRM_CHECK \ndont_measure fowner=3 \n");
	assert_int_equal(write_policy("audit func=BPRM_CHECK mask=MAY_EXEC"), 0);
	expect_policy("measure func=BPRM_CHECK \ndont_measure fowner=3 \naudit func=BPRM_CHECK mask=MAY_EXEC \n");
	assert_int_equal(write_policy("audit\nbogus\n"), -EINVAL);
	expect_policy("measure func=BPRM_CHECK \ndont_measure fowner=3 \naudit func=BPRM_CHECK mask=MAY_EXEC \n");
	assert_int_equal(machine_exec("/bin/hello"), 0);
	assert_true(listed(" /bin/hello\n") && logged("type=1805") && logged("file=\"/bin/hello\""));
	assert_true(machine_replays());
}

/* The record's buffer is the digest of what the file then shows. */
static void each_load_records_the_digest_of_the_policy_that_results(void **state)
{
	static const char both[] = "measure func=BPRM_CHECK \naudit fowner=3 \n";
	struct digest digest;
	char hex[65], want[96];

	(void)state;
	up("none");
	assert_int_equal(machine_count(), 1);
	assert_int_equal(write_policy("measure func=BPRM_CHECK\n"), 0);
	assert_int_equal(machine_count(), 2);
	assert_int_equal(write_policy("audit fowner=3\n"), 0);
	assert_int_equal(machine_count(), 3);
	assert_int_equal(hash_bytes(HASH_SHA256, both, strlen(both), &digest), 0);
	text_hex(hex, digest.bytes, 32);
	snprintf(want, sizeof(want), " ima_policy %s\n", hex);
	assert_true(listed(want));
	assert_int_equal(write_policy("bogus\n"), -EINVAL);
	assert_int_equal(machine_count(), 3);
	assert_true(machine_replays());
}

static void load_that_cannot_be_recorded_changes_nothing(void **state)
{
	(void)state;
	up("none");
	fake_tpm_fault(&machine.fake, FAKE_GONE_ONES, 1);
	assert_int_equal(write_policy("measure func=BPRM_CHECK\n"), 0); /* close has no errno */
	expect_policy("");
	assert_true(logged("ima: policy update failed"));
}

static void policy_file_of_linux_is_loaded_by_path_and_measured(void **state)
{
	struct span want = golden_read("policy/buf.readback");
	char *text = calloc(1, want.len + 1);

	(void)state;
	up("tcb");
	machine_copy("/etc/pol", "policy/buf.loaded", NULL);
	assert_int_equal(write_policy("/etc/pol\n"), 0);
	assert_true(listed(" /etc/pol\n"));
	memcpy(text, want.base, want.len);
	expect_policy(text);
	/* The first loaded policy has a KEY_CHECK rule: the key that the image brought is measured now. */
	assert_true(listed(" .ima 3082"));
	assert_true(machine_replays());
	free(text);
	golden_free(want);
}

static void signed_policy_stays_required(void **state)
{
	(void)state;
	up("tcb|secure_boot");
	machine_copy("/etc/signed", "policy/signed.txt", "policy/signed.sig");
	machine_copy("/etc/unsigned", "policy/signed.txt", NULL);
	assert_int_equal(write_policy("measure\n"), -EACCES);
	assert_int_equal(write_policy("/etc/unsigned\n"), -EACCES);
	assert_true(listed(" /etc/unsigned\n")); /* recorded, then refused */
	assert_int_equal(write_policy("/etc/signed\n"), 0);
	expect_policy("measure func=BPRM_CHECK \nmeasure func=MMAP_CHECK mask=MAY_EXEC \n"
		      "appraise func=POLICY_CHECK appraise_type=imasig \n");
	assert_int_equal(write_policy("measure\n"), -EACCES);
	/* Even when no rule in force says so any more. */
	policy_done(&core.policy);
	assert_int_equal(write_policy("measure\n"), -EACCES);
	assert_int_equal(write_policy("/etc/unsigned\n"), -EACCES);
	assert_int_equal(write_policy("/etc/signed\n"), 0);
}

static void digests_of_files_stay_known_over_a_load(void **state)
{
	size_t before;

	(void)state;
	up("tcb");
	assert_int_equal(machine_exec("/bin/hello"), 0);
	before = machine_count();
	assert_int_equal(write_policy("measure func=BPRM_CHECK\n"), 0);
	assert_int_equal(machine_exec("/bin/hello"), 0);
	assert_int_equal(machine_count(), before + 1); /* the policy's own */
}

static void loader_that_is_killed_loads_nothing(void **state)
{
	struct file *file;

	(void)state;
	up("none");
	file = machine_open(POLICY, O_WRONLY);
	assert_int_equal(file_write(file, "audit\n", 6, NULL), 6);
	machine.task.killed = true;
	file_put(file);
	machine.task.killed = false;
	expect_policy("");
	assert_true(logged("ima: policy update failed"));
}

static void memory_that_runs_out_at_commit_keeps_the_old_policy(void **state)
{
	char before[4096], after[4096];
	unsigned failed = 0;

	(void)state;
	up("none");
	assert_int_equal(write_policy("measure func=BPRM_CHECK\n"), 0);
	for (u64 n = 1; n < 24; n++) {
		struct file *file = machine_open(POLICY, O_WRONLY), *reader;

		for (unsigned i = 0; i < 20; i++)
			assert_int_equal(file_write(file, "audit fowner=3\n", 15, NULL), 15);
		memset(before, 0, sizeof(before));
		reader = machine_open(POLICY, O_RDONLY);
		assert_true(file_read(reader, before, sizeof(before) - 1, NULL) > 0);
		file_put(reader);
		fake_port_fail_after(n);
		file_put(file);
		fake_port_fail_after(0);
		memset(after, 0, sizeof(after));
		reader = machine_open(POLICY, O_RDONLY);
		assert_true(file_read(reader, after, sizeof(after) - 1, NULL) > 0);
		file_put(reader);
		if (strcmp(before, after) == 0)
			failed++;
		else
			break;
	}
	assert_in_range(failed, 3, 22);
	assert_true(machine_replays());
}

static void memory_that_runs_out_refuses_the_reader(void **state)
{
	struct file *file = NULL;
	int err = -ENOMEM;

	(void)state;
	up("tcb");
	for (u64 n = 1; err && n < 40; n++) {
		fake_port_fail_after(n);
		err = open_as(O_RDONLY, &machine.root, &file);
		fake_port_fail_after(0);
		assert_true(!err || err == -ENOMEM);
	}
	assert_int_equal(err, 0);
	file_put(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_take_one_line_each_and_close_commits, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_line_discards_everything_and_the_next_load_works, setup, teardown),
		cmocka_unit_test_setup_teardown(policy_without_a_rule_is_discarded, setup, teardown),
		cmocka_unit_test_setup_teardown(commit_that_fails_leaves_nothing_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(long_writes_are_cut_and_long_lines_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(file_is_loaded_whole_up_to_its_first_bad_line, setup, teardown),
		cmocka_unit_test_setup_teardown(rule_that_asks_for_signed_policies_counts_before_it_is_in_force, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rules_and_bytes_have_an_end, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_that_runs_out_refuses_and_leaks_nothing, setup, teardown),
		cmocka_unit_test_teardown(policy_file_has_one_writer_and_no_reader_beside_root, fixture_teardown),
		cmocka_unit_test_teardown(write_at_an_offset_spoils_the_load, fixture_teardown),
		cmocka_unit_test_teardown(file_that_is_empty_or_has_no_rule_loads_nothing, fixture_teardown),
		cmocka_unit_test_teardown(first_load_replaces_and_the_second_appends, fixture_teardown),
		cmocka_unit_test_teardown(each_load_records_the_digest_of_the_policy_that_results, fixture_teardown),
		cmocka_unit_test_teardown(load_that_cannot_be_recorded_changes_nothing, fixture_teardown),
		cmocka_unit_test_teardown(policy_file_of_linux_is_loaded_by_path_and_measured, fixture_teardown),
		cmocka_unit_test_teardown(signed_policy_stays_required, fixture_teardown),
		cmocka_unit_test_teardown(digests_of_files_stay_known_over_a_load, fixture_teardown),
		cmocka_unit_test_teardown(loader_that_is_killed_loads_nothing, fixture_teardown),
		cmocka_unit_test_teardown(memory_that_runs_out_at_commit_keeps_the_old_policy, fixture_teardown),
		cmocka_unit_test_teardown(memory_that_runs_out_refuses_the_reader, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
