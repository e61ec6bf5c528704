/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/port.c - kernel/base/port.h over heap, pages, log, clock and DRBG; and what the compiler calls.
 */

#include "crypto/mbedtls_port.h"
#include "kernel/clock.h"
#include "kernel/commit.h"
#include "kernel/heap.h"
#include "kernel/klog.h"
#include "kernel/limits.h"
#include "kernel/pmm.h"
#include "kernel/power.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/paging.h"

void *port_alloc(size_t len) { return heap_alloc(len); }

void port_free(void *p) { heap_free(p); }

void *port_page_alloc(void) {
	paddr_t paddr = pmm_alloc();

	return paddr ? phys_to_virt(paddr) : NULL;
}

void *port_page_alloc_content(void) { return commit_has_room(1) ? port_page_alloc() : NULL; }

void port_page_get(void *page) { pmm_get(virt_to_phys(page)); }

void port_page_put(void *page) { pmm_put(virt_to_phys(page)); }

u32 port_page_refs(const void *page) { return pmm_refs(virt_to_phys(page)); }

void port_log(int level, const char *format, ...) {
	va_list args;

	va_start(args, format);
	klog_vformat(level, format, args);
	va_end(args);
}

void port_panic(const char *format, ...) {
	char reason[KLOG_LINE_MAX];
	va_list args;

	va_start(args, format);
	text_vformat(reason, sizeof(reason), format, args);
	va_end(args);
	halt_machine("%s", reason);
}

u64 port_now_ns(void) { return clock_now_ns(); }

u64 port_wall_ns(void) { return clock_wall_ns(); }

void port_relax(void) {
	u64 start = cpu_rdtsc(), ticks = clock_tsc_khz() / 1000;

	do {
		cpu_pause();
	} while (cpu_rdtsc() - start < ticks);
}

int port_random(void *buf, size_t len) { return crypto_random(buf, len); }
