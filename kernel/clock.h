/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/clock.h - time: the calibrated time stamp counter, the wall clock, and the tick.
 *
 * Context    boot (clock_init), then any.
 * Units      ns.
 * Errors     -ENODEV no way to calibrate.
 * Source     Intel SDM volume 2 (CPUID 0x15), ACPI 6.5 section 4.8.3.3 (PM timer), MC146818 data sheet.
 */
#pragma once

#include "kernel/base/base.h"

/* entry_tsc: the counter at kernel entry, time 0. pm_timer_port 0: none. century_reg 0: none. */
must_check int clock_init(u64 entry_tsc, u16 pm_timer_port, bool pm_timer_32bit, u8 century_reg);
u64 clock_now_ns(void);             /* since kernel entry; 0 before clock_init */
u64 clock_wall_ns(void);            /* since 1970-01-01 UTC */
void clock_set_wall(u64 wall_ns);   /* settimeofday by uid 0 */
u64 clock_tsc_khz(void);
u64 clock_tsc_since_entry(void);

/* Starts the tick: sched_tick(now) at least TICK_HZ times a second, and at the earliest deadline that was asked for. */
void clock_start_tick(void);
/*
 * Makes sched_tick run at deadline_ns or soon after; kernel/sched.c asks on behalf of sleepers. The request is
 * forgotten at each tick: sched_tick asks again for who still sleeps.
 */
void clock_request(u64 deadline_ns);
/* The timer interrupt. */
void clock_interrupt(void);

/* Seconds since 1970 of a date of the proleptic Gregorian calendar, UTC. month 1 to 12. */
s64 clock_seconds(s64 year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second);
