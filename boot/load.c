/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/load.c - placing the kernel, leaving firmware, the final jump.
 *
 * Relies on kelf.c for the kernel's checks and on tables.c for the page tables.
 */
#include "boot/load.h"

#include "boot/tables.h"
#include "kernel/x86/cpu.h"

#define MAP_SPARE 64u /* descriptors that the map may grow by until it is fetched for the last time */
#define EXIT_TRIES 8u

static int fail(const char **ret_why, int err, const char *why) {
	*ret_why = why;
	return err;
}

int load_kernel(const struct firmware *fw, struct span elf, struct bootinfo *info, struct load *load,
		const char **ret_why) {
	void *memory;
	u64 len;

	TRY(kelf_parse(elf, &load->plan, ret_why));
	len = load->plan.end - load->plan.start;
	memory = firmware_alloc(fw, len);
	if (!memory) return fail(ret_why, -ENOMEM, "there is no memory for the kernel");
	kelf_place(&load->plan, elf, memory);
	info->kernel = (struct boot_span){ (u64)(uintptr_t)memory, len };
	return 0;
}

/* What the kernel's entry state needs and this CPU may lack. */
static int check_cpu(const char **ret_why) {
	if (!(cpuid(0x80000001, 0).edx & 1u << 20))
		return fail(ret_why, -ENODEV, "this CPU cannot forbid execution of data (no NX)");
	if (cpu_read_cr4() & CR4_LA57)
		return fail(ret_why, -ENODEV, "firmware uses 5-level paging, which the kernel does not");
	return 0;
}

static int get_map(const struct firmware *fw, const struct load *load, struct bootinfo *info, UINTN *ret_key,
		   const char **ret_why) {
	UINTN len = load->map_cap, stride = 0;
	UINT32 version = 0;

	if (fw->bs->GetMemoryMap(&len, load->map, ret_key, &stride, &version) != EFI_SUCCESS ||
	    stride < sizeof(EFI_MEMORY_DESCRIPTOR) || version != 1)
		return fail(ret_why, -EIO, "firmware's memory map cannot be read");
	info->memmap = (struct boot_span){ (u64)(uintptr_t)load->map, len };
	info->memmap_desc_len = (u32)stride;
	info->memmap_desc_version = version;
	return 0;
}

int load_tables(const struct firmware *fw, struct bootinfo *info, struct load *load, const char **ret_why) {
	UINTN len = 0, key, stride = 0;
	UINT32 version = 0;
	struct memmap map;
	size_t pages;

	TRY(check_cpu(ret_why));
	(void)fw->bs->GetMemoryMap(&len, NULL, &key, &stride, &version); /* BUFFER_TOO_SMALL, with the size */
	load->map_cap = align_up(len + MAP_SPARE * (stride ? stride : 64), PAGE_SIZE);
	load->map = firmware_alloc(fw, load->map_cap);
	if (!load->map) return fail(ret_why, -ENOMEM, "there is no memory for the memory map");
	TRY(get_map(fw, load, info, &key, ret_why));
	map = (struct memmap){ load->map, info->memmap.len, info->memmap_desc_len };
	pages = tables_pages(&map, &load->plan);
	load->tables = firmware_alloc(fw, pages * PAGE_SIZE);
	if (!load->tables) return fail(ret_why, -ENOMEM, "there is no memory for the page tables");
	if (tables_build(load->tables, pages, &map, &load->plan, info->kernel.addr))
		return fail(ret_why, -ERANGE, "memory lies at addresses too high for the kernel");
	return 0;
}

/* Interrupts are off from here on: the descriptor tables are still firmware's. */
_Noreturn static void jump(u64 entry, const void *top, const struct bootinfo *info) {
	__asm__ volatile("cli; cld" ::: "memory");
	cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_NXE);
	cpu_write_cr4(cpu_read_cr4() & ~CR4_CET);
	cpu_write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
	__asm__ volatile("mov %1, %%cr3; xor %%ebp, %%ebp; jmp *%0" :: "r"(entry), "r"(top), "D"(info) : "memory");
	__builtin_unreachable();
}

int load_leave(const struct firmware *fw, struct bootinfo *info, struct load *load, const char **ret_why) {
	for (unsigned i = 0; i < EXIT_TRIES; i++) {
		UINTN key;

		TRY(get_map(fw, load, info, &key, ret_why));
		if (fw->bs->ExitBootServices(fw->image, key) == EFI_SUCCESS)
			jump(load->plan.entry, load->tables, info);
	}
	return fail(ret_why, -EBUSY, "firmware does not leave boot services");
}
