/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/mbedtls_host_config.h - mbedTLS for host programs and tests: the kernel's configuration, and
 * on top of it what signing needs.
 *
 * Relies on crypto/mbedtls_config.h for everything that verifies, so that tools and tests
 * exercise the very configuration that the kernel has.
 */
#pragma once

#include "crypto/mbedtls_config.h"

/* Keys and certificates in PEM; encrypted ones are refused by tools/sign.c, so no cipher is needed. */
#ifndef MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PEM_PARSE_C
#endif
#ifndef MBEDTLS_BASE64_C
#define MBEDTLS_BASE64_C
#endif

/* The public key bits, of which a key id is the hash. */
#ifndef MBEDTLS_PK_WRITE_C
#define MBEDTLS_PK_WRITE_C
#endif
#ifndef MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_ASN1_WRITE_C
#endif

/* RFC 6979: the same file and key give the same signature, so images are reproducible. */
#ifndef MBEDTLS_ECDSA_DETERMINISTIC
#define MBEDTLS_ECDSA_DETERMINISTIC
#endif
#ifndef MBEDTLS_HMAC_DRBG_C
#define MBEDTLS_HMAC_DRBG_C
#endif
