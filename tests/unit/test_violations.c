/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_violations.c - readers and writers that overlap, as a Linux 7.2 recorded them, and the counter's end.
 *
 * The log's source is compiled into this test, so that its counter can be set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/core.h"
#include "kernel/integrity/mlog.c"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"

static void boot_with(const char *policy)
{
	machine_up(true);
	fixture_start((struct integrity_config){ 0 }, policy);
}

/* What a program does to one file: r, w, b open it to read, to write, for both; x maps it executable; then all go. */
static void act(const char *path, const char *steps)
{
	struct file *files[8];
	size_t count = 0;

	for (const char *s = steps; *s; s++) {
		if (*s == 'x') {
			assert_int_equal(integrity_mmap_check(&machine.task, files[count - 1], PROT_READ_EXEC,
							      PROT_READ_EXEC), 0);
			continue;
		}
		assert_true(count < ARRAY_COUNT(files));
		files[count++] = machine_open(path, *s == 'r' ? O_RDONLY : *s == 'w' ? O_WRONLY : O_RDWR);
	}
	for (size_t i = 0; i < count; i++)
		file_put(files[i]);
}

/* The captured list without what stands for another machine: boot_aggregate and the host's program. */
static char *captured_list(void)
{
	struct span text = golden_read("lists/violations/ascii_runtime_measurements_sha256");
	char *out = calloc(1, text.len + 1), *copy = calloc(1, text.len + 1), *save = NULL;

	memcpy(copy, text.base, text.len);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strstr(line, " boot_aggregate") && !strstr(line, " /t/vprog"))
			strcat(strcat(out, line), "\n");
	free(copy);
	golden_free(text);
	return out;
}

/* Lines about violations that ended in how. */
static unsigned lines(const char *cause, const char *how)
{
	unsigned count = 0;
	char want[64];

	snprintf(want, sizeof(want), "op=invalid_pcr cause=%s ", cause);
	for (const char *at = fake_port_log_text(); (at = strstr(at, want)); at++)
		count += memmem(at, strcspn(at, "\n"), how, strlen(how)) != NULL;
	return count;
}

/* Steps, counter of violations and length of the list after them as the captured session printed them. */
static void session_of_a_linux_is_recorded_to_the_byte(void **state)
{
	static const struct {
		const char *file, *steps;
		u64 violations;
		size_t count;
	} session[] = {
		{ "v1", "r", 0, 2 }, { "v2", "br", 1, 4 }, { "v3", "brrr", 2, 6 }, { "v4", "rw", 3, 8 },
		{ "v5", "rwww", 4, 10 }, { "v6", "rwrw", 7, 14 }, { "v7", "br", 8, 16 }, { "v4", "rw", 9, 17 },
		{ "v2", "br", 10, 18 }, { "v2", "r", 10, 18 }, { "v8", "r", 10, 19 }, { "v9", "brx", 11, 21 },
		{ "v10", "wr", 12, 23 }, { "v11", "rw", 13, 25 }, { "v12", "wrw", 15, 28 },
	};
	size_t base;
	char path[16], content[16], *want;
	const char *mine;

	(void)state;
	boot_with("measure func=FILE_CHECK mask=^MAY_READ fowner=1000\n"
		  "measure func=MMAP_CHECK mask=MAY_EXEC fowner=1000\n"
		  "measure func=BPRM_CHECK fowner=1000\n");
	base = machine_count();
	for (unsigned i = 1; i <= 12; i++) {
		snprintf(path, sizeof(path), "/t/v%u", i);
		snprintf(content, sizeof(content), i == 8 ? "file %u\nw" : "file %u\n", i);
		machine_write(path, content, strlen(content), NULL);
		machine_inode(path)->uid = 1000;
	}
	for (size_t i = 0; i < ARRAY_COUNT(session); i++) {
		snprintf(path, sizeof(path), "/t/%s", session[i].file);
		act(path, session[i].steps);
		if (mlog_violations(core.log) != session[i].violations ||
		    machine_count() - base + 1 != session[i].count)
			fail_msg("%s %s: %llu violations, %zu records", session[i].file, session[i].steps,
				 (unsigned long long)mlog_violations(core.log), machine_count() - base + 1);
	}
	assert_int_equal(lines("ToMToU", " res=1 errno=0"), 7);
	assert_int_equal(lines("open_writers", " res=1 errno=0"), 8);
	want = captured_list();
	mine = strstr(machine_list(), "/etc/ima/ima-policy\n");
	assert_non_null(mine);
	assert_string_equal(strchr(mine, '\n') + 1, want);
	free(want);
	assert_true(machine_replays());
}

static void truncating_open_is_judged_before_the_content_goes(void **state)
{
	struct file *reader;
	size_t base;

	(void)state;
	boot_with("measure func=FILE_CHECK mask=^MAY_READ fowner=0\n"
		  "measure func=FILE_CHECK mask=^MAY_WRITE fowner=7\n");
	machine_write("/t/a", "aaa", 3, NULL);
	reader = machine_open("/t/a", O_RDONLY);
	base = machine_count();
	file_put(machine_open("/t/a", O_WRONLY | O_TRUNC));
	assert_int_equal(machine_count(), base + 1);
	assert_true(logged("cause=ToMToU comm=\"sh\" name=\"/t/a\""));
	file_put(reader);
	file_put(machine_open("/t/a", O_RDONLY)); /* now empty: another content */
	assert_int_equal(machine_count(), base + 2);
	machine_write("/t/b", "bbb", 3, NULL);
	machine_inode("/t/b")->uid = 7;
	file_put(machine_open("/t/b", O_RDONLY | O_TRUNC)); /* asks for MAY_WRITE by O_TRUNC, and finds three bytes */
	assert_non_null(strstr(machine_list(),
			       " sha256:3e744b9dc39389baf0c5a0660589b8402f3dbb49b89b3e75f2c9355852a3c677 /t/b\n"));
}

static void append_asks_for_another_mask_than_write(void **state)
{
	(void)state;
	boot_with("measure func=FILE_CHECK mask=MAY_WRITE fowner=7 pcr=12\n"
		  "measure func=FILE_CHECK mask=^MAY_APPEND fowner=7 pcr=11\n");
	machine_write("/t/a", "a", 1, NULL);
	machine_inode("/t/a")->uid = 7;
	file_put(machine_open("/t/a", O_WRONLY | O_APPEND));
	assert_null(strstr(machine_list(), "\n12 "));
	assert_non_null(strstr(machine_list(), "\n11 "));
	file_put(machine_open("/t/a", O_WRONLY));
	assert_non_null(strstr(machine_list(), "\n12 "));
}

/* One inode by two names: the state is the inode's, the name that of the open. */
static void other_name_of_a_file_is_the_same_file(void **state)
{
	struct file *reader;
	struct path path;
	size_t base;

	(void)state;
	boot_with("measure func=FILE_CHECK mask=MAY_READ fowner=7\n");
	machine_write("/t/a", "a", 1, NULL);
	machine_inode("/t/a")->uid = 7;
	assert_int_equal(path_walk(&machine.context, NULL, "/t/a", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_link(&machine.context, &path, NULL, "/t/b", &machine.root), 0);
	path_put(&path);
	base = machine_count();
	file_put(machine_open("/t/b", O_RDONLY));
	reader = machine_open("/t/a", O_RDONLY);
	assert_int_equal(machine_count(), base + 1);
	file_put(machine_open("/t/b", O_WRONLY));
	assert_int_equal(machine_count(), base + 2);
	assert_true(logged("cause=ToMToU comm=\"sh\" name=\"/t/b\""));
	file_put(reader);
}

/* Each allocation of an open fails in turn; the overlap is there all the time, and recorded in the end, once. */
static void fail_each_allocation(u32 flags, size_t recorded)
{
	size_t base = machine_count();
	unsigned refused = 0;
	int err = -ENOMEM;

	for (u64 k = 1; err; k++, refused += err == -ENOMEM) {
		fake_port_fail_after(k);
		err = try_open("/t/a", flags);
		assert_true(!err || err == -ENOMEM);
		assert_int_equal(machine_count(), base + (err ? 0 : recorded));
	}
	fake_port_fail_after(0);
	assert_true(refused >= 3);
	assert_int_equal(try_open("/t/a", flags), 0);
	assert_int_equal(machine_count(), base + recorded);
	assert_true(machine_replays());
}

static void violation_that_could_not_be_recorded_stays_due(void **state)
{
	struct file *held;

	(void)state;
	boot_with("measure func=FILE_CHECK mask=MAY_READ fowner=7\n");
	machine_write("/t/a", "a", 1, NULL);
	machine_inode("/t/a")->uid = 7;
	held = machine_open("/t/a", O_RDONLY);
	fail_each_allocation(O_WRONLY, 1);
	assert_true(lines("ToMToU", " res=0 errno=0") > 0); /* where memory lasted for the line */
	assert_true(mlog_violations(core.log) > 1); /* seen more than once */
	file_put(held);
	held = machine_open("/t/a", O_WRONLY);
	fail_each_allocation(O_RDONLY, 1);
	file_put(held);
}

/* The older template has room for 255 bytes of a name: the last component stands for a longer path. */
static void long_name_in_the_older_template_is_its_last_component(void **state)
{
	struct integrity_config config = { .hash_name = "sha1", .template_name = "ima", .policy_names = "tcb" };
	struct file *reader;
	char path[320] = "/t/";

	(void)state;
	memset(path + 3, 'd', 200);
	strcpy(path + 203, "/");
	memset(path + 204, 'n', 100);
	machine_up(true);
	machine_write(path, "x", 1, NULL);
	assert_int_equal(machine_start(config), 0);
	reader = machine_open(path, O_RDONLY);
	file_put(machine_open(path, O_WRONLY));
	file_put(reader);
	assert_int_equal(mlog_violations(core.log), 1);
	assert_null(strstr(machine_list(), "/t/"));
	snprintf(path + 304, 16, "\n");
	assert_non_null(strstr(machine_list(), path + 204));
	assert_non_null(strstr(strstr(machine_list(), " 0000000000000000000000000000000000000000 n"), path + 204));
	assert_true(machine_replays());
}

static void counter_of_violations_stops_at_its_end(void **state)
{
	(void)state;
	machine_boot("tcb");
	core.log->violations = UINT64_MAX - 1;
	mlog_count_violation(core.log);
	assert_true(mlog_violations(core.log) == UINT64_MAX);
	mlog_count_violation(core.log);
	assert_true(mlog_violations(core.log) == UINT64_MAX);
}

#define CASE(test) cmocka_unit_test_teardown(test, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(session_of_a_linux_is_recorded_to_the_byte),
		CASE(truncating_open_is_judged_before_the_content_goes),
		CASE(append_asks_for_another_mask_than_write),
		CASE(other_name_of_a_file_is_the_same_file),
		CASE(violation_that_could_not_be_recorded_stays_due),
		CASE(long_name_in_the_older_template_is_its_last_component),
		CASE(counter_of_violations_stops_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
