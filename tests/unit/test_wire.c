/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_wire.c - TIS, CRB and the TCTI above them: handshakes, bounds, states.
 *
 * The fake counts each breach of the register protocol; times are those of its own clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tss2_tcti.h>

#include "kernel/base/err.h"
#include "tests/fake/fake_tpm.h"
#include "tpm/frame.h"
#include "tpm/tcti.h"

static const u8 get_random[12] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8 };
static const u8 self_test[11] = { 0x80, 1, 0, 0, 0, 11, 0, 0, 1, 0x43, 0 };

static struct fake_tpm fake;
static struct wire wire;
static u8 rsp[4096];
static size_t rsp_len;

static int open_wire(void)
{
	struct tpm_regs regs = fake_tpm_regs(&fake);
	struct tpm_location where = fake_tpm_location(&fake);
	const char *why = NULL;
	int err = wire_open(&wire, &regs, &where, &why);

	assert_int_equal(!err, !why);
	return err;
}

static void open_fresh(bool crb)
{
	fake_tpm_init(&fake, crb);
	assert_int_equal(open_wire(), 0);
}

static int exchange(void)
{
	return wire_exchange(&wire, get_random, sizeof(get_random), rsp, sizeof(rsp), &rsp_len);
}

static void exchange_any_burst_moves_every_byte(void **state)
{
	static const u32 bursts[] = { 1, 2, 3, 5, 9, 11, 12, 64, 4096 };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bursts); i++) {
		open_fresh(false);
		fake.burst = bursts[i];
		fake.stutter = i % 2;
		assert_int_equal(exchange(), 0);
		assert_int_equal(rsp_len, 20);
		assert_int_equal(load_be32(rsp + 2), 20);
		assert_int_equal(rsp[11], 8);
		assert_int_equal(fake.protocol_errors, 0);
	}
}

static void exchange_burst_never_granted_is_bounded(void **state)
{
	(void)state;
	open_fresh(false);
	fake.burst = 0;
	assert_int_equal(exchange(), -ETIMEDOUT);
	assert_true(fake.now_us < 4ull * 1000 * 1000);
	assert_int_equal(fake.commands, 0);
	fake.burst = 64;
	assert_int_equal(exchange(), 0); /* nothing was started: it may be used on */
}

static void exchange_expect_mismatch_is_sent_again_within_bounds(void **state)
{
	(void)state;
	for (enum fake_fault fault = FAKE_EXPECT; fault <= FAKE_EXPECT_LESS; fault++) {
		for (u64 count = 1; count <= 50; count += 7) {
			open_fresh(false);
			fake.fault = fault;
			fake.fault_at = 1;
			fake.fault_count = count;
			assert_int_equal(exchange(), count < 50 ? 0 : -EIO);
			assert_int_equal(fake.commands, count < 50);
			assert_int_equal(fake.protocol_errors, 0);
		}
	}
}

static void exchange_response_cut_once_is_read_again(void **state)
{
	(void)state;
	open_fresh(false);
	fake.fault = FAKE_SHORT_ONCE;
	fake.fault_at = 1;
	assert_int_equal(exchange(), 0);
	assert_int_equal(rsp_len, 20);
	assert_int_equal(fake.commands, 1);
	assert_int_equal(fake.protocol_errors, 0);
}

static void exchange_response_that_is_none_is_eio_and_bounded(void **state)
{
	static const enum fake_fault faults[] = { FAKE_SHORT, FAKE_LONG, FAKE_SIZE_HUGE, FAKE_SIZE_SMALL, FAKE_TAG,
						  FAKE_ONES, FAKE_DROP_BEFORE, FAKE_DROP_AFTER };

	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		for (size_t i = 0; i < ARRAY_COUNT(faults); i++) {
			if (crb && (faults[i] == FAKE_SHORT || faults[i] == FAKE_LONG))
				continue; /* there, the size field tells the length, and nothing else does */
			open_fresh(crb);
			fake.fault = faults[i];
			fake.fault_at = 1;
			int err = exchange();

			/* A CRB driver finds its own command in place of a lost answer: no success code. */
			if (!err)
				assert_int_not_equal(frame_code(rsp), 0);
			else
				assert_int_equal(err, -EIO);
			assert_true(fake.now_us < 4ull * 1000 * 1000);
			fake.fault = FAKE_FAULT_NONE;
			assert_int_equal(exchange(), 0);
			assert_int_equal(fake.protocol_errors, 0);
		}
	}
}

static void exchange_response_longer_than_the_buffer_is_eio(void **state)
{
	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		u8 *small = malloc(19); /* exact: ASan sees a byte too many */

		assert_non_null(small);
		open_fresh(crb);
		assert_int_equal(wire_exchange(&wire, get_random, sizeof(get_random), small, 19, &rsp_len), -EIO);
		assert_int_equal(exchange(), 0);
		free(small);
	}
}

static void exchange_stall_is_bounded_and_leaves_the_device_alone(void **state)
{
	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		open_fresh(crb);
		fake.fault = FAKE_STALL;
		fake.fault_at = 1;
		assert_int_equal(exchange(), -ETIMEDOUT);
		assert_true(fake.now_us >= 2000ull * 1000);
		assert_true(fake.now_us < 7000ull * 1000);
		u64 accesses = fake.accesses;

		assert_int_equal(exchange(), -EIO);
		wire_close(&wire);
		assert_int_equal(fake.accesses, accesses);
	}
}

static void exchange_vanished_device_ends_at_once(void **state)
{
	static const enum fake_fault faults[] = { FAKE_GONE_ONES, FAKE_GONE_ZEROS };

	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		for (size_t i = 0; i < ARRAY_COUNT(faults); i++) {
			open_fresh(crb);
			fake.fault = faults[i];
			fake.fault_at = 1;
			assert_int_not_equal(exchange(), 0);
			assert_true(fake.now_us < 10000);
			assert_int_not_equal(exchange(), 0);
			assert_true(fake.now_us < 20000);
		}
	}
}

static void exchange_fatal_crb_is_dead(void **state)
{
	(void)state;
	open_fresh(true);
	fake.fault = FAKE_FATAL;
	fake.fault_at = 1;
	assert_int_equal(exchange(), -ENODEV);
	assert_true(wire.dead);
	assert_int_equal(exchange(), -EIO);
}

static void exchange_command_longer_than_the_crb_buffer_is_e2big(void **state)
{
	static u8 big[0xf81];

	(void)state;
	open_fresh(true);
	frame_write(big, FRAME_ST_NO_SESSIONS, sizeof(big), 0x17b);
	assert_int_equal(wire_exchange(&wire, big, sizeof(big), rsp, sizeof(rsp), &rsp_len), -E2BIG);
	assert_int_equal(fake.commands, 0);
}

static void open_locality_never_granted_is_bounded(void **state)
{
	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		fake_tpm_init(&fake, crb);
		fake.no_locality = true;
		assert_int_equal(open_wire(), -ETIMEDOUT);
		assert_true(fake.now_us < 1000ull * 1000);
	}
}

static void open_crb_buffers_out_of_reach_is_enodev(void **state)
{
	(void)state;
	fake_tpm_init(&fake, true);
	fake.rsp_addr = 0xfed40800; /* overlaps the command's buffer without being the same */
	assert_int_equal(open_wire(), -ENODEV);
	fake.rsp_addr = 0xfffffffffffffff0ull; /* wraps */
	assert_int_equal(open_wire(), -ENODEV);
	fake.rsp_addr = 0x12345000; /* elsewhere, and reachable */
	assert_int_equal(open_wire(), 0);
	assert_int_equal(exchange(), 0);
}

static TSS2_TCTI_CONTEXT *open_tcti(bool crb)
{
	static struct tcti tcti;

	open_fresh(crb);
	tcti_init(&tcti, &wire);
	return (TSS2_TCTI_CONTEXT *)&tcti;
}

static void tcti_calls_out_of_order_are_bad_sequence(void **state)
{
	TSS2_TCTI_CONTEXT *t = open_tcti(true);
	size_t size = sizeof(rsp);

	(void)state;
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, -1), TSS2_TCTI_RC_BAD_SEQUENCE);
	assert_int_equal(Tss2_Tcti_Transmit(t, sizeof(get_random), get_random), TSS2_RC_SUCCESS);
	assert_int_equal(Tss2_Tcti_Transmit(t, sizeof(get_random), get_random), TSS2_TCTI_RC_BAD_SEQUENCE);
	assert_int_equal(Tss2_Tcti_Receive(t, &size, NULL, -1), TSS2_RC_SUCCESS);
	assert_int_equal(size, 20);
	assert_int_equal(Tss2_Tcti_Transmit(t, sizeof(get_random), get_random), TSS2_TCTI_RC_BAD_SEQUENCE);
	size = 19;
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, -1), TSS2_TCTI_RC_INSUFFICIENT_BUFFER);
	assert_int_equal(size, 20);
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, -1), TSS2_RC_SUCCESS);
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, -1), TSS2_TCTI_RC_BAD_SEQUENCE);
}

static void tcti_bad_arguments_are_refused(void **state)
{
	TSS2_TCTI_CONTEXT *t = open_tcti(false);
	size_t size = sizeof(rsp);

	(void)state;
	assert_int_equal(Tss2_Tcti_Transmit(t, 9, get_random), TSS2_TCTI_RC_BAD_VALUE);
	assert_int_equal(Tss2_Tcti_Transmit(t, 11, get_random), TSS2_TCTI_RC_BAD_VALUE);
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, 100), TSS2_TCTI_RC_BAD_VALUE);
	assert_int_equal(Tss2_Tcti_Cancel(t), TSS2_TCTI_RC_NOT_IMPLEMENTED);
	assert_int_equal(fake.commands, 0);
}

static void tcti_retry_pauses_double_up_to_two_seconds(void **state)
{
	TSS2_TCTI_CONTEXT *t = open_tcti(true);
	size_t size = sizeof(rsp);

	(void)state;
	fake.fault = FAKE_RC;
	fake.fault_rc = FRAME_RC_RETRY;
	fake.fault_at = 1;
	fake.fault_count = 1000;
	assert_int_equal(Tss2_Tcti_Transmit(t, sizeof(get_random), get_random), TSS2_RC_SUCCESS);
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, -1), TSS2_RC_SUCCESS);
	assert_int_equal(frame_code(rsp), FRAME_RC_RETRY);
	assert_int_equal(fake.commands, 8); /* 20 40 80 160 320 640 1280 ms lie between them */
	assert_true(fake.now_us >= 2540ull * 1000 && fake.now_us < 2700ull * 1000);
}

static void tcti_self_test_in_progress_is_an_answer(void **state)
{
	TSS2_TCTI_CONTEXT *t = open_tcti(true);
	size_t size = sizeof(rsp);

	(void)state;
	fake.fault = FAKE_RC;
	fake.fault_rc = FRAME_RC_TESTING;
	fake.fault_at = 1;
	assert_int_equal(Tss2_Tcti_Transmit(t, sizeof(self_test), self_test), TSS2_RC_SUCCESS);
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, -1), TSS2_RC_SUCCESS);
	assert_int_equal(frame_code(rsp), FRAME_RC_TESTING);
	assert_int_equal(fake.commands, 1);
	fake.fault_at = 2;
	size = sizeof(rsp);
	assert_int_equal(Tss2_Tcti_Transmit(t, sizeof(get_random), get_random), TSS2_RC_SUCCESS);
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, -1), TSS2_RC_SUCCESS);
	assert_int_equal(frame_code(rsp), 0);
	assert_int_equal(fake.commands, 3);
}

static void tcti_lost_device_is_no_connection(void **state)
{
	TSS2_TCTI_CONTEXT *t = open_tcti(false);
	size_t size = sizeof(rsp);

	(void)state;
	fake.fault = FAKE_GONE_ONES;
	fake.fault_at = 1;
	assert_int_equal(Tss2_Tcti_Transmit(t, sizeof(get_random), get_random), TSS2_RC_SUCCESS);
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, -1), TSS2_TCTI_RC_NO_CONNECTION);
	assert_int_equal(((struct tcti *)t)->error, -ENODEV);
	assert_int_equal(Tss2_Tcti_Transmit(t, sizeof(get_random), get_random), TSS2_RC_SUCCESS);
	assert_int_equal(Tss2_Tcti_Receive(t, &size, rsp, -1), TSS2_TCTI_RC_IO_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchange_any_burst_moves_every_byte),
		cmocka_unit_test(exchange_burst_never_granted_is_bounded),
		cmocka_unit_test(exchange_expect_mismatch_is_sent_again_within_bounds),
		cmocka_unit_test(exchange_response_cut_once_is_read_again),
		cmocka_unit_test(exchange_response_that_is_none_is_eio_and_bounded),
		cmocka_unit_test(exchange_response_longer_than_the_buffer_is_eio),
		cmocka_unit_test(exchange_stall_is_bounded_and_leaves_the_device_alone),
		cmocka_unit_test(exchange_vanished_device_ends_at_once),
		cmocka_unit_test(exchange_fatal_crb_is_dead),
		cmocka_unit_test(exchange_command_longer_than_the_crb_buffer_is_e2big),
		cmocka_unit_test(open_locality_never_granted_is_bounded),
		cmocka_unit_test(open_crb_buffers_out_of_reach_is_enodev),
		cmocka_unit_test(tcti_calls_out_of_order_are_bad_sequence),
		cmocka_unit_test(tcti_bad_arguments_are_refused),
		cmocka_unit_test(tcti_retry_pauses_double_up_to_two_seconds),
		cmocka_unit_test(tcti_self_test_in_progress_is_an_answer),
		cmocka_unit_test(tcti_lost_device_is_no_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
