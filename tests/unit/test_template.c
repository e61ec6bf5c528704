/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_template.c - fields and templates against records that Linux made, and the small things beside them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fs/vfs.h"
#include "kernel/base/text.h"
#include "kernel/integrity/audit.h"
#include "kernel/integrity/icache.h"
#include "kernel/integrity/seen.h"
#include "kernel/integrity/template.h"
#include "tests/fake/fake_port.h"
#include "tools/log_parse.h"

/* ---- an inode with attributes */

static const struct {
	const char *name, *hex;
} attributes[] = {
	{ "security.ima", "0404c00e66c21f1f549b6d4416cebc9663bcfdf9c69a6cb14c6f205c3ed11e38f26e" },
	{ "security.capability", "0100000200200000000000000000000000000000" },
	{ "security.evm", "" },
};
static const char *evm_hex;

static ssize getxattr(struct inode *inode, const char *name, void *buf, size_t cap)
{
	u8 *out = buf;

	(void)inode;
	for (size_t i = 0; i < ARRAY_COUNT(attributes); i++) {
		const char *hex = i == 2 ? evm_hex : attributes[i].hex;
		size_t len = hex ? strlen(hex) / 2 : 0;

		if (strcmp(name, attributes[i].name) != 0 || !hex)
			continue;
		for (size_t b = 0; b < len && len <= cap; b++)
			sscanf(hex + 2 * b, "%2hhx", &out[b]);
		return (ssize)len;
	}
	return -ENODATA;
}

static const struct inode_ops ops = { .getxattr = getxattr };
static struct inode inode = { .ops = &ops, .uid = 1236, .mode = 0100644 };

static struct event file_event(const char *name, const char *content)
{
	struct event event = { .name = name, .base_name = "last", .default_hash = HASH_SHA256, .inode = &inode };

	assert_int_equal(hash_bytes(HASH_SHA256, content, strlen(content), &event.digest), 0);
	assert_int_equal(hash_bytes(HASH_SHA1, content, strlen(content), &event.legacy_digest), 0);
	return event;
}

/* "TEMPLATE FIELD FIELD", as the ascii list shows it behind the digest, and the sha1 template digest. */
static void expect(const char *name, const struct event *event, const char *ascii, const char *sha1)
{
	const struct template *template = template_find(name, strlen(name));
	struct blob data = { 0 }, shown = { 0 };
	u8 digest[20];
	char hex[41];

	assert_non_null(template);
	assert_int_equal(template_build(template, event, &data), 0);
	assert_true(log_data_check(template, blob_span(&data)));
	assert_int_equal(template_show_fields(template, blob_span(&data), &shown), 0);
	blob_bytes(&shown, "", 1);
	assert_string_equal((char *)shown.base, ascii);
	assert_int_equal(template_digest(template, HASH_SHA1, blob_span(&data), digest), 0);
	text_hex(hex, digest, sizeof(digest));
	assert_string_equal(hex, sha1);
	blob_done(&data);
	blob_done(&shown);
}

/* Records of a Linux 7.2.13; the last one, and the violation below, by Python's hashlib. */
static void templates_make_the_records_that_linux_makes(void **state)
{
	struct event event = file_event("/t/d", "content d\n");
	static const u8 label[] = { 3, 2, 4 };

	(void)state;
	expect("evm-sig", &event, " sha256:c00e66c21f1f549b6d4416cebc9663bcfdf9c69a6cb14c6f205c3ed11e38f26e /t/d "
	       " security.ima|security.capability 2200000014000000 "
	       "0404c00e66c21f1f549b6d4416cebc9663bcfdf9c69a6cb14c6f205c3ed11e38f26e"
	       "0100000200200000000000000000000000000000 1236 0 33188",
	       "7977c9511fcfd1c5b7b4c12130e56748448bac35");
	event = file_event("/t/a", "content a\n");
	expect("ima-sig", &event, " sha256:8bfe5f10912d733d91a002a4f9990bd72ff03120817d46742f810c0484d626ef /t/a ",
	       "a6ef6a389004622aa81d678c6be21cde03ccae9c");
	event = file_event("/t/g", "content g\n");
	expect("ima-ngv2", &event,
	       " ima:sha256:71cc852e8ee7bd3543727be482b43c188060f4808f523d989d047703ed7358fd /t/g",
	       "dd6129891c4d51303a552124bedd2b48a4ffbd81");
	event = file_event("/t/h", "content h\n");
	expect("ima", &event, " 02e40b5390717bc1f2219583553188bfd16d3979 /t/h",
	       "b2d547afae9c9183bc90e04bfc03374d22eb4cfd");
	event = file_event("/usr/bin/hello", "hello\n");
	expect("d-ng|n-ng", &event,
	       " sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 /usr/bin/hello",
	       "c8acbfa06c0d5bf7696db445ba8489fa2393c0d5");
	expect("ima", &event, " f572d396fae9206628714fb2ce00f72e94f2258f /usr/bin/hello",
	       "c46f9765364398f3cf1b6710d7229bf73b281f5a");
	expect("ima-ngv2", &event,
	       " ima:sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 /usr/bin/hello",
	       "8a461ce238cc218f9347412ceb1231a2a0a33887");
	event.label = (struct span){ label, sizeof(label) };
	event.verity = true;
	expect("ima-sigv2", &event,
	       " verity:sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 /usr/bin/hello 030204",
	       "ce6e753dffa5958b045c49af2055e13e7f20309c");
}

struct wanted {
	const char *id;
	struct span bytes;
};

static int pick(const struct template_field *field, struct span bytes, void *arg)
{
	struct wanted *wanted = arg;

	if (strcmp(field->id, wanted->id) == 0)
		wanted->bytes = bytes;
	return 0;
}

static struct span field(const char *format, const struct event *event, const char *id, struct blob *data)
{
	const struct template template = { "", format, template_show_fields };
	struct wanted wanted = { .id = id };

	blob_reset(data);
	assert_int_equal(template_build(&template, event, data), 0);
	assert_int_equal(template_each(&template, blob_span(data), pick, &wanted), 0);
	assert_non_null(wanted.bytes.base);
	return wanted.bytes;
}

static void sig_falls_back_to_a_portable_evm_signature(void **state)
{
	static const u8 digest_label[] = { 4, 4, 1 }, signature[] = { 3, 2, 9 }, verity[] = { 6, 3 };
	struct event event = file_event("/x", "");
	struct blob data = { 0 };
	struct span sig;

	(void)state;
	event.label = (struct span){ signature, 3 };
	assert_int_equal(field("sig", &event, "sig", &data).len, 3);
	event.label = (struct span){ verity, 2 };
	assert_int_equal(field("sig", &event, "sig", &data).len, 2);
	event.label = (struct span){ digest_label, 3 };
	evm_hex = "02aabb"; /* an HMAC is nobody else's business */
	assert_int_equal(field("sig", &event, "sig", &data).len, 0);
	evm_hex = "050204aabbccdd";
	sig = field("sig|evmsig", &event, "sig", &data);
	assert_int_equal(sig.len, 7);
	assert_memory_equal(sig.base, "\x05\x02\x04\xaa\xbb\xcc\xdd", 7);
	assert_int_equal(field("evmsig|modsig|d-modsig|buf", &event, "modsig", &data).len, 0);
	evm_hex = NULL;
	blob_done(&data);
}

static void name_keeps_its_bytes_but_for_spaces_and_its_limit(void **state)
{
	struct event event = file_event("/a b\n\xc3\xa9 \x01", "");
	char longer[300] = "/";
	struct blob data = { 0 };

	(void)state;
	assert_memory_equal(field("n-ng", &event, "n-ng", &data).base, "/a_b\n\xc3\xa9_\x01", 10);
	assert_int_equal(data.len, 4 + 10);
	memset(longer + 1, 'x', 298);
	event.name = longer;
	assert_int_equal(field("n-ng", &event, "n-ng", &data).len, 300);
	assert_string_equal((char *)field("n", &event, "n", &data).base, "last");
	event.base_name = NULL;
	assert_int_equal(field("n", &event, "n", &data).len, 256);
	blob_done(&data);
}

static void violation_has_zeros_of_the_default_hash(void **state)
{
	struct event event = file_event("/tmp/x", "x");

	(void)state;
	event.violation = true;
	event.inode = NULL;
	expect("ima-ng", &event, " sha256:0000000000000000000000000000000000000000000000000000000000000000 /tmp/x",
	       "d26b1755cf1abef6572a64bd33578bf3f6e017e8");
}

static void formats_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "", "|", "d-ng|", "|d-ng", "d-ng||n-ng", "x", "d-ng|N",
					  "d|d|d|d|d|d|d|d|d|d|d|d|d|d|d|d" };
	const struct template *template;
	struct template_layout layout;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		assert_true(template_layout(bad[i], strlen(bad[i]), &layout) < 0);
	assert_int_equal(template_layout("d|d|d|d|d|d|d|d|d|d|d|d|d|d|d", 29, &layout), 0);
	assert_int_equal(layout.count, TEMPLATE_FIELDS_MAX);
	assert_null(template_find("", 0));
	assert_null(template_find("ima-sigv3", 9));
	assert_int_equal(template_register("", "d-ng|imode", template_show_fields, &template), 0);
	assert_string_equal(template_label(template), "d-ng|imode");
	assert_ptr_equal(template_find("d-ng|imode", 10), template);
	assert_int_equal(template_register("", "n-ng|imode", template_show_fields, &template), -EEXIST);
	assert_int_equal(template_register("", "d-ng|n-ng", template_show_fields, &template), 0);
	assert_string_equal(template->name, "ima-ng");
}

static void fields_from_elsewhere_are_checked_by_their_kind(void **state)
{
	static const struct {
		const char *id, *bytes;
		size_t len;
		bool good;
	} cases[] = {
		{ "n-ng", "/x", 3, true }, { "n-ng", "/x", 2, false }, { "n-ng", "a\0b", 4, false }, { "n-ng", "", 0,
												      false },
		{ "d", "12345678901234567890", 20, true }, { "d", "1234567890123456789", 19, false },
		{ "d-ng", "md5:\0" "1234567890123456", 21, true }, { "d-ng", "md5:\0" "123456789012345", 20, false },
		{ "d-ng", "md6:\0" "1234567890123456", 21, false }, { "d-ng", "md5:x1234567890123456", 21, false },
		{ "d-ng", ":\0", 2, false }, { "d-ng", "md5:", 4, false }, { "d-modsig", "", 0, true },
		{ "d-ngv2", "ima:md5:\0" "1234567890123456", 25, true }, { "d-ngv2", "md5:\0" "1234567890123456", 21,
									  false },
		{ "d-ngv2", "verity:md5:\0" "1234567890123456", 28, true }, { "iuid", "1234", 4, true },
		{ "iuid", "123", 3, false }, { "imode", "12", 2, true }, { "imode", "1", 1, false }, { "igid", "", 0,
												      true },
		{ "xattrlengths", "12345678", 8, true }, { "xattrlengths", "123", 3, false }, { "xattrnames", "", 0,
											       true },
		{ "xattrnames", "a|b", 4, true }, { "xattrnames", "a|b", 3, false }, { "sig", "anything", 8, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct template_field *f = template_field(cases[i].id, strlen(cases[i].id));
		struct blob out = { 0 };

		bool good = log_field_check(cases[i].id, (struct span){ (const u8 *)cases[i].bytes, cases[i].len });

		if (good != cases[i].good)
			fail_msg("%s case %zu", cases[i].id, i);
		f->show(&out, (struct span){ (const u8 *)cases[i].bytes, cases[i].len });
		blob_done(&out);
	}
}

/* ---- fingerprints */

static void siphash_gives_the_published_values(void **state)
{
	static const char *const want[] = { "a3817f04ba25a8e66df67214c7550293", "da87c1d86b99af44347659119b22fc45",
					    "8177228da4a45dc7fca38bdef60affe4" };
	u8 key[16], input[16], hash[16];
	char hex[33];

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		key[i] = input[i] = (u8)i;
	for (size_t len = 0; len < ARRAY_COUNT(want); len++) {
		siphash128(key, input, len, hash);
		text_hex(hex, hash, sizeof(hash));
		assert_string_equal(hex, want[len]);
	}
}

static void fingerprints_stay_known_while_the_set_grows(void **state)
{
	struct fingerprint fp;
	struct seen seen;

	(void)state;
	assert_int_equal(seen_init(&seen), 0);
	for (u32 i = 0; i < 3000; i++) {
		fp = seen_fingerprint(&seen, 10, &i, sizeof(i));
		assert_false(seen_has(&seen, &fp));
		assert_int_equal(seen_reserve(&seen), 0);
		seen_add(&seen, &fp);
	}
	for (u32 i = 0; i < 6000; i++) {
		fp = seen_fingerprint(&seen, 10, &i, sizeof(i));
		assert_int_equal(seen_has(&seen, &fp), i < 3000);
		fp = seen_fingerprint(&seen, 11, &i, sizeof(i));
		assert_false(seen_has(&seen, &fp));
	}
	seen_done(&seen);
}

/* ---- change identity */

/* The whole table: each of the values present or not on each side, equal or not. */
static void change_identity_follows_its_truth_table(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 512; bits++) {
		bool cookies = (bits & 3) == 3, times = (bits & 12) == 12, want;
		struct change_id then = { .dev = 1, .ino = 2, .cookie = 3, .ctime = { 4, 5 }, .has_cookie = bits & 1,
					  .has_ctime = bits & 4 };
		struct change_id now = { .dev = 1 + !!(bits & 16), .ino = 2 + !!(bits & 32),
					.cookie = 3 + !!(bits & 64),
					 .ctime = { 4 + !!(bits & 128), 5 + !!(bits & 256) }, .has_cookie = bits & 2,
					 .has_ctime = bits & 8 };

		if (bits & 48)
			want = true;
		else if (cookies)
			want = bits & 64;
		else
			want = times ? bits & 384 : true;
		assert_int_equal(change_id_differs(&then, &now), want);
	}
}

/* ---- audit texts */

static void untrusted_texts_are_quoted_or_hex(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "/bin/sh", "\"/bin/sh\"" }, { "", "\"\"" }, { "a b", "612062" }, { "a\"", "6122" }, { "\x7f", "7F" },
		{ "\xc3\xa9", "C3A9" }, { "a\nb", "610A62" }, { "!~", "\"!~\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct blob line = { 0 };

		audit_untrusted(&line, cases[i].text);
		blob_bytes(&line, "", 1);
		assert_string_equal((char *)line.base, cases[i].want);
		blob_done(&line);
	}
}

static void audit_line_is_printed_also_without_memory(void **state)
{
	const struct cred cred = { .uid = 5 };
	const struct integrity_task task = { .pid = 7, .comm = "a b", .cred = &cred };
	const struct audit_event event = { .type = AUDIT_DATA, .op = "o", .cause = "c", .name = "n" };

	(void)state;
	fake_port_reset();
	fake_port_fail_after(1);
	audit_integrity(&task, &event);
	assert_non_null(strstr(fake_port_log_text(), "audit: type=1800 "));
	fake_port_reset();
	audit_integrity(&task, &event);
	assert_non_null(strstr(fake_port_log_text(),
			       "): pid=7 uid=5 auid=4294967295 ses=4294967295 op=o cause=c comm=612062 "
						     "name=\"n\" res=0 errno=0\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_make_the_records_that_linux_makes),
		cmocka_unit_test(sig_falls_back_to_a_portable_evm_signature),
		cmocka_unit_test(name_keeps_its_bytes_but_for_spaces_and_its_limit),
		cmocka_unit_test(violation_has_zeros_of_the_default_hash),
		cmocka_unit_test(formats_that_are_none_are_refused),
		cmocka_unit_test(fields_from_elsewhere_are_checked_by_their_kind),
		cmocka_unit_test(siphash_gives_the_published_values),
		cmocka_unit_test(fingerprints_stay_known_while_the_set_grows),
		cmocka_unit_test(change_identity_follows_its_truth_table),
		cmocka_unit_test(untrusted_texts_are_quoted_or_hex),
		cmocka_unit_test(audit_line_is_printed_also_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
