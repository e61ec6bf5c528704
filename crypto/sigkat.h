/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/sigkat.h - known-answer tests of the signature algorithms, run at their first use.
 *
 * Context    task context; allocates.
 * Errors     -EIO the test failed: for good, every later use fails too. -ENOMEM: tried again at the next use.
 * Source     RFC 6979 A.2.5 and A.2.6 (ECDSA); for RSA a key and signature made once by OpenSSL.
 */
#pragma once

#include "crypto/hash.h"

enum sig_algorithm { SIG_RSA = 0, SIG_P256, SIG_P384, SIG_COUNT };

/* A right signature must pass and the same one over another digest must not. */
struct sigkat {
	struct span spki; /* DER SubjectPublicKeyInfo */
	u8 hash;          /* enum hash_id */
	const char *message;
	struct span sig;
};

must_check int sigkat_run(const struct sigkat *vector);
/* The algorithm's own vector, once. */
must_check int sigkat_check(enum sig_algorithm algorithm);
