/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/commit.c - counts promises against free pages.
 *
 * Invariant: charged >= kept and debt >= 0; a wrong count would show as memory that can never be mapped again.
 */
#include "kernel/commit.h"

#include "kernel/pmm.h"
#include "kernel/task.h"

/* One page in 64, and 1 MiB, for kernel stacks, tables and small objects. */
#define RESERVE_SHARE 64u
#define RESERVE_MIN 256u

/* And one in 32 for programs of uid 0, so that somebody can clean up. */
#define ROOT_SHARE 32u

static u64 charged, kept, debt;
static u64 reserve = RESERVE_MIN, root_reserve;

void commit_init(void) {
	reserve = RESERVE_MIN + pmm_stats().free / RESERVE_SHARE;
	root_reserve = pmm_stats().free / ROOT_SHARE;
}

bool commit_has_room(u64 pages) {
	u64 open = charged - kept + debt + reserve + (task_cred()->fsuid ? root_reserve : 0);
	u64 available = pmm_stats().free;

	return available >= open && available - open >= pages;
}

int commit_charge(u64 pages) {
	if (!commit_has_room(pages)) return -ENOMEM;
	charged += pages;
	return 0;
}

void commit_uncharge(u64 pages) { charged -= pages; }

void commit_kept(s64 pages) { kept += (u64)pages; }

void commit_debt(s64 pages) { debt += (u64)pages; }

u64 commit_charged(void) { return charged; }
