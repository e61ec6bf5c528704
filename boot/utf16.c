/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/utf16.c - UTF-16 (little-endian) to UTF-8.
 */
#include "boot/utf16.h"

#include "kernel/base/cursor.h"

/* One character; the cursor fails at an unpaired surrogate. */
static u32 take_char(struct cursor *c) {
	u32 high = cursor_le16(c);
	u32 low;

	if (high < 0xd800 || high > 0xdfff) return high;
	low = cursor_le16(c);
	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) cursor_fail(c);
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static void put_char(struct writer *w, u32 ch) {
	if (ch < 0x80) {
		writer_u8(w, (u8)ch);
		return;
	}
	if (ch < 0x800) {
		writer_u8(w, (u8)(0xc0 | ch >> 6));
	} else {
		if (ch < 0x10000) {
			writer_u8(w, (u8)(0xe0 | ch >> 12));
		} else {
			writer_u8(w, (u8)(0xf0 | ch >> 18));
			writer_u8(w, (u8)(0x80 | (ch >> 12 & 0x3f)));
		}
		writer_u8(w, (u8)(0x80 | (ch >> 6 & 0x3f)));
	}
	writer_u8(w, (u8)(0x80 | (ch & 0x3f)));
}

int utf16_to_utf8(const void *bytes, size_t len, void *ret_buf, size_t cap, size_t *ret_len) {
	const u8 *b = bytes;
	struct writer w = writer_init(ret_buf, cap);
	struct cursor c;

	if (len < 2 || len % 2 || b[len - 1] || b[len - 2]) return -EILSEQ;
	while (len && !b[len - 1] && !b[len - 2]) len -= 2;
	c = cursor_init(bytes, len);
	while (cursor_left(&c)) {
		u32 ch = take_char(&c);

		if (!cursor_ok(&c) || ch < 0x20 || ch == 0x7f) return -EILSEQ;
		put_char(&w, ch);
	}
	if (!writer_ok(&w)) return -EOVERFLOW;
	*ret_len = w.len;
	return 0;
}
