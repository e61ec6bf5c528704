/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/sigfmt.c - security.ima and security.evm values by their layout.
 *
 * Invariant: what is handed out lies inside the value, and a signature fills it to its last byte.
 */
#include "crypto/sigfmt.h"

#include "kernel/base/cursor.h"

#define SHA1_LEN 20u
#define MD5_LEN 16u

/* Twenty bytes of which the last four are zero: MD5 in a field made for SHA-1. */
static bool is_padded_md5(const u8 *bytes) {
	static const u8 zeros[SHA1_LEN - MD5_LEN];

	return !memcmp(bytes + MD5_LEN, zeros, sizeof(zeros));
}

static int parse_legacy_digest(struct cursor *c, struct sig_value *v) {
	v->sig = cursor_take(c, cursor_left(c));
	if (v->sig.len == SHA1_LEN && is_padded_md5(v->sig.base)) v->sig.len = MD5_LEN;
	if (v->sig.len != SHA1_LEN && v->sig.len != MD5_LEN) return -EBADMSG;
	v->hash = v->sig.len == SHA1_LEN ? HASH_SHA1 : HASH_MD5;
	return 0;
}

static int parse_digest(struct cursor *c, struct sig_value *v) {
	v->hash = cursor_u8(c);
	if (!cursor_ok(c)) return -EBADMSG;
	if (v->hash >= HASH_COUNT) return -ENOPKG;
	v->sig = cursor_take(c, hash_len(v->hash));
	return cursor_ok(c) ? 0 : -EBADMSG;
}

static int parse_hmac(struct cursor *c, struct sig_value *v) {
	v->hash = HASH_SHA1;
	v->sig = cursor_take(c, SHA1_LEN);
	return cursor_at_end(c) ? 0 : -EBADMSG;
}

/* After the version byte; the length is in bits there. */
static int parse_v1(struct cursor *c, struct sig_value *v) {
	u8 hash;
	u16 bits;

	cursor_skip(c, 4 + 1); /* time stamp, algorithm: RSA */
	hash = cursor_u8(c);
	cursor_skip(c, 8 + 1); /* key id of its own kind, number of values */
	bits = cursor_be16(c);
	v->sig = cursor_take(c, (bits + 7u) / 8);
	v->hash = hash ? HASH_SHA256 : HASH_SHA1;
	return cursor_at_end(c) && v->sig.len ? 0 : -EBADMSG;
}

static int parse_signature(struct cursor *c, struct sig_value *v) {
	v->version = cursor_u8(c);
	if (!cursor_ok(c)) return -EBADMSG;
	if (v->version == 1 && v->type == IMA_XATTR_SIG) return parse_v1(c, v);
	if (v->version != 2 && v->version != 3) return -ENOPKG;
	v->hash = cursor_u8(c);
	if (cursor_get_bytes(c, v->key_id, sizeof(v->key_id))) return -EBADMSG;
	v->sig = cursor_take(c, cursor_be16(c));
	if (!cursor_at_end(c) || !v->sig.len) return -EBADMSG;
	return v->hash < HASH_COUNT ? 0 : -ENOPKG;
}

int sigfmt_parse(struct span value, struct sig_value *ret_value) {
	struct cursor c = cursor_of(value);
	struct sig_value v = { .type = cursor_u8(&c) };
	int err;

	if (!cursor_ok(&c)) return -EBADMSG;
	switch (v.type) {
	case IMA_XATTR_DIGEST: err = parse_legacy_digest(&c, &v); break;
	case IMA_XATTR_DIGEST_NG: err = parse_digest(&c, &v); break;
	case EVM_XATTR_HMAC: err = parse_hmac(&c, &v); break;
	case IMA_XATTR_SIG:
	case EVM_XATTR_PORTABLE_SIG:
	case IMA_XATTR_VERITY_SIG: err = parse_signature(&c, &v); break;
	default: return -EINVAL;
	}
	if (!err) *ret_value = v;
	return err;
}

unsigned sigfmt_hash_id(struct span value, unsigned fallback) {
	const u8 *b = value.base;

	if (value.len < 2) return fallback;
	switch (b[0]) {
	case IMA_XATTR_VERITY_SIG:
	case IMA_XATTR_SIG:
		if (value.len <= SIGFMT_HEADER_LEN || b[2] >= HASH_COUNT) return fallback;
		return b[1] == 3 || (b[1] == 2 && b[0] == IMA_XATTR_SIG) ? b[2] : fallback;
	case IMA_XATTR_DIGEST_NG: return b[1] < HASH_COUNT ? b[1] : fallback;
	case IMA_XATTR_DIGEST:
		if (value.len == 1 + SHA1_LEN) return is_padded_md5(b + 1) ? HASH_MD5 : HASH_SHA1;
		return value.len == 1 + MD5_LEN ? HASH_MD5 : fallback;
	default: return fallback;
	}
}

int sigfmt_v3_digest(u8 type, const struct digest *file_digest, struct digest *ret_digest) {
	struct digest signed_digest = { .id = file_digest->id, .len = (u8)hash_len(file_digest->id) };
	struct hash_ctx ctx;

	TRY(hash_init(&ctx, file_digest->id));
	hash_update(&ctx, &type, 1);
	hash_update(&ctx, &file_digest->id, 1);
	hash_update(&ctx, file_digest->bytes, file_digest->len);
	hash_final(&ctx, signed_digest.bytes);
	*ret_digest = signed_digest;
	return 0;
}
