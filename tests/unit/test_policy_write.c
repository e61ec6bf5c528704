/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_policy_write.c - the guest's policy loader against files that answer as a kernel's policy file may:
 * a packet pipe, whose reader sees each write as it was made; a full device; a plain file that shows what was written.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/fake/scratch.h"
#include "tools/policy_write.h"

static const char rules[] = "# mine\nmeasure func=BPRM_CHECK\n\n \t# more\n  dont_measure fsmagic=0x9fa0";

static struct buf text_of(const char *text)
{
	struct buf buf = { 0 };

	buf_text(&buf, text);
	return buf;
}

/* ---- arguments of what is called, so that scratch_command can catch what is said */

static int called_fd;
static struct buf called_text;
static const char *called_path;
static int called_status;

static int call_lines(int argc, char **argv)
{
	(void)argc, (void)argv;
	return policy_write_lines(called_fd, "P", &called_text);
}

static int call_path(int argc, char **argv)
{
	(void)argc;
	return policy_write_path(called_fd, argv[1]);
}

static int call_finish(int argc, char **argv)
{
	(void)argc, (void)argv;
	return policy_finish(called_fd, called_path, &called_text, called_status);
}

static int lines_to(int fd, const char *text, const char **ret_said)
{
	int status;

	called_fd = fd;
	called_text = text_of(text);
	status = scratch_command(call_lines, "x", ret_said);
	buf_free(&called_text);
	return status;
}

/* The writes one by one, with a bar after each. */
static void expect_writes(int fd, const char *want)
{
	char seen[512] = "", one[256];
	ssize_t n;

	assert_true(fd >= 0);
	while ((n = read(fd, one, sizeof(one) - 1)) > 0) {
		one[n] = 0;
		strcat(strcat(seen, one), "|");
	}
	assert_string_equal(seen, want);
}

static void each_rule_is_one_write_and_the_rest_is_left_out(void **state)
{
	const char *said;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
	assert_int_equal(lines_to(ends[1], rules, &said), 0);
	assert_string_equal(said, "");
	expect_writes(ends[0], "measure func=BPRM_CHECK\n|  dont_measure fsmagic=0x9fa0\n|");
	close(ends[0]);
	close(ends[1]);
}

static void refused_line_is_named_with_its_errno_and_ends_the_load(void **state)
{
	const char *said;
	int full = open("/dev/full", O_WRONLY), ends[2];

	(void)state;
	assert_true(full >= 0);
	assert_int_equal(lines_to(full, rules, &said), 1);
	assert_non_null(strstr(said, "P:2: the kernel refused the line: No space left on device (ENOSPC)"));
	assert_null(strstr(said, "P:5:"));
	close(full);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(lines_to(ends[1], rules, &said), 1);
	assert_non_null(strstr(said, "(EPIPE)"));
	close(ends[1]);
}

/* A pipe with room for a part of the line only. What is there then must not be taken for a policy. */
static void rule_that_was_taken_in_part_is_refused_and_spoilt(void **state)
{
	static char long_rule[8192];
	static u8 filler[65536 - 4096];
	const char *said;
	int ends[2];

	(void)state;
	memset(long_rule, ' ', sizeof(long_rule) - 1);
	memcpy(long_rule, "measure", 7);
	long_rule[sizeof(long_rule) - 2] = 'x'; /* too long for a rule, but here the kernel would be to say so */
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(write(ends[1], filler, sizeof(filler)), (int)sizeof(filler));
	assert_int_equal(lines_to(ends[1], long_rule, &said), 1);
	assert_non_null(strstr(said, "P:1: the kernel took only a part of the line (EIO)"));
	close(ends[0]);
	close(ends[1]);
}

/* The socket takes whole messages; the second one is too big for it. */
static void failed_load_ends_with_a_line_that_no_kernel_takes(void **state)
{
	static char text[262144];
	const char *said;
	int ends[2], small = 0;

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "measure\nmeasure ", 16);
	text[sizeof(text) - 2] = 'x';
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	assert_int_equal(lines_to(ends[1], text, &said), 1);
	assert_non_null(strstr(said, "P:2: the kernel refused the line: Message too long (EMSGSIZE)"));
	expect_writes(ends[0], "measure\n|aborted\n|");
	close(ends[0]);
	close(ends[1]);
}

static void path_is_one_write_and_must_be_absolute(void **state)
{
	const char *said;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
	called_fd = ends[1];
	assert_int_equal(scratch_command(call_path, "x relative", &said), 1);
	assert_non_null(strstr(said, "relative is no absolute path"));
	assert_int_equal(scratch_command(call_path, "x /etc/policy", &said), 0);
	expect_writes(ends[0], "/etc/policy\n|");
	close(ends[0]);
	close(ends[1]);
	called_fd = open("/dev/full", O_WRONLY);
	assert_int_equal(scratch_command(call_path, "x /etc/policy", &said), 1);
	assert_non_null(strstr(said, "the kernel refused the policy /etc/policy: No space left on device (ENOSPC)"));
	close(called_fd);
}

/* Finishes a load of the rules with a policy file that shows SHOWN. */
static int finish(const char *shown, int status, const char **ret_said)
{
	char *path = scratch_path("policy");
	int result;

	scratch_write_text("policy", shown);
	called_path = path;
	called_fd = open(path, O_WRONLY);
	called_text = text_of(rules);
	called_status = status;
	result = scratch_command(call_finish, "x", ret_said);
	buf_free(&called_text);
	free(path);
	return result;
}

static void loaded_rules_must_be_the_last_that_the_kernel_shows(void **state)
{
	const char *said;

	(void)state;
	assert_int_equal(finish("measure func=BPRM_CHECK \ndont_measure fsmagic=0x9fa0 \n", 0, &said), 0);
	assert_int_equal(finish("hash \nmeasure func=BPRM_CHECK \ndont_measure fsmagic=0x9fa0 \n", 0, &said), 0);
	assert_int_equal(finish("measure func=BPRM_CHECK \n", 0, &said), 1);
	assert_non_null(strstr(said, "does not show the rules that were loaded"));
	assert_int_equal(finish("", 0, &said), 1);
	assert_int_equal(finish("", 1, &said), 1);
	assert_string_equal(said, "");
}

static void policy_file_that_is_gone_after_the_load_is_believed(void **state)
{
	char *path = scratch_path("gone");
	const char *said;

	(void)state;
	called_path = path;
	called_fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(called_fd >= 0 && unlink(path) == 0);
	called_text = text_of(rules);
	called_status = 0;
	assert_int_equal(scratch_command(call_finish, "x", &said), 0);
	called_fd = -1;
	assert_int_equal(scratch_command(call_finish, "x", &said), 1);
	assert_non_null(strstr(said, "Bad file descriptor (EBADF); the policy is not in force"));
	buf_free(&called_text);
	free(path);
}

static void canonical_form_is_what_a_kernel_shows(void **state)
{
	static const char want[] = "measure func=BPRM_CHECK \ndont_measure fsmagic=0x9fa0 \n";
	struct buf text = text_of(rules), shown = { 0 };

	(void)state;
	assert_int_equal(policy_canonical("P", &text, &shown), 0);
	assert_int_equal(shown.len, strlen(want));
	assert_memory_equal(shown.bytes, want, shown.len);
	buf_free(&text);
	text = text_of("bogus\n");
	assert_int_equal(policy_canonical("P", &text, &shown), 1);
	buf_free(&text);
	buf_free(&shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_is_one_write_and_the_rest_is_left_out),
		cmocka_unit_test(refused_line_is_named_with_its_errno_and_ends_the_load),
		cmocka_unit_test(rule_that_was_taken_in_part_is_refused_and_spoilt),
		cmocka_unit_test(failed_load_ends_with_a_line_that_no_kernel_takes),
		cmocka_unit_test(path_is_one_write_and_must_be_absolute),
		cmocka_unit_test(loaded_rules_must_be_the_last_that_the_kernel_shows),
		cmocka_unit_test(policy_file_that_is_gone_after_the_load_is_believed),
		cmocka_unit_test(canonical_form_is_what_a_kernel_shows),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
