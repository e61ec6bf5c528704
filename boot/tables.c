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

#define PTE_PRESENT 1ull
#define PTE_WRITE 2ull
#define PTE_LARGE 0x80ull
#define PTE_NX (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull

/* EFI_MEMORY_TYPE: what is ordinary memory, whoever uses it. */
#define TYPE_LOADER_CODE 1u
#define TYPE_CONVENTIONAL 7u
#define TYPE_ACPI_RECLAIM 9u
#define TYPE_ACPI_NVS 10u

struct builder {
	u8 *memory;
	size_t pages;
	size_t used;
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

static void map_kernel(struct builder *b, const struct kelf *kelf, paddr_t paddr) {
	u64 *top = (u64 *)(void *)b->memory;

	for (size_t i = 0; i < kelf->count; i++) {
		const struct kelf_segment *s = &kelf->segments[i];
		u64 flags = PTE_PRESENT | (s->write ? PTE_WRITE : 0) | (s->exec ? 0 : PTE_NX);

		for (u64 off = 0; off < s->mem_len && !b->err; off += PAGE_SIZE) {
			u64 v = s->vaddr + off;
			u64 *pdpt = below(b, &top[index_at(v, 3)]);
			u64 *pd = below(b, &pdpt[index_at(v, 2)]);
			u64 *pt = below(b, &pd[index_at(v, 1)]);

			pt[index_at(v, 0)] = (paddr + (v - kelf->base)) | flags;
		}
	}
}

/* Whether a descriptor before offset off, or the first GiBs, cover this one. */
static bool covered_before(const struct memmap *map, size_t off, u64 gib) {
	for (size_t o = 0; o < off; o += map->stride) {
		u64 first, end;

		if (desc_gibs((const u8 *)map->descs + o, &first, &end) == 0 && gib >= first && gib < end)
			return true;
	}
	return gib < FIRST_GIBS;
}

size_t tables_pages(const struct memmap *map, const struct kelf *kelf) {
	/* The top; the kernel's own, which may cross a border at each level; the first GiBs. */
	size_t count = 1 + 2 + 2 + kelf->len / LARGE + 2 + FIRST_GIBS;
	u64 highest = FIRST_GIBS;

	for (size_t off = 0; off + map->stride <= map->len; off += map->stride) {
		u64 gib, end;

		if (desc_gibs((const u8 *)map->descs + off, &gib, &end))
			continue; /* tables_build refuses it */
		highest = max_u64(highest, end);
		for (; gib < end; gib++) count += covered_before(map, off, gib) ? 0 : 1;
	}
	return count + (size_t)((highest - 1) / 512) + 1;
}

int tables_build(void *memory, size_t pages, const struct memmap *map, const struct kelf *kelf, paddr_t kernel_paddr) {
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
	map_kernel(&b, kelf, kernel_paddr);
	return b.err;
}
