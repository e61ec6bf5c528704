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
 * Units      pages of PAGE_SIZE, single ones: what must be contiguous is made so in kernel space (heap.h).
 * Ownership  a page starts with one reference and is free again when the last one is put. Looking at, taking or
 *            putting a page that is not in use stops the machine.
 * Errors     0 (pmm_alloc) when no memory is left; pmm_init -EBADMSG a map that makes no sense, -ENOMEM no usable
 *            memory.
 * Source     UEFI 2.10 section 7.2.
 */
#pragma once

#include "kernel/base/base.h"

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
	u32 desc_len, desc_version;
	char *physmap;        /* where physical address 0 is seen */
};

struct pmm_stats {
	u64 total, free;  /* total: that are or can become free */
	u64 loader;       /* not yet released */
	u64 low_water;    /* smallest value that free ever had */
};

must_check int pmm_init(const struct pmm_config *config, const char **ret_why);
/* Sorted, disjoint ranges of the whole map: for the physical map and for /proc. */
const struct pmm_range *pmm_ranges(size_t *ret_count);
/* Frees all loader memory, the stub, its tables and its copies, but what [keep, keep + len) touches. */
void pmm_release_loader(paddr_t keep, u64 keep_len);

/* 0: none left. Contents are zero. */
paddr_t pmm_alloc(void);
void pmm_get(paddr_t paddr);
void pmm_put(paddr_t paddr);
u32 pmm_refs(paddr_t paddr);
struct pmm_stats pmm_stats(void);
