/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/keyring.h - trusted public keys, and the checking of signatures with them.
 *
 * A keyring holds public keys from X.509 certificates (DER). Keys are found by the last four bytes of the subject key
 * identifier (RFC 5280 4.2.1.2; computed from the key where the extension is absent), as IMA's v2 signatures name
 * them. Certificate dates are not enforced: there is no trusted clock. What is accepted is narrow: RSA of 2048 to 4096
 * bits with PKCS#1 v1.5, ECDSA on P-256 and P-384, no unknown critical extension.
 *
 * Context    task context; allocates.
 * Ownership  a keyring owns its keys; certificates are copied.
 * Errors     -EBADMSG malformed certificate, -ENOPKG algorithm or size not accepted (RSA 2048 to
 *            4096, ECDSA P-256 and P-384; MD5 under a signature, SHA-1 under a certificate's), -EEXIST the same key
 *            is there, -ENOKEY no key with that id, -EKEYREJECTED the signature is wrong,
 *            -EINVAL the digest's length is not its algorithm's, -ENOMEM,
 *            -EIO an algorithm failed its known-answer test (run at its first use).
 * Source     RFC 5280, RFC 8017 section 8.2.2 (PKCS#1 v1.5), FIPS 186-4 (ECDSA).
 */
#pragma once

#include "crypto/hash.h"

struct keyring;

/* name is static text such as ".ima". NULL when memory ran out. */
struct keyring *keyring_alloc(const char *name);
void keyring_free(struct keyring *ring);
static inline void keyring_drop(struct keyring **ring) { keyring_free(*ring); } /* for RELEASED */
const char *keyring_name(const struct keyring *ring);
size_t keyring_count(const struct keyring *ring);

/* Takes the youngest keys away until count are left. */
void keyring_shorten(struct keyring *ring, size_t count);

/* What one key is, for /proc/keys, the log and error sentences. */
struct key_info {
	char subject[128];   /* "Organisation: Common name" as Linux joins them, or one name; printable */
	u8 key_id[4];        /* last four bytes of the subject key identifier */
	u8 skid[64];
	u8 skid_len;
	char algorithm[16];  /* "rsa-2048", "ecdsa-p256" */
	struct span der;     /* the certificate, owned by the ring */
};
must_check int keyring_info(const struct keyring *ring, size_t index, struct key_info *ret_info);

/*
 * Adds every certificate of a concatenation of DER certificates. All or nothing.
 * With signed_by each certificate must be signed by a key of that ring, one that may sign certificates
 * (else -EKEYREJECTED); NULL trusts the caller.
 * ret_count, if not NULL, gets the number added.
 */
must_check int keyring_add(struct keyring *ring, const void *der, size_t len,
			   struct keyring *signed_by, size_t *ret_count);
/* Checks sig over the digest with the key named by key_id: 0, or an error above. */
must_check int keyring_verify(struct keyring *ring, const u8 key_id[4], const struct digest *digest, struct span sig);
