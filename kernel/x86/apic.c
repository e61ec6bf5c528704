/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/apic.c - local APIC and IOAPIC. Relies on paging_map_mmio() and a calibrated clock.
 *
 * Invariant: every interrupt source is masked but the timer and what ioapic_route() named.
 */
#include "kernel/x86/apic.h"

#include "kernel/x86/cpu.h"
#include "kernel/x86/paging.h"
#include "kernel/x86/trap.h"

#define REG_ID 0x20u
#define REG_TPR 0x80u
#define REG_EOI 0xb0u
#define REG_SVR 0xf0u
#define REG_LVT_TIMER 0x320u
#define REG_LVT_LINT0 0x350u
#define REG_LVT_LINT1 0x360u
#define REG_LVT_ERROR 0x370u
#define REG_INITIAL 0x380u
#define REG_CURRENT 0x390u
#define REG_DIVIDE 0x3e0u

#define SVR_ENABLE 0x100u
#define LVT_MASKED 0x10000u
#define DIVIDE_BY_1 0xbu
#define BASE_ENABLE (1ull << 11)
#define BASE_X2APIC (1ull << 10)
#define BASE_ADDR 0x000ffffffffff000ull

#define CALIBRATION_NS 10000000ull
#define NS_PER_S 1000000000ull

#define IOAPIC_VERSION 1u
#define IOAPIC_ENTRY(n) (0x10u + 2u * (n))
#define ENTRY_ACTIVE_LOW (1u << 13)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)

RO_AFTER_INIT static char *lapic;      /* NULL: x2APIC */
RO_AFTER_INIT static char *ioapic;
RO_AFTER_INIT static u32 ioapic_gsi_base, ioapic_pins;
RO_AFTER_INIT static u64 timer_hz;

static u32 reg_read(u32 reg)
{
	return lapic ? cpu_mmio_read32(lapic + reg) : (u32)cpu_rdmsr(MSR_X2APIC + (reg >> 4));
}

static void reg_write(u32 reg, u32 value)
{
	if (lapic)
		cpu_mmio_write32(lapic + reg, value);
	else
		cpu_wrmsr(MSR_X2APIC + (reg >> 4), value);
}

static void mask_8259s(void)
{
	cpu_out8(0x21, 0xff);
	cpu_out8(0xa1, 0xff);
}

static void calibrate(u64 (*now_ns)(void))
{
	u64 start, took;
	u32 counted;

	reg_write(REG_DIVIDE, DIVIDE_BY_1);
	reg_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	reg_write(REG_INITIAL, 0xffffffff);
	start = now_ns();
	do {
		cpu_pause();
		took = now_ns() - start;
	} while (took < CALIBRATION_NS);
	counted = 0xffffffff - reg_read(REG_CURRENT);
	reg_write(REG_INITIAL, 0);
	timer_hz = (u64)counted * NS_PER_S / took;
}

int apic_init(paddr_t lapic_base, u64 (*now_ns)(void))
{
	u64 base = cpu_rdmsr(MSR_APIC_BASE);

	if (!(cpuid(1, 0).edx >> 9 & 1))
		return -ENODEV;
	mask_8259s();
	if (!(base & BASE_ENABLE)) {
		base |= BASE_ENABLE;
		cpu_wrmsr(MSR_APIC_BASE, base);
	}
	if (!(base & BASE_X2APIC)) {
		lapic = paging_map_mmio(lapic_base ? lapic_base : base & BASE_ADDR, PAGE_SIZE);
		if (!lapic)
			return -ENODEV;
	}
	reg_write(REG_TPR, 0);
	reg_write(REG_LVT_LINT0, LVT_MASKED);
	reg_write(REG_LVT_LINT1, LVT_MASKED);
	reg_write(REG_LVT_ERROR, LVT_MASKED);
	reg_write(REG_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	calibrate(now_ns);
	if (!timer_hz)
		return -ENODEV;
	reg_write(REG_LVT_TIMER, VECTOR_TIMER);
	return 0;
}

void apic_timer_arm(u64 ns)
{
	u64 count = min_u64(ns, NS_PER_S) * timer_hz / NS_PER_S; /* fits: no timer has 18 GHz */

	reg_write(REG_INITIAL, (u32)min_u64(max_u64(count, 1), 0xffffffff));
}

void apic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

static u32 ioapic_read(u32 reg)
{
	cpu_mmio_write32(ioapic, reg);
	return cpu_mmio_read32(ioapic + 0x10);
}

static void ioapic_write(u32 reg, u32 value)
{
	cpu_mmio_write32(ioapic, reg);
	cpu_mmio_write32(ioapic + 0x10, value);
}

int ioapic_init(paddr_t base, u32 gsi_base)
{
	ioapic = paging_map_mmio(base, PAGE_SIZE);
	if (!ioapic)
		return -ENODEV;
	ioapic_gsi_base = gsi_base;
	ioapic_pins = (ioapic_read(IOAPIC_VERSION) >> 16 & 0xff) + 1;
	for (u32 pin = 0; pin < ioapic_pins; pin++)
		ioapic_write(IOAPIC_ENTRY(pin), ENTRY_MASKED);
	return 0;
}

int ioapic_route(u32 gsi, u8 vector, bool level, bool active_low)
{
	u32 id = lapic ? reg_read(REG_ID) >> 24 : reg_read(REG_ID);

	if (!ioapic || gsi < ioapic_gsi_base || gsi - ioapic_gsi_base >= ioapic_pins || id > 0xff)
		return -EINVAL;
	ioapic_write(IOAPIC_ENTRY(gsi - ioapic_gsi_base) + 1, id << 24);
	ioapic_write(IOAPIC_ENTRY(gsi - ioapic_gsi_base),
		     vector | (level ? ENTRY_LEVEL : 0) | (active_low ? ENTRY_ACTIVE_LOW : 0));
	return 0;
}

void apic_quiesce(void)
{
	reg_write(REG_LVT_TIMER, LVT_MASKED);
	for (u32 pin = 0; ioapic && pin < ioapic_pins; pin++)
		ioapic_write(IOAPIC_ENTRY(pin), ENTRY_MASKED);
}
