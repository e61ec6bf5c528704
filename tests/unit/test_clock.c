/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/clock.c */
/*
 * tests/unit/test_clock.c - calendar arithmetic against the C library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "kernel/clock.h"
#include "kernel/sched.h"
#include "kernel/x86/apic.h"

/* What the tick would call. */
void apic_timer_arm(u64 ns)
{
	(void)ns;
}

void sched_tick(u64 now_ns)
{
	(void)now_ns;
}

static void every_day_is_what_the_c_library_says(void **state)
{
	(void)state;
	for (time_t t = -86400ll * 365 * 60; t < 86400ll * 365 * 240; t += 86400 + 3661) {
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		assert_int_equal(clock_seconds(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday,
					       (unsigned)tm.tm_hour, (unsigned)tm.tm_min, (unsigned)tm.tm_sec), t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_is_what_the_c_library_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
