/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/keyring.c - the rings: which certificates are trusted, and which of them a signature names. Certificates are
 * parsed by mbedTLS, with our narrower rules on top.
 *
 * Invariant: every key in a ring is of an accepted algorithm and size, has a subject key identifier of at least four
 * bytes, and, where the caller asked for it, was signed by a key of another ring; no key stands in a ring twice.
 */
/* Signature, key usage and algorithm of a parsed certificate have no accessor in mbedTLS 3.6. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "crypto/keyring.h"

#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>

#include "crypto/mbedtls_port.h"
#include "crypto/sigkat.h"

#define RSA_BITS_MIN 2048u
#define RSA_BITS_MAX 4096u

struct key {
	struct list node;
	mbedtls_x509_crt crt;
	enum sig_algorithm algorithm;
	struct key_info info;
};

struct keyring {
	const char *name;
	struct list keys;
	size_t count;
};

/* The algorithms a signature may be made over; MD5 is for old digest labels only. MBEDTLS_MD_NONE is 0. */
static const u8 md_types[HASH_COUNT] = {
	[HASH_SHA1] = MBEDTLS_MD_SHA1, [HASH_SHA224] = MBEDTLS_MD_SHA224, [HASH_SHA256] = MBEDTLS_MD_SHA256,
	[HASH_SHA384] = MBEDTLS_MD_SHA384, [HASH_SHA512] = MBEDTLS_MD_SHA512,
};

/* ---- one certificate */

static void free_key(struct key **key) {
	if (*key) mbedtls_x509_crt_free(&(*key)->crt);
	port_free(*key);
}

static int check_algorithm(struct key *key) {
	const mbedtls_pk_context *pk = &key->crt.pk;
	unsigned bits = (unsigned)mbedtls_pk_get_bitlen(pk);
	bool is_rsa = mbedtls_pk_get_type(pk) == MBEDTLS_PK_RSA;
	const mbedtls_ecp_keypair *ec;

	text_format(key->info.algorithm, sizeof(key->info.algorithm), is_rsa ? "rsa-%u" : "ecdsa-p%u", bits);
	if (is_rsa) {
		if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) return -ENOPKG;
		key->algorithm = SIG_RSA;
		return crypto_errno(mbedtls_rsa_check_pubkey(mbedtls_pk_rsa(*pk)));
	}
	if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_ECKEY) return -ENOPKG;
	ec = mbedtls_pk_ec(*pk);
	key->algorithm = ec->grp.id == MBEDTLS_ECP_DP_SECP256R1 ? SIG_P256 : SIG_P384;
	if (key->algorithm == SIG_P384 && ec->grp.id != MBEDTLS_ECP_DP_SECP384R1) return -ENOPKG;
	return crypto_errno(mbedtls_ecp_check_pubkey(&ec->grp, &ec->Q));
}

/* RFC 5280 4.2.1.2 (1): the SHA-1 of the key's BIT STRING without its tag, length and unused-bits byte. */
static int compute_skid(const mbedtls_x509_buf *spki, struct digest *ret_digest) {
	const int sequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
	u8 *at = spki->p, *end = at + spki->len;
	size_t len;

	if (mbedtls_asn1_get_tag(&at, end, &len, sequence) || mbedtls_asn1_get_tag(&at, end, &len, sequence))
		return -EBADMSG;
	at += len;
	if (mbedtls_asn1_get_bitstring_null(&at, end, &len)) return -EBADMSG;
	return hash_bytes(HASH_SHA1, at, len, ret_digest);
}

static int set_skid(const mbedtls_x509_crt *crt, struct key_info *info) {
	struct span skid = { crt->subject_key_id.p, crt->subject_key_id.len };
	struct digest computed;

	if (!skid.base) {
		TRY(compute_skid(&crt->pk_raw, &computed));
		skid = (struct span){ computed.bytes, computed.len };
	}
	if (skid.len < sizeof(info->key_id) || skid.len > sizeof(info->skid)) return -EBADMSG;
	memcpy(info->skid, skid.base, skid.len);
	info->skid_len = (u8)skid.len;
	memcpy(info->key_id, info->skid + skid.len - sizeof(info->key_id), sizeof(info->key_id));
	return 0;
}

/* Whether the organisation says nothing that the name does not begin with, by Linux's rule. */
static bool repeats(const mbedtls_x509_buf *organisation, const mbedtls_x509_buf *name) {
	size_t len = organisation->len >= 7 ? 7 : organisation->len;

	return name->len >= len && memcmp(name->p, organisation->p, len) == 0;
}

/* The last common name with the last organisation before it; else the first name of any kind. */
static void describe_subject(const mbedtls_x509_name *name, struct key_info *info) {
	const mbedtls_x509_buf *value = &name->val, *organisation = NULL;
	size_t at = 0;

	for (; name; name = name->next) {
		if (!MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid)) value = &name->val;
		if (!MBEDTLS_OID_CMP(MBEDTLS_OID_AT_ORGANIZATION, &name->oid)) organisation = &name->val;
	}
	if (organisation && organisation != value && !repeats(organisation, value)) {
		text_printable(info->subject, sizeof(info->subject) / 2, organisation->p, organisation->len);
		at = strlen(info->subject);
		at += text_format(info->subject + at, sizeof(info->subject) - at, ": ");
	}
	text_printable(info->subject + at, sizeof(info->subject) - at, value->p, value->len);
}

static int parse(struct key *key, struct span der) {
	const mbedtls_x509_crt *crt = &key->crt;

	mbedtls_x509_crt_init(&key->crt);
	TRY(crypto_errno(mbedtls_x509_crt_parse_der(&key->crt, der.base, der.len)));
	key->info.der = (struct span){ crt->raw.p, crt->raw.len };
	describe_subject(&crt->subject, &key->info);
	TRY(check_algorithm(key));
	return set_skid(crt, &key->info);
}

static int verify(struct key *key, const struct digest *digest, struct span sig) {
	mbedtls_md_type_t md = digest->id < HASH_COUNT ? md_types[digest->id] : MBEDTLS_MD_NONE;
	int err;

	if (md == MBEDTLS_MD_NONE) return -ENOPKG;
	if (digest->len != hash_len(digest->id)) return -EINVAL;
	TRY(sigkat_check(key->algorithm));
	err = crypto_errno(mbedtls_pk_verify(&key->crt.pk, md, digest->bytes, digest->len, sig.base, sig.len));
	/* However a signature is malformed, to the caller it is a wrong one. */
	return err && err != -ENOMEM ? -EKEYREJECTED : err;
}

static bool same_bytes(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b) {
	return a->len == b->len && !memcmp(a->p, b->p, a->len);
}

static bool may_sign_certificates(const mbedtls_x509_crt *crt) {
	if (mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_BASIC_CONSTRAINTS) && !crt->ca_istrue) return false;
	return !mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN);
}

/* Whether issuer made the certificate's signature. MD5 and SHA-1 under it are refused: a collision would forge it. */
static int check_issuer(const mbedtls_x509_crt *crt, struct key *issuer) {
	unsigned hash = HASH_SHA1 + 1;
	struct digest digest;

	if (!same_bytes(&crt->issuer_raw, &issuer->crt.subject_raw) || !may_sign_certificates(&issuer->crt) ||
	    !mbedtls_pk_can_do(&issuer->crt.pk, crt->sig_pk))
		return -EKEYREJECTED;
	while (hash < HASH_COUNT && md_types[hash] != crt->sig_md) hash++;
	TRY(hash_bytes(hash, crt->tbs.p, crt->tbs.len, &digest));
	return verify(issuer, &digest, (struct span){ crt->sig.p, crt->sig.len });
}

/* ---- rings */

struct keyring *keyring_alloc(const char *name) {
	struct keyring *ring = port_alloc(sizeof(*ring));

	if (!ring) return NULL;
	ring->name = name;
	list_init(&ring->keys);
	return ring;
}

void keyring_shorten(struct keyring *ring, size_t count) {
	for (; ring->count > count; ring->count--) {
		struct key *last = list_entry(ring->keys.prev, struct key, node);

		list_del(&last->node);
		free_key(&last);
	}
}

void keyring_free(struct keyring *ring) {
	if (ring) keyring_shorten(ring, 0);
	port_free(ring);
}

const char *keyring_name(const struct keyring *ring) { return ring->name; }

size_t keyring_count(const struct keyring *ring) { return ring->count; }

int keyring_info(const struct keyring *ring, size_t index, struct key_info *ret_info) {
	list_for_each_entry(struct key, key, &ring->keys, node) {
		if (index--) continue;
		*ret_info = key->info;
		return 0;
	}
	return -ENOKEY;
}

/* 0 when some key of the ring signed the certificate. */
static int check_signed_by(const mbedtls_x509_crt *crt, struct keyring *issuers) {
	int result = -EKEYREJECTED;

	list_for_each_entry(struct key, issuer, &issuers->keys, node) {
		int err = check_issuer(crt, issuer);

		if (!err) return 0;
		if (err != -EKEYREJECTED) result = err;
	}
	return result;
}

/* Parses the first certificate of *der and, when nothing speaks against it, puts it at the end of the ring. */
static int add_next(struct keyring *ring, struct keyring *signed_by, struct span *der) {
	RELEASED(free_key) struct key *key = port_alloc(sizeof(*key));

	if (!key) return -ENOMEM;
	TRY(parse(key, *der));
	list_for_each_entry(struct key, known, &ring->keys, node)
		if (same_bytes(&known->crt.pk_raw, &key->crt.pk_raw)) return -EEXIST;
	if (signed_by) TRY(check_signed_by(&key->crt, signed_by));
	*der = (struct span){ der->base + key->info.der.len, der->len - key->info.der.len };
	list_add_tail(&ring->keys, &TAKE(key)->node);
	ring->count++;
	return 0;
}

int keyring_add(struct keyring *ring, const void *der, size_t len, struct keyring *signed_by, size_t *ret_count) {
	struct span rest = { der, len };
	size_t before = ring->count;
	int err;

	do err = add_next(ring, signed_by, &rest);
	while (!err && rest.len);
	if (err)
		keyring_shorten(ring, before);
	else if (ret_count)
		*ret_count = ring->count - before;
	return err;
}

int keyring_verify(struct keyring *ring, const u8 key_id[4], const struct digest *digest, struct span sig) {
	int result = -ENOKEY;

	/* Four bytes may name several keys: each is as trusted as the others. */
	list_for_each_entry(struct key, key, &ring->keys, node) {
		if (memcmp(key->info.key_id, key_id, sizeof(key->info.key_id))) continue;
		result = verify(key, digest, sig);
		if (!result) return 0;
	}
	return result;
}
