/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_icache.c - when two looks at a file are looks at the same bytes: the whole truth table.
 */
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/icache.h"

static const struct change_id first = { .dev = 5, .ino = 9, .cookie = 100, .ctime = { 1000, 500 },
					.has_cookie = true, .has_ctime = true };

static bool differs_with(struct change_id then, struct change_id now)
{
	bool one_way = change_id_differs(&then, &now);

	assert_int_equal(change_id_differs(&now, &then), one_way);
	return one_way;
}

static void equal_cookies_of_one_object_are_one_content_whatever_the_times(void **state)
{
	struct change_id now = first;

	(void)state;
	assert_false(differs_with(first, now));
	now.ctime = (struct vtime){ 7, 7 };
	assert_false(differs_with(first, now));
	now.has_ctime = false;
	assert_false(differs_with(first, now));
	now = first;
	now.cookie++;
	assert_true(differs_with(first, now));
}

static void another_object_differs_with_the_same_stamps(void **state)
{
	struct change_id now = first;

	(void)state;
	now.ino++;
	assert_true(differs_with(first, now));
	now = first;
	now.dev++;
	assert_true(differs_with(first, now));
	now.ino++;
	assert_true(differs_with(first, now));
}

/* The pair is compared whole: no sum of its parts, and no second alone. */
static void without_a_cookie_on_a_side_the_whole_ctime_decides(void **state)
{
	static const struct {
		struct vtime ctime;
		bool differs;
	} rows[] = {
		{ { 1000, 500 }, false }, { { 1000, 501 }, true }, { { 1001, 500 }, true }, { { 1001, 499 }, true },
		{ { 999, 501 }, true }, { { 500, 1000 }, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		for (unsigned sides = 1; sides < 4; sides++) { /* 1: then has none, 2: now, 3: both */
			struct change_id then = first, now = first;

			now.ctime = rows[i].ctime;
			then.has_cookie = !(sides & 1);
			now.has_cookie = !(sides & 2);
			now.cookie++; /* one that does not count */
			assert_int_equal(differs_with(then, now), rows[i].differs);
		}
}

static void nothing_to_compare_counts_as_changed(void **state)
{
	struct change_id then = first, now = first;

	(void)state;
	now.has_cookie = now.has_ctime = false;
	assert_true(differs_with(first, now));
	then.has_cookie = then.has_ctime = false;
	assert_true(differs_with(then, now));
	now = first;
	now.has_cookie = then.has_ctime = true;
	now.has_ctime = false; /* each has what the other lacks */
	assert_true(differs_with(then, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_cookies_of_one_object_are_one_content_whatever_the_times),
		cmocka_unit_test(another_object_differs_with_the_same_stamps),
		cmocka_unit_test(without_a_cookie_on_a_side_the_whole_ctime_decides),
		cmocka_unit_test(nothing_to_compare_counts_as_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
