/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/futex.h - what a task that ends owes to those who wait for words of its memory; the calls are in futex.c.
 *
 * A word is known by its place in shared memory (page and offset) or by address space and address.
 *
 * Context    task context.
 * Errors     none: a bad address wakes nobody.
 * Source     Linux futex(2), robust_list in uapi futex.h.
 */
#pragma once

#include "kernel/base/base.h"

struct task;

/* For the kernel's own wakes (CLONE_CHILD_CLEARTID). */
void futex_wake_one(u64 addr);
/* Words of the task's robust list that it holds are marked "owner died", one waiter each is woken. */
void futex_release_robust(struct task *task);
