/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_pipe.c - pipes and eventfds without a scheduler: a wait here ends with -EINTR at once.
 *
 * links: kernel/pipe.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/pipe.h"
#include "kernel/sched.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/fs_fixture.h"

void task_signal_self(int sig);

static int waits, wakes, signals;

int waitq_sleep(struct waitq *q, u64 deadline_ns, bool interruptible)
{
	(void)q, (void)deadline_ns, (void)interruptible;
	waits++;
	return -EINTR;
}

void waitq_wake_all(struct waitq *q)
{
	(void)q;
	wakes++;
}

void poll_wake(void)
{
}

void task_signal_self(int sig)
{
	signals = sig;
}

static int setup(void **state)
{
	pipe_init();
	waits = wakes = signals = 0;
	return fs_setup(state);
}

static struct file *r, *w;

static ssize put(const void *bytes, size_t len)
{
	return file_write(w, bytes, len, NULL);
}

static ssize get(void *buf, size_t len)
{
	return file_read(r, buf, len, NULL);
}

static void close_both(void)
{
	file_put(r);
	file_put(w);
}

static void bytes_come_out_in_order_whatever_the_sizes(void **state)
{
	static u8 in[PIPE_CAPACITY], out[PIPE_CAPACITY];
	u32 seed = 3, next_in = 0, next_out = 0, held = 0;

	(void)state;
	assert_int_equal(pipe_create(O_NONBLOCK, &r, &w), 0);
	for (int round = 0; round < 3000; round++) {
		size_t len = (seed = seed * 1664525u + 1013904223u) >> 15;
		bool small = round % 2;
		ssize n;

		if (small)
			len %= 5000;
		len = len % PIPE_CAPACITY + 1;
		if (seed & 0x4000) {
			for (size_t i = 0; i < len; i++)
				in[i] = (u8)((next_in + i) * 7);
			n = put(in, len);
			if (len <= PIPE_ATOMIC)
				assert_true(n == (ssize)len || (n == -EAGAIN && PIPE_CAPACITY - held < len));
			else
				assert_true(n == -EAGAIN || n == (ssize)min_u64(len, PIPE_CAPACITY - held));
			next_in += n > 0 ? (u32)n : 0;
			held += n > 0 ? (u32)n : 0;
		} else {
			n = get(out, len);
			assert_int_equal(n, held ? (ssize)(len < held ? len : held) : -EAGAIN);
			for (ssize i = 0; i < n; i++)
				assert_int_equal(out[i], (u8)((next_out + (u32)i) * 7));
			next_out += n > 0 ? (u32)n : 0;
			held -= n > 0 ? (u32)n : 0;
		}
		assert_int_equal(pipe_pending(r), held);
	}
	close_both();
}

static void empty_pipe_holds_no_page(void **state)
{
	static u8 buf[PIPE_CAPACITY];
	u64 live;

	(void)state;
	assert_int_equal(pipe_create(0, &r, &w), 0);
	live = fake_port_live();
	for (int i = 0; i < 40; i++) {
		assert_int_equal(put(buf, 7777), 7777);
		assert_true(fake_port_live() > live);
		assert_int_equal(get(buf, sizeof(buf)), 7777);
		assert_int_equal(fake_port_live(), live);
	}
	close_both();
}

static void ends_that_close_are_seen_by_the_other(void **state)
{
	char buf[4];

	(void)state;
	assert_int_equal(pipe_create(0, &r, &w), 0);
	assert_int_equal(file_poll(r), 0);
	assert_int_equal(file_poll(w), POLLOUT);
	assert_int_equal(put("ab", 2), 2);
	assert_int_equal(file_poll(r), POLLIN);
	file_put(w);
	assert_int_equal(file_poll(r), POLLIN | POLLHUP);
	assert_int_equal(get(buf, 4), 2);
	assert_int_equal(get(buf, 4), 0);
	file_put(r);
	assert_int_equal(pipe_create(0, &r, &w), 0);
	file_put(r);
	assert_int_equal(put("x", 1), -EPIPE);
	assert_int_equal(signals, 13);
	assert_int_equal(file_poll(w), POLLOUT | POLLERR);
	file_put(w);
}

static void waits_end_with_the_signal_and_what_was_done(void **state)
{
	static u8 buf[PIPE_CAPACITY + 10];

	(void)state;
	assert_int_equal(pipe_create(0, &r, &w), 0);
	assert_int_equal(get(buf, 1), -EINTR);
	assert_int_equal(waits, 1);
	assert_int_equal(put(buf, sizeof(buf)), PIPE_CAPACITY);
	assert_int_equal(put(buf, 1), -EINTR);
	assert_int_equal(put(buf, 0), 0);
	assert_int_equal(get(buf, 0), 0);
	close_both();
}

static void pages_that_are_not_there_are_enomem(void **state)
{
	static u8 buf[3 * PAGE_SIZE];

	(void)state;
	assert_int_equal(pipe_create(0, &r, &w), 0);
	fake_port_fail_after(1);
	assert_int_equal(put(buf, 10), -ENOMEM);
	fake_port_fail_after(2);
	assert_int_equal(put(buf, sizeof(buf)), sizeof(buf)); /* the second try found one */
	fake_port_fail_after(0);
	assert_int_equal(get(buf, sizeof(buf)), sizeof(buf));
	close_both();
	for (u64 k = 1;; k++) {
		int err;

		fake_port_fail_after(k);
		err = pipe_create(0, &r, &w);
		fake_port_fail_after(0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
	}
	close_both();
}

static void fifo_opens_wait_for_the_other_end(void **state)
{
	struct file *third;

	(void)state;
	assert_int_equal(vfs_mknod(&fs_ctx, NULL, "/fifo", S_IFIFO | 0666, 0, &fs_root), 0);
	assert_int_equal(fs_open("/fifo", O_RDONLY, 0, &fs_root, &r), -EINTR);
	assert_int_equal(fs_open("/fifo", O_WRONLY, 0, &fs_root, &w), -EINTR);
	assert_int_equal(waits, 2);
	assert_int_equal(fs_open("/fifo", O_WRONLY | O_NONBLOCK, 0, &fs_root, &w), -ENXIO);
	assert_int_equal(fs_open("/fifo", O_RDONLY | O_NONBLOCK, 0, &fs_root, &r), 0);
	assert_int_equal(file_poll(r), 0); /* nobody has written yet: no hang-up */
	assert_int_equal(fs_open("/fifo", O_WRONLY, 0, &fs_root, &w), 0);
	assert_int_equal(fs_open("/fifo", O_RDWR, 0, &fs_root, &third), 0);
	assert_int_equal(put("x", 1), 1);
	file_put(third);
	assert_int_equal(pipe_pending(r), 1);
	close_both();
	assert_null(fs_inode("/fifo")->special);
}

static void eventfd_counts_and_waits(void **state)
{
	u64 value = 7;
	struct file *e;

	(void)state;
	assert_int_equal(eventfd_create(0, 0, &e), 0);
	assert_int_equal(file_poll(e), POLLOUT);
	assert_int_equal(file_read(e, &value, 8, NULL), -EINTR);
	assert_int_equal(file_write(e, &value, 8, NULL), 8);
	assert_int_equal(file_write(e, &value, 8, NULL), 8);
	assert_int_equal(file_read(e, &value, 8, NULL), 8);
	assert_int_equal(value, 14);
	value = ~0ull - 1;
	assert_int_equal(file_write(e, &value, 8, NULL), 8);
	assert_int_equal(file_poll(e), POLLIN);
	value = 1;
	assert_int_equal(file_write(e, &value, 8, NULL), -EINTR);
	value = ~0ull;
	assert_int_equal(file_write(e, &value, 8, NULL), -EINVAL);
	assert_int_equal(file_read(e, &value, 4, NULL), -EINVAL);
	file_put(e);
	fake_port_fail_after(1);
	assert_int_equal(eventfd_create(0, 0, &e), -ENOMEM);
	fake_port_fail_after(2);
	assert_int_equal(eventfd_create(0, 0, &e), -ENOMEM);
	fake_port_fail_after(0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, fs_teardown)
	const struct CMUnitTest tests[] = {
		T(bytes_come_out_in_order_whatever_the_sizes),
		T(empty_pipe_holds_no_page),
		T(ends_that_close_are_seen_by_the_other),
		T(waits_end_with_the_signal_and_what_was_done),
		T(pages_that_are_not_there_are_enomem),
		T(fifo_opens_wait_for_the_other_end),
		T(eventfd_counts_and_waits),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
