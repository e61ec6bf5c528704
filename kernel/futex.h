/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/futex.h - waiting for words of user memory.
 *
 * A word is known by its place in shared memory (page and offset) or by address space and address.
 *
 * Context    task context; futex_wait sleeps.
 * Units      deadlines in ns since boot, 0 none.
 * Errors     -EAGAIN the word is not what was said, -ETIMEDOUT, -EINTR, -EINVAL not aligned or no bits, -EFAULT.
 * Source     Linux futex(2), robust_list in uapi futex.h.
 */
#pragma once

#include "kernel/base/base.h"

#define FUTEX_BITS_ALL 0xffffffffu

struct task;

must_check int futex_wait(u64 addr, u32 expected, u32 bits, u64 deadline_ns);
/* The number woken, or a negative errno. */
s64 futex_wake(u64 addr, u32 count, u32 bits);
/*
 * Wakes count waiters of addr and moves up to move_count others to to_addr; with check, only while the word is
 * expected. Woken + moved.
 */
s64 futex_requeue(u64 addr, u32 count, u64 to_addr, u32 move_count, bool check, u32 expected);
/* For the kernel's own wakes (CLONE_CHILD_CLEARTID): a bad address wakes nobody. */
void futex_wake_address(u64 addr, u32 count);
/* Words of the task's robust list that it holds are marked "owner died", one waiter each is woken. */
void futex_release_robust(struct task *task);
