/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/log_parse.c - see log_parse.h. Every length is checked by the cursor before a byte is looked at.
 */
#include "tools/log_parse.h"

static int refuse(const char **ret_why, const char *why) {
	*ret_why = why;
	return -EBADMSG;
}

/* The older encoding: digest without, name with its length. */
static struct span take_legacy(struct cursor *list) {
	struct cursor ahead = *list;

	cursor_skip(&ahead, LOG_LEGACY_DIGEST_LEN);
	cursor_skip(&ahead, cursor_le32(&ahead));
	if (!cursor_ok(&ahead)) cursor_fail(list);
	return cursor_take(list, ahead.pos - list->pos);
}

static bool is_legacy(struct span name) {
	return name.len == strlen(LOG_LEGACY_NAME) && memcmp(name.base, LOG_LEGACY_NAME, name.len) == 0;
}

int log_parse_next(struct cursor *list, size_t digest_len, struct log_record *ret_record, const char **ret_why) {
	size_t start = list->pos;
	struct log_record record = { .pcr = cursor_le32(list) };
	u32 len;

	record.digest = cursor_take(list, digest_len);
	len = cursor_le32(list);
	if (!cursor_ok(list)) return refuse(ret_why, "the record ends before its template name");
	if (!len || len > TEMPLATE_FORMAT_MAX) return refuse(ret_why, "the template name is empty or too long");
	record.name = cursor_take(list, len);
	if (!cursor_ok(list)) return refuse(ret_why, "the record ends inside its template name");
	if (is_legacy(record.name)) {
		record.data = take_legacy(list);
	} else {
		len = cursor_le32(list);
		if (len > LOG_DATA_MAX) return refuse(ret_why, "the data length is absurd");
		record.data = cursor_take(list, len);
	}
	if (!cursor_ok(list)) return refuse(ret_why, "the record ends inside its data");
	record.bytes = (struct span){ list->base + start, list->pos - start };
	*ret_record = record;
	return 0;
}

/* ---- what each kind of field allows */

static bool check_d(struct span bytes) { return bytes.len == LOG_LEGACY_DIGEST_LEN || bytes.len == 16; }

/* "sha256:" NUL and as many bytes as the algorithm has. */
static bool check_d_ng(struct span bytes) {
	const u8 *colon = bytes.len ? memchr(bytes.base, ':', bytes.len) : NULL;
	size_t name_len = colon ? (size_t)(colon - bytes.base) : 0;
	unsigned id;

	if (!colon || name_len + 2 > bytes.len || colon[1] != 0) return false;
	if (hash_by_name((const char *)bytes.base, name_len, &id)) return false;
	return bytes.len - name_len - 2 == hash_len(id);
}

static bool check_d_ngv2(struct span bytes) {
	static const char *const types[] = { "ima:", "verity:" };

	for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
		size_t len = strlen(types[i]);

		if (bytes.len > len && memcmp(bytes.base, types[i], len) == 0)
			return check_d_ng((struct span){ bytes.base + len, bytes.len - len });
	}
	return false;
}

static bool check_d_modsig(struct span bytes) { return !bytes.len || check_d_ng(bytes); }

static bool check_name(struct span bytes) {
	return bytes.len && memchr(bytes.base, 0, bytes.len) == bytes.base + bytes.len - 1;
}

static bool check_names(struct span bytes) { return !bytes.len || check_name(bytes); }

static bool check_id(struct span bytes) { return !bytes.len || bytes.len == 4; }

static bool check_mode(struct span bytes) { return !bytes.len || bytes.len == 2; }

static bool check_lengths(struct span bytes) { return bytes.len % 4 == 0; }

bool log_field_check(const char *id, struct span bytes) {
	static const struct {
		const char *id;
		bool (*check)(struct span bytes);
	} checks[] = {
		{ "d", check_d }, { "n", check_name }, { "d-ng", check_d_ng }, { "n-ng", check_name },
		{ "d-ngv2", check_d_ngv2 }, { "d-modsig", check_d_modsig }, { "iuid", check_id }, { "igid", check_id },
		{ "imode", check_mode }, { "xattrnames", check_names }, { "xattrlengths", check_lengths },
	};

	for (size_t i = 0; i < ARRAY_COUNT(checks); i++)
		if (strcmp(checks[i].id, id) == 0) return checks[i].check(bytes);
	return true;
}

static int check_field(const struct template_field *field, struct span bytes, void *template) {
	return template_is_legacy(template) || log_field_check(field->id, bytes) ? 0 : -EBADMSG;
}

bool log_data_check(const struct template *template, struct span data) {
	return data.len <= LOG_DATA_MAX && !template_each(template, data, check_field, (void *)(uintptr_t)template);
}

int log_record_template(const struct log_record *record, struct log_template *ret_template, const char **ret_why) {
	const char *name = (const char *)record->name.base;
	const struct template *known = template_find(name, record->name.len);
	struct template_layout layout;

	/* A known template's format as a name means the custom encoding, which for "d|n" is not the older one. */
	if (known && strlen(known->name) == record->name.len && memcmp(known->name, name, record->name.len) == 0) {
		ret_template->template = *known;
	} else if (template_layout(name, record->name.len, &layout) == 0) {
		memcpy(ret_template->format, name, record->name.len);
		ret_template->format[record->name.len] = 0;
		ret_template->template = (struct template){ "", ret_template->format, template_show_fields };
	} else {
		*ret_why = "the template is not known";
		return -ENOENT;
	}
	if (!log_data_check(&ret_template->template, record->data))
		return refuse(ret_why, "the data does not fit the template");
	return 0;
}

bool log_record_is_violation(const struct log_record *record) {
	for (size_t i = 0; i < record->digest.len; i++)
		if (record->digest.base[i]) return false;
	return true;
}

int log_record_digest(const struct log_record *record, const struct log_template *template, unsigned hash_id,
		      u8 *ret_bytes) {
	return template_digest(&template->template, hash_id, record->data, ret_bytes);
}

int log_chain_extend(unsigned hash_id, u8 *value, const u8 *digest, bool violation) {
	size_t len = hash_len(hash_id);
	u8 ones[HASH_MAX_LEN];
	struct hash_ctx ctx;

	TRY(hash_init(&ctx, hash_id));
	memset(ones, 0xff, sizeof(ones));
	hash_update(&ctx, value, len);
	hash_update(&ctx, violation ? ones : digest, len);
	hash_final(&ctx, value);
	return 0;
}
