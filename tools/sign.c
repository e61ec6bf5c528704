/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/sign.c - private keys and IMA signatures over mbedTLS.
 *
 * Invariant: a struct sign_key that sign_key_load gives out has a key of a kind that
 * the kernel accepts, and matches its certificate if it has one.
 */
#include "tools/sign.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/port.h"
#include "tools/cli.h"

#define KEY_FILE_MAX (64u * 1024u)

struct sign_key {
	mbedtls_pk_context pk;
	mbedtls_x509_crt cert;
	u8 id[4];
	const char *path;
};

static int random_bytes(void *unused, unsigned char *buf, size_t len) {
	(void)unused;
	return port_random(buf, len);
}

static bool holds(const struct buf *file, const char *text) {
	return memmem(file->bytes, file->len, text, strlen(text)) != NULL;
}

/* mbedTLS wants the NUL of a PEM text counted, and none behind DER. */
static size_t parse_len(const struct buf *file) { return holds(file, "-----BEGIN") ? file->len + 1 : file->len; }

static int refuse_kind(const char *path) {
	return cli_fail("%s: keys can be RSA of 2048 to 4096 bits or ECDSA on P-256 or P-384, and this is neither",
			path);
}

static int check_kind(const mbedtls_pk_context *pk, const char *path) {
	size_t bits = mbedtls_pk_get_bitlen(pk);
	mbedtls_ecp_group_id curve;

	if (mbedtls_pk_get_type(pk) == MBEDTLS_PK_RSA) return bits >= 2048 && bits <= 4096 ? 0 : refuse_kind(path);
	if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_ECKEY) return refuse_kind(path);
	curve = mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*pk));
	if (curve != MBEDTLS_ECP_DP_SECP256R1 && curve != MBEDTLS_ECP_DP_SECP384R1) return refuse_kind(path);
	return 0;
}

/* A file that holds something else than wanted: says what, as far as its first PEM line tells. */
static int refuse_content(const char *path, const struct buf *file, const char *wanted) {
	const char *begin = memmem(file->bytes, file->len, "-----BEGIN ", 11);
	size_t len = begin ? strspn(begin + 11, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ") : 0;

	if (!file->len) return cli_fail("%s is empty", path);
	if (!begin) return cli_fail("%s is not a %s in PEM or DER", path, wanted);
	if (memmem(begin + 11, len, wanted[0] == 'c' ? "CERTIFICATE" : "PRIVATE KEY", 11))
		return cli_fail("the %s in %s is damaged", wanted, path);
	return cli_fail("%s holds no %s but a %.*s", path, wanted, (int)len, begin + 11);
}

static bool is_encrypted(const struct buf *file) {
	static const u8 pbes2[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d }; /* RFC 8018, in DER */

	return holds(file, "ENCRYPTED") ||
	       (!holds(file, "-----BEGIN") && memmem(file->bytes, file->len, pbes2, sizeof(pbes2)));
}

static int parse_key(struct sign_key *key, struct buf *file) {
	int err;

	if (is_encrypted(file))
		return cli_fail("%s is encrypted; give an unencrypted key (openssl pkey -in %s -out KEY.pem)",
				key->path, key->path);
	if (!holds(file, "PRIVATE KEY-----") && holds(file, "-----BEGIN"))
		return refuse_content(key->path, file, "private key");
	err = mbedtls_pk_parse_key(&key->pk, file->bytes, parse_len(file), NULL, 0, random_bytes, NULL);
	if (err == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG || err == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE ||
	    err == MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE || holds(file, "BEGIN DSA"))
		return refuse_kind(key->path);
	return err ? refuse_content(key->path, file, "private key") : check_kind(&key->pk, key->path);
}

static int read_and_parse(struct sign_key *key) {
	struct buf file = { 0 };
	int status = cli_read_file(key->path, KEY_FILE_MAX, &file);

	if (!status) {
		buf_append(&file, "", 1);
		file.len--;
		status = parse_key(key, &file);
	}
	if (file.bytes) explicit_bzero(file.bytes, file.cap);
	buf_free(&file);
	return status;
}

/* The last four bytes of the SHA-1 of the public key bits. */
static int id_from_key(struct sign_key *key) {
	u8 bits[1024];
	u8 *start = bits + sizeof(bits);
	int len = mbedtls_pk_write_pubkey(&start, bits, &key->pk);
	struct digest digest;

	if (len <= 0 || hash_bytes(HASH_SHA1, start, (size_t)len, &digest))
		return cli_fail("%s: the public key cannot be encoded", key->path);
	memcpy(key->id, digest.bytes + digest.len - sizeof(key->id), sizeof(key->id));
	return 0;
}

static int check_cert(struct sign_key *key, const char *path) {
	const mbedtls_x509_buf *skid = &key->cert.subject_key_id;

	if (key->cert.next) return cli_fail("%s holds more than one certificate", path);
	if (mbedtls_pk_check_pair(&key->cert.pk, &key->pk, random_bytes, NULL))
		return cli_fail("the key %s and the certificate %s do not belong together", key->path, path);
	if (skid->len >= sizeof(key->id)) memcpy(key->id, skid->p + skid->len - sizeof(key->id), sizeof(key->id));
	return 0;
}

static int refuse_cert(const char *path, const struct buf *file, int err) {
	static const int kinds[] = { MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG, MBEDTLS_ERR_X509_UNKNOWN_OID,
				     MBEDTLS_ERR_PK_UNKNOWN_PK_ALG, MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE };

	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		if (-err >> 7 != -kinds[i] >> 7) continue; /* the low bits name the part that was being read */
		return cli_fail("the certificate %s has a key or a signature of another kind than RSA, or ECDSA on "
				"P-256 or P-384", path);
	}
	return refuse_content(path, file, "certificate");
}

static int read_cert(struct sign_key *key, const char *path) {
	struct buf file = { 0 };
	int status = cli_read_file(path, KEY_FILE_MAX, &file);
	int err;

	if (!status) {
		buf_append(&file, "", 1);
		file.len--;
		err = mbedtls_x509_crt_parse(&key->cert, file.bytes, parse_len(&file));
		status = err ? refuse_cert(path, &file, err) : check_cert(key, path);
	}
	buf_free(&file);
	return status;
}

int sign_key_load(const char *key_path, const char *cert_path, struct sign_key **ret_key) {
	struct sign_key *key = cli_alloc(sizeof(*key));
	int status;

	mbedtls_pk_init(&key->pk);
	mbedtls_x509_crt_init(&key->cert);
	key->path = key_path;
	status = read_and_parse(key);
	if (!status) status = id_from_key(key);
	if (!status && cert_path) status = read_cert(key, cert_path);
	if (status)
		sign_key_free(key);
	else
		*ret_key = key;
	return status;
}

void sign_key_free(struct sign_key *key) {
	if (!key) return;
	mbedtls_pk_free(&key->pk);
	mbedtls_x509_crt_free(&key->cert);
	free(key);
}

const u8 *sign_key_id(const struct sign_key *key) { return key->id; }

struct span sign_key_cert(const struct sign_key *key) { return (struct span){ key->cert.raw.p, key->cert.raw.len }; }

static mbedtls_md_type_t md_type(unsigned hash) {
	switch (hash) {
	case HASH_SHA1: return MBEDTLS_MD_SHA1;
	case HASH_SHA224: return MBEDTLS_MD_SHA224;
	case HASH_SHA256: return MBEDTLS_MD_SHA256;
	case HASH_SHA384: return MBEDTLS_MD_SHA384;
	case HASH_SHA512: return MBEDTLS_MD_SHA512;
	default: return MBEDTLS_MD_NONE;
	}
}

int sign_digest(struct sign_key *key, const struct digest *digest, struct sign_value *ret_value) {
	u8 sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	mbedtls_md_type_t md = md_type(digest->id);
	size_t len = 0;
	int err;

	if (md == MBEDTLS_MD_NONE) return cli_fail("signatures with %s are not supported", hash_name(digest->id));
	err = mbedtls_pk_sign(&key->pk, md, digest->bytes, digest->len, sig, sizeof(sig), &len, random_bytes, NULL);
	if (err || len > SIGN_VALUE_MAX - 9)
		return cli_fail("%s: signing failed; the key's parts may not fit each other", key->path);
	ret_value->bytes[0] = 3; /* a signature */
	ret_value->bytes[1] = 2; /* version 2 */
	ret_value->bytes[2] = digest->id;
	memcpy(ret_value->bytes + 3, key->id, sizeof(key->id));
	store_be16(ret_value->bytes + 7, (u16)len);
	memcpy(ret_value->bytes + 9, sig, len);
	ret_value->len = 9 + len;
	return 0;
}
