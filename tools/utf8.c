/* SPDX-License-Identifier: Apache-2.0 */
/* tools/utf8.c - checks of bytes as text; relies on the length alone. */
#include "tools/utf8.h"

/* Length of the well-formed sequence at b (RFC 3629 section 4), 0 for none. */
static size_t utf8_sequence(const u8 *b, size_t left) {
	u8 low = 0x80, high = 0xbf;
	size_t len;

	if (b[0] < 0x80) return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4) return 0;
	len = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	if (len > left) return 0;
	if (b[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (b[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (b[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (b[0] == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	if (b[1] < low || b[1] > high) return 0;
	for (size_t i = 2; i < len; i++) {
		if (b[i] < 0x80 || b[i] > 0xbf) return 0;
	}
	return len;
}

bool text_is_utf8(const void *bytes, size_t len) {
	const u8 *b = bytes;

	for (size_t i = 0; i < len;) {
		size_t step = utf8_sequence(b + i, len - i);

		if (!step) return false;
		i += step;
	}
	return true;
}
