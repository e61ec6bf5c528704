/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_mbedtls_port.c - the random numbers against an independent HMAC_DRBG, memory hooks, error numbers.
 *
 * The expected bytes come from HMAC_DRBG (SP 800-90A 10.1.2) written with Python's hmac module: seed 00..3f, 40 bytes
 * out, "more entropy" in, 2100 bytes out in requests of at most 1024.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509.h>

#include "crypto/hash.h"
#include "crypto/mbedtls_hooks.h"
#include "crypto/mbedtls_port.h"
#include "tests/fake/fake_port.h"

static const u8 first_40[] = { 0xac, 0xb4, 0xc0, 0x52, 0x73, 0x46, 0x34, 0x3f, 0x45, 0x26, 0x6a, 0x99, 0xa5, 0xea,
			       0x86, 0xe9, 0x49, 0x3b, 0x69, 0x63, 0x5f, 0x50, 0x9e, 0xd6, 0x87, 0x1d, 0x4c, 0x87,
			       0x1f, 0x93, 0x61, 0x3b, 0x70, 0xaf, 0x78, 0x04, 0x5a, 0x86, 0x18, 0x9e };
static const u8 next_2100_sha256[] = { 0x87, 0x8a, 0x65, 0x82, 0x31, 0x9c, 0xe8, 0x57, 0x3c, 0x47, 0xf8,
				       0x29, 0x19, 0x70, 0xbd, 0x7e, 0x80, 0x31, 0xe3, 0x0c, 0xb8, 0x1c,
				       0x6f, 0x68, 0xe1, 0xe9, 0xcb, 0x9d, 0x74, 0xf1, 0x69, 0x92 };

static void crypto_random_unseeded_refused(void **state)
{
	u8 seed[64], out[4] = { 1, 2, 3, 4 };

	(void)state; /* none */
	assert_int_equal(crypto_random(out, sizeof(out)), -EIO);
	assert_memory_equal(out, "\1\2\3\4", 4);
	assert_int_equal(crypto_random_add("x", 1), -EIO);
	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (u8)i;
	assert_int_equal(crypto_random_init(seed, CRYPTO_SEED_MIN - 1), -EINVAL);
	for (u64 n = 1;; n++) {
		int err;

		fake_port_fail_after(n);
		err = crypto_random_init(seed, sizeof(seed));
		fake_port_fail_after(0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(fake_port_live(), 0);
		assert_int_equal(crypto_random(out, sizeof(out)), -EIO);
	}
	assert_int_equal(crypto_random_init(seed, sizeof(seed)), -EBUSY);
}

/* Needs the seed of the test above. */
static void crypto_random_matches_independent_drbg(void **state)
{
	u8 out[2100];
	struct digest digest;

	(void)state; /* none */
	assert_int_equal(crypto_random(out, 40), 0);
	assert_memory_equal(out, first_40, 40);
	assert_int_equal(crypto_random_add("more entropy", 12), 0);
	assert_int_equal(crypto_random(out, sizeof(out)), 0);
	assert_int_equal(hash_bytes(HASH_SHA256, out, sizeof(out), &digest), 0);
	assert_memory_equal(digest.bytes, next_2100_sha256, 32);
	assert_int_equal(crypto_random(NULL, 0), 0);
}

static void mbedtls_port_calloc_overflow_and_nothing_give_null(void **state)
{
	u64 live = fake_port_live();
	u8 *p = mbedtls_port_calloc(3, 5);

	(void)state; /* none */
	assert_non_null(p);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(p[i], 0);
	mbedtls_port_free(p);
	mbedtls_port_free(NULL);
	assert_null(mbedtls_port_calloc(SIZE_MAX / 2, 3));
	assert_null(mbedtls_port_calloc(0, 8));
	assert_null(mbedtls_port_calloc(8, 0));
	assert_int_equal(fake_port_live(), live);
}

static void crypto_errno_sorts_errors(void **state)
{
	(void)state; /* none */
	assert_int_equal(crypto_errno(0), 0);
	assert_int_equal(crypto_errno(MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG + MBEDTLS_ERR_OID_NOT_FOUND), -ENOPKG);
	assert_int_equal(crypto_errno(MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE), -ENOPKG);
	assert_int_equal(crypto_errno(MBEDTLS_ERR_ECP_VERIFY_FAILED), -EKEYREJECTED);
	assert_int_equal(crypto_errno(MBEDTLS_ERR_X509_INVALID_FORMAT), -EBADMSG);
	assert_int_equal(crypto_errno(-1), -EBADMSG);
	fake_port_fail_after(1);
	assert_null(mbedtls_port_calloc(1, 1));
	assert_int_equal(crypto_errno(MBEDTLS_ERR_PK_INVALID_PUBKEY), -ENOMEM);
	assert_int_equal(crypto_errno(MBEDTLS_ERR_PK_INVALID_PUBKEY), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crypto_random_unseeded_refused),
		cmocka_unit_test(crypto_random_matches_independent_drbg),
		cmocka_unit_test(mbedtls_port_calloc_overflow_and_nothing_give_null),
		cmocka_unit_test(crypto_errno_sorts_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
