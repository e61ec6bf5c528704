/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_utf16.c - load options: every character against iconv, and what is no text.
 */
/* links: boot/utf16.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <iconv.h>

#include "boot/utf16.h"

static int convert(const void *bytes, size_t len, char *ret_text, size_t cap, size_t *ret_len)
{
	u8 *exact = malloc(len ? len : 1);
	int err;

	memcpy(exact, bytes, len);
	err = utf16_to_utf8(exact, len, ret_text, cap, ret_len);
	free(exact);
	return err;
}

static void utf16_every_character_as_iconv_has_it(void **state)
{
	iconv_t to16 = iconv_open("UTF-16LE", "UTF-32LE"), to8 = iconv_open("UTF-8", "UTF-32LE");

	(void)state; /* none */
	for (u32 ch = 0x20; ch < 0x110000; ch += ch < 0x3000 || ch > 0x10fff0 ? 1 : 7) {
		char wide[8] = { 0 }, text[8] = { 0 }, got[16];
		char *in = (char *)&ch, *out = wide;
		size_t in_len = 4, out_len = 4, wide_len, len = 99;

		if ((ch >= 0xd800 && ch < 0xe000) || ch == 0x7f)
			continue;
		assert_int_equal(iconv(to16, &in, &in_len, &out, &out_len), 0);
		wide_len = (size_t)(out - wide) + 2;
		in = (char *)&ch, in_len = 4, out = text, out_len = 4;
		assert_int_equal(iconv(to8, &in, &in_len, &out, &out_len), 0);
		assert_int_equal(convert(wide, wide_len, got, sizeof(got), &len), 0);
		assert_int_equal(len, strlen(text));
		assert_memory_equal(got, text, len);
	}
	(void)iconv_close(to16);
	(void)iconv_close(to8);
}

static void utf16_bytes_that_are_no_text_are_refused(void **state)
{
	static const struct { const char *bytes; size_t len; } cases[] = {
		{ "", 0 }, { "\0", 1 }, { "a", 1 }, { "a\0", 2 }, { "a\0\0", 3 }, { "a\0b\0", 4 },
		{ "a\0\0\0b\0\0\0", 8 },               /* NUL inside */
		{ "\n\0\0\0", 4 }, { "\x1f\0\0\0", 4 }, { "\x7f\0\0\0", 4 }, { "\x1b\0\0\0", 4 },
		{ "\x00\xd8\0\0", 4 },                 /* high surrogate alone */
		{ "\x00\xdc\0\0", 4 },                 /* low surrogate alone */
		{ "\x00\xdc\x00\xd8\0\0", 6 },         /* the wrong way round */
		{ "\x00\xd8\x00\xd8\0\0", 6 },
		{ "\x00\xd8" "a\0\0\0", 6 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char got[16];
		size_t len = 99;

		assert_int_equal(convert(cases[i].bytes, cases[i].len, got, sizeof(got), &len), -EILSEQ);
		assert_int_equal(len, 99);
	}
}

static void utf16_terminating_zeros_are_dropped(void **state)
{
	char got[4];
	size_t len = 99;

	(void)state; /* none */
	assert_int_equal(convert("a\0b\0\0\0\0\0\0\0", 10, got, sizeof(got), &len), 0);
	assert_int_equal(len, 2);
	assert_memory_equal(got, "ab", 2);
	assert_int_equal(convert("\0\0", 2, got, sizeof(got), &len), 0);
	assert_int_equal(len, 0);
}

static void utf16_too_small_buffer_is_an_error(void **state)
{
	char got[3];
	size_t len = 99;

	(void)state; /* none */
	assert_int_equal(convert("\xac\x20\0\0", 4, got, 2, &len), -EOVERFLOW);
	assert_int_equal(convert("\xac\x20\0\0", 4, got, 3, &len), 0);
	assert_memory_equal(got, "\xe2\x82\xac", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf16_every_character_as_iconv_has_it),
		cmocka_unit_test(utf16_bytes_that_are_no_text_are_refused),
		cmocka_unit_test(utf16_terminating_zeros_are_dropped),
		cmocka_unit_test(utf16_too_small_buffer_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
