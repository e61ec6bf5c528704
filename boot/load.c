/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/load.c - placing the kernel, leaving firmware, the final jump.
 *
 * Physical and linked address of each page agree modulo 2 MiB, so that the kernel may map itself with large pages.
 */
#include "boot/load.h"

#include "boot/tables.h"

#define LARGE (2ull << 20)
#define MAP_SPARE 64u /* descriptors that the map may grow by until it is fetched for the last time */
#define EXIT_TRIES 8u

#define MSR_EFER 0xc0000080u
#define EFER_NXE (1ull << 11)
#define CR0_WP (1ull << 16)
#define CR4_LA57 (1ull << 12)
#define CR4_CET (1ull << 23)

static int fail(const char **ret_why, int err, const char *why) {
	*ret_why = why;
	return err;
}

int load_kernel(const struct firmware *fw, struct span elf, struct bootinfo *info, struct load *ret_load,
		const char **ret_why) {
	struct load load = { .map = NULL };
	u64 raw, start, end, raw_end;

	TRY(kelf_parse(elf, &load.kelf, ret_why));
	raw = (u64)(uintptr_t)firmware_alloc(fw, load.kelf.len + LARGE);
	if (!raw) return fail(ret_why, -ENOMEM, "there is no memory for the kernel");
	start = align_down(raw, LARGE) + load.kelf.base % LARGE;
	if (start < raw) start += LARGE;
	end = start + load.kelf.len;
	raw_end = raw + align_up(load.kelf.len + LARGE, PAGE_SIZE);
	firmware_free(fw, raw, (start - raw) / PAGE_SIZE);
	firmware_free(fw, end, (raw_end - end) / PAGE_SIZE);
	kelf_place(&load.kelf, (void *)(uintptr_t)start);
	info->kernel = (struct boot_span){ start, load.kelf.len };
	*ret_load = load;
	return 0;
}

/* What the kernel's entry state needs and this CPU may lack. */
static int check_cpu(const char **ret_why) {
	u32 eax = 0x80000001, ebx, ecx = 0, edx;
	u64 cr4;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if (!(edx & 1u << 20)) return fail(ret_why, -ENODEV, "this CPU cannot forbid execution of data (no NX)");
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	if (cr4 & CR4_LA57) return fail(ret_why, -ENODEV, "firmware uses 5-level paging, which the kernel does not");
	return 0;
}

static int get_map(const struct firmware *fw, const struct load *load, struct bootinfo *info, UINTN *ret_key) {
	UINTN len = load->map_cap, stride = 0;
	UINT32 version = 0;
	EFI_STATUS status = fw->bs->GetMemoryMap(&len, load->map, ret_key, &stride, &version);

	if (status != EFI_SUCCESS) return firmware_errno(status);
	if (stride < sizeof(EFI_MEMORY_DESCRIPTOR) || version != 1) return -EINVAL;
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
	void *tables;

	TRY(check_cpu(ret_why));
	(void)fw->bs->GetMemoryMap(&len, NULL, &key, &stride, &version); /* BUFFER_TOO_SMALL, with the size */
	load->map_cap = align_up(len + MAP_SPARE * (stride ? stride : 64), PAGE_SIZE);
	load->map = firmware_alloc(fw, load->map_cap);
	if (!load->map) return fail(ret_why, -ENOMEM, "there is no memory for the memory map");
	if (get_map(fw, load, info, &key)) return fail(ret_why, -EIO, "firmware's memory map cannot be read");
	map = (struct memmap){ load->map, info->memmap.len, info->memmap_desc_len };
	pages = tables_pages(&map, &load->kelf);
	tables = firmware_alloc(fw, pages * PAGE_SIZE);
	if (!tables) return fail(ret_why, -ENOMEM, "there is no memory for the page tables");
	info->page_tables = (struct boot_span){ (u64)(uintptr_t)tables, pages * PAGE_SIZE };
	if (tables_build(tables, pages, &map, &load->kelf, info->kernel.addr))
		return fail(ret_why, -ERANGE, "memory lies at addresses too high for the kernel");
	return 0;
}

/* Interrupts are off from here on: the descriptor tables are still firmware's. */
_Noreturn static void jump(u64 entry, u64 top, const struct bootinfo *info) {
	u64 cr;
	u32 low, high;

	__asm__ volatile("cli; cld" ::: "memory");
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_EFER));
	__asm__ volatile("wrmsr" :: "a"(low | (u32)EFER_NXE), "d"(high), "c"(MSR_EFER));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr));
	__asm__ volatile("mov %0, %%cr4" :: "r"(cr & ~CR4_CET) : "memory");
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr));
	__asm__ volatile("mov %0, %%cr0" :: "r"(cr | CR0_WP) : "memory");
	__asm__ volatile("mov %1, %%cr3; xor %%ebp, %%ebp; jmp *%0" :: "r"(entry), "r"(top), "D"(info) : "memory");
	__builtin_unreachable();
}

int load_leave(const struct firmware *fw, struct bootinfo *info, struct load *load, const char **ret_why) {
	for (unsigned i = 0; i < EXIT_TRIES; i++) {
		UINTN key;

		if (get_map(fw, load, info, &key)) return fail(ret_why, -EIO, "firmware's memory map cannot be read");
		if (fw->bs->ExitBootServices(fw->image, key) == EFI_SUCCESS)
			jump(load->kelf.entry, info->page_tables.addr, info);
	}
	return fail(ret_why, -EBUSY, "firmware does not leave boot services");
}
