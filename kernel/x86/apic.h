/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/apic.h - the local APIC's timer, and the routing of the one device interrupt we use.
 *
 * All pins of the IOAPIC and both 8259s are masked at take-over; x2APIC is used when the firmware had switched it on.
 *
 * Context    boot; apic_timer_arm and apic_eoi with interrupts off.
 * Units      ns for the timer.
 * Errors     -ENODEV no usable local APIC.
 * Source     Intel SDM volume 3 chapter 10; 82093AA IOAPIC data sheet.
 */
#pragma once

#include "kernel/base/base.h"

/* now_ns is the calibrated clock, used to measure the timer's rate. lapic 0: the address in the MSR. */
must_check int apic_init(paddr_t lapic, u64 (*now_ns)(void));
/* One interrupt on VECTOR_TIMER after ns (rounded, at least one tick of the timer); replaces an earlier request. */
void apic_timer_arm(u64 ns);
void apic_eoi(void);
/*
 * Masks every pin of the IOAPIC at base but one, which interrupts this CPU on vector. -EINVAL when there is no
 * such pin.
 */
must_check int ioapic_init(paddr_t base, u32 pin, u8 vector, bool level, bool active_low);
