/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_paging.c - page tables of programs and of the kernel: W^X, holes, held pages, exhaustion.
 *
 * kernel/x86/paging.c is compiled here with physical addresses equal to the test's own, and with privileged
 * instructions recorded; entries are read back as the CPU would walk them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/limits.h"
#include "kernel/x86/trap.h"
#include "kernel/x86/usercopy.h"
#include "tests/fake/fake_port.h"

#undef PHYSMAP_BASE
#define PHYSMAP_BASE 0ull

/* In place of the privileged ones of kernel/x86/cpu.h. */
#include "kernel/x86/cpu.h"
#define cpu_invlpg recorded_invlpg
#define cpu_write_cr3 recorded_write_cr3
#define cpu_wrmsr recorded_wrmsr
static unsigned flushes;
static u64 cr3;

static void cpu_invlpg(u64 va)
{
	(void)va;
	flushes++;
}

static void cpu_write_cr3(u64 v)
{
	cr3 = v;
}

static void cpu_wrmsr(u32 msr, u64 value)
{
	(void)msr;
	(void)value;
}

#include "kernel/x86/paging.c"

/* The linker's symbols: 2 pages of text, 1 of rodata, 1 of ro_after_init, 2 of data of which the last is a guard. */
char image_start[6 * PAGE_SIZE] __attribute__((aligned(4096)));
char ist_stacks[IST_COUNT * IST_SLOT] __attribute__((aligned(4096)));
__asm__(".globl text_end, rodata_end, ro_after_init_end, image_end, boot_stack\n"
	".set text_end, image_start + 0x2000\n.set rodata_end, image_start + 0x3000\n"
	".set ro_after_init_end, image_start + 0x4000\n.set image_end, image_start + 0x6000\n"
	".set boot_stack, image_start + 0x5000\n");

#define VA 0x400000ull
#define KERNEL_START 0xffff800000000000ull

static char *leaf_pages; /* stand for programs' memory */
static struct pagetable table;

static int start(void **state)
{
	/* The image's pages as physical memory: the map shows them, in small pages and a large one. */
	static struct paging_range ranges_given[2];

	(void)state;
	leaf_pages = aligned_alloc(1 << 21, 1 << 22);
	ranges_given[0] = (struct paging_range){ (u64)image_start, (u64)image_end, true };
	ranges_given[1] = (struct paging_range){ (u64)leaf_pages, (u64)leaf_pages + (1 << 22), true };
	return paging_init((u64)image_start, ranges_given, 2);
}

static int fresh_table(void **state)
{
	(void)state;
	flushes = 0;
	return pagetable_create(&table);
}

static int drop_table(void **state)
{
	(void)state;
	pagetable_switch(NULL);
	pagetable_destroy(&table);
	return 0;
}

static paddr_t leaf_at(unsigned i)
{
	return (paddr_t)leaf_pages + i * PAGE_SIZE;
}

/* What the CPU would find. */
static u64 entry_of(paddr_t root, u64 va)
{
	const u64 *pte = walk(root, va, 1, false, NULL);

	return pte ? *pte : 0;
}

static void write_and_execute_never_come_together(void **state)
{
	u32 flags;
	paddr_t paddr;

	(void)state;
	assert_int_equal(pagetable_map(&table, VA, leaf_at(0), PT_READ | PT_WRITE | PT_EXEC), -EINVAL);
	assert_int_equal(pagetable_map(&table, VA, leaf_at(0), PT_WRITE | PT_EXEC), -EINVAL);
	assert_false(pagetable_lookup(&table, VA, &paddr, &flags));
	assert_int_equal(pagetable_map(&table, VA, leaf_at(0), PT_READ | PT_EXEC), 0);
	assert_int_equal(pagetable_protect(&table, VA, PT_READ | PT_WRITE | PT_EXEC), -EINVAL);
	assert_true(pagetable_lookup(&table, VA, &paddr, &flags));
	assert_int_equal(flags, PT_READ | PT_EXEC);
}

static void permissions_are_what_the_cpu_sees(void **state)
{
	static const struct {
		u32 flags;
		u64 want;
	} cases[] = {
		{ PT_READ, PTE_P | PTE_U | PTE_NX },
		{ PT_READ | PT_WRITE, PTE_P | PTE_U | PTE_W | PTE_NX },
		{ PT_READ | PT_EXEC, PTE_P | PTE_U },
		{ PT_READ | PT_OWNED, PTE_P | PTE_U | PTE_NX | PTE_OWNED },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_int_equal(pagetable_map(&table, VA + i * PAGE_SIZE, leaf_at(i), cases[i].flags), 0);
		assert_int_equal(entry_of(table.root, VA + i * PAGE_SIZE), leaf_at(i) | cases[i].want);
	}
}

static void held_page_is_kept_but_absent(void **state)
{
	paddr_t paddr;
	u32 flags;
	u64 entry;

	(void)state;
	assert_int_equal(pagetable_map(&table, VA, leaf_at(3), PT_READ | PT_WRITE | PT_OWNED), 0);
	assert_int_equal(pagetable_protect(&table, VA, PT_OWNED), 0);
	entry = entry_of(table.root, VA);
	assert_int_equal(entry & PTE_P, 0);
	assert_int_not_equal(entry & PTE_ADDR, leaf_at(3));
	assert_true(pagetable_lookup(&table, VA + 5, &paddr, &flags));
	assert_int_equal(paddr, leaf_at(3));
	assert_int_equal(flags, PT_OWNED);
	assert_int_equal(pagetable_map(&table, VA, leaf_at(4), PT_READ), -EEXIST);
	assert_int_equal(pagetable_unmap(&table, VA), leaf_at(3));
	assert_int_equal(pagetable_unmap(&table, VA), 0);
}

static void addresses_outside_are_refused(void **state)
{
	static const u64 outside[] = { 0, 0x1000, USER_START - PAGE_SIZE, VA + 1, USER_END, 0x800000000000ull,
				       KERNEL_START, KERNEL_BASE, ~0xfffull };
	paddr_t paddr;
	u32 flags;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(outside); i++)
		assert_int_equal(pagetable_map(&table, outside[i], leaf_at(0), PT_READ), -EINVAL);
	assert_int_equal(pagetable_map(&table, VA, leaf_at(0) + 1, PT_READ), -EINVAL);
	assert_int_equal(pagetable_map(&table, VA, 0, PT_READ), -EINVAL);
	assert_int_equal(pagetable_map(&table, VA, 1ull << 60, PT_READ), -EINVAL);
	assert_false(pagetable_lookup(&table, KERNEL_BASE, &paddr, &flags));
	assert_int_equal(pagetable_protect(&table, KERNEL_BASE, PT_READ), -ENOENT);
	assert_int_equal(pagetable_unmap(&table, KVMAP_BIG_BASE), 0);
	assert_int_equal(pagetable_map(&table, USER_START, leaf_at(0), PT_READ), 0);
	assert_int_equal(pagetable_map(&table, USER_END - PAGE_SIZE, leaf_at(0), PT_READ), 0);
}

static void next_skips_holes_and_stops(void **state)
{
	static const u64 at[] = { USER_START, VA, VA + PAGE_SIZE, 0x40000000ull, 0x7f0000000000ull,
				  USER_END - PAGE_SIZE };
	u64 va = 0;
	paddr_t paddr;
	u32 flags;

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(at); i++)
		assert_int_equal(pagetable_map(&table, at[i], leaf_at(i), i == 3 ? 0 : PT_READ), 0);
	for (unsigned i = 0; i < ARRAY_COUNT(at); i++, va += PAGE_SIZE) {
		assert_true(pagetable_next(&table, &va, ~0ull, &paddr, &flags));
		assert_int_equal(va, at[i]);
		assert_int_equal(paddr, leaf_at(i));
	}
	assert_false(pagetable_next(&table, &va, ~0ull, &paddr, &flags));
	va = VA + 2 * PAGE_SIZE;
	assert_false(pagetable_next(&table, &va, 0x40000000ull, &paddr, &flags));
	va = VA;
	assert_false(pagetable_next(&table, &va, VA, &paddr, &flags));
}

static void loaded_table_is_flushed_others_are_not(void **state)
{
	(void)state;
	assert_int_equal(pagetable_map(&table, VA, leaf_at(0), PT_READ | PT_WRITE), 0);
	assert_int_equal(pagetable_protect(&table, VA, PT_READ), 0);
	assert_int_equal(flushes, 0);
	pagetable_switch(&table);
	assert_int_equal(cr3, table.root);
	assert_int_equal(pagetable_protect(&table, VA, PT_READ | PT_WRITE), 0);
	assert_int_equal(pagetable_unmap(&table, VA), leaf_at(0));
	assert_int_equal(flushes, 2);
	pagetable_switch(NULL);
	assert_int_equal(cr3, kernel_root);
}

static void kernel_half_is_shared(void **state)
{
	(void)state;
	assert_memory_equal((u64 *)table.root + KERNEL_HALF, (u64 *)kernel_root + KERNEL_HALF, 2048);
	for (unsigned i = 0; i < KERNEL_HALF; i++)
		assert_int_equal(((u64 *)table.root)[i], 0);
}

/* With every single allocation failing once: an error, nothing mapped, everything given back. */
static void exhaustion_leaves_nothing_behind(void **state)
{
	(void)state;
	for (u64 k = 1;; k++) {
		u64 live = fake_port_live();
		struct pagetable t = { 0 };
		int err;

		fake_port_fail_after(k);
		err = pagetable_create(&t);
		if (!err)
			err = pagetable_map(&t, VA, leaf_at(0), PT_READ);
		fake_port_fail_after(0);
		pagetable_destroy(&t);
		assert_int_equal(fake_port_live(), live);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_true(k < 6);
	}
}

static void image_has_one_permission_a_segment(void **state)
{
	u64 va = (u64)image_start;

	(void)state;
	assert_int_equal(entry_of(kernel_root, va) & (PTE_W | PTE_NX | PTE_P), PTE_P);
	assert_int_equal(entry_of(kernel_root, va + 0x1000) & (PTE_W | PTE_NX | PTE_P), PTE_P);
	assert_int_equal(entry_of(kernel_root, va + 0x2000) & (PTE_W | PTE_NX | PTE_P), PTE_NX | PTE_P);
	assert_int_equal(entry_of(kernel_root, va + 0x3000) & (PTE_W | PTE_NX | PTE_P), PTE_W | PTE_NX | PTE_P);
	assert_int_equal(entry_of(kernel_root, va + 0x4000) & (PTE_W | PTE_NX | PTE_P), PTE_W | PTE_NX | PTE_P);
	assert_int_equal(entry_of(kernel_root, va + 0x5000), 0);
	paging_seal();
	assert_int_equal(entry_of(kernel_root, va + 0x3000) & (PTE_W | PTE_NX | PTE_P), PTE_NX | PTE_P);
	assert_int_equal(entry_of(kernel_root, va + 0x4000) & (PTE_W | PTE_NX | PTE_P), PTE_W | PTE_NX | PTE_P);
}

static void large_page_is_split_for_one_page(void **state)
{
	u64 va = (u64)leaf_pages;

	(void)state;
	assert_null(walk(kernel_root, va, 1, false, NULL));
	assert_int_equal(make_read_only(va + PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(entry_of(kernel_root, va), va | PTE_KERNEL_DATA);
	assert_int_equal(entry_of(kernel_root, va + PAGE_SIZE), (va + PAGE_SIZE) | PTE_KERNEL_RO);
	assert_int_equal(entry_of(kernel_root, va + 511 * PAGE_SIZE), (va + 511 * PAGE_SIZE) | PTE_KERNEL_DATA);
}

static void device_windows_do_not_show_memory(void **state)
{
	const char *regs;

	(void)state;
	assert_null(paging_map_mmio((paddr_t)leaf_pages, 8));
	assert_null(paging_map_mmio((paddr_t)leaf_pages - 8, 16));
	assert_null(paging_map_mmio(0xfed40000, 0));
	assert_null(paging_map_mmio(~0ull, 16));
	assert_null(paging_map_mmio(1ull << 50, 16));
	assert_null(paging_map_mmio(0xfed40000, 2ull << 30));
	regs = paging_map_mmio(0xfed40ff0, 0x20);
	assert_int_equal((u64)regs & 0xfff, 0xff0);
	assert_int_equal(entry_of(kernel_root, (u64)regs), 0xfed40000 | PTE_DEVICE);
	assert_int_equal(entry_of(kernel_root, (u64)regs + 0x10), 0xfed41000 | PTE_DEVICE);
}

static void stacks_have_guards_and_come_back(void **state)
{
	u64 live = fake_port_live();
	void *a = kstack_alloc(), *b = kstack_alloc();

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(entry_of(kernel_root, (u64)a - PAGE_SIZE), 0);
	assert_int_equal(entry_of(kernel_root, (u64)b + KSTACK_LEN), 0);
	assert_true(kstack_is_guard((u64)a - 1));
	assert_true(kstack_is_guard((u64)b - KVMAP_KSTACK_SLOT + KSTACK_LEN));
	assert_false(kstack_is_guard((u64)a));
	assert_int_equal(entry_of(kernel_root, (u64)a) & ~PTE_ADDR, PTE_KERNEL_DATA);
	kstack_free(a);
	assert_int_equal(entry_of(kernel_root, (u64)a), 0);
	assert_ptr_equal(kstack_alloc(), a);
	kstack_free(a);
	kstack_free(b);
	kstack_free(NULL);
	assert_true(fake_port_live() <= live + 3); /* the tables stay */
	live = fake_port_live();
	fake_port_fail_after(5);
	assert_null(kstack_alloc());
	fake_port_fail_after(0);
	assert_int_equal(fake_port_live(), live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(write_and_execute_never_come_together, fresh_table, drop_table),
		cmocka_unit_test_setup_teardown(permissions_are_what_the_cpu_sees, fresh_table, drop_table),
		cmocka_unit_test_setup_teardown(held_page_is_kept_but_absent, fresh_table, drop_table),
		cmocka_unit_test_setup_teardown(addresses_outside_are_refused, fresh_table, drop_table),
		cmocka_unit_test_setup_teardown(next_skips_holes_and_stops, fresh_table, drop_table),
		cmocka_unit_test_setup_teardown(loaded_table_is_flushed_others_are_not, fresh_table, drop_table),
		cmocka_unit_test_setup_teardown(kernel_half_is_shared, fresh_table, drop_table),
		cmocka_unit_test(exhaustion_leaves_nothing_behind),
		cmocka_unit_test(image_has_one_permission_a_segment),
		cmocka_unit_test(large_page_is_split_for_one_page),
		cmocka_unit_test(device_windows_do_not_show_memory),
		cmocka_unit_test(stacks_have_guards_and_come_back),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
