/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_keyring.c - certificates made by OpenSSL, signatures made by evmctl, and every way to spoil them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/keyring.h"
#include "crypto/sigfmt.h"
#include "crypto/sigkat.h"
#include "kernel/base/text.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"

static const char *const accepted[] = { "rsa2048", "rsa4096", "p256", "p384" };
static const char *const hashes[] = { "sha1", "sha224", "sha256", "sha384", "sha512" };

static struct keyring *ring_alloc(void)
{
	struct keyring *ring = keyring_alloc(".ima");

	assert_non_null(ring);
	return ring;
}

static int add_file(struct keyring *ring, const char *name, struct keyring *signed_by)
{
	char path[64];
	struct span der;
	int err;

	text_format(path, sizeof(path), "keys/%s.der", name);
	der = golden_read(path);
	err = keyring_add(ring, der.base, der.len, signed_by, NULL);
	golden_free(der);
	return err;
}

static struct digest hello_digest(unsigned id)
{
	struct digest digest;

	assert_int_equal(hash_bytes(id, "hello\n", 6, &digest), 0);
	return digest;
}

/* Checks a signature file (value of security.ima, v2) against "hello\n". */
static int verify_value(struct keyring *ring, struct span value)
{
	struct sig_value v;
	struct digest digest;
	int err = sigfmt_parse(value, &v);

	if (err)
		return err;
	err = hash_bytes(v.hash, "hello\n", 6, &digest);
	return err ? err : keyring_verify(ring, v.key_id, &digest, v.sig);
}

static int verify_file(struct keyring *ring, const char *name)
{
	char path[64];
	struct span value;
	int err;

	text_format(path, sizeof(path), "sigs/%s.sig", name);
	value = golden_read(path);
	err = verify_value(ring, value);
	golden_free(value);
	return err;
}

static void keyring_verify_evmctl_signatures(void **state)
{
	struct keyring *ring = ring_alloc();

	(void)state; /* none */
	for (size_t k = 0; k < ARRAY_COUNT(accepted); k++)
		assert_int_equal(add_file(ring, accepted[k], NULL), 0);
	for (size_t k = 0; k < ARRAY_COUNT(accepted); k++) {
		for (size_t h = 0; h < ARRAY_COUNT(hashes); h++) {
			char name[64];

			text_format(name, sizeof(name), "%s-%s", accepted[k], hashes[h]);
			assert_int_equal(verify_file(ring, name), 0);
		}
	}
	assert_int_equal(verify_file(ring, "rsa2048-md5"), -ENOPKG);
	keyring_free(ring);
	assert_int_equal(fake_port_live(), 0);
}

static void keyring_verify_other_digest_or_key_refused(void **state)
{
	struct keyring *ring = ring_alloc();

	(void)state; /* none */
	for (size_t k = 0; k < ARRAY_COUNT(accepted); k++) {
		char name[64];
		struct span value;
		struct sig_value v;
		struct digest digest = hello_digest(HASH_SHA256);

		text_format(name, sizeof(name), "sigs/%s-sha256.sig", accepted[k]);
		value = golden_read(name);
		assert_int_equal(sigfmt_parse(value, &v), 0);
		assert_int_equal(keyring_verify(ring, v.key_id, &digest, v.sig), -ENOKEY);
		assert_int_equal(add_file(ring, accepted[k], NULL), 0);
		assert_int_equal(keyring_verify(ring, v.key_id, &digest, v.sig), 0);
		for (size_t bit = 0; bit < 256; bit++) {
			struct digest other = digest;

			other.bytes[bit / 8] ^= (u8)(1 << bit % 8);
			if (k < 2 || bit % 64 == 0) /* ECDSA is slow here; a few bits are enough */
				assert_int_equal(keyring_verify(ring, v.key_id, &other, v.sig), -EKEYREJECTED);
		}
		digest.id = HASH_SHA512; /* the algorithm is part of what was signed, for RSA at least */
		assert_int_equal(keyring_verify(ring, v.key_id, &digest, v.sig), -EINVAL);
		digest.id = HASH_SM3;
		assert_int_equal(keyring_verify(ring, v.key_id, &digest, v.sig), -ENOPKG);
		golden_free(value);
	}
	keyring_free(ring);
}

static void keyring_verify_every_flipped_byte_refused(void **state)
{
	struct keyring *ring = ring_alloc();

	(void)state; /* none */
	for (size_t k = 0; k < ARRAY_COUNT(accepted); k++) {
		char name[64];
		struct span value;
		u8 *bytes;

		assert_int_equal(add_file(ring, accepted[k], NULL), 0);
		text_format(name, sizeof(name), "sigs/%s-sha256.sig", accepted[k]);
		value = golden_read(name);
		bytes = golden_cut(value, value.len);
		for (size_t i = 0; i < value.len; i++) {
			bytes[i] ^= (u8)(1 << i % 8);
			if (verify_value(ring, (struct span){ bytes, value.len }) == 0)
				fail_msg("%s: byte %zu", name, i);
			bytes[i] ^= (u8)(1 << i % 8);
		}
		assert_int_equal(verify_value(ring, (struct span){ bytes, value.len }), 0);
		free(bytes);
		golden_free(value);
	}
	keyring_free(ring);
}

static void keyring_verify_every_signature_length_refused(void **state)
{
	static const char *const files[] = { "sigs/rsa2048-sha256.sig", "sigs/p256-sha256.sig" };
	struct keyring *ring = ring_alloc();
	struct digest digest = hello_digest(HASH_SHA256);

	(void)state; /* none */
	assert_int_equal(add_file(ring, "rsa2048", NULL), 0);
	assert_int_equal(add_file(ring, "p256", NULL), 0);
	for (size_t f = 0; f < ARRAY_COUNT(files); f++) {
		struct span value = golden_read(files[f]);
		struct sig_value v;
		u8 *longer = calloc(1, value.len + 8);

		assert_non_null(longer);
		assert_int_equal(sigfmt_parse(value, &v), 0);
		for (size_t len = 0; len < v.sig.len; len++) {
			u8 *cut = golden_cut(v.sig, len);

			assert_int_equal(keyring_verify(ring, v.key_id, &digest, (struct span){ cut, len }),
					 -EKEYREJECTED);
			free(cut);
		}
		memcpy(longer, v.sig.base, v.sig.len);
		for (size_t more = 1; more < 8; more++)
			assert_int_equal(keyring_verify(ring, v.key_id, &digest,
							(struct span){ longer, v.sig.len + more }), -EKEYREJECTED);
		free(longer);
		golden_free(value);
	}
	keyring_free(ring);
}

static void keyring_info_describes_each_kind(void **state)
{
	static const struct {
		const char *file, *subject, *algorithm, *key_id;
		size_t skid_len;
	} cases[] = {
		{ "rsa2048", "Assay: assay-test-rsa", "rsa-2048", "sigs/rsa2048-sha256.sig", 20 },
		{ "rsa4096", "Assay: assay-test-rsa4096", "rsa-4096", "sigs/rsa4096-sha256.sig", 20 },
		{ "p256", "Assay: assay-test-p256", "ecdsa-p256", "sigs/p256-sha256.sig", 20 },
		{ "p384", "Assay: assay-test-p384", "ecdsa-p384", "sigs/p384-sha256.sig", 20 },
		{ "ca", "Assay: assay-test-ca", "rsa-2048", NULL, 20 },
	};
	struct keyring *ring = ring_alloc();
	struct key_info info;

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char path[64];
		struct span der;

		assert_int_equal(add_file(ring, cases[i].file, NULL), 0);
		assert_int_equal(keyring_info(ring, i, &info), 0);
		assert_string_equal(info.subject, cases[i].subject);
		assert_string_equal(info.algorithm, cases[i].algorithm);
		assert_int_equal(info.skid_len, cases[i].skid_len);
		assert_memory_equal(info.key_id, info.skid + info.skid_len - 4, 4);
		if (cases[i].key_id) {
			struct span sig = golden_read(cases[i].key_id);

			assert_memory_equal(info.key_id, sig.base + 3, 4);
			golden_free(sig);
		}
		text_format(path, sizeof(path), "keys/%s.der", cases[i].file);
		der = golden_read(path);
		assert_int_equal(info.der.len, der.len);
		assert_memory_equal(info.der.base, der.base, der.len);
		golden_free(der);
	}
	assert_string_equal(keyring_name(ring), ".ima");
	assert_int_equal(keyring_count(ring), ARRAY_COUNT(cases));
	assert_int_equal(keyring_info(ring, ARRAY_COUNT(cases), &info), -ENOKEY);
	keyring_free(ring);
}

static void keyring_skid_is_computed_without_the_extension(void **state)
{
	struct keyring *with = ring_alloc(), *without = ring_alloc();
	struct key_info a, b;

	(void)state; /* none */
	assert_int_equal(add_file(with, "rsa2048", NULL), 0);
	assert_int_equal(add_file(without, "rsa2048-noskid", NULL), 0);
	assert_int_equal(keyring_info(with, 0, &a), 0);
	assert_int_equal(keyring_info(without, 0, &b), 0);
	assert_int_equal(a.skid_len, b.skid_len);
	assert_memory_equal(a.skid, b.skid, a.skid_len);
	assert_int_equal(verify_file(without, "rsa2048-sha256"), 0);
	keyring_free(with);
	keyring_free(without);
}

static void keyring_skid_extension_counts_not_the_computed_one(void **state)
{
	struct keyring *ring = ring_alloc();
	struct span value = golden_read("sigs/p256-sha256.sig");
	u8 *renamed = golden_cut(value, value.len);
	struct key_info info;

	(void)state; /* none */
	assert_int_equal(add_file(ring, "p256-ownskid", NULL), 0);
	assert_int_equal(keyring_info(ring, 0, &info), 0);
	assert_memory_equal(info.key_id, "\xde\xad\xbe\xef", 4);
	assert_int_equal(info.skid_len, 12);
	assert_int_equal(verify_value(ring, value), -ENOKEY);
	memcpy(renamed + 3, "\xde\xad\xbe\xef", 4);
	assert_int_equal(verify_value(ring, (struct span){ renamed, value.len }), 0);
	free(renamed);
	golden_free(value);
	keyring_free(ring);
}

static void keyring_add_unaccepted_algorithms_refused(void **state)
{
	struct keyring *ring = ring_alloc();

	(void)state; /* none */
	assert_int_equal(add_file(ring, "ed25519", NULL), -ENOPKG);
	assert_int_equal(add_file(ring, "rsa1024", NULL), -ENOPKG);
	assert_int_equal(add_file(ring, "p521", NULL), -ENOPKG);
	assert_int_equal(keyring_count(ring), 0);
	keyring_free(ring);
}

static void keyring_add_same_key_refused(void **state)
{
	struct keyring *ring = ring_alloc();

	(void)state; /* none */
	assert_int_equal(add_file(ring, "rsa2048", NULL), 0);
	assert_int_equal(add_file(ring, "rsa2048", NULL), -EEXIST);
	assert_int_equal(add_file(ring, "rsa2048-noskid", NULL), -EEXIST);
	assert_int_equal(keyring_count(ring), 1);
	assert_int_equal(verify_file(ring, "rsa2048-sha256"), 0);
	keyring_free(ring);
}

static void keyring_add_concatenation_is_all_or_nothing(void **state)
{
	struct span rsa = golden_read("keys/rsa2048.der"), ec = golden_read("keys/p256.der");
	u8 *both = malloc(rsa.len + ec.len);

	(void)state; /* none */
	assert_non_null(both);
	memcpy(both, rsa.base, rsa.len);
	memcpy(both + rsa.len, ec.base, ec.len);
	for (size_t len = 0; len <= rsa.len + ec.len; len++) {
		struct keyring *ring = ring_alloc();
		u8 *cut = golden_cut((struct span){ both, rsa.len + ec.len }, len);
		size_t want = len == rsa.len ? 1 : len == rsa.len + ec.len ? 2 : 0, added = 99;

		assert_int_equal(keyring_add(ring, cut, len, NULL, &added), want ? 0 : -EBADMSG);
		assert_int_equal(added, want ? want : 99);
		assert_int_equal(keyring_count(ring), want);
		free(cut);
		keyring_free(ring);
		assert_int_equal(fake_port_live(), 0);
	}
	free(both);
	golden_free(rsa);
	golden_free(ec);
}

static void keyring_add_every_flipped_byte_never_crashes(void **state)
{
	static const char *const files[] = { "keys/rsa2048.der", "keys/p384.der", "keys/leaf.der" };

	(void)state; /* none */
	for (size_t f = 0; f < ARRAY_COUNT(files); f++) {
		struct span der = golden_read(files[f]);
		u8 *bytes = golden_cut(der, der.len);

		for (size_t i = 0; i < der.len; i++) {
			struct keyring *ring = ring_alloc();
			u8 old = bytes[i];

			bytes[i] ^= (u8)(1 << i % 8);
			if (keyring_add(ring, bytes, der.len, NULL, NULL))
				assert_int_equal(keyring_count(ring), 0);
			bytes[i] = old;
			keyring_free(ring);
			assert_int_equal(fake_port_live(), 0);
		}
		free(bytes);
		golden_free(der);
	}
}

static void keyring_add_signed_by_chain(void **state)
{
	struct keyring *trusted = ring_alloc(), *ring = ring_alloc(), *none = ring_alloc();

	(void)state; /* none */
	assert_int_equal(add_file(trusted, "rsa2048", NULL), 0);
	assert_int_equal(add_file(trusted, "ca", NULL), 0);
	assert_int_equal(add_file(ring, "leaf", none), -EKEYREJECTED);
	assert_int_equal(add_file(ring, "rogue-leaf", trusted), -EKEYREJECTED);    /* its CA only has the name */
	assert_int_equal(add_file(ring, "misissued-leaf", trusted), -EKEYREJECTED); /* signer may not sign keys */
	assert_int_equal(add_file(ring, "p256", trusted), -EKEYREJECTED);           /* self-signed */
	assert_int_equal(add_file(ring, "rsa2048-noskid", trusted), -EKEYREJECTED);
	assert_int_equal(keyring_count(ring), 0);
	assert_int_equal(add_file(ring, "leaf", trusted), 0);
	assert_int_equal(add_file(trusted, "rogue-ca", NULL), 0);
	assert_int_equal(add_file(none, "rogue-leaf", trusted), 0); /* two CAs of one name: the signature decides */
	keyring_free(trusted);
	keyring_free(ring);
	keyring_free(none);
}

static void keyring_add_signed_by_spoiled_certificate_refused(void **state)
{
	struct keyring *trusted = ring_alloc();
	struct span der = golden_read("keys/leaf.der");
	u8 *bytes = golden_cut(der, der.len);

	(void)state; /* none */
	assert_int_equal(add_file(trusted, "ca", NULL), 0);
	for (size_t i = 0; i < der.len; i++) {
		struct keyring *ring = ring_alloc();

		bytes[i] ^= (u8)(1 << i % 8);
		if (keyring_add(ring, bytes, der.len, trusted, NULL) == 0)
			fail_msg("byte %zu of the certificate does not matter", i);
		bytes[i] ^= (u8)(1 << i % 8);
		keyring_free(ring);
	}
	free(bytes);
	golden_free(der);
	keyring_free(trusted);
}

/* Each allocation fails once: the result is -ENOMEM or right, and nothing is lost. */
static void keyring_out_of_memory_everywhere(void **state)
{
	static const char *const names[] = { "rsa2048", "p256" };

	(void)state; /* none */
	for (size_t k = 0; k < ARRAY_COUNT(names); k++) {
		char path[64];

		text_format(path, sizeof(path), "%s-sha256", names[k]);
		for (u64 n = 1;; n++) {
			struct keyring *ring = ring_alloc();
			u64 before = fake_port_attempts(), tried;
			int err;

			fake_port_fail_after(n);
			err = add_file(ring, names[k], NULL);
			if (!err)
				err = verify_file(ring, path);
			tried = fake_port_attempts() - before;
			fake_port_fail_after(0);
			if (err)
				assert_int_equal(err, -ENOMEM);
			keyring_free(ring);
			assert_int_equal(fake_port_live(), 0);
			if (tried < n)
				break; /* the fault never fired: all were tried */
			n += n / 50; /* thousands of the same kind inside ECDSA */
		}
	}
}

static void keyring_add_out_of_memory_with_issuer(void **state)
{
	struct keyring *trusted = ring_alloc(), *ring = ring_alloc();
	u64 live;
	int err;

	(void)state; /* none */
	assert_int_equal(add_file(trusted, "ca", NULL), 0);
	assert_int_equal(add_file(ring, "leaf", trusted), 0); /* what mbedTLS keeps with a key after its first use */
	keyring_free(ring);
	live = fake_port_live();
	for (u64 n = 1;; n++) {
		ring = ring_alloc();
		fake_port_fail_after(n);
		err = add_file(ring, "leaf", trusted);
		fake_port_fail_after(0);
		keyring_free(ring);
		assert_int_equal(fake_port_live(), live);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
	}
	keyring_free(trusted);
	fake_port_fail_after(1);
	assert_null(keyring_alloc(".ima"));
	fake_port_fail_after(0);
}

static void sigkat_wrong_vector_fails(void **state)
{
	struct span der = golden_read("keys/p256.der"), value = golden_read("sigs/p256-sha256.sig");
	/* The key's SubjectPublicKeyInfo begins with these bytes. */
	const u8 *spki = memmem(der.base, der.len, "\x30\x59\x30\x13\x06\x07", 6);
	struct sigkat vector = { .spki = { spki, 91 }, .hash = HASH_SHA256, .message = "hello\n" };

	(void)state; /* none */
	assert_non_null(spki);
	vector.sig = (struct span){ value.base + 9, value.len - 9 };
	assert_int_equal(sigkat_run(&vector), 0);
	vector.message = "hello";
	assert_int_equal(sigkat_run(&vector), -EIO);
	vector.message = "hello\n";
	vector.sig.len--;
	assert_int_equal(sigkat_run(&vector), -EIO);
	vector.spki.len--;
	assert_int_equal(sigkat_run(&vector), -EIO);
	for (unsigned algorithm = 0; algorithm < SIG_COUNT; algorithm++)
		assert_int_equal(sigkat_check(algorithm), 0);
	golden_free(der);
	golden_free(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keyring_out_of_memory_everywhere), /* first: the known-answer tests also run in it */
		cmocka_unit_test(keyring_add_out_of_memory_with_issuer),
		cmocka_unit_test(keyring_verify_evmctl_signatures),
		cmocka_unit_test(keyring_verify_other_digest_or_key_refused),
		cmocka_unit_test(keyring_verify_every_flipped_byte_refused),
		cmocka_unit_test(keyring_verify_every_signature_length_refused),
		cmocka_unit_test(keyring_info_describes_each_kind),
		cmocka_unit_test(keyring_skid_is_computed_without_the_extension),
		cmocka_unit_test(keyring_skid_extension_counts_not_the_computed_one),
		cmocka_unit_test(keyring_add_unaccepted_algorithms_refused),
		cmocka_unit_test(keyring_add_same_key_refused),
		cmocka_unit_test(keyring_add_concatenation_is_all_or_nothing),
		cmocka_unit_test(keyring_add_every_flipped_byte_never_crashes),
		cmocka_unit_test(keyring_add_signed_by_chain),
		cmocka_unit_test(keyring_add_signed_by_spoiled_certificate_refused),
		cmocka_unit_test(sigkat_wrong_vector_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
