/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/test_sign.c - signatures against evmctl's, keys in every form, `assay sign`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/keyring.h"
#include "crypto/sigfmt.h"
#include "tests/fake/golden.h"
#include "tests/fake/scratch.h"
#include "tools/commands.h"
#include "tools/sign.h"

#define KEYS "tests/golden/keys/"

static const char *const good[] = { "rsa2048", "rsa4096", "p256", "p384" };

static int run_sign(const char *words, const char **ret_said)
{
	return scratch_command(cmd_sign, words, ret_said);
}

static void assert_refused(const char *words, const char *why)
{
	const char *said;

	assert_int_not_equal(run_sign(words, &said), 0);
	if (!strstr(said, why) || strstr(said, "0x") || strstr(said, "mbedTLS"))
		fail_msg("'%s' does not say '%s' but '%s'", words, why, said);
}

static void assert_accepted(const char *words)
{
	const char *said;

	if (run_sign(words, &said) != 0)
		fail_msg("%s: %s", words, said);
	assert_string_equal(said, "");
}

static void sign_rsa_equals_evmctl(void **state)
{
	static const char *const hashes[] = { "sha1", "sha224", "sha256", "sha384", "sha512" };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_COUNT(hashes); i++) {
		const char *key = good[i & 1], *hash = hashes[i / 2];
		char *words = cli_text("sign @f --sigfile --key " KEYS "%s.key --hash %s", key, hash);
		char *name = cli_text("sigs/%s-%s.sig", key, hash);
		struct span want = golden_read(name);
		struct buf made;

		scratch_write_text("f", "hello\n");
		assert_accepted(words);
		made = scratch_read("f.sig");
		assert_int_equal(made.len, want.len);
		assert_memory_equal(made.bytes, want.base, want.len);
		buf_free(&made);
		golden_free(want);
		free(words);
		free(name);
	}
}

static void verify_with_keyring(const char *key, const struct buf *value, const char *content)
{
	char *name = cli_text("keys/%s.der", key);
	struct span der = golden_read(name);
	struct keyring *ring = keyring_alloc(".ima");
	struct sig_value sig;
	struct digest d;

	assert_int_equal(keyring_add(ring, der.base, der.len, NULL, NULL), 0);
	assert_int_equal(sigfmt_parse((struct span){ value->bytes, value->len }, &sig), 0);
	assert_int_equal(sig.version, 2);
	assert_int_equal(hash_bytes(sig.hash, content, strlen(content), &d), 0);
	assert_int_equal(keyring_verify(ring, sig.key_id, &d, sig.sig), 0);
	d.bytes[0] ^= 1;
	assert_int_not_equal(keyring_verify(ring, sig.key_id, &d, sig.sig), 0);
	keyring_free(ring);
	golden_free(der);
	free(name);
}

static void sign_every_key_verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		char *words = cli_text("sign @f -f -k " KEYS "%s.key", good[i]);
		struct buf first, second;

		scratch_write_text("f", good[i]);
		assert_accepted(words);
		first = scratch_read("f.sig");
		assert_accepted(words);
		second = scratch_read("f.sig");
		assert_int_equal(first.len, second.len);
		assert_memory_equal(first.bytes, second.bytes, first.len);
		verify_with_keyring(good[i], &first, good[i]);
		assert_int_equal(scratch_sh("evmctl ima_verify --sigfile --key " KEYS "%s.der $D/f 2>&1 |"
					    " grep -q 'verification is OK'", good[i]), 0);
		buf_free(&first);
		buf_free(&second);
		free(words);
	}
}

/* RFC 6979 A.2.5, P-256, SHA-256, message "sample": the nonce follows from key and message. */
static void sign_ecdsa_is_deterministic_as_rfc6979(void **state)
{
	static const u8 sec1[] = { /* ECPrivateKey of the RFC's x */
		0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20, 0xc9, 0xaf, 0xa9, 0xd8, 0x45, 0xba, 0x75, 0x16, 0x6b,
		0x5c, 0x21, 0x57, 0x67, 0xb1, 0xd6, 0x93, 0x4e, 0x50, 0xc3, 0xdb, 0x36, 0xe8, 0x9b, 0x12, 0x7b,
		0x8a, 0x62, 0x2b, 0x12, 0x0f, 0x67, 0x21, 0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
		0x03, 0x01, 0x07,
	};
	static const u8 want_r[4] = { 0xef, 0xd4, 0x8b, 0x2a };
	struct buf made;

	(void)state;
	scratch_write("rfc.key", sec1, sizeof(sec1));
	scratch_write_text("f", "sample");
	assert_accepted("sign @f -f -k @rfc.key");
	made = scratch_read("f.sig");
	assert_int_equal(made.bytes[9], 0x30);
	assert_memory_equal(made.bytes + 9 + 5, want_r, sizeof(want_r)); /* 30 len 02 21 00 EFD48B2A... */
	buf_free(&made);
}

static void sign_certificate_names_the_key(void **state)
{
	static const u8 own_skid[4] = { 0xde, 0xad, 0xbe, 0xef };
	struct buf made;

	(void)state;
	scratch_write_text("f", "hello\n");
	assert_accepted("sign @f -f -k " KEYS "p256.key --cert " KEYS "p256-ownskid.der");
	made = scratch_read("f.sig");
	assert_memory_equal(made.bytes + 3, own_skid, 4);
	buf_free(&made);
	assert_refused("sign @f -f -k " KEYS "p256.key --cert " KEYS "p384.pem", "do not belong together");
	assert_refused("sign @f -f -k " KEYS "p256.key --cert @f", "is not a certificate in PEM or DER");
}

static void sign_key_forms_are_read(void **state)
{
	(void)state;
	scratch_write_text("f", "hello\n");
	assert_int_equal(scratch_sh("cd $D && K=$OLDPWD/" KEYS " && exec 2>/dev/null &&"
				    "openssl rsa -in $K/rsa2048.key -traditional -out pkcs1.key &&"
				    "openssl ecparam -genkey -name prime256v1 -out sec1.key &&"
				    "openssl pkey -in $K/p384.key -outform DER -out der.key"), 0);
	assert_accepted("sign @f -f -k @pkcs1.key");
	assert_accepted("sign @f -f -k @sec1.key");
	assert_accepted("sign @f -f -k @der.key");
}

static void sign_unfit_key_is_refused(void **state)
{
	(void)state;
	scratch_write_text("f", "hello\n");
	scratch_write_text("empty", "");
	assert_int_equal(scratch_sh("cd $D && K=$OLDPWD/" KEYS " && exec 2>/dev/null && rm -f f.sig;"
				    "openssl genrsa -out rsa1024.key 1024;"
				    "openssl ecparam -genkey -name secp521r1 -out p521.key;"
				    "openssl ecparam -genkey -name secp256k1 -out k1.key;"
				    "openssl rsa -aes256 -passout pass:x -in $K/rsa2048.key -out enc8.key;"
				    "openssl rsa -aes256 -passout pass:x -traditional -in $K/rsa2048.key"
				    " -out enc1.key;"
				    "openssl pkcs8 -topk8 -passout pass:x -in $K/rsa2048.key -outform DER"
				    " -out enc8.der;"
				    "sed 4d $K/rsa2048.key >damaged.key; sed 4d $K/rsa2048.pem >damaged.pem"), 0);
	assert_refused("sign @f -f -k " KEYS "ed25519.key", "RSA of 2048 to 4096 bits or ECDSA");
	assert_refused("sign @f -f -k @rsa1024.key", "RSA of 2048 to 4096 bits or ECDSA");
	assert_refused("sign @f -f -k @p521.key", "RSA of 2048 to 4096 bits or ECDSA");
	assert_refused("sign @f -f -k @k1.key", "RSA of 2048 to 4096 bits or ECDSA");
	assert_refused("sign @f -f -k @enc8.key", "is encrypted");
	assert_refused("sign @f -f -k @enc1.key", "is encrypted");
	assert_refused("sign @f -f -k @enc8.der", "is encrypted");
	assert_refused("sign @f -f -k " KEYS "rsa2048.pem", "holds no private key but a CERTIFICATE");
	assert_refused("sign @f -f -k @f", "is not a private key in PEM or DER");
	assert_refused("sign @f -f -k @empty", "is empty");
	assert_refused("sign @f -f -k @missing", "cannot open");
	assert_refused("sign @f -f -k @damaged.key", "the private key in");
	assert_refused("sign @f -f -k " KEYS "p256.key --cert " KEYS "p384.pem", "do not belong together");
	assert_refused("sign @f -f -k " KEYS "p256.key --cert " KEYS "ed25519.der", "of another kind than RSA");
	assert_refused("sign @f -f -k " KEYS "p256.key --cert " KEYS "p521.der", "of another kind than RSA");
	assert_refused("sign @f -f -k " KEYS "p256.key --cert " KEYS "p256.key", "holds no certificate but a");
	assert_refused("sign @f -f -k " KEYS "p256.key --cert @f", "is not a certificate in PEM or DER");
	assert_refused("sign @f -f -k " KEYS "p256.key --cert @damaged.pem", "the certificate in");
	assert_int_not_equal(scratch_sh("test -e $D/f.sig"), 0);
}

static void sign_key_cut_anywhere_is_refused(void **state)
{
	struct span whole = golden_read("keys/p256.key");

	(void)state;
	scratch_write_text("f", "hello\n");
	for (size_t len = 0; len + 30 < whole.len; len += 3) {
		scratch_write("cut.key", whole.base, len);
		assert_refused("sign @f -f -k @cut.key", "cut.key");
	}
	golden_free(whole);
}

static void sign_usage_errors_exit_2(void **state)
{
	static const char *const lines[] = {
		"sign", "sign @f", "sign --key x", "sign @f --key", "sign @f --key x --hash md5",
		"sign @f --key x --hash rot13", "sign @f --bogus", "sign @f -q", "sign @f --key x --sigfile=1",
	};
	const char *said;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		assert_int_equal(run_sign(lines[i], &said), 2);
		assert_non_null(strstr(said, "Try 'assay sign --help'"));
	}
}

static void sign_bad_files_are_named_and_others_signed(void **state)
{
	const char *said;

	(void)state;
	scratch_write_text("g", "hello\n");
	assert_int_equal(run_sign("sign @missing @. @g -f -k " KEYS "p256.key", &said), 1);
	assert_non_null(strstr(said, "missing"));
	assert_non_null(strstr(said, "is not a regular file"));
	assert_int_equal(scratch_sh("test -s $D/g.sig"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sign_rsa_equals_evmctl),
		cmocka_unit_test(sign_every_key_verifies),
		cmocka_unit_test(sign_ecdsa_is_deterministic_as_rfc6979),
		cmocka_unit_test(sign_certificate_names_the_key),
		cmocka_unit_test(sign_key_forms_are_read),
		cmocka_unit_test(sign_unfit_key_is_refused),
		cmocka_unit_test(sign_key_cut_anywhere_is_refused),
		cmocka_unit_test(sign_usage_errors_exit_2),
		cmocka_unit_test(sign_bad_files_are_named_and_others_signed),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
