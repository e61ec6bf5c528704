/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/cert.c - certificates by mbedTLS's parser, with our narrower rules on top.
 *
 * Invariant: a struct cert that cert_parse_next handed out has an accepted algorithm and size and a subject key
 * identifier of at least four bytes. It is otherwise as trusted as the bytes it came from.
 */
/* Signature, key usage and algorithm of a parsed certificate have no accessor in mbedTLS 3.6. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "crypto/cert.h"

#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>

#include "crypto/mbedtls_port.h"
#include "crypto/sigkat.h"

#define RSA_BITS_MIN 2048u
#define RSA_BITS_MAX 4096u
#define KEY_ID_LEN 4u

struct cert {
	mbedtls_x509_crt crt;
	enum sig_algorithm algorithm;
	unsigned bits;
	u8 skid_len;
	u8 skid[sizeof((struct key_info){ 0 }.skid)];
};

/* The algorithms a signature may be made over; MD5 is for old digest labels only. */
static const struct {
	u8 hash;
	mbedtls_md_type_t md;
} signed_hashes[] = {
	{ HASH_SHA1, MBEDTLS_MD_SHA1 },     { HASH_SHA224, MBEDTLS_MD_SHA224 }, { HASH_SHA256, MBEDTLS_MD_SHA256 },
	{ HASH_SHA384, MBEDTLS_MD_SHA384 }, { HASH_SHA512, MBEDTLS_MD_SHA512 },
};

/* A DER SEQUENCE's whole extent: tag, length and content. */
static int take_sequence(struct cursor *der, struct span *ret_span) {
	struct cursor peek = *der;
	u64 len;
	u8 tag = cursor_u8(&peek), first = cursor_u8(&peek);

	len = first;
	if (first & 0x80) {
		unsigned count = first & 0x7f;

		if (count < 1 || count > 4) return -EBADMSG;
		for (len = 0; count; count--) len = len << 8 | cursor_u8(&peek);
	}
	if (!cursor_ok(&peek) || tag != (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)) return -EBADMSG;
	*ret_span = cursor_take(der, peek.pos - der->pos + len);
	return cursor_ok(der) ? 0 : -EBADMSG;
}

static int check_key(struct cert *cert) {
	mbedtls_pk_context *pk = &cert->crt.pk;
	int err;

	cert->bits = (unsigned)mbedtls_pk_get_bitlen(pk);
	if (mbedtls_pk_get_type(pk) == MBEDTLS_PK_RSA) {
		cert->algorithm = SIG_RSA;
		if (cert->bits < RSA_BITS_MIN || cert->bits > RSA_BITS_MAX) return -ENOPKG;
		err = mbedtls_rsa_check_pubkey(mbedtls_pk_rsa(*pk));
	} else if (mbedtls_pk_get_type(pk) == MBEDTLS_PK_ECKEY) {
		const mbedtls_ecp_keypair *ec = mbedtls_pk_ec(*pk);

		if (ec->grp.id == MBEDTLS_ECP_DP_SECP256R1)
			cert->algorithm = SIG_P256;
		else if (ec->grp.id == MBEDTLS_ECP_DP_SECP384R1)
			cert->algorithm = SIG_P384;
		else
			return -ENOPKG;
		err = mbedtls_ecp_check_pubkey(&ec->grp, &ec->Q);
	} else {
		return -ENOPKG;
	}
	return crypto_errno(err);
}

/* RFC 5280 4.2.1.2 (1): the SHA-1 of the key's BIT STRING without its tag, length and unused-bits byte. */
static int compute_skid(struct cert *cert) {
	u8 *at = cert->crt.pk_raw.p;
	u8 *end = at + cert->crt.pk_raw.len;
	struct digest digest;
	size_t len;
	int err = mbedtls_asn1_get_tag(&at, end, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);

	if (!err) err = mbedtls_asn1_get_tag(&at, end, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
	if (err) return -EBADMSG;
	at += len;
	if (mbedtls_asn1_get_bitstring_null(&at, end, &len)) return -EBADMSG;
	err = hash_bytes(HASH_SHA1, at, len, &digest);
	if (err) return err;
	memcpy(cert->skid, digest.bytes, digest.len);
	cert->skid_len = digest.len;
	return 0;
}

static int set_skid(struct cert *cert) {
	const mbedtls_x509_buf *extension = &cert->crt.subject_key_id;

	if (!extension->p) return compute_skid(cert);
	if (extension->len < KEY_ID_LEN || extension->len > sizeof(cert->skid)) return -EBADMSG;
	memcpy(cert->skid, extension->p, extension->len);
	cert->skid_len = (u8)extension->len;
	return 0;
}

int cert_parse_next(struct cursor *der, struct cert **ret_cert) {
	struct span span;
	struct cert *cert;
	int err = take_sequence(der, &span);

	if (err) return err;
	cert = port_alloc(sizeof(*cert));
	if (!cert) return -ENOMEM;
	mbedtls_x509_crt_init(&cert->crt);
	err = crypto_errno(mbedtls_x509_crt_parse_der(&cert->crt, span.base, span.len));
	if (!err) err = check_key(cert);
	if (!err) err = set_skid(cert);
	if (err) {
		cert_free(cert);
		return err;
	}
	*ret_cert = cert;
	return 0;
}

void cert_free(struct cert *cert) {
	if (!cert) return;
	mbedtls_x509_crt_free(&cert->crt);
	port_free(cert);
}

struct span cert_skid(const struct cert *cert) { return (struct span){ cert->skid, cert->skid_len }; }

static bool same_bytes(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b) {
	return a->len == b->len && !memcmp(a->p, b->p, a->len);
}

bool cert_same_key(const struct cert *a, const struct cert *b) { return same_bytes(&a->crt.pk_raw, &b->crt.pk_raw); }

/* The last common name, else the last name of any kind; what is not printable ASCII becomes '?'. */
static void describe_subject(const mbedtls_x509_name *name, char *buf, size_t cap) {
	const mbedtls_x509_buf *value = NULL;
	bool is_common_name = false;
	size_t len = 0;

	for (; name; name = name->next) {
		bool is_cn = name->oid.p && !MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid);

		if (name->val.p && (is_cn || !is_common_name)) {
			value = &name->val;
			is_common_name = is_cn;
		}
	}
	for (; value && len < value->len && len < cap - 1; len++) {
		u8 c = value->p[len];

		buf[len] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	buf[len] = '\0';
}

void cert_describe(const struct cert *cert, struct key_info *ret_info) {
	static const char *const names[SIG_COUNT] = { "rsa-", "ecdsa-p", "ecdsa-p" };

	memset(ret_info, 0, sizeof(*ret_info));
	describe_subject(&cert->crt.subject, ret_info->subject, sizeof(ret_info->subject));
	memcpy(ret_info->skid, cert->skid, cert->skid_len);
	ret_info->skid_len = cert->skid_len;
	memcpy(ret_info->key_id, cert->skid + cert->skid_len - KEY_ID_LEN, KEY_ID_LEN);
	text_format(ret_info->algorithm, sizeof(ret_info->algorithm), "%s%u", names[cert->algorithm], cert->bits);
	ret_info->der = (struct span){ cert->crt.raw.p, cert->crt.raw.len };
}

int cert_verify(struct cert *cert, const struct digest *digest, struct span sig) {
	mbedtls_md_type_t md = MBEDTLS_MD_NONE;
	int err;

	for (size_t i = 0; i < ARRAY_COUNT(signed_hashes); i++) {
		if (signed_hashes[i].hash == digest->id) md = signed_hashes[i].md;
	}
	if (md == MBEDTLS_MD_NONE) return -ENOPKG;
	if (digest->len != hash_len(digest->id)) return -EINVAL;
	err = sigkat_check(cert->algorithm);
	if (err) return err;
	err = crypto_errno(mbedtls_pk_verify(&cert->crt.pk, md, digest->bytes, digest->len, sig.base, sig.len));
	/* However a signature is malformed, to the caller it is a wrong one. */
	return err && err != -ENOMEM ? -EKEYREJECTED : err;
}

static bool may_sign_certificates(const mbedtls_x509_crt *crt) {
	if (mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_BASIC_CONSTRAINTS) && !crt->ca_istrue) return false;
	return !mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN);
}

int cert_check_issuer(const struct cert *cert, struct cert *issuer) {
	const mbedtls_x509_crt *crt = &cert->crt;
	struct digest digest;
	unsigned hash = HASH_COUNT;
	int err;

	if (!same_bytes(&crt->issuer_raw, &issuer->crt.subject_raw) || !may_sign_certificates(&issuer->crt) ||
	    !mbedtls_pk_can_do(&issuer->crt.pk, crt->sig_pk))
		return -EKEYREJECTED;
	for (size_t i = 0; i < ARRAY_COUNT(signed_hashes); i++) {
		if (signed_hashes[i].md == crt->sig_md && signed_hashes[i].hash != HASH_SHA1)
			hash = signed_hashes[i].hash;
	}
	if (hash == HASH_COUNT) return -ENOPKG;
	err = hash_bytes(hash, crt->tbs.p, crt->tbs.len, &digest);
	if (err) return err;
	return cert_verify(issuer, &digest, (struct span){ crt->sig.p, crt->sig.len });
}
