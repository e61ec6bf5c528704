/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_run.c - `assay run`: what is refused before a machine starts, with one sentence; status 2 for the
 * command line, 125 for the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>

#include "tests/fake/scratch.h"
#include "tools/commands.h"
#include "tools/run_proc.h"

struct refused {
	const char *words;
	const char *said; /* a part of the sentence */
};

static const struct refused misspelt[] = {
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
	{ "run a --tpm-state=", "--tpm-state is empty" },
	{ "run a --timeout -1", "--timeout" },
	{ "run a --share /tmp:", "the tag must have" },
	{ "run a --share /tmp:0123456789012345678901234567890123", "the tag must have" },
	{ "run a --share /tmp --share /", "given twice" },
	{ "run a --port x", "NAME=SOCKET" },
	{ "run a --port =x", "NAME=SOCKET" },
	{ "run a --port x=", "NAME=SOCKET" },
	{ "run a --port a,b=x", "comma" },
	{ "run a --load-options a\tb", "--load-options" },
	{ "run a --load-options \xff", "--load-options" },
};

static const struct refused refused[] = {
	{ "run a --share @absent", "is not a folder" },
	{ "run a --share @absent:tag", "is not a folder" },
	{ "run a --disk @absent", "is not a file that can be read and written" },
	{ "run a --disk /tmp", "is not a file that can be read and written" },
	{ "run a --tpm-state @text", "is not a folder" },
	{ "run a --port p=/dev/null", "is there already and is not a socket" },
	{ "run @text --serial @text", "would be overwritten" },
	{ "run @absent", "cannot open the image" },
	{ "run /dev/null", "is not an EFI image" },
	{ "run @text", "is not an EFI image" },
	{ "run /tmp", "is not an EFI image" },
};

static void expect(const struct refused *row, int status)
{
	const char *said;
	int seen = scratch_command(cmd_run, row->words, &said);

	if (seen != status || !strstr(said, row->said) || strncmp(said, "assay", 5) != 0)
		fail_msg("%s: %d %s", row->words, seen, said);
}

static void run_refuses_with_a_sentence_and_its_status(void **state)
{
	(void)state; /* the folder */
	scratch_write_text("text", "no image");
	for (size_t i = 0; i < ARRAY_COUNT(misspelt); i++)
		expect(&misspelt[i], 2);
	for (size_t i = 0; i < ARRAY_COUNT(refused); i++)
		expect(&refused[i], 125);
	assert_int_equal(scratch_count(), 1); /* nothing was left behind */
}

#define IN_USE "is in use by another assay run, process 4711"
#define RUN_STATE " --tpm-state @state"

/* The folder `state`, as a run with process number 4711 holds it. */
static int held_state(void)
{
	char *path = NULL;
	int fd;

	assert_int_equal(scratch_sh("mkdir $D/state && cd $D/state && echo 4711 >assay.lock &&"
				    "echo 4712 >swtpm.pid"), 0);
	path = scratch_path("state/assay.lock");
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0);
	free(path);
	return fd;
}

/* A stub whose only section has this name. */
static struct buf image_with(const char *section)
{
	struct buf pe;
	u8 *name;

	scratch_stub("stub");
	pe = scratch_read("stub");
	name = memmem(pe.bytes, pe.len, ".text\0\0\0", 8);
	assert_non_null(name);
	memcpy(name, section, 8);
	scratch_write("image", pe.bytes, pe.len);
	return pe;
}

/* That state is held, so that an image which is found good goes no further. */
static void run_takes_a_whole_image_only(void **state)
{
	int lock = held_state();
	struct buf pe = image_with(".linux\0");

	(void)state; /* the folder */
	expect(&(struct refused){ "run @image" RUN_STATE, IN_USE }, 125);
	for (size_t len = 1; len < pe.len; len += len > 2 && len < 0x3f0 ? 3 : 13) {
		scratch_write("cut", pe.bytes, len);
		expect(&(struct refused){ "run @cut" RUN_STATE, len < 2 ? "is not an EFI image" : "cut or damaged" },
		       125);
	}
	store_le16(pe.bytes + 0x84, 0xaa64); /* 64-bit ARM */
	scratch_write("arm", pe.bytes, pe.len);
	expect(&(struct refused){ "run @arm" RUN_STATE, "no EFI application for x86-64" }, 125);
	buf_free(&pe);
	pe = image_with(".other\0");
	expect(&(struct refused){ "run @image" RUN_STATE, "has no section .linux" }, 125);
	buf_free(&pe);
	(void)close(lock);
}

static void run_leaves_a_state_in_use_alone(void **state)
{
	int lock = held_state();
	struct buf pe = image_with(".linux\0");

	(void)state; /* the folder */
	expect(&(struct refused){ "run @image" RUN_STATE, IN_USE }, 125);
	assert_int_equal(scratch_sh("test $(cat $D/state/swtpm.pid) = 4712 && test $(ls $D/state | wc -l) = 2"), 0);
	buf_free(&pe);
	(void)close(lock);
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
		cmocka_unit_test_setup_teardown(run_refuses_with_a_sentence_and_its_status, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(run_takes_a_whole_image_only, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(run_leaves_a_state_in_use_alone, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(proc_run_tells_why_a_program_failed, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(temp_remove_takes_everything_with_it, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
