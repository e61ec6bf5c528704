/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/sigfmt.h - the values of security.ima and security.evm, taken apart.
 *
 * Parsing decides nothing about trust: a parsed signature is not a verified one.
 *
 *   01 digest                          md5 (16 bytes, or 16 and four zeros) or sha1 (20)
 *   02 hmac                            20 bytes
 *   03 | 05 | 06, 02 | 03, hash, key id (4), length (2, big endian), signature
 *   03 01, header (16), bits (2, big endian), signature      version 1: recognised, to be refused
 *   04 hash digest                     more bytes may follow, as Linux allows
 *
 * Context    any; no allocation.
 * Ownership  spans point into the caller's bytes.
 * Errors     -EBADMSG lengths do not add up or the value is empty, -ENOPKG unknown hash id or version,
 *            -EINVAL a type byte that is none of IMA's.
 * Source     IMA's signature header, versions 1 to 3, as evmctl writes it.
 */
#pragma once

#include "crypto/hash.h"

enum ima_xattr_type {
	IMA_XATTR_DIGEST = 1,
	EVM_XATTR_HMAC = 2,
	IMA_XATTR_SIG = 3,
	IMA_XATTR_DIGEST_NG = 4,
	EVM_XATTR_PORTABLE_SIG = 5,
	IMA_XATTR_VERITY_SIG = 6,
	IMA_XATTR_END, /* first type that is not one */
};

/* Type, version, hash id, key id and length before a signature of version 2 or 3. */
#define SIGFMT_HEADER_LEN 9u

struct sig_value {
	u8 type;            /* enum ima_xattr_type */
	u8 version;         /* of signatures: 1, 2, 3; else 0 */
	u8 hash;            /* enum hash_id: of the digest, or named by the signature */
	u8 key_id[4];       /* signatures v2, v3; zeros for v1 */
	struct span sig;    /* signature bytes, HMAC, or the digest for types 1 and 4 */
};

must_check int sigfmt_parse(struct span value, struct sig_value *ret_value);

/*
 * Which algorithm the file must be hashed with before it is compared with this value;
 * fallback when the value does not say (any bytes are accepted, also none).
 */
unsigned sigfmt_hash_id(struct span value, unsigned fallback);

/* The digest that a v3 signature covers: H(type || hash id || digest). Errors of hash_bytes. */
must_check int sigfmt_v3_digest(u8 type, const struct digest *file_digest, struct digest *ret_digest);
