/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/hash.c - the built hash algorithms, mbedTLS's, behind one table.
 *
 * Relies on mbedTLS's hash contexts being plain memory without pointers: copying a struct hash_ctx is a snapshot.
 * Invariant: ctx->id names an algorithm of the table from hash_init until hash_final.
 */
#include "crypto/hash.h"

#include <mbedtls/md5.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>

#include "crypto/ct.h"

union state {
	mbedtls_md5_context md5;
	mbedtls_sha1_context sha1;
	mbedtls_sha256_context sha256;
	mbedtls_sha512_context sha512;
};
_Static_assert(sizeof(union state) <= sizeof((struct hash_ctx){ 0 }.state), "struct hash_ctx is too small");
_Static_assert(_Alignof(union state) <= 16, "struct hash_ctx is not aligned enough");

/* mbedTLS's results are always 0: they can only report a hardware accelerator's fault, and none is configured. */
#define IMPLEMENT(name, member, start)                                                                                \
	static void name##_init(void *s) {                                                                             \
		mbedtls_##member##_init(s);                                                                            \
		(void)start; /* see above */                                                                           \
	}                                                                                                              \
	static void name##_update(void *s, const u8 *b, size_t n) { (void)mbedtls_##member##_update(s, b, n); }        \
	static void name##_final(void *s, u8 *ret_bytes) { (void)mbedtls_##member##_finish(s, ret_bytes); }

IMPLEMENT(md5, md5, mbedtls_md5_starts(s))
IMPLEMENT(sha1, sha1, mbedtls_sha1_starts(s))
IMPLEMENT(sha224, sha256, mbedtls_sha256_starts(s, 1))
IMPLEMENT(sha256, sha256, mbedtls_sha256_starts(s, 0))
IMPLEMENT(sha384, sha512, mbedtls_sha512_starts(s, 1))
IMPLEMENT(sha512, sha512, mbedtls_sha512_starts(s, 0))

struct implementation {
	void (*init)(void *state);
	void (*update)(void *state, const u8 *bytes, size_t len);
	void (*final)(void *state, u8 *ret_bytes);
	const char *abc; /* digest of "abc": RFC 1321 A.5, FIPS 180-4 examples */
};

#define BUILT(name, digest) { name##_init, name##_update, name##_final, digest }

static const struct implementation built[HASH_COUNT] = {
	[HASH_MD5] = BUILT(md5, "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72"),
	[HASH_SHA1] = BUILT(sha1, "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d"),
	[HASH_SHA224] = BUILT(sha224, "\x23\x09\x7d\x22\x34\x05\xd8\x22\x86\x42\xa4\x77\xbd\xa2\x55\xb3"
				      "\x2a\xad\xbc\xe4\xbd\xa0\xb3\xf7\xe3\x6c\x9d\xa7"),
	[HASH_SHA256] = BUILT(sha256, "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
				      "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad"),
	[HASH_SHA384] = BUILT(sha384,
		"\xcb\x00\x75\x3f\x45\xa3\x5e\x8b\xb5\xa0\x3d\x69\x9a\xc6\x50\x07\x27\x2c\x32\xab\x0e\xde\xd1\x63\x1a"
		"\x8b\x60\x5a\x43\xff\x5b\xed\x80\x86\x07\x2b\xa1\xe7\xcc\x23\x58\xba\xec\xa1\x34\xc8\x25\xa7"),
	[HASH_SHA512] = BUILT(sha512,
		"\xdd\xaf\x35\xa1\x93\x61\x7a\xba\xcc\x41\x73\x49\xae\x20\x41\x31\x12\xe6\xfa\x4e\x89\xa9\x7e\xa2\x0a"
		"\x9e\xee\xe6\x4b\x55\xd3\x9a\x21\x92\x99\x2a\x27\x4f\xc1\xa8\x36\xba\x3c\x23\xa3\xfe\xeb\xbd\x45\x4d"
		"\x44\x23\x64\x3c\xe8\x0e\x2a\x9a\xc9\x4f\xa5\x4c\xa4\x9f"),
};

bool hash_available(unsigned id) { return id < HASH_COUNT && built[id].init; }

int hash_init(struct hash_ctx *ctx, unsigned id) {
	if (!hash_available(id)) return -ENOPKG;
	ctx->id = (u8)id;
	built[id].init(ctx->state);
	return 0;
}

void hash_update(struct hash_ctx *ctx, const void *bytes, size_t len) {
	if (len) built[ctx->id].update(ctx->state, bytes, len);
}

void hash_final(struct hash_ctx *ctx, u8 *ret_bytes) {
	built[ctx->id].final(ctx->state, ret_bytes);
	ct_wipe(ctx, sizeof(*ctx));
}

int hash_bytes(unsigned id, const void *bytes, size_t len, struct digest *ret_digest) {
	struct hash_ctx ctx;

	TRY(hash_init(&ctx, id));
	hash_update(&ctx, bytes, len);
	*ret_digest = (struct digest){ .id = (u8)id, .len = (u8)hash_len(id) };
	hash_final(&ctx, ret_digest->bytes);
	return 0;
}

int hash_self_test(const char **ret_failed) {
	for (unsigned id = 0; id < HASH_COUNT; id++) {
		struct digest digest;

		if (!hash_available(id)) continue;
		if (hash_bytes(id, "abc", 3, &digest) || memcmp(digest.bytes, built[id].abc, digest.len)) {
			*ret_failed = hash_name(id);
			return -EIO;
		}
	}
	return 0;
}
