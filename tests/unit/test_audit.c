/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_audit.c - audit lines against those that a Linux 7.2 printed: type, order of fields, words, names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/audit.h"
#include "kernel/integrity/core.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"

static void boot_as(struct integrity_config config, const char *policy)
{
	machine_up(true);
	machine_copy("/etc/keys/x509_ima.der", "keys/rsa2048.der", NULL);
	machine_copy("/t/u1001_rsa256", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
	machine_write("/t/u1001_none", "x", 1, NULL);
	machine_inode("/t/u1001_rsa256")->uid = machine_inode("/t/u1001_none")->uid = 1001;
	fixture_start(config, policy);
}

static void boot_with(const char *policy)
{
	boot_as((struct integrity_config){ 0 }, policy);
}

/* The last line that has what in it, without time, serial, ids, comm, device and inode: as the captured ones below. */
static const char *last_line(const char *what)
{
	static const struct {
		const char *key;
		char end;
	} varying[] = { { " audit(", ')' }, { " pid=", ' ' }, { " ppid=", ' ' }, { " comm=", ' ' }, { " dev=", ' ' },
			{ " ino=", ' ' } };
	static char line[1024];
	const char *at = NULL;

	for (const char *next = fake_port_log_text(); (next = strstr(next, what)); next++) at = next;
	if (!at) return "none";
	while (at > fake_port_log_text() && at[-1] != '\n') at--;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	for (size_t i = 0; i < ARRAY_COUNT(varying); i++) {
		char *from = strstr(line, varying[i].key), *to;

		if (!from) continue;
		from += strlen(varying[i].key);
		to = from + strcspn(from, (char[]){ varying[i].end, 0 });
		memmove(from, to, strlen(to) + 1);
	}
	return line;
}

static int ask_exec(const char *path)
{
	struct file *file;
	int err = vfs_open_exec(&machine.context, NULL, path, &machine.root, &file);

	assert_int_equal(err, 0);
	err = integrity_bprm_check(&machine.task, file, true);
	file_put(file);
	return err;
}

static void refused_exec_is_type_1800_and_a_refused_question_1808(void **state)
{
	(void)state;
	boot_with("appraise func=BPRM_CHECK fowner=1001\n");
	assert_int_equal(machine_exec("/t/u1001_none"), -EACCES);
	assert_string_equal(last_line("type="), "audit: type=1800 audit(): pid= uid=0 auid=4294967295 ses=4294967295 "
			    "op=appraise_data cause=missing-hash comm= name=\"/t/u1001_none\" dev= ino= res=0 errno=0");
	assert_int_equal(ask_exec("/t/u1001_none"), -EACCES);
	assert_string_equal(last_line("type="), "audit: type=1808 audit(): pid= uid=0 auid=4294967295 ses=4294967295 "
			    "op=appraise_data cause=missing-hash comm= name=\"/t/u1001_none\" dev= ino= res=0 errno=0");
	assert_int_equal(ask_exec("/t/u1001_rsa256"), 0);
}

static void exec_that_file_check_refuses_is_type_1800_also_when_asked(void **state)
{
	(void)state;
	boot_with("appraise func=FILE_CHECK fowner=1001\nappraise func=BPRM_CHECK fowner=1001\n");
	assert_int_equal(ask_exec("/t/u1001_none"), -EACCES);
	assert_true(logged("type=1800") && !logged("type=1808"));
}

static void mprotect_and_mapped_writers_have_their_lines_in_every_mode(void **state)
{
	static const enum appraise_mode modes[] = { APPRAISE_ENFORCE, APPRAISE_LOG };
	struct file *file, *writer;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
		boot_as((struct integrity_config){ .appraise = modes[i] },
			"appraise func=MMAP_CHECK mask=MAY_EXEC fowner=1001\n");
		file = try_file("/t/u1001_rsa256", O_RDONLY);
		assert_int_equal(integrity_mprotect_check(&machine.task, file), -EPERM);
		assert_string_equal(last_line("type=1800"), "audit: type=1800 audit(): pid= uid=0 auid=4294967295 "
				    "ses=4294967295 op=collect_data cause=failed-mprotect comm= "
				    "name=\"/t/u1001_rsa256\" dev= ino= res=0 errno=0");
		writer = machine_open("/t/u1001_rsa256", O_RDWR);
		assert_int_equal(integrity_mmap_check(&machine.task, file, PROT_READ_EXEC, PROT_READ_EXEC),
				 modes[i] == APPRAISE_ENFORCE ? -EACCES : 0);
		assert_string_equal(last_line("type=1800"), "audit: type=1800 audit(): pid= uid=0 auid=4294967295 "
				    "ses=4294967295 op=mmap_file cause=mmapped_writers comm= "
				    "name=\"/t/u1001_rsa256\" dev= ino= res=0 errno=0");
		file_put(writer);
		file_put(file);
		if (!i) machine_down();
	}
}

static ssize failing_getxattr(struct inode *inode, const char *name, void *buf, size_t cap)
{
	(void)inode, (void)name, (void)buf, (void)cap;
	return -EIO;
}

static void label_that_cannot_be_read_is_an_unknown_one(void **state)
{
	struct attr attr = { .valid = ATTR_MODE, .mode = 0750 };
	struct path path;
	struct inode *inode;
	const struct inode_ops *good;
	struct inode_ops broken;

	(void)state;
	boot_with("appraise func=BPRM_CHECK fowner=1001\n");
	inode = machine_inode("/t/u1001_rsa256");
	good = inode->ops;
	broken = *good;
	broken.getxattr = failing_getxattr;
	inode->ops = &broken;
	assert_int_equal(machine_exec("/t/u1001_rsa256"), -EACCES);
	assert_true(logged("op=appraise_data cause=unknown comm="));
	inode->ops = good;
	assert_int_equal(machine_exec("/t/u1001_rsa256"), 0);
	inode->ops = &broken; /* the good verdict is known: the label is not read again */
	assert_int_equal(machine_exec("/t/u1001_rsa256"), 0);
	assert_int_equal(path_walk(&machine.context, NULL, "/t/u1001_rsa256", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_setattr(&path, &attr, &machine.root), 0);
	path_put(&path);
	assert_int_equal(machine_exec("/t/u1001_rsa256"), -EACCES); /* with other rights it is looked at again */
	inode->ops = good;
	assert_int_equal(machine_exec("/t/u1001_rsa256"), 0);
}

/* Unlike Linux, which lets the open pass without a record: zeros stand for what is not there. */
static void verity_rule_says_that_there_is_no_digest(void **state)
{
	struct file *file;
	size_t count;

	(void)state;
	boot_with("measure func=FILE_CHECK fowner=1001 digest_type=verity template=ima-ngv2\n"
		  "appraise func=BPRM_CHECK digest_type=verity appraise_type=sigv3\n");
	count = machine_count();
	file = try_file("/t/u1001_none", O_RDONLY);
	assert_non_null(file);
	file_put(file);
	assert_string_equal(last_line("type=1800"), "audit: type=1800 audit(): pid= uid=0 auid=4294967295 "
			    "ses=4294967295 op=collect_data cause=no-verity-digest comm= name=\"u1001_none\" dev= "
			    "ino= res=0 errno=0");
	assert_non_null(strstr(machine_list(), " ima-ngv2 verity:sha256:00000000000000000000000000000000000000000000"
			       "00000000000000000000 /t/u1001_none\n"));
	assert_int_equal(machine_count(), count + 1);
	assert_int_equal(machine_exec("/t/u1001_rsa256"), -EACCES);
	assert_true(machine_replays());
}

static void audit_rule_line_has_the_task_whole(void **state)
{
	struct file *exe;
	size_t count;

	(void)state;
	boot_with("audit func=FILE_CHECK fowner=1001\n");
	exe = machine_open("/t/u1001_rsa256", O_WRONLY);
	machine.task.exe = &exe->path;
	count = machine_count();
	file_put(try_file("/t/u1001_none", O_RDONLY));
	assert_int_equal(machine_count(), count);
	assert_string_equal(last_line("type=1805"),
			    "audit: type=1805 audit(): file=\"/t/u1001_none\" "
			    "hash=\"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\" "
			    "ppid= pid= auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 "
			    "sgid=0 fsgid=0 tty=(none) ses=4294967295 comm= exe=\"/t/u1001_rsa256\"");
	assert_true(logged(" ppid=41 pid=42 ") && logged(" comm=\"sh\" "));
	file_put(exe);
}

/* What is added, or was there, is information: only with integrity_audit=1. */
static void additions_are_audited_where_integrity_audit_asks(void **state)
{
	(void)state;
	for (unsigned asked = 0; asked < 2; asked++) {
		boot_as((struct integrity_config){ .audit_informational = asked }, "measure func=BPRM_CHECK\n");
		assert_int_equal(machine_exec("/t/u1001_none"), 0);
		icache_forget(machine_inode("/t/u1001_none")->integrity);
		assert_int_equal(machine_exec("/t/u1001_none"), 0);
		assert_int_equal(logged("type=1804"), asked);
		if (asked) {
			assert_string_equal(last_line("hash_added"),
					    "audit: type=1804 audit(): pid= uid=0 auid=4294967295 ses=4294967295 "
					    "op=add_template_measure cause=hash_added comm= "
					    "name=\"/t/u1001_none\" dev= ino= res=1 errno=0");
			assert_true(logged("cause=hash_exists comm=\"sh\" name=\"/t/u1001_none\""));
			assert_true(logged("cause=hash_added comm=\"swapper/0\" name=\"boot_aggregate\" res=1 "
					   "errno=0"));
		} else {
			machine_down();
		}
	}
}

static void buffer_that_cannot_be_recorded_has_its_own_op(void **state)
{
	static const struct span bytes = { (const u8 *)"x", 1 };
	const char *once;

	(void)state;
	boot_with("measure func=KEXEC_CMDLINE\nmeasure func=KEY_CHECK\nmeasure func=CRITICAL_DATA\n");
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "l", "good", bytes, 0), 0);
	assert_false(logged("store_entry") || logged("refused"));
	fake_port_fail_after(1);
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "l", "bad", bytes, 0), -ENOMEM);
	assert_true(logged("op=measuring_critical_data cause=alloc_entry comm=\"sh\" name=\"bad\" res=0 errno=-12"));
	fake_tpm_fault(&machine.fake, FAKE_GONE_ONES, 1);
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_KEXEC_CMDLINE, NULL, "kexec-cmdline", bytes, 0),
			 -EIO);
	assert_string_equal(last_line("op=measuring_"),
			    "audit: type=1804 audit(): pid= uid=0 auid=4294967295 ses=4294967295 "
			    "op=measuring_kexec_cmdline cause=store_entry comm= name=\"kexec-cmdline\" res=0 errno=-5");
	assert_true(logged("assay: kexec-cmdline: refused (EIO): the measurement cannot be recorded: "
			   "rule 'measure func=KEXEC_CMDLINE'"));
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_KEY_CHECK, ".ima", ".ima", bytes, 0), -EIO);
	assert_true(logged("op=measuring_key cause=store_entry"));
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "l", "n", bytes, 0), -EIO);
	assert_true(logged("op=measuring_critical_data cause=store_entry"));
	once = strstr(fake_port_log_text(), "assay: the log is broken at record ");
	assert_non_null(once);
	assert_null(strstr(once + 1, "assay: the log is broken at record "));
}

static void aggregate_that_cannot_be_had_is_audited(void **state)
{
	struct integrity_config config = { 0 };

	(void)state;
	machine_up(true);
	fake_tpm_fault(&machine.fake, FAKE_GONE_ONES, 1);
	assert_true(machine_start(config) < 0);
	assert_string_equal(last_line("type=1804"),
			    "audit: type=1804 audit(): pid= uid=0 auid=4294967295 ses=4294967295 op=add_boot_aggregate "
			    "cause=hashing_error comm= name=\"boot_aggregate\" res=0 errno=0");
}

#define CASE(test) cmocka_unit_test_teardown(test, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(refused_exec_is_type_1800_and_a_refused_question_1808),
		CASE(exec_that_file_check_refuses_is_type_1800_also_when_asked),
		CASE(mprotect_and_mapped_writers_have_their_lines_in_every_mode),
		CASE(label_that_cannot_be_read_is_an_unknown_one),
		CASE(verity_rule_says_that_there_is_no_digest),
		CASE(audit_rule_line_has_the_task_whole),
		CASE(additions_are_audited_where_integrity_audit_asks),
		CASE(buffer_that_cannot_be_recorded_has_its_own_op),
		CASE(aggregate_that_cannot_be_had_is_audited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
