/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_run.c - `assay run`: what is refused before a machine starts, with one sentence and status 125.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fake/scratch.h"
#include "tools/commands.h"
#include "tools/run_proc.h"

struct refused {
	const char *words;
	const char *said; /* a part of the sentence */
};

static const struct refused refused[] = {
	{ "run", "give the image" },
	{ "run a b", "give one image" },
	{ "run --bogus a", "unknown option --bogus" },
	{ "run a --tpm", "--tpm needs a value" },
	{ "run a --tpm usb", "crb, tis or none" },
	{ "run a --tpm none --tpm-state @s", "goes with neither" },
	{ "run a --tpm none --tpm-banks sha1", "goes with neither" },
	{ "run a --tpm-banks sha1,md5", "--tpm-banks" },
	{ "run a --tpm-banks sha1,sha1", "--tpm-banks" },
	{ "run a --tpm-banks sha1,", "--tpm-banks" },
	{ "run a --memory 0", "--memory" },
	{ "run a --memory 12x", "--memory" },
	{ "run a --memory 99999999999999999999999", "--memory" },
	{ "run a --timeout 0", "--timeout" },
	{ "run a --timeout -1", "--timeout" },
	{ "run a --share @absent", "is not a folder" },
	{ "run a --share @absent:tag", "is not a folder" },
	{ "run a --share /tmp:", "the tag must have" },
	{ "run a --share /tmp:0123456789012345678901234567890123", "the tag must have" },
	{ "run a --share /tmp --share /", "given twice" },
	{ "run a --disk @absent", "cannot be read and written" },
	{ "run a --port x", "NAME=SOCKET" },
	{ "run a --port =x", "NAME=SOCKET" },
	{ "run a --port x=", "NAME=SOCKET" },
	{ "run a --port a,b=x", "comma" },
	{ "run a --load-options a\tb", "--load-options" },
	{ "run a --load-options \xff", "--load-options" },
	{ "run @absent", "cannot open the image" },
	{ "run @text", "is not an EFI image" },
	{ "run /tmp", "is not an EFI image" },
};

static void run_refuses_with_a_sentence_and_125(void **state)
{
	(void)state; /* the folder */
	scratch_write_text("text", "no image");
	for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
		const char *said;

		assert_int_equal(scratch_command(cmd_run, refused[i].words, &said), 125);
		if (!strstr(said, refused[i].said))
			fail_msg("%s: %s", refused[i].words, said);
	}
	assert_int_equal(scratch_count(), 1); /* nothing was left behind */
}

static void proc_run_tells_why_a_program_failed(void **state)
{
	struct args missing = { NULL, 0 }, failing = { NULL, 0 }, good = { NULL, 0 };
	char *log = scratch_path("log");

	(void)state; /* the folder */
	args_add(&missing, "no-such-program-here");
	args_add(&failing, "sh");
	args_add(&failing, "-c");
	args_add(&failing, "echo first; echo the reason >&2; exit 3");
	args_add(&good, "true");
	assert_int_equal(proc_run(&missing, log), CLI_FAILED);
	assert_int_equal(proc_run(&failing, log), CLI_FAILED);
	assert_int_equal(scratch_sh("tail -n 1 $D/log | grep -qx 'the reason'"), 0);
	assert_int_equal(proc_run(&good, log), CLI_OK);
	args_free(&missing);
	args_free(&failing);
	args_free(&good);
	free(log);
}

static void temp_remove_takes_everything_with_it(void **state)
{
	char *dir = NULL;

	(void)state; /* the folder */
	assert_int_equal(setenv("TMPDIR", getenv("D"), 1), 0);
	dir = temp_make();
	assert_non_null(dir);
	assert_int_equal(scratch_sh("cd $D/assay-run.* && touch a && mkdir tpm && touch tpm/b tpm/.lock"), 0);
	temp_remove(dir);
	assert_int_equal(scratch_count(), 0);
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	assert_null(temp_make());
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(run_refuses_with_a_sentence_and_125, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(proc_run_tells_why_a_program_failed, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(temp_remove_takes_everything_with_it, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
