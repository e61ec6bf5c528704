/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_mem.c - kernel/base/mem.c against the host's C library.
 *
 * The functions are compiled here under other names, since the host has its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define memcpy base_memcpy
#define memmove base_memmove
#define memset base_memset
#define memcmp base_memcmp
#define memchr base_memchr
#define strlen base_strlen
#define strnlen base_strnlen
#define strcmp base_strcmp
#define strncmp base_strncmp
#define strchr base_strchr
#define strrchr base_strrchr
#define strstr base_strstr
#include "kernel/base/mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr

#define SPAN 96

static void fill(u8 *b)
{
	for (size_t i = 0; i < SPAN; i++)
		b[i] = (u8)(i * 7 + 1);
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void memcpy_every_offset_and_length_matches(void **state)
{
	u8 src[SPAN], want[SPAN], got[SPAN];

	(void)state; /* none */
	fill(src);
	for (size_t to = 0; to < 9; to++) {
		for (size_t from = 0; from < 9; from++) {
			for (size_t len = 0; len < SPAN - 9; len++) {
				memset(want, 0xee, SPAN);
				memset(got, 0xee, SPAN);
				memcpy(want + to, src + from, len);
				assert_ptr_equal(base_memcpy(got + to, src + from, len), got + to);
				assert_memory_equal(want, got, SPAN);
			}
		}
	}
}

static void memmove_every_overlap_matches(void **state)
{
	u8 want[SPAN], got[SPAN];

	(void)state; /* none */
	for (size_t to = 0; to < 40; to++) {
		for (size_t from = 0; from < 40; from++) {
			for (size_t len = 0; len < SPAN - 40; len++) {
				fill(want);
				fill(got);
				memmove(want + to, want + from, len);
				assert_ptr_equal(base_memmove(got + to, got + from, len), got + to);
				assert_memory_equal(want, got, SPAN);
			}
		}
	}
}

static void memset_every_offset_and_length_matches(void **state)
{
	u8 want[SPAN], got[SPAN];

	(void)state; /* none */
	for (size_t to = 0; to < 9; to++) {
		for (size_t len = 0; len < SPAN - 9; len++) {
			fill(want);
			fill(got);
			memset(want + to, 0x1a5, len);
			assert_ptr_equal(base_memset(got + to, 0x1a5, len), got + to);
			assert_memory_equal(want, got, SPAN);
		}
	}
}

static void memcmp_one_difference_has_the_sign_of_unsigned_bytes(void **state)
{
	u8 a[SPAN], b[SPAN];

	(void)state; /* none */
	for (size_t len = 1; len < 40; len++) {
		for (size_t at = 0; at < len; at++) {
			fill(a);
			fill(b);
			assert_int_equal(base_memcmp(a + 1, b + 1, len), 0);
			b[1 + at] = (u8)(b[1 + at] + 0x80);
			assert_int_equal(sign(base_memcmp(a + 1, b + 1, len)), sign(memcmp(a + 1, b + 1, len)));
			assert_int_equal(base_memcmp(a + 1, b + 1, at), 0);
		}
	}
}

static void searches_find_the_first_or_last(void **state)
{
	const char text[] = "boot/stub.c";

	(void)state; /* none */
	assert_ptr_equal(base_memchr(text, 'o', sizeof(text)), text + 1);
	assert_null(base_memchr(text, 'o', 1));
	assert_ptr_equal(base_memchr(text, 0x100, sizeof(text)), text + 11);
	assert_ptr_equal(base_strchr(text, 't'), text + 3);
	assert_ptr_equal(base_strchr(text, 0), text + 11);
	assert_null(base_strchr(text, 'z'));
	assert_ptr_equal(base_strrchr(text, 't'), text + 6);
	assert_ptr_equal(base_strrchr(text, 0), text + 11);
	assert_null(base_strrchr(text, 'z'));
	assert_ptr_equal(base_strstr(text, "stub"), text + 5);
	assert_ptr_equal(base_strstr(text, ".c"), text + 9);
	assert_ptr_equal(base_strstr(text, ""), text);
	assert_ptr_equal(base_strstr("aab", "ab") ? text : NULL, text);
	assert_null(base_strstr(text, "stubs"));
}

static void lengths_and_comparisons_match(void **state)
{
	static const char *const words[] = { "", "a", "b", "ab", "abc", "abd", "\xff", "a\xff" };

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		assert_int_equal(base_strlen(words[i]), strlen(words[i]));
		for (size_t max = 0; max < 5; max++)
			assert_int_equal(base_strnlen(words[i], max), strnlen(words[i], max));
		for (size_t j = 0; j < ARRAY_COUNT(words); j++) {
			assert_int_equal(sign(base_strcmp(words[i], words[j])), sign(strcmp(words[i], words[j])));
			for (size_t max = 0; max < 5; max++)
				assert_int_equal(sign(base_strncmp(words[i], words[j], max)),
						 sign(strncmp(words[i], words[j], max)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memcpy_every_offset_and_length_matches),
		cmocka_unit_test(memmove_every_overlap_matches),
		cmocka_unit_test(memset_every_offset_and_length_matches),
		cmocka_unit_test(memcmp_one_difference_has_the_sign_of_unsigned_bytes),
		cmocka_unit_test(searches_find_the_first_or_last),
		cmocka_unit_test(lengths_and_comparisons_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
