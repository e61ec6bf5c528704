/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/cert.h - one public key out of an X.509 certificate: parsed, checked, and used.
 *
 * A parsed certificate is not a trusted one; keyring.h decides which are. What is accepted is narrow: RSA of 2048
 * to 4096 bits with PKCS#1 v1.5, ECDSA on P-256 and P-384, no unknown critical extension.
 *
 * Context    task context; allocates.
 * Ownership  a certificate owns its copy of the DER bytes; spans handed out live as long as it does.
 * Errors     those of keyring.h.
 * Source     RFC 5280; RFC 8017 section 8.2.2; FIPS 186-4.
 */
#pragma once

#include "crypto/keyring.h"
#include "kernel/base/cursor.h"

struct cert;

/* Takes the next certificate off a concatenation. On failure the position is not specified. */
must_check int cert_parse_next(struct cursor *der, struct cert **ret_cert);
/* Accepts NULL. */
void cert_free(struct cert *cert);

/* The subject key identifier: the extension's, or the SHA-1 of the key where there is none. Four bytes or more. */
struct span cert_skid(const struct cert *cert);
bool cert_same_key(const struct cert *a, const struct cert *b);
void cert_describe(const struct cert *cert, struct key_info *ret_info);

/*
 * Whether issuer's name stands in cert as issuer, issuer may sign certificates, and its key made the signature:
 * 0 or an error. Signatures over MD5 and SHA-1 are refused: a collision would forge them.
 */
must_check int cert_check_issuer(const struct cert *cert, struct cert *issuer);

/* Checks sig over a file's digest; runs the known-answer test of the algorithm before its first use. */
must_check int cert_verify(struct cert *cert, const struct digest *digest, struct span sig);
