/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/mbedtls_port.c - what stands under mbedTLS: memory, wiping, formatting; and the DRBG on top of it.
 *
 * The only place where mbedTLS's error numbers become ours.
 */
#include "crypto/mbedtls_port.h"

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/hmac_drbg.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509.h>

#include "crypto/ct.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"

/* An mbedTLS error is -(high + low): high in bits 7 to 14, low in bits 0 to 6. */
#define ERROR_LOW_MASK 0x7f
#define ERROR_HIGH_MASK 0x7f80

void *mbedtls_port_calloc(size_t count, size_t size)
{
	u64 len;

	if (mul_overflows(count, size, &len))
		return NULL;
	return port_alloc(len);
}

void mbedtls_port_free(void *p)
{
	port_free(p);
}

int mbedtls_port_snprintf(char *buf, size_t cap, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	len = text_vformat(buf, cap, format, args);
	va_end(args);
	return (int)len;
}

void mbedtls_platform_zeroize(void *buf, size_t len)
{
	ct_wipe(buf, len);
}

static bool is_no_memory(int low, int high)
{
	static const int codes[] = { MBEDTLS_ERR_X509_ALLOC_FAILED, MBEDTLS_ERR_PK_ALLOC_FAILED,
				     MBEDTLS_ERR_ECP_ALLOC_FAILED, MBEDTLS_ERR_MD_ALLOC_FAILED };

	if (low == MBEDTLS_ERR_MPI_ALLOC_FAILED || low == MBEDTLS_ERR_ASN1_ALLOC_FAILED)
		return true;
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		if (high == codes[i])
			return true;
	}
	return false;
}

int crypto_errno(int mbedtls_result)
{
	int low = -(-mbedtls_result & ERROR_LOW_MASK);
	int high = -(-mbedtls_result & ERROR_HIGH_MASK);

	if (!mbedtls_result)
		return 0;
	if (is_no_memory(low, high))
		return -ENOMEM;
	switch (high) {
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
	case MBEDTLS_ERR_X509_UNKNOWN_VERSION:
	case MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE:
		return -ENOPKG;
	case MBEDTLS_ERR_RSA_VERIFY_FAILED:
	case MBEDTLS_ERR_ECP_VERIFY_FAILED:
		return -EKEYREJECTED;
	default:
		return -EBADMSG;
	}
}

static struct {
	mbedtls_hmac_drbg_context drbg;
	bool seeded;
} generator;

int crypto_random_init(const void *seed, size_t len)
{
	int err;

	if (generator.seeded)
		return -EBUSY;
	if (len < CRYPTO_SEED_MIN)
		return -EINVAL;
	mbedtls_hmac_drbg_init(&generator.drbg);
	err = mbedtls_hmac_drbg_seed_buf(&generator.drbg, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), seed, len);
	if (err) {
		mbedtls_hmac_drbg_free(&generator.drbg);
		return crypto_errno(err) == -ENOMEM ? -ENOMEM : -EIO;
	}
	generator.seeded = true;
	return 0;
}

int crypto_random_add(const void *bytes, size_t len)
{
	if (!generator.seeded || mbedtls_hmac_drbg_update(&generator.drbg, bytes, len))
		return -EIO;
	return 0;
}

int crypto_random(void *ret_buf, size_t len)
{
	u8 *buf = ret_buf;

	while (len) {
		size_t part = min_u64(len, MBEDTLS_HMAC_DRBG_MAX_REQUEST);

		if (!generator.seeded || mbedtls_hmac_drbg_random(&generator.drbg, buf, part))
			return -EIO;
		buf += part;
		len -= part;
	}
	return 0;
}
