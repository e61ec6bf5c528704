/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/clock.c - the time stamp counter made into nanoseconds, the CMOS clock, and the tick.
 *
 * Relies on a counter that runs at a constant rate. Invariant: clock_now_ns() never runs backwards.
 */
#include "kernel/clock.h"

#include "kernel/limits.h"
#include "kernel/sched.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/paging.h"

#define NS_PER_S 1000000000ull
#define PM_TIMER_HZ 3579545ull
#define PM_TIMER_RUN (PM_TIMER_HZ / 100) /* 10 ms */
#define PM_TIMER_LOOKS 10000000u         /* a timer that stands still is given up */
#define CMOS_LOOKS 1000000u              /* an update takes 2 ms */
#define TICK_NS (NS_PER_S / TICK_HZ)
#define SHORTEST_NS (NS_PER_S / TIMERS_PER_S_MAX)

RO_AFTER_INIT static u64 tsc_start, tsc_hz, ns_per_tick_32; /* 32.32 fixed point */
static s64 wall_offset_ns;
static u64 armed_for;

/* CPUID: the crystal's rate and ratio, or what a hypervisor says. */
static u64 hz_from_cpuid(void) {
	if (cpuid(0, 0).eax >= 0x15) {
		struct cpuid r = cpuid(0x15, 0);

		if (r.eax && r.ebx && r.ecx) return (u64)r.ecx * r.ebx / r.eax;
	}
	if (cpuid(1, 0).ecx >> 31 && cpuid(0x40000000, 0).eax >= 0x40000010)
		return (u64)cpuid(0x40000010, 0).eax * 1000;
	return 0;
}

/* One run against the PM timer; 0 when the timer stands still. */
static u64 hz_from_pm_timer(u16 port, u32 mask) {
	u32 start = cpu_in32(port) & mask, passed = 0;
	u64 tsc = cpu_rdtsc();

	for (u32 i = 0; i < PM_TIMER_LOOKS && passed < PM_TIMER_RUN; i++) passed = (cpu_in32(port) - start) & mask;
	tsc = cpu_rdtsc() - tsc;
	return passed < PM_TIMER_RUN ? 0 : tsc * PM_TIMER_HZ / passed;
}

/* The middle one of three: a run that the host interrupted is an outlier. */
static u64 calibrate(u16 port, u32 mask) {
	u64 a = hz_from_pm_timer(port, mask);
	u64 b = a ? hz_from_pm_timer(port, mask) : 0;
	u64 c = b ? hz_from_pm_timer(port, mask) : 0;

	return c ? max_u64(min_u64(a, b), min_u64(max_u64(a, b), c)) : 0;
}

/* Days are counted from 0000-03-01, so that the leap day is a year's last. */
s64 clock_seconds(s64 year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second) {
	s64 y = month > 2 ? year : year - 1;
	s64 m = month > 2 ? month - 3 : month + 9;
	s64 days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;

	return (days - 719468) * 86400 + hour * 3600 + minute * 60 + second;
}

static u8 cmos(u8 reg) {
	cpu_out8(0x70, reg | 0x80);
	return cpu_in8(0x71);
}

enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, CENTURY, CMOS_COUNT };

static void cmos_read(u8 century_reg, u8 ret_time[CMOS_COUNT]) {
	const u8 regs[] = { 0, 2, 4, 7, 8, 9, century_reg };

	for (u32 i = 0; i < CMOS_LOOKS && cmos(0x0a) & 0x80; i++) cpu_pause();
	for (size_t i = 0; i < CMOS_COUNT; i++) ret_time[i] = i == CENTURY && !century_reg ? 0 : cmos(regs[i]);
}

static u64 wall_from_cmos(u8 century_reg) {
	u8 mode = cmos(0x0b), t[CMOS_COUNT];
	bool binary = mode & 4, hours24 = mode & 2, pm;

	cmos_read(century_reg, t);
	if (cmos(0) != t[SECOND]) cmos_read(century_reg, t); /* right behind an update now: the first may have met it */
	pm = t[HOUR] & 0x80;
	t[HOUR] &= 0x7f;
	for (size_t i = 0; i < CMOS_COUNT && !binary; i++) t[i] = (u8)((t[i] >> 4) * 10 + (t[i] & 15));
	if (!hours24) t[HOUR] = t[HOUR] % 12 + (pm ? 12 : 0);
	if (t[CENTURY] < 19 || t[CENTURY] > 21) t[CENTURY] = 20;
	s64 s = clock_seconds(t[CENTURY] * 100 + t[YEAR], t[MONTH], t[DAY], t[HOUR], t[MINUTE], t[SECOND]);

	return s > 0 ? (u64)s * NS_PER_S : 0;
}

int clock_init(u64 entry_tsc, u16 pm_timer_port, bool pm_timer_32bit, u8 century_reg) {
	u64 hz = hz_from_cpuid();

	if (!hz && pm_timer_port) hz = calibrate(pm_timer_port, pm_timer_32bit ? 0xffffffff : 0xffffff);
	if (hz < 1000000) return -ENODEV;
	tsc_start = entry_tsc;
	tsc_hz = hz;
	ns_per_tick_32 = (NS_PER_S << 32) / hz;
	wall_offset_ns = (s64)(wall_from_cmos(century_reg) - clock_now_ns());
	return 0;
}

u64 clock_now_ns(void) { return (u64)((unsigned __int128)(cpu_rdtsc() - tsc_start) * ns_per_tick_32 >> 32); }

u64 clock_wall_ns(void) { return clock_now_ns() + (u64)wall_offset_ns; }

void clock_set_wall(u64 wall_ns) { wall_offset_ns = (s64)(wall_ns - clock_now_ns()); }

u64 clock_tsc_khz(void) { return tsc_hz / 1000; }

u64 clock_tsc_since_entry(void) { return cpu_rdtsc() - tsc_start; }

static void arm(u64 now, u64 deadline) {
	armed_for = deadline;
	apic_timer_arm(deadline > now + SHORTEST_NS ? deadline - now : SHORTEST_NS);
}

void clock_start_tick(void) {
	u64 now = clock_now_ns();

	arm(now, now + TICK_NS);
}

void clock_request(u64 deadline_ns) {
	if (armed_for && deadline_ns < armed_for) arm(clock_now_ns(), deadline_ns);
}

void clock_interrupt(void) {
	u64 now = clock_now_ns();

	arm(now, now + TICK_NS);
	sched_tick(now);
}
