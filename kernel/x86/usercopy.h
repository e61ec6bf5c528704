/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/usercopy.h - the only way to a program's memory.
 *
 * Context    task context, with the task's address space loaded. A page that is not there yet is
 *            faulted in (demand paging, copy on write); one that never will be gives -EFAULT.
 * Units      bytes; cap counts the NUL.
 * Ownership  kernel buffers are the caller's.
 * Errors     -EFAULT: then part of the destination may have been written; -ENAMETOOLONG no NUL within cap.
 */
#pragma once

#include "kernel/base/base.h"

/* Half-open user range of addresses. */
#define USER_START 0x10000ull
#define USER_END 0x00007ffffffff000ull

static inline uaddr_t uaddr(u64 value) { return (uaddr_t){ value }; }

must_check int copy_from_user(void *ret_dst, uaddr_t src, size_t len);
must_check int copy_to_user(uaddr_t dst, const void *src, size_t len);
must_check int clear_user(uaddr_t dst, size_t len);
/* Length of the string without NUL. */
ssize copy_string_from_user(char *ret_dst, uaddr_t src, size_t cap);
