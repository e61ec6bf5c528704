/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_service.c - the integrity service's calls, each on its own: what is wanted, what the digest is, what
 * stands on record, and who shows it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/core.h"
#include "kernel/integrity/service.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"

#define HELLO_SHA256 "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
/* sha256 of the bytes of that digest, by openssl. */
#define HELLO_TWICE "ecb65bb98f9d905b70458986c39fcbad7715e5f2fcc3b1f07767d7c83e2438cc"

static const struct span hello = { (const u8 *)"hello\n", 6 };

static void boot_with(const char *policy)
{
	machine_write("/data/file", "hello\n", 6, NULL);
	fixture_start((struct integrity_config){ 0 }, policy);
}

/* ---- must_measure */

/* The rules where a write would end the program; the policy's own are kept in *ret_own. */
static void seal_rules(struct policy_rule **ret_own)
{
	size_t len = core.policy.count * sizeof(*core.policy.rules);
	void *sealed = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(sealed, MAP_FAILED);
	memcpy(sealed, core.policy.rules, len);
	assert_int_equal(mprotect(sealed, len, PROT_READ), 0);
	*ret_own = core.policy.rules;
	core.policy.rules = sealed;
}

static void must_measure_decides_and_changes_nothing(void **state)
{
	const struct policy_query wanted = { .func = FUNC_CRITICAL_DATA, .cred = &machine.root, .data = "mine" };
	struct policy_query unwanted = wanted;
	struct policy_decision decision, again;
	struct policy before;
	struct policy_rule *own;
	u64 attempts, commands;
	size_t count;

	(void)state;
	machine_up(true);
	boot_with("measure func=CRITICAL_DATA label=mine pcr=11 template=ima-sig\n");
	unwanted.data = "yours";
	count = machine_count();
	attempts = fake_port_attempts();
	commands = machine.fake.commands;
	seal_rules(&own);
	before = core.policy;
	assert_true(integrity_must_measure(&wanted, &decision));
	assert_true(decision.pcr == 11 && decision.measure_rule == core.policy.rules);
	assert_string_equal(decision.template->name, "ima-sig");
	for (unsigned i = 0; i < 1000; i++) {
		assert_true(integrity_must_measure(&wanted, &again));
		assert_memory_equal(&again, &decision, sizeof(decision));
		assert_false(integrity_must_measure(&unwanted, &again));
	}
	assert_memory_equal(&core.policy, &before, sizeof(before));
	assert_int_equal(fake_port_attempts(), attempts);
	assert_int_equal(machine.fake.commands, commands);
	assert_int_equal(machine_count(), count);
	munmap(core.policy.rules, core.policy.count * sizeof(*own));
	core.policy.rules = own;
}

static void before_the_start_nothing_is_wanted_and_nothing_recorded(void **state)
{
	const struct policy_query query = { .func = FUNC_CRITICAL_DATA, .cred = &machine.root };
	struct policy_decision decision;

	(void)state;
	machine_up(true);
	assert_false(integrity_must_measure(&query, &decision));
	assert_int_equal(integrity_store_data(&machine.task, NULL, 10, "n", hello, false), 0);
	assert_int_equal(machine.fake.extends, 0);
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "l", "n", hello, false), 0);
	assert_false(integrity_log_broken());
}

/* ---- collect */

static void collect_reads_the_content_once_for_each_change(void **state)
{
	struct digest first, second;
	struct file *file;

	(void)state;
	machine_up(true);
	boot_with("measure func=BPRM_CHECK\n");
	fixture_watch_pages("/data/file");
	file = machine_open("/data/file", O_RDONLY);
	fixture_pages = (struct fixture_pages){ 0 };
	assert_int_equal(integrity_collect(file, HASH_SHA256, &first), 0);
	assert_int_equal(integrity_collect(file, HASH_SHA256, &second), 0);
	assert_int_equal(fixture_pages.asked, 1);
	assert_memory_equal(&first, &second, sizeof(first));
	assert_int_equal(integrity_collect(file, HASH_SHA384, &second), 0);
	assert_true(fixture_pages.asked == 2 && second.len == 48);
	machine_write("/data/file", "jello\n", 6, NULL);
	fixture_pages = (struct fixture_pages){ 0 };
	assert_int_equal(integrity_collect(file, HASH_SHA256, &second), 0);
	assert_true(fixture_pages.asked == 1 && memcmp(first.bytes, second.bytes, 32) != 0);
	machine_write("/data/file", "hello\n", 6, NULL);
	fixture_pages = (struct fixture_pages){ .failing = 1, .err = -EBADMSG };
	assert_int_equal(integrity_collect(file, HASH_SHA256, &second), -EIO);
	fixture_pages = (struct fixture_pages){ .failing = 1, .err = -ENOMEM };
	assert_int_equal(integrity_collect(file, HASH_SHA256, &second), -ENOMEM);
	fixture_pages.failing = 0;
	assert_int_equal(integrity_collect(file, HASH_SHA256, &second), 0);
	assert_memory_equal(&first, &second, sizeof(first));
	file_put(file);
}

static void collect_of_what_has_no_digest_is_refused(void **state)
{
	struct digest digest;
	struct file *file, *folder;

	(void)state;
	machine_up(true);
	boot_with("measure func=BPRM_CHECK\n");
	file = machine_open("/data/file", O_RDONLY);
	folder = machine_open("/data", O_RDONLY | O_DIRECTORY);
	assert_int_equal(integrity_collect(folder, HASH_SHA256, &digest), -EINVAL);
	assert_int_equal(integrity_collect(file, HASH_MD4, &digest), -EINVAL);
	file->flags |= O_DIRECT;
	assert_int_equal(integrity_collect(file, HASH_SHA256, &digest), -EINVAL);
	file->flags &= ~(u32)O_DIRECT;
	fake_port_fail_after(1);
	assert_int_equal(integrity_collect(file, HASH_SHA256, &digest), -ENOMEM);
	assert_int_equal(integrity_collect(file, HASH_SHA256, &digest), 0);
	file_put(file);
	file_put(folder);
}

/* ---- store */

static void store_file_records_once_where_the_decision_says(void **state)
{
	struct policy_decision decision = { .pcr = 12 };
	struct digest digest;
	struct file *file;
	size_t count;

	(void)state;
	machine_up(true);
	boot_with("measure func=BPRM_CHECK\n");
	file = machine_open("/data/file", O_RDONLY);
	assert_int_equal(integrity_collect(file, HASH_SHA256, &digest), 0);
	count = machine_count();
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(integrity_store_file(&machine.task, file, &digest, &decision), 0);
	assert_int_equal(machine_count(), count + 1);
	assert_true(listed("\n12 ") && listed(" ima-ng sha256:" HELLO_SHA256 " /data/file\n"));
	decision.template = template_find("ima", 3);
	assert_int_equal(integrity_store_file(&machine.task, file, &digest, &decision), 0);
	assert_true(listed(" ima f572d396fae9206628714fb2ce00f72e94f2258f /data/file\n"));
	decision.pcr = 17; /* of another locality */
	assert_int_equal(integrity_store_file(&machine.task, file, &digest, &decision), -EIO);
	assert_false(integrity_log_broken());
	assert_true(machine_replays());
	file_put(file);
}

static void store_data_records_bytes_or_their_digest(void **state)
{
	size_t count;

	(void)state;
	machine_up(true);
	boot_with("measure func=BPRM_CHECK\n");
	count = machine_count();
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(integrity_store_data(&machine.task, NULL, 10, "my data", hello, false), 0);
	assert_int_equal(machine_count(), count + 1);
	assert_true(listed(" ima-buf sha256:" HELLO_SHA256 " my_data 68656c6c6f0a\n"));
	assert_int_equal(integrity_store_data(&machine.task, NULL, 11, "hashed", hello, true), 0);
	assert_true(listed("\n11 ") && listed(" ima-buf sha256:" HELLO_TWICE " hashed " HELLO_SHA256 "\n"));
	assert_int_equal(integrity_store_data(&machine.task, "ima-ng", 10, "n", hello, false), 0);
	assert_true(listed(" ima-ng sha256:" HELLO_SHA256 " n\n"));
	assert_int_equal(integrity_store_data(&machine.task, "nosuch", 10, "n", hello, false), -EINVAL);
	assert_int_equal(integrity_store_data(&machine.task, NULL, 64, "n", hello, false), -EIO);
	assert_true(machine_replays());
}

static void data_too_long_for_a_record_is_refused_and_breaks_nothing(void **state)
{
	static u8 bytes[LOG_DATA_MAX];
	const struct span much = { bytes, sizeof(bytes) };

	(void)state;
	machine_up(true);
	boot_with("measure func=CRITICAL_DATA\n");
	assert_int_equal(integrity_store_data(&machine.task, NULL, 10, "n", much, false), -EIO);
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "l", "n", much, false), -EIO);
	assert_true(logged("op=measuring_critical_data cause=store_entry"));
	assert_false(integrity_log_broken());
	assert_true(machine_replays());
}

/* ---- registration */

static int show_reversed(const struct template *template, struct span data, struct blob *out)
{
	(void)template;
	blob_text(out, " shown:");
	for (size_t i = data.len; i; i--)
		blob_hex(out, data.base + i - 1, 1);
	return blob_status(out);
}

static void registered_template_is_shown_by_its_own_operation(void **state)
{
	const struct template *mine = NULL, *same = NULL;

	(void)state;
	machine_up(true);
	assert_int_equal(template_register("mine", "n-ng|buf", show_reversed, &mine), 0);
	assert_ptr_equal(template_find("mine", 4), mine);
	assert_int_equal(template_register("mine", "buf", show_reversed, &same), -EEXIST);
	assert_int_equal(template_register("ima-ng", "buf", show_reversed, &same), -EEXIST);
	assert_null(same);
	boot_with("measure func=CRITICAL_DATA template=mine\n");
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "l", "ab", hello, false), 0);
	assert_true(listed(" mine shown:0a6f6c6c656800000006006261" "00000003\n"));
	assert_true(machine_replays());
}

static void registration_refuses_what_could_not_be_shown_or_told_apart(void **state)
{
	const struct template *made = NULL;
	char name[] = "t0";

	(void)state;
	machine_up(true);
	assert_int_equal(template_register("t", "n-ng", NULL, &made), -EINVAL);
	assert_int_equal(template_register("a b", "n-ng", template_show_fields, &made), -EINVAL);
	assert_int_equal(template_register("a|b", "n-ng", template_show_fields, &made), -EINVAL);
	assert_int_equal(template_register("a\x7f", "n-ng", template_show_fields, &made), -EINVAL);
	assert_int_equal(template_register("a-name-that-is-much-longer-than-any-template-can-have", "n-ng",
					   template_show_fields, &made), -EINVAL);
	assert_int_equal(template_register("t", "n-ng||buf", template_show_fields, &made), -EINVAL);
	assert_int_equal(template_register("t", "nosuch", template_show_fields, &made), -EINVAL);
	assert_int_equal(template_register("", "n-ng|d-ng", template_show_fields, &made), 0);
	assert_string_equal(template_label(made), "n-ng|d-ng");
	assert_int_equal(template_register("", "n-ng|d", template_show_fields, &made), -EEXIST);
	assert_int_equal(template_register("", "d-ng|n-ng", template_show_fields, &made), 0);
	assert_string_equal(made->name, "ima-ng");
	for (; name[1] < '7'; name[1]++)
		assert_int_equal(template_register(name, "n-ng|n-ng|n", template_show_fields, &made), 0);
	assert_int_equal(template_register("more", "n-ng|n", template_show_fields, &made), -ENOSPC);
	template_freeze();
	assert_int_equal(template_register("", "d-ng|n-ng", template_show_fields, &made), -EPERM);
}

/* ---- protecting a mapping as executable */

static void mprotect_to_executable_is_refused_where_a_rule_appraises(void **state)
{
	static const enum appraise_mode modes[] = { APPRAISE_ENFORCE, APPRAISE_LOG, APPRAISE_OFF };
	static const char *const rules[] = { "appraise func=MMAP_CHECK\n", "appraise func=MMAP_CHECK_REQPROT\n",
					     "measure func=MMAP_CHECK\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(modes) * ARRAY_COUNT(rules); i++) {
		bool refused = i / 3 < 2 && i % 3 < 2;
		struct integrity_config config = { .appraise = modes[i / 3] };
		struct file *file;

		machine_up(true);
		machine_write("/data/file", "hello\n", 6, NULL);
		fixture_start(config, rules[i % 3]);
		file = machine_open("/data/file", O_RDONLY);
		assert_int_equal(integrity_mprotect_check(&machine.task, file), refused ? -EPERM : 0);
		assert_int_equal(logged("op=collect_data cause=failed-mprotect"), refused);
		file_put(file);
		if (i + 1 < ARRAY_COUNT(modes) * ARRAY_COUNT(rules))
			machine_down();
	}
}

#define TEST(test) cmocka_unit_test_teardown(test, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(must_measure_decides_and_changes_nothing),
		TEST(before_the_start_nothing_is_wanted_and_nothing_recorded),
		TEST(collect_reads_the_content_once_for_each_change),
		TEST(collect_of_what_has_no_digest_is_refused),
		TEST(store_file_records_once_where_the_decision_says),
		TEST(store_data_records_bytes_or_their_digest),
		TEST(data_too_long_for_a_record_is_refused_and_breaks_nothing),
		TEST(registered_template_is_shown_by_its_own_operation),
		TEST(registration_refuses_what_could_not_be_shown_or_told_apart),
		TEST(mprotect_to_executable_is_refused_where_a_rule_appraises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
