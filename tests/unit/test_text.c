/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_text.c - kernel/base/text.c against the C library's snprintf, and its numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/base/err.h"
#include "kernel/base/text.h"

/* The same format and arguments through both; equal text and equal length, at every buffer size. */
#define CHECK_SAME(...)                                                                     \
	do {                                                                                \
		char want[256], got[256];                                                   \
		size_t want_len = (size_t)snprintf(want, sizeof(want), __VA_ARGS__);        \
		for (size_t cap = 1; cap <= want_len + 2; cap++) {                          \
			memset(got, 'Z', sizeof(got));                                      \
			assert_int_equal(text_format(got, cap, __VA_ARGS__), want_len);     \
			snprintf(want, cap, __VA_ARGS__);                                   \
			assert_string_equal(got, want);                                     \
			assert_int_equal(got[cap], 'Z');                                    \
		}                                                                           \
	} while (0)

static void text_format_integers_match_snprintf(void **state)
{
	static const long long values[] = { 0, 1, -1, 9, 10, 255, 256, -128, 127, 32767, -32768, 65536, 2147483647,
					    -2147483647 - 1, 4294967295, 0x7fffffffffffffff, -0x7fffffffffffffff - 1 };

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
		long long v = values[i];

		CHECK_SAME("%d %i", (int)v, (int)v);
		CHECK_SAME("%u %x %X", (unsigned)v, (unsigned)v, (unsigned)v);
		CHECK_SAME("%ld %lld %zd", (long)v, v, (ssize_t)v);
		CHECK_SAME("%lu %llx %zu %lX", (unsigned long)v, (unsigned long long)v, (size_t)v, (unsigned long)v);
		CHECK_SAME("%hd %hu %hx", (short)v, (unsigned short)v, (unsigned short)v);
		CHECK_SAME("%hhd %hhu %hhx", (signed char)v, (unsigned char)v, (unsigned char)v);
		CHECK_SAME("[%8d] [%-8d] [%08d] [%.5d]", (int)v, (int)v, (int)v, (int)v);
		CHECK_SAME("[%*d] [%-*x] [%.*d] [%10.4x]", 12, (int)v, 12, (unsigned)v, 3, (int)v, (unsigned)v);
		CHECK_SAME("[%*d] [%.*d] [%.0d] [%03u]", -6, (int)v, -1, (int)v, (int)v, (unsigned)v);
		CHECK_SAME("[%016llx] [%20lld]", (unsigned long long)v, v);
	}
}

static void text_format_strings_match_snprintf(void **state)
{
	const char unterminated[3] = { 'a', 'b', 'c' };
	void *pointer = state;

	CHECK_SAME("plain");
	CHECK_SAME("%s|%s", "", "text");
	CHECK_SAME("[%10s] [%-10s] [%.2s] [%5.1s] [%-*s]", "abc", "abc", "abc", "abc", 6, "abc");
	CHECK_SAME("%.*s", 3, unterminated);
	CHECK_SAME("%c%c [%3c] [%-3c]", 'x', 'y', 'z', 'w');
	CHECK_SAME("100%% %s", "sure");
	CHECK_SAME("%p", pointer);
	CHECK_SAME("[%20p] [%-20p]", pointer, pointer);
}

static void text_format_null_string_is_named(void **state)
{
	char buf[16];
	const char *volatile none = NULL;

	(void)state; /* none */
	assert_int_equal(text_format(buf, sizeof(buf), "%s", none), 6);
	assert_string_equal(buf, "(null)");
}

static void text_format_no_buffer_counts_only(void **state)
{
	(void)state; /* none */
	assert_int_equal(text_format(NULL, 0, "%d-%s", 12, "ab"), 5);
}

static void text_format_unknown_letter_writes_nothing_through_arguments(void **state)
{
	char buf[32];
	const char *volatile format = "a%na%"; /* not a literal: the compiler would refuse it */
	int target = 7;

	(void)state; /* none */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	text_format(buf, sizeof(buf), format, &target);
#pragma GCC diagnostic pop
	assert_string_equal(buf, "ana");
	assert_int_equal(target, 7);
}

static void text_printable_replaces_and_cuts(void **state)
{
	char buf[6];

	(void)state; /* none */
	text_printable(buf, sizeof(buf), "a\n\x7f\0~", 5);
	assert_string_equal(buf, "a???~");
	text_printable(buf, sizeof(buf), "abcdef", 6);
	assert_string_equal(buf, "ab...");
	text_printable(buf, 3, "\xff\xff\xff", 3);
	assert_string_equal(buf, "??");
	text_printable(buf, sizeof(buf), NULL, 0);
	assert_string_equal(buf, "");
}

static void text_copy_reports_truncation(void **state)
{
	char buf[4] = "zzz";

	(void)state; /* none */
	assert_true(text_copy(buf, sizeof(buf), "abc"));
	assert_string_equal(buf, "abc");
	assert_false(text_copy(buf, sizeof(buf), "abcd"));
	assert_string_equal(buf, "abc");
	assert_false(text_copy(buf, 0, ""));
	assert_true(text_copy(buf, 1, ""));
	assert_string_equal(buf, "");
}

static void text_hex_writes_lower_case(void **state)
{
	char buf[9];

	(void)state; /* none */
	text_hex(buf, "\x00\x9f\xAB\xff", 4);
	assert_string_equal(buf, "009fabff");
	text_hex(buf, "", 0);
	assert_string_equal(buf, "");
}

struct number_case {
	const char *text;
	unsigned base;
	u64 max;
	int result;
	u64 value;
};

static void text_to_u64_numbers(void **state)
{
	static const struct number_case cases[] = {
		{ "0", 10, 9, 0, 0 },
		{ "18446744073709551615", 10, UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", 10, UINT64_MAX, -ERANGE, 0 },
		{ "ffffffffffffffff", 16, UINT64_MAX, 0, UINT64_MAX },
		{ "10000000000000000", 16, UINT64_MAX, -ERANGE, 0 },
		{ "0000000000000000000001", 16, UINT64_MAX, 0, 1 },
		{ "10", 10, 9, -ERANGE, 0 },
		{ "9", 10, 9, 0, 9 },
		{ "", 10, 9, -EINVAL, 0 },
		{ "-1", 10, 9, -EINVAL, 0 },
		{ "+1", 10, 9, -EINVAL, 0 },
		{ " 1", 10, 9, -EINVAL, 0 },
		{ "1 ", 10, 9, -EINVAL, 0 },
		{ "1a", 10, 99, -EINVAL, 0 },
		{ "aF", 16, 255, 0, 0xaf },
		{ "0x10", 0, 99, 0, 16 },
		{ "0X1f", 0, 99, 0, 31 },
		{ "0x", 0, 99, -EINVAL, 0 },
		{ "0x", 16, 99, -EINVAL, 0 },
		{ "10", 0, 99, 0, 10 },
		{ "010", 0, 99, 0, 10 },
		{ "99999999999999999999z", 10, 9, -EINVAL, 0 },
		{ "g", 16, 99, -EINVAL, 0 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		u64 value = 77;

		assert_int_equal(text_to_u64(cases[i].text, strlen(cases[i].text), cases[i].base, cases[i].max, &value),
				 cases[i].result);
		assert_int_equal(value, cases[i].result ? 77 : cases[i].value);
	}
}

static void text_has_control_bytes(void **state)
{
	(void)state; /* none */
	for (unsigned c = 0; c < 256; c++) {
		u8 b = (u8)c;

		assert_int_equal(text_has_control(&b, 1), c < 0x20 || c == 0x7f);
	}
	assert_false(text_has_control("abc\n", 3));
	assert_true(text_has_control("abc\n", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_format_integers_match_snprintf),
		cmocka_unit_test(text_format_strings_match_snprintf),
		cmocka_unit_test(text_format_null_string_is_named),
		cmocka_unit_test(text_format_no_buffer_counts_only),
		cmocka_unit_test(text_format_unknown_letter_writes_nothing_through_arguments),
		cmocka_unit_test(text_printable_replaces_and_cuts),
		cmocka_unit_test(text_copy_reports_truncation),
		cmocka_unit_test(text_hex_writes_lower_case),
		cmocka_unit_test(text_to_u64_numbers),
		cmocka_unit_test(text_has_control_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
