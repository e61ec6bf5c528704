/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/port.h - what each program must supply to the libraries.
 *
 * The kernel implements it in kernel/port.c over its heap, page allocator, log and clock;
 * the tests in tests/fake/fake_port.c, where allocations can be made to fail
 * by count; the tools in tools/port_host.c.
 *
 * Context    task context. The kernel is not preempted inside kernel code: code between
 *            two port_relax() calls is atomic towards every other task.
 * Units      sizes in bytes; port_page_* handle single pages of PAGE_SIZE bytes, PAGE_SIZE aligned.
 * Ownership  port_alloc memory is the caller's until port_free. A page starts with one
 *            reference and is freed (wiped) when the last one is put.
 * Errors     NULL when memory ran out; never a crash.
 */
#pragma once

#include <stdarg.h>

#include "kernel/base/types.h"

/* Zeroed memory, 16-byte aligned; NULL for out of memory or len 0. Any size; large ones are page-backed. */
void *port_alloc(size_t len);
/* Accepts NULL. Contents are wiped. */
void port_free(void *p);

/* One zeroed page with one reference. */
void *port_page_alloc(void);
/*
 * The same for content of files and pipes, which nobody promised memory to: NULL also when memory that programs were
 * promised would be gone, or, for a program of another user, what is kept for uid 0.
 */
void *port_page_alloc_content(void);
void port_page_get(void *page);
void port_page_put(void *page);
/* References held on the page: 1 means the caller holds the only one. */
u32 port_page_refs(const void *page);

/* Levels are those of syslog: 3 error, 4 warning, 5 notice, 6 info. No newline in the text. */
enum { LOG_ERR = 3, LOG_WARN, LOG_NOTICE, LOG_INFO };
void port_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Stops the machine (kernel), aborts (host): only where going on could run unmeasured code. */
void port_panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Monotonic since start; and wall clock since 1970-01-01 UTC (untrusted). */
u64 port_now_ns(void);
u64 port_wall_ns(void);

/* Called inside bounded waits: pauses the CPU about a microsecond. Does not switch tasks. */
void port_relax(void);

/* Fills buf from the DRBG (kernel: seeded at boot). 0 or -EIO. */
must_check int port_random(void *buf, size_t len);
