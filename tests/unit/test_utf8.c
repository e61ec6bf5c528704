/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/test_utf8.c - tools/utf8.c against every code point, and malformed bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/utf8.h"

static size_t encode_utf8(u32 code, u8 b[4])
{
	if (code < 0x80) {
		b[0] = (u8)code;
		return 1;
	}
	if (code < 0x800) {
		b[0] = (u8)(0xc0 | code >> 6);
		b[1] = (u8)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		b[0] = (u8)(0xe0 | code >> 12);
		b[1] = (u8)(0x80 | (code >> 6 & 0x3f));
		b[2] = (u8)(0x80 | (code & 0x3f));
		return 3;
	}
	b[0] = (u8)(0xf0 | code >> 18);
	b[1] = (u8)(0x80 | (code >> 12 & 0x3f));
	b[2] = (u8)(0x80 | (code >> 6 & 0x3f));
	b[3] = (u8)(0x80 | (code & 0x3f));
	return 4;
}

static void text_is_utf8_every_code_point(void **state)
{
	u8 b[4];

	(void)state; /* none */
	for (u32 code = 0; code < 0x120000; code++) {
		size_t len = encode_utf8(code, b);
		bool scalar = code < 0x110000 && (code < 0xd800 || code > 0xdfff);

		if (text_is_utf8(b, len) != scalar)
			fail_msg("U+%04x", code);
		if (len > 1 && text_is_utf8(b, len - 1))
			fail_msg("U+%04x cut", code);
	}
}

static void text_is_utf8_malformed_bytes_refused(void **state)
{
	(void)state; /* none */
	assert_true(text_is_utf8("", 0));
	assert_true(text_is_utf8("a\0b", 3));
	assert_false(text_is_utf8("\x80", 1));
	assert_false(text_is_utf8("\xc0\x80", 2));
	assert_false(text_is_utf8("\xc1\xbf", 2));
	assert_false(text_is_utf8("\xe0\x9f\xbf", 3));
	assert_false(text_is_utf8("\xf0\x8f\xbf\xbf", 4));
	assert_false(text_is_utf8("\xf5\x80\x80\x80", 4));
	assert_false(text_is_utf8("\xff", 1));
	assert_false(text_is_utf8("\xe2\x82g", 3));
	assert_false(text_is_utf8("\xf0\x9f\x98g", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_utf8_every_code_point),
		cmocka_unit_test(text_is_utf8_malformed_bytes_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
