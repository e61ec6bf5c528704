/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/port_host.c - kernel/base/port.h for host programs, over the C library.
 *
 * Invariant: a page is the second of two adjacent pages; the first holds its reference count.
 */
#include "kernel/base/port.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "kernel/base/err.h"
#include "tools/cli.h"

void *port_alloc(size_t len) { return len ? calloc(1, len) : NULL; }

void port_free(void *p) {
	if (p) explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static u32 *page_count(const void *page) { return (u32 *)((uintptr_t)page - PAGE_SIZE); }

void *port_page_alloc(void) {
	u8 *pair = aligned_alloc(PAGE_SIZE, 2 * PAGE_SIZE);

	if (!pair) return NULL;
	memset(pair, 0, 2 * PAGE_SIZE);
	*page_count(pair + PAGE_SIZE) = 1;
	return pair + PAGE_SIZE;
}

void *port_page_alloc_content(void) { return port_page_alloc(); }

void port_page_get(void *page) { ++*page_count(page); }

void port_page_put(void *page) {
	if (--*page_count(page) == 0) free(page_count(page));
}

u32 port_page_refs(const void *page) { return *page_count(page); }

void port_log(int level, const char *format, ...) {
	char *text = NULL;
	va_list args;

	if (level > LOG_WARN) return;
	va_start(args, format);
	if (vasprintf(&text, format, args) >= 0) cli_warn("%s", text);
	va_end(args);
	free(text);
}

void port_panic(const char *format, ...) {
	va_list args;

	va_start(args, format);
	(void)fputs("assay: internal error: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	abort();
}

static u64 clock_ns(clockid_t clock) {
	struct timespec ts = { 0 };

	(void)clock_gettime(clock, &ts); /* cannot fail for these clocks */
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

u64 port_now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

u64 port_wall_ns(void) { return clock_ns(CLOCK_REALTIME); }

void port_relax(void) {
	struct timespec pause = { .tv_nsec = 1000 };

	(void)nanosleep(&pause, NULL); /* a shorter pause is as good */
}

int port_random(void *buf, size_t len) {
	u8 *p = buf;

	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n <= 0) return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
