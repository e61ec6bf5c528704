/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/blob.c - see blob.h. len <= cap always; the memory is doubled when it is full.
 */
#include "kernel/integrity/blob.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"

static bool reserve(struct blob *blob, size_t more)
{
	size_t cap = blob->cap ? blob->cap : 256;
	u8 *bigger;

	if (blob->failed)
		return false;
	if (more <= blob->cap - blob->len)
		return true;
	while (cap - blob->len < more) {
		if (cap > SIZE_MAX / 2) {
			blob->failed = true;
			return false;
		}
		cap *= 2;
	}
	bigger = port_alloc(cap);
	if (!bigger) {
		blob->failed = true;
		return false;
	}
	if (blob->len)
		memcpy(bigger, blob->base, blob->len);
	port_free(blob->base);
	blob->base = bigger;
	blob->cap = cap;
	return true;
}

void blob_bytes(struct blob *blob, const void *bytes, size_t len)
{
	if (!len || !reserve(blob, len))
		return;
	memcpy(blob->base + blob->len, bytes, len);
	blob->len += len;
}

void blob_le32(struct blob *blob, u32 value)
{
	u8 raw[4];

	store_le32(raw, value);
	blob_bytes(blob, raw, sizeof(raw));
}

void blob_text(struct blob *blob, const char *text)
{
	blob_bytes(blob, text, strlen(text));
}

void blob_hex(struct blob *blob, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const u8 *from = bytes;

	if (len > SIZE_MAX / 2 || !reserve(blob, 2 * len))
		return;
	for (size_t i = 0; i < len; i++) {
		blob->base[blob->len++] = (u8)digits[from[i] >> 4];
		blob->base[blob->len++] = (u8)digits[from[i] & 15];
	}
}

void blob_format(struct blob *blob, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	text_vformat(text, sizeof(text), format, args);
	va_end(args);
	blob_text(blob, text);
}

int blob_status(const struct blob *blob)
{
	return blob->failed ? -ENOMEM : 0;
}

void blob_reset(struct blob *blob)
{
	blob->len = 0;
	blob->failed = false;
}

void blob_done(struct blob *blob)
{
	port_free(blob->base);
	*blob = (struct blob){ 0 };
}
