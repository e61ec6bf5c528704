/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/sigfmt.h - the values of security.ima and security.evm, taken apart.
 *
 * Parsing decides nothing about trust: a parsed signature is not a verified one.
 *
 * Context    any; no allocation.
 * Ownership  spans point into the caller's bytes.
 * Errors     -EBADMSG lengths do not add up or the value is empty, -ENOPKG unknown hash id or version,
 *            -EINVAL a type byte that is none of IMA's.
 * Source     spec of security.ima value types: IMA v2/v3 signature header (type, version, hash, key id, length).
 */
#ifndef ASSAY_SIGFMT_H
#define ASSAY_SIGFMT_H

#include "crypto/hash.h"

enum ima_xattr_type {
	IMA_XATTR_DIGEST = 1,
	EVM_XATTR_HMAC = 2,
	IMA_XATTR_SIG = 3,
	IMA_XATTR_DIGEST_NG = 4,
	EVM_XATTR_PORTABLE_SIG = 5,
	IMA_XATTR_VERITY_SIG = 6,
};

struct sig_value {
	u8 type;            /* enum ima_xattr_type */
	u8 version;         /* of signatures: 1, 2, 3; else 0 */
	u8 hash;            /* enum hash_id: of the digest, or named by the signature */
	u8 key_id[4];       /* signatures v2, v3 */
	struct span sig;    /* signature bytes, or the digest for types 1 and 4 */
};

must_check int sigfmt_parse(struct span value, struct sig_value *ret_value);

/*
 * Which algorithm the file must be hashed with before it is compared with this value;
 * fallback when the value does not say (any bytes are accepted, also none).
 */
unsigned sigfmt_hash_id(struct span value, unsigned fallback);

/* The digest that a v3 signature covers: H(type || hash id || digest). Errors of hash_bytes. */
must_check int sigfmt_v3_digest(u8 type, const struct digest *file_digest, struct digest *ret_digest);

#endif
