/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/ldisc.c */
/*
 * tests/unit/test_ldisc.c - the line discipline: editing, echo, signals, flow control, output translation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/ldisc.h"

static struct ldisc l;
static char out[65536];
static size_t out_len;
static int signals[16];
static unsigned signal_count, resumed;

static void on_output(const char *bytes, size_t len)
{
	assert_true(out_len + len < sizeof(out));
	memcpy(out + out_len, bytes, len);
	out_len += len;
	out[out_len] = '\0';
}

static void on_signal(int sig)
{
	signals[signal_count++] = sig;
}

static void on_resumed(void)
{
	resumed++;
}

static const struct ldisc_ops ops = { on_output, on_signal, on_resumed };

static int fresh(void **state)
{
	(void)state;
	ldisc_init(&l, &ops);
	out_len = signal_count = resumed = 0;
	out[0] = '\0';
	return 0;
}

static void type(const char *text)
{
	for (; *text; text++)
		ldisc_input(&l, (u8)*text);
}

static const char *read_some(size_t len)
{
	static char buf[TTY_INPUT_MAX + 1];
	size_t n = ldisc_read(&l, buf, len);

	buf[n] = '\0';
	return buf;
}

static void set_flags(u32 lflag_off, u32 lflag_on, u32 iflag)
{
	struct termios t = l.termios;

	t.lflag = (t.lflag & ~lflag_off) | lflag_on;
	t.iflag = iflag;
	ldisc_set_termios(&l, &t);
}

static void line_is_there_when_it_is_ended(void **state)
{
	(void)state;
	type("ab");
	assert_false(ldisc_ready(&l));
	assert_int_equal(ldisc_available(&l), 0);
	type("c\r");
	assert_true(ldisc_ready(&l));
	assert_int_equal(ldisc_available(&l), 4);
	assert_string_equal(out, "abc\r\n");
	type("next\n");
	assert_string_equal(read_some(100), "abc\n");
	assert_string_equal(read_some(2), "ne");
	assert_string_equal(read_some(100), "xt\n");
	assert_false(ldisc_ready(&l));
}

static void erase_takes_one_character_and_shows_it(void **state)
{
	(void)state;
	type("ab\x7f\x7f\x7f" "c\n");
	assert_string_equal(read_some(100), "c\n");
	assert_string_equal(out, "ab\b \b\b \bc\r\n");
}

static void erase_of_control_and_tab_goes_back_as_far_as_it_went(void **state)
{
	(void)state;
	type("\x01\x7f");
	assert_string_equal(out, "^A\b \b\b \b");
	out_len = 0;
	type("ab\t\x7f");
	assert_string_equal(out, "ab\t\b\b\b\b\b\b");
	assert_int_equal(l.column, 2);
}

static void utf8_character_is_erased_whole(void **state)
{
	(void)state;
	set_flags(0, 0, ICRNL | IUTF8);
	type("x\xc3\xa4\x7f\n");
	assert_string_equal(read_some(100), "x\n");
	assert_string_equal(out, "x\xc3\xa4\b \b\r\n");
}

static void word_and_line_are_erased(void **state)
{
	(void)state;
	type("one two  \x17");
	type("three\n");
	assert_string_equal(read_some(100), "one three\n");
	type("abc\x15" "d\n");
	assert_string_equal(read_some(100), "d\n");
}

static void literal_next_takes_a_control_byte(void **state)
{
	(void)state;
	type("\x16\x03" "a\x16\x7f\n");
	assert_int_equal(signal_count, 0);
	assert_string_equal(read_some(100), "\x03" "a\x7f\n");
}

static void end_of_file_ends_a_read(void **state)
{
	(void)state;
	type("ab\x04");
	assert_true(ldisc_ready(&l));
	assert_string_equal(read_some(100), "ab");
	assert_false(ldisc_ready(&l));
	type("\x04");
	assert_true(ldisc_ready(&l));
	assert_int_equal(ldisc_available(&l), 0);
	assert_string_equal(read_some(100), "");
	assert_false(ldisc_ready(&l));
	type("xy\x04");
	assert_string_equal(read_some(2), "xy"); /* exactly fits: the end does not count as another read */
	assert_false(ldisc_ready(&l));
}

static void signals_flush_and_echo(void **state)
{
	(void)state;
	type("abc\x03\x1c\x1a");
	assert_int_equal(signal_count, 3);
	assert_int_equal(signals[0], 2);
	assert_int_equal(signals[1], 3);
	assert_int_equal(signals[2], 20);
	assert_string_equal(out, "abc^C^\\^Z");
	type("x\n");
	assert_string_equal(read_some(100), "x\n");
	set_flags(ISIG, 0, ICRNL);
	type("\x03\n");
	assert_int_equal(signal_count, 3);
	assert_string_equal(read_some(100), "\x03\n");
}

static void no_flush_keeps_what_was_typed(void **state)
{
	(void)state;
	set_flags(0, NOFLSH, ICRNL);
	type("ab\x03" "c\n");
	assert_string_equal(read_some(100), "abc\n");
}

static void raw_mode_gives_every_byte_at_once(void **state)
{
	(void)state;
	set_flags(ICANON | ECHO | ISIG, 0, 0);
	type("a\x7f\r\x04\x03");
	assert_int_equal(ldisc_available(&l), 5);
	assert_string_equal(read_some(3), "a\x7f\r");
	assert_string_equal(read_some(100), "\x04\x03");
	assert_string_equal(out, "");
	assert_int_equal(signal_count, 0);
}

static void change_of_mode_shows_what_was_typed(void **state)
{
	(void)state;
	type("abc");
	set_flags(ICANON, 0, 0);
	assert_int_equal(ldisc_available(&l), 3);
	set_flags(0, ICANON, ICRNL);
	type("d\n");
	assert_string_equal(read_some(100), "abcd\n");
}

static void flow_control_stops_and_resumes(void **state)
{
	(void)state;
	type("\x13");
	assert_true(l.stopped);
	type("\x11");
	assert_false(l.stopped);
	assert_int_equal(resumed, 1);
	type("\x13\x03");
	assert_false(l.stopped);
	assert_int_equal(resumed, 2);
	type("\n");
	assert_string_equal(read_some(100), "\n");
	set_flags(0, 0, ICRNL);
	type("\x13\n");
	assert_false(l.stopped);
	assert_string_equal(read_some(100), "\x13\n");
}

static void carriage_returns_follow_the_input_flags(void **state)
{
	(void)state;
	set_flags(0, 0, IGNCR);
	type("a\rb\n");
	assert_string_equal(read_some(100), "ab\n");
	set_flags(0, 0, 0);
	type("a\rb\n");
	assert_string_equal(read_some(100), "a\rb\n");
	set_flags(ICANON, 0, INLCR);
	type("\n");
	assert_string_equal(read_some(100), "\r");
}

static void echo_can_be_off_but_for_newline(void **state)
{
	(void)state;
	set_flags(ECHO, ECHONL, ICRNL);
	type("secret\x7f\n");
	assert_string_equal(out, "\r\n");
	assert_string_equal(read_some(100), "secre\n");
}

static void output_is_translated(void **state)
{
	struct termios t;

	(void)state;
	ldisc_write(&l, "a\nb\tc\r\n", 7);
	assert_string_equal(out, "a\r\nb\tc\r\r\n");
	out_len = 0;
	t = l.termios;
	t.oflag |= XTABS | OCRNL;
	ldisc_set_termios(&l, &t);
	ldisc_write(&l, "b\tc\r", 4);
	assert_string_equal(out, "b       c\r\n");
	out_len = 0;
	t.oflag = 0;
	ldisc_set_termios(&l, &t);
	ldisc_write(&l, "a\n\t", 3);
	assert_string_equal(out, "a\n\t");
}

static void full_buffer_drops_but_ends_the_line(void **state)
{
	size_t total = 0;
	char buf[512];
	size_t n;

	(void)state;
	set_flags(ECHO, 0, ICRNL | IMAXBEL);
	for (unsigned i = 0; i < TTY_INPUT_MAX + 100; i++)
		type("x");
	assert_false(ldisc_ready(&l));
	assert_non_null(strchr(out, '\a'));
	type("\n");
	assert_true(ldisc_ready(&l));
	while ((n = ldisc_read(&l, buf, sizeof(buf))) > 0) {
		total += n;
		if (buf[n - 1] == '\n')
			break;
	}
	assert_int_equal(total, TTY_INPUT_MAX);
	type("after\n");
	assert_string_equal(read_some(100), "after\n");
}

/* Any bytes in any order under any flags: positions stay in order, reads end. */
static void random_bytes_keep_the_positions_in_order(void **state)
{
	char buf[100];

	(void)state;
	srand(7);
	for (unsigned i = 0; i < 200000; i++) {
		if (rand() % 50 == 0)
			set_flags(~0u, (u32)rand() & 0177777, (u32)rand() & 0177777);
		ldisc_input(&l, (u8)rand());
		if (rand() % 20 == 0)
			(void)ldisc_read(&l, buf, (size_t)rand() % sizeof(buf));
		assert_true(l.tail <= l.line_start && l.line_start <= l.head && l.head - l.tail <= TTY_INPUT_MAX);
		out_len = signal_count = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(line_is_there_when_it_is_ended, fresh),
		cmocka_unit_test_setup(erase_takes_one_character_and_shows_it, fresh),
		cmocka_unit_test_setup(erase_of_control_and_tab_goes_back_as_far_as_it_went, fresh),
		cmocka_unit_test_setup(utf8_character_is_erased_whole, fresh),
		cmocka_unit_test_setup(word_and_line_are_erased, fresh),
		cmocka_unit_test_setup(literal_next_takes_a_control_byte, fresh),
		cmocka_unit_test_setup(end_of_file_ends_a_read, fresh),
		cmocka_unit_test_setup(signals_flush_and_echo, fresh),
		cmocka_unit_test_setup(no_flush_keeps_what_was_typed, fresh),
		cmocka_unit_test_setup(raw_mode_gives_every_byte_at_once, fresh),
		cmocka_unit_test_setup(change_of_mode_shows_what_was_typed, fresh),
		cmocka_unit_test_setup(flow_control_stops_and_resumes, fresh),
		cmocka_unit_test_setup(carriage_returns_follow_the_input_flags, fresh),
		cmocka_unit_test_setup(echo_can_be_off_but_for_newline, fresh),
		cmocka_unit_test_setup(output_is_translated, fresh),
		cmocka_unit_test_setup(full_buffer_drops_but_ends_the_line, fresh),
		cmocka_unit_test_setup(random_bytes_keep_the_positions_in_order, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
