/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_keys.c - keys of programs: who may add what where, what rules see of it, what /proc/keys shows.
 *
 * The certificates are OpenSSL's (tests/golden/keys): ca signed leaf, not rsa2048. Processes are numbers here.
 */
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/core.h"
#include "kernel/integrity/keys.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"

/* Process 3 is a child of 2, 2 of 1. */
static bool alive[8];

static bool look_up(u64 process, u64 *ret_parent)
{
	*ret_parent = process - 1;
	return alive[process];
}

static struct keys_caller caller;

static void boot(const char *policy)
{
	struct integrity_config config = { .policy_names = "tcb", .appraise = APPRAISE_LOG };

	machine_up(true);
	machine_copy("/etc/keys/ca.der", "keys/ca.der", NULL);
	machine_copy("/etc/keys/x509_ima.der", "keys/p256.der", NULL);
	fixture_start(config, policy);
	memset(alive, true, sizeof(alive));
	keys_set_processes(look_up);
	caller = (struct keys_caller){ &machine.task, 3 };
}

static s32 add(const char *type, const char *description, const char *payload, s32 ring)
{
	return keys_add(&caller, type, description, (struct span){ (const u8 *)payload, strlen(payload) }, ring);
}

static s32 add_file(const char *description, const char *golden, s32 ring)
{
	struct span der = golden_read(golden);
	s32 serial = keys_add(&caller, "asymmetric", description, der, ring);

	golden_free(der);
	return serial;
}

static bool shown(const char *what)
{
	struct blob text = { 0 };
	bool found;

	assert_int_equal(keys_show(caller.task->cred, &text), 0);
	blob_bytes(&text, "", 1);
	found = strstr((char *)text.base, what);
	blob_done(&text);
	return found;
}

static s32 ring_named(const char *name)
{
	struct blob text = { 0 };
	char *at;
	s32 serial;

	assert_int_equal(keys_show(caller.task->cred, &text), 0);
	blob_bytes(&text, "", 1);
	at = strstr((char *)text.base, name);
	assert_non_null(at);
	while (at > (char *)text.base && at[-1] != '\n')
		at--;
	serial = (s32)strtol(at, NULL, 16);
	blob_done(&text);
	return serial;
}

static void trusted_rings_are_shown_in_the_form_of_linux(void **state)
{
	(void)state;
	boot(NULL);
	assert_true(shown(" I------     1 perm 1f0b0000     0     0 keyring   .builtin_trusted_keys: 1\n"));
	assert_true(shown(" I------     1 perm 1f0f0000     0     0 keyring   .ima: 1\n"));
	assert_true(shown(" I------     1 perm 1f0f0000     0     0 keyring   .evm: empty\n"));
	assert_true(shown(" I------     1 perm 1f030000     0     0 asymmetri Assay: assay-test-ca: "));
	assert_true(shown(": X509.rsa ") && shown(": X509.ecdsa-nist-p256 ") && shown(" []\n"));
	machine.task.cred = &machine.user;
	assert_false(shown("keyring"));
}

static void certificate_enters_ima_only_with_a_trusted_signature(void **state)
{
	s32 ima, serial;

	(void)state;
	boot("measure func=KEY_CHECK keyrings=.ima\n");
	ima = ring_named(".ima:");
	assert_int_equal(add_file("", "keys/rsa2048.der", ima), -ENOKEY);
	assert_int_equal(add_file("", "keys/rogue-leaf.der", ima), -ENOKEY);
	assert_int_equal(add("asymmetric", "", "no certificate", ima), -EBADMSG);
	assert_int_equal(add("user", "x", "y", ima), -EOPNOTSUPP);
	assert_int_equal(add_file("", "keys/leaf.der", ring_named(".builtin_trusted_keys:")), -EACCES);
	assert_int_equal(keyring_count(core.rings[RING_IMA]), 1);
	size_t before = machine_count();
	serial = add_file("ignored", "keys/leaf.der", ima);
	assert_true(serial > ima);
	assert_int_equal(keyring_count(core.rings[RING_IMA]), 2);
	assert_int_equal(machine_count(), before + 1);
	assert_true(listed(" .ima 3082"));
	assert_true(shown(" perm 39010000     0     0 asymmetri Assay: assay-test-leaf: "));
	assert_true(shown(" .ima: 2\n"));
	assert_int_equal(keys_unlink(&caller, serial, ima), -EPERM);
	assert_int_equal(add_file("", "keys/leaf.der", ima), serial); /* again: the same */
	assert_int_equal(add_file("", "keys/rogue-leaf.der", ima), -ENOKEY); /* the same key, signed by others */
	assert_int_equal(add_file("", "keys/misissued-leaf.der", ima), -ENOKEY);
	assert_int_equal(add_file("", "keys/p256.der", ima), -ENOKEY); /* there by the image's word only */
	assert_int_equal(keyring_count(core.rings[RING_IMA]), 2);
	machine.task.cred = &machine.user;
	assert_int_equal(add_file("", "keys/leaf.der", ima), -EACCES);
	assert_true(machine_replays());
}

static void key_that_cannot_be_recorded_is_not_trusted(void **state)
{
	s32 ima;

	(void)state;
	boot("measure func=KEY_CHECK\n");
	ima = ring_named(".ima:");
	fake_tpm_fault(&machine.fake, FAKE_GONE_ONES, 1);
	assert_int_equal(add_file("", "keys/leaf.der", ima), -EIO);
	assert_int_equal(keyring_count(core.rings[RING_IMA]), 1);
	assert_true(shown(" .ima: 1\n"));
	assert_int_equal(add_file("", "keys/leaf.der", KEYS_SESSION), -EIO);
	assert_false(shown("assay-test-leaf"));
}

static void certificates_before_the_first_policy_wait_for_it(void **state)
{
	struct policy_load_env env;
	size_t before;

	(void)state;
	boot(NULL);
	before = machine_count();
	assert_true(add_file("", "keys/leaf.der", KEYS_SESSION) > 0);
	assert_true(add_file("", "keys/leaf.der", ring_named(".ima:")) > 0);
	assert_int_equal(machine_count(), before);
	alive[3] = false; /* the ring goes, what is known of it stays */
	assert_false(shown("_ses"));
	env = core_load_env(&machine.task);
	assert_int_equal(policy_load_open(&core.load), 0);
	assert_true(policy_load_write(&core.load, &env, "measure func=KEY_CHECK", 22) > 0);
	assert_int_equal(policy_load_release(&core.load, &env), 0);
	/* The policy, ca, p256, leaf in .ima, leaf in _ses. */
	assert_int_equal(machine_count(), before + 5);
	assert_true(listed(" .builtin_trusted_keys 3082") && listed(" .ima 3082") && listed(" _ses 3082"));
	assert_true(machine_replays());
}

static void rings_belong_to_processes_and_users(void **state)
{
	s32 ring, key, uid;
	struct blob text = { 0 };

	(void)state;
	boot(NULL);
	assert_true(keys_ring(&caller, KEYS_SESSION, false) == keys_ring(&caller, KEYS_USER_SESSION, false));
	caller.process = 2;
	ring = keys_join_session(&caller, "mine");
	assert_true(ring > 0);
	assert_int_equal(keys_join_session(&caller, ".ima"), -EPERM);
	caller.process = 3; /* inherits */
	assert_int_equal(keys_ring(&caller, KEYS_SESSION, true), ring);
	key = add("user", "secret", "data", KEYS_SESSION);
	assert_int_equal(keys_search(&caller, KEYS_SESSION, "user", "secret"), key);
	assert_int_equal(keys_search(&caller, KEYS_SESSION, "user", "other"), -ENOKEY);
	assert_int_equal(keys_describe(&caller, key, &text), 0);
	assert_string_equal((char *)text.base, "user;0;0;3f010000;secret");
	blob_reset(&text);
	assert_int_equal(keys_read(&caller, key, &text), 0);
	assert_memory_equal(text.base, "data", 4);
	blob_reset(&text);
	assert_int_equal(keys_read(&caller, ring, &text), 0);
	assert_int_equal(text.len, 4);
	assert_memory_equal(text.base, &key, 4);
	blob_done(&text);
	assert_true(add("user", "secret", "later", KEYS_SESSION) > key); /* in its place */
	assert_true(shown("user      secret: 5\n") && shown("keyring   mine: 1\n"));
	caller.process = 1;
	assert_int_equal(keys_ring(&caller, KEYS_PROCESS, false), -ENOKEY);
	assert_int_not_equal(keys_ring(&caller, KEYS_SESSION, false), ring);
	uid = keys_ring(&caller, KEYS_USER, false);
	assert_true(uid > 0 && keys_ring(&caller, KEYS_USER, true) == uid);
	assert_true(shown(" keyring   _uid.0: empty\n"));
	machine.task.cred = &machine.user;
	assert_int_equal(keys_describe(&caller, ring, &text), -EACCES);
	assert_int_equal(keys_unlink(&caller, key, ring), -EACCES);
	machine.task.cred = &machine.root;
	alive[2] = false;
	assert_int_equal(keys_describe(&caller, ring, &text), -ENOKEY);
	assert_false(shown("secret"));
}

static void nested_rings_go_with_what_is_in_them(void **state)
{
	s32 outer, inner;

	(void)state;
	boot(NULL);
	outer = add("keyring", "outer", "", KEYS_USER);
	inner = add("keyring", "inner", "", outer);
	assert_true(add_file("named", "keys/rsa2048.der", inner) > inner);
	assert_true(shown(" asymmetri named: X509.rsa ") && shown(" inner: 1\n"));
	assert_int_equal(keys_unlink(&caller, inner, KEYS_USER), -ENOENT);
	assert_int_equal(add("keyring", "x", "", add("user", "u", "v", outer)), -ENOTDIR);
	assert_int_equal(keys_unlink(&caller, outer, KEYS_USER), 0);
	assert_false(shown("named") || shown("inner"));
}

static void bad_requests_get_the_answers_of_linux(void **state)
{
	static char big[32769];

	(void)state;
	boot(NULL);
	memset(big, 'x', 32768);
	assert_int_equal(add("logon", "a:b", "c", KEYS_USER), -ENODEV);
	assert_int_equal(add(".secret", "a", "c", KEYS_USER), -EPERM);
	assert_int_equal(add("user", "", "c", KEYS_USER), -EINVAL);
	assert_int_equal(add("user", "a", "", KEYS_USER), -EINVAL);
	assert_int_equal(add("user", "a", big, KEYS_USER), -EINVAL);
	assert_int_equal(add("keyring", ".ima", "", KEYS_USER), -EPERM);
	assert_int_equal(add("keyring", "r", "payload", KEYS_USER), -EINVAL);
	assert_int_equal(add("user", "a", "c", 0), -EINVAL);
	assert_int_equal(add("user", "a", "c", -9), -EINVAL);
	assert_int_equal(add("user", "a", "c", 12345), -ENOKEY);
}

static void keys_have_a_quota(void **state)
{
	static char big[30001];
	char name[8] = "k000";
	s32 added = 1;

	(void)state;
	boot(NULL);
	for (unsigned i = 0; added > 0 && i < 1000; i++) {
		text_format(name, sizeof(name), "k%03u", i);
		added = add("user", name, "v", KEYS_USER);
	}
	assert_int_equal(added, -EDQUOT);
	assert_string_equal(name, "k199"); /* _uid.0 counts too */
	assert_int_equal(add("keyring", "ring", "", KEYS_USER), -EDQUOT);
	assert_true(add_file("", "keys/leaf.der", ring_named(".ima:")) > 0); /* trusted keys are not counted */
	assert_int_equal(keys_join_session(&caller, NULL), -EDQUOT);
	keys_done();
	machine.task.cred = &machine.user;
	added = 1;
	for (unsigned i = 0; added > 0 && i < 1000; i++) {
		text_format(name, sizeof(name), "u%03u", i);
		added = add("user", name, "v", KEYS_USER);
	}
	assert_int_equal(added, -EDQUOT);
	machine.task.cred = &machine.root; /* half of the room is root's */
	assert_true(add("user", "more", "v", KEYS_USER) > 0);
	keys_done();
	memset(big, 'x', 30000);
	for (added = 1; added > 0; name[1]++)
		added = add("user", name, big, KEYS_USER);
	assert_int_equal(added, -EDQUOT);
}

static void memory_that_runs_out_leaves_the_rings_as_they_were(void **state)
{
	struct span der = golden_read("keys/leaf.der");
	unsigned failed = 0;
	s32 serial = -ENOMEM;

	(void)state;
	boot("measure func=KEY_CHECK\n");
	for (u64 n = 1; serial < 0 && n < 400; n++) {
		s32 ima = ring_named(".ima:");

		fake_port_fail_after(n);
		serial = keys_add(&caller, "asymmetric", "", der, ima);
		fake_port_fail_after(0);
		failed += serial < 0;
		assert_int_equal(keyring_count(core.rings[RING_IMA]), serial < 0 ? 1 : 2);
	}
	assert_true(serial > 0);
	assert_in_range(failed, 10, 300);
	golden_free(der);
	assert_true(machine_replays());
}

static void every_allocation_of_a_users_certificate_may_fail(void **state)
{
	struct span der = golden_read("keys/rsa2048.der");
	unsigned failed = 0;
	s32 serial = -ENOMEM;

	(void)state;
	boot(NULL);
	for (u64 n = 1; serial < 0 && n < 400; n++) {
		fake_port_fail_after(n);
		serial = keys_add(&caller, "asymmetric", "mine", der, KEYS_SESSION);
		fake_port_fail_after(0);
		failed += serial < 0;
		assert_int_equal(shown(" mine: X509.rsa "), serial > 0);
	}
	assert_in_range(failed, 10, 300);
	for (u64 n = 1; n < 8; n++) {
		struct blob text = { 0 };

		fake_port_fail_after(n);
		int err = keys_show(caller.task->cred, &text);

		fake_port_fail_after(0);
		assert_true(err == 0 || err == -ENOMEM);
		blob_done(&text);
	}
	golden_free(der);
}

static void queue_of_certificates_has_an_end(void **state)
{
	s32 added = 1;

	(void)state;
	boot(NULL);
	for (unsigned i = 0; added > 0 && i < 1000; i++)
		added = add_file("same", "keys/rsa4096.der", KEYS_USER);
	assert_int_equal(added, -EDQUOT);
	keys_measure_queued();
	assert_true(add_file("same", "keys/rsa4096.der", KEYS_USER) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(trusted_rings_are_shown_in_the_form_of_linux, fixture_teardown),
		cmocka_unit_test_teardown(certificate_enters_ima_only_with_a_trusted_signature, fixture_teardown),
		cmocka_unit_test_teardown(key_that_cannot_be_recorded_is_not_trusted, fixture_teardown),
		cmocka_unit_test_teardown(certificates_before_the_first_policy_wait_for_it, fixture_teardown),
		cmocka_unit_test_teardown(rings_belong_to_processes_and_users, fixture_teardown),
		cmocka_unit_test_teardown(nested_rings_go_with_what_is_in_them, fixture_teardown),
		cmocka_unit_test_teardown(bad_requests_get_the_answers_of_linux, fixture_teardown),
		cmocka_unit_test_teardown(keys_have_a_quota, fixture_teardown),
		cmocka_unit_test_teardown(every_allocation_of_a_users_certificate_may_fail, fixture_teardown),
		cmocka_unit_test_teardown(queue_of_certificates_has_an_end, fixture_teardown),
		cmocka_unit_test_teardown(memory_that_runs_out_leaves_the_rings_as_they_were, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
