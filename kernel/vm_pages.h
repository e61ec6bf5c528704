/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/vm_pages.h - page table entries of a program in terms of pages as port.h hands them out.
 *
 * Context    task context.
 * Ownership  no reference is taken or dropped here: an entry stands for one that vm.c holds.
 * Errors     -ENOMEM no memory for a table page.
 */
#pragma once

#include "kernel/x86/paging.h"

/* The page at addr and its PT_* flags, or NULL (flags untouched). */
static inline void *entry_get(const struct pagetable *table, u64 addr, u32 *ret_flags) {
	paddr_t paddr;

	return pagetable_lookup(table, addr, &paddr, ret_flags) ? phys_to_virt(align_down(paddr, PAGE_SIZE)) : NULL;
}

/* Maps page at addr in place of what is there. */
must_check static inline int entry_set(struct pagetable *table, u64 addr, void *page, u32 flags) {
	u32 old_flags;
	const void *old = entry_get(table, addr, &old_flags);

	if (old == page) return pagetable_protect(table, addr, flags);
	if (old != NULL)
		(void)pagetable_unmap(table, addr); /* known above */
	return pagetable_map(table, addr, virt_to_phys(page), flags);
}
