/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_run_console.c - which line of the console ends a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/run_console.h"

struct console_case {
	const char *text;
	enum console_end end;
	int status;
};

static const struct console_case cases[] = {
	{ "assay: init exited with status 0\n", CONSOLE_EXITED, 0 },
	{ "hello\r\nassay: init exited with status 255\r\n", CONSOLE_EXITED, 255 },
	{ "no newline yetassay: init exited with status 3\n", CONSOLE_EXITED, 3 },
	{ "assay: init exited with status 3\n\r\n\n", CONSOLE_EXITED, 3 },
	{ "\x1b[2J\x1b[01;01Hassay: init exited with status 4\x1b[0m\r\n", CONSOLE_EXITED, 4 },
	{ "assay: halted: no /init\n", CONSOLE_HALTED, 0 },
	{ "assay: init exited with status 3", CONSOLE_RUNNING, 0 },           /* the line has no end */
	{ "assay: init exited with status 256\n", CONSOLE_RUNNING, 0 },
	{ "assay: init exited with status -1\n", CONSOLE_RUNNING, 0 },
	{ "assay: init exited with status \n", CONSOLE_RUNNING, 0 },
	{ "assay: init exited with status 3x\n", CONSOLE_RUNNING, 0 },
	{ "assay: init exited with status 3\nmore\n", CONSOLE_RUNNING, 0 },
	{ "assay: init exited with status 3\nm", CONSOLE_RUNNING, 0 },
	{ "assay: halted: x\nassay: init exited with status 9\n", CONSOLE_EXITED, 9 },
	{ "", CONSOLE_RUNNING, 0 },
	{ "\n", CONSOLE_RUNNING, 0 },
};

static void console_feed_last_line_decides(void **state)
{
	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		for (size_t step = 1; step < 40; step += 3) {
			struct console c = { .len = 0 };
			size_t len = strlen(cases[i].text);

			for (size_t at = 0; at < len; at += step)
				console_feed(&c, cases[i].text + at, min_u64(step, len - at));
			assert_int_equal(c.end, cases[i].end);
			if (c.end == CONSOLE_EXITED)
				assert_int_equal(c.status, cases[i].status);
		}
	}
}

static void console_feed_long_lines_say_nothing(void **state)
{
	struct console c = { .len = 0 };

	(void)state; /* none */
	for (size_t i = 0; i < 3 * CONSOLE_LINE_MAX; i++)
		console_feed(&c, "x", 1);
	console_feed(&c, "assay: halted: x\n", 17);
	assert_int_equal(c.end, CONSOLE_RUNNING);
	console_feed(&c, "assay: halted: x\n", 17);
	assert_int_equal(c.end, CONSOLE_HALTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(console_feed_last_line_decides),
		cmocka_unit_test(console_feed_long_lines_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
