/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/apic.c - local APIC and IOAPIC. Relies on paging_map_mmio() and a calibrated clock.
 *
 * Invariant: every interrupt source is masked but the timer and the pin that ioapic_init() was given.
 */
#include "kernel/x86/apic.h"

#include "kernel/x86/cpu.h"
#include "kernel/x86/paging.h"
#include "kernel/x86/trap.h"

enum { REG_ID = 0x20, REG_TPR = 0x80, REG_EOI = 0xb0, REG_SVR = 0xf0, REG_LVT_TIMER = 0x320, REG_LVT_LINT0 = 0x350,
       REG_LVT_LINT1 = 0x360, REG_LVT_ERROR = 0x370, REG_INITIAL = 0x380, REG_CURRENT = 0x390, REG_DIVIDE = 0x3e0 };
enum { SVR_ENABLE = 0x100, LVT_MASKED = 0x10000, DIVIDE_BY_1 = 0xb };
#define BASE_ENABLE (1ull << 11)
#define BASE_X2APIC (1ull << 10)
#define BASE_ADDR 0x000ffffffffff000ull

#define CALIBRATION_NS 10000000ull
#define NS_PER_S 1000000000ull

enum { IOAPIC_VERSION = 1, IOAPIC_DATA = 0x10, ENTRY_ACTIVE_LOW = 1 << 13, ENTRY_LEVEL = 1 << 15,
       ENTRY_MASKED = 1 << 16 };
#define IOAPIC_ENTRY(n) (0x10u + 2u * (n))

RO_AFTER_INIT static char *lapic;      /* NULL: x2APIC */
RO_AFTER_INIT static u64 timer_hz;

static u32 reg_read(u32 reg) {
	return lapic ? cpu_mmio_read32(lapic + reg) : (u32)cpu_rdmsr(MSR_X2APIC + (reg >> 4));
}

static void reg_write(u32 reg, u32 value) {
	lapic ? cpu_mmio_write32(lapic + reg, value) : cpu_wrmsr(MSR_X2APIC + (reg >> 4), value);
}

static void calibrate(u64 (*now_ns)(void)) {
	u64 start, took;

	reg_write(REG_DIVIDE, DIVIDE_BY_1);
	reg_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	reg_write(REG_INITIAL, 0xffffffff);
	start = now_ns();
	do {
		cpu_pause();
		took = now_ns() - start;
	} while (took < CALIBRATION_NS);
	timer_hz = (0xffffffffull - reg_read(REG_CURRENT)) * NS_PER_S / took;
	reg_write(REG_INITIAL, 0);
}

int apic_init(paddr_t lapic_base, u64 (*now_ns)(void)) {
	u64 base = cpu_rdmsr(MSR_APIC_BASE) | BASE_ENABLE;

	cpu_out8(0x21, 0xff); /* both 8259s */
	cpu_out8(0xa1, 0xff);
	cpu_wrmsr(MSR_APIC_BASE, base);
	if (!(base & BASE_X2APIC)) {
		lapic = paging_map_mmio(lapic_base ? lapic_base : base & BASE_ADDR, PAGE_SIZE);
		if (!lapic) return -ENODEV;
	}
	reg_write(REG_TPR, 0);
	reg_write(REG_LVT_LINT0, LVT_MASKED);
	reg_write(REG_LVT_LINT1, LVT_MASKED);
	reg_write(REG_LVT_ERROR, LVT_MASKED);
	reg_write(REG_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	calibrate(now_ns);
	if (!timer_hz) return -ENODEV;
	reg_write(REG_LVT_TIMER, VECTOR_TIMER);
	return 0;
}

void apic_timer_arm(u64 ns) {
	u64 count = min_u64(ns, NS_PER_S) * timer_hz / NS_PER_S; /* fits: no timer has 18 GHz */

	reg_write(REG_INITIAL, (u32)min_u64(max_u64(count, 1), 0xffffffff));
}

void apic_eoi(void) { reg_write(REG_EOI, 0); }

static void ioapic_write(char *ioapic, u32 reg, u32 value) {
	cpu_mmio_write32(ioapic, reg);
	cpu_mmio_write32(ioapic + IOAPIC_DATA, value);
}

int ioapic_init(paddr_t base, u32 pin, u8 vector, bool level, bool active_low) {
	char *ioapic = paging_map_mmio(base, PAGE_SIZE);
	u32 id = lapic ? reg_read(REG_ID) >> 24 : reg_read(REG_ID), pins;

	if (!ioapic) return -ENODEV;
	cpu_mmio_write32(ioapic, IOAPIC_VERSION);
	pins = (cpu_mmio_read32(ioapic + IOAPIC_DATA) >> 16 & 0xff) + 1;
	for (u32 i = 0; i < pins; i++) ioapic_write(ioapic, IOAPIC_ENTRY(i), ENTRY_MASKED);
	if (pin >= pins || id > 0xff) return -EINVAL;
	ioapic_write(ioapic, IOAPIC_ENTRY(pin) + 1, id << 24);
	ioapic_write(ioapic, IOAPIC_ENTRY(pin),
		     vector | (level ? ENTRY_LEVEL : 0) | (active_low ? ENTRY_ACTIVE_LOW : 0));
	return 0;
}
