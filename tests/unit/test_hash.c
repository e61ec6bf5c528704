/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_hash.c - hash algorithms against OpenSSL, their table against the specification's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "crypto/ct.h"
#include "crypto/hash.h"

#define MESSAGE_MAX 300

static u8 message[MESSAGE_MAX];

static int setup(void **state)
{
	(void)state; /* none */
	for (size_t i = 0; i < MESSAGE_MAX; i++)
		message[i] = (u8)(i * 31 + 7);
	return 0;
}

static void hash_bytes_every_length_matches_openssl(void **state)
{
	size_t built = 0;

	(void)state; /* none */
	for (unsigned id = 0; id < HASH_COUNT; id++) {
		const EVP_MD *md = EVP_get_digestbyname(hash_name(id));

		if (!hash_available(id))
			continue;
		built++;
		assert_non_null(md);
		for (size_t len = 0; len <= MESSAGE_MAX; len++) {
			u8 want[EVP_MAX_MD_SIZE];
			unsigned want_len;
			struct digest got;

			assert_int_equal(EVP_Digest(message, len, want, &want_len, md, NULL), 1);
			assert_int_equal(hash_bytes(id, message, len, &got), 0);
			assert_int_equal(got.id, id);
			assert_int_equal(got.len, want_len);
			assert_memory_equal(got.bytes, want, want_len);
		}
	}
	assert_int_equal(built, 6);
}

static void hash_update_in_pieces_and_snapshot_match_one_shot(void **state)
{
	(void)state; /* none */
	for (unsigned id = 0; id < HASH_COUNT; id++) {
		if (!hash_available(id))
			continue;
		for (size_t cut = 0; cut <= MESSAGE_MAX; cut += 13) {
			struct hash_ctx ctx, snapshot;
			struct digest want, part;
			u8 got[HASH_MAX_LEN];

			assert_int_equal(hash_init(&ctx, id), 0);
			hash_update(&ctx, message, cut);
			snapshot = ctx;
			hash_update(&ctx, message + cut, MESSAGE_MAX - cut);
			hash_final(&ctx, got);
			assert_int_equal(hash_bytes(id, message, MESSAGE_MAX, &want), 0);
			assert_memory_equal(got, want.bytes, want.len);
			hash_final(&snapshot, got);
			assert_int_equal(hash_bytes(id, message, cut, &part), 0);
			assert_memory_equal(got, part.bytes, part.len);
		}
	}
}

static void hash_final_wipes_the_context(void **state)
{
	struct hash_ctx ctx, zero;
	u8 out[HASH_MAX_LEN];

	(void)state; /* none */
	memset(&zero, 0, sizeof(zero));
	assert_int_equal(hash_init(&ctx, HASH_SHA256), 0);
	hash_update(&ctx, message, 10);
	hash_final(&ctx, out);
	assert_memory_equal(&ctx, &zero, sizeof(ctx));
}

static void hash_init_without_implementation_refused(void **state)
{
	static const unsigned missing[] = { HASH_MD4, HASH_RMD160, HASH_SM3, HASH_SHA3_512, HASH_COUNT, 255, ~0u };
	struct hash_ctx ctx;
	struct digest digest = { .id = 99 };

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(missing); i++) {
		assert_false(hash_available(missing[i]));
		assert_int_equal(hash_init(&ctx, missing[i]), -ENOPKG);
		assert_int_equal(hash_bytes(missing[i], "", 0, &digest), -ENOPKG);
	}
	assert_int_equal(digest.id, 99);
}

/* As the specification's table has them: id, name, size, TPM algorithm. */
static const struct {
	const char *name;
	size_t len;
	u16 tpm;
} table[] = {
	{ "md4", 16, 0 },	{ "md5", 16, 0 },	  { "sha1", 20, 4 },	    { "rmd160", 20, 0 },
	{ "sha256", 32, 0xb },	{ "sha384", 48, 0xc },	  { "sha512", 64, 0xd },    { "sha224", 28, 0 },
	{ "rmd128", 16, 0 },	{ "rmd256", 32, 0 },	  { "rmd320", 40, 0 },	    { "wp256", 32, 0 },
	{ "wp384", 48, 0 },	{ "wp512", 64, 0 },	  { "tgr128", 16, 0 },	    { "tgr160", 20, 0 },
	{ "tgr192", 24, 0 },	{ "sm3", 32, 0x12 },	  { "streebog256", 32, 0 }, { "streebog512", 64, 0 },
	{ "sha3-256", 32, 0 },	{ "sha3-384", 48, 0 },	  { "sha3-512", 64, 0 },
};

static void hash_table_has_the_known_names_and_numbers(void **state)
{
	(void)state; /* none */
	assert_int_equal(ARRAY_COUNT(table), 23);
	assert_int_equal(HASH_COUNT, 23);
	for (unsigned id = 0; id < HASH_COUNT; id++) {
		unsigned found = 99;

		assert_string_equal(hash_name(id), table[id].name);
		assert_int_equal(hash_len(id), table[id].len);
		assert_int_equal(hash_tpm_alg(id), table[id].tpm);
		assert_int_equal(hash_by_name(table[id].name, strlen(table[id].name), &found), 0);
		assert_int_equal(found, id);
		assert_int_equal(hash_from_tpm_alg(table[id].tpm, &found), table[id].tpm ? 0 : -ENOENT);
		assert_int_equal(found, id);
	}
}

static void hash_table_outside_is_nothing(void **state)
{
	unsigned found = 99;

	(void)state; /* none */
	assert_null(hash_name(HASH_COUNT));
	assert_int_equal(hash_len(HASH_COUNT), 0);
	assert_int_equal(hash_len(~0u), 0);
	assert_int_equal(hash_tpm_alg(HASH_COUNT), 0);
	assert_int_equal(hash_by_name("sha25", 5, &found), -ENOENT);
	assert_int_equal(hash_by_name("sha256x", 7, &found), -ENOENT);
	assert_int_equal(hash_by_name("sha256x", 6, &found), 0);
	assert_int_equal(hash_by_name("SHA256", 6, &found), -ENOENT);
	assert_int_equal(hash_by_name("", 0, &found), -ENOENT);
	assert_int_equal(hash_from_tpm_alg(0, &found), -ENOENT);
	assert_int_equal(hash_from_tpm_alg(0x0027, &found), -ENOENT);
}

static void hash_self_test_passes(void **state)
{
	const char *failed = NULL;

	(void)state; /* none */
	assert_int_equal(hash_self_test(&failed), 0);
	assert_null(failed);
}

static void ct_equal_sees_every_bit(void **state)
{
	u8 a[20], b[20];

	(void)state; /* none */
	memcpy(a, message, sizeof(a));
	for (size_t bit = 0; bit < sizeof(a) * 8; bit++) {
		memcpy(b, a, sizeof(b));
		assert_true(ct_equal(a, b, sizeof(a)));
		b[bit / 8] ^= (u8)(1 << bit % 8);
		assert_false(ct_equal(a, b, sizeof(a)));
	}
	assert_true(ct_equal(a, b, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_bytes_every_length_matches_openssl),
		cmocka_unit_test(hash_update_in_pieces_and_snapshot_match_one_shot),
		cmocka_unit_test(hash_final_wipes_the_context),
		cmocka_unit_test(hash_init_without_implementation_refused),
		cmocka_unit_test(hash_table_has_the_known_names_and_numbers),
		cmocka_unit_test(hash_table_outside_is_nothing),
		cmocka_unit_test(hash_self_test_passes),
		cmocka_unit_test(ct_equal_sees_every_bit),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
