/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_pe.c - finding sections and digest ranges, in right and in spoiled headers.
 *
 * That the digest is the right one is shown in test_pewrite.c, with sbsign as the judge.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/pe.h"
#include "tools/pedigest.h"

#define HEAD 0x80u
#define OPT (HEAD + 24)
#define TABLE (OPT + PE_OPT_LEN)
#define FILE_LEN 0x1000u

/* Headers of 0x400 bytes; .b (6 bytes) at 0x600 and before it in the table, .a (0x200) at 0x400. Loaded equals file. */
static u8 *make(void)
{
	u8 *pe = calloc(1, FILE_LEN);
	static const struct { char name[8]; u32 vsize, vaddr, len, off; } sections[] = {
		{ ".b", 6, 0x600, 0x200, 0x600 },
		{ ".a", 0x200, 0x400, 0x200, 0x400 },
		{ ".empty", 0, 0x800, 0, 0 },
	};

	memcpy(pe, "MZ", 2);
	store_le32(pe + 0x3c, HEAD);
	memcpy(pe + HEAD, "PE\0\0", 4);
	store_le16(pe + HEAD + 6, ARRAY_COUNT(sections));
	store_le16(pe + HEAD + 20, PE_OPT_LEN);
	store_le16(pe + OPT, PE_MAGIC_PLUS);
	store_le32(pe + OPT + 56, FILE_LEN);
	store_le32(pe + OPT + 60, 0x400);
	store_le32(pe + OPT + 108, 16);
	for (size_t i = 0; i < ARRAY_COUNT(sections); i++) {
		u8 *h = pe + TABLE + i * PE_SECTION_HEADER_LEN;

		memcpy(h, sections[i].name, 8);
		store_le32(h + 8, sections[i].vsize);
		store_le32(h + 12, sections[i].vaddr);
		store_le32(h + 16, sections[i].len);
		store_le32(h + 20, sections[i].off);
	}
	return pe;
}

static int open_all(const u8 *bytes, size_t len, enum pe_view view, struct pe *ret_pe)
{
	const char *why = NULL;
	struct pe_optional optional;
	int err = pe_open(bytes, len, view, ret_pe, &why);

	assert_true(err == 0 || (err == -EBADMSG && why != NULL));
	return err ? err : pe_optional(ret_pe, &optional);
}

static void pe_find_gives_the_content_in_both_views(void **state)
{
	(void)state; /* none */
	for (unsigned view = PE_FILE; view <= PE_LOADED; view++) {
		u8 *bytes = make();
		struct span content = { NULL, 7 };
		struct pe pe;

		assert_int_equal(open_all(bytes, FILE_LEN, view, &pe), 0);
		assert_int_equal(pe_find(&pe, ".b", &content), 0);
		assert_ptr_equal(content.base, bytes + 0x600);
		assert_int_equal(content.len, 6);
		content.len = 7;
		assert_int_equal(pe_find(&pe, ".empty", &content), -ENOENT);
		assert_int_equal(pe_find(&pe, ".absent", &content), -ENOENT);
		assert_int_equal(content.len, 7);
		memcpy(bytes + TABLE, ".a\0\0", 4);
		assert_int_equal(pe_find(&pe, ".a", &content), -EBADMSG);
		free(bytes);
	}
}

static void pe_find_in_a_file_refuses_content_that_is_not_there(void **state)
{
	u8 *bytes = make();
	struct span content;
	struct pe pe;

	(void)state; /* none */
	store_le32(bytes + TABLE + 8, 0x201);
	assert_int_equal(open_all(bytes, FILE_LEN, PE_FILE, &pe), 0);
	assert_int_equal(pe_find(&pe, ".b", &content), -EBADMSG);
	free(bytes);
}

struct ranges {
	const u8 *base;
	size_t count;
	struct { size_t off, len; } r[8];
};

static int take_range(void *ctx, struct span range)
{
	struct ranges *r = ctx;

	if (r->count == 8)
		return -EIO;
	r->r[r->count].off = (size_t)(range.base - r->base);
	r->r[r->count++].len = range.len;
	return 0;
}

static void pe_digest_ranges_skip_checksum_entry_and_certificates(void **state)
{
	u8 *bytes = make();
	struct ranges r = { .base = bytes };
	struct pe pe;

	(void)state; /* none */
	store_le32(bytes + OPT + 144, 0xf00);
	store_le32(bytes + OPT + 148, 0x100);
	assert_int_equal(open_all(bytes, FILE_LEN, PE_FILE, &pe), 0);
	assert_int_equal(pe_digest_ranges(&pe, take_range, &r), 0);
	assert_int_equal(r.count, 6);
	assert_int_equal(r.r[0].len, OPT + 64);
	assert_int_equal(r.r[1].off, OPT + 68);
	assert_int_equal(r.r[1].off + r.r[1].len, OPT + 144);
	assert_int_equal(r.r[2].off, OPT + 152);
	assert_int_equal(r.r[2].off + r.r[2].len, 0x400);
	assert_int_equal(r.r[3].off, 0x400); /* by file offset, not by table position */
	assert_int_equal(r.r[4].off, 0x600);
	assert_int_equal(r.r[5].off, 0x800);
	assert_int_equal(r.r[5].len, 0xf00 - 0x800);
	store_le32(bytes + OPT + 148, 0xfff); /* certificates that reach into the sections */
	assert_int_equal(open_all(bytes, FILE_LEN, PE_FILE, &pe), 0);
	assert_int_equal(pe_digest_ranges(&pe, take_range, &(struct ranges){ .base = bytes }), -EBADMSG);
	r.count = 7; /* the callback's error comes back */
	assert_int_equal(pe_digest_ranges(&pe, take_range, &r), -EIO);
	free(bytes);
}

static void pe_open_spoiled_headers_are_refused(void **state)
{
	static const struct { size_t off; u32 value; } cases[] = {
		{ 0, 0 },                     /* MZ */
		{ 0x3c, 0xffffffff },         /* header outside */
		{ 0x3c, FILE_LEN - 2 },
		{ HEAD, 0 },                  /* PE */
		{ HEAD + 4, 0xffff0000 },     /* 65535 sections */
		{ HEAD + 20, 0 },             /* no optional header */
		{ HEAD + 20, 80 },            /* a cut one */
		{ OPT, 0x107 },               /* unknown magic */
		{ OPT + 60, 0x100 },          /* headers shorter than the table */
		{ OPT + 60, FILE_LEN + 1 },
		{ TABLE + 16, 0xffffffff },   /* raw size */
		{ TABLE + 20, 0xfffffff0 },   /* raw offset */
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		u8 *bytes = make();
		struct pe pe;

		store_le32(bytes + cases[i].off, cases[i].value);
		assert_int_equal(open_all(bytes, FILE_LEN, PE_FILE, &pe), -EBADMSG);
		free(bytes);
	}
}

static void pe_open_loaded_section_outside_is_refused(void **state)
{
	u8 *bytes = make();
	struct pe pe;

	(void)state; /* none */
	store_le32(bytes + TABLE + 12, 0xfffffffb); /* 32-bit sum would wrap */
	assert_int_equal(open_all(bytes, FILE_LEN, PE_LOADED, &pe), -EBADMSG);
	store_le32(bytes + TABLE + 12, FILE_LEN - 5);
	assert_int_equal(open_all(bytes, FILE_LEN, PE_LOADED, &pe), -EBADMSG);
	store_le32(bytes + TABLE + 12, FILE_LEN - 6);
	assert_int_equal(open_all(bytes, FILE_LEN, PE_LOADED, &pe), 0);
	free(bytes);
}

static void pe_open_cut_at_every_byte(void **state)
{
	u8 *bytes = make();

	(void)state; /* none */
	for (size_t len = 0; len < 0x800; len++) {
		u8 *cut = malloc(len ? len : 1);
		struct pe pe;

		memcpy(cut, bytes, len);
		assert_int_equal(open_all(cut, len, PE_FILE, &pe), -EBADMSG);
		free(cut);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pe_find_gives_the_content_in_both_views),
		cmocka_unit_test(pe_find_in_a_file_refuses_content_that_is_not_there),
		cmocka_unit_test(pe_digest_ranges_skip_checksum_entry_and_certificates),
		cmocka_unit_test(pe_open_spoiled_headers_are_refused),
		cmocka_unit_test(pe_open_loaded_section_outside_is_refused),
		cmocka_unit_test(pe_open_cut_at_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
