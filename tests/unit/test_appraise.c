/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_appraise.c - verdicts against those of a Linux kernel, and what no golden file shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sigfmt.h"
#include "fs/vfs.h"
#include "kernel/base/text.h"
#include "kernel/integrity/appraise.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"

static struct keyring *ima;

static void add_key(struct keyring *ring, const char *name)
{
	struct span der = golden_read(name);

	assert_int_equal(keyring_add(ring, der.base, der.len, NULL, NULL), 0);
	golden_free(der);
}

static int setup(void **state)
{
	(void)state; /* none */
	ima = keyring_alloc(".ima");
	assert_non_null(ima);
	add_key(ima, "appraise/rsa.der");
	add_key(ima, "appraise/ec.der");
	add_key(ima, "keys/rsa2048.der");
	add_key(ima, "keys/p256.der");
	return 0;
}

static int teardown(void **state)
{
	(void)state; /* none */
	keyring_free(ima);
	return fake_port_live() != 0;
}

/* ---- Linux's table */

static size_t from_hex(const char *hex, u8 *buf)
{
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++) {
		u64 byte;

		assert_int_equal(text_to_u64(hex + 2 * i, 2, 16, 255, &byte), 0);
		buf[i] = (u8)byte;
	}
	return len;
}

enum { NAME, RULE, LABEL, SHA1, SHA256, SHA384, SHA512, RESULT, OP, CAUSE, COLUMNS };

static void set_digest(struct appraise_request *q, char *const column[COLUMNS])
{
	unsigned id = sigfmt_hash_id(q->label, HASH_SHA256);
	int at = id == HASH_SHA1 ? SHA1 : id == HASH_SHA384 ? SHA384 : id == HASH_SHA512 ? SHA512 : SHA256;

	q->digest.id = (u8)id;
	q->digest.len = (u8)from_hex(column[at], q->digest.bytes);
	assert_int_equal(q->digest.len, hash_len(id));
}

/* Where we refuse and Linux does not. */
static const char *stricter_cause(const char *name)
{
	if (!strcmp(name, "u1001_type4badalgo") || !strcmp(name, "u1003_type4badalgo"))
		return "invalid-hash"; /* the label names a hash algorithm that there is not */
	if (!strcmp(name, "u1005_v"))
		return "invalid-verity-signature"; /* fs-verity is not supported */
	return NULL;
}

static void check_golden_line(char *line)
{
	char *column[COLUMNS];
	u8 label[1024];
	struct appraise_request q = { .ima = ima, .size = 786262 };
	struct appraise_result r;
	const char *want;
	enum verdict verdict;

	for (int i = 0; i < COLUMNS; i++) {
		column[i] = strtok(i ? NULL : line, " ");
		assert_non_null(column[i]);
	}
	q.label.base = label;
	q.label.len = strcmp(column[LABEL], "-") ? from_hex(column[LABEL], label) : 0;
	q.label_err = q.label.len ? 0 : -ENODATA;
	if (!strcmp(column[RULE], "sigv3") || !strcmp(column[RULE], "verity"))
		q.demands |= RULE_IMASIG | RULE_SIGV3;
	if (!strcmp(column[RULE], "verity"))
		q.demands |= RULE_VERITY;
	if (!strcmp(column[RULE], "imasig"))
		q.demands |= RULE_IMASIG;
	set_digest(&q, column);
	verdict = appraise_file(&q, &r);
	want = stricter_cause(column[NAME]);
	if (!want)
		want = strcmp(column[OP], "appraise_data") ? "" : column[CAUSE]; /* algorithm lists are the caller's */
	if (strcmp(r.cause, want) || (verdict == VERDICT_GOOD) != !*want || !*r.why != !*want)
		fail_msg("%s: cause \"%s\", wanted \"%s\", why \"%s\"", column[NAME], r.cause, want, r.why);
	assert_int_equal(r.is_signature, q.label.len && (label[0] == 3 || label[0] == 6));
}

static void appraise_file_as_linux_did(void **state)
{
	struct span file = golden_read("appraise/enforce.txt");
	char *text = calloc(1, file.len + 1), *save = NULL;
	size_t lines = 0;

	(void)state; /* none */
	assert_non_null(text);
	memcpy(text, file.base, file.len);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (*line == '#')
			continue;
		check_golden_line(line);
		lines++;
	}
	assert_int_equal(lines, 84);
	free(text);
	golden_free(file);
}

/* ---- one request, varied */

static struct appraise_request request_of(struct span label)
{
	struct appraise_request q = { .label = label, .ima = ima, .size = 6 };

	assert_int_equal(hash_bytes(sigfmt_hash_id(label, HASH_SHA256), "hello\n", 6, &q.digest), 0);
	return q;
}

static void expect(const struct appraise_request *q, enum verdict verdict, const char *cause)
{
	struct appraise_result r;

	assert_int_equal(appraise_file(q, &r), verdict);
	assert_string_equal(r.cause, cause);
}

static void appraise_file_every_cut_of_a_label_is_bad(void **state)
{
	static const char *const files[] = { "sigs/rsa2048-sha256.sig", "sigs/p256-sha256.sig", "sigs/rsa2048-v3.sig",
					     "sigs/rsa2048-v1.sig" };

	(void)state; /* none */
	for (size_t f = 0; f <= ARRAY_COUNT(files); f++) {
		static u8 digest_label[34] = { 4, 4 };
		struct span file = f < ARRAY_COUNT(files) ? golden_read(files[f]) :
							    (struct span){ digest_label, sizeof(digest_label) };
		struct digest digest;

		assert_int_equal(hash_bytes(HASH_SHA256, "hello\n", 6, &digest), 0);
		memcpy(digest_label + 2, digest.bytes, 32);
		for (size_t len = 0; len < file.len; len++) {
			u8 *cut = golden_cut(file, len);
			struct appraise_request q = request_of((struct span){ cut, len });
			struct appraise_result r;

			assert_int_equal(appraise_file(&q, &r), len ? VERDICT_BAD : VERDICT_NO_LABEL);
			assert_true(*r.cause && *r.why);
			free(cut);
		}
		if (f < ARRAY_COUNT(files))
			golden_free(file);
	}
}

static void appraise_file_signature_versions(void **state)
{
	struct span v1 = golden_read("sigs/rsa2048-v1.sig"), v2 = golden_read("sigs/rsa2048-sha256.sig");
	struct span v3 = golden_read("sigs/rsa2048-v3.sig"), md5 = golden_read("sigs/rsa2048-md5.sig");
	struct appraise_request q = request_of(v1);
	u8 *relabelled = golden_cut(v3, v3.len);

	(void)state; /* none */
	expect(&q, VERDICT_BAD, "invalid-signature");
	q = request_of(md5);
	expect(&q, VERDICT_BAD, "invalid-signature");
	q = request_of(v2);
	q.demands |= RULE_IMASIG;
	expect(&q, VERDICT_GOOD, "");
	q.demands |= RULE_SIGV3;
	expect(&q, VERDICT_BAD, "IMA-sigv3-required");
	q = request_of(v3);
	q.demands |= RULE_IMASIG | RULE_SIGV3;
	expect(&q, VERDICT_GOOD, "");
	relabelled[1] = 2; /* a v3 signature is none of version 2, and the other way round */
	q.demands &= ~(u32)RULE_SIGV3;
	q.label.base = relabelled;
	expect(&q, VERDICT_BAD, "invalid-signature");
	memcpy(relabelled, v2.base, v2.len);
	relabelled[1] = 3;
	expect(&q, VERDICT_BAD, "invalid-signature");
	relabelled[1] = 0;
	expect(&q, VERDICT_BAD, "invalid-signature-version");
	relabelled[1] = 2;
	relabelled[2] = HASH_SHA512; /* the digest was made by another algorithm than the label says */
	expect(&q, VERDICT_BAD, "invalid-signature");
	free(relabelled);
	golden_free(v1);
	golden_free(v2);
	golden_free(v3);
	golden_free(md5);
}

static void appraise_file_says_why(void **state)
{
	struct span label = golden_read("sigs/rsa4096-sha256.sig"), good = golden_read("sigs/rsa2048-sha256.sig");
	struct appraise_request q = request_of(label);
	struct appraise_result r;

	(void)state; /* none */
	assert_int_equal(appraise_file(&q, &r), VERDICT_BAD);
	assert_string_equal(r.why, "no key f4533dee in .ima");
	q.ima = NULL;
	assert_int_equal(appraise_file(&q, &r), VERDICT_BAD);
	assert_string_equal(r.cause, "invalid-signature");
	assert_string_equal(r.why, "no key f4533dee in any ring");
	q = request_of(good);
	q.digest.bytes[0] ^= 1;
	assert_int_equal(appraise_file(&q, &r), VERDICT_BAD);
	assert_string_equal(r.why, "its signature by key 7fa5d2b7 does not match its content");
	golden_free(label);
	golden_free(good);
}

static void appraise_file_out_of_memory_is_unknown(void **state)
{
	struct span label = golden_read("sigs/rsa2048-sha256.sig");
	struct appraise_request q = request_of(label);

	(void)state; /* none */
	expect(&q, VERDICT_GOOD, "");
	fake_port_fail_after(1);
	expect(&q, VERDICT_UNKNOWN, "unknown");
	fake_port_fail_after(0);
	golden_free(label);
}

/* The label of type 4 that stands for a digest; its length. */
static size_t digest_label(const struct digest *digest, u8 *buf)
{
	buf[0] = IMA_XATTR_DIGEST_NG;
	buf[1] = digest->id;
	memcpy(buf + 2, digest->bytes, digest->len);
	return 2u + digest->len;
}

static void appraise_file_digest_of_another_algorithm_is_bad(void **state)
{
	u8 label[(2 + HASH_MAX_LEN) + 8];
	struct digest digest;
	struct appraise_request q;

	(void)state; /* none */
	assert_int_equal(hash_bytes(HASH_SHA256, "hello\n", 6, &digest), 0);
	q = request_of((struct span){ label, digest_label(&digest, label) });
	expect(&q, VERDICT_GOOD, "");
	for (unsigned id = 0; id < 256; id++) {
		label[1] = (u8)id;
		expect(&q, id == HASH_SHA256 ? VERDICT_GOOD : VERDICT_BAD, id == HASH_SHA256 ? "" : "invalid-hash");
	}
	label[0] = IMA_XATTR_DIGEST; /* 33 bytes without an algorithm: Linux would compare them with the default's */
	memcpy(label + 1, digest.bytes, 32);
	q.label.len = 33;
	expect(&q, VERDICT_BAD, "invalid-hash");
}

static void appraise_file_new_files(void **state)
{
	struct span bad = golden_read("sigs/rsa2048-sha256.sig");
	struct appraise_request q = { .label_err = -ENODATA, .ima = ima, .is_new = true };

	(void)state; /* none */
	expect(&q, VERDICT_GOOD, "");
	q.size = 5;
	expect(&q, VERDICT_GOOD, "");
	q.demands |= RULE_IMASIG;
	expect(&q, VERDICT_NO_LABEL, "IMA-signature-required");
	q.demands |= RULE_VERITY;
	expect(&q, VERDICT_NO_LABEL, "verity-signature-required");
	q.demands &= ~(u32)RULE_VERITY;
	q.size = 0;
	expect(&q, VERDICT_GOOD, "");
	q.is_new = false;
	expect(&q, VERDICT_NO_LABEL, "IMA-signature-required");
	q = request_of(bad); /* tar: the signature of the content to come */
	q.digest.bytes[0] ^= 1;
	q.is_new = true;
	q.size = 0;
	expect(&q, VERDICT_GOOD, "");
	q.size = 1;
	expect(&q, VERDICT_BAD, "invalid-signature");
	q = (struct appraise_request){ .label_err = -EIO, .ima = ima, .is_new = true };
	expect(&q, VERDICT_UNKNOWN, "unknown");
	q.label_err = -EOPNOTSUPP;
	expect(&q, VERDICT_UNKNOWN, "unknown");
	golden_free(bad);
}

static void appraise_file_evm_answers(void **state)
{
	static const struct {
		enum evm_status evm;
		enum verdict verdict;
		const char *cause;
		bool is_signature;
	} cases[] = {
		{ EVM_UNKNOWN, VERDICT_GOOD, "", false },
		{ EVM_PASS, VERDICT_GOOD, "", false },
		{ EVM_PASS_IMMUTABLE, VERDICT_GOOD, "", true },
		{ EVM_FAIL, VERDICT_BAD, "invalid-HMAC", false },
		{ EVM_FAIL_IMMUTABLE, VERDICT_BAD, "invalid-fail-immutable", true },
		{ EVM_NO_LABEL, VERDICT_NO_LABEL, "missing-HMAC", false },
		{ EVM_NO_XATTRS, VERDICT_NO_LABEL, "missing-HMAC", false },
		{ (enum evm_status)99, VERDICT_BAD, "invalid-HMAC", false },
	};
	u8 label[(2 + HASH_MAX_LEN)];
	struct digest digest;

	(void)state; /* none */
	assert_int_equal(hash_bytes(HASH_SHA256, "hello\n", 6, &digest), 0);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct appraise_request q = request_of((struct span){ label, digest_label(&digest, label) });
		struct appraise_result r;

		q.evm = cases[i].evm;
		assert_int_equal(appraise_file(&q, &r), cases[i].verdict);
		assert_string_equal(r.cause, cases[i].cause);
		assert_int_equal(r.is_signature, cases[i].is_signature);
		q.demands |= RULE_IMASIG; /* a digest counts as signed where a portable signature covers it */
		assert_int_equal(appraise_file(&q, &r) == VERDICT_GOOD, cases[i].evm == EVM_PASS_IMMUTABLE);
	}
}

static void appraise_file_verity_signatures(void **state)
{
	static const u8 value[] = { 6, 3, 4, 0, 0, 0, 0, 0, 1, 0x99 };
	struct appraise_request q = request_of((struct span){ value, sizeof(value) });

	(void)state; /* none */
	expect(&q, VERDICT_BAD, "invalid-verity-signature");
	q.demands |= RULE_IMASIG;
	expect(&q, VERDICT_BAD, "IMA-signature-required");
	q.demands |= RULE_VERITY;
	expect(&q, VERDICT_BAD, "invalid-verity-signature");
	q.label.len = 1;
	expect(&q, VERDICT_BAD, "invalid-signature-version");
}

/* ---- writing labels; results as Linux gave them, allowed: sha256, sha384, sha512 */

static void appraise_xattr_check_as_linux_did(void **state)
{
	static const struct {
		const char *hex;
		int err;
		const char *cause;
	} cases[] = {
		{ "0404ee2b5da366c451de2b3516edb6f00936ee40dc919dc9caa077030f597674cd4c", 0, NULL },
		{ "04025b39a2273128ec0a752265c34e6b86d6c4b11ebb", -EACCES, "denied-hash-algorithm" },
		{ "0401cd9d1bb49a72f9cb23cbf7a0c81c0f07", -EACCES, "denied-hash-algorithm" },
		{ "015b39a2273128ec0a752265c34e6b86d6c4b11ebb", -EACCES, "denied-hash-algorithm" },
		{ "01cd9d1bb49a72f9cb23cbf7a0c81c0f07", -EACCES, "denied-hash-algorithm" },
		{ "01ee2b5da366c451de2b3516edb6f00936ee40dc919dc9caa077030f597674cd4c", 0, NULL },
		{ "0405000000", 0, NULL },
		{ "0406000000", 0, NULL },
		{ "07aa", -EINVAL, NULL },
		{ "", -EINVAL, NULL },
		{ "00", 0, NULL },
		{ "03", 0, NULL },
		{ "04", 0, NULL },
		{ "0404", 0, NULL },
		{ "ff", -EINVAL, NULL },
		{ "030202", 0, NULL },
		{ "030202112233440000", 0, NULL },
		{ "030204112233440000", 0, NULL },
		{ "06030411223344000099", 0, NULL },
	};
	const u32 allowed = 1u << HASH_SHA256 | 1u << HASH_SHA384 | 1u << HASH_SHA512;
	const struct cred root = { 0 }, user = { .uid = 1003, .euid = 1003 };

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		u8 value[64];
		size_t len = from_hex(cases[i].hex, value);
		const char *cause = "untouched";

		assert_int_equal(appraise_xattr_check("security.ima", value, len, &root, allowed, &cause),
				 cases[i].err);
		if (cases[i].cause)
			assert_string_equal(cause, cases[i].cause);
		else
			assert_null(cause);
		assert_int_equal(appraise_xattr_check("security.ima", value, len, &user, allowed, &cause), -EPERM);
		assert_int_equal(appraise_xattr_check("user.ima", value, len, &user, allowed, &cause), 0);
	}
}

static void appraise_xattr_check_without_a_list(void **state)
{
	const struct cred root = { 0 };
	const char *cause;

	(void)state; /* none */
	assert_int_equal(appraise_xattr_check("security.ima", "\4\0", 2, &root, 0, &cause), -EACCES);
	assert_string_equal(cause, "unavailable-hash-algorithm");
	assert_int_equal(appraise_xattr_check("security.ima", "\4\2", 2, &root, 0, &cause), 0);
	assert_null(cause);
}

static void appraise_xattr_check_evm_values(void **state)
{
	const struct cred root = { 0 }, user = { .uid = 1, .euid = 1 };
	const char *cause;

	(void)state; /* none */
	for (unsigned type = 0; type < 256; type++) {
		u8 value[2] = { (u8)type, 2 };
		int want = type == 3 || type == 5 ? 0 : -EPERM;

		assert_int_equal(appraise_xattr_check("security.evm", value, 2, &root, 0, &cause), want);
		assert_int_equal(appraise_xattr_check("security.evm", value, 2, &user, 0, &cause), -EPERM);
	}
	assert_int_equal(appraise_xattr_check("security.evm", "", 0, &root, 0, &cause), -EINVAL);
	assert_int_equal(appraise_xattr_check("security.evm", NULL, 0, &root, 0, &cause), 0);
	assert_int_equal(appraise_xattr_check("security.ima", NULL, 0, &root, 0, &cause), 0);
	assert_int_equal(appraise_xattr_check("security.ima", NULL, 0, &user, 0, &cause), -EPERM);
	assert_int_equal(appraise_xattr_check("security.evmx", NULL, 0, &user, 0, &cause), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appraise_file_as_linux_did),
		cmocka_unit_test(appraise_file_every_cut_of_a_label_is_bad),
		cmocka_unit_test(appraise_file_signature_versions),
		cmocka_unit_test(appraise_file_says_why),
		cmocka_unit_test(appraise_file_out_of_memory_is_unknown),
		cmocka_unit_test(appraise_file_digest_of_another_algorithm_is_bad),
		cmocka_unit_test(appraise_file_new_files),
		cmocka_unit_test(appraise_file_evm_answers),
		cmocka_unit_test(appraise_file_verity_signatures),
		cmocka_unit_test(appraise_xattr_check_as_linux_did),
		cmocka_unit_test(appraise_xattr_check_without_a_list),
		cmocka_unit_test(appraise_xattr_check_evm_values),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
