/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/test_assay.c - the program's own words: help, version, unknown commands, licences, exit statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/fake/scratch.h"

#define main assay_main
int assay_main(int argc, char **argv);
#include "tools/assay.c"
#undef main

static struct buf answer;

/* What the program writes to stdout goes to *answer, its stderr to *ret_said. */
static int run(const char *words, const char **ret_said)
{
	int saved = dup(STDOUT_FILENO), status;
	char *path = scratch_path("stdout");
	FILE *file = fopen(path, "w");

	assert_true(saved >= 0 && file && fflush(stdout) == 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
	status = scratch_command(assay_main, words, ret_said);
	assert_true(fflush(stdout) == 0 && dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	(void)fclose(file);
	free(path);
	buf_free(&answer);
	answer = scratch_read("stdout");
	buf_append(&answer, "", 1);
	return status;
}

static bool answers(const char *text)
{
	return strstr((const char *)answer.bytes, text) != NULL;
}

static void assay_help_lists_commands(void **state)
{
	static const char *const ways[] = { "assay --help", "assay -h", "assay help" };
	const char *said;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(ways); i++) {
		assert_int_equal(run(ways[i], &said), 0);
		assert_string_equal(said, "");
		for (size_t k = 0; k < ARRAY_COUNT(commands); k++)
			assert_true(answers(commands[k].name));
		assert_false(answers("verify"));
	}
}

static void assay_each_command_has_help(void **state)
{
	const char *said;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		char *direct = cli_text("assay %s --help", commands[i].name);
		char *asked = cli_text("assay help %s", commands[i].name);
		char *usage = cli_text("Usage: assay %s", commands[i].name);

		assert_int_equal(run(direct, &said), 0);
		assert_true(answers(usage) && answers("Exit status: ") && answers("; 2 the command line was"));
		assert_int_equal(run(asked, &said), 0);
		assert_true(answers(usage));
		free(direct);
		free(asked);
		free(usage);
	}
}

static void assay_version_is_one_line(void **state)
{
	const char *said;

	(void)state;
	assert_int_equal(run("assay --version", &said), 0);
	assert_string_equal((const char *)answer.bytes, "assay " ASSAY_VERSION "\n");
}

static void assay_unknown_command_exits_2(void **state)
{
	const char *said;

	(void)state;
	assert_int_equal(run("assay frobnicate", &said), 2);
	assert_non_null(strstr(said, "'frobnicate'"));
	assert_int_equal(run("assay help frobnicate", &said), 2);
	assert_non_null(strstr(said, "'frobnicate'"));
	assert_int_equal(run("assay", &said), 2);
	assert_non_null(strstr(said, "--help"));
	assert_int_equal(run("assay verify", &said), 2);
}

static void assay_licenses_is_third_party_md(void **state)
{
	const char *said;
	struct buf file = { 0 };

	(void)state;
	assert_int_equal(run("assay licenses", &said), 0);
	assert_int_equal(cli_read_file("THIRD_PARTY.md", 1u << 20, &file), 0);
	assert_int_equal(answer.len - 1, file.len);
	assert_memory_equal(answer.bytes, file.bytes, file.len);
	assert_true(answers("Mbed TLS") && answers("tpm2-tss") && answers("GNU-EFI") && answers("libarchive"));
	buf_free(&file);
	assert_int_equal(run("assay licenses extra", &said), 2);
}

static int finish(void **state)
{
	buf_free(&answer);
	return scratch_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(assay_help_lists_commands),
		cmocka_unit_test(assay_each_command_has_help),
		cmocka_unit_test(assay_version_is_one_line),
		cmocka_unit_test(assay_unknown_command_exits_2),
		cmocka_unit_test(assay_licenses_is_third_party_md),
	};

	return cmocka_run_group_tests(tests, scratch_setup, finish);
}
