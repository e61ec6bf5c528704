/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/template.c - descriptors, and walking a record's fields. Relies on the field table of
 * template_field.c. Invariant: the bytes that are hashed are the bytes that the binary list shows.
 */
#include "kernel/integrity/template.h"

#define SHOW template_show_fields

static const struct template builtin[] = {
	{ LOG_LEGACY_NAME, "d|n", SHOW },
	{ "ima-ng", "d-ng|n-ng", SHOW },
	{ "ima-sig", "d-ng|n-ng|sig", SHOW },
	{ "ima-ngv2", "d-ngv2|n-ng", SHOW },
	{ "ima-sigv2", "d-ngv2|n-ng|sig", SHOW },
	{ "ima-buf", "d-ng|n-ng|buf", SHOW },
	{ "ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig", SHOW },
	{ "evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode", SHOW },
};

#define REGISTERED_MAX 8u

static struct registered {
	struct template template;
	char name[TEMPLATE_NAME_MAX + 1], format[TEMPLATE_FORMAT_MAX + 1];
} registered[REGISTERED_MAX];
static size_t registered_count;
static bool frozen;

static bool equals(const char *text, const char *other, size_t len) {
	return strlen(text) == len && memcmp(text, other, len) == 0;
}

static bool is_called(const struct template *template, const char *name, size_t len) {
	return equals(template->name, name, len) || equals(template->format, name, len);
}

const struct template *template_find(const char *name, size_t len) {
	if (!len) return NULL;
	for (size_t i = 0; i < ARRAY_COUNT(builtin); i++)
		if (is_called(&builtin[i], name, len)) return &builtin[i];
	for (size_t i = 0; i < registered_count; i++)
		if (is_called(&registered[i].template, name, len)) return &registered[i].template;
	return NULL;
}

/* Only the first template without a name can be one. */
static bool name_is_taken(const char *name) {
	for (size_t i = 0; !name[0] && i < registered_count; i++)
		if (!registered[i].name[0]) return true;
	return template_find(name, strlen(name));
}

static bool name_is_valid(const char *name) {
	for (const char *c = name; *c; c++)
		if ((u8)*c <= ' ' || (u8)*c >= 0x7f || *c == '|') return false;
	return strlen(name) <= TEMPLATE_NAME_MAX;
}

int template_register(const char *name, const char *format, template_show_fn *show,
		      const struct template **ret_template) {
	struct template_layout layout;
	const struct template *known = name[0] ? NULL : template_find(format, strlen(format));
	struct registered *made = &registered[registered_count];

	if (frozen) return -EPERM;
	if (!show || !name_is_valid(name) || template_layout(format, strlen(format), &layout)) return -EINVAL;
	if (!known && name_is_taken(name)) return -EEXIST;
	if (!known && registered_count == REGISTERED_MAX) return -ENOSPC;
	if (!known) {
		(void)text_copy(made->name, sizeof(made->name), name); /* both lengths have been limited */
		(void)text_copy(made->format, sizeof(made->format), format);
		made->template = (struct template){ made->name, made->format, show };
		registered_count++;
	}
	*ret_template = known ? known : &made->template;
	return 0;
}

void template_freeze(void) { frozen = true; }

void template_reset(void) {
	registered_count = 0;
	frozen = false;
}

int template_layout(const char *format, size_t len, struct template_layout *ret_layout) {
	struct template_layout layout = { 0 };
	size_t start = 0;

	if (len > TEMPLATE_FORMAT_MAX) return -EINVAL;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && format[i] != '|') continue;
		if (layout.count == TEMPLATE_FIELDS_MAX || i == start) return -EINVAL;
		layout.fields[layout.count] = template_field(format + start, i - start);
		if (!layout.fields[layout.count++]) return -ENOENT;
		start = i + 1;
	}
	*ret_layout = layout;
	return 0;
}

const char *template_label(const struct template *template) {
	return template->name[0] ? template->name : template->format;
}

bool template_is_legacy(const struct template *template) { return strcmp(template->name, LOG_LEGACY_NAME) == 0; }

static int layout_of(const struct template *template, struct template_layout *ret_layout) {
	return template_layout(template->format, strlen(template->format), ret_layout);
}

bool template_wants_legacy_digest(const struct template *template) {
	struct template_layout layout;

	if (layout_of(template, &layout)) return false;
	for (size_t i = 0; i < layout.count; i++)
		if (strcmp(layout.fields[i]->id, "d") == 0) return true;
	return false;
}

/* One field with its length in front; the older encoding has no length before the digest and no NUL after the name. */
static void build_field(const struct template_field *field, const struct event *event, bool legacy, struct blob *out) {
	bool bare = legacy && field->id[0] == 'd';
	size_t start = out->len;

	if (!bare) blob_le32(out, 0);
	field->make(out, event, field->arg);
	if (out->failed || bare) return;
	if (legacy && out->len > start + 4) out->len--;
	store_le32(out->base + start, (u32)(out->len - start - 4));
}

int template_build(const struct template *template, const struct event *event, struct blob *out) {
	struct template_layout layout;
	size_t start = out->len;

	TRY(layout_of(template, &layout));
	for (size_t i = 0; i < layout.count; i++)
		build_field(layout.fields[i], event, template_is_legacy(template), out);
	return out->len - start > LOG_DATA_MAX ? -E2BIG : blob_status(out);
}

/* The older encoding begins with a fixed length. */
int template_each(const struct template *template, struct span data, template_each_fn *each, void *arg) {
	bool bare = template_is_legacy(template);
	struct cursor c = cursor_of(data);
	struct template_layout layout;

	TRY(layout_of(template, &layout));
	for (size_t i = 0; i < layout.count; i++, bare = false) {
		struct span bytes = cursor_take(&c, bare ? LOG_LEGACY_DIGEST_LEN : cursor_le32(&c));

		if (!cursor_ok(&c)) return -EBADMSG;
		TRY(each(layout.fields[i], bytes, arg));
	}
	return cursor_at_end(&c) ? 0 : -EBADMSG;
}

/* What the digest of the older encoding covers. */
static int pad_legacy(struct span data, u8 ret_padded[LOG_LEGACY_DIGEST_LEN + LOG_LEGACY_PADDED_LEN]) {
	struct cursor c = cursor_of(data);
	struct span digest = cursor_take(&c, LOG_LEGACY_DIGEST_LEN), name = cursor_take(&c, cursor_le32(&c));

	if (!cursor_at_end(&c) || name.len >= LOG_LEGACY_PADDED_LEN) return -EBADMSG;
	memset(ret_padded, 0, LOG_LEGACY_DIGEST_LEN + LOG_LEGACY_PADDED_LEN);
	memcpy(ret_padded, digest.base, digest.len);
	if (name.len) memcpy(ret_padded + digest.len, name.base, name.len);
	return 0;
}

int template_digest(const struct template *template, unsigned hash_id, struct span data, u8 *ret_bytes) {
	u8 padded[LOG_LEGACY_DIGEST_LEN + LOG_LEGACY_PADDED_LEN];
	struct hash_ctx ctx;

	TRY(hash_init(&ctx, hash_id));
	if (template_is_legacy(template)) {
		TRY(pad_legacy(data, padded));
		data = (struct span){ padded, sizeof(padded) };
	}
	hash_update(&ctx, data.base, data.len);
	hash_final(&ctx, ret_bytes);
	return 0;
}

static int show_field(const struct template_field *field, struct span bytes, void *out) {
	blob_text(out, " ");
	if (bytes.len) field->show(out, bytes);
	return 0;
}

int template_show_fields(const struct template *template, struct span data, struct blob *out) {
	TRY(template_each(template, data, show_field, out));
	return blob_status(out);
}
