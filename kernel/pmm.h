/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/pmm.h - physical pages.
 *
 * Built from the firmware's memory map, which may be unsorted, overlapping or absurd: the more restrictive of
 * two overlapping claims wins, everything is clamped to whole pages and to the accepted address width, page 0 and the
 * first MiB are never handed out. Freed pages are filled with a poison that is checked when they are
 * handed out again; pages are zeroed before they are handed out.
 *
 * Context    boot (pmm_init), then task context.
 * Units      pages of PAGE_SIZE; order n is a run of 2^n pages, aligned to its size.
 * Ownership  a page starts with one reference and returns to the free lists when the last one is put. The pages of a
 *            run are put one by one.
 * Errors     0 (pmm_alloc*) when no memory is left; pmm_init -EBADMSG a map that makes no sense, -ENOMEM no usable
 *            memory.
 * Source     UEFI 2.10 section 7.2.
 */
#pragma once

#include "kernel/base/base.h"

struct page {
	u32 refs;    /* 0: free, or never ours */
	u32 next;    /* free list, by page number */
	u32 prev;
	u8 state;    /* enum page_state, of pmm.c */
	u8 order;    /* of a free run's first page */
	u8 tag;      /* the owner's of a used page, as are next and prev: kernel/heap.c */
	u8 poisoned; /* free, and filled with poison: memory that was never used is not */
};

struct pmm_range {
	paddr_t start, end;
	u8 kind;     /* enum pmm_kind */
};

enum pmm_kind {  /* in the order of growing restriction */
	PMM_FREE = 0,
	PMM_LOADER,    /* stub, image, tables: freed by pmm_release_loader() */
	PMM_ACPI,      /* readable, never handed out */
	PMM_RESERVED,  /* not touched; runtime services too */
};

struct pmm_config {
	struct span map;      /* EFI_MEMORY_DESCRIPTORs */
	u32 desc_len;
	u32 desc_version;
	char *physmap;        /* where physical address 0 is seen */
};

struct pmm_stats {
	u64 total;     /* pages that are or can become free */
	u64 free;
	u64 loader;    /* not yet released */
	u64 low_water; /* smallest value that free ever had */
};

must_check int pmm_init(const struct pmm_config *config, const char **ret_why);
/* Sorted, disjoint ranges of the whole map: for the physical map and for /proc. */
const struct pmm_range *pmm_ranges(size_t *ret_count);
/* Frees all loader memory, the stub, its tables and its copies, but what [keep, keep + len) touches. */
void pmm_release_loader(paddr_t keep, u64 keep_len);

/* 0: none left. Contents are zero. */
paddr_t pmm_alloc(void);
paddr_t pmm_alloc_run(unsigned order);
void pmm_get(paddr_t paddr);
void pmm_put(paddr_t paddr);
u32 pmm_refs(paddr_t paddr);
/* The page's record; NULL outside the memory that pmm manages. */
struct page *pmm_page(paddr_t paddr);
void pmm_stats(struct pmm_stats *ret_stats);
