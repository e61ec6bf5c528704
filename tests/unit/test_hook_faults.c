/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_hook_faults.c - each hook with each thing on its way failing once: every allocation, every command of
 * the TPM in every manner, every page of the content. Beyond test_faults.c each act is alone, and is tried again.
 *
 * What must hold after each: an act that was allowed is in the list; the list replays to the PCRs in every bank, or the
 * log says that it broke, at its last record, and then nothing that needs a record is allowed; what was refused for
 * want of something is allowed when it is there again, and recorded; nothing is left behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/core.h"
#include "kernel/integrity/secnodes.h"
#include "kernel/integrity/service.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"
#include "tools/log_parse.h"

static const char rules[] =
	"measure func=BPRM_CHECK pcr=11\n"
	"measure func=MMAP_CHECK template=evm-sig\n"
	"measure func=FILE_CHECK mask=MAY_READ fowner=7 template=ima-sig\n"
	"measure func=CREDS_CHECK uid=1000 template=ima-sigv2\n"
	"measure func=KEY_CHECK\n"
	"measure func=CRITICAL_DATA template=ima-ng\n"
	"appraise func=BPRM_CHECK appraise_type=imasig\n"
	"audit func=BPRM_CHECK\n";

static struct file *held; /* opened before the fault */

/* ---- the acts */

static int act_exec(void)
{
	return machine_exec("/bin/hello");
}

static int act_creds(void)
{
	return integrity_creds_check(&machine.task, held, &machine.user);
}

static int act_mmap(void)
{
	return integrity_mmap_check(&machine.task, held, PROT_READ_EXEC, PROT_READ_EXEC);
}

static int act_mprotect(void)
{
	return integrity_mprotect_check(&machine.task, held);
}

static int act_read(void)
{
	return try_open("/t/data", O_RDONLY);
}

static int act_write(void)
{
	return try_open("/t/data", O_WRONLY);
}

static int act_buffer(void)
{
	static const struct span bytes = { (const u8 *)"state", 5 };

	return integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "label", "critical", bytes, 1);
}

static int act_key(void)
{
	return core_measure_keys();
}

/* The service's steps, as a caller of its own would take them. */
static int act_service(void)
{
	const struct policy_query query = { .func = FUNC_FILE_CHECK, .mask = MAY_READ, .cred = &machine.root,
					    .inode = held->inode };
	struct policy_decision decision;
	struct digest digest;
	int err;

	if (!integrity_must_measure(&query, &decision)) return -ENOENT;
	err = integrity_collect(held, HASH_SHA256, &digest);
	return err ? err : integrity_store_file(&machine.task, held, &digest, &decision);
}

static void hold_hello(void)
{
	held = machine_open("/bin/hello", O_RDONLY);
}

static void hold_reader(void)
{
	held = machine_open("/t/data", O_RDONLY);
}

static void hold_writer(void)
{
	held = machine_open("/t/data", O_WRONLY);
}

/* The list has what once it did not have, when the act is allowed. */
static const struct act {
	const char *name;
	void (*before)(void);
	int (*run)(void);
	const char *recorded;
	size_t records, pages;
} acts[] = {
	{ "exec", NULL, act_exec, " /bin/hello\n", 1, 1 },
	{ "creds", hold_hello, act_creds, " ima-sigv2 ima:sha256:", 1, 1 },
	{ "mmap", hold_hello, act_mmap, " evm-sig sha256:", 1, 1 },
	{ "mprotect", hold_hello, act_mprotect, " evm-sig sha256:", 1, 1 },
	{ "open", NULL, act_read, " /t/data 030206", 1, 2 },
	{ "service", hold_writer, act_service, " /t/data 030206", 1, 2 },
	{ "ToMToU", hold_reader, act_write, " ima-ng sha256:00000000000000000000000000000000", 1, 0 },
	{ "open_writers", hold_writer, act_read, " ima-ng sha256:00000000000000000000000000000000", 2, 2 },
	{ "buffer", NULL, act_buffer, " critical\n", 1, 0 },
	{ "key", NULL, act_key, " .ima ", 1, 0 },
};

static void start(const struct act *act)
{
	static u8 content[PAGE_SIZE + 10];

	machine_up(true);
	machine_copy("/bin/hello", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
	machine_write("/t/data", content, sizeof(content), "sigs/rsa2048-sha512.sig");
	machine_inode("/t/data")->uid = 7;
	fixture_start((struct integrity_config){ 0 }, rules);
	if (act->run == act_exec || act->run == act_key) { /* after the load, whose own measuring is not the act */
		struct span der = golden_read("keys/rsa2048.der");
		size_t added;

		assert_int_equal(keyring_add(integrity_keyring(".ima"), der.base, der.len, NULL, &added), 0);
		golden_free(der);
	}
	held = NULL;
	if (act->before) act->before();
	fixture_pages = (struct fixture_pages){ .err = -EBADMSG };
	fixture_watch_pages("/bin/hello");
	fixture_watch_pages("/t/data");
}

static void stop(void)
{
	machine.fake.fault = FAKE_FAULT_NONE;
	if (held) file_put(held);
	machine_down();
	if (fake_port_live() != 0) fail_msg("%llu objects are left", (unsigned long long)fake_port_live());
}

/* The bank's PCRs are those of the first count records. */
static bool bank_replays(size_t bank, size_t count)
{
	const struct mlog_bank *b = mlog_bank(core.log, bank);
	struct fake_bank chain = machine.at_start.banks[bank];
	struct mlog_cursor at = { 0 };
	struct mlog_record record;
	u8 digest[HASH_MAX_LEN];

	for (size_t i = 0; i < count && mlog_next(core.log, &at, &record); i++) {
		assert_int_equal(mlog_digest(b, &record, digest), 0);
		assert_int_equal(log_chain_extend(b->hash, chain.pcrs[record.pcr], digest, record.violation), 0);
	}
	return memcmp(chain.pcrs, machine.fake.banks[bank].pcrs, sizeof(chain.pcrs)) == 0;
}

/* In every bank; the last of a broken log may have reached some of them. */
static bool replays(size_t count, bool broken)
{
	for (size_t bank = 0; bank < machine.fake.bank_count; bank++)
		if (!bank_replays(bank, count) && !(broken && bank_replays(bank, count - 1))) return false;
	return true;
}

static bool recorded(const struct act *act)
{
	return strstr(machine_list(), act->recorded) != NULL;
}

/* After an act with a fault in it: what must hold. base: the records before. */
static void judge(const struct act *act, int err, size_t base, const char *fault, u64 k)
{
	size_t count = machine_count();
	u64 broken_at = 0;
	bool good;

	machine.fake.fault = FAKE_FAULT_NONE;
	if (mlog_broken(core.log, &broken_at)) {
		good = err == -EIO && broken_at == count - 1 && replays(count, true) && act->run() == -EIO &&
		       machine_count() == count;
	} else {
		good = replays(count, false) && (err ? count <= base + act->records : recorded(act)) &&
		       act->run() == 0 && recorded(act) && machine_count() == base + act->records &&
		       replays(machine_count(), false);
	}
	if (!good)
		fail_msg("%s, %s %llu: %s, %zu of %zu records", act->name, fault, (unsigned long long)k, err_name(err),
			 machine_count() - base, act->records);
}

static void acts_without_a_fault_are_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(acts); i++) {
		size_t base;

		start(&acts[i]);
		base = machine_count();
		if (recorded(&acts[i])) fail_msg("%s is recorded before", acts[i].name);
		judge(&acts[i], acts[i].run(), base, "none", 0);
		if (fixture_pages.asked != acts[i].pages)
			fail_msg("%s read %llu pages", acts[i].name, (unsigned long long)fixture_pages.asked);
		stop();
	}
}

static void each_allocation_failing_once_loses_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(acts); i++) {
		unsigned refused = 0;
		bool reached = true;

		for (u64 k = 1; reached; k++) {
			u64 before;
			size_t base;
			int err;

			start(&acts[i]);
			base = machine_count();
			before = fake_port_attempts();
			fake_port_fail_after(k);
			err = acts[i].run();
			reached = fake_port_attempts() - before >= k;
			fake_port_fail_after(0);
			if (err && err != -ENOMEM && err != -EACCES) fail_msg("%s: %s", acts[i].name, err_name(err));
			refused += err != 0;
			judge(&acts[i], err, base, "allocation", k);
			stop();
		}
		if (!refused) fail_msg("%s: %u refused", acts[i].name, refused);
	}
}

static void each_command_of_the_tpm_failing_once_is_resolved_or_breaks_the_log(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(acts); i++)
		for (unsigned fault = FAKE_STALL; fault < FAKE_FAULT_COUNT; fault++)
			for (u64 k = 1; k <= acts[i].records + 1; k++) {
				size_t base;

				start(&acts[i]);
				base = machine_count();
				fake_tpm_fault(&machine.fake, fault, k);
				machine.fake.fault_count = 1;
				machine.fake.fault_rc = 0x101;
				judge(&acts[i], acts[i].run(), base, "TPM fault", fault * 100 + k);
				stop();
			}
}

static void each_page_failing_once_refuses_and_is_read_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(acts); i++)
		for (u64 k = 1; k <= acts[i].pages; k++) {
			size_t base;
			int err;

			start(&acts[i]);
			base = machine_count();
			fixture_pages.failing = k;
			err = acts[i].run();
			assert_int_equal(err, -EIO);
			judge(&acts[i], err, base, "page", k);
			stop();
		}
}

/* The start with the image's keys and policy: it fails whole, and nothing runs; or all of it is there. */
static void start_with_each_allocation_failing_runs_nothing(void **state)
{
	struct integrity_config config = { 0 };
	int err = -ENOMEM;
	unsigned refused = 0;

	(void)state;
	for (u64 k = 1; err; k++, refused += err != 0) {
		char why[256] = "";

		machine_up(true);
		machine_write("/etc/ima/ima-policy", rules, strlen(rules), NULL);
		machine_copy("/etc/keys/x509_ima.der", "keys/rsa2048.der", NULL);
		machine_copy("/bin/hello", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
		assert_int_equal(machine_start(config), 0);
		fake_port_fail_after(k);
		err = integrity_load_image_keys(&machine.context, &machine.root, why, sizeof(why));
		fake_port_fail_after(0);
		assert_true(!err == !why[0]);
		assert_true(replays(machine_count(), false));
		if (err) {
			machine_down();
			assert_int_equal(fake_port_live(), 0);
		}
	}
	assert_true(refused > 20);
	assert_int_equal(machine_exec("/bin/hello"), 0);
	assert_non_null(strstr(machine_list(), "\n11 "));
}

/* What a loader does; whether each step was allowed shows in the core alone, for close has no errno. */
static void load_policy(void)
{
	static const char rule[] = "measure func=BPRM_CHECK pcr=12\n";
	struct file file = { .flags = O_WRONLY, .cred = machine.root };
	u64 pos = 0;

	if (secnodes_policy_ops.open(NULL, &file)) return;
	(void)secnodes_policy_ops.write(&file, rule, strlen(rule), &pos);
	secnodes_policy_ops.release(&file);
}

static void judge_load(const char *fault, u64 k, size_t rules_before)
{
	bool broken = mlog_broken(core.log, NULL), loaded = core.custom_policy, good;

	machine.fake.fault = FAKE_FAULT_NONE;
	good = loaded ? core.policy.count == 1 && strstr(machine_list(), " ima_policy ") && !broken :
	       core.policy.count == rules_before;
	good = good && replays(machine_count(), broken);
	if (good && !broken) {
		int err;

		if (!loaded) load_policy();
		err = machine_exec("/bin/hello");
		broken = mlog_broken(core.log, NULL); /* some faults stay */
		good = core.custom_policy && core.policy.count == 1 && strstr(machine_list(), " ima_policy ") &&
		       err == (broken ? -EIO : 0) && strstr(machine_list(), "\n12 ") &&
		       replays(machine_count(), broken);
	}
	if (!good) fail_msg("policy, %s %llu: loaded %d, broken %d", fault, (unsigned long long)k, loaded, broken);
}

static void load_machine(void)
{
	machine_up(true);
	machine_copy("/bin/hello", "sigs/hello.txt", NULL);
	fixture_start((struct integrity_config){ .policy_names = "tcb" }, NULL);
}

static void policy_load_with_each_fault_is_whole_or_nothing(void **state)
{
	bool reached = true;
	unsigned refused = 0;

	(void)state;
	for (u64 k = 1; reached; k++) {
		u64 before;
		size_t rules_before;

		load_machine();
		rules_before = core.policy.count;
		before = fake_port_attempts();
		fake_port_fail_after(k);
		load_policy();
		reached = fake_port_attempts() - before >= k;
		fake_port_fail_after(0);
		refused += !core.custom_policy;
		judge_load("allocation", k, rules_before);
		machine_down();
		assert_int_equal(fake_port_live(), 0);
	}
	assert_true(refused > 3);
	for (unsigned fault = FAKE_STALL; fault < FAKE_FAULT_COUNT; fault++)
		for (u64 k = 1; k <= 2; k++) {
			size_t rules_before;

			load_machine();
			rules_before = core.policy.count;
			fake_tpm_fault(&machine.fake, fault, k);
			machine.fake.fault_count = 1;
			machine.fake.fault_rc = 0x101;
			load_policy();
			judge_load("TPM fault", fault * 100 + k, rules_before);
			machine_down();
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acts_without_a_fault_are_recorded),
		cmocka_unit_test(each_allocation_failing_once_loses_nothing),
		cmocka_unit_test(each_command_of_the_tpm_failing_once_is_resolved_or_breaks_the_log),
		cmocka_unit_test(each_page_failing_once_refuses_and_is_read_again),
		cmocka_unit_test(policy_load_with_each_fault_is_whole_or_nothing),
		cmocka_unit_test_teardown(start_with_each_allocation_failing_runs_nothing, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
