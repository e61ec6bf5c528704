/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_corners.c - the integrity core at the ends of what may come: data that fits no template, names and
 * attributes of every size, banks that nobody maps, content with holes, parameters that exist and cannot be used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fs/pseudo.h"
#include "kernel/integrity/core.h"
#include "kernel/integrity/policy_parse.h"
#include "kernel/integrity/secnodes.h"
#include "tests/fake/core_fixture.h"
#include "tests/fake/fake_port.h"

static void boot(struct integrity_config config, const char *policy)
{
	machine_copy("/etc/keys/x509_ima.der", "keys/rsa2048.der", NULL);
	fixture_start(config, policy);
}

/* ---- records */

static const struct template legacy = { "ima", "d|n", template_show_fields };
static const struct template wrong = { "wrong", "d-ng|nosuch", template_show_fields };

static void data_that_fits_no_template_is_refused_and_never_on_record(void **state)
{
	static u8 bytes[512];
	const struct {
		const struct template *template;
		size_t len;
		u32 name_len;
	} cases[] = {
		{ &legacy, 0, 0 }, { &legacy, 20, 0 }, { &legacy, 23, 0 }, { &legacy, 24, 1 }, { &legacy, 30, 5 },
		{ &legacy, 24 + 256, 256 }, { &legacy, 24 + 300, 300 }, { &wrong, 0, 0 },
	};
	struct mlog_bank bank = { .hash = HASH_SHA1, .len = 20 };
	struct blob out = { 0 };
	struct mlog *log;
	u8 digest[HASH_MAX_LEN];

	(void)state;
	machine_up(false);
	assert_int_equal(mlog_alloc(NULL, HASH_SHA256, &log), 0);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct mlog_record record = { 10, cases[i].template, { bytes, cases[i].len }, false };

		store_le32(bytes + 20, cases[i].name_len);
		if (cases[i].template == &legacy) {
			assert_int_equal(template_digest(&legacy, HASH_SHA1, record.data, digest), -EBADMSG);
			assert_int_equal(mlog_append(log, &record), -EBADMSG);
			assert_int_equal(mlog_show_binary(&bank, &record, &out), -EBADMSG);
		}
		assert_true(i == 5 || i == 6 || template_show_fields(record.template, record.data, &out) < 0);
		assert_true(i == 5 || i == 6 || mlog_show_ascii(&bank, &record, &out) < 0);
	}
	assert_int_equal(mlog_count(log), 0);
	assert_int_equal(template_digest(&legacy, HASH_MD4, (struct span){ bytes, 24 }, digest), -ENOPKG);
	assert_false(template_wants_legacy_digest(&wrong));
	assert_int_equal(template_build(&wrong, &(struct event){ .name = "x" }, &out), -ENOENT);
	store_le32(bytes + 20, 0); /* a name of no bytes is a name */
	assert_int_equal(template_digest(&legacy, HASH_SHA1, (struct span){ bytes, 24 }, digest), 0);
	blob_done(&out);
	mlog_free(log);
}

static void format_longer_than_any_is_refused(void **state)
{
	char format[TEMPLATE_FORMAT_MAX + 3] = "";
	struct template_layout layout;

	(void)state;
	machine_up(false);
	for (unsigned i = 0; i < 15; i++)
		strcat(strcat(format, i ? "|" : ""), "xattrlengths");
	assert_int_equal(template_layout(format, strlen(format), &layout), 0);
	assert_int_equal(layout.count, 15);
	assert_int_equal(template_layout("n|n|n|n|n|n|n|n|n|n|n|n|n|n|n|n", 31, &layout), -EINVAL);
	memset(format, 'x', sizeof(format) - 1);
	assert_int_equal(template_layout(format, TEMPLATE_FORMAT_MAX + 1, &layout), -EINVAL);
	assert_int_equal(template_layout("", 0, &layout), -EINVAL);
}

static ssize getxattr_of_any_size(struct inode *inode, const char *name, void *buf, size_t cap)
{
	(void)name;
	(void)buf;
	return cap ? -EIO : (ssize)inode->size;
}

static void attribute_that_cannot_be_had_is_absent(void **state)
{
	const struct inode_ops ops = { .getxattr = getxattr_of_any_size }, none = { 0 };
	struct inode inode = { .ops = &ops, .size = VFS_XATTR_SIZE_MAX + 1 };
	struct blob out = { 0 };

	(void)state;
	machine_up(false);
	assert_int_equal(blob_xattr(&out, &inode, "security.ima"), -E2BIG);
	inode.size = 8; /* gone between the question and the answer */
	assert_int_equal(blob_xattr(&out, &inode, "security.ima"), -EIO);
	inode.size = 0;
	assert_int_equal(blob_xattr(&out, &inode, "security.ima"), 0);
	inode.ops = &none;
	assert_int_equal(blob_xattr(&out, &inode, "security.ima"), -EOPNOTSUPP);
	inode.ops = NULL;
	assert_int_equal(blob_xattr(&out, &inode, "security.ima"), -EOPNOTSUPP);
	assert_int_equal(blob_xattr(&out, NULL, "security.ima"), -EOPNOTSUPP);
	assert_int_equal(out.len, 0);
	blob_done(&out);
}

static void violation_fills_a_bank_without_mapping_as_far_as_sha1(void **state)
{
	struct mlog *log;
	struct hash_ctx ctx;
	u8 want[32] = { 0 }, ones[32], digest[2 + 32] = { 0 };

	(void)state;
	machine_up(false);
	fake_tpm_init(&machine.fake, true);
	machine.fake.banks[1] = (struct fake_bank){ .alg = 0x27, .len = 32 };
	machine.fake.bank_count = 2;
	machine_open_tpm();
	assert_int_equal(mlog_alloc(&machine.tpm, HASH_SHA256, &log), 0);
	assert_int_equal(mlog_append(log, &(struct mlog_record){ 10, &legacy, { (u8[24]){ 0 }, 24 }, true }), 0);
	memset(ones, 0xff, sizeof(ones)); /* in the sha1 bank: what is always so */
	assert_int_equal(hash_init(&ctx, HASH_SHA1), 0);
	hash_update(&ctx, machine.at_start.banks[0].pcrs[10], 20);
	hash_update(&ctx, ones, 20);
	hash_final(&ctx, want);
	assert_memory_equal(machine.fake.banks[0].pcrs[10], want, 20);
	memcpy(digest, "\0\x27", 2); /* as it stood in the command: algorithm, ones as long as a sha1, zeros */
	memset(digest + 2, 0xff, 20);
	assert_non_null(memmem(machine.fake.cmd, sizeof(machine.fake.cmd), digest, sizeof(digest)));
	mlog_free(log);
}

static void more_templates_than_a_log_can_tell_apart_are_refused(void **state)
{
	static struct template many[33];
	static u8 data[4];
	struct mlog *log;

	(void)state;
	machine_up(false);
	assert_int_equal(mlog_alloc(NULL, HASH_SHA256, &log), 0);
	for (size_t i = 0; i < ARRAY_COUNT(many); i++) {
		many[i] = (struct template){ "many", "buf", template_show_fields };
		data[0] = (u8)i;
		assert_int_equal(mlog_append(log, &(struct mlog_record){ 10, &many[i], { data, 4 }, false }),
				 i < 32 ? 0 : -ENOSPC);
	}
	assert_int_equal(mlog_count(log), 32);
	mlog_free(log);
}

/* ---- files */

static void content_with_holes_is_hashed_as_zeros(void **state)
{
	static const u8 zeros[3 * PAGE_SIZE];
	struct digest want, got;
	struct path path;

	(void)state;
	machine_up(true);
	machine_write("/data/file", "", 0, NULL);
	assert_int_equal(path_walk(&machine.context, NULL, "/data/file", 0, &machine.root, &path), 0);
	assert_int_equal(vfs_truncate(&path, sizeof(zeros) - 7, &machine.root), 0);
	assert_int_equal(hash_bytes(HASH_SHA256, zeros, sizeof(zeros) - 7, &want), 0);
	assert_int_equal(core_hash_file(path_inode(&path), HASH_SHA256, &got), 0);
	assert_memory_equal(got.bytes, want.bytes, 32);
	assert_int_equal(core_hash_file(path_inode(&path), HASH_MD4, &got), -ENOPKG);
	path_put(&path);
}

static void direct_io_is_appraised_good_where_the_rule_permits_it(void **state)
{
	(void)state;
	machine_up(true);
	boot((struct integrity_config){ 0 }, "measure func=FILE_CHECK fowner=7 permit_directio template=ima\n"
					     "appraise func=FILE_CHECK fowner=7 permit_directio\n"
					     "appraise func=FILE_CHECK fowner=8\n");
	machine_write("/data/7", "x", 1, NULL);
	machine_write("/data/8", "x", 1, NULL);
	machine_inode("/data/7")->uid = 7;
	machine_inode("/data/8")->uid = 8;
	assert_int_equal(try_open("/data/7", O_RDONLY | O_DIRECT), 0);
	assert_true(listed(" ima 0000000000000000000000000000000000000000 /data/7\n"));
	assert_int_equal(try_open("/data/8", O_RDONLY | O_DIRECT), -EACCES);
	assert_int_equal(try_open("/data/7", O_RDONLY), -EACCES); /* it has no label */
	assert_true(machine_replays());
}

static void legacy_template_hashes_with_sha1_or_takes_the_digest_that_is_one(void **state)
{
	struct inode *inode;

	(void)state;
	machine_up(true);
	boot((struct integrity_config){ .hash_name = "sha1" }, "measure func=FILE_CHECK fowner=7 template=ima\n");
	machine_write("/data/file", "hello\n", 6, NULL);
	inode = machine_inode("/data/file");
	inode->uid = 7;
	assert_int_equal(try_open("/data/file", O_RDONLY), 0);
	assert_true(listed(" ima f572d396fae9206628714fb2ce00f72e94f2258f /data/file\n"));
	assert_true(machine_replays());
}

static void what_is_no_regular_file_is_not_asked_about(void **state)
{
	(void)state;
	machine_up(true);
	boot((struct integrity_config){ 0 }, "measure\nappraise\n");
	machine_write("/data/file", "x", 1, NULL);
	assert_int_equal(try_open("/data", O_RDONLY | O_DIRECTORY), 0);
	assert_int_equal(vfs_mknod(&machine.context, NULL, "/data/fifo", S_IFIFO | 0600, 0, &machine.root), 0);
	assert_false(listed(" /data\n"));
	assert_int_equal(try_open("/data/file", O_RDONLY), -EACCES);
}

static void mode_log_lets_writers_and_mappings_pass_and_says_so(void **state)
{
	struct file *file, *writer;

	(void)state;
	machine_up(true);
	machine_copy("/bin/hello", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
	boot((struct integrity_config){ .appraise = APPRAISE_LOG },
	     "appraise func=MMAP_CHECK\nappraise func=FILE_CHECK\n");
	file = machine_open("/bin/hello", O_RDONLY);
	writer = machine_open("/bin/hello", O_RDWR);
	assert_int_equal(integrity_mmap_check(&machine.task, file, 5, 5), 0);
	assert_true(logged("op=mmap_file cause=mmapped_writers"));
	file_put(writer);
	file_put(file);
}

/* ---- parameters, rules */

static void parameters_that_exist_and_cannot_be_used_give_the_default(void **state)
{
	(void)state;
	machine_up(true);
	boot((struct integrity_config){ .hash_name = "md4", .template_name = "ima",
					.template_format = "d-ng|n-ng|buf" },
	     "measure func=BPRM_CHECK\n");
	assert_true(logged("ima: hash algorithm \"md4\" not available, using sha256"));
	assert_true(logged("ima: template ima needs ima_hash=sha1, using ima-ng"));
	assert_string_equal(core.default_template->name, "ima-buf"); /* it has that format */
	machine_down();
	machine_up(true);
	boot((struct integrity_config){ .hash_name = "sha512", .template_name = "ima-sig",
					.template_format = "n|n" },
	     "measure func=BPRM_CHECK\n");
	assert_string_equal(core.default_template->name, "ima-sig");
	assert_true(listed(" ima-sig sha512:") && !listed("sha256:"));
}

static void rules_at_the_ends_of_their_values(void **state)
{
	static const struct {
		const char *rule, *reason;
	} cases[] = {
		{ "measure uid=+4294967294", NULL }, { "measure uid=++1", "no id" },
		{ "measure fsmagic=0xfFfFfFfFfFfFfFfF", NULL },
		{ "measure fsmagic=0x10000000000000000", "no hexadecimal number" },
		{ "measure fsmagic=1 fsmagic=2", "given twice" },
		{ "measure fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f", "no UUID" },
		{ "measure fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f66", "no UUID" },
		{ "measure fsuuid=8bcbe39g-4f13-4144-be8e-5aa9ea2ce2f6", "no UUID" },
		{ "measure func=KEY_CHECK keyrings=|a", "an empty name" },
		{ "measure func=KEY_CHECK keyrings=a|", "an empty name" },
		{ "measure func=KEY_CHECK keyrings=a||b", "an empty name" },
		{ "measure func=KEY_CHECK keyrings=a|b", NULL },
		{ "measure pcr=63", NULL }, { "measure pcr=64", "no PCR" }, { "measure funcs=BPRM_CHECK", "not known" },
		{ "measure func<BPRM_CHECK", "not known" }, { "measure permit_directio=1", "not known" },
		{ "measure permit_directio", NULL }, { "measure uid", "not known" },
	};

	(void)state;
	machine_up(false);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct policy_rule rule = { 0 };
		struct policy_error why = { 0 };
		int err = policy_parse_line(cases[i].rule, strlen(cases[i].rule), NULL, &rule, &why);

		if (err != (cases[i].reason ? -EINVAL : 0) || (err && !strstr(why.reason, cases[i].reason)))
			fail_msg("%s: %d %s", cases[i].rule, err, err ? why.reason : "");
		policy_rule_done(&rule);
	}
}

static void policy_of_the_image_that_is_larger_than_any_stops_the_start(void **state)
{
	char *text = malloc(POLICY_TEXT_MAX + 1), why[256] = "";

	(void)state;
	machine_up(true);
	memset(text, '\n', POLICY_TEXT_MAX + 1);
	memcpy(text, "measure", 7);
	machine_write("/etc/ima/ima-policy", text, POLICY_TEXT_MAX + 1, NULL);
	free(text);
	assert_int_equal(machine_start((struct integrity_config){ 0 }), 0);
	assert_int_equal(integrity_load_image_keys(&machine.context, &machine.root, why, sizeof(why)), -EFBIG);
	assert_string_equal(why, "/etc/ima/ima-policy: cannot be read");
}

static void kernel_version_is_critical_data_and_the_same_at_every_boot(void **state)
{
	char first[4096];

	(void)state;
	for (unsigned boots = 0; boots < 2; boots++) {
		machine_up(true);
		assert_int_equal(machine_start((struct integrity_config){ .policy_names = "critical_data",
									  .version = "7.2.0-assay" }), 0);
		assert_true(listed(" kernel_version 372e322e302d6173736179\n"));
		assert_true(machine_replays());
		if (boots)
			assert_string_equal(machine_list(), first);
		else
			snprintf(first, sizeof(first), "%s", machine_list());
		if (!boots)
			machine_down();
	}
}

/* ---- files of securityfs */

/* Each allocation of the open fails once; the file can be opened afterwards. */
static void expect_open_without_memory(const char *path)
{
	int err = -ENOMEM;
	u64 k;

	for (k = 1; err; k++) {
		fake_port_fail_after(k);
		err = try_open(path, O_RDONLY);
		fake_port_fail_after(0);
		assert_true(!err || err == -ENOMEM);
	}
	assert_true(k > 3);
}

static void bank_without_mapping_has_files_of_its_number(void **state)
{
	struct superblock *securityfs;
	struct path path, mount;

	(void)state;
	machine_up(true);
	machine.fake.banks[3] = (struct fake_bank){ .alg = 0x27, .len = 32 };
	machine_open_tpm();
	assert_int_equal(machine_start((struct integrity_config){ .policy_names = "tcb" }), 0);
	machine_write("/sec/x", "", 0, NULL);
	assert_int_equal(pseudo_create("securityfs", MAGIC_SECURITYFS, &securityfs), 0);
	for (u64 k = 1, err = 1; err; k++) { /* whatever fails, it fails whole or is there */
		fake_port_fail_after(k);
		err = (u64)-integrity_register_nodes(securityfs);
		fake_port_fail_after(0);
		assert_true(err == 0 || err == ENOMEM || err == EEXIST);
		if (err) {
			superblock_put(securityfs);
			assert_int_equal(pseudo_create("securityfs", MAGIC_SECURITYFS, &securityfs), 0);
		}
	}
	assert_int_equal(path_walk(&machine.context, NULL, "/sec", 0, &machine.root, &mount), 0);
	assert_int_equal(vfs_mount(&mount, securityfs, 0, "securityfs"), 0);
	path_put(&mount);
	assert_int_equal(path_walk(&machine.context, NULL, "/sec/ima/binary_runtime_measurements_tpm_alg_27", 0,
				   &machine.root, &path), 0);
	path_put(&path);
	expect_open_without_memory("/sec/ima/ascii_runtime_measurements_tpm_alg_27");
	expect_open_without_memory("/sec/ima/policy");
	vfs_detach_all();
	superblock_put(securityfs);
}

#define CASE(test) cmocka_unit_test_teardown(test, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(data_that_fits_no_template_is_refused_and_never_on_record),
		CASE(format_longer_than_any_is_refused),
		CASE(attribute_that_cannot_be_had_is_absent),
		CASE(violation_fills_a_bank_without_mapping_as_far_as_sha1),
		CASE(more_templates_than_a_log_can_tell_apart_are_refused),
		CASE(content_with_holes_is_hashed_as_zeros),
		CASE(direct_io_is_appraised_good_where_the_rule_permits_it),
		CASE(legacy_template_hashes_with_sha1_or_takes_the_digest_that_is_one),
		CASE(what_is_no_regular_file_is_not_asked_about),
		CASE(mode_log_lets_writers_and_mappings_pass_and_says_so),
		CASE(parameters_that_exist_and_cannot_be_used_give_the_default),
		CASE(rules_at_the_ends_of_their_values),
		CASE(policy_of_the_image_that_is_larger_than_any_stops_the_start),
		CASE(kernel_version_is_critical_data_and_the_same_at_every_boot),
		CASE(bank_without_mapping_has_files_of_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
