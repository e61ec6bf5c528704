/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/tables.c - building the first page tables.
 *
 * Pages are taken from one range in order, so that the kernel can free that range as a whole.
 */
#include "boot/tables.h"

#include "boot/bootinfo.h"

#define GIB (1ull << 30)
#define LARGE (2ull << 20)
#define FIRST_GIBS 4u

enum { PTE_PRESENT = 0x01, PTE_WRITE = 0x02, PTE_LARGE = 0x80 };
#define PTE_NX (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull

/* EFI_MEMORY_TYPE: what is ordinary memory, whoever uses it. */
enum { TYPE_LOADER_CODE = 1, TYPE_CONVENTIONAL = 7, TYPE_ACPI_RECLAIM = 9, TYPE_ACPI_NVS = 10 };

struct builder {
	u8 *memory;
	size_t pages, used;
	int err;
};

/* One zeroed page; on exhaustion the error is remembered and the top table returned, which is always there. */
static u64 *new_table(struct builder *b) {
	u8 *page = b->memory;

	if (b->used == b->pages) {
		b->err = -ENOSPC;
		return (u64 *)(void *)page;
	}
	page += PAGE_SIZE * b->used++;
	memset(page, 0, PAGE_SIZE);
	return (u64 *)(void *)page;
}

/* The table below entry, made when absent. */
static u64 *below(struct builder *b, u64 *entry) {
	if (!(*entry & PTE_PRESENT)) *entry = (u64)(uintptr_t)new_table(b) | PTE_PRESENT | PTE_WRITE;
	return (u64 *)(uintptr_t)(*entry & PTE_ADDR);
}

static unsigned index_at(u64 vaddr, unsigned level) { return (unsigned)(vaddr >> (PAGE_BITS + 9 * level)) & 511; }

/* One GiB at its physical address, in 2 MiB pages. */
static void map_gib(struct builder *b, u64 gib) {
	u64 addr = gib * GIB;
	u64 *top = (u64 *)(void *)b->memory;
	u64 *pdpt = below(b, &top[index_at(addr, 3)]);
	u64 *pd;

	if (pdpt[index_at(addr, 2)] & PTE_PRESENT) return;
	pd = below(b, &pdpt[index_at(addr, 2)]);
	for (unsigned i = 0; i < 512 && !b->err; i++)
		pd[i] = (addr + i * LARGE) | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
}

static bool is_memory(u32 type) {
	return (type >= TYPE_LOADER_CODE && type <= TYPE_CONVENTIONAL) || type == TYPE_ACPI_RECLAIM ||
	       type == TYPE_ACPI_NVS;
}

/* The GiBs [*ret_first, *ret_end) that the descriptor touches; none when it is no memory. */
static int desc_gibs(const u8 *desc, u64 *ret_first, u64 *ret_end) {
	u64 start = load_le64(desc + 8);
	u64 pages = load_le64(desc + 24);

	*ret_first = *ret_end = 0;
	if (!is_memory(load_le32(desc)) || !pages) return 0;
	if (start >= PHYSMAP_MAX || pages > (PHYSMAP_MAX - start) / PAGE_SIZE) return -ERANGE;
	*ret_first = start / GIB;
	*ret_end = (start + pages * PAGE_SIZE - 1) / GIB + 1;
	return 0;
}

static void map_kernel(struct builder *b, const struct elf_plan *kernel, paddr_t paddr) {
	u64 *top = (u64 *)(void *)b->memory;

	for (u32 i = 0; i < kernel->segment_count; i++) {
		const struct elf_phdr *s = &kernel->segments[i];
		u64 flags = PTE_PRESENT | (s->flags & ELF_PF_W ? PTE_WRITE : 0) | (s->flags & ELF_PF_X ? 0 : PTE_NX);

		for (u64 v = align_down(s->addr, PAGE_SIZE); v < s->addr + s->mem_len && !b->err; v += PAGE_SIZE) {
			u64 *pdpt = below(b, &top[index_at(v, 3)]);
			u64 *pd = below(b, &pdpt[index_at(v, 2)]);
			u64 *pt = below(b, &pd[index_at(v, 1)]);

			pt[index_at(v, 0)] = (paddr + (v - kernel->start)) | flags;
		}
	}
}

size_t tables_pages(const struct memmap *map, const struct elf_plan *kernel) {
	/* The top; the kernel's own, which may cross a border at each level; the first GiBs. */
	size_t count = 1 + 2 + 2 + (kernel->end - kernel->start) / LARGE + 2 + 1 + FIRST_GIBS;

	for (size_t off = 0; off + map->stride <= map->len; off += map->stride) {
		u64 gib, end;

		if (desc_gibs((const u8 *)map->descs + off, &gib, &end)) continue; /* tables_build refuses it */
		gib = max_u64(gib, FIRST_GIBS);
		if (gib < end) count += end - gib + (end - 1) / 512 - gib / 512 + 1; /* as if no other shared them */
	}
	return count;
}

int tables_build(void *memory, size_t pages, const struct memmap *map, const struct elf_plan *kernel,
		 paddr_t kernel_paddr) {
	struct builder b = { .memory = memory, .pages = pages };
	u64 *top = new_table(&b);

	for (u64 gib = 0; gib < FIRST_GIBS && !b.err; gib++) map_gib(&b, gib);
	for (size_t off = 0; off + map->stride <= map->len; off += map->stride) {
		u64 gib, end;

		TRY(desc_gibs((const u8 *)map->descs + off, &gib, &end));
		for (; gib < end && !b.err; gib++) map_gib(&b, gib);
	}
	for (unsigned i = 0; i < 128 && !b.err; i++)
		if (top[i] & PTE_PRESENT) top[index_at(PHYSMAP_BASE, 3) + i] = top[i] | PTE_NX;
	map_kernel(&b, kernel, kernel_paddr);
	return b.err;
}
