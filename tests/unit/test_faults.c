/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_faults.c - the measure path with everything in it failing once: each allocation, each command to the
 * TPM in each way, each page of a file. What was allowed is in the log, the log replays, and nothing is lost.
 */
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/core.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"

static const char policy[] = "measure func=BPRM_CHECK\n"
			     "appraise func=BPRM_CHECK appraise_type=imasig\n"
			     "measure func=MMAP_CHECK mask=MAY_EXEC pcr=12\n"
			     "measure func=FILE_CHECK mask=^MAY_READ fowner=7 template=evm-sig\n"
			     "audit func=FILE_CHECK fowner=7\n"
			     "measure func=KEXEC_CMDLINE pcr=11\n";

/* ---- what is done: each step is refused, or its record must be there once the faults are over */

static bool step_exec(void)
{
	return machine_exec("/bin/hello") == 0;
}

static bool step_map(void)
{
	struct file *file = try_file("/lib/code", O_RDONLY);
	bool allowed = file && integrity_mmap_check(&machine.task, file, 5, 5) == 0;

	file_put(file);
	return allowed;
}

static struct file *reader;

static bool step_read(void)
{
	reader = try_file("/data/file", O_RDONLY);
	return reader;
}

/* While the reader has it: a violation. */
static bool step_write(void)
{
	struct file *writer = try_file("/data/file", O_WRONLY);
	bool both = writer && reader;

	file_put(writer);
	file_put(reader);
	reader = NULL;
	return both;
}

static bool step_buffer(void)
{
	static const char line[] = "console=ttyS0";

	return integrity_measure_buffer(&machine.task, FUNC_KEXEC_CMDLINE, NULL, "kexec-cmdline",
					(struct span){ (const u8 *)line, strlen(line) }, false) == 0;
}

static const struct {
	bool (*act)(void);
	const char *record;
} steps[] = {
	{ step_exec, " /bin/hello\n" }, { step_map, "\n12 " }, { step_read, " /data/file  " },
	{ step_write, " /data/file\n" }, { step_buffer, " kexec-cmdline " },
};

static void prepare(void)
{
	machine_up(true);
	machine_copy("/etc/keys/x509_ima.der", "keys/p256.der", NULL);
	machine_write("/etc/ima/ima-policy", policy, strlen(policy), NULL);
	machine_copy("/bin/hello", "sigs/hello.txt", "sigs/p256-sha256.sig");
	machine_write("/lib/code", "code", 4, NULL);
	machine_write("/data/file", "data", 4, NULL);
	machine_inode("/data/file")->uid = 7;
}

static bool allowed[ARRAY_COUNT(steps)];

/* How many steps were refused; all when the start failed, after which the caller would halt. */
static unsigned act(void)
{
	struct integrity_config config = { .audit_informational = true };
	unsigned refused = 0;
	char why[256];

	memset(allowed, 0, sizeof(allowed));
	if (machine_start(config) ||
	    integrity_load_image_keys(&machine.context, &machine.root, why, sizeof(why)))
		return ARRAY_COUNT(steps);
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		allowed[i] = steps[i].act();
		refused += !allowed[i];
	}
	return refused;
}

static void expect_allowed_is_recorded(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
		if (allowed[i] && !listed(steps[i].record))
			fail_msg("step %zu was allowed and is not on record:\n%s", i, machine_list());
}

/* A machine that goes down must have given everything back. */
static void expect_nothing_kept(void)
{
	machine_down();
	assert_int_equal(fake_port_live(), 0);
}

static void without_a_fault_every_step_is_allowed(void **state)
{
	(void)state;
	prepare();
	assert_int_equal(act(), 0);
	expect_allowed_is_recorded();
	assert_true(machine_replays());
	expect_nothing_kept();
}

static void allocation_that_fails_refuses_or_changes_nothing(void **state)
{
	unsigned refusals = 0;
	bool fired = true;

	(void)state;
	for (u64 k = 1; fired; k++) {
		u64 before;
		unsigned refused;

		prepare();
		before = fake_port_attempts();
		fake_port_fail_after(k);
		refused = act();
		fired = fake_port_attempts() - before >= k;
		fake_port_fail_after(0);
		expect_allowed_is_recorded();
		assert_true(fired || !refused);
		assert_true(!core.log || machine_replays());
		assert_false(core.log && mlog_broken(core.log, NULL));
		refusals += refused > 0;
		expect_nothing_kept();
	}
	assert_true(refusals > 50);
}

/* A log that broke replays up to where it broke, or with the record: the TPM may have taken it. */
static void expect_log_as_the_tpm(unsigned refused)
{
	if (!core.log)
		return;
	if (mlog_broken(core.log, NULL))
		assert_true(refused > 0 && integrity_log_broken());
	else
		assert_true(machine_replays());
}

static void tpm_command_that_fails_refuses_or_is_made_good(void **state)
{
	static const enum fake_fault faults[] = { FAKE_STALL, FAKE_DROP_BEFORE, FAKE_DROP_AFTER, FAKE_SHORT, FAKE_RC,
						  FAKE_ONES, FAKE_GONE_ONES, FAKE_GONE_AFTER, FAKE_HALF,
						  FAKE_NO_LOCALITY };
	unsigned broken = 0, good = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(faults); i++) {
		bool fired = true;

		for (u64 k = 1; fired; k++) {
			u64 before;
			unsigned refused;

			prepare();
			before = machine.fake.commands;
			machine.fake.fault = faults[i];
			machine.fake.fault_at = before + k;
			machine.fake.fault_rc = 0x101; /* TPM_RC_FAILURE */
			refused = act();
			fired = machine.fake.commands - before >= k;
			machine.fake.fault = FAKE_FAULT_NONE;
			expect_allowed_is_recorded();
			expect_log_as_the_tpm(refused);
			broken += core.log && mlog_broken(core.log, NULL);
			good += fired && !refused;
			expect_nothing_kept();
		}
	}
	assert_true(broken > 20 && good > 10);
}

/* ---- pages */

static void page_that_cannot_be_read_refuses(void **state)
{
	static const char *const files[] = { "/bin/hello", "/lib/code", "/data/file", "/etc/ima/ima-policy",
					     "/etc/keys/x509_ima.der" };
	u64 failing;
	unsigned refused = 1;

	(void)state;
	for (failing = 1; refused; failing++) {
		prepare();
		for (size_t i = 0; i < ARRAY_COUNT(files); i++)
			fixture_watch_pages(files[i]);
		fixture_pages = (struct fixture_pages){ .failing = failing, .err = -EIO };
		refused = act();
		expect_allowed_is_recorded();
		assert_true(refused || fixture_pages.asked < failing);
		assert_true(machine_replays());
		expect_nothing_kept();
	}
	assert_true(failing > ARRAY_COUNT(files));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_fault_every_step_is_allowed),
		cmocka_unit_test(allocation_that_fails_refuses_or_changes_nothing),
		cmocka_unit_test(tpm_command_that_fails_refuses_or_is_made_good),
		cmocka_unit_test(page_that_cannot_be_read_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
