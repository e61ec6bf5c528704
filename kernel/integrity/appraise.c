/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/appraise.c - the decision procedure, one function a kind of label.
 *
 * Invariant: VERDICT_GOOD is returned for a digest that equals the label's, for a signature that a key of .ima made
 * over that digest, or for a new file that has no content to be wrong about; never because something failed.
 */
#include "kernel/integrity/appraise.h"

#include "crypto/ct.h"
#include "crypto/sigfmt.h"
#include "fs/vfs.h"

static enum verdict refuse(struct appraise_result *r, enum verdict verdict, const char *cause, const char *why) {
	r->cause = cause;
	(void)text_copy(r->why, sizeof(r->why), why); /* our own texts, all shorter */
	return verdict;
}

/* Version 3 and fs-verity are kinds of signature: asking for one asks for a signature. */
static bool wants_signature(const struct appraise_request *q) { return q->demands & (RULE_SIGNATURE | RULE_VERITY); }

static const char *signature_required(const struct appraise_request *q) {
	return q->demands & RULE_VERITY ? "verity-signature-required" : "IMA-signature-required";
}

/* A new file has no label yet; one that must be signed gets its signature before its content. */
static enum verdict appraise_no_label(const struct appraise_request *q, struct appraise_result *r) {
	if (q->is_new && (!wants_signature(q) || q->size == 0)) return VERDICT_GOOD;
	if (wants_signature(q)) return refuse(r, VERDICT_NO_LABEL, signature_required(q), "it is not signed");
	return refuse(r, VERDICT_NO_LABEL, "missing-hash", "it has no security.ima");
}

static enum verdict appraise_digest(const struct appraise_request *q, struct appraise_result *r) {
	struct sig_value v;

	if (wants_signature(q) && q->evm != EVM_PASS_IMMUTABLE)
		return refuse(r, VERDICT_BAD, signature_required(q), "its label is a digest, not a signature");
	r->is_signature = q->evm == EVM_PASS_IMMUTABLE;
	if (sigfmt_parse(q->label, &v)) return refuse(r, VERDICT_BAD, "invalid-hash", "its label is malformed");
	if (v.hash != q->digest.id || v.sig.len != q->digest.len)
		return refuse(r, VERDICT_BAD, "invalid-hash", "its label's hash algorithm is not built in");
	if (!ct_equal(v.sig.base, q->digest.bytes, v.sig.len))
		return refuse(r, VERDICT_BAD, "invalid-hash", "its content does not match its label");
	return VERDICT_GOOD;
}

static int verify(const struct appraise_request *q, const struct sig_value *v) {
	struct digest signed_digest = q->digest;
	int err = 0;

	if (v->version == 1 || v->hash != q->digest.id) return -ENOPKG;
	if (v->version == 3) err = sigfmt_v3_digest(v->type, &q->digest, &signed_digest);
	if (!err && !q->ima) err = -ENOKEY;
	return err ? err : keyring_verify(q->ima, v->key_id, &signed_digest, v->sig);
}

static void explain(const struct appraise_request *q, const struct sig_value *v, int err, char *why) {
	char id[2 * sizeof(v->key_id) + 1];

	text_hex(id, v->key_id, sizeof(v->key_id));
	if (err == -ENOKEY)
		text_format(why, APPRAISE_WHY_MAX, "no key %s in %s", id, q->ima ? keyring_name(q->ima) : "any ring");
	else if (err == -EKEYREJECTED)
		text_format(why, APPRAISE_WHY_MAX, "its signature by key %s does not match its content", id);
	else if (err == -ENOPKG && v->version == 1)
		text_format(why, APPRAISE_WHY_MAX, "its signature is of version 1, which is not accepted");
	else if (err == -ENOPKG)
		text_format(why, APPRAISE_WHY_MAX, "its signature uses %s, which is not accepted", hash_name(v->hash));
	else
		text_format(why, APPRAISE_WHY_MAX, "its signature could not be checked: %s", err_name(err));
}

static enum verdict appraise_signature(const struct appraise_request *q, struct appraise_result *r) {
	u8 version = q->label.len > 1 ? q->label.base[1] : 1;
	struct sig_value v;
	int err;

	r->is_signature = true;
	if (q->demands & RULE_VERITY)
		return refuse(r, VERDICT_BAD, "verity-signature-required", "its signature is not a fs-verity one");
	if (version < 1 || version > 3)
		return refuse(r, VERDICT_BAD, "invalid-signature-version", "its signature is of an unknown version");
	if (q->demands & RULE_SIGV3 && version != 3)
		return refuse(r, VERDICT_BAD, "IMA-sigv3-required", "its signature is not of version 3");
	if (sigfmt_parse(q->label, &v))
		return refuse(r, VERDICT_BAD, "invalid-signature", "its signature is malformed");
	err = verify(q, &v);
	if (!err) return VERDICT_GOOD;
	r->cause = "invalid-signature";
	explain(q, &v, err, r->why);
	if (err != -ENOMEM && err != -EIO) return VERDICT_BAD;
	r->cause = "unknown";
	return VERDICT_UNKNOWN;
}

/* fs-verity digests are not computed here, so nothing can be verified. */
static enum verdict appraise_verity(const struct appraise_request *q, struct appraise_result *r) {
	r->is_signature = true;
	if (wants_signature(q) && !(q->demands & RULE_VERITY))
		return refuse(r, VERDICT_BAD, "IMA-signature-required", "its signature is a fs-verity one");
	if (q->label.len < 2 || q->label.base[1] != 3)
		return refuse(r, VERDICT_BAD, "invalid-signature-version", "its fs-verity signature is not version 3");
	return refuse(r, VERDICT_BAD, "invalid-verity-signature", "fs-verity signatures are not supported");
}

static enum verdict appraise_label(const struct appraise_request *q, struct appraise_result *r) {
	switch (q->label.base[0]) {
	case IMA_XATTR_DIGEST:
	case IMA_XATTR_DIGEST_NG: return appraise_digest(q, r);
	case IMA_XATTR_SIG: return appraise_signature(q, r);
	case IMA_XATTR_VERITY_SIG: return appraise_verity(q, r);
	default: return refuse(r, VERDICT_UNKNOWN, "unknown-ima-data", "its label is of an unknown kind");
	}
}

/* EVM speaks first: a label that was tampered with says nothing about the content. */
static enum verdict appraise_with_evm(const struct appraise_request *q, struct appraise_result *r) {
	switch (q->evm) {
	case EVM_UNKNOWN:
	case EVM_PASS:
	case EVM_PASS_IMMUTABLE: return appraise_label(q, r);
	case EVM_NO_LABEL:
	case EVM_NO_XATTRS:
		return refuse(r, VERDICT_NO_LABEL, "missing-HMAC", "its attributes are not protected by security.evm");
	case EVM_FAIL_IMMUTABLE:
		r->is_signature = true;
		return refuse(r, VERDICT_BAD, "invalid-fail-immutable", "the signature over its attributes is wrong");
	default: return refuse(r, VERDICT_BAD, "invalid-HMAC", "its attributes were changed");
	}
}

enum verdict appraise_file(const struct appraise_request *q, struct appraise_result *ret_result) {
	struct appraise_result r = { .cause = "" };
	enum verdict verdict;

	if (q->label_err && q->label_err != -ENODATA)
		verdict = refuse(&r, VERDICT_UNKNOWN, "unknown", "its security.ima cannot be read");
	else if (q->label_err || !q->label.len)
		verdict = appraise_no_label(q, &r);
	else
		verdict = appraise_with_evm(q, &r);
	/* A signed file on its way in: tar and cpio write the signature first, then the content. */
	if (verdict != VERDICT_GOOD && r.is_signature && q->is_new && q->size == 0) {
		r.cause = "";
		r.why[0] = '\0';
		verdict = VERDICT_GOOD;
	}
	*ret_result = r;
	return verdict;
}

static int check_ima_value(struct span value, u32 allowed_algos, const char **ret_cause) {
	unsigned hash;

	if (!value.len || value.base[0] >= IMA_XATTR_END) return -EINVAL;
	hash = sigfmt_hash_id(value, HASH_COUNT);
	if (hash == HASH_COUNT)
		return 0; /* names no algorithm: storable, and never good */
	if (allowed_algos ? allowed_algos >> hash & 1 : hash_available(hash)) return 0;
	*ret_cause = allowed_algos ? "denied-hash-algorithm" : "unavailable-hash-algorithm";
	return -EACCES;
}

int appraise_xattr_check(const char *name, const void *value, size_t len, const struct cred *cred, u32 allowed_algos,
			 const char **ret_cause) {
	const u8 *bytes = value;
	bool is_ima = !strcmp(name, "security.ima");

	*ret_cause = NULL;
	if (!is_ima && strcmp(name, "security.evm")) return 0;
	if (cred->euid != 0) return -EPERM;
	if (!value) return 0;
	if (is_ima) return check_ima_value((struct span){ bytes, len }, allowed_algos, ret_cause);
	if (!len) return -EINVAL;
	/* An HMAC is made by the kernel alone. */
	return bytes[0] == IMA_XATTR_SIG || bytes[0] == EVM_XATTR_PORTABLE_SIG ? 0 : -EPERM;
}
