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
	static const u8 lead[] = { 0x00, 0xc0, 0xe0, 0xf0 };
	unsigned more = ch < 0x80 ? 0 : ch < 0x800 ? 1 : ch < 0x10000 ? 2 : 3; /* bytes after the first */

	writer_u8(w, (u8)(lead[more] | ch >> 6 * more));
	while (more--) writer_u8(w, (u8)(0x80 | (ch >> 6 * more & 0x3f)));
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
