/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/fake_pagetable.h - page tables of kernel/x86/paging.h as a sorted array, and pmm_stats, for kernel/vm.c.
 *
 * A table takes one port page for every 64 entries, so that running out of table pages can be provoked. Setting an
 * entry
 * writable and executable at once is refused as paging.c refuses it.
 *
 * Context    unit tests.
 * Ownership  as paging.h.
 */
#pragma once

#include "kernel/x86/paging.h"

/* What pmm_stats says is free, less the fake port's live objects. */
void fake_pagetable_set_memory(u64 pages);
