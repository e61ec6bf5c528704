/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/timespec.h - times as programs write them, as nanoseconds.
 *
 * Context    task context.
 * Units      ns; unit_ns is that of a fraction: 1 for struct timespec, NS_PER_US for struct timeval. Deadlines are
 *            since boot and never 0, which is none. What does not fit counts as the far future.
 * Errors     -EFAULT, -EINVAL negative seconds, or a fraction that is negative or a second or more.
 */
#pragma once

#include "kernel/base/base.h"

#define NS_PER_S 1000000000ul
#define NS_PER_MS 1000000ul
#define NS_PER_US 1000ul
#define NS_PER_CLOCK_TICK 10000000ul /* of times() and /proc: USER_HZ 100 */
#define TIME_FAR_FUTURE (~0ull >> 1)

/* struct timespec or struct timeval. */
struct time_abi {
	s64 sec, fraction;
};

static inline struct time_abi time_of(u64 ns, u64 unit_ns) {
	return (struct time_abi){ (s64)(ns / NS_PER_S), (s64)(ns % NS_PER_S / unit_ns) };
}

must_check int time_ns(const struct time_abi *time, u64 unit_ns, u64 *ret_ns);
must_check int time_read(u64 addr, u64 unit_ns, u64 *ret_ns);
must_check int time_write(u64 addr, u64 unit_ns, u64 ns);

/* What a time counts from: now, boot, or 1970 (later changes of the wall clock do not move the deadline). */
enum time_base { FROM_NOW, FROM_BOOT, FROM_1970 };
u64 deadline_of(u64 ns, enum time_base base);
/* Of the time at addr; address 0 is for ever. */
must_check int deadline_read(u64 addr, u64 unit_ns, enum time_base base, u64 *ret_deadline_ns);
