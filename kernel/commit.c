/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/commit.c - counts promises against free pages.
 *
 * Invariant: charged >= kept and debt >= 0; a wrong count would show as memory that can never be mapped again.
 */
#include "kernel/commit.h"

#include "kernel/pmm.h"

/* One page in 64, and 1 MiB, for kernel stacks, tables and small objects. */
#define RESERVE_SHARE 64u
#define RESERVE_MIN 256u

static u64 charged, kept, debt;
static u64 reserve = RESERVE_MIN;

void commit_init(void) { reserve = RESERVE_MIN + pmm_stats().free / RESERVE_SHARE; }

int commit_charge(u64 pages) {
	u64 open = charged - kept + debt + reserve, available = pmm_stats().free;

	if (available < open || available - open < pages) return -ENOMEM;
	charged += pages;
	return 0;
}

void commit_uncharge(u64 pages) { charged -= pages; }

void commit_kept(s64 pages) { kept += (u64)pages; }

void commit_debt(s64 pages) { debt += (u64)pages; }

u64 commit_charged(void) { return charged; }
