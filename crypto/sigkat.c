/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/sigkat.c - vectors and state of the known-answer tests.
 *
 * Invariant: an algorithm is used only while its state is PASSED; FAILED is never left again.
 */
#include "crypto/sigkat.h"

#include <mbedtls/pk.h>

#include "crypto/mbedtls_port.h"

#define VECTOR_MAX 300u

/* Key (SubjectPublicKeyInfo) and signature as hex digits. */
static const struct {
	const char *spki, *sig, *message;
	u8 hash;
} vectors[SIG_COUNT] = {
	[SIG_RSA] = {
		.hash = HASH_SHA256, .message = "abc",
		.spki =
		"30820122300d06092a864886f70d01010105000382010f003082010a028201010097b70e02777c43a184a5127152ff9b60bb"
		"be5c80f9ea2d256d65b785e80700eef2cb127cfa36973053133ae84ada1848446297e8c3e08e265c5b2157bef8e315271f8b"
		"f0ecb8d9e2ead2c73ebc4704e54341cac4adcef3a152dcbb90c785f51747950292151a361e3d853f21daa6cb0d75861a310e"
		"5558d9cefde162d5036ce26e03a38930303f16f0243f8efd45a1d1c5a045751394a3097998f87ea5ef7325fdbd40d8bdf5ff"
		"7d1cd86021149fa87d0ee7786b7962fbd5a58b83b581fbef90c971fe5b6eba875cc843e24eb8c8158fd449a1f650ab674f45"
		"e9edc71c44fd2a59097eb4cd89e8570a3e48dc6b98764f3797a2d25540dfef7088bf56b90c717b0203010001",
		.sig =
		"1099d30ff555d332c7b03ee45d4da2a549433d37bf48381389c6594510837a88a9ec79002899953119b4a7a5fe367b20c379"
		"b41265e69651a629eb75d31f7528be1d6eb0919598cbe4cf86f4ae2cb0741206b104a49ede3a08530188b783873cea9ca495"
		"6eb312066ec134aad9929de00a29c06feec6c5cdda9951011e5d4034f38b022d5056c1cdc3ddfb16459796433411c20d7de6"
		"6f3f7e5e1d52e026b6f7df40fb53f3476161e54b809fd71ef0359088461150a8ed3c9b4991fbf2e7bffd2f54645d73876622"
		"102b5523885e01dfca6c39597577669e041b8626fa9e4d98991b34e8791db58a24887116539e40fb64ada3445d297d9cad6f"
		"0df8f066b921",
	},
	[SIG_P256] = {
		.hash = HASH_SHA256, .message = "sample",
		.spki =
		"3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa"
		"6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
		.sig =
		"3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100f7cb1c942d657c41d436"
		"c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
	},
	[SIG_P384] = {
		.hash = HASH_SHA384, .message = "sample",
		.spki =
		"3076301006072a8648ce3d020106052b8104002203620004ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aa"
		"e5286b300c64def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b"
		"3f1c9db1288b231c3ae0d4fe7344fd2533264720",
		.sig =
		"306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80"
		"fabe4602310099ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a"
		"38628ac8",
	},
};

static enum { UNTESTED = 0, PASSED, FAILED } states[SIG_COUNT];

static int verify(mbedtls_pk_context *pk, const struct digest *digest, struct span sig) {
	mbedtls_md_type_t md = digest->id == HASH_SHA256 ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_SHA384;

	return crypto_errno(mbedtls_pk_verify(pk, md, digest->bytes, digest->len, sig.base, sig.len));
}

static int run_both_ways(mbedtls_pk_context *pk, const struct sigkat *vector) {
	struct digest digest;
	int err;

	TRY(hash_bytes(vector->hash, vector->message, strlen(vector->message), &digest));
	TRY(verify(pk, &digest, vector->sig));
	digest.bytes[0] ^= 1;
	err = verify(pk, &digest, vector->sig);
	return err == -EKEYREJECTED ? 0 : err ? err : -EIO;
}

int sigkat_run(const struct sigkat *vector) {
	u8 *at = (u8 *)(uintptr_t)vector->spki.base; /* mbedTLS's parsers take a pointer to non-const; none writes */
	mbedtls_pk_context pk;
	int err;

	mbedtls_pk_init(&pk);
	err = crypto_errno(mbedtls_pk_parse_subpubkey(&at, vector->spki.base + vector->spki.len, &pk));
	if (!err) err = run_both_ways(&pk, vector);
	mbedtls_pk_free(&pk);
	return !err || err == -ENOMEM ? err : -EIO;
}

static struct span from_hex(const char *digits, u8 bytes[VECTOR_MAX]) {
	u64 byte = 0;
	size_t len = 0;

	for (; digits[2 * len] && !text_to_u64(digits + 2 * len, 2, 16, 0xff, &byte); len++) bytes[len] = (u8)byte;
	return (struct span){ bytes, len };
}

int sigkat_check(enum sig_algorithm algorithm) {
	if (states[algorithm] == UNTESTED) {
		u8 spki[VECTOR_MAX], sig[VECTOR_MAX];
		const struct sigkat vector = {
			.spki = from_hex(vectors[algorithm].spki, spki), .sig = from_hex(vectors[algorithm].sig, sig),
			.hash = vectors[algorithm].hash, .message = vectors[algorithm].message,
		};
		int err = sigkat_run(&vector);

		if (err == -ENOMEM) return err;
		states[algorithm] = err ? FAILED : PASSED;
	}
	return states[algorithm] == PASSED ? 0 : -EIO;
}
