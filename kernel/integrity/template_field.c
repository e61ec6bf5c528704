/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/template_field.c - the table of fields: how each is made and shown.
 *
 * An absent value has length 0. What EVM would need to check a portable signature away from the machine (xattr*, iuid,
 * igid, imode) is taken from the inode as it is now. Appended signatures do not exist here: their two fields stay
 * empty.
 */
#include "crypto/sigfmt.h"
#include "fs/vfs.h"
#include "kernel/integrity/template.h"

#define NAME_LIMIT 255u

/* The attributes that EVM protects, in its order; all are tried, whatever is enabled. */
static const char *const protected_xattrs[] = {
	"security.selinux", "security.SMACK64", "security.SMACK64EXEC", "security.SMACK64TRANSMUTE",
	"security.SMACK64MMAP", "security.apparmor", "security.ima", "security.capability",
};

static void make_d(struct blob *out, const struct event *event, unsigned) {
	static const struct digest zeros = { .id = HASH_SHA1, .len = LOG_LEGACY_DIGEST_LEN };
	const struct digest *digest = event->violation ? &zeros : &event->legacy_digest;

	blob_bytes(out, digest->bytes, digest->len);
}

static void make_d_ng(struct blob *out, const struct event *event, unsigned) {
	struct digest digest = event->digest;

	if (event->violation)
		digest = (struct digest){ .id = (u8)event->default_hash, .len = (u8)hash_len(event->default_hash) };
	blob_text(out, hash_name(digest.id));
	blob_bytes(out, ":", 2); /* the colon and a NUL */
	blob_bytes(out, digest.bytes, digest.len);
}

static void make_d_ngv2(struct blob *out, const struct event *event, unsigned) {
	blob_text(out, event->verity ? "verity:" : "ima:");
	make_d_ng(out, event, 0);
}

static void make_name(struct blob *out, const char *name, size_t len) {
	size_t start = out->len;

	blob_bytes(out, name, len);
	blob_bytes(out, "", 1);
	if (out->failed) return;
	for (size_t i = start; i < out->len; i++)
		if (out->base[i] == ' ') out->base[i] = '_';
}

static void make_n(struct blob *out, const struct event *event, unsigned) {
	const char *name = event->name;

	if (strlen(name) > NAME_LIMIT && event->base_name) name = event->base_name;
	make_name(out, name, strnlen(name, NAME_LIMIT));
}

static void make_n_ng(struct blob *out, const struct event *event, unsigned) {
	make_name(out, event->name, strlen(event->name));
}

ssize blob_xattr(struct blob *out, struct inode *inode, const char *name) {
	const bool has = inode && inode->ops && inode->ops->getxattr;
	ssize len = has ? inode->ops->getxattr(inode, name, NULL, 0) : -EOPNOTSUPP;
	size_t start = out->len;
	u8 *room;

	if (len <= 0) return len;
	if (len > (ssize)VFS_XATTR_SIZE_MAX) return -E2BIG;
	room = blob_room(out, (size_t)len);
	if (!room) return -ENOMEM;
	len = inode->ops->getxattr(inode, name, room, (size_t)len);
	out->len = start + (len > 0 ? (size_t)len : 0);
	return len;
}

static void make_evmsig(struct blob *out, const struct event *event, unsigned) {
	size_t start = out->len;

	if (blob_xattr(out, event->inode, "security.evm") <= 0) return;
	if (out->base[start] != EVM_XATTR_PORTABLE_SIG) out->len = start;
}

static void make_sig(struct blob *out, const struct event *event, unsigned) {
	u8 type = event->label.len ? event->label.base[0] : 0;

	if (type == IMA_XATTR_SIG || type == IMA_XATTR_VERITY_SIG)
		blob_bytes(out, event->label.base, event->label.len);
	else
		make_evmsig(out, event, 0);
}

static void make_nothing(struct blob *, const struct event *, unsigned) { }

static void make_buf(struct blob *out, const struct event *event, unsigned) {
	blob_bytes(out, event->buffer.base, event->buffer.len);
}

enum { XATTR_NAMES, XATTR_LENGTHS, XATTR_VALUES };

static void make_xattrs(struct blob *out, const struct event *event, unsigned part) {
	bool first = true;

	for (size_t i = 0; i < ARRAY_COUNT(protected_xattrs); i++) {
		size_t start = out->len;
		ssize len = blob_xattr(out, event->inode, protected_xattrs[i]);

		if (len < 0 || part == XATTR_VALUES) continue;
		out->len = start;
		if (part == XATTR_LENGTHS) blob_le32(out, (u32)len);
		if (part != XATTR_NAMES) continue;
		blob_format(out, "%s%s", first ? "" : "|", protected_xattrs[i]);
		first = false;
	}
	if (part == XATTR_NAMES && !first) blob_bytes(out, "", 1);
}

enum { ID_OWNER, ID_GROUP, ID_MODE };

static void make_id(struct blob *out, const struct event *event, unsigned which) {
	const struct inode *inode = event->inode;
	u8 raw[4];

	if (!inode) return;
	store_le32(raw, which == ID_OWNER ? inode->uid : which == ID_GROUP ? inode->gid : inode->mode);
	blob_bytes(out, raw, which == ID_MODE ? 2 : 4);
}

static void show_hex(struct blob *out, struct span bytes) { blob_hex(out, bytes.base, bytes.len); }

/* Everything up to the stored NUL is text, the rest is hex. Without a NUL nothing is shown. */
static void show_digest(struct blob *out, struct span bytes) {
	const u8 *nul = memchr(bytes.base, 0, bytes.len);

	if (!nul) return;
	blob_bytes(out, bytes.base, (size_t)(nul - bytes.base));
	blob_hex(out, nul + 1, bytes.len - (size_t)(nul - bytes.base) - 1);
}

static void show_text(struct blob *out, struct span bytes) {
	blob_bytes(out, bytes.base, strnlen((const char *)bytes.base, bytes.len));
}

static void show_number(struct blob *out, struct span bytes) {
	struct cursor c = cursor_of(bytes);
	u64 value = bytes.len == 1 ? cursor_u8(&c) : bytes.len == 2 ? cursor_le16(&c)
		  : bytes.len == 4 ? cursor_le32(&c) : cursor_le64(&c);

	if (cursor_at_end(&c)) blob_format(out, "%llu", (unsigned long long)value);
}

static const struct template_field fields[] = {
	{ "d", make_d, show_hex, 0 }, { "n", make_n, show_text, 0 }, { "d-ng", make_d_ng, show_digest, 0 },
	{ "n-ng", make_n_ng, show_text, 0 }, { "d-ngv2", make_d_ngv2, show_digest, 0 },
	{ "sig", make_sig, show_hex, 0 }, { "buf", make_buf, show_hex, 0 },
	{ "d-modsig", make_nothing, show_digest, 0 }, { "modsig", make_nothing, show_hex, 0 },
	{ "evmsig", make_evmsig, show_hex, 0 }, { "iuid", make_id, show_number, ID_OWNER },
	{ "igid", make_id, show_number, ID_GROUP }, { "imode", make_id, show_number, ID_MODE },
	{ "xattrnames", make_xattrs, show_text, XATTR_NAMES },
	{ "xattrlengths", make_xattrs, show_hex, XATTR_LENGTHS },
	{ "xattrvalues", make_xattrs, show_hex, XATTR_VALUES },
};

const struct template_field *template_field(const char *id, size_t len) {
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
		if (strlen(fields[i].id) == len && memcmp(fields[i].id, id, len) == 0) return &fields[i];
	return NULL;
}
