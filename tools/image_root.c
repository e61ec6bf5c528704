/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/image_root.c - what `assay image` adds to a root: policy, certificates, signatures.
 *
 * What the root brings is kept: a signature that is there is not replaced, certificates are added
 * to those found.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/integrity/policy.h"
#include "tools/image.h"
#include "tools/policy_check.h"

/* sbsign reads this pair at the end; what is wrong with it is better said at the start, and in our words. */
static int check_boot_key(const struct image *im) {
	struct sign_key *key = NULL;
	int status = sign_key_load(im->o.sb_key, im->o.sb_cert, &key);

	sign_key_free(key);
	return status;
}

int image_load_keys(struct image *im) {
	for (size_t i = 0; i < im->o.key_count; i++) {
		int status = sign_key_load(im->o.keys[i], im->o.certs[i], &im->keys[i]);

		if (status) return status;
	}
	return im->o.sb_key ? check_boot_key(im) : 0;
}

bool image_signature(const struct rootfs_entry *entry, struct sig_value *ret_value) {
	const struct rootfs_xattr *x = rootfs_xattr(entry->link ? entry->link : entry, LABEL_IMA);

	if (!x || sigfmt_parse((struct span){ x->value, x->len }, ret_value)) return false;
	return ret_value->type == IMA_XATTR_SIG || ret_value->type == IMA_XATTR_VERITY_SIG;
}

/* Any label that claims to be a signature is left alone, also a broken one: the guest judges it. */
static bool claims_signature(const struct rootfs_entry *entry) {
	const struct rootfs_xattr *x = rootfs_xattr(entry, LABEL_IMA);

	return x && x->len && (x->value[0] == IMA_XATTR_SIG || x->value[0] == IMA_XATTR_VERITY_SIG);
}

/* A signature beside the policy file on the build machine counts as one found. */
static int take_policy_sidecar(const struct image *im, struct rootfs_entry *entry) {
	char *name = cli_text("%s.sig", im->o.policy);
	struct buf sig = { 0 };
	bool there = access(name, F_OK) == 0;
	int status = there ? cli_read_file(name, SIGN_VALUE_MAX, &sig) : 0;
	const char *why = there ? rootfs_sidecar_fault((struct span){ sig.bytes, sig.len }) : NULL;

	if (!status && why) status = cli_fail("%s %s", name, why);
	if (!status && there) rootfs_set_xattr(entry, LABEL_IMA, sig.bytes, sig.len);
	buf_free(&sig);
	free(name);
	return status;
}

int image_add_policy(struct image *im) {
	struct rootfs_entry *entry;
	struct buf text = { 0 };
	int status;

	if (!im->o.policy) return 0;
	status = policy_read(im->o.policy, &text);
	if (!status) status = rootfs_put(&im->fs, IMAGE_POLICY_PATH, text.bytes, text.len, &entry);
	if (!status) status = take_policy_sidecar(im, entry);
	buf_free(&text);
	return status;
}

int image_check_policy(const struct image *im) {
	const struct rootfs_entry *entry = rootfs_resolve(&im->fs, IMAGE_POLICY_PATH);
	size_t rules;

	if (!entry || (!im->o.policy && image_policy_is_ignored(im))) return 0;
	if (!S_ISREG(entry->mode)) return cli_fail("/%s of the root is not a regular file", IMAGE_POLICY_PATH);
	if (im->o.policy) return policy_check(im->o.policy, &entry->data, 1, &rules);
	return policy_check("/" IMAGE_POLICY_PATH, &entry->data, 1, &rules);
}

static int refuse_certs(const char *path) {
	return cli_fail("/%s of the root is not a row of DER certificates with acceptable keys: the kernel would halt",
			path);
}

/* The key files that are only the root's. */
static int check_other_certs(const struct image *im) {
	static const char *const paths[] = { "etc/keys/ca.der", "etc/keys/x509_evm.der" };
	int status = 0;

	for (size_t i = 0; !status && i < ARRAY_COUNT(paths); i++) {
		const struct rootfs_entry *found = rootfs_resolve(&im->fs, paths[i]);
		struct keyring *ring = found ? keyring_alloc("checked") : NULL;

		if (ring && found->data.len && keyring_add(ring, found->data.bytes, found->data.len, NULL, NULL))
			status = refuse_certs(paths[i]);
		keyring_free(ring);
	}
	return status;
}

/* Takes the certificates that the root brings into the ring and into *certs. */
static int take_found_certs(struct image *im, struct buf *certs) {
	const struct rootfs_entry *found = rootfs_resolve(&im->fs, IMAGE_KEYS_PATH);
	size_t count = 0;

	if (!found || !S_ISREG(found->mode) || !found->data.len) return 0;
	if (keyring_add(im->ring, found->data.bytes, found->data.len, NULL, &count))
		return refuse_certs(IMAGE_KEYS_PATH);
	if (im->o.key_count)
		cli_warn("/%s of the root brings %zu trusted certificate%s, kept beside yours", IMAGE_KEYS_PATH, count,
			 count == 1 ? "" : "s");
	buf_append(certs, found->data.bytes, found->data.len);
	return 0;
}

static int add_cert(struct image *im, size_t index, struct buf *certs) {
	struct span der = sign_key_cert(im->keys[index]);
	int err = keyring_add(im->ring, der.base, der.len, NULL, NULL);

	if (err == -EEXIST)
		return 0; /* given twice, or the root brought it */
	if (err)
		return cli_fail("the guest would not accept the certificate %s (%s)", im->o.certs[index],
				err_name(err));
	buf_append(certs, der.base, der.len);
	return 0;
}

int image_add_certs(struct image *im) {
	struct buf certs = { 0 };
	struct rootfs_entry *entry;
	int status;

	im->ring = keyring_alloc(".ima");
	if (!im->ring) return cli_fail("out of memory");
	status = check_other_certs(im);
	if (!status) status = take_found_certs(im, &certs);
	for (size_t i = 0; i < im->o.key_count && !status; i++) status = add_cert(im, i, &certs);
	if (!status && im->o.key_count) status = rootfs_put(&im->fs, IMAGE_KEYS_PATH, certs.bytes, certs.len, &entry);
	buf_free(&certs);
	return status;
}

static bool starts_with(const struct rootfs_entry *entry, const char *text, size_t len) {
	return entry->data.len >= len && memcmp(entry->data.bytes, text, len) == 0;
}

bool image_is_signed(const struct rootfs_entry *entry) {
	return S_ISREG(entry->mode) && (entry->mode & 0111 || starts_with(entry, "\177ELF", 4));
}

bool image_is_program(const struct rootfs_entry *entry) {
	if (!S_ISREG(entry->mode)) return false;
	return starts_with(entry, "\177ELF", 4) || (entry->mode & 0111 && starts_with(entry, "#!", 2));
}

static int sign_entry(struct image *im, struct rootfs_entry *entry) {
	struct digest digest;
	struct sign_value value;
	int status;

	if (hash_bytes(HASH_SHA256, entry->data.bytes, entry->data.len, &digest))
		return cli_fail("sha256 is not built in");
	status = sign_digest(im->keys[0], &digest, &value);
	if (!status) rootfs_set_xattr(entry, LABEL_IMA, value.bytes, value.len);
	return status;
}

int image_sign_files(struct image *im) {
	const struct rootfs_entry *policy = rootfs_find(&im->fs, IMAGE_POLICY_PATH);
	int status = 0;

	for (size_t i = 0; i < im->fs.count && im->o.key_count && !status; i++) {
		struct rootfs_entry *entry = im->fs.entries[i];

		cli_progress("signed files:", i, im->fs.count);
		if (entry->link || claims_signature(entry)) continue;
		if (image_is_signed(entry) || (entry == policy && S_ISREG(entry->mode)))
			status = sign_entry(im, entry);
	}
	cli_progress("", 1, 1);
	return status;
}
