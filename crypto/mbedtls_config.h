/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/mbedtls_config.h - which parts of mbedTLS are built, each with its reason.
 *
 * Given to mbedTLS by -DMBEDTLS_CONFIG_FILE='"crypto/mbedtls_config.h"' in the kernel; the host's file includes
 * this one and adds what signing needs. Every object that includes an mbedtls header must see its program's file.
 *
 * Left out on purpose: TLS, PSA, ciphers, files, sockets, clocks (certificate dates are not enforced),
 * RSASSA-PSS, curves other than the two accepted ones.
 */
#pragma once

#include "crypto/mbedtls_hooks.h"

/* Platform: no C library behind it; everything it needs comes from mbedtls_port.c. */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_PLATFORM_CALLOC_MACRO mbedtls_port_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO mbedtls_port_free
#define MBEDTLS_PLATFORM_SNPRINTF_MACRO mbedtls_port_snprintf
/* Wiping is ours: one that the compiler cannot drop, without C library help. */
#define MBEDTLS_PLATFORM_ZEROIZE_ALT
/* No operating system to ask for entropy: the DRBG is seeded by the kernel. */
#define MBEDTLS_NO_PLATFORM_ENTROPY
/* 128-bit division would call libgcc, which the kernel does not link. */
#define MBEDTLS_NO_UDBL_DIVISION
/* Multiplication in assembly: RSA and ECDSA several times faster. */
#define MBEDTLS_HAVE_ASM

/* Hashes: those of security.ima, the TPM banks and certificate signatures. MD5 for legacy labels only. */
#define MBEDTLS_MD_C
#define MBEDTLS_MD5_C
#define MBEDTLS_SHA1_C
#define MBEDTLS_SHA224_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C

/* Random numbers: HMAC_DRBG stands on the hashes that are here anyway, CTR_DRBG would bring AES. */
#define MBEDTLS_HMAC_DRBG_C

/* RSA PKCS#1 v1.5 and ECDSA on P-256 and P-384: what file signatures may use. */
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_OID_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C /* demanded by ECDSA_C */
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_ECP_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
/* Reduction made for the NIST primes: several times faster than the general one. */
#define MBEDTLS_ECP_NIST_OPTIM
/* RSA-4096 needs 512 bytes; a bound on what a certificate can make us compute with. */
#define MBEDTLS_MPI_MAX_SIZE 512

/* X.509 certificates carry the keys. */
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
/* Descriptions in prose are ours. */
#define MBEDTLS_X509_REMOVE_INFO
