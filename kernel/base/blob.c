/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/blob.c - see blob.h. len <= cap always; the memory is doubled when it is full.
 */
#include "kernel/base/blob.h"

u8 *blob_room(struct blob *blob, size_t len) {
	size_t cap = blob->cap ? blob->cap : 256;
	u8 *bigger;

	if (blob->failed) return NULL;
	if (len > blob->cap - blob->len) {
		while (cap - blob->len < len && cap <= SIZE_MAX / 2) cap *= 2;
		bigger = cap - blob->len >= len ? port_alloc(cap) : NULL;
		blob->failed = !bigger;
		if (!bigger) return NULL;
		if (blob->len) memcpy(bigger, blob->base, blob->len);
		port_free(blob->base);
		blob->base = bigger;
		blob->cap = cap;
	}
	blob->len += len;
	return blob->base + blob->len - len;
}

void blob_bytes(struct blob *blob, const void *bytes, size_t len) {
	u8 *room = len ? blob_room(blob, len) : NULL;

	if (room) memcpy(room, bytes, len);
}

void blob_le32(struct blob *blob, u32 value) {
	u8 raw[4];

	store_le32(raw, value);
	blob_bytes(blob, raw, sizeof(raw));
}

void blob_text(struct blob *blob, const char *text) { blob_bytes(blob, text, strlen(text)); }

void blob_hex(struct blob *blob, const void *bytes, size_t len) {
	u8 *room = len <= SIZE_MAX / 4 ? blob_room(blob, 2 * len + 1) : NULL;

	if (!room) return;
	text_hex((char *)room, bytes, len);
	blob->len--; /* text_hex's NUL */
}

void blob_format(struct blob *blob, const char *format, ...) {
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	size_t len = text_vformat(NULL, 0, format, args);
	u8 *room = blob_room(blob, len + 1);

	if (room) {
		text_vformat((char *)room, len + 1, format, again);
		blob->len--; /* its NUL */
	}
	va_end(again);
	va_end(args);
}

int blob_status(const struct blob *blob) { return blob->failed ? -ENOMEM : 0; }

void blob_reset(struct blob *blob) {
	blob->len = 0;
	blob->failed = false;
}

void blob_done(struct blob *blob) {
	port_free(blob->base);
	*blob = (struct blob){ 0 };
}
