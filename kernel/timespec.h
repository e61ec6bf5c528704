/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/timespec.h - times as programs write them, as nanoseconds.
 *
 * Context    task context.
 * Units      ns; deadlines are since boot and never 0. What does not fit counts as the far future.
 * Errors     -EFAULT, -EINVAL negative seconds or more than 999999999 ns.
 */
#pragma once

#include "kernel/base/base.h"

#define NS_PER_S 1000000000ul
#define NS_PER_US 1000ul
#define NS_PER_CLOCK_TICK 10000000ul /* of times() and /proc: USER_HZ 100 */
#define TIME_FAR_FUTURE (~0ull >> 1)

struct timespec_abi {
	s64 sec, nsec;
};

struct timeval_abi {
	s64 sec, usec;
};

static inline struct timespec_abi timespec_of(u64 ns) {
	return (struct timespec_abi){ (s64)(ns / NS_PER_S), (s64)(ns % NS_PER_S) };
}

static inline struct timeval_abi timeval_of(u64 ns) {
	return (struct timeval_abi){ (s64)(ns / NS_PER_S), (s64)(ns % NS_PER_S / NS_PER_US) };
}

/* The value as a distance. */
must_check int timespec_ns(const struct timespec_abi *ts, u64 *ret_ns);
must_check int timespec_read(u64 addr, u64 *ret_ns);
must_check int timespec_write(u64 addr, u64 ns);
must_check int timeval_ns(const struct timeval_abi *tv, u64 *ret_ns);

/* Now plus ns, which may be the far future. */
u64 deadline_after(u64 ns);
/* The moment when the wall clock will show ns: later changes of the clock do not move it. */
u64 deadline_of_wall(u64 ns);

/* The timespec at addr as a distance from now, or as a moment of the monotonic or the wall clock. */
must_check int timespec_deadline(u64 addr, u64 *ret_deadline_ns);
must_check int timespec_moment(u64 addr, bool realtime, u64 *ret_deadline_ns);
