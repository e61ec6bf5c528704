/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/log_parse.c - see log_parse.h. Every length is checked by the cursor before a byte is looked at.
 */
#include "kernel/integrity/log_parse.h"

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
		ret_template->template = (struct template){ "", ret_template->format };
	} else {
		*ret_why = "the template is not known";
		return -ENOENT;
	}
	if (!template_check(&ret_template->template, record->data))
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
