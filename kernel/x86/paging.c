/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/paging.c - page tables. Relies on port_page_alloc() and on the stub's tables until its own are loaded.
 *
 * Invariants: no entry has both W and X; all top-level entries of the kernel half exist before the first program's
 * table copies them, so the kernel half is the same in every table; programs' tables are changed below USER_END only.
 */
#include "kernel/x86/paging.h"

#include "kernel/x86/cpu.h"
#include "kernel/x86/trap.h"
#include "kernel/x86/usercopy.h"

/* HELD: not present, but the page is kept (PROT_NONE); OWNED: PT_OWNED. */
enum { PTE_P = 1 << 0, PTE_W = 1 << 1, PTE_U = 1 << 2, PTE_PWT = 1 << 3, PTE_PCD = 1 << 4, PTE_PS = 1 << 7,
       PTE_G = 1 << 8, PTE_HELD = 1 << 9, PTE_OWNED = 1 << 10 };
#define PTE_NX (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull

#define PTE_KERNEL_DATA (PTE_P | PTE_W | PTE_G | PTE_NX)
#define PTE_KERNEL_RO (PTE_P | PTE_G | PTE_NX)
#define PTE_KERNEL_TEXT (PTE_P | PTE_G)
#define PTE_DEVICE (PTE_KERNEL_DATA | PTE_PCD | PTE_PWT)

#define LARGE_PAGE (1ull << 21)
#define ENTRIES 512u
#define KERNEL_HALF 256u       /* first top-level entry of the kernel's half */
#define PAT_DEFAULT 0x0007040600070406ull

extern char image_start[], text_end[], rodata_end[], ro_after_init_end[], image_end[];

RO_AFTER_INIT static paddr_t kernel_root;
RO_AFTER_INIT static paddr_t image_base;
RO_AFTER_INIT static const struct paging_range *ranges;
RO_AFTER_INIT static size_t range_count;
static paddr_t loaded_root;
static u64 mmio_next = KVMAP_MMIO_BASE;
static u64 kstack_used[TASKS_MAX / 64];

static u64 *table_at(u64 entry_or_root) { return phys_to_virt(entry_or_root & PTE_ADDR); }

static unsigned index_of(u64 va, unsigned level) { return (unsigned)(va >> (12 + 9 * (level - 1))) & (ENTRIES - 1); }

static u64 level_size(unsigned level) { return 1ull << (12 + 9 * (level - 1)); }

/*
 * va's entry at to_level (1: a page, 2: 2 MiB); NULL when a table is missing and not to be made, or memory is out. With
 * make, a 2 MiB page on the way becomes 512 pages with its permissions.
 */
static u64 *walk(paddr_t root, u64 va, unsigned to_level, bool make, u64 *made) {
	u64 *table = table_at(root);

	for (unsigned level = 4; level > to_level; level--) {
		u64 *entry = &table[index_of(va, level)];

		if (!(*entry & PTE_P) || *entry & PTE_PS) {
			u64 *page = make ? port_page_alloc() : NULL;

			if (!page) return NULL;
			for (u64 i = 0; *entry & PTE_PS && i < ENTRIES; i++)
				page[i] = (*entry & ~PTE_PS) + i * PAGE_SIZE;
			*entry = virt_to_phys(page) | PTE_P | PTE_W | (va < USER_END ? PTE_U : 0);
			if (made) (*made)++;
		}
		table = table_at(*entry);
	}
	return &table[index_of(va, to_level)];
}

static int kernel_map(u64 va, paddr_t paddr, u64 bits) {
	u64 *pte = walk(kernel_root, va, 1, true, NULL);

	if (!pte) return -ENOMEM;
	*pte = paddr | bits;
	cpu_invlpg(va);
	return 0;
}

int paging_kmap(u64 va, paddr_t paddr) { return kernel_map(va, paddr, PTE_KERNEL_DATA); }

paddr_t paging_kunmap(u64 va) {
	u64 *pte = walk(kernel_root, va, 1, false, NULL);
	paddr_t paddr;

	if (!pte || !(*pte & PTE_P)) return 0;
	paddr = *pte & PTE_ADDR;
	*pte = 0;
	cpu_invlpg(va);
	return paddr;
}

static int make_read_only(u64 va, u64 len) {
	for (u64 end = va + len; va < end; va += PAGE_SIZE) {
		u64 *pte = walk(kernel_root, va, 1, true, NULL);

		if (!pte || !(*pte & PTE_P)) return -EINVAL;
		*pte &= ~PTE_W;
		cpu_invlpg(va);
	}
	return 0;
}

static int map_physmap(paddr_t start, paddr_t end) {
	while (start < end) {
		bool large = !(start & (LARGE_PAGE - 1)) && end - start >= LARGE_PAGE;
		u64 *pte = walk(kernel_root, PHYSMAP_BASE + start, large ? 2 : 1, true, NULL);

		if (!pte) return -ENOMEM;
		*pte = start | PTE_KERNEL_DATA | (large ? PTE_PS : 0);
		start += large ? LARGE_PAGE : PAGE_SIZE;
	}
	return 0;
}

static int map_image(void) {
	for (u64 va = (u64)image_start; va < (u64)image_end; va += PAGE_SIZE) {
		u64 bits = va < (u64)text_end     ? PTE_KERNEL_TEXT
			   : va < (u64)rodata_end ? PTE_KERNEL_RO
						  : PTE_KERNEL_DATA;
		TRY(kernel_map(va, image_base + (va - (u64)image_start), bits));
	}
	(void)paging_kunmap((u64)boot_stack); /* the guards: these pages stay unused */
	for (unsigned i = 0; i < IST_COUNT; i++) (void)paging_kunmap((u64)ist_stacks + i * IST_SLOT);
	return 0;
}

/* Tables below these addresses are shared by every program's table, so the top level must be complete now. */
static int make_top_entries(void) {
	static const u64 windows[] = { KVMAP_KSTACK_BASE, KVMAP_SCRATCH_BASE, KVMAP_MMIO_BASE, KVMAP_BIG_BASE };

	for (size_t i = 0; i < ARRAY_COUNT(windows); i++) {
		if (!walk(kernel_root, windows[i], 1, true, NULL)) return -ENOMEM;
	}
	return 0;
}

int paging_init(paddr_t image_phys, const struct paging_range *memory, size_t count) {
	void *root = port_page_alloc();

	if (!root) return -ENOMEM;
	kernel_root = virt_to_phys(root);
	image_base = image_phys;
	ranges = memory;
	range_count = count;
	TRY(make_top_entries());
	for (size_t i = 0; i < count; i++) TRY(map_physmap(memory[i].start, memory[i].end));
	TRY(map_image());
	TRY(make_read_only(PHYSMAP_BASE + image_phys, (u64)(rodata_end - image_start)));
	cpu_wrmsr(MSR_PAT, PAT_DEFAULT);
	pagetable_switch(NULL);
	return 0;
}

void paging_seal(void) {
	u64 len = (u64)(ro_after_init_end - rodata_end), off = (u64)(rodata_end - image_start);

	if (make_read_only((u64)rodata_end, len) || make_read_only(PHYSMAP_BASE + image_base + off, len))
		port_panic("read-only data could not be sealed");
}

static bool overlaps_ram(paddr_t start, paddr_t end) {
	for (size_t i = 0; i < range_count; i++) {
		if (ranges[i].ram && start < ranges[i].end && ranges[i].start < end) return true;
	}
	return false;
}

void *paging_map_mmio(paddr_t paddr, u64 len) {
	u64 end, start = align_down(paddr, PAGE_SIZE), va = mmio_next;

	if (!len || add_overflows(paddr, len, &end) || end > 1ull << PADDR_BITS_MAX || overlaps_ram(start, end) ||
	    align_up(end, PAGE_SIZE) - start > KVMAP_MMIO_BASE + KVMAP_MMIO_LEN - va)
		return NULL;
	for (paddr_t p = start; p < end; p += PAGE_SIZE, mmio_next += PAGE_SIZE) {
		if (kernel_map(mmio_next, p, PTE_DEVICE) != 0) return NULL;
	}
	return (void *)(va + (paddr - start));
}

int paging_read_phys(void *ret_dst, paddr_t paddr, size_t len) {
	u8 *dst = ret_dst;
	u64 end;

	if (add_overflows(paddr, len, &end) || end > 1ull << PADDR_BITS_MAX) return -EINVAL;
	while (len) {
		u64 off = paddr & (PAGE_SIZE - 1);
		size_t part = (size_t)min_u64(len, PAGE_SIZE - off);

		TRY(kernel_map(KVMAP_SCRATCH_BASE, paddr - off, PTE_KERNEL_RO));
		memcpy(dst, (const void *)(KVMAP_SCRATCH_BASE + off), part);
		(void)paging_kunmap(KVMAP_SCRATCH_BASE); /* the page stays whose it was */
		dst += part;
		paddr += part;
		len -= part;
	}
	return 0;
}

static u64 kstack_base(size_t slot) {
	return KVMAP_KSTACK_BASE + slot * KVMAP_KSTACK_SLOT + KVMAP_KSTACK_SLOT - KSTACK_LEN;
}

static void kstack_unmap(u64 base) {
	for (u64 va = base; va < base + KSTACK_LEN; va += PAGE_SIZE) {
		paddr_t paddr = paging_kunmap(va);

		if (paddr) port_page_put(phys_to_virt(paddr));
	}
}

void *kstack_alloc(void) {
	size_t slot = 0;
	u64 base;

	while (slot < TASKS_MAX && kstack_used[slot / 64] >> (slot % 64) & 1) slot++;
	if (slot == TASKS_MAX) return NULL;
	base = kstack_base(slot);
	for (u64 va = base; va < base + KSTACK_LEN; va += PAGE_SIZE) {
		void *page = port_page_alloc();

		if (!page || paging_kmap(va, virt_to_phys(page)) != 0) {
			if (page) port_page_put(page);
			kstack_unmap(base);
			return NULL;
		}
	}
	kstack_used[slot / 64] |= 1ull << (slot % 64);
	return (void *)base;
}

void kstack_free(void *stack) {
	size_t slot;

	if (!stack) return;
	slot = (size_t)(((u64)stack - KVMAP_KSTACK_BASE) / KVMAP_KSTACK_SLOT);
	kstack_unmap(kstack_base(slot));
	kstack_used[slot / 64] &= ~(1ull << (slot % 64));
}

bool kstack_is_guard(u64 addr) {
	if (addr >= KVMAP_KSTACK_BASE && addr < KVMAP_KSTACK_BASE + TASKS_MAX * KVMAP_KSTACK_SLOT)
		return (addr & (KVMAP_KSTACK_SLOT - 1)) < KVMAP_KSTACK_SLOT - KSTACK_LEN;
	for (unsigned i = 0; i < IST_COUNT; i++) {
		if (align_down(addr, PAGE_SIZE) == (u64)ist_stacks + i * IST_SLOT) return true;
	}
	return align_down(addr, PAGE_SIZE) == (u64)boot_stack;
}

/* The root that is loaded follows every change of a program's table. */
static void flush(const struct pagetable *table, u64 va) {
	if (table->root == loaded_root) cpu_invlpg(va);
}

/* A held page's address is stored inverted: a speculative read through the entry (L1TF) then finds no memory. */
static int encode(paddr_t paddr, u32 flags, u64 *ret_entry) {
	u64 owned = flags & PT_OWNED ? PTE_OWNED : 0;

	if ((flags & PT_WRITE && flags & PT_EXEC) || paddr & ~PTE_ADDR || !paddr) return -EINVAL;
	if (!(flags & (PT_READ | PT_WRITE | PT_EXEC)))
		*ret_entry = (~paddr & PTE_ADDR) | PTE_HELD | PTE_NX | owned;
	else
		*ret_entry = paddr | PTE_P | PTE_U | owned | (flags & PT_WRITE ? PTE_W : 0) |
			     (flags & PT_EXEC ? 0 : PTE_NX);
	return 0;
}

static paddr_t decode(u64 entry, u32 *ret_flags) {
	u32 flags = entry & PTE_OWNED ? PT_OWNED : 0;

	if (entry & PTE_P) flags |= PT_READ | (entry & PTE_W ? PT_WRITE : 0) | (entry & PTE_NX ? 0 : PT_EXEC);
	if (ret_flags) *ret_flags = flags;
	return (entry & PTE_P ? entry : ~entry) & PTE_ADDR;
}

static bool in_user_half(u64 va) { return va >= USER_START && va < USER_END; }

int pagetable_create(struct pagetable *ret_table) {
	u64 *root = port_page_alloc();

	if (!root) return -ENOMEM;
	memcpy(root + KERNEL_HALF, table_at(kernel_root) + KERNEL_HALF, KERNEL_HALF * sizeof(u64));
	*ret_table = (struct pagetable){ .root = virt_to_phys(root), .table_pages = 1 };
	return 0;
}

static void free_tables(u64 *table, unsigned level, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		if (!(table[i] & PTE_P)) continue;
		if (level > 2) free_tables(table_at(table[i]), level - 1, ENTRIES);
		port_page_put(table_at(table[i]));
	}
}

void pagetable_destroy(struct pagetable *table) {
	if (!table->root) return;
	if (table->root == loaded_root) port_panic("a page table was freed while it was in use");
	free_tables(table_at(table->root), 4, KERNEL_HALF);
	port_page_put(table_at(table->root));
	*table = (struct pagetable){ 0 };
}

int pagetable_map(struct pagetable *table, u64 va, paddr_t paddr, u32 flags) {
	u64 entry, *pte;
	int err = encode(paddr, flags, &entry);

	if (err || !in_user_half(va) || va & (PAGE_SIZE - 1)) return -EINVAL;
	pte = walk(table->root, va, 1, true, &table->table_pages);
	if (!pte) return -ENOMEM;
	if (*pte) return -EEXIST;
	*pte = entry;
	return 0;
}

static u64 *leaf(const struct pagetable *table, u64 va) {
	u64 *pte = in_user_half(va) ? walk(table->root, va, 1, false, NULL) : NULL;

	return pte && *pte ? pte : NULL;
}

paddr_t pagetable_unmap(struct pagetable *table, u64 va) {
	u64 *pte = leaf(table, va);
	paddr_t paddr;

	if (!pte) return 0;
	paddr = decode(*pte, NULL);
	*pte = 0;
	flush(table, va);
	return paddr;
}

int pagetable_protect(struct pagetable *table, u64 va, u32 flags) {
	u64 entry, *pte = leaf(table, va);

	if (!pte) return -ENOENT;
	TRY(encode(decode(*pte, NULL), flags, &entry));
	*pte = entry;
	flush(table, va);
	return 0;
}

bool pagetable_lookup(const struct pagetable *table, u64 va, paddr_t *ret_paddr, u32 *ret_flags) {
	const u64 *pte = leaf(table, va);

	if (!pte) return false;
	*ret_paddr = decode(*pte, ret_flags);
	return true;
}

bool pagetable_next(const struct pagetable *table, u64 *va, u64 end, paddr_t *ret_paddr, u32 *ret_flags) {
	u64 at = align_down(*va, PAGE_SIZE);

	while (at < end && in_user_half(max_u64(at, USER_START))) {
		const u64 *entries = table_at(table->root);
		unsigned level = 4;

		while (level > 1 && entries[index_of(at, level)] & PTE_P)
			entries = table_at(entries[index_of(at, level--)]);
		if (level == 1 && entries[index_of(at, 1)]) {
			*va = at;
			*ret_paddr = decode(entries[index_of(at, 1)], ret_flags);
			return true;
		}
		at = align_down(at, level_size(level)) + level_size(level);
	}
	return false;
}

void pagetable_switch(const struct pagetable *table) {
	paddr_t root = table ? table->root : kernel_root;

	if (root == loaded_root) return;
	loaded_root = root;
	cpu_write_cr3(root);
}
