/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/hash.h - the hash algorithms, by one id.
 *
 * The ids are Linux's hash_info ids, because they stand in security.ima; each knows its TPM
 * id and its name in the measurement list. Algorithms that are known but not built (md4, wp512 ...) have a
 * name and a size and no implementation: hash_available() tells.
 *
 * Context    any; no allocation. A context may be copied to take a snapshot.
 * Units      bytes.
 * Ownership  struct hash_ctx is the caller's; nothing needs freeing. Wiped by hash_final.
 * Errors     -ENOPKG for an algorithm without implementation.
 * Source     ids and names: IMA's hash_info; TPM ids: TCG Algorithm Registry.
 */
#pragma once

#include "kernel/base/base.h"

enum hash_id {
	HASH_MD4 = 0, HASH_MD5, HASH_SHA1, HASH_RMD160, HASH_SHA256, HASH_SHA384, HASH_SHA512,
	HASH_SHA224, HASH_RMD128, HASH_RMD256, HASH_RMD320, HASH_WP256, HASH_WP384, HASH_WP512,
	HASH_TGR128, HASH_TGR160, HASH_TGR192, HASH_SM3, HASH_STREEBOG256, HASH_STREEBOG512,
	HASH_SHA3_256, HASH_SHA3_384, HASH_SHA3_512,
	HASH_COUNT, /* end marker: never valid */
};

#define HASH_MAX_LEN 64u

struct digest {
	u8 id;  /* enum hash_id */
	u8 len; /* bytes used */
	u8 bytes[HASH_MAX_LEN];
};

/* Opaque, big enough for every implementation. */
struct hash_ctx {
	u8 id;
	_Alignas(16) u8 state[248];
};

/* 0 for an id outside the table. */
size_t hash_len(unsigned id);
/* "sha256"; NULL for an id outside the table. */
const char *hash_name(unsigned id);
/* By name of length len, exact; -ENOENT. */
must_check int hash_by_name(const char *name, size_t len, unsigned *ret_id);
/* TPM_ALG_ID, or 0 when the TCG has none or Linux does not map it (sha3). */
u16 hash_tpm_alg(unsigned id);
/* -ENOENT when no id maps to it. */
must_check int hash_from_tpm_alg(u16 alg, unsigned *ret_id);
/* md5 (legacy labels only), sha1, sha224, sha256, sha384, sha512 are built. */
bool hash_available(unsigned id);

must_check int hash_init(struct hash_ctx *ctx, unsigned id);
void hash_update(struct hash_ctx *ctx, const void *bytes, size_t len);
/* Writes hash_len(id) bytes. */
void hash_final(struct hash_ctx *ctx, u8 *ret_bytes);
/* One shot. */
must_check int hash_bytes(unsigned id, const void *bytes, size_t len, struct digest *ret_digest);

/* Known-answer tests of every built algorithm. 0, or -EIO naming it in *ret_failed (static text). */
must_check int hash_self_test(const char **ret_failed);
