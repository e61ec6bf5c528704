/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_conformance.c - what docs/CONFORMANCE.md says and no other program shows: which files make records,
 * and what becomes of the state of an object.
 */
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/icache.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"

/* Runs the program; it makes so many records. */
static void expect_records(const char *path, size_t made)
{
	size_t before = machine_count();

	assert_int_equal(machine_exec(path), 0);
	assert_int_equal(machine_count() - before, made);
}

static void remove_file(const char *path)
{
	assert_int_equal(vfs_unlink(&machine.context, NULL, path, false, &machine.root), 0);
}

static void names_and_contents_make_records_of_their_own(void **state)
{
	(void)state;
	machine_boot("tcb");
	expect_records("/bin/hello", 1);
	machine_copy("/bin/hello2", "sigs/hello.txt", NULL);
	expect_records("/bin/hello2", 1);
	remove_file("/bin/hello2");
	machine_copy("/bin/hello2", "sigs/hello.txt", NULL); /* another inode */
	expect_records("/bin/hello2", 0);
	machine_write("/bin/hello2", "other", 5, NULL);
	expect_records("/bin/hello2", 1);
	assert_true(machine_replays());
}

static void state_of_an_object_goes_with_it(void **state)
{
	u64 live;

	(void)state;
	machine_boot("tcb");
	expect_records("/bin/hello", 1); /* whatever is made on first use is there */
	live = fake_port_live();
	machine_write("/bin/gone", "hello\n", 6, NULL);
	machine_write("/bin/gone2", "hello\n", 6, NULL);
	remove_file("/bin/gone2");
	expect_records("/bin/gone", 1);
	assert_non_null(machine_inode("/bin/gone")->integrity);
	assert_true(fake_port_live() > live);
	remove_file("/bin/gone");
	assert_int_equal(fake_port_live(), live);
}

static void violation_counter_stops_at_the_last_number(void **state)
{
	(void)state;
	machine_up(true);
	assert_true(count_up(0) == 1 && count_up(UINT64_MAX - 1) == UINT64_MAX);
	assert_true(count_up(UINT64_MAX) == UINT64_MAX);
}

#define TEST(test) cmocka_unit_test_teardown(test, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_and_contents_make_records_of_their_own),
		TEST(state_of_an_object_goes_with_it),
		TEST(violation_counter_stops_at_the_last_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
