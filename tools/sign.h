/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/sign.h - private keys, and signatures as `evmctl ima_sign` makes them.
 *
 * A signature is the value of security.ima: 03 02, hash id, key id, length, signature (IMA's version 2).
 * RSA is PKCS#1 v1.5, ECDSA deterministic (RFC 6979), so that equal inputs give equal bytes.
 *
 * Context    host programs.
 * Ownership  a key is freed with sign_key_free, which wipes it.
 * Errors     0 or an exit status with the sentence printed (tools/cli.h).
 * Source     spec of security.ima signatures; RFC 8017, RFC 6979, RFC 5280 section 4.2.1.2.
 */
#pragma once

#include "crypto/hash.h"

/* Header of nine bytes, and RSA-4096. */
#define SIGN_VALUE_MAX (9u + 512u)

struct sign_key;

struct sign_value {
	u8 bytes[SIGN_VALUE_MAX];
	size_t len;
};

/*
 * Reads a private key: PEM or DER, PKCS#8, PKCS#1 or SEC1, not encrypted; RSA of 2048 to 4096 bits, ECDSA on
 * P-256 or P-384. With a certificate (PEM or DER, one in the file) the key must belong to it, and its subject key
 * identifier names the key.
 */
must_check int sign_key_load(const char *key_path, const char *cert_path, struct sign_key **ret_key);
void sign_key_free(struct sign_key *key);

/* Four bytes, as they stand in a signature. */
const u8 *sign_key_id(const struct sign_key *key);
/* The certificate in DER; empty when there was none. Owned by the key. */
struct span sign_key_cert(const struct sign_key *key);

must_check int sign_digest(struct sign_key *key, const struct digest *digest, struct sign_value *ret_value);
