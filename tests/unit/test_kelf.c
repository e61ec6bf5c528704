/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_kelf.c - the kernel's ELF file: what is accepted, how it is laid out, what is refused.
 */
/* links: boot/kelf.c kernel/elf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/bootinfo.h"
#include "boot/kelf.h"
#include "tests/fake/stub_elf.h"

static int parse(const u8 *elf, size_t len, struct elf_plan *ret_plan)
{
	const char *why = NULL;
	int err = kelf_parse((struct span){ elf, len }, ret_plan, &why);

	assert_true(err == 0 || (err == -ENOEXEC && why != NULL));
	return err;
}

static void kelf_place_gives_the_linked_image(void **state)
{
	u8 *elf = kernel_elf(), *memory;
	struct elf_plan k;

	(void)state; /* none */
	assert_int_equal(parse(elf, KERNEL_ELF_LEN, &k), 0);
	assert_int_equal(k.start, KERNEL_BASE);
	assert_int_equal(k.end, KERNEL_BASE + 0x5000);
	assert_int_equal(k.segment_count, 3);
	assert_int_equal(k.segments[0].flags & (ELF_PF_W | ELF_PF_X), ELF_PF_X);
	assert_int_equal(k.segments[1].flags & (ELF_PF_W | ELF_PF_X), 0);
	assert_int_equal(k.segments[2].flags & (ELF_PF_W | ELF_PF_X), ELF_PF_W);
	memory = malloc(0x5000);
	memset(memory, 0x55, 0x5000);
	kelf_place(&k, (struct span){ elf, KERNEL_ELF_LEN }, memory);
	assert_int_equal(memory[0xfff], 0x90);
	assert_memory_equal(memory + 0x1000, "rodata\0", 7);
	assert_int_equal(memory[0x2fef], 0);
	assert_int_equal(memory[0x2ff0], 0xda);
	assert_int_equal(memory[0x2fff], 0xda);
	for (size_t i = 0x3000; i < 0x5000; i++)
		assert_int_equal(memory[i], 0);
	free(memory);
	free(elf);
}

static void kelf_parse_refuses_spoiled_headers(void **state)
{
	static const struct { size_t off; u64 value; size_t len; } cases[] = {
		{ 0, 0, 1 },
		{ 4, 1, 1 },                               /* 32 bits */
		{ 5, 2, 1 },                               /* big-endian */
		{ 16, 3, 2 },                              /* shared object */
		{ 18, 3, 2 },                              /* i386 */
		{ ELF_PHOFF, 0xffffffffffffffff, 8 },
		{ ELF_PHOFF, KERNEL_ELF_LEN - 60, 8 },
		{ 54, 32, 2 },                             /* size of a program header */
		{ ELF_PHNUM, 0xffff, 2 },
		{ ELF_PHNUM, 0, 2 },
		{ ELF_ENTRY, KERNEL_BASE + 0x1000, 8 },    /* not executable */
		{ ELF_ENTRY, KERNEL_BASE - 1, 8 },
		{ ELF_ENTRY, 0, 8 },
		{ 64 + 4, 7, 4 },                          /* writable and executable */
		{ 64 + 8, 0xfffffffffffffff0, 8 },         /* file offset */
		{ 64 + 16, 0x400000, 8 },                  /* low address */
		{ 64 + 16, KERNEL_BASE + 0x1800, 8 },      /* after the next one */
		{ 120 + 16, KERNEL_BASE + 0xf00, 8 },      /* shares a page */
		{ 176 + 16, 0xfffffffffffff000, 8 },       /* far away */
		{ 176 + 16, 0xffffffffffffff00, 8 },       /* wraps */
		{ 64 + 32, 0x1001, 8 },                    /* more in the file than in memory */
		{ 176 + 32, 0x1000, 8 },                   /* more than the file has */
		{ 176 + 40, KELF_LEN_MAX, 8 },
		{ 176 + 40, 0xffffffffffffffff, 8 },
	};

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		u8 *elf = kernel_elf();
		struct elf_plan k;

		memcpy(elf + cases[i].off, &cases[i].value, cases[i].len);
		assert_int_equal(parse(elf, KERNEL_ELF_LEN, &k), -ENOEXEC);
		free(elf);
	}
}

static void kelf_parse_ignores_what_is_not_loaded(void **state)
{
	u8 *elf = kernel_elf();
	struct elf_plan k;

	(void)state; /* none */
	store_le32(elf + 120, 4); /* a note */
	store_le64(elf + 120 + 8, 0xffffffff);
	assert_int_equal(parse(elf, KERNEL_ELF_LEN, &k), 0);
	assert_int_equal(k.segment_count, 2);
	free(elf);
}

static void kelf_parse_cut_at_every_byte(void **state)
{
	u8 *elf = kernel_elf();

	(void)state; /* none */
	for (size_t len = 0; len < KERNEL_ELF_LEN; len += len < 0x200 || len > 0x2ff0 ? 1 : 13) {
		u8 *cut = malloc(len ? len : 1);
		struct elf_plan k;

		memcpy(cut, elf, len);
		assert_int_equal(parse(cut, len, &k), -ENOEXEC);
		free(cut);
	}
	free(elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kelf_place_gives_the_linked_image),
		cmocka_unit_test(kelf_parse_refuses_spoiled_headers),
		cmocka_unit_test(kelf_parse_ignores_what_is_not_loaded),
		cmocka_unit_test(kelf_parse_cut_at_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
