/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/heap.h - small objects in size classes over pages, large ones in whole pages.
 *
 * port_alloc() and port_free() of kernel/base/port.h stand on it. Objects are zeroed when handed out and poisoned
 * when freed; freeing something that is not an object, or twice, stops the machine.
 *
 * Context    task context.
 * Units      bytes.
 * Ownership  the caller's until heap_free.
 * Errors     NULL when memory ran out or len is 0.
 */
#pragma once

#include "kernel/base/base.h"

struct heap_stats {
	u64 objects;    /* living, all sizes: the leak counter */
	u64 bytes;      /* as asked for, rounded to the size class */
	u64 pages;      /* held by the heap */
};

void *heap_alloc(size_t len);
void heap_free(void *p);
struct heap_stats heap_stats(void);
