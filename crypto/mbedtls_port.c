/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/mbedtls_port.c - what stands under mbedTLS: memory, wiping, formatting; and the DRBG on top of it.
 *
 * The only place where mbedTLS's error numbers become ours.
 */
#include "crypto/mbedtls_port.h"

#include <mbedtls/ecp.h>
#include <mbedtls/hmac_drbg.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509.h>

#include "crypto/ct.h"

/* An mbedTLS error is -(high + low): high in bits 7 to 14, low in bits 0 to 6. */
#define ERROR_HIGH_MASK 0x7f80

/*
 * Set when an allocation failed since the last crypto_errno(). mbedTLS's own codes do not tell: its parsers turn
 * "out of memory" into "invalid key" in places. Nothing runs between a call and its crypto_errno().
 */
static bool out_of_memory;

void *mbedtls_port_calloc(size_t count, size_t size) {
	u64 len;
	void *p;

	if (mul_overflows(count, size, &len) || !len) return NULL;
	p = port_alloc(len);
	out_of_memory |= !p;
	return p;
}

void mbedtls_port_free(void *p) { port_free(p); }

int mbedtls_port_snprintf(char *buf, size_t cap, const char *format, ...) {
	va_list args;
	size_t len;

	va_start(args, format);
	len = text_vformat(buf, cap, format, args);
	va_end(args);
	return (int)len;
}

void mbedtls_platform_zeroize(void *buf, size_t len) { ct_wipe(buf, len); }

int crypto_errno(int mbedtls_result) {
	bool no_memory = out_of_memory;

	out_of_memory = false;
	if (!mbedtls_result) return 0;
	if (no_memory) return -ENOMEM;
	switch (-(-mbedtls_result & ERROR_HIGH_MASK)) {
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
	case MBEDTLS_ERR_X509_UNKNOWN_VERSION:
	case MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE: return -ENOPKG;
	case MBEDTLS_ERR_RSA_VERIFY_FAILED:
	case MBEDTLS_ERR_ECP_VERIFY_FAILED: return -EKEYREJECTED;
	default: return -EBADMSG;
	}
}

static struct {
	mbedtls_hmac_drbg_context drbg;
	bool seeded;
} generator;

int crypto_random_init(const void *seed, size_t len) {
	int err;

	if (generator.seeded) return -EBUSY;
	if (len < CRYPTO_SEED_MIN) return -EINVAL;
	mbedtls_hmac_drbg_init(&generator.drbg);
	err = mbedtls_hmac_drbg_seed_buf(&generator.drbg, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), seed, len);
	if (err) {
		mbedtls_hmac_drbg_free(&generator.drbg);
		return crypto_errno(err) == -ENOMEM ? -ENOMEM : -EIO;
	}
	generator.seeded = true;
	return 0;
}

int crypto_random_add(const void *bytes, size_t len) {
	if (!generator.seeded || mbedtls_hmac_drbg_update(&generator.drbg, bytes, len)) return -EIO;
	return 0;
}

int crypto_random(void *ret_buf, size_t len) {
	u8 *buf = ret_buf;

	while (len) {
		size_t part = min_u64(len, MBEDTLS_HMAC_DRBG_MAX_REQUEST);

		if (!generator.seeded || mbedtls_hmac_drbg_random(&generator.drbg, buf, part)) return -EIO;
		buf += part;
		len -= part;
	}
	return 0;
}
