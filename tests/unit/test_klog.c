/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/klog.c */
/*
 * tests/unit/test_klog.c - the kernel log: formats of dmesg and kmsg, overwriting, escapes, console level.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/klog.h"
#include "kernel/limits.h"

static u64 now;
static char console[65536];
static char all[KLOG_LEN * 2];

static u64 get_now(void)
{
	return now;
}

static void to_console(const char *text, size_t len)
{
	strncat(console, text, len);
}

static void line(int level, const char *text)
{
	klog_write(level, text, strlen(text));
}

static int reset(void **state)
{
	(void)state;
	klog_set(&(struct klog_config){ .console = to_console, .now_ns = get_now });
	klog_printk[0] = 7;
	klog_ratelimit_interval = 0;
	klog_seq.clear = klog_seq.next;
	console[0] = '\0';
	now = 0;
	return 0;
}

static const char *since_clear(void)
{
	ssize n = klog_read_all(all, sizeof(all) - 1);

	assert_true(n >= 0);
	all[n] = '\0';
	return all;
}

static void lines_read_as_dmesg_shows_them(void **state)
{
	(void)state;
	now = 12345678900ull;
	line(6, "assay: one");
	line(3, "assay: two\n");
	assert_string_equal(since_clear(), "<6>[   12.345678] assay: one\n<3>[   12.345678] assay: two\n");
}

static void console_gets_what_is_below_its_level(void **state)
{
	(void)state;
	line(6, "info");
	line(7, "debug");
	klog_printk[0] = 4;
	line(5, "notice");
	line(3, "error");
	klog_printk[0] = 0;
	line(0, "silent");
	assert_string_equal(console, "info\nerror\n");
	assert_non_null(strstr(since_clear(), "debug\n"));
	assert_non_null(strstr(since_clear(), "silent\n"));
}

static void control_bytes_are_escaped(void **state)
{
	(void)state;
	line(6, "a\nb\x1b[0m\x7f\xc3\xa4");
	assert_string_equal(console, "a\\x0ab\\x1b[0m\\x7f\xc3\xa4\n");
}

static void long_lines_are_cut(void **state)
{
	char text[3 * KLOG_LINE_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	klog_write(6, text, sizeof(text));
	memset(text, '\x01', sizeof(text));
	klog_write(6, text, sizeof(text));
	assert_true(strlen(console) <= 2 * (KLOG_LINE_MAX + 1));
	assert_true(strlen(console) > KLOG_LINE_MAX);
}

/* Ten times the ring in lines of every length: what is read is always the newest, whole, in order. */
static void old_records_are_overwritten_in_order(void **state)
{
	char text[512];
	u64 before = klog_seq.next, seq;
	ssize n;

	(void)state;
	klog_printk[0] = 0;
	for (unsigned i = 0; i < 8000; i++) {
		int len = snprintf(text, sizeof(text), "%u ", i);

		memset(text + len, 'z', i % 400);
		klog_write(6, text, (size_t)len + i % 400);
	}
	assert_true(klog_seq.first > before);
	seq = klog_seq.first;
	for (u64 want = seq; (n = klog_read_record(&seq, all, sizeof(all))) > 0; want++) {
		unsigned level, i;
		unsigned long long got, us;

		all[n] = '\0';
		assert_int_equal(sscanf(all, "%u,%llu,%llu,-;%u ", &level, &got, &us, &i), 4);
		assert_int_equal(got, want);
		assert_int_equal(i, want - before);
		assert_int_equal(seq, want + 1);
		assert_int_equal(all[n - 1], '\n');
	}
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(seq, klog_seq.next);
}

static void overwritten_record_is_said_once(void **state)
{
	u64 seq = klog_seq.next;
	char text[800];

	(void)state;
	klog_printk[0] = 0;
	memset(text, 'a', sizeof(text));
	for (unsigned i = 0; i < 400; i++)
		klog_write(6, text, sizeof(text));
	assert_int_equal(klog_read_record(&seq, all, sizeof(all)), -EPIPE);
	assert_int_equal(seq, klog_seq.first);
	assert_true(klog_read_record(&seq, all, sizeof(all)) > 800);
	assert_int_equal(klog_read_record(&seq, all, 100), -EINVAL);
}

static void small_buffer_gets_the_newest_lines(void **state)
{
	char small[64];
	ssize n;

	(void)state;
	line(6, "first first first first");
	line(6, "second");
	line(6, "third");
	n = klog_read_all(small, 48);
	small[n] = '\0';
	assert_string_equal(small, "<6>[    0.000000] third\n");
	n = klog_read_all(small, 49);
	small[n] = '\0';
	assert_string_equal(small, "<6>[    0.000000] second\n<6>[    0.000000] third\n");
	assert_int_equal(klog_read_all(small, 10), 0);
}

static void reading_moves_the_shared_position(void **state)
{
	ssize n;

	(void)state;
	while (klog_read_next(all, sizeof(all)) > 0)
		;
	assert_int_equal(klog_unread(), 0);
	line(6, "fresh");
	assert_int_equal(klog_unread(), strlen("<6>[    0.000000] fresh\n"));
	assert_int_equal(klog_read_next(all, 5), -EINVAL);
	n = klog_read_next(all, sizeof(all));
	all[n] = '\0';
	assert_string_equal(all, "<6>[    0.000000] fresh\n");
	assert_int_equal(klog_read_next(all, sizeof(all)), -EAGAIN);
}

static unsigned count_lines(const char *text)
{
	unsigned count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void audit_lines_are_limited_only_on_demand(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		line(5, "audit: type=1800 x");
	assert_int_equal(count_lines(since_clear()), 50);
	klog_seq.clear = klog_seq.next;
	klog_ratelimit_interval = 5;
	klog_ratelimit_burst = 10;
	now = 100000000000ull;
	for (int i = 0; i < 50; i++)
		line(5, "audit: type=1800 x");
	line(5, "assay: not limited");
	assert_int_equal(count_lines(since_clear()), 11);
	now += 5000000000ull;
	line(5, "audit: type=1800 x");
	assert_int_equal(count_lines(since_clear()), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_read_as_dmesg_shows_them, reset),
		cmocka_unit_test_setup(console_gets_what_is_below_its_level, reset),
		cmocka_unit_test_setup(control_bytes_are_escaped, reset),
		cmocka_unit_test_setup(long_lines_are_cut, reset),
		cmocka_unit_test_setup(small_buffer_gets_the_newest_lines, reset),
		cmocka_unit_test_setup(reading_moves_the_shared_position, reset),
		cmocka_unit_test_setup(audit_lines_are_limited_only_on_demand, reset),
		cmocka_unit_test_setup(old_records_are_overwritten_in_order, reset),
		cmocka_unit_test_setup(overwritten_record_is_said_once, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
