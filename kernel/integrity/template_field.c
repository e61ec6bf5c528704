/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/template_field.c - the table of fields: how each is made, checked and shown.
 *
 * An absent value has length 0. What EVM would need to check a portable signature away from the machine (xattr*, iuid,
 * igid, imode) is taken from the inode as it is now. Appended signatures do not exist here: their two fields stay
 * empty.
 */
#include "fs/vfs.h"
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"
#include "kernel/integrity/template.h"

#define NAME_LIMIT 255u
#define LABEL_MAX 65536u
#define SIG_TYPE_SIGNATURE 3
#define SIG_TYPE_PORTABLE 5
#define SIG_TYPE_VERITY 6

static const char evm_xattr[] = "security.evm";

/* The attributes that EVM protects, in its order; all are tried, whatever is enabled. */
static const char *const protected_xattrs[] = {
	"security.selinux", "security.SMACK64", "security.SMACK64EXEC", "security.SMACK64TRANSMUTE",
	"security.SMACK64MMAP", "security.apparmor", "security.ima", "security.capability",
};

static void make_d(struct blob *out, const struct event *event)
{
	static const u8 zeros[LOG_LEGACY_DIGEST_LEN];

	if (event->violation)
		blob_bytes(out, zeros, sizeof(zeros));
	else
		blob_bytes(out, event->legacy_digest.bytes, event->legacy_digest.len);
}

static void make_d_ng(struct blob *out, const struct event *event)
{
	struct digest digest = event->digest;

	if (event->violation)
		digest = (struct digest){ .id = (u8)event->default_hash, .len = (u8)hash_len(event->default_hash) };
	blob_text(out, hash_name(digest.id));
	blob_bytes(out, ":", 2); /* the colon and a NUL */
	blob_bytes(out, digest.bytes, digest.len);
}

static void make_d_ngv2(struct blob *out, const struct event *event)
{
	blob_text(out, event->verity ? "verity:" : "ima:");
	make_d_ng(out, event);
}

static void make_name(struct blob *out, const char *name, size_t len)
{
	size_t start = out->len;

	blob_bytes(out, name, len);
	blob_bytes(out, "", 1);
	if (out->failed)
		return;
	for (size_t i = start; i < out->len; i++)
		if (out->base[i] == ' ')
			out->base[i] = '_';
}

static void make_n(struct blob *out, const struct event *event)
{
	const char *name = event->name;

	if (strlen(name) > NAME_LIMIT && event->base_name)
		name = event->base_name;
	make_name(out, name, strnlen(name, NAME_LIMIT));
}

static void make_n_ng(struct blob *out, const struct event *event)
{
	make_name(out, event->name, strlen(event->name));
}

/* Appends an attribute's value; returns its length, or -1 when there is none. */
static ssize append_xattr(struct blob *out, struct inode *inode, const char *name)
{
	ssize len = -1;
	u8 *value;

	if (!inode || !inode->ops || !inode->ops->getxattr)
		return -1;
	len = inode->ops->getxattr(inode, name, NULL, 0);
	if (len <= 0 || (size_t)len > LABEL_MAX)
		return len == 0 ? 0 : -1;
	value = port_alloc((size_t)len);
	if (!value) {
		out->failed = true;
		return -1;
	}
	len = inode->ops->getxattr(inode, name, value, (size_t)len);
	if (len > 0)
		blob_bytes(out, value, (size_t)len);
	port_free(value);
	return len < 0 ? -1 : len;
}

static void make_evmsig(struct blob *out, const struct event *event)
{
	size_t start = out->len;

	if (append_xattr(out, event->inode, evm_xattr) <= 0 || out->failed)
		return;
	if (out->base[start] != SIG_TYPE_PORTABLE)
		out->len = start;
}

static void make_sig(struct blob *out, const struct event *event)
{
	u8 type = event->label.len ? event->label.base[0] : 0;

	if (type == SIG_TYPE_SIGNATURE || type == SIG_TYPE_VERITY)
		blob_bytes(out, event->label.base, event->label.len);
	else
		make_evmsig(out, event);
}

static void make_empty(struct blob *out, const struct event *event)
{
	(void)out;
	(void)event;
}

static void make_buf(struct blob *out, const struct event *event)
{
	blob_bytes(out, event->buffer.base, event->buffer.len);
}

enum xattr_part { XATTR_NAMES, XATTR_LENGTHS, XATTR_VALUES };

static void make_xattrs(struct blob *out, struct inode *inode, enum xattr_part part)
{
	bool first = true;

	for (size_t i = 0; i < ARRAY_COUNT(protected_xattrs); i++) {
		size_t start = out->len;
		ssize len = append_xattr(out, inode, protected_xattrs[i]);

		if (len < 0 || out->failed)
			continue;
		if (part == XATTR_VALUES)
			continue;
		out->len = start;
		if (part == XATTR_LENGTHS) {
			blob_le32(out, (u32)len);
			continue;
		}
		blob_text(out, first ? "" : "|");
		blob_text(out, protected_xattrs[i]);
		first = false;
	}
	if (part == XATTR_NAMES && !first)
		blob_bytes(out, "", 1);
}

static void make_xattrnames(struct blob *out, const struct event *event)
{
	make_xattrs(out, event->inode, XATTR_NAMES);
}

static void make_xattrlengths(struct blob *out, const struct event *event)
{
	make_xattrs(out, event->inode, XATTR_LENGTHS);
}

static void make_xattrvalues(struct blob *out, const struct event *event)
{
	make_xattrs(out, event->inode, XATTR_VALUES);
}

static void make_iuid(struct blob *out, const struct event *event)
{
	if (event->inode)
		blob_le32(out, event->inode->uid);
}

static void make_igid(struct blob *out, const struct event *event)
{
	if (event->inode)
		blob_le32(out, event->inode->gid);
}

static void make_imode(struct blob *out, const struct event *event)
{
	u8 raw[2];

	if (!event->inode)
		return;
	store_le16(raw, (u16)event->inode->mode);
	blob_bytes(out, raw, sizeof(raw));
}

static bool check_any(struct span bytes)
{
	(void)bytes;
	return true;
}

static bool check_d(struct span bytes)
{
	return bytes.len == LOG_LEGACY_DIGEST_LEN || bytes.len == 16;
}

/* "sha256:" NUL and as many bytes as the algorithm has. */
static bool check_d_ng(struct span bytes)
{
	const u8 *colon = bytes.len ? memchr(bytes.base, ':', bytes.len) : NULL;
	size_t name_len = colon ? (size_t)(colon - bytes.base) : 0;
	unsigned id;

	if (!colon || name_len + 2 > bytes.len || colon[1] != 0)
		return false;
	if (hash_by_name((const char *)bytes.base, name_len, &id))
		return false;
	return bytes.len - name_len - 2 == hash_len(id);
}

static bool check_d_ngv2(struct span bytes)
{
	static const char *const types[] = { "ima:", "verity:" };

	for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
		size_t len = strlen(types[i]);

		if (bytes.len > len && memcmp(bytes.base, types[i], len) == 0)
			return check_d_ng((struct span){ bytes.base + len, bytes.len - len });
	}
	return false;
}

static bool check_d_modsig(struct span bytes)
{
	return !bytes.len || check_d_ng(bytes);
}

static bool check_name(struct span bytes)
{
	return bytes.len && memchr(bytes.base, 0, bytes.len) == bytes.base + bytes.len - 1;
}

static bool check_names(struct span bytes)
{
	return !bytes.len || check_name(bytes);
}

static bool check_u32(struct span bytes)
{
	return bytes.len == 0 || bytes.len == 4;
}

static bool check_u16(struct span bytes)
{
	return bytes.len == 0 || bytes.len == 2;
}

static bool check_lengths(struct span bytes)
{
	return bytes.len % 4 == 0;
}

static void show_hex(struct blob *out, struct span bytes)
{
	blob_hex(out, bytes.base, bytes.len);
}

/* Everything up to the stored NUL is text, the rest is hex. Without a NUL nothing is shown. */
static void show_digest(struct blob *out, struct span bytes)
{
	const u8 *nul = memchr(bytes.base, 0, bytes.len);

	if (!nul)
		return;
	blob_bytes(out, bytes.base, (size_t)(nul - bytes.base));
	blob_hex(out, nul + 1, bytes.len - (size_t)(nul - bytes.base) - 1);
}

static void show_text(struct blob *out, struct span bytes)
{
	blob_bytes(out, bytes.base, strnlen((const char *)bytes.base, bytes.len));
}

static void show_number(struct blob *out, struct span bytes)
{
	struct cursor c = cursor_of(bytes);
	u64 value = bytes.len == 1 ? cursor_u8(&c) : bytes.len == 2 ? cursor_le16(&c)
		  : bytes.len == 4 ? cursor_le32(&c) : cursor_le64(&c);

	if (cursor_at_end(&c))
		blob_format(out, "%llu", (unsigned long long)value);
}

static const struct template_field fields[] = {
	{ "d", make_d, check_d, show_hex },
	{ "n", make_n, check_name, show_text },
	{ "d-ng", make_d_ng, check_d_ng, show_digest },
	{ "n-ng", make_n_ng, check_name, show_text },
	{ "d-ngv2", make_d_ngv2, check_d_ngv2, show_digest },
	{ "sig", make_sig, check_any, show_hex },
	{ "buf", make_buf, check_any, show_hex },
	{ "d-modsig", make_empty, check_d_modsig, show_digest },
	{ "modsig", make_empty, check_any, show_hex },
	{ "evmsig", make_evmsig, check_any, show_hex },
	{ "iuid", make_iuid, check_u32, show_number },
	{ "igid", make_igid, check_u32, show_number },
	{ "imode", make_imode, check_u16, show_number },
	{ "xattrnames", make_xattrnames, check_names, show_text },
	{ "xattrlengths", make_xattrlengths, check_lengths, show_hex },
	{ "xattrvalues", make_xattrvalues, check_any, show_hex },
};

const struct template_field *template_field(const char *id, size_t len)
{
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
		if (strlen(fields[i].id) == len && memcmp(fields[i].id, id, len) == 0)
			return &fields[i];
	return NULL;
}
