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

struct cmos_time {
	u8 second, minute, hour, day, month, year, century;
};

static struct cmos_time cmos_read(u8 century_reg) {
	for (u32 i = 0; i < CMOS_LOOKS && cmos(0x0a) & 0x80; i++) cpu_pause();
	return (struct cmos_time){ cmos(0), cmos(2), cmos(4), cmos(7), cmos(8), cmos(9),
				   century_reg ? cmos(century_reg) : 0 };
}

static unsigned from_bcd(u8 v, bool binary) { return binary ? v : (unsigned)(v >> 4) * 10 + (v & 15); }

static u64 wall_from_cmos(u8 century_reg) {
	u8 mode = cmos(0x0b);
	bool binary = mode & 4, hours24 = mode & 2;
	struct cmos_time a = cmos_read(century_reg), b = cmos_read(century_reg);
	unsigned hour, century;
	s64 seconds;

	if (a.second != b.second) /* the second reading began right behind an update */
		a = b;
	hour = from_bcd(a.hour & 0x7f, binary);
	if (!hours24) hour = hour % 12 + (a.hour & 0x80 ? 12 : 0);
	century = from_bcd(a.century, binary);
	if (century < 19 || century > 21) century = 20;
	seconds = clock_seconds((s64)century * 100 + from_bcd(a.year, binary), from_bcd(a.month, binary),
				from_bcd(a.day, binary), hour, from_bcd(a.minute, binary), from_bcd(a.second, binary));
	return seconds > 0 ? (u64)seconds * NS_PER_S : 0;
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
