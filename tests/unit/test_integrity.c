/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_integrity.c - from the start of the core to the verdict over a program, on a machine without
 * hardware.
 *
 * Signatures are evmctl's, keys OpenSSL's (tests/golden). hello is 6 bytes of text that stand for a program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/mlog.h"
#include "kernel/integrity/policy.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"

#define HELLO_SHA256 "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

/* ---- the start */

static void boot_aggregate_is_the_first_record(void **state)
{
	struct hash_ctx ctx;
	char want[128] = "ima-ng sha256:";
	u8 digest[32];

	(void)state;
	machine_boot("none");
	assert_int_equal(hash_init(&ctx, HASH_SHA256), 0);
	for (unsigned pcr = 0; pcr < 10; pcr++)
		hash_update(&ctx, machine.at_start.banks[1].pcrs[pcr], 32);
	hash_final(&ctx, digest);
	for (unsigned i = 0; i < 32; i++)
		snprintf(want + 14 + 2 * i, 3, "%02x", digest[i]);
	assert_int_equal(machine.at_start.banks[1].alg, 0x000b);
	assert_true(listed(strcat(want, " boot_aggregate\n")));
	assert_int_equal(machine_count(), 1);
	assert_true(machine_replays());
}

static void image_keys_and_policy_are_recorded_and_take_effect(void **state)
{
	static const char policy[] = "# ours\nmeasure func=BPRM_CHECK pcr=11\n";

	(void)state;
	machine_up(true);
	machine_copy("/etc/keys/x509_ima.der", "keys/rsa2048.der", NULL);
	machine_copy("/etc/keys/ca.der", "keys/ca.der", NULL);
	machine_write("/bin/unsigned", "x", 1, NULL);
	fixture_start((struct integrity_config){ 0 }, policy);
	assert_int_equal(keyring_count(integrity_keyring(".ima")), 1);
	assert_int_equal(keyring_count(integrity_keyring(".builtin_trusted_keys")), 1);
	assert_int_equal(keyring_count(integrity_keyring(".evm")), 0);
	assert_null(integrity_keyring(".other"));
	assert_true(listed(" /etc/keys/x509_ima.der\n") && listed(" /etc/keys/ca.der\n"));
	assert_true(listed(" /etc/ima/ima-policy\n"));
	assert_true(logged("action=measure func=BPRM_CHECK pcr=11 res=1"));
	assert_true(logged("op=policy_update cause=completed comm=\"swapper/0\" res=1 errno=0"));
	assert_true(logged("ima: policy update completed"));
	assert_int_equal(machine_exec("/bin/unsigned"), 0);
	assert_true(listed("\n11 "));
	assert_int_equal(machine_count(), 5);
	assert_true(machine_replays());
}

static void policy_none_records_nothing_and_ignores_the_file(void **state)
{
	(void)state;
	machine_up(true);
	machine_copy("/etc/keys/x509_ima.der", "keys/rsa2048.der", NULL);
	machine_write("/bin/unsigned", "x", 1, NULL);
	fixture_start((struct integrity_config){ .policy_names = "none" }, "appraise\n");
	assert_int_equal(machine_exec("/bin/unsigned"), 0);
	assert_int_equal(keyring_count(integrity_keyring(".ima")), 1);
	assert_int_equal(machine_count(), 1);
}

/* Starts with that image's policy and says what the console says of refusals. */
static bool start_warns(struct integrity_config config, const char *policy, const char *warning)
{
	bool warned;

	machine_up(true);
	fixture_start(config, policy);
	warned = logged(warning);
	machine_down();
	return warned;
}

static void start_that_will_refuse_nothing_says_so(void **state)
{
	static const char any[] = "assay: unsigned programs run: ", rule[] = "run: the policy has no appraise rule";

	(void)state;
	assert_false(start_warns((struct integrity_config){ 0 }, NULL, any));
	assert_false(start_warns((struct integrity_config){ 0 }, "measure\nappraise\n", any));
	assert_true(start_warns((struct integrity_config){ 0 }, "measure\n", rule));
	assert_true(start_warns((struct integrity_config){ .policy_names = "none" }, "appraise\n", rule));
	assert_true(start_warns((struct integrity_config){ .policy_names = "tcb" }, NULL, rule));
	assert_true(start_warns((struct integrity_config){ .appraise = APPRAISE_LOG }, NULL, "ima_appraise=log"));
	assert_true(start_warns((struct integrity_config){ .appraise = APPRAISE_FIX }, NULL, "ima_appraise=fix"));
	assert_true(start_warns((struct integrity_config){ .appraise = APPRAISE_OFF }, NULL, "ima_appraise=off"));
	machine_up(true);
}

static void bad_image(const char *path, const char *content, const char *expect)
{
	struct integrity_config config = { 0 };
	char why[256] = "";

	machine_up(true);
	machine_write(path, content, strlen(content), NULL);
	assert_int_equal(machine_start(config), 0);
	assert_true(integrity_load_image_keys(&machine.context, &machine.root, why, sizeof(why)) < 0);
	assert_string_equal(why, expect);
	machine_down();
}

static void malformed_key_or_policy_stops_the_start_with_a_sentence(void **state)
{
	(void)state;
	bad_image("/etc/keys/x509_ima.der", "no certificate",
		  "/etc/keys/x509_ima.der: holds no certificates that can be used");
	bad_image("/etc/keys/x509_evm.der/x", "a folder", "/etc/keys/x509_evm.der: is no regular file");
	bad_image("/etc/ima/ima-policy", "measure\nappraise fun=BPRM_CHECK\n",
		  "/etc/ima/ima-policy: line 2, column 10: the word is not known: fun=BPRM_CHECK");
	bad_image("/etc/keys/ca.der", "", "/etc/keys/ca.der: is empty");
	bad_image("/etc/ima/ima-policy", "", "/etc/ima/ima-policy: is empty");
	bad_image("/etc/ima/ima-policy", "# nothing\n",
		  "/etc/ima/ima-policy: line 1, column 1: there is no rule in it");
	machine_up(true);
}

static void without_a_tpm_the_core_says_so_and_works(void **state)
{
	struct integrity_config config = { 0 };

	(void)state;
	machine_up(false);
	machine_write("/bin/unsigned", "x", 1, NULL);
	assert_int_equal(machine_start(config), 0);
	assert_true(logged("ima: No TPM chip found, activating TPM-bypass!"));
	/* The list of a Linux without a TPM, to the byte. */
	assert_string_equal(machine_list(),
			    "10 0adefe762c149c7cec19da62f0da1297fcfbffff ima-ng sha256:00000000000000000000"
			    "00000000000000000000000000000000000000000000 boot_aggregate\n");
	assert_int_equal(machine_exec("/bin/unsigned"), -EACCES);
}

static void tpm_that_is_dead_at_the_start_stops_the_start(void **state)
{
	struct integrity_config config = { 0 };

	(void)state;
	machine_up(true);
	fake_tpm_fault(&machine.fake, FAKE_GONE_ONES, 1);
	assert_true(machine_start(config) < 0);
}

static void parameters_that_cannot_be_used_are_said_and_ignored(void **state)
{
	struct integrity_config config = { .hash_name = "sha3-256", .template_name = "ima-sigv3",
					  .template_format = "d-ng||n",
					   .policy_names = "tcb|nosuch" };

	(void)state;
	machine_up(true);
	assert_int_equal(machine_start(config), 0);
	assert_true(logged("ima: hash algorithm \"sha3-256\" not available, using sha256"));
	assert_true(logged("ima: template ima-sigv3 not found, using ima-ng"));
	assert_true(logged("ima: template format \"d-ng||n\" not valid"));
	assert_true(logged("ima: policy \"nosuch\" not found"));
	assert_true(listed("ima-ng sha256:"));
}

static void first_of_template_and_format_that_can_be_used_counts(void **state)
{
	struct integrity_config config = { .template_name = "ima-sig", .template_format = "d-ng|n-ng|iuid",
					   .format_first = true };

	(void)state;
	machine_up(true);
	assert_int_equal(machine_start(config), 0);
	assert_true(listed(" d-ng|n-ng|iuid sha256:"));
	machine_down();
	machine_up(true);
	config.format_first = false;
	assert_int_equal(machine_start(config), 0);
	assert_true(listed(" ima-sig sha256:"));
	machine_down();
	machine_up(true);
	config = (struct integrity_config){ .template_name = "ima-sig", .template_format = "x", .format_first = true };
	assert_int_equal(machine_start(config), 0);
	assert_true(listed(" ima-sig sha256:"));
}

static void template_and_hash_of_the_command_line_are_used(void **state)
{
	struct integrity_config config = { .hash_name = "sha1", .template_name = "ima", .policy_names = "tcb" };

	(void)state;
	machine_up(true);
	machine_copy("/bin/hello", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
	assert_int_equal(machine_start(config), 0);
	assert_int_equal(machine_exec("/bin/hello"), 0);
	/* The label's algorithm is sha256; the field d holds the sha1 all the same. */
	assert_true(listed(" ima f572d396fae9206628714fb2ce00f72e94f2258f /bin/hello\n"));
	assert_true(machine_replays());
}

/* ---- programs */

static void signed_program_runs_and_is_recorded_once(void **state)
{
	size_t count;

	(void)state;
	machine_boot(NULL);
	count = machine_count();
	assert_int_equal(machine_exec("/bin/hello"), 0);
	assert_int_equal(machine_exec("/bin/hello"), 0);
	assert_int_equal(machine_count(), count + 1);
	assert_true(listed("ima-ng " HELLO_SHA256 " /bin/hello\n"));
	assert_true(machine_replays());
	assert_false(logged("refused"));
}

static void every_flipped_bit_is_refused_audited_and_recorded(void **state)
{
	char bytes[] = "hello\n";

	(void)state;
	machine_boot(NULL);
	for (unsigned bit = 0; bit < 48; bit++) {
		size_t count = machine_count();

		bytes[bit / 8] ^= (char)(1 << bit % 8);
		machine_write("/bin/hello", bytes, 6, NULL);
		assert_int_equal(machine_exec("/bin/hello"), -EACCES);
		assert_int_equal(machine_count(), count + 1);
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		machine_write("/bin/hello", bytes, 6, NULL);
		assert_int_equal(machine_exec("/bin/hello"), 0);
	}
	assert_true(logged(" pid=42 uid=0 auid=4294967295 ses=4294967295 op=appraise_data cause=invalid-signature "
			   "comm=\"sh\" "
			   "name=\"/bin/hello\" dev=\"assayroot\" ino="));
	assert_true(logged(" res=0 errno=0\n"));
	assert_true(logged("assay: /bin/hello: refused (EACCES): invalid signature: its signature by key"));
	assert_true(logged("rule 'appraise func=BPRM_CHECK appraise_type=imasig'\n"));
	assert_true(machine_replays());
}

static void program_without_good_signature_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *label, *cause;
	} cases[] = {
		{ NULL, "cause=IMA-signature-required" }, { "sigs/rsa4096-sha256.sig", "cause=invalid-signature" },
		{ "sigs/rsa2048-v1.sig", "cause=invalid-signature" }, { "sigs/p256-sha256.sig",
								       "cause=invalid-signature" },
		{ "keys/ca.key", "cause=unknown-ima-data" },
	};
	char path[32];

	(void)state;
	machine_boot(NULL);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char want[160];

		snprintf(path, sizeof(path), "/bin/p%zu", i);
		machine_write(path, "hello\n", 6, NULL);
		if (cases[i].label) { /* as it came from the image: no hook looked at it */
			FILE *f;
			char name[64];
			u8 value[4096];
			size_t len;

			snprintf(name, sizeof(name), "tests/golden/%s", cases[i].label);
			f = fopen(name, "rb");
			assert_non_null(f);
			len = fread(value, 1, sizeof(value), f);
			fclose(f);
			assert_int_equal(machine_inode(path)->ops->setxattr(machine_inode(path), "security.ima",
									    value, len, 0), 0);
		}
		assert_int_equal(machine_exec(path), -EACCES);
		snprintf(want, sizeof(want), "%s comm=\"sh\" name=\"%s\"", cases[i].cause, path);
		assert_true(logged(want));
		snprintf(want, sizeof(want), " %s\n", path);
		assert_true(listed(want));
	}
	assert_true(logged("no key"));
	assert_true(machine_replays());
}

static void mode_log_allows_and_audits_mode_off_does_not_look(void **state)
{
	struct integrity_config config = { .appraise = APPRAISE_LOG };

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		machine_up(true);
		machine_write("/bin/unsigned", "x", 1, NULL);
		assert_int_equal(machine_start(config), 0);
		assert_int_equal(machine_exec("/bin/unsigned"), 0);
		assert_true(listed(" /bin/unsigned\n"));
		assert_int_equal(logged("cause=IMA-signature-required"), round == 0);
		assert_false(logged("refused"));
		config.appraise = APPRAISE_OFF;
		if (!round)
			machine_down();
	}
}

static void content_changed_after_a_good_verdict_is_looked_at_again(void **state)
{
	struct attr attr = { .valid = ATTR_MODE, .mode = 0700 };
	struct path path;
	size_t count;

	(void)state;
	machine_boot(NULL);
	assert_int_equal(machine_exec("/bin/hello"), 0);
	count = machine_count();
	machine_write("/bin/hello", "jello\n", 6, NULL);
	assert_int_equal(machine_exec("/bin/hello"), -EACCES);
	assert_int_equal(machine_count(), count + 1);
	machine_write("/bin/hello", "hello\n", 6, NULL);
	assert_int_equal(machine_exec("/bin/hello"), 0);
	assert_int_equal(machine_count(), count + 1); /* known content: no new record */
	assert_int_equal(path_walk(&machine.context, NULL, "/bin/hello", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_setattr(&path, &attr, &machine.root), 0);
	assert_int_equal(machine_exec("/bin/hello"), 0);
	assert_int_equal(vfs_truncate(&path, 5, &machine.root), 0);
	assert_int_equal(machine_exec("/bin/hello"), -EACCES);
	path_put(&path);
	assert_true(machine_replays());
}

static void label_is_guarded_and_its_change_forgets_the_verdict(void **state)
{
	static const u8 hash_label[34] = { 4, 4 };
	struct path path;

	(void)state;
	machine_boot(NULL);
	assert_int_equal(machine_exec("/bin/hello"), 0);
	assert_int_equal(path_walk(&machine.context, NULL, "/bin/hello", 0, &machine.root, &path), 0);
	path_inode(&path)->uid = 1000;
	assert_int_equal(vfs_setxattr(&path, "security.ima", hash_label, 34, 0, &machine.user), -EPERM);
	assert_int_equal(vfs_removexattr(&path, "security.ima", &machine.user), -EPERM);
	assert_int_equal(vfs_setxattr(&path, "security.ima", "\x09x", 2, 0, &machine.root), -EINVAL);
	assert_int_equal(machine_exec("/bin/hello"), 0);
	assert_int_equal(vfs_setxattr(&path, "security.ima", hash_label, 34, 0, &machine.root), 0);
	assert_int_equal(machine_exec("/bin/hello"), -EACCES);
	assert_int_equal(vfs_removexattr(&path, "security.ima", &machine.root), 0);
	assert_int_equal(machine_exec("/bin/hello"), -EACCES);
	path_put(&path);
}

static void names_are_recorded_as_they_are_and_audited_as_hex(void **state)
{
	(void)state;
	machine_boot(NULL);
	machine_write("/t/a b\n\x1b[31m", "x", 1, NULL);
	assert_int_equal(machine_exec("/t/a b\n\x1b[31m"), -EACCES);
	assert_true(listed(" /t/a_b\n\x1b[31m\n"));
	assert_true(logged(" name=2F742F6120620A1B5B33316D dev="));
	assert_true(logged("assay: /t/a b??[31m: refused"));
	assert_false(logged("\x1b"));
}

static void credentials_and_mapping_checks_ask_their_own_rules(void **state)
{
	static const char policy[] = "measure func=CREDS_CHECK uid=1000 pcr=11\nmeasure func=MMAP_CHECK pcr=12\n"
				     "measure func=MMAP_CHECK_REQPROT pcr=13\nappraise func=MMAP_CHECK "
				     "appraise_type=imasig\n";
	struct file *file, *writer;

	(void)state;
	machine_up(true);
	machine_copy("/etc/keys/x509_ima.der", "keys/rsa2048.der", NULL);
	machine_copy("/lib/hello", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
	fixture_start((struct integrity_config){ 0 }, policy);
	file = machine_open("/lib/hello", O_RDONLY);
	assert_int_equal(integrity_creds_check(&machine.task, file, &machine.root), 0);
	assert_false(listed("\n11 "));
	assert_int_equal(integrity_creds_check(&machine.task, file, &machine.user), 0);
	assert_true(listed("\n11 "));
	assert_int_equal(integrity_mmap_check(&machine.task, file, 3, 3), 0);
	assert_int_equal(integrity_mmap_check(&machine.task, NULL, 5, 5), 0);
	assert_false(listed("\n12 ") || listed("\n13 "));
	assert_int_equal(integrity_mmap_check(&machine.task, file, 1, 5), 0);
	assert_true(listed("\n12 ") && !listed("\n13 "));
	assert_int_equal(integrity_mmap_check(&machine.task, file, 5, 5), 0);
	assert_true(listed("\n13 "));
	writer = machine_open("/lib/hello", O_RDWR);
	assert_int_equal(integrity_mmap_check(&machine.task, file, 5, 5), -EACCES);
	assert_true(logged("op=mmap_file cause=mmapped_writers comm=\"sh\" name=\"/lib/hello\""));
	assert_true(logged("assay: /lib/hello: refused (EACCES): somebody has it open for write: rule 'appraise "));
	file_put(writer);
	file_put(file);
	assert_true(machine_replays());
}

/* ---- the TPM goes */

static void lost_tpm_refuses_what_needs_a_record_also_if_only_measured(void **state)
{
	struct integrity_config config = { .policy_names = "tcb" };

	(void)state;
	machine_up(true);
	machine_write("/bin/a", "a", 1, NULL);
	machine_write("/bin/b", "b", 1, NULL);
	machine_write("/bin/c", "c", 1, NULL);
	assert_int_equal(machine_start(config), 0);
	assert_int_equal(machine_exec("/bin/a"), 0);
	assert_false(integrity_log_broken());
	fake_tpm_fault(&machine.fake, FAKE_GONE_ONES, 1);
	assert_int_equal(machine_exec("/bin/b"), -EIO);
	assert_true(integrity_log_broken());
	machine.fake.fault = FAKE_FAULT_NONE;
	assert_int_equal(machine_exec("/bin/c"), -EIO);
	assert_int_equal(machine_exec("/bin/b"), -EIO);
	assert_int_equal(machine_exec("/bin/a"), 0); /* its record is in the PCR */
	assert_true(logged("assay: the log is broken at record 3:"));
	assert_true(logged("op=add_template_measure cause=TPM_error("));
	assert_true(logged("assay: /bin/c: refused (EIO): the measurement cannot be recorded: rule 'measure "
			   "func=BPRM_CHECK "
			   "mask=MAY_EXEC'"));
}

static void answer_lost_once_is_no_refusal(void **state)
{
	static const enum fake_fault lost[] = { FAKE_DROP_BEFORE, FAKE_DROP_AFTER };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lost); i++) {
		machine_boot(NULL);
		fake_tpm_fault(&machine.fake, lost[i], 1);
		assert_int_equal(machine_exec("/bin/hello"), 0);
		assert_true(listed(" /bin/hello\n"));
		assert_true(machine_replays());
		if (!i)
			machine_down();
	}
}

/* Whatever allocation fails: what ran is in the log, the log is in the PCRs, and nothing is lost. */
static void memory_that_runs_out_anywhere_never_lets_a_program_run_unmeasured(void **state)
{
	int err = -ENOMEM;
	unsigned refused = 0;

	(void)state;
	for (u64 k = 1; err; k++, refused++) {
		machine_boot(NULL);
		fake_port_fail_after(k);
		err = machine_exec("/bin/hello");
		fake_port_fail_after(0);
		assert_true(!err || err == -ENOMEM || err == -EACCES);
		assert_true(err || listed(" /bin/hello\n"));
		assert_true(machine_replays());
		assert_int_equal(machine_exec("/bin/hello"), 0);
		if (err)
			machine_down();
	}
	assert_true(refused > 5);
}

static void start_without_memory_fails_whole(void **state)
{
	struct integrity_config config = { 0 };
	int err = -ENOMEM;

	(void)state;
	for (u64 k = 1; err; k++) {
		u64 live;

		machine_up(true);
		live = fake_port_live();
		fake_port_fail_after(k);
		err = machine_start(config);
		fake_port_fail_after(0);
		assert_true(!err || err == -ENOMEM);
		if (err) {
			assert_int_equal(fake_port_live(), live);
			machine_down();
		}
	}
}

#define PROGRAM(test) cmocka_unit_test_teardown(test, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROGRAM(boot_aggregate_is_the_first_record),
		PROGRAM(image_keys_and_policy_are_recorded_and_take_effect),
		PROGRAM(policy_none_records_nothing_and_ignores_the_file),
		PROGRAM(start_that_will_refuse_nothing_says_so),
		PROGRAM(malformed_key_or_policy_stops_the_start_with_a_sentence),
		PROGRAM(without_a_tpm_the_core_says_so_and_works),
		PROGRAM(tpm_that_is_dead_at_the_start_stops_the_start),
		PROGRAM(parameters_that_cannot_be_used_are_said_and_ignored),
		PROGRAM(first_of_template_and_format_that_can_be_used_counts),
		PROGRAM(template_and_hash_of_the_command_line_are_used),
		PROGRAM(signed_program_runs_and_is_recorded_once),
		PROGRAM(every_flipped_bit_is_refused_audited_and_recorded),
		PROGRAM(program_without_good_signature_is_refused_with_its_reason),
		PROGRAM(mode_log_allows_and_audits_mode_off_does_not_look),
		PROGRAM(content_changed_after_a_good_verdict_is_looked_at_again),
		PROGRAM(label_is_guarded_and_its_change_forgets_the_verdict),
		PROGRAM(names_are_recorded_as_they_are_and_audited_as_hex),
		PROGRAM(credentials_and_mapping_checks_ask_their_own_rules),
		PROGRAM(lost_tpm_refuses_what_needs_a_record_also_if_only_measured),
		PROGRAM(answer_lost_once_is_no_refusal),
		PROGRAM(memory_that_runs_out_anywhere_never_lets_a_program_run_unmeasured),
		PROGRAM(start_without_memory_fails_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
