/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/elf.c */
/*
 * tests/unit/test_elf.c - ELF headers: what is accepted, and each rule's refusal.
 *
 * The good file is this test's own program; hostile ones are made from a small image by changing one thing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/base/err.h"
#include "kernel/elf.h"

#define PT_LOAD 1u
#define PT_INTERP 3u
#define PT_PHDR 6u
#define PT_GNU_STACK 0x6474e551u
#define FILE_LEN 0x3000u
#define PHDR(i) (ELF_HEADER_LEN + (i) * ELF_PHDR_LEN)

struct image {
	u8 bytes[FILE_LEN];
	u32 phdr_count;
};

static const char *why;
static struct elf_plan plan;

static void put_phdr(struct image *image, u32 type, u32 flags, u64 off, u64 addr, u64 file_len, u64 mem_len)
{
	u8 *p = image->bytes + ELF_HEADER_LEN + image->phdr_count++ * ELF_PHDR_LEN;

	store_le32(p, type);
	store_le32(p + 4, flags);
	store_le64(p + 8, off);
	store_le64(p + 16, addr);
	store_le64(p + 24, addr);
	store_le64(p + 32, file_len);
	store_le64(p + 40, mem_len);
	store_le64(p + 48, 0x1000);
	store_le16(image->bytes + 56, (u16)image->phdr_count);
}

/* ET_EXEC, code at 0x400000 with the headers, data at 0x402000 with zeroed memory behind. */
static struct image *good_image(void)
{
	static struct image image;
	u8 *h = image.bytes;

	memset(&image, 0, sizeof(image));
	memcpy(h, "\177ELF\2\1\1", 7);
	store_le16(h + 16, 2);
	store_le16(h + 18, 62);
	store_le32(h + 20, 1);
	store_le64(h + 24, 0x400200);
	store_le64(h + 32, ELF_HEADER_LEN);
	store_le16(h + 52, ELF_HEADER_LEN);
	store_le16(h + 54, ELF_PHDR_LEN);
	put_phdr(&image, PT_LOAD, ELF_PF_R | ELF_PF_X, 0, 0x400000, 0x1000, 0x1000);
	put_phdr(&image, PT_LOAD, ELF_PF_R | ELF_PF_W, 0x2010, 0x402010, 0x100, 0x3000);
	return &image;
}

/* Parses from blocks of exact size, so that ASan sees one byte too many. 0 or -ENOEXEC, with why. */
static int parse(const u8 *bytes, size_t have, u64 file_len)
{
	size_t head_len = have < ELF_HEADER_LEN ? have : ELF_HEADER_LEN;
	u8 *head = malloc(head_len ? head_len : 1);

	memcpy(head, bytes, head_len);
	why = elf_parse_header((struct span){ head, head_len }, file_len, &plan);
	free(head);
	if (why)
		return -ENOEXEC;
	size_t len = (size_t)plan.phdr_count * ELF_PHDR_LEN;

	if (plan.phdr_off > have || have - plan.phdr_off < len)
		len = plan.phdr_off > have ? 0 : have - plan.phdr_off;
	u8 *phdrs = malloc(len ? len : 1);

	memcpy(phdrs, bytes + (plan.phdr_off > have ? 0 : plan.phdr_off), len);
	why = elf_parse_segments(&plan, (struct span){ phdrs, len }, file_len);
	free(phdrs);
	return why ? -ENOEXEC : 0;
}

static void assert_refused(const struct image *image, const char *part)
{
	static const struct elf_plan none;

	assert_int_equal(parse(image->bytes, FILE_LEN, FILE_LEN), -ENOEXEC);
	if (!strstr(why, part))
		fail_msg("refused for another reason: %s", why);
	assert_memory_equal(&plan, &none, sizeof(plan));
}

/* The good image with the len bytes at that place made value, little-endian. */
static void assert_change_refused(size_t at, size_t len, u64 value, const char *part)
{
	struct image *image = good_image();
	u8 bytes[8];

	store_le64(bytes, value);
	memcpy(image->bytes + at, bytes, len);
	assert_refused(image, part);
}

static void elf_small_static_program_gives_its_plan(void **state)
{
	(void)state;
	const struct image *image = good_image();

	assert_int_equal(parse(image->bytes, FILE_LEN, FILE_LEN), 0);
	assert_false(plan.position_independent);
	assert_int_equal(plan.entry, 0x400200);
	assert_int_equal(plan.segment_count, 2);
	assert_int_equal(plan.phdr_addr, 0x400000 + ELF_HEADER_LEN);
	assert_int_equal(plan.phdr_count, 2);
	assert_int_equal(plan.start, 0x400000);
	assert_int_equal(plan.end, 0x406000);
	assert_int_equal(plan.segments[1].mem_len, 0x3000);
}

/* A linker's work: with its PT_INTERP it is refused, without it the rest of the headers is a good plan. */
static void elf_this_program_is_a_pie_once_it_names_no_interpreter(void **state)
{
	(void)state;
	FILE *f = fopen("/proc/self/exe", "rb");
	static u8 bytes[1 << 16];

	assert_non_null(f);
	size_t have = fread(bytes, 1, sizeof(bytes), f);

	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	u64 len = (u64)ftell(f);

	fclose(f);
	assert_int_equal(parse(bytes, have, len), -ENOEXEC);
	assert_non_null(strstr(why, "dynamically linked"));
	for (u8 *p = bytes + load_le64(bytes + 32); load_le32(p) != 1; p += ELF_PHDR_LEN)
		if (load_le32(p) == PT_INTERP)
			store_le32(p, 0);
	assert_int_equal(parse(bytes, have, len), 0);
	assert_true(plan.position_independent);
	assert_true(plan.segment_count >= 2);
	assert_int_equal(plan.phdr_addr, load_le64(bytes + 32));
}

static void elf_cut_at_every_byte_is_refused(void **state)
{
	(void)state;
	const struct image *image = good_image();

	for (size_t len = 0; len < ELF_HEADER_LEN + 2 * ELF_PHDR_LEN; len++)
		assert_int_equal(parse(image->bytes, len, len), -ENOEXEC);
	/* A file that ends in a segment. */
	assert_int_equal(parse(image->bytes, 0x210f, 0x210f), -ENOEXEC);
	assert_int_equal(parse(image->bytes, 0x2110, 0x2110), 0);
}

static void elf_every_byte_of_the_headers_changed_never_yields_a_bad_plan(void **state)
{
	(void)state;
	for (size_t at = 0; at < ELF_HEADER_LEN + 2 * ELF_PHDR_LEN; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct image *image = good_image();

			image->bytes[at] ^= (u8)(1u << bit);
			if (parse(image->bytes, FILE_LEN, FILE_LEN) != 0)
				continue;
			for (u32 i = 0; i < plan.segment_count; i++) {
				const struct elf_phdr *s = &plan.segments[i];

				assert_true(s->file_off + s->file_len <= FILE_LEN);
				assert_true(s->file_len <= s->mem_len);
				assert_true(s->addr + s->mem_len <= 0x7ffffffff000);
				assert_int_not_equal(s->flags & (ELF_PF_W | ELF_PF_X), ELF_PF_W | ELF_PF_X);
			}
		}
	}
}

static void elf_wrong_identity_is_refused(void **state)
{
	(void)state;
	assert_change_refused(0, 1, 0, "not an ELF file");
	assert_change_refused(4, 1, 1, "64-bit");
	assert_change_refused(18, 2, 3, "x86-64");
	assert_change_refused(16, 2, 1, "not a program");
	assert_change_refused(54, 2, 32, "wrong size");
	assert_change_refused(56, 2, 65535, "more than 64");
	assert_change_refused(56, 2, 0, "no program headers");
	assert_change_refused(32, 8, ~0ull - 20, "beyond its end");
}

static void elf_segment_outside_the_file_is_refused(void **state)
{
	(void)state;
	assert_change_refused(PHDR(1) + 32, 8, 0x1000, "beyond its end");
	assert_change_refused(PHDR(1) + 8, 8, ~0ull - 0xfef, "beyond its end");
	assert_change_refused(PHDR(1) + 40, 8, 0x10, "more bytes in the file");
}

static void elf_segment_with_absurd_address_is_refused(void **state)
{
	(void)state;
	assert_change_refused(PHDR(1) + 40, 8, ~0ull - 0x402010, "outside the addresses");
	assert_change_refused(PHDR(1) + 16, 8, 0xffffffff80002010, "outside the addresses");
	assert_change_refused(PHDR(0) + 16, 8, 0, "outside the addresses");
	assert_change_refused(PHDR(1) + 16, 8, 0x402020, "disagree within the page");
	assert_change_refused(PHDR(1) + 48, 8, 3, "power of two");
}

static void elf_overlapping_or_unordered_segments_are_refused(void **state)
{
	(void)state;
	struct image *image;

	assert_change_refused(PHDR(1) + 16, 8, 0x400010, "overlap");
	image = good_image();
	put_phdr(image, PT_LOAD, ELF_PF_R, 0x2000, 0x401000, 0x10, 0x10);
	assert_refused(image, "overlap");
	/* The same page, although the bytes do not overlap. */
	image = good_image();
	put_phdr(image, PT_LOAD, ELF_PF_R, 0x20, 0x405020, 0x10, 0x10);
	assert_refused(image, "overlap");
}

static void elf_writable_code_and_executable_stack_are_refused(void **state)
{
	(void)state;
	struct image *image;

	assert_change_refused(PHDR(0) + 4, 4, ELF_PF_R | ELF_PF_W | ELF_PF_X, "writable and executable");
	image = good_image();
	put_phdr(image, PT_GNU_STACK, ELF_PF_R | ELF_PF_W | ELF_PF_X, 0, 0, 0, 0);
	assert_refused(image, "executable stack");
	image = good_image();
	put_phdr(image, PT_GNU_STACK, ELF_PF_R | ELF_PF_W, 0, 0, 0, 0);
	assert_int_equal(parse(image->bytes, FILE_LEN, FILE_LEN), 0);
}

static void elf_entry_outside_executable_bytes_is_refused(void **state)
{
	(void)state;
	static const u64 entries[] = { 0, 0x3fffff, 0x401000, 0x402010, 0xffffffff80000000 };

	for (size_t i = 0; i < ARRAY_COUNT(entries); i++) {
		struct image *image = good_image();

		store_le64(image->bytes + 24, entries[i]);
		assert_refused(image, "entry");
	}
}

static void elf_wrong_header_address_or_nothing_to_load_is_refused(void **state)
{
	(void)state;
	struct image *image = good_image();

	put_phdr(image, PT_PHDR, ELF_PF_R, ELF_HEADER_LEN, 0x400041, 0xa8, 0xa8);
	assert_refused(image, "where they are not");
	image = good_image();
	store_le32(image->bytes + PHDR(0), 4);
	store_le32(image->bytes + PHDR(1), 4);
	assert_refused(image, "nothing to load");
	assert_change_refused(PHDR(0) + 40, 8, 0x2000, "no file bytes fill");
}

static void elf_program_that_names_an_interpreter_is_refused(void **state)
{
	(void)state;
	struct image *image = good_image();

	put_phdr(image, PT_INTERP, ELF_PF_R, 0x2f00, 0, 16, 16);
	assert_refused(image, "dynamically linked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_small_static_program_gives_its_plan),
		cmocka_unit_test(elf_this_program_is_a_pie_once_it_names_no_interpreter),
		cmocka_unit_test(elf_cut_at_every_byte_is_refused),
		cmocka_unit_test(elf_every_byte_of_the_headers_changed_never_yields_a_bad_plan),
		cmocka_unit_test(elf_wrong_identity_is_refused),
		cmocka_unit_test(elf_segment_outside_the_file_is_refused),
		cmocka_unit_test(elf_segment_with_absurd_address_is_refused),
		cmocka_unit_test(elf_overlapping_or_unordered_segments_are_refused),
		cmocka_unit_test(elf_writable_code_and_executable_stack_are_refused),
		cmocka_unit_test(elf_entry_outside_executable_bytes_is_refused),
		cmocka_unit_test(elf_wrong_header_address_or_nothing_to_load_is_refused),
		cmocka_unit_test(elf_program_that_names_an_interpreter_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
