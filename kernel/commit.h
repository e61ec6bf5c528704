/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/commit.h - memory that was promised to programs.
 *
 * Writable private memory is promised when it is mapped and given when it is touched. A promise is made only
 * when the free pages cover all that is promised and not yet given: mmap and fork say ENOMEM, instead of a program
 * dying at a touch later.
 *
 *     open promises = charged - kept + copies owed (pages that two spaces share until one writes)
 *
 * Context    task context.
 * Units      pages.
 * Errors     -ENOMEM.
 */
#pragma once

#include "kernel/base/base.h"

/* Pages kept back for the kernel's own needs: call once when boot is done. */
void commit_init(void);

/* Whether so many pages can be had without breaking a promise; for others than uid 0 without its share, too. */
bool commit_has_room(u64 pages);
must_check int commit_charge(u64 pages);
void commit_uncharge(u64 pages);

/* Promised pages that became real (positive) or went away (negative). */
void commit_kept(s64 pages);
/* Copies owed that were made or became unnecessary. */
void commit_debt(s64 pages);

u64 commit_charged(void);
