/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_cursor.c - the bounded reader and writer: values, ends, sticky failure.
 *
 * Bytes stand in heap blocks of their exact size, so that ASan sees one byte too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/base/cursor.h"
#include "kernel/base/err.h"

static const u8 bytes16[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
				0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };

static u8 *exact(size_t len)
{
	u8 *b = malloc(len);

	assert_non_null(b);
	memcpy(b, bytes16, len);
	return b;
}

static u64 read_le64(struct cursor *c)
{
	return cursor_le64(c);
}

static u64 read_le32(struct cursor *c)
{
	return cursor_le32(c);
}

static u64 read_be32(struct cursor *c)
{
	return cursor_be32(c);
}

static u64 read_le16(struct cursor *c)
{
	return cursor_le16(c);
}

static u64 read_be16(struct cursor *c)
{
	return cursor_be16(c);
}

static u64 read_u8(struct cursor *c)
{
	return cursor_u8(c);
}

static const struct {
	u64 (*read)(struct cursor *c);
	size_t len;
	u64 value;
} readers[] = {
	{ read_u8, 1, 0x01 },
	{ read_le16, 2, 0x2301 },
	{ read_be16, 2, 0x0123 },
	{ read_le32, 4, 0x67452301 },
	{ read_be32, 4, 0x01234567 },
	{ read_le64, 8, 0xefcdab8967452301 },
};

static void cursor_values_at_each_length(void **state)
{
	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(readers); i++) {
		for (size_t len = 1; len <= readers[i].len + 1; len++) {
			u8 *b = exact(len);
			struct cursor c = cursor_init(b, len);
			u64 value = readers[i].read(&c);

			assert_int_equal(value, len < readers[i].len ? 0 : readers[i].value);
			assert_int_equal(cursor_ok(&c), len >= readers[i].len);
			assert_int_equal(cursor_at_end(&c), len == readers[i].len);
			free(b);
		}
	}
}

static void cursor_failure_is_sticky(void **state)
{
	struct cursor c = cursor_init(bytes16, 4);
	u8 out[2] = { 9, 9 };

	(void)state; /* none */
	assert_int_equal(cursor_le64(&c), 0);
	assert_false(cursor_ok(&c));
	assert_int_equal(cursor_left(&c), 0);
	assert_false(cursor_at_end(&c));
	assert_int_equal(cursor_u8(&c), 0);
	assert_null(cursor_take(&c, 0).base);
	assert_int_equal(cursor_get_bytes(&c, out, 1), -EBADMSG);
	assert_int_equal(out[0], 9);
	cursor_seek(&c, 0);
	assert_false(cursor_ok(&c));
	struct cursor sub = cursor_sub(&c, 0);
	assert_false(cursor_ok(&sub));
}

static void cursor_absurd_lengths_do_not_wrap(void **state)
{
	static const size_t lens[] = { 17, SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1 };
	struct span s = { bytes16, 3 };

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(lens); i++) {
		struct cursor c = cursor_init(bytes16, 16);

		cursor_skip(&c, 1);
		cursor_skip(&c, lens[i]);
		assert_false(cursor_ok(&c));
		c = cursor_init(bytes16, 16);
		cursor_seek(&c, lens[i]);
		assert_false(cursor_ok(&c));
		c = cursor_init(bytes16, 16);
		assert_int_equal(cursor_slice(&c, 1, lens[i], &s), -EBADMSG);
		assert_int_equal(cursor_slice(&c, lens[i], 1, &s), -EBADMSG);
		assert_int_equal(s.len, 3);
	}
}

static void cursor_seek_take_and_sub_move_as_said(void **state)
{
	struct cursor c = cursor_init(bytes16, 16);
	struct cursor sub;
	struct span s;

	(void)state; /* none */
	cursor_seek(&c, 8);
	s = cursor_take(&c, 4);
	assert_ptr_equal(s.base, bytes16 + 8);
	assert_int_equal(cursor_left(&c), 4);
	cursor_seek(&c, 0);
	sub = cursor_sub(&c, 2);
	assert_int_equal(cursor_be16(&sub), 0x0123);
	assert_true(cursor_at_end(&sub));
	assert_int_equal(cursor_u8(&sub), 0);
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_u8(&c), 0x45);
	assert_int_equal(cursor_slice(&c, 14, 2, &s), 0);
	assert_ptr_equal(s.base, bytes16 + 14);
	assert_int_equal(cursor_slice(&c, 16, 0, &s), 0);
	assert_int_equal(s.len, 0);
	cursor_fail(&c);
	assert_false(cursor_ok(&c));
}

static void cursor_without_bytes_is_empty(void **state)
{
	struct cursor c = cursor_init(NULL, 100);

	(void)state; /* none */
	assert_true(cursor_at_end(&c));
	assert_int_equal(cursor_u8(&c), 0);
	assert_false(cursor_ok(&c));
}

static void writer_forms_and_overflow(void **state)
{
	static const u8 want[] = { 0x11, 0x22, 0x11, 0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55, 0x44,
				   0x33, 0x22, 0x11, 0x11, 0x22, 0x11, 0x22, 0x33, 0x44, 'h', 'i' };

	(void)state; /* none */
	for (size_t cap = 0; cap <= sizeof(want); cap++) {
		u8 *b = malloc(cap + 1);
		struct writer w = writer_init(b, cap);

		assert_non_null(b);
		writer_u8(&w, 0x11);
		writer_le16(&w, 0x1122);
		writer_le32(&w, 0x11223344);
		writer_le64(&w, 0x1122334455667788);
		writer_be16(&w, 0x1122);
		writer_be32(&w, 0x11223344);
		writer_bytes(&w, "hi", 2);
		assert_int_equal(writer_ok(&w), cap == sizeof(want));
		assert_true(w.len <= cap);
		assert_memory_equal(b, want, w.len);
		writer_bytes(&w, NULL, SIZE_MAX);
		assert_false(writer_ok(&w));
		free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cursor_values_at_each_length),
		cmocka_unit_test(cursor_failure_is_sticky),
		cmocka_unit_test(cursor_absurd_lengths_do_not_wrap),
		cmocka_unit_test(cursor_seek_take_and_sub_move_as_said),
		cmocka_unit_test(cursor_without_bytes_is_empty),
		cmocka_unit_test(writer_forms_and_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
