/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_evidence.c - what programs can see of the core: list files, counters, violations, audit lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fs/nodefs.h"
#include "kernel/integrity/core.h"
#include "kernel/integrity/secnodes.h"
#include "kernel/integrity/service.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"

static int failing_page(struct inode *inode, u64 index, bool for_write, void **ret_page)
{
	(void)inode;
	(void)index;
	(void)for_write;
	(void)ret_page;
	return -EBADMSG;
}

static void boot_with(const char *policy)
{
	machine_up(true);
	machine_copy("/etc/keys/x509_ima.der", "keys/rsa2048.der", NULL);
	fixture_start((struct integrity_config){ 0 }, policy);
}

/* ---- readers and writers */

static size_t base_count;

static void expect(const char *step, size_t count, u64 violations)
{
	if (machine_count() - base_count != count || mlog_violations(core.log) != violations)
		fail_msg("%s: %zu records, %llu violations", step, machine_count() - base_count,
			 (unsigned long long)mlog_violations(core.log));
}

/* The trace of a Linux kernel, step by step. */
static void overlapping_readers_and_writers_are_recorded_as_on_linux(void **state)
{
	struct file *r1, *r2, *w, *r3;

	(void)state;
	boot_with("measure func=FILE_CHECK mask=^MAY_READ fowner=0\n");
	machine_write("/t/b", "b", 1, NULL);
	base_count = machine_count();
	r1 = machine_open("/t/b", O_RDONLY);
	expect("open r", 1, 0);
	w = machine_open("/t/b", O_RDWR);
	expect("open rw while r is open", 2, 1);
	assert_true(listed(" 0000000000000000000000000000000000000000000000000000000000000000 ima-ng "
			   "sha256:000000000000000"
			   "0000000000000000000000000000000000000000000000000 /t/b\n"));
	assert_true(logged("audit: type=1804 audit(1795310953.120:"));
	assert_true(logged("op=invalid_pcr cause=ToMToU comm=\"sh\" name=\"/t/b\" dev=\"assayroot\" ino="));
	file_put(w);
	w = machine_open("/t/b", O_RDWR);
	expect("open rw again", 2, 1);
	file_put(w);
	r2 = machine_open("/t/b", O_RDONLY);
	expect("open r a second time", 2, 1);
	w = machine_open("/t/b", O_RDWR);
	expect("open rw", 3, 2);
	file_put(r1);
	file_put(r2);
	r3 = machine_open("/t/b", O_RDONLY);
	expect("open r while rw is open", 4, 3);
	assert_true(logged("op=invalid_pcr cause=open_writers comm=\"sh\""));
	r1 = machine_open("/t/b", O_RDONLY);
	expect("open r again", 4, 3);
	file_put(r1);
	file_put(r3);
	file_put(w);
	w = machine_open("/t/b", O_RDWR);
	r1 = machine_open("/t/b", O_RDONLY);
	expect("new writer, open r", 5, 4);
	file_put(r1);
	file_put(w);
	assert_true(machine_replays());
}

static void writers_of_signed_files_are_refused(void **state)
{
	struct file *file;

	(void)state;
	boot_with("appraise func=FILE_CHECK fowner=0 appraise_type=imasig\n");
	machine_copy("/t/new", "sigs/hello.txt", NULL);
	assert_int_equal(vfs_open(&machine.context, NULL, "/t/new", O_RDONLY, 0, &machine.root, &file), -EACCES);
	assert_true(logged("cause=IMA-signature-required comm=\"sh\" name=\"/t/new\""));
	assert_int_equal(vfs_open(&machine.context, NULL, "/t/new", O_RDWR, 0, &machine.root, &file), -EACCES);
	machine_inode("/t/new")->uid = 5;
	file = machine_open("/t/new", O_RDWR);
	file_put(file);
}

static void signed_file_is_read_and_not_written(void **state)
{
	static const char digest[] =
		"\x04\x04\x58\x91\xb5\xb5\x22\xd5\xdf\x08\x6d\x0f\xf0\xb1\x10\xfb\xd9\xd2\x1b\xb4\xfc"
		"\x71\x63\xaf\x34\xd0\x82\x86\xa2\xe8\x46\xf6\xbe\x03";
	struct path path;
	struct file *file;

	(void)state;
	machine_up(true);
	machine_copy("/t/hello", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
	machine_down();
	boot_with("appraise func=FILE_CHECK fowner=7\n");
	machine_copy("/t/hello", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
	machine_inode("/t/hello")->uid = 7;
	file = machine_open("/t/hello", O_RDONLY);
	file_put(file);
	assert_int_equal(vfs_open(&machine.context, NULL, "/t/hello", O_WRONLY, 0, &machine.root, &file), -EACCES);
	assert_true(logged("assay: /t/hello: refused (EACCES): a signed file cannot be opened for write"));
	/* With another label it is no signed file any more, but it must be right. */
	assert_int_equal(path_walk(&machine.context, NULL, "/t/hello", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_setxattr(&path, "security.ima", digest, 34, 0, &machine.root), 0);
	path_put(&path);
	file_put(machine_open("/t/hello", O_WRONLY));
}

static void direct_io_is_recorded_as_zeros_and_never_appraised_good(void **state)
{
	struct file *file;

	(void)state;
	boot_with("measure func=FILE_CHECK fowner=7\nappraise func=FILE_CHECK fowner=8\n");
	machine_write("/t/d", "d", 1, NULL);
	machine_inode("/t/d")->uid = 7;
	file = machine_open("/t/d", O_RDONLY | O_DIRECT);
	file_put(file);
	assert_true(logged("op=collect_data cause=failed(directio) comm=\"sh\" name=\"d\""));
	assert_true(listed(" ima-ng sha256:0000000000000000000000000000000000000000000000000000000000000000 /t/d\n"));
	assert_int_equal(mlog_violations(core.log), 0);
	file = machine_open("/t/d", O_RDONLY);
	file_put(file);
	assert_true(listed(" ima-ng sha256:18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4 /t/d\n"));
	machine_inode("/t/d")->uid = 8;
	machine_write("/t/d2", "d", 1, NULL);
	machine_inode("/t/d2")->uid = 8;
	assert_int_equal(vfs_open(&machine.context, NULL, "/t/d2", O_RDONLY | O_DIRECT, 0, &machine.root, &file),
			 -EACCES);
	assert_true(machine_replays());
}

static void audit_rule_names_a_content_once(void **state)
{
	static const char line[] = "file=\"/t/d\" "
				   "hash=\"sha256:18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4\""
		" ppid=41 pid=42 auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) "
		"ses=4294967295"
		" comm=\"sh\" exe=(null)\n";
	struct attr attr = { .valid = ATTR_MODE, .mode = 0700 };
	struct path path;
	const char *first;

	(void)state;
	boot_with("audit func=FILE_CHECK fowner=7\n");
	machine_write("/t/d", "d", 1, NULL);
	machine_inode("/t/d")->uid = 7;
	for (unsigned i = 0; i < 3; i++)
		file_put(machine_open("/t/d", O_RDONLY));
	first = strstr(fake_port_log_text(), line);
	assert_non_null(first);
	assert_null(strstr(first + 1, line));
	/* Other rights, the same content. */
	assert_int_equal(path_walk(&machine.context, NULL, "/t/d", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_setattr(&path, &attr, &machine.root), 0);
	path_put(&path);
	file_put(machine_open("/t/d", O_RDONLY));
	first = strstr(fake_port_log_text(), line);
	assert_null(strstr(first + 1, line));
	machine_write("/t/d", "e", 1, NULL);
	machine_write("/t/d", "d", 1, NULL);
	file_put(machine_open("/t/d", O_RDONLY));
	first = strstr(fake_port_log_text(), line);
	assert_non_null(strstr(first + 1, line));
}

/* ---- keys, buffers */

static void keys_are_recorded_where_a_rule_says_so(void **state)
{
	struct span der = golden_read("keys/rsa2048.der");
	char *want = calloc(1, 2 * der.len + 16);

	(void)state;
	boot_with("measure func=KEY_CHECK keyrings=.ima pcr=11\n");
	strcpy(want, " .ima ");
	for (size_t i = 0; i < der.len; i++)
		snprintf(want + strlen(want), 3, "%02x", der.base[i]);
	strcat(want, "\n");
	assert_true(listed("\n11 ") && listed(want));
	free(want);
	golden_free(der);
	assert_true(machine_replays());
}

/* The event of a Linux kernel: same data, same template digest. */
static void buffers_are_recorded_as_on_linux(void **state)
{
	static const char release[] = "7.2.13+deb14-cloud-amd64";
	const struct span text = { (const u8 *)release, strlen(release) };

	(void)state;
	boot_with("measure func=CRITICAL_DATA label=kernel_info\n");
	base_count = machine_count();
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "other", "kernel_version", text,
						  false), 0);
	assert_int_equal(machine_count(), base_count);
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "kernel_info", "kernel_version",
						  text,
						  false), 0);
	assert_true(listed(" ima-buf sha256:0368146f569a2ca91b4baa09145ddfff617c25fc2df2cab674964738338b442e "
			   "kernel_version "
			   "372e322e31332b64656231342d636c6f75642d616d643634\n"));
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "kernel_info", "hashed", text,
						  true), 0);
	assert_true(listed(" hashed 0368146f569a2ca91b4baa09145ddfff617c25fc2df2cab674964738338b442e\n"));
	fake_tpm_fault(&machine.fake, FAKE_GONE_ONES, 1);
	assert_int_equal(integrity_measure_buffer(&machine.task, FUNC_CRITICAL_DATA, "kernel_info", "late", text,
						  false), -EIO);
}

/* ---- files of securityfs */

static size_t read_node(const char *path, u8 *buf, size_t cap, size_t step)
{
	struct file *file = machine_open(path, O_RDONLY);
	size_t len = 0;
	ssize got;

	while (len < cap && (got = file_read(file, buf + len, cap - len < step ? cap - len : step, NULL)) > 0)
		len += (size_t)got;
	file_put(file);
	return len;
}

static u32 mode_of(const char *path)
{
	return machine_inode(path)->mode;
}

static void list_files_are_those_of_the_banks_with_their_links(void **state)
{
	static const char *const banks[] = { "sha1", "sha256", "sha384", "sha512" };
	char path[128], other[128];
	static u8 one[65536], two[65536];

	(void)state;
	machine_boot("tcb");
	assert_int_equal(machine_exec("/bin/hello"), 0);
	fixture_mount_securityfs();
	for (size_t i = 0; i < ARRAY_COUNT(banks); i++) {
		snprintf(path, sizeof(path), "/sec/integrity/ima/binary_runtime_measurements_%s", banks[i]);
		assert_int_equal(mode_of(path), S_IFREG | 0660);
		snprintf(path, sizeof(path), "/sec/ima/ascii_runtime_measurements_%s", banks[i]);
		assert_int_equal(mode_of(path), S_IFREG | 0660);
		snprintf(other, sizeof(other), "/sec/integrity/ima/ascii_runtime_measurements_%s", banks[i]);
		assert_int_equal(read_node(path, one, sizeof(one), 4096), read_node(other, two, sizeof(two), 1));
		assert_string_equal((char *)one, (char *)two);
	}
	assert_int_equal(mode_of("/sec/ima/violations"), S_IFREG | 0440);
	assert_int_equal(mode_of("/sec/ima/policy"), S_IFREG | 0600);
	assert_ptr_equal(machine_inode("/sec/ima/binary_runtime_measurements"),
			 machine_inode("/sec/ima/binary_runtime_measurements_sha1"));
	assert_int_equal(read_node("/sec/ima/ascii_runtime_measurements_sha256", one, sizeof(one) - 1, 100),
			 strlen(machine_list()));
	assert_memory_equal(one, machine_list(), strlen(machine_list()));
	memset(one, 0, sizeof(one));
	snprintf(path, sizeof(path), "%zu\n", machine_count());
	assert_int_equal(read_node("/sec/ima/runtime_measurements_count", one, 32, 32), strlen(path));
	assert_memory_equal(one, path, strlen(path));
	assert_int_equal(read_node("/sec/ima/violations", one, 32, 32), 2);
	assert_memory_equal(one, "0\n", 2);
}

static void policy_file_shows_the_rules(void **state)
{
	struct span want = golden_read("policy/tcb.readback");
	u8 text[4096];

	(void)state;
	machine_boot("tcb");
	fixture_mount_securityfs();
	assert_int_equal(read_node("/sec/ima/policy", text, sizeof(text), 64), want.len);
	assert_memory_equal(text, want.base, want.len);
	golden_free(want);
}

/* Reading in any steps and from any place gives the same bytes, and records made meanwhile come at the end. */
static void list_is_a_stream_that_can_be_read_from_anywhere(void **state)
{
	static u8 whole[16384], part[16384];
	struct file *reader;
	ssize len;

	(void)state;
	machine_boot("tcb");
	for (unsigned i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "/t/%u", i);
		machine_write(name, name, strlen(name), NULL);
		file_put(machine_open(name, O_RDONLY));
	}
	reader = machine_list_open(1, false);
	len = machine_list_read(reader, whole, sizeof(whole), 0);
	assert_true(len > 2000);
	for (ssize at = 0; at < len; at += 37)
		for (size_t step = 1; step < 700; step += 233) {
			size_t want = (size_t)(len - at) < step ? (size_t)(len - at) : step;

			assert_int_equal(machine_list_read(reader, part, step, (u64)at), want);
			assert_memory_equal(part, whole + at, want);
		}
	assert_int_equal(machine_list_read(reader, part, 100, (u64)len), 0);
	assert_int_equal(machine_list_read(reader, part, 100, 1ull << 40), 0);
	machine_write("/t/late", "late", 4, NULL);
	file_put(machine_open("/t/late", O_RDONLY));
	assert_true(machine_list_read(reader, part, 100, (u64)len) > 0);
	machine_list_close(reader);
	reader = machine_list_open(1, true);
	fake_port_fail_after(1);
	assert_int_equal(machine_list_read(reader, part, 100, 0), -ENOMEM);
	assert_int_equal(machine_list_read(reader, part, 100, 0), 100);
	machine_list_close(reader);
}

/* ---- what goes wrong on the way */

static void page_that_cannot_be_read_refuses_also_a_measure_only_rule(void **state)
{
	const struct inode_ops *good;
	struct inode_ops broken;
	struct inode *inode;

	(void)state;
	boot_with("measure func=BPRM_CHECK\n");
	machine_write("/bin/a", "a", 1, NULL);
	inode = machine_inode("/bin/a");
	good = inode->ops;
	broken = *good;
	broken.page = failing_page;
	inode->ops = &broken;
	base_count = machine_count();
	assert_int_equal(machine_exec("/bin/a"), -EIO);
	broken.page = NULL;
	assert_int_equal(machine_exec("/bin/a"), -EIO);
	assert_int_equal(machine_count(), base_count);
	assert_true(logged("op=collect_data cause=failed comm=\"sh\" name=\"a\""));
	assert_true(logged("assay: /bin/a: refused (EIO): the content cannot be read: rule 'measure func=BPRM_CHECK'"));
	inode->ops = good;
	assert_int_equal(machine_exec("/bin/a"), 0);
}

/* The change identity alone tells: the hook has not been called. */
static void change_that_no_hook_told_is_seen_by_the_version(void **state)
{
	struct attr attr = { .valid = ATTR_MODE, .mode = 0700 };
	struct digest before, after;
	struct inode *inode;
	struct path path;
	struct file *file;
	void *page;

	(void)state;
	boot_with("measure func=BPRM_CHECK\n");
	machine_write("/bin/a", "a", 1, NULL);
	assert_int_equal(machine_exec("/bin/a"), 0);
	inode = machine_inode("/bin/a");
	base_count = machine_count();
	assert_int_equal(inode->ops->page(inode, 0, true, &page), 0);
	*(char *)page = 'b';
	port_page_put(page);
	assert_int_equal(machine_exec("/bin/a"), 0);
	assert_int_equal(machine_count(), base_count); /* nothing told of it */
	inode->version++;
	assert_int_equal(machine_exec("/bin/a"), 0);
	assert_int_equal(machine_count(), base_count + 1);
	file = machine_open("/bin/a", O_RDONLY);
	assert_int_equal(integrity_collect(file, HASH_SHA256, &before), 0);
	*(char *)page = 'd'; /* still the file's; then other rights, of which the hook is told */
	inode->version++;
	assert_int_equal(path_walk(&machine.context, NULL, "/bin/a", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_setattr(&path, &attr, &machine.root), 0);
	path_put(&path);
	assert_int_equal(machine_exec("/bin/a"), 0);
	assert_int_equal(machine_count(), base_count + 2);
	*(char *)page = 'c';
	inode->version++;
	assert_int_equal(integrity_collect(file, HASH_SHA256, &after), 0);
	assert_memory_not_equal(before.bytes, after.bytes, 32);
	file_put(file);
}

static void path_that_is_too_long_for_a_record_refuses(void **state)
{
	struct path real_cwd;
	char name[202];

	(void)state;
	boot_with("measure func=BPRM_CHECK\n");
	real_cwd = machine.context.cwd;
	memset(name, 'd', 200);
	name[200] = 0;
	for (unsigned depth = 0; depth < 21; depth++) {
		struct path next;

		assert_int_equal(vfs_mknod(&machine.context, NULL, name, S_IFDIR | 0755, 0, &machine.root), 0);
		assert_int_equal(path_walk(&machine.context, NULL, name, 0, &machine.root, &next), 0);
		if (depth) path_put(&machine.context.cwd);
		machine.context.cwd = next;
	}
	machine_write("x", "x", 1, NULL);
	assert_int_equal(machine_exec("x"), -ENAMETOOLONG);
	assert_true(logged("assay: x: refused (ENAMETOOLONG): the path cannot be named"));
	path_put(&machine.context.cwd);
	machine.context.cwd = real_cwd;
}

static void violation_that_cannot_be_recorded_refuses_the_open(void **state)
{
	struct file *reader, *writer;

	(void)state;
	boot_with("measure func=FILE_CHECK mask=MAY_READ fowner=0\n");
	machine_write("/t/v", "v", 1, NULL);
	reader = machine_open("/t/v", O_RDONLY);
	fake_tpm_fault(&machine.fake, FAKE_GONE_ONES, 1);
	assert_int_equal(vfs_open(&machine.context, NULL, "/t/v", O_WRONLY, 0, &machine.root, &writer), -EIO);
	assert_int_equal(mlog_violations(core.log), 1);
	assert_true(logged("assay: /t/v: refused (EIO): the violation cannot be recorded"));
	file_put(reader);
}

static void algorithms_that_a_rule_does_not_allow_are_refused(void **state)
{
	static const u8 md5_label[18] = { 4, 1 }, sha256_label[34] = { 4, 4 }, sm3_label[34] = { 4, 17 };
	struct path path;

	(void)state;
	boot_with("appraise func=SETXATTR_CHECK appraise_algos=sha256,sha512\n"
		  "appraise func=BPRM_CHECK appraise_type=imasig appraise_algos=sha512\n");
	machine_copy("/bin/hello", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
	assert_int_equal(machine_exec("/bin/hello"), -EACCES);
	assert_true(logged("op=collect_data cause=denied-hash-algorithm comm=\"sh\" name=\"/bin/hello\""));
	assert_int_equal(path_walk(&machine.context, NULL, "/bin/hello", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_setxattr(&path, "security.ima", md5_label, 18, 0, &machine.root), -EACCES);
	assert_true(logged("op=set_data cause=denied-hash-algorithm comm=\"sh\" name=\"/bin/hello\" "
			   "dev=\"assayroot\" ino="));
	assert_int_equal(vfs_setxattr(&path, "security.ima", sm3_label, 34, 0, &machine.root), -EACCES);
	assert_int_equal(vfs_setxattr(&path, "security.ima", sha256_label, 34, 0, &machine.root), 0);
	assert_int_equal(vfs_setxattr(&path, "user.other", "x", 1, 0, &machine.root), 0);
	assert_int_equal(vfs_removexattr(&path, "user.other", &machine.root), 0);
	path_put(&path);
	machine_copy("/bin/hello512", "sigs/hello.txt", "sigs/rsa2048-sha512.sig");
	assert_int_equal(machine_exec("/bin/hello512"), 0);
}

static void verdict_of_a_laxer_rule_does_not_serve_a_stricter_one(void **state)
{
	static const char label[] =
		"\x04\x04\x58\x91\xb5\xb5\x22\xd5\xdf\x08\x6d\x0f\xf0\xb1\x10\xfb\xd9\xd2\x1b\xb4\xfc"
		"\x71\x63\xaf\x34\xd0\x82\x86\xa2\xe8\x46\xf6\xbe\x03";
	struct file *file;
	struct path path;

	(void)state;
	boot_with("appraise func=FILE_CHECK uid=1000 appraise_type=imasig\nappraise func=FILE_CHECK uid=0 fowner=7\n");
	machine_copy("/t/h", "sigs/hello.txt", NULL);
	assert_int_equal(path_walk(&machine.context, NULL, "/t/h", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_setxattr(&path, "security.ima", label, 34, 0, &machine.root), 0);
	path_inode(&path)->uid = 7;
	file_put(machine_open("/t/h", O_RDONLY));
	assert_int_equal(vfs_open(&machine.context, NULL, "/t/h", O_RDONLY, 0, &machine.user, &file), -EACCES);
	file_put(machine_open("/t/h", O_RDONLY));
	path_put(&path);
}

/* ---- boot_aggregate on the TPMs that a real Linux saw */

static void set_pcrs(const char *name)
{
	struct span text = golden_read(name);
	char *copy = calloc(1, text.len + 1), *save = NULL;

	memcpy(copy, text.base, text.len);
	machine.fake.bank_count = 0;
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char bank[16], hex[129];
		struct fake_bank *to;
		unsigned pcr, hash;

		assert_int_equal(sscanf(line, "%15s %u %128s", bank, &pcr, hex), 3);
		assert_int_equal(hash_by_name(bank, strlen(bank), &hash), 0);
		to = &machine.fake.banks[machine.fake.bank_count ? machine.fake.bank_count - 1 : 0];
		if (!machine.fake.bank_count ||
		    to->alg != hash_tpm_alg(hash)) to = &machine.fake.banks[machine.fake.bank_count++];
		to->alg = hash_tpm_alg(hash);
		to->len = (u8)hash_len(hash);
		for (size_t i = 0; i < to->len; i++) sscanf(hex + 2 * i, "%2hhx", &to->pcrs[pcr][i]);
	}
	free(copy);
	golden_free(text);
}

static void boot_aggregate_is_that_of_linux_whatever_the_banks(void **state)
{
	static const char *const cases[] = { "bootagg_tis", "bootagg_sha1only", "bootagg_sha256only", "list_ng" };
	struct integrity_config config = { .policy_names = "none" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char name[96], first[256];
		struct span list;

		machine_up(true);
		snprintf(name, sizeof(name), "lists/%s/pcrs.txt", cases[i]);
		set_pcrs(name);
		machine_open_tpm();
		assert_int_equal(machine_start(config), 0);
		snprintf(name, sizeof(name), "lists/%s/ascii_runtime_measurements_%s", cases[i],
			 i == 1 ? "sha1" : "sha256");
		list = golden_read(name);
		snprintf(first, sizeof(first), "%.*s", (int)((const u8 *)memchr(list.base, '\n',
										list.len) - list.base + 1),
			 (const char *)list.base);
		assert_string_equal(machine_list(), first);
		golden_free(list);
		if (i + 1 < ARRAY_COUNT(cases)) machine_down();
	}
}

static void tpm_without_a_usable_bank_gives_zeros(void **state)
{
	struct integrity_config config = { .policy_names = "none" };

	(void)state;
	machine_up(true);
	machine.fake.banks[0] = machine.fake.banks[2]; /* sha384 alone */
	machine.fake.bank_count = 1;
	machine_open_tpm();
	assert_int_equal(machine_start(config), 0);
	assert_true(listed(" ima-ng sha256:0000000000000000000000000000000000000000000000000000000000000000 "
			   "boot_aggregate\n"));
	assert_non_null(strstr(fake_port_log_text(), "assay: boot_aggregate is zeros: the TPM has no bank of "));
	assert_true(machine_replays());
}

#define CASE(test) cmocka_unit_test_teardown(test, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(overlapping_readers_and_writers_are_recorded_as_on_linux),
		CASE(writers_of_signed_files_are_refused),
		CASE(signed_file_is_read_and_not_written),
		CASE(direct_io_is_recorded_as_zeros_and_never_appraised_good),
		CASE(audit_rule_names_a_content_once),
		CASE(keys_are_recorded_where_a_rule_says_so),
		CASE(buffers_are_recorded_as_on_linux),
		CASE(list_files_are_those_of_the_banks_with_their_links),
		CASE(policy_file_shows_the_rules),
		CASE(list_is_a_stream_that_can_be_read_from_anywhere),
		CASE(page_that_cannot_be_read_refuses_also_a_measure_only_rule),
		CASE(change_that_no_hook_told_is_seen_by_the_version),
		CASE(path_that_is_too_long_for_a_record_refuses),
		CASE(violation_that_cannot_be_recorded_refuses_the_open),
		CASE(algorithms_that_a_rule_does_not_allow_are_refused),
		CASE(verdict_of_a_laxer_rule_does_not_serve_a_stricter_one),
		CASE(boot_aggregate_is_that_of_linux_whatever_the_banks),
		CASE(tpm_without_a_usable_bank_gives_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
