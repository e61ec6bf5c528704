/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_sigfmt.c - security.ima values: the specification's vectors, evmctl's signatures, every cut of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sigfmt.h"
#include "tests/fake/golden.h"

/* SHA-256, SHA-1 and MD5 of "hello\n". */
#define HELLO_SHA256                                                                              \
	"\x58\x91\xb5\xb5\x22\xd5\xdf\x08\x6d\x0f\xf0\xb1\x10\xfb\xd9\xd2\x1b\xb4\xfc\x71\x63\xaf" \
	"\x34\xd0\x82\x86\xa2\xe8\x46\xf6\xbe\x03"
#define HELLO_SHA1 "\xf5\x72\xd3\x96\xfa\xe9\x20\x66\x28\x71\x4f\xb2\xce\x00\xf7\x2e\x94\xf2\x25\x8f"
#define HELLO_MD5 "\xb1\x94\x6a\xc9\x24\x92\xd2\x34\x7c\x62\x35\xb4\xd2\x61\x11\x84"

static struct span text_span(const char *bytes, size_t len)
{
	return (struct span){ (const u8 *)bytes, len };
}

#define SPAN(literal) text_span(literal, sizeof(literal) - 1)

struct digest_case {
	struct span value;
	u8 hash;
	struct span digest;
};

static void sigfmt_parse_digests(void **state)
{
	const struct digest_case cases[] = {
		{ SPAN("\x04\x04" HELLO_SHA256), HASH_SHA256, SPAN(HELLO_SHA256) },
		{ SPAN("\x04\x04" HELLO_SHA256 "more"), HASH_SHA256, SPAN(HELLO_SHA256) },
		{ SPAN("\x01" HELLO_SHA1), HASH_SHA1, SPAN(HELLO_SHA1) },
		{ SPAN("\x01" HELLO_MD5), HASH_MD5, SPAN(HELLO_MD5) },
		{ SPAN("\x01" HELLO_MD5 "\0\0\0\0"), HASH_MD5, SPAN(HELLO_MD5) },
		{ SPAN("\x04\x02" HELLO_SHA1), HASH_SHA1, SPAN(HELLO_SHA1) },
		{ SPAN("\x02" HELLO_SHA1), HASH_SHA1, SPAN(HELLO_SHA1) },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct sig_value v;

		assert_int_equal(sigfmt_parse(cases[i].value, &v), 0);
		assert_int_equal(v.type, cases[i].value.base[0]);
		assert_int_equal(v.version, 0);
		assert_int_equal(v.hash, cases[i].hash);
		assert_int_equal(v.sig.len, cases[i].digest.len);
		assert_memory_equal(v.sig.base, cases[i].digest.base, v.sig.len);
		if (v.type != EVM_XATTR_HMAC)
			assert_int_equal(sigfmt_hash_id(cases[i].value, HASH_SHA512), cases[i].hash);
	}
}

static void sigfmt_parse_signatures_of_evmctl(void **state)
{
	static const struct {
		const char *file;
		u8 version;
		u8 hash;
		size_t sig_len;
	} cases[] = {
		{ "sigs/rsa2048-sha1.sig", 2, HASH_SHA1, 256 },	    { "sigs/rsa2048-sha224.sig", 2, HASH_SHA224, 256 },
		{ "sigs/rsa2048-sha256.sig", 2, HASH_SHA256, 256 }, { "sigs/rsa4096-sha384.sig", 2, HASH_SHA384, 512 },
		{ "sigs/rsa4096-sha512.sig", 2, HASH_SHA512, 512 }, { "sigs/p256-sha256.sig", 2, HASH_SHA256, 71 },
		{ "sigs/rsa2048-md5.sig", 2, HASH_MD5, 256 },	    { "sigs/rsa2048-v1.sig", 1, HASH_SHA1, 256 },
		{ "sigs/rsa2048-v3.sig", 3, HASH_SHA256, 256 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct span file = golden_read(cases[i].file);
		struct sig_value v;

		assert_int_equal(sigfmt_parse(file, &v), 0);
		assert_int_equal(v.type, IMA_XATTR_SIG);
		assert_int_equal(v.version, cases[i].version);
		assert_int_equal(v.hash, cases[i].hash);
		assert_int_equal(v.sig.len, cases[i].sig_len);
		assert_ptr_equal(v.sig.base + v.sig.len, file.base + file.len);
		if (v.version > 1) {
			assert_memory_equal(v.key_id, file.base + 3, 4);
			assert_int_equal(sigfmt_hash_id(file, HASH_MD4), cases[i].hash);
		} else {
			assert_int_equal(sigfmt_hash_id(file, HASH_MD4), HASH_MD4);
		}
		golden_free(file);
	}
}

static void sigfmt_parse_every_cut_is_refused(void **state)
{
	static const char *const files[] = { "sigs/rsa2048-sha256.sig", "sigs/p384-sha384.sig", "sigs/p256-v3.sig",
					     "sigs/rsa2048-v1.sig" };

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		struct span file = golden_read(files[i]);

		for (size_t len = 0; len < file.len; len++) {
			u8 *cut = golden_cut(file, len);
			struct sig_value v = { .type = 77 };

			assert_int_equal(sigfmt_parse((struct span){ cut, len }, &v), -EBADMSG);
			assert_int_equal(v.type, 77);
			(void)sigfmt_hash_id((struct span){ cut, len }, 0); /* must not read beyond: ASan looks on */
			free(cut);
		}
		golden_free(file);
	}
}

static void sigfmt_parse_every_digest_length(void **state)
{
	u8 bytes[80];

	(void)state; /* none */
	memset(bytes, 0xa5, sizeof(bytes));
	for (size_t len = 1; len <= sizeof(bytes); len++) {
		struct sig_value v;

		bytes[0] = IMA_XATTR_DIGEST;
		bool ok = len == 17 || len == 21;
		assert_int_equal(sigfmt_parse((struct span){ bytes, len }, &v), ok ? 0 : -EBADMSG);
		bytes[0] = EVM_XATTR_HMAC;
		assert_int_equal(sigfmt_parse((struct span){ bytes, len }, &v), len == 21 ? 0 : -EBADMSG);
		bytes[0] = IMA_XATTR_DIGEST_NG;
		for (unsigned id = 0; id < 256; id++) {
			bytes[1] = (u8)id;
			int want = len < 2 ? -EBADMSG : id >= 23 ? -ENOPKG : len < 2 + hash_len(id) ? -EBADMSG : 0;
			assert_int_equal(sigfmt_parse((struct span){ bytes, len }, &v), want);
		}
		bytes[1] = 0xa5;
	}
}

static void sigfmt_parse_unknown_types_and_versions(void **state)
{
	struct span file = golden_read("sigs/p256-sha256.sig");
	u8 *bytes = golden_cut(file, file.len);
	struct span value = { bytes, file.len };
	struct sig_value v;

	(void)state; /* none */
	for (unsigned type = 0; type < 256; type++) {
		bytes[0] = (u8)type;
		if (!type || type > 6)
			assert_int_equal(sigfmt_parse(value, &v), -EINVAL);
		else if (type == 3 || type == 5 || type == 6)
			assert_int_equal(sigfmt_parse(value, &v), 0);
	}
	bytes[0] = IMA_XATTR_SIG;
	for (unsigned version = 0; version < 256; version++) {
		bytes[1] = (u8)version;
		if (version == 2 || version == 3)
			assert_int_equal(sigfmt_parse(value, &v), 0);
		else
			assert_int_equal(sigfmt_parse(value, &v), version == 1 ? -EBADMSG : -ENOPKG);
	}
	bytes[1] = 2;
	bytes[2] = 23;
	assert_int_equal(sigfmt_parse(value, &v), -ENOPKG);
	bytes[2] = 22;
	assert_int_equal(sigfmt_parse(value, &v), 0);
	assert_int_equal(sigfmt_parse((struct span){ (const u8 *)"\x03\x02\x04KEYI\0", 9 }, &v), -EBADMSG);
	free(bytes);
	golden_free(file);
}

static void sigfmt_hash_id_falls_back(void **state)
{
	(void)state; /* none */
	assert_int_equal(sigfmt_hash_id((struct span){ NULL, 0 }, HASH_SHA384), HASH_SHA384);
	assert_int_equal(sigfmt_hash_id(SPAN("\x04"), HASH_SHA384), HASH_SHA384);
	assert_int_equal(sigfmt_hash_id(SPAN("\x04\x17"), HASH_SHA384), HASH_SHA384);
	assert_int_equal(sigfmt_hash_id(SPAN("\x04\x06"), HASH_SHA384), HASH_SHA512);
	assert_int_equal(sigfmt_hash_id(SPAN("\x03\x02\x06keyid\0"), HASH_SHA384), HASH_SHA384);
	assert_int_equal(sigfmt_hash_id(SPAN("\x03\x02\x06keyid\0x"), HASH_SHA384), HASH_SHA512);
	assert_int_equal(sigfmt_hash_id(SPAN("\x03\x01\x06keyid\0x"), HASH_SHA384), HASH_SHA384);
	assert_int_equal(sigfmt_hash_id(SPAN("\x06\x02\x06keyid\0x"), HASH_SHA384), HASH_SHA384);
	assert_int_equal(sigfmt_hash_id(SPAN("\x06\x03\x06keyid\0x"), HASH_SHA384), HASH_SHA512);
	assert_int_equal(sigfmt_hash_id(SPAN("\x01xyz"), HASH_SHA384), HASH_SHA384);
	assert_int_equal(sigfmt_hash_id(SPAN("\x07xyz"), HASH_SHA384), HASH_SHA384);
}

static void sigfmt_v3_digest_vectors(void **state)
{
	static const struct {
		u8 type;
		const char *digest;
	} cases[] = {
		{ 3, "\x22\x1f\x1a\x2a\xab\xd1\x2a\xc7\xb4\xe5\x00\xb6\xaf\xce\x85\xce\xb9\x85\x1f\x40\xf7\x89\x2c\x7c"
		     "\x5c\x5b\x4b\x3c\x69\xcc\xd8\x5e" },
		{ 6, "\x75\xde\xc1\x0f\x66\xab\xb0\xe5\xf2\x26\xd4\xf2\xd9\x05\x44\xa5\xb4\xfc\x50\xd7\x14\xbb\xca\xd0"
		     "\x71\x18\x88\xe4\xa6\xc8\x8b\x41" },
		{ 5, "\x81\x83\x1e\x4c\xfd\xd8\x8c\x42\xe7\x28\xf6\x13\x2a\x78\x13\x8b\x72\x2a\x87\x04\x95\xd3\x7f\xa7"
		     "\x07\x2d\x92\xa8\xda\x83\x04\xa4" },
	};
	struct digest file, got;

	(void)state; /* none */
	assert_int_equal(hash_bytes(HASH_SHA256, "hello\n", 6, &file), 0);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_int_equal(sigfmt_v3_digest(cases[i].type, &file, &got), 0);
		assert_int_equal(got.id, HASH_SHA256);
		assert_int_equal(got.len, 32);
		assert_memory_equal(got.bytes, cases[i].digest, 32);
	}
	file.id = HASH_SM3;
	assert_int_equal(sigfmt_v3_digest(3, &file, &got), -ENOPKG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sigfmt_parse_digests),
		cmocka_unit_test(sigfmt_parse_signatures_of_evmctl),
		cmocka_unit_test(sigfmt_parse_every_cut_is_refused),
		cmocka_unit_test(sigfmt_parse_every_digest_length),
		cmocka_unit_test(sigfmt_parse_unknown_types_and_versions),
		cmocka_unit_test(sigfmt_hash_id_falls_back),
		cmocka_unit_test(sigfmt_v3_digest_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
