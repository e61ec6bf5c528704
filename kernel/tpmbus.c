/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tpmbus.c - the TPM by memory access.
 *
 * Relies on paging_map_mmio. Invariant: an address outside the registers' page and the mapped pages is never touched.
 */
#include "kernel/tpmbus.h"

#include "kernel/x86/cpu.h"
#include "kernel/x86/paging.h"

#define CONTROL_OFFSET 0x40u /* where a TPM without a head begins */
#define PAUSE_NS 50000u

static struct tpmbus {
	paddr_t base;            /* of locality 0 */
	u8 *regs;                /* where base is seen */
	struct seen {
		paddr_t paddr;
		u8 *page;
	} pages[TPMBUS_PAGES];
	size_t page_count;
} the_bus;

static u8 read8(void *bus, u32 addr) { return cpu_mmio_read8(((struct tpmbus *)bus)->regs + addr); }

static void write8(void *bus, u32 addr, u8 value) { cpu_mmio_write8(((struct tpmbus *)bus)->regs + addr, value); }

static u32 read32(void *bus, u32 addr) { return cpu_mmio_read32(((struct tpmbus *)bus)->regs + addr); }

static void write32(void *bus, u32 addr, u32 value) { cpu_mmio_write32(((struct tpmbus *)bus)->regs + addr, value); }

/* Where the page at paddr is seen, NULL when it may not be. */
static u8 *find_page(struct tpmbus *b, paddr_t paddr) {
	u8 *page;

	if (paddr == b->base) return b->regs; /* page aligned: a base without a head is not */
	for (size_t i = 0; i < b->page_count; i++) {
		if (b->pages[i].paddr == paddr) return b->pages[i].page;
	}
	if (b->page_count == TPMBUS_PAGES) return NULL;
	page = paging_map_mmio(paddr, PAGE_SIZE);
	if (page) b->pages[b->page_count++] = (struct seen){ paddr, page };
	return page;
}

/* Byte by byte: every device takes that, and nothing is long. */
static int copy(struct tpmbus *b, paddr_t paddr, u8 *in, const u8 *out, size_t len) {
	for (size_t i = 0; i < len; i++) {
		paddr_t at = paddr + i;
		u8 *page = find_page(b, align_down(at, PAGE_SIZE)), *byte = page + (at & (PAGE_SIZE - 1));

		if (!page) return -EIO;
		if (in)
			in[i] = cpu_mmio_read8(byte);
		else
			cpu_mmio_write8(byte, out[i]);
	}
	return 0;
}

static int read_buffer(void *bus, paddr_t paddr, void *ret_buf, size_t len) {
	return copy(bus, paddr, ret_buf, NULL, len);
}

static int write_buffer(void *bus, paddr_t paddr, const void *buf, size_t len) {
	return copy(bus, paddr, NULL, buf, len);
}

static u64 now_ms(void *) { return port_now_ns() / 1000000; }

static void pause50(void *) {
	u64 start = port_now_ns();

	while (port_now_ns() - start < PAUSE_NS) port_relax();
}

int tpmbus_open(const struct tpm_location *where, struct tpm_regs *ret_regs) {
	u32 first = where->has_head ? 0 : CONTROL_OFFSET;

	the_bus.base = where->base;
	/* Without a head the control area may begin a page: what lies before it is not ours to map. */
	u8 *regs = paging_map_mmio(where->base + first, PAGE_SIZE - first);

	if (!regs) return -EIO;
	the_bus.regs = regs - first;
	*ret_regs = (struct tpm_regs){
		.read8 = read8, .write8 = write8, .read32 = read32, .write32 = write32, .read_buffer = read_buffer,
		.write_buffer = write_buffer, .now_ms = now_ms, .pause = pause50, .bus = &the_bus,
	};
	return 0;
}
