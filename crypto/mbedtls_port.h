/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/mbedtls_port.h - mbedTLS's errors as ours, and the random numbers.
 *
 * The generator is HMAC_DRBG with SHA-256 (NIST SP 800-90A, 10.1.2). The kernel seeds it once from every
 * source it has (firmware, TPM, CPU) and adds more when it gets more; nothing here judges entropy.
 *
 * Context    task context; crypto_random_init allocates once.
 * Ownership  nothing of the caller's is kept; the generator's state is one per program.
 * Errors     -EINVAL fewer than CRYPTO_SEED_MIN bytes of seed, -EBUSY seeded already, -ENOMEM,
 *            -EIO not seeded, or the generator failed.
 */
#pragma once

#include "kernel/base/base.h"

/* A 256-bit strength needs 256 bits of entropy and half as much for the nonce (SP 800-90A, 8.6.7). */
#define CRYPTO_SEED_MIN 48u

must_check int crypto_random_init(const void *seed, size_t len);
must_check int crypto_random_add(const void *bytes, size_t len);
must_check int crypto_random(void *ret_buf, size_t len);

/* An mbedTLS result (0 or negative) as an errno; anything unknown is -EBADMSG, which every caller refuses. */
must_check int crypto_errno(int mbedtls_result);
