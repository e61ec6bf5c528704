/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/paging.h - page tables: the kernel's own, and those of programs. W^X is enforced here.
 *
 * Kernel: text RX, rodata R, the rest RW, never two of W and X; the physical map is NX and read-only where
 * it shows kernel text or rodata; no identity map. What is marked RO_AFTER_INIT becomes read-only by paging_seal().
 *
 * Programs: one struct pagetable an address space. Leaf pages are the caller's (kernel/vm.c holds the references);
 * the table owns its table pages only. Flushing is done here whenever the table is the loaded one.
 *
 * Context    task context, interrupts off. Table pages come from port_page_alloc().
 * Units      addresses; va is page aligned unless said otherwise.
 * Errors     -ENOMEM, -EINVAL (W and X together, an address outside the half, not aligned), -EEXIST.
 * Source     Intel SDM volume 3 chapter 4.
 */
#pragma once

#include "kernel/base/base.h"
#include "kernel/limits.h"

#define RO_AFTER_INIT __attribute__((section(".ro_after_init")))

/* The physical map covers all memory of the firmware's map (RAM and ACPI, not device registers). */
static inline void *phys_to_virt(paddr_t paddr) { return (void *)(PHYSMAP_BASE + paddr); }

/* Only for pointers into the physical map (every page and every small heap object is). */
static inline paddr_t virt_to_phys(const void *p) { return (u64)p - PHYSMAP_BASE; }

/*
 * Builds and loads the kernel's tables. image_phys is where the image's first byte (KERNEL_BASE) lies; memory lists
 * the count ranges that the physical map shows.
 */
struct paging_range {
	paddr_t start, end;
	bool ram;              /* ours to use: never mapped as a device's */
};
must_check int paging_init(paddr_t image_phys, const struct paging_range *memory, size_t count);
/* Makes .ro_after_init read-only, in both mappings. */
void paging_seal(void);

/* Device registers, uncached, RW + NX; lives for ever. NULL when the window is used up or the range is no device's. */
void *paging_map_mmio(paddr_t paddr, u64 len);
/* Copies from any physical address, also outside the physical map (firmware's tables). -EINVAL beyond the width. */
must_check int paging_read_phys(void *ret_dst, paddr_t paddr, size_t len);

/* Kernel stack of KSTACK_LEN bytes with unmapped pages below; the lowest byte. NULL: no memory or no slot. */
void *kstack_alloc(void);
void kstack_free(void *stack);
/* true when addr lies in the unmapped part below a stack: the message is then "stack overflow". */
bool kstack_is_guard(u64 addr);

/* Pages that are contiguous in KVMAP_BIG (kernel/heap.c chooses addresses); the pages stay the caller's. */
must_check int paging_kmap(u64 va, paddr_t paddr);
paddr_t paging_kunmap(u64 va);  /* 0 when nothing was there */

/* Programs. */
#define PT_READ 1u   /* without it the page is kept but any access faults (PROT_NONE) */
#define PT_WRITE 2u
#define PT_EXEC 4u
#define PT_OWNED 8u  /* the caller's own mark; kept as given */

struct pagetable {
	paddr_t root;
	u64 table_pages;
};

must_check int pagetable_create(struct pagetable *ret_table);
/* Frees the table pages, not the leaf pages; must not be the loaded one. Accepts a zeroed struct. */
void pagetable_destroy(struct pagetable *table);
must_check int pagetable_map(struct pagetable *table, u64 va, paddr_t paddr, u32 flags);
/* The page that was mapped at va, or 0. */
paddr_t pagetable_unmap(struct pagetable *table, u64 va);
/* New flags for a mapped page. -ENOENT nothing is mapped. */
must_check int pagetable_protect(struct pagetable *table, u64 va, u32 flags);
/* va need not be aligned. */
bool pagetable_lookup(const struct pagetable *table, u64 va, paddr_t *ret_paddr, u32 *ret_flags);
/* The first mapped page in [*va, end): true, and *va is its address. Skips holes without walking them. */
bool pagetable_next(const struct pagetable *table, u64 *va, u64 end, paddr_t *ret_paddr, u32 *ret_flags);
/* NULL loads the kernel's own table, which maps no program. */
void pagetable_switch(const struct pagetable *table);
