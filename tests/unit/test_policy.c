/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_policy.c - the rule language: what Linux accepts and refuses, what it reads back, what a rule
 * decides.
 */
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fs/vfs.h"
#include "kernel/integrity/policy_parse.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"

/* Rows of the corpus where Assay answers other than the Linux that made it; docs/CAVEATS.md has the reasons. */
static const struct {
	const char *rule;
	bool accepted;
} exceptions[] = {
	{ "appraise appraise_type=imasig digest_type=verity", false },
	{ "appraise func=MODULE_CHECK appraise_type=imasig|modsig", true },
};

static bool accepts(const char *line)
{
	struct policy_rule rule = { 0 };
	struct policy_error why = { 0 };
	int err = policy_parse_line(line, strlen(line), NULL, &rule, &why);

	if (err)
		assert_true(err == -EINVAL && why.reason && why.column);
	else
		policy_rule_done(&rule);
	return !err;
}

static bool expected(const char *rule, bool linux_accepts)
{
	for (size_t i = 0; i < ARRAY_COUNT(exceptions); i++)
		if (strcmp(exceptions[i].rule, rule) == 0)
			return exceptions[i].accepted;
	return linux_accepts;
}

static void corpus_of_linux_is_answered_the_same(void **state)
{
	struct span corpus = golden_read("policy/corpus.txt");
	char *text = calloc(1, corpus.len + 1), *save = NULL;
	unsigned rules = 0;

	(void)state;
	memcpy(text, corpus.base, corpus.len);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t');

		if (line[0] == '#' || !tab)
			continue;
		*tab = 0;
		if (accepts(tab + 1) != expected(tab + 1, strcmp(line, "OK") == 0))
			fail_msg("%s: %s", line, tab + 1);
		rules++;
	}
	assert_int_equal(rules, 128);
	free(text);
	golden_free(corpus);
}

static void expect_readback(const char *text, size_t len, const char *golden)
{
	struct span want = golden_read(golden);
	struct policy policy = { 0 };
	struct policy_error why;
	struct blob shown = { 0 };

	assert_int_equal(policy_parse(text, len, &policy, &why), 0);
	assert_int_equal(policy_show(&policy, &shown), 0);
	assert_int_equal(shown.len, want.len);
	assert_memory_equal(shown.base, want.base, want.len);
	blob_done(&shown);
	policy_done(&policy);
	golden_free(want);
}

static void builtin_policies_read_back_as_on_linux(void **state)
{
	static const struct {
		const char *names, *golden;
	} cases[] = {
		{ "tcb", "policy/tcb.readback" }, { "ima_tcb", "policy/ima_tcb.readback" },
		{ "appraise_tcb", "policy/appraise_tcb.readback" }, { "secure_boot", "policy/secure_boot.readback" },
		{ "critical_data", "policy/critical_data.readback" },
		{ "tcb|appraise_tcb|secure_boot|critical_data|fail_securely", "policy/all.readback" },
		{ "critical_data  secure_boot|nosuch appraise_tcb tcb", "policy/all.readback" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct blob text = { 0 };

		assert_int_equal(policy_builtin_text(cases[i].names, &text), 0);
		expect_readback((char *)text.base, text.len, cases[i].golden);
		blob_done(&text);
	}
}

static void loaded_policies_read_back_as_on_linux_and_again(void **state)
{
	static const char *const cases[] = { "list_ng", "mixed_noima", "buf", "violations", "appraise_enforce",
					     "modsig", "overlay", "xfschange", "kexec", "staging" };
	char loaded[64], readback[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct span text;

		strcat(strcat(strcpy(loaded, "policy/"), cases[i]), ".loaded");
		strcat(strcat(strcpy(readback, "policy/"), cases[i]), ".readback");
		text = golden_read(loaded);
		expect_readback((const char *)text.base, text.len, readback);
		golden_free(text);
		text = golden_read(readback);
		expect_readback((const char *)text.base, text.len, readback);
		golden_free(text);
	}
}

static void every_token_reads_back_in_the_fixed_order(void **state)
{
	static const char in[] =
		"appraise permit_directio appraise_type=sigv3 digest_type=verity appraise_algos=sha512,sha1 "
		"fgroup<100 fowner>4294967294 egid=5 euid<7 fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6 "
		"fs_subtype=s fsname=b "
		"fsmagic=9FA0 mask=^MAY_APPEND func=PATH_CHECK # appraise";
	static const char out[] =
		"appraise func=FILE_CHECK mask=^MAY_APPEND fsmagic=0x9fa0 fsname=b fs_subtype=s "
		"fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6 euid<7 egid=5 fowner>-2 fgroup<100 "
		"appraise_algos=sha1,sha512 "
		"appraise_type=sigv3 digest_type=verity permit_directio ";
	struct policy_rule rule;
	struct policy_error why;
	struct blob shown = { 0 };

	(void)state;
	assert_int_equal(policy_parse_line(in, strlen(in), NULL, &rule, &why), 0);
	policy_rule_show(&rule, &shown);
	assert_int_equal(shown.len, strlen(out));
	assert_memory_equal(shown.base, out, shown.len);
	blob_done(&shown);
	policy_rule_done(&rule);
}

static void bad_line_names_line_column_and_token_and_adds_nothing(void **state)
{
	static const char text[] = "measure\n# comment\n\n  dont_measure   fsmagic=0xzz\n";
	struct policy policy = { 0 };
	struct policy_error why;

	(void)state;
	assert_int_equal(policy_parse(text, strlen(text), &policy, &why), -EINVAL);
	assert_int_equal(why.line, 4);
	assert_int_equal(why.column, 18);
	assert_string_equal(why.token, "fsmagic=0xzz");
	assert_int_equal(policy.count, 0);
}

static void audit_echo_has_the_tokens_in_source_order(void **state)
{
	static const char text[] = "measure fowner=5 permit_directio func=FILE_CHECK\nappraise what=1 mask=MAY_READ\n";
	struct span rest = { (const u8 *)text, strlen(text) };
	struct policy policy = { 0 };
	struct policy_error why;
	struct blob echo = { 0 };

	(void)state;
	assert_int_equal(policy_add_line(&policy, &rest, &echo, &why), 0);
	blob_text(&echo, ";");
	assert_int_equal(policy_add_line(&policy, &rest, &echo, &why), -EINVAL);
	blob_bytes(&echo, "", 1);
	assert_string_equal((char *)echo.base, "action=measure fowner=5 func=FILE_CHECK ;"
					       "action=appraise UNKNOWN=what=1 ");
	assert_int_equal(rest.len, 0);
	assert_int_equal(policy.count, 1);
	blob_done(&echo);
	policy_done(&policy);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	static char line[POLICY_LINE_MAX + 2];
	struct policy_rule rule = { 0 };
	struct policy_error why;

	(void)state;
	assert_int_equal(policy_parse_line("measure\0 func", 13, NULL, &rule, &why), -EINVAL);
	memset(line, ' ', sizeof(line));
	memcpy(line, "measure", 7);
	assert_int_equal(policy_parse_line(line, POLICY_LINE_MAX + 1, NULL, &rule, &why), -EINVAL);
	assert_int_equal(policy_parse_line(line, POLICY_LINE_MAX, NULL, &rule, &why), 0);
	policy_rule_done(&rule);
	assert_false(accepts("measure fs\x1b[31mname=x"));
}

static void memory_that_runs_out_leaves_the_policy_as_it_was(void **state)
{
	static const char text[] = "measure func=BPRM_CHECK\nappraise fowner=0 fsname=x\n";
	struct policy_error why;
	u64 live = fake_port_live();
	int err = -ENOMEM;

	(void)state;
	for (u64 k = 1; err; k++) {
		struct policy policy = { 0 };

		fake_port_reset();
		fake_port_fail_after(k);
		err = policy_parse(text, strlen(text), &policy, &why);
		assert_true(!err || (err == -ENOMEM && policy.count == 0 && policy.classes == 0));
		assert_int_equal(policy.count, err ? 0 : 2);
		policy_done(&policy);
		assert_int_equal(fake_port_live(), live);
	}
	fake_port_reset();
}

/* ---- deciding */

static struct superblock sb = { .fsname = "testfs", .magic = 0x1234, .uuid = { 0x8b } };
static struct inode inode = { .sb = &sb, .uid = 1000, .gid = 50 };
static struct cred cred = { .uid = 7, .euid = 7, .suid = 7, .gid = 3, .egid = 3, .sgid = 3 };

static struct policy_decision decide(const char *text, unsigned func, u32 mask)
{
	const struct policy_query query = { .func = (u8)func, .mask = mask, .cred = &cred, .inode = &inode,
					    .data = ".ima" };
	struct policy_decision decision;
	struct policy policy = { 0 };
	struct policy_error why;

	assert_int_equal(policy_parse(text, strlen(text), &policy, &why), 0);
	policy_decide(&policy, &query, ~0u, &decision);
	policy_done(&policy);
	return decision;
}

static u32 classes(const char *text, unsigned func, u32 mask)
{
	return decide(text, func, mask).classes;
}

static void conditions_must_all_hold(void **state)
{
	static const struct {
		const char *condition;
		bool matches;
	} cases[] = {
		{ "", true }, { "func=FILE_CHECK", true }, { "func=BPRM_CHECK", false }, { "mask=MAY_READ", true },
		{ "mask=MAY_EXEC", false }, { "mask=^MAY_READ", true }, { "fsmagic=0x1234", true },
		{ "fsmagic=0x1235", false },
		{ "fsname=testfs", true }, { "fsname=test", false }, { "fs_subtype=testfs", false },
		{ "fsuuid=8b000000-0000-0000-0000-000000000000", true },
		{ "fsuuid=8b000000-0000-0000-0000-000000000001", false }, { "uid=7", true }, { "uid<7", false },
		{ "uid<8", true },
		{ "uid>6", true }, { "gid=3", true }, { "gid=4", false }, { "euid=7", true }, { "egid>3", false },
		{ "fowner=1000", true }, { "fowner>1000", false }, { "fgroup<51", true }, { "fgroup=51", false },
		{ "fsmagic=0x1234 fowner=1", false },
		{ "uid=7 gid=3 fowner=1000 fgroup=50 fsname=testfs mask=MAY_READ", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char rule[128] = "audit ";

		if (!!classes(strcat(rule, cases[i].condition), FUNC_FILE_CHECK, MAY_READ) != cases[i].matches)
			fail_msg("%s", rule);
	}
}

static void mask_without_caret_must_be_equal(void **state)
{
	(void)state;
	assert_int_equal(classes("measure mask=MAY_READ", FUNC_FILE_CHECK, MAY_READ | MAY_WRITE), 0);
	assert_int_equal(classes("measure mask=^MAY_READ", FUNC_FILE_CHECK, MAY_READ | MAY_WRITE), CLASS_MEASURE);
}

static void euid_of_root_also_looks_at_saved_and_real(void **state)
{
	(void)state;
	cred.euid = 0;
	assert_int_equal(classes("measure euid=7", FUNC_FILE_CHECK, MAY_READ), CLASS_MEASURE);
	assert_int_equal(classes("measure euid=8", FUNC_FILE_CHECK, MAY_READ), 0);
	cred.euid = 1;
	assert_int_equal(classes("measure euid=7", FUNC_FILE_CHECK, MAY_READ), 0);
	cred.euid = 7;
}

static void first_match_of_a_class_decides(void **state)
{
	struct policy_decision d;

	(void)state;
	assert_int_equal(classes("dont_measure\nmeasure\nappraise", FUNC_BPRM_CHECK, MAY_EXEC), CLASS_APPRAISE);
	assert_int_equal(classes("measure\ndont_measure", FUNC_BPRM_CHECK, MAY_EXEC), CLASS_MEASURE);
	assert_int_equal(classes("hash\nappraise", FUNC_BPRM_CHECK, MAY_EXEC), CLASS_APPRAISE);
	assert_int_equal(classes("appraise\nhash", FUNC_BPRM_CHECK, MAY_EXEC), CLASS_APPRAISE | CLASS_HASH);
	d = decide("measure pcr=11 template=ima-sig\nmeasure pcr=12\nappraise func=BPRM_CHECK appraise_type=imasig",
		   FUNC_BPRM_CHECK, MAY_EXEC);
	assert_int_equal(d.pcr, 11);
	assert_string_equal(d.template->name, "ima-sig");
	assert_true(d.set & RULE_IMASIG);
	assert_int_equal(d.appraise_class, APPRAISE_BPRM);
	assert_int_equal(decide("appraise", FUNC_BPRM_CHECK, MAY_EXEC).appraise_class, APPRAISE_FILE);
	assert_int_equal(decide("appraise", FUNC_BPRM_CHECK, MAY_EXEC).pcr, LOG_DEFAULT_PCR);
}

static void keys_and_critical_data_need_a_rule_that_names_them(void **state)
{
	(void)state;
	assert_int_equal(classes("measure", FUNC_KEY_CHECK, 0), 0);
	assert_int_equal(classes("measure func=KEY_CHECK", FUNC_KEY_CHECK, 0), CLASS_MEASURE);
	assert_int_equal(classes("measure func=KEY_CHECK keyrings=.evm|.ima", FUNC_KEY_CHECK, 0), CLASS_MEASURE);
	assert_int_equal(classes("measure func=KEY_CHECK keyrings=.evm|.im", FUNC_KEY_CHECK, 0), 0);
	assert_int_equal(classes("measure func=KEY_CHECK uid=8", FUNC_KEY_CHECK, 0), 0);
	assert_int_equal(classes("measure func=CRITICAL_DATA label=.ima", FUNC_CRITICAL_DATA, 0), CLASS_MEASURE);
	assert_int_equal(classes("measure", FUNC_KEXEC_CMDLINE, 0), CLASS_MEASURE);
}

static void default_policy_measures_and_appraises_all_code(void **state)
{
	struct blob text = { 0 };
	char *rules;

	(void)state;
	assert_int_equal(policy_builtin_text(NULL, &text), 0);
	blob_bytes(&text, "", 1);
	rules = (char *)text.base;
	assert_int_equal(classes(rules, FUNC_BPRM_CHECK, MAY_EXEC), CLASS_MEASURE | CLASS_APPRAISE);
	assert_int_equal(classes(rules, FUNC_MMAP_CHECK, MAY_EXEC), CLASS_MEASURE | CLASS_APPRAISE);
	assert_int_equal(classes(rules, FUNC_KEXEC_KERNEL_CHECK, MAY_READ), CLASS_MEASURE | CLASS_APPRAISE);
	assert_int_equal(classes(rules, FUNC_KEXEC_INITRAMFS_CHECK, MAY_READ), CLASS_MEASURE | CLASS_APPRAISE);
	assert_int_equal(classes(rules, FUNC_POLICY_CHECK, MAY_READ), CLASS_MEASURE | CLASS_APPRAISE);
	assert_int_equal(classes(rules, FUNC_KEXEC_CMDLINE, MAY_READ), CLASS_MEASURE);
	assert_int_equal(classes(rules, FUNC_FILE_CHECK, MAY_READ), 0);
	assert_true(decide(rules, FUNC_BPRM_CHECK, MAY_EXEC).set & RULE_IMASIG);
	blob_done(&text);
}

static void names_that_are_all_unknown_give_the_default_policy(void **state)
{
	struct blob text = { 0 }, want = { 0 };

	(void)state;
	assert_int_equal(policy_builtin_text("tbc| typo", &text), 0);
	assert_int_equal(policy_builtin_text(NULL, &want), 0);
	assert_int_equal(text.len, want.len);
	blob_reset(&text);
	assert_int_equal(policy_builtin_text("none", &text), 0);
	assert_int_equal(text.len, 0);
	blob_done(&text);
	blob_done(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpus_of_linux_is_answered_the_same),
		cmocka_unit_test(builtin_policies_read_back_as_on_linux),
		cmocka_unit_test(loaded_policies_read_back_as_on_linux_and_again),
		cmocka_unit_test(every_token_reads_back_in_the_fixed_order),
		cmocka_unit_test(bad_line_names_line_column_and_token_and_adds_nothing),
		cmocka_unit_test(audit_echo_has_the_tokens_in_source_order),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(memory_that_runs_out_leaves_the_policy_as_it_was),
		cmocka_unit_test(conditions_must_all_hold),
		cmocka_unit_test(mask_without_caret_must_be_equal),
		cmocka_unit_test(euid_of_root_also_looks_at_saved_and_real),
		cmocka_unit_test(first_match_of_a_class_decides),
		cmocka_unit_test(keys_and_critical_data_need_a_rule_that_names_them),
		cmocka_unit_test(default_policy_measures_and_appraises_all_code),
		cmocka_unit_test(names_that_are_all_unknown_give_the_default_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
