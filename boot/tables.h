/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/tables.h - the page tables under which the kernel starts.
 *
 * Four levels, as boot/bootinfo.h describes them: the kernel's segments with their ELF permissions in 4 KiB
 * pages; and, in 2 MiB pages, the first 4 GiB and every GiB that holds memory, at its physical address and again at
 * PHYSMAP_BASE + address. Both views share their lower tables; the second is NX by its top entries.
 *
 * Context    any; the caller gives the memory. The stub and the host tests run it with physical = virtual.
 * Units      bytes; a memory map as GetMemoryMap returns it, with its own stride.
 * Ownership  memory is the caller's.
 * Errors     -ENOSPC when the given pages do not suffice, -ERANGE for memory above PHYSMAP_MAX. Ranges that
 *            are no memory (MMIO, reserved) are mapped only where they share a GiB with memory or lie below
 *            4 GiB.
 * Source     Intel SDM volume 3, 4.5; UEFI 2.10 section 7.2 (GetMemoryMap).
 */
#pragma once

#include "boot/kelf.h"

#define PHYSMAP_MAX (1ull << 46) /* 64 TiB: half of the upper half, far from KERNEL_BASE */

struct memmap {
	const void *descs;
	size_t len;
	size_t stride; /* at least 40 */
};

/* Enough pages for tables_build with the same arguments. */
size_t tables_pages(const struct memmap *map, const struct elf_plan *kernel);

/*
 * Builds into pages * PAGE_SIZE bytes at memory (page aligned); the top table is the first page. kernel_paddr is
 * where kernel->start lies.
 */
must_check int tables_build(void *memory, size_t pages, const struct memmap *map, const struct elf_plan *kernel,
			    paddr_t kernel_paddr);
