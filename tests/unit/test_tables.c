/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_tables.c - the first page tables, walked as the processor would.
 */
/* links: boot/kelf.c boot/tables.c kernel/elf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/bootinfo.h"
#include "boot/tables.h"
#include "tests/fake/stub_elf.h"

#define GIB (1ull << 30)
#define STRIDE 48u
#define KERNEL_PADDR 0x1e200000ull

struct desc {
	u32 type;
	u64 start, pages;
};

/* RAM below 512 MiB in pieces, a hole, RAM at 5 GiB over a border, MMIO at 1012 GiB, RAM at 600 GiB. */
static const struct desc map_of_test[] = {
	{ 7, 0, 160 }, { 3, 0x100000, 256 }, { 2, 0x200000, 0x1fe00 }, { 9, 0x7f000000, 16 },
	{ 7, 5 * GIB + 0x1000, 0x40000 }, { 11, 1012 * GIB, 0x1000 }, { 0, 100 * GIB, 1 }, { 7, 600 * GIB, 1 },
};

static struct memmap make_map(const struct desc *descs, size_t count)
{
	u8 *bytes = calloc(count, STRIDE);

	for (size_t i = 0; i < count; i++) {
		store_le32(bytes + i * STRIDE, descs[i].type);
		store_le64(bytes + i * STRIDE + 8, descs[i].start);
		store_le64(bytes + i * STRIDE + 24, descs[i].pages);
	}
	return (struct memmap){ bytes, count * STRIDE, STRIDE };
}

static struct elf_plan make_kernel(u8 **ret_elf)
{
	struct elf_plan k;
	const char *why;

	*ret_elf = kernel_elf();
	assert_int_equal(kelf_parse((struct span){ *ret_elf, KERNEL_ELF_LEN }, &k, &why), 0);
	return k;
}

struct walk {
	bool present, write, nx;
	u64 paddr;
};

static struct walk walk(const u64 *top, u64 v)
{
	const u64 *table = top;
	struct walk w = { .present = true, .write = true };

	for (int level = 3; level >= 0; level--) {
		u64 e = table[v >> (12 + 9 * level) & 511];

		w.present = e & 1;
		if (!w.present)
			return w;
		w.write = w.write && e & 2;
		w.nx = w.nx || e >> 63;
		if (level == 0 || (level == 1 && e & 0x80)) {
			u64 size = level ? 0x200000 : 0x1000;

			w.paddr = (e & 0x000ffffffffff000ull & ~(size - 1)) | (v & (size - 1));
			return w;
		}
		table = (const u64 *)(uintptr_t)(e & 0x000ffffffffff000ull);
	}
	return w;
}

static void check_both_views(const u64 *top, u64 addr)
{
	struct walk low = walk(top, addr), high = walk(top, PHYSMAP_BASE + addr);

	assert_true(low.present && low.write && !low.nx);
	assert_int_equal(low.paddr, addr);
	assert_true(high.present && high.write && high.nx);
	assert_int_equal(high.paddr, addr);
}

static void tables_build_maps_memory_twice_and_the_kernel_once(void **state)
{
	struct memmap map = make_map(map_of_test, ARRAY_COUNT(map_of_test));
	u8 *elf;
	struct elf_plan k = make_kernel(&elf);
	size_t pages = tables_pages(&map, &k);
	u64 *top = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);

	(void)state; /* none */
	memset(top, 0xff, pages * PAGE_SIZE);
	assert_int_equal(tables_build(top, pages, &map, &k, KERNEL_PADDR), 0);
	check_both_views(top, 0);
	check_both_views(top, 0x1fffffff);
	check_both_views(top, 0xfed40000);
	check_both_views(top, 5 * GIB + 0x1000);
	check_both_views(top, 6 * GIB + 0xfff);
	check_both_views(top, 600 * GIB + 0xfff);
	assert_false(walk(top, 4 * GIB).present);
	assert_false(walk(top, 7 * GIB).present);
	assert_false(walk(top, 100 * GIB).present);
	assert_false(walk(top, 1012 * GIB).present);
	for (u64 off = 0; off < k.end - k.start; off += PAGE_SIZE) {
		struct walk w = walk(top, KERNEL_BASE + off);

		assert_true(w.present);
		assert_int_equal(w.paddr, KERNEL_PADDR + off);
		assert_int_equal(w.write, off >= 0x2000);
		assert_int_equal(w.nx, off >= 0x1000);
	}
	assert_false(walk(top, k.end).present);
	assert_false(walk(top, KERNEL_BASE - PAGE_SIZE).present);
	free(top);
	free(elf);
	free((void *)(uintptr_t)map.descs);
}

static void tables_pages_is_close_and_fewer_are_refused(void **state)
{
	struct memmap map = make_map(map_of_test, ARRAY_COUNT(map_of_test));
	u8 *elf;
	struct elf_plan k = make_kernel(&elf);
	size_t pages = tables_pages(&map, &k);
	size_t enough = 0;

	(void)state; /* none */
	for (size_t n = 1; n <= pages; n++) {
		u64 *top = aligned_alloc(PAGE_SIZE, n * PAGE_SIZE);
		int err = tables_build(top, n, &map, &k, KERNEL_PADDR);

		free(top);
		assert_true(err == 0 || (err == -ENOSPC && !enough));
		if (!err && !enough)
			enough = n;
	}
	assert_true(enough && pages - enough < 8);
	free(elf);
	free((void *)(uintptr_t)map.descs);
}

static void tables_build_refuses_memory_out_of_reach(void **state)
{
	static const struct desc cases[] = {
		{ 7, PHYSMAP_MAX, 1 }, { 7, PHYSMAP_MAX - 0x1000, 2 }, { 7, 0x1000, 0xffffffffffffffff },
		{ 7, 0xfffffffffffff000, 1 }, { 2, 0, 0x10000000000000 },
	};
	u8 *elf;
	struct elf_plan k = make_kernel(&elf);
	static u8 room[64 * PAGE_SIZE] __attribute__((aligned(4096)));

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct memmap map = make_map(&cases[i], 1);

		assert_true(tables_pages(&map, &k) < 64);
		assert_int_equal(tables_build(room, 64, &map, &k, KERNEL_PADDR), -ERANGE);
		free((void *)(uintptr_t)map.descs);
	}
	free(elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_build_maps_memory_twice_and_the_kernel_once),
		cmocka_unit_test(tables_pages_is_close_and_fewer_are_refused),
		cmocka_unit_test(tables_build_refuses_memory_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
