/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_run_vars.c - the boot entry in a variable store, read back by a walker of the test's own.
 *
 * That OVMF takes the result is shown by the QEMU suite (run with --load-options).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/run_vars.h"

#define AREA_OFF 0x64u
#define STORE_LEN 2048u

static const u8 global[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
				0xaa, 0x0d, 0, 0xe0, 0x98, 3, 0x2b, 0x8c };

/* One variable at off; returns the offset behind it. */
static size_t put(u8 *store, size_t off, u8 state, const char *name, const void *data, size_t len)
{
	size_t name_len = 2 * (strlen(name) + 1);
	u8 *h = store + off;

	memset(h, 0, 60 + name_len + len);
	store_le16(h, 0x55aa);
	h[2] = state;
	store_le32(h + 4, 7);
	store_le32(h + 36, (u32)name_len);
	store_le32(h + 40, (u32)len);
	memcpy(h + 44, global, 16);
	for (size_t i = 0; name[i]; i++)
		h[60 + 2 * i] = (u8)name[i];
	memcpy(h + 60 + name_len, data, len);
	return (off + 60 + name_len + len + 3) & ~(size_t)3;
}

/* Header bytes as in OVMF_VARS.fd; BootOrder, Boot0000, a deleted Boot0000, Lang. */
static u8 *make_store(size_t *ret_free)
{
	static const u8 guid[16] = { 0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
				     0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92 };
	u8 *store = malloc(STORE_LEN);
	size_t off = AREA_OFF;

	memset(store, 0xff, STORE_LEN);
	memset(store, 0, 0x48);
	memcpy(store + 0x28, "_FVH", 4);
	store_le16(store + 0x30, 0x48);
	memcpy(store + 0x48, guid, 16);
	store_le32(store + 0x58, STORE_LEN - 0x48);
	store[0x5c] = 0x5a;
	store[0x5d] = 0xfe;
	memset(store + 0x5e, 0, 6);
	off = put(store, off, 0x3f, "BootOrder", "\5\0", 2);
	off = put(store, off, 0x3c, "Boot0000", "old", 3);
	off = put(store, off, 0x3e, "Boot0000", "entry", 5);
	off = put(store, off, 0x3f, "Lang", "eng", 3);
	*ret_free = off;
	return store;
}

/* The one valid variable of this name; asserts that there is one. */
static const u8 *find(const u8 *store, const char *name, size_t *ret_len)
{
	const u8 *found = NULL;
	size_t off = AREA_OFF;

	while (load_le16(store + off) == 0x55aa) {
		const u8 *h = store + off;
		size_t name_len = load_le32(h + 36), len = load_le32(h + 40);
		bool same = name_len == 2 * (strlen(name) + 1);

		for (size_t i = 0; same && name[i]; i++)
			same = h[60 + 2 * i] == (u8)name[i];
		if (same && (h[2] == 0x3f || h[2] == 0x3e)) {
			assert_null(found);
			found = h + 60 + name_len;
			*ret_len = len;
		}
		off = (off + 60 + name_len + len + 3) & ~(size_t)3;
	}
	assert_non_null(found);
	return found;
}

static void vars_set_boot_replaces_order_and_entry(void **state)
{
	static const u8 options[] = "a\0 \0\xfc\0\x3d\xd8\0\xde\0"; /* "a ü😀" and its NUL */
	const char *why;
	size_t free_off, len;
	u8 *store = make_store(&free_off);
	const u8 *data;

	(void)state; /* none */
	assert_int_equal(vars_set_boot(store, STORE_LEN, "a \xc3\xbc\xf0\x9f\x98\x80", &why), 0);
	data = find(store, "BootOrder", &len);
	assert_int_equal(len, 2);
	assert_int_equal(load_le16(data), 0);
	data = find(store, "Boot0000", &len);
	assert_int_equal(load_le32(data), 1);
	assert_memory_equal(data + 6, "A\0s\0s\0a\0y\0\0\0", 12);
	assert_memory_equal(data + 18, "\2\1\x0c\0\xd0\x41\x03\x0a", 8);
	assert_int_equal(len, 18 + load_le16(data + 4) + 12);
	assert_memory_equal(data + 18 + load_le16(data + 4) - 4, "\x7f\xff\4\0", 4);
	assert_memory_equal(data + len - 12, options, 12);
	data = find(store, "Lang", &len);
	assert_memory_equal(data, "eng", 3);
	free(store);
}

static void vars_set_boot_spoiled_stores_are_refused_untouched(void **state)
{
	static const struct { size_t off; u32 value; } cases[] = {
		{ 0x28, 0 }, { 0x30, 0xffff }, { 0x48, 0 }, { 0x58, STORE_LEN }, { 0x58, 10 },
		{ 0x5c, 0xfe00 }, { 0x5c, 0 },
		{ AREA_OFF + 36, 0xffffffff }, { AREA_OFF + 40, 0xffffffff }, { AREA_OFF, 0x12345678 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const char *why = NULL;
		size_t free_off;
		u8 *store = make_store(&free_off), *before = malloc(STORE_LEN);

		store_le32(store + cases[i].off, cases[i].value);
		memcpy(before, store, STORE_LEN);
		assert_int_equal(vars_set_boot(store, STORE_LEN, "x", &why), -EBADMSG);
		assert_non_null(why);
		assert_memory_equal(store, before, STORE_LEN);
		free(before);
		free(store);
	}
}

static void vars_set_boot_cut_at_every_byte(void **state)
{
	size_t free_off;
	u8 *store = make_store(&free_off);

	(void)state; /* none */
	for (size_t len = 0; len < STORE_LEN; len++) {
		u8 *cut = malloc(len ? len : 1);
		const char *why;

		memcpy(cut, store, len);
		assert_int_equal(vars_set_boot(cut, len, "x", &why), -EBADMSG);
		free(cut);
	}
	free(store);
}

static void vars_set_boot_needs_room_and_text(void **state)
{
	size_t free_off;
	u8 *store = make_store(&free_off);
	u8 *before = malloc(STORE_LEN);
	char longest[VARS_OPTIONS_MAX + 2] = "";
	const char *why;

	(void)state; /* none */
	memcpy(before, store, STORE_LEN);
	memset(longest, 'x', VARS_OPTIONS_MAX);
	assert_int_equal(vars_set_boot(store, STORE_LEN, longest, &why), -ENOSPC);
	longest[VARS_OPTIONS_MAX] = 'x';
	assert_int_equal(vars_set_boot(store, STORE_LEN, longest, &why), -E2BIG);
	assert_string_equal(why, "the load options are too long");
	assert_int_equal(vars_set_boot(store, STORE_LEN, "\xff", &why), -EILSEQ);
	assert_string_equal(why, "the load options are not UTF-8");
	assert_memory_equal(store, before, STORE_LEN);
	free(before);
	free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vars_set_boot_replaces_order_and_entry),
		cmocka_unit_test(vars_set_boot_spoiled_stores_are_refused_untouched),
		cmocka_unit_test(vars_set_boot_cut_at_every_byte),
		cmocka_unit_test(vars_set_boot_needs_room_and_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
