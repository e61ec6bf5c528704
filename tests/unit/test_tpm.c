/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_tpm.c - open, extend, read against the fake TPM, with every fault at every command.
 *
 * What a bank must hold is computed with OpenSSL, not with the code under test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "kernel/base/cursor.h"
#include "kernel/base/err.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/fake_tpm.h"
#include "tpm/location.h"
#include "tpm/pcr.h"
#include "tpm/tpm.h"

#define PCR 10u

static struct fake_tpm fake;
static struct tpm tpm;
static const char *why;

static int try_open(void)
{
	struct tpm_regs regs = fake_tpm_regs(&fake);
	struct tpm_location where = fake_tpm_location(&fake);

	why = NULL;
	return tpm_open(&tpm, &regs, &where, &why);
}

static void open_fresh(bool crb)
{
	fake_tpm_init(&fake, crb);
	assert_int_equal(try_open(), 0);
}

static void fill(struct tpm_digests *d, u8 seed)
{
	for (size_t i = 0; i < TPM_BANKS_MAX; i++) {
		for (size_t j = 0; j < HASH_MAX_LEN; j++)
			d->bytes[i][j] = (u8)(seed + 16 * i + j);
	}
}

static void expected(const u8 *old, const u8 *digest, u16 alg, size_t len, u8 *ret_new)
{
	const EVP_MD *md = alg == 4 ? EVP_sha1() : alg == 0xb ? EVP_sha256() : alg == 0xc ? EVP_sha384() : EVP_sha512();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	EVP_DigestInit_ex(ctx, md, NULL);
	EVP_DigestUpdate(ctx, old, len);
	EVP_DigestUpdate(ctx, digest, len);
	EVP_DigestFinal_ex(ctx, ret_new, NULL);
	EVP_MD_CTX_free(ctx);
}

/* 'O' all banks as in before, 'N' all extended once by digests, 'M' anything else. */
static char look(const struct fake_tpm *before, const struct tpm_digests *digests)
{
	size_t old = 0, new = 0;

	for (size_t i = 0; i < fake.bank_count; i++) {
		const struct fake_bank *bank = &fake.banks[i];
		u8 value[HASH_MAX_LEN];

		expected(before->banks[i].pcrs[PCR], digests->bytes[i], bank->alg, bank->len, value);
		old += memcmp(bank->pcrs[PCR], before->banks[i].pcrs[PCR], bank->len) == 0;
		new += memcmp(bank->pcrs[PCR], value, bank->len) == 0;
	}
	return old == fake.bank_count ? 'O' : new == fake.bank_count ? 'N' : 'M';
}

static void open_learns(bool crb)
{
	open_fresh(crb);
	assert_int_equal(tpm.interface, crb ? TPM_IF_CRB : TPM_IF_TIS);
	assert_string_equal(tpm_interface_name(tpm.interface), crb ? "CRB" : "TIS");
	assert_string_equal(tpm.manufacturer, "FAKE");
	assert_int_equal(tpm.firmware[0], 0x20240101);
	assert_int_equal(tpm.bank_count, 4);
	assert_int_equal(tpm.banks[0].alg, PCR_ALG_SHA1);
	assert_int_equal(tpm.banks[0].hash, HASH_SHA1);
	assert_int_equal(tpm.banks[3].alg, PCR_ALG_SHA512);
	assert_int_equal(tpm.banks[3].len, 64);
	assert_false(tpm.unstarted);
	assert_int_equal(fake.startups, 0);
	tpm_close(&tpm, true);
	assert_int_equal(fake.shutdowns, 1);
	assert_false(fake.locality);
	assert_int_equal(fake.protocol_errors, 0);
	assert_int_equal(fake_port_live(), 0);
}

static void open_either_interface_learns_banks_and_maker(void **state)
{
	(void)state;
	open_learns(false);
	open_learns(true);
}

static void open_unstarted_tpm_starts_it_once_and_marks_it(void **state)
{
	(void)state;
	fake_tpm_init(&fake, true);
	fake.started = false;
	assert_int_equal(try_open(), 0);
	assert_true(tpm.unstarted);
	assert_int_equal(fake.startups, 1);
	tpm_close(&tpm, false);
	assert_int_equal(fake.shutdowns, 0);
}

static void open_with_leftover_handles_flushes_them(void **state)
{
	(void)state;
	fake_tpm_init(&fake, false);
	fake.handle_count = 3;
	for (u32 i = 0; i < 3; i++)
		fake.handles[i] = 0x80000000u + i;
	assert_int_equal(try_open(), 0);
	assert_int_equal(fake.flushes, 3);
	assert_int_equal(fake.handle_count, 0);
	tpm_close(&tpm, false);
}

static void open_failure_mode_is_eio_and_says_so(void **state)
{
	(void)state;
	fake_tpm_init(&fake, true);
	fake.failure_mode = true;
	assert_int_equal(try_open(), -EIO);
	assert_string_equal(why, "it is in failure mode");
	assert_int_equal(fake_port_live(), 0);
}

static void open_absent_device_is_enodev_at_once(void **state)
{
	(void)state;
	for (u32 gone = 1; gone <= 2; gone++) {
		for (int crb = 0; crb < 2; crb++) {
			fake_tpm_init(&fake, crb);
			fake.gone = gone;
			assert_int_equal(try_open(), -ENODEV);
			assert_non_null(why);
			assert_true(fake.accesses < 10);
			assert_true(fake.now_us < 1000);
		}
	}
	assert_int_equal(fake_port_live(), 0);
}

static size_t make_table(u8 *table, u32 method, u64 control_area)
{
	struct writer w = writer_init(table, 52);
	static const u8 header[36] = "TPM2";

	writer_bytes(&w, header, sizeof(header));
	writer_le32(&w, 0);
	writer_le64(&w, control_area);
	writer_le32(&w, method);
	return w.len;
}

static void location_of_supported_start_methods_is_found(void **state)
{
	struct tpm_location where;
	u8 table[52];

	(void)state;
	make_table(table, 6, 0);
	assert_int_equal(location_parse((struct span){ table, 52 }, &where, &why), 0);
	assert_int_equal(where.base, 0xfed40000);
	assert_true(where.has_head);
	make_table(table, 7, 0xfed40040);
	assert_int_equal(location_parse((struct span){ table, 52 }, &where, &why), 0);
	assert_int_equal(where.base, 0xfed40000);
	assert_true(where.has_head);
	make_table(table, 7, 0x7f000000);
	assert_int_equal(location_parse((struct span){ table, 52 }, &where, &why), 0);
	assert_false(where.has_head);
}

static void location_bad_table_is_refused_with_a_reason(void **state)
{
	static const u32 methods[] = { 0, 2, 8, 11, 12, 13, 15, 0xffffffff };
	static const u64 areas[] = { 0, 0x40, 0xfff, UINT64_MAX, UINT64_MAX - 0xffe };
	struct tpm_location where;
	u8 table[52];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(methods); i++) {
		make_table(table, methods[i], 0xfed40040);
		why = NULL;
		assert_int_equal(location_parse((struct span){ table, 52 }, &where, &why), -EOPNOTSUPP);
		assert_non_null(why);
	}
	for (size_t i = 0; i < ARRAY_COUNT(areas); i++) {
		make_table(table, 7, areas[i]);
		assert_int_equal(location_parse((struct span){ table, 52 }, &where, &why), -EBADMSG);
	}
	make_table(table, 7, 0xfed40040);
	for (size_t cut = 0; cut < 52; cut++) {
		u8 *part = malloc(cut ? cut : 1);

		assert_non_null(part);
		memcpy(part, table, cut);
		assert_int_equal(location_parse((struct span){ part, cut }, &where, &why), -EBADMSG);
		free(part);
	}
	table[0] = 'X';
	assert_int_equal(location_parse((struct span){ table, 52 }, &where, &why), -EBADMSG);
}

static void open_table_naming_other_interface_follows_registers(void **state)
{
	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		fake_tpm_init(&fake, crb);
		struct tpm_regs regs = fake_tpm_regs(&fake);
		struct tpm_location where = { crb ? TPM_IF_TIS : TPM_IF_CRB, 0xfed40000, true };

		assert_int_equal(tpm_open(&tpm, &regs, &where, NULL), 0);
		assert_int_equal(tpm.interface, crb ? TPM_IF_CRB : TPM_IF_TIS);
		assert_true(tpm.table_disagrees);
		tpm_close(&tpm, false);
	}
}

static void open_without_active_bank_is_eio(void **state)
{
	(void)state;
	fake_tpm_init(&fake, true);
	fake.bank_count = 0;
	assert_int_equal(try_open(), -EIO);
}

static void open_more_banks_than_room_is_eio(void **state)
{
	(void)state;
	fake_tpm_init(&fake, true);
	for (fake.bank_count = 4; fake.bank_count < 9; fake.bank_count++) {
		fake.banks[fake.bank_count].alg = (u16)(0x30 + fake.bank_count);
		fake.banks[fake.bank_count].len = 32;
	}
	assert_int_equal(try_open(), -EIO);
	assert_int_equal(fake_port_live(), 0);
}

static void open_out_of_memory_is_enomem_without_leak(void **state)
{
	(void)state;
	fake_tpm_init(&fake, true);
	fake_port_fail_after(1);
	assert_int_equal(try_open(), -ENOMEM);
	assert_int_equal(fake_port_live(), 0);
	fake_port_fail_after(0);
}

/* Opens it and extends once, so that its banks are known. ret_d: what was extended. */
static void open_extended(bool crb, struct tpm_digests *ret_d)
{
	open_fresh(crb);
	fill(ret_d, 5);
	assert_int_equal(tpm_extend(&tpm, PCR, ret_d), 0);
}

static void extend_every_bank_holds_the_new_value_by_one_command(void **state)
{
	struct tpm_digests d;

	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		open_fresh(crb);
		struct fake_tpm before = fake;

		fill(&d, 3);
		assert_int_equal(tpm_extend(&tpm, PCR, &d), 0);
		assert_int_equal(look(&before, &d), 'N');
		assert_int_equal(fake.extends, 1);
		before = fake;
		fill(&d, 77);
		assert_int_equal(tpm_extend(&tpm, PCR, &d), 0);
		assert_int_equal(look(&before, &d), 'N');
		assert_int_equal(fake.commands, before.commands + 1); /* the old value is known */
		assert_int_equal(fake.protocol_errors, 0);
		tpm_close(&tpm, false);
	}
}

static void extend_unknown_bank_is_extended_too(void **state)
{
	struct tpm_digests d;

	(void)state;
	fake_tpm_init(&fake, true);
	fake.banks[4] = (struct fake_bank){ .alg = PCR_ALG_SHA3_256, .len = 32 };
	fake.banks[5] = (struct fake_bank){ .alg = 0x7777, .len = 24 };
	fake.bank_count = 6;
	assert_int_equal(try_open(), 0);
	assert_int_equal(tpm.banks[5].len, 24);
	assert_int_equal(tpm.banks[5].hash, HASH_COUNT);
	fill(&d, 9);
	struct fake_tpm before = fake;

	assert_int_equal(tpm_extend(&tpm, PCR, &d), 0);
	assert_memory_not_equal(fake.banks[5].pcrs[PCR], before.banks[5].pcrs[PCR], 24);
	before = fake;
	fake_tpm_fault(&fake, FAKE_DROP_AFTER, 1);
	fake.fault_code = 0x182;
	fake.fault_count = 7; /* the old value of six banks is read first */
	assert_int_equal(tpm_extend(&tpm, PCR, &d), 0); /* decided by the banks that can be computed */
	assert_int_equal(fake.extends, before.extends + 1);
	fake_tpm_fault(&fake, FAKE_DROP_BEFORE, 1);
	fake.fault_code = 0x182;
	assert_int_equal(tpm_extend(&tpm, PCR, &d), 0); /* the old value was read afresh */
	assert_int_equal(fake.extends, before.extends + 2);
	tpm_close(&tpm, false);
}

static void extend_lost_answer(bool crb, enum fake_fault fault, u64 sent)
{
	struct tpm_digests d;

	open_fresh(crb);
	fill(&d, 1);
	assert_int_equal(tpm_extend(&tpm, PCR, &d), 0);
	struct fake_tpm before = fake;

	fake_tpm_fault(&fake, fault, 1);
	fill(&d, 2);
	assert_int_equal(tpm_extend(&tpm, PCR, &d), 0);
	assert_int_equal(look(&before, &d), 'N');
	assert_int_equal(fake.extends, before.extends + 1); /* once, whatever was lost */
	assert_int_equal(fake.commands, before.commands + sent);
	fill(&d, 3);
	before = fake;
	assert_int_equal(tpm_extend(&tpm, PCR, &d), 0);
	assert_int_equal(look(&before, &d), 'N');
	tpm_close(&tpm, false);
}

static void extend_answer_lost_before_execution_is_sent_again(void **state)
{
	(void)state;
	extend_lost_answer(false, FAKE_DROP_BEFORE, 6); /* extend, read back four banks, extend */
	extend_lost_answer(true, FAKE_DROP_BEFORE, 6);
}

static void extend_answer_lost_after_execution_is_found_done(void **state)
{
	static const enum fake_fault faults[] = { FAKE_DROP_AFTER, FAKE_SHORT, FAKE_SIZE_HUGE, FAKE_SIZE_SMALL,
						  FAKE_TAG, FAKE_ONES };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(faults); i++) {
		extend_lost_answer(false, faults[i], 5);
		extend_lost_answer(true, faults[i], 5);
	}
}

static void extend_half_the_banks_is_ebadmsg(void **state)
{
	struct tpm_digests d;

	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		open_extended(crb, &d);
		fake_tpm_fault(&fake, FAKE_HALF, 1);
		assert_int_equal(tpm_extend(&tpm, PCR, &d), -EBADMSG);
		tpm_close(&tpm, false);
	}
}

static void extend_lost_and_a_stranger_extended_is_ebadmsg(void **state)
{
	struct tpm_digests d;

	(void)state;
	open_extended(true, &d);
	fake_tpm_extend(&fake, PCR, &d, 4);
	fill(&d, 6);
	fake_tpm_fault(&fake, FAKE_DROP_BEFORE, 1);
	assert_int_equal(tpm_extend(&tpm, PCR, &d), -EBADMSG);
	tpm_close(&tpm, false);
}

static void extend_always_lost_before_execution_is_eio_and_unchanged(void **state)
{
	struct tpm_digests d;

	(void)state;
	open_extended(true, &d);
	struct fake_tpm before = fake;

	fake.fault = FAKE_DROP_BEFORE;
	fake.fault_code = 0x182;
	fake.fault_count = 1000000;
	assert_int_equal(tpm_extend(&tpm, PCR, &d), -EIO);
	assert_int_equal(look(&before, &d), 'O');
	assert_int_equal(fake.commands, before.commands + 15); /* three times: extend, read back four banks */
	assert_false(tpm.dead);
	fake.fault = FAKE_FAULT_NONE;
	assert_int_equal(tpm_extend(&tpm, PCR, &d), 0);
	assert_int_equal(look(&before, &d), 'N');
	tpm_close(&tpm, false);
}

static void extend_retry_answers_are_resent_until_taken(void **state)
{
	static const u32 codes[] = { 0x922, 0x908, 0x90a, 0x920, 0x923 };
	struct tpm_digests d;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		open_extended(i % 2, &d);
		struct fake_tpm before = fake;

		fake_tpm_fault(&fake, FAKE_RC, 1);
		fake.fault_rc = codes[i];
		fake.fault_count = 4;
		assert_int_equal(tpm_extend(&tpm, PCR, &d), 0);
		assert_int_equal(look(&before, &d), 'N');
		assert_int_equal(fake.commands, before.commands + 9); /* and one read-back */
		assert_true(fake.now_us - before.now_us >= 15 * 20 * 1000); /* 20 + 40 + 80 + 160 ms */
		tpm_close(&tpm, false);
	}
}

static void extend_retry_for_ever_ends_unchanged(void **state)
{
	struct tpm_digests d;

	(void)state;
	open_extended(true, &d);
	struct fake_tpm before = fake;

	fake_tpm_fault(&fake, FAKE_RC, 1);
	fake.fault_rc = 0x922;
	fake.fault_count = 1000000;
	assert_int_equal(tpm_extend(&tpm, PCR, &d), -EBADMSG); /* the read-back is not answered either */
	assert_int_equal(look(&before, &d), 'O');
	assert_true(fake.now_us - before.now_us < 60ull * 1000 * 1000);
	tpm_close(&tpm, false);
}

static void extend_stalled_tpm_is_bounded_and_dead_afterwards(void **state)
{
	struct tpm_digests d;

	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		open_extended(crb, &d);
		struct fake_tpm before = fake;

		fake_tpm_fault(&fake, FAKE_STALL, 1);
		assert_int_equal(tpm_extend(&tpm, PCR, &d), -EBADMSG);
		assert_int_equal(look(&before, &d), 'O');
		assert_true(fake.now_us - before.now_us < 6ull * 1000 * 1000);
		assert_true(tpm.dead);
		u64 accesses = fake.accesses;

		assert_int_equal(tpm_extend(&tpm, PCR, &d), -EIO);
		assert_int_equal(tpm_pcr_read(&tpm, PCR, &d), -EIO);
		tpm_close(&tpm, true);
		assert_int_equal(fake.accesses, accesses); /* nothing more is said to it */
	}
}

static void extend_restarted_tpm_is_ebadmsg_and_never_started(void **state)
{
	struct tpm_digests d;

	(void)state;
	open_extended(true, &d);
	fake.started = false;
	assert_int_equal(tpm_extend(&tpm, PCR, &d), -EBADMSG);
	assert_true(tpm.dead);
	assert_int_equal(fake.startups, 0);
	tpm_close(&tpm, false);
}

static void extend_bad_pcr_is_einval(void **state)
{
	struct tpm_digests d = { 0 };

	(void)state;
	open_fresh(true);
	assert_int_equal(tpm_extend(&tpm, 24, &d), -EINVAL);
	assert_int_equal(tpm_pcr_read(&tpm, 24, &d), -EINVAL);
	tpm_close(&tpm, false);
}

static void pcr_read_gives_every_bank(void **state)
{
	struct tpm_digests d;

	(void)state;
	for (int crb = 0; crb < 2; crb++) {
		open_fresh(crb);
		assert_int_equal(tpm_pcr_read(&tpm, 3, &d), 0);
		for (size_t i = 0; i < 4; i++)
			assert_memory_equal(d.bytes[i], fake.banks[i].pcrs[3], fake.banks[i].len);
		tpm_close(&tpm, false);
	}
}

static void pcr_read_with_updates_between_the_banks_is_eio(void **state)
{
	struct tpm_digests d;

	(void)state;
	open_fresh(true);
	fake.restless = true;
	assert_int_equal(tpm_pcr_read(&tpm, 3, &d), -EIO);
	fake.restless = false;
	assert_int_equal(tpm_pcr_read(&tpm, 3, &d), 0);
	tpm_close(&tpm, false);
}

static void random_any_length_is_filled(void **state)
{
	u8 buf[101];

	(void)state;
	open_fresh(false);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(tpm_random(&tpm, buf, 100), 0);
	for (size_t i = 0; i < 100; i++)
		assert_int_not_equal(buf[i], 0);
	assert_int_equal(buf[100], 0);
	tpm_close(&tpm, false);
}

static void submit_raw_command_passes_it_once(void **state)
{
	static const u8 get_random[] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8 };
	u8 rsp[64];
	size_t len;

	(void)state;
	open_fresh(true);
	assert_int_equal(tpm_submit(&tpm, get_random, sizeof(get_random), rsp, sizeof(rsp), &len), 0);
	assert_int_equal(len, 20);
	assert_int_equal(rsp[11], 8);
	assert_int_equal(tpm_submit(&tpm, get_random, sizeof(get_random), rsp, 19, &len), -EIO);
	assert_int_equal(tpm_submit(&tpm, get_random, sizeof(get_random) - 1, rsp, sizeof(rsp), &len), -EINVAL);
	assert_int_equal(tpm_submit(&tpm, get_random, 9, rsp, sizeof(rsp), &len), -EINVAL);
	u64 commands = fake.commands;

	fake.fault = FAKE_RC;
	fake.fault_rc = 0x922;
	fake.fault_at = commands + 1;
	assert_int_equal(tpm_submit(&tpm, get_random, sizeof(get_random), rsp, sizeof(rsp), &len), 0);
	assert_int_equal(rsp[9], 0x22); /* the program resubmits, as it would on Linux */
	assert_int_equal(fake.commands, commands + 1);
	tpm_close(&tpm, false);
}

/* One whole life with a fault at one command: whatever happens, a success is true and a failure is harmless. */
static void life(int kind, enum fake_fault fault, u64 at, u64 count)
{
	struct tpm_digests d, got;
	struct fake_tpm before;
	int err;

	fake_tpm_init(&fake, kind > 0);
	fake.rsp_addr = kind > 1 ? 0xfed50000 : 0;
	fake.fault = fault;
	fake.fault_at = at;
	fake.fault_count = count;
	fake.fault_rc = 0x922;
	err = try_open();
	for (u8 n = 0; !err && n < 2; n++) {
		fill(&d, n);
		before = fake;
		err = tpm_extend(&tpm, PCR, &d);
		char outcome = look(&before, &d);

		if (err == 0)
			assert_int_equal(outcome, 'N');
		else if (err != -EBADMSG)
			assert_int_equal(outcome, 'O');
		else if (fault != FAKE_HALF && fault != FAKE_RC_AFTER)
			assert_int_not_equal(outcome, 'M');
	}
	if (!err && !tpm_pcr_read(&tpm, PCR, &got)) {
		for (size_t i = 0; i < fake.bank_count; i++)
			assert_memory_equal(got.bytes[i], fake.banks[i].pcrs[PCR], fake.banks[i].len);
	}
	assert_int_equal(fake.startups, 0);
	assert_true(fake.now_us < 400ull * 1000 * 1000);
	if (fault == FAKE_FAULT_NONE)
		assert_int_equal(err, 0);
	tpm_close(&tpm, false);
	assert_int_equal(fake_port_live(), 0);
}

static void every_fault_at_every_command_keeps_the_promise(void **state)
{
	(void)state;
	for (int kind = 0; kind < 3; kind++) { /* TIS; CRB with one buffer; CRB with two */
		life(kind, FAKE_FAULT_NONE, 0, 0);
		u64 commands = fake.commands;

		assert_true(commands > 10);
		for (int fault = 1; fault < FAKE_FAULT_COUNT; fault++) {
			for (u64 at = 1; at <= commands; at++) {
				life(kind, (enum fake_fault)fault, at, 0);
				life(kind, (enum fake_fault)fault, at, 3);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_either_interface_learns_banks_and_maker),
		cmocka_unit_test(open_unstarted_tpm_starts_it_once_and_marks_it),
		cmocka_unit_test(open_with_leftover_handles_flushes_them),
		cmocka_unit_test(open_failure_mode_is_eio_and_says_so),
		cmocka_unit_test(open_absent_device_is_enodev_at_once),
		cmocka_unit_test(location_of_supported_start_methods_is_found),
		cmocka_unit_test(location_bad_table_is_refused_with_a_reason),
		cmocka_unit_test(open_table_naming_other_interface_follows_registers),
		cmocka_unit_test(open_without_active_bank_is_eio),
		cmocka_unit_test(open_more_banks_than_room_is_eio),
		cmocka_unit_test(open_out_of_memory_is_enomem_without_leak),
		cmocka_unit_test(extend_every_bank_holds_the_new_value_by_one_command),
		cmocka_unit_test(extend_unknown_bank_is_extended_too),
		cmocka_unit_test(extend_answer_lost_before_execution_is_sent_again),
		cmocka_unit_test(extend_answer_lost_after_execution_is_found_done),
		cmocka_unit_test(extend_half_the_banks_is_ebadmsg),
		cmocka_unit_test(extend_lost_and_a_stranger_extended_is_ebadmsg),
		cmocka_unit_test(extend_always_lost_before_execution_is_eio_and_unchanged),
		cmocka_unit_test(extend_retry_answers_are_resent_until_taken),
		cmocka_unit_test(extend_retry_for_ever_ends_unchanged),
		cmocka_unit_test(extend_stalled_tpm_is_bounded_and_dead_afterwards),
		cmocka_unit_test(extend_restarted_tpm_is_ebadmsg_and_never_started),
		cmocka_unit_test(extend_bad_pcr_is_einval),
		cmocka_unit_test(pcr_read_gives_every_bank),
		cmocka_unit_test(pcr_read_with_updates_between_the_banks_is_eio),
		cmocka_unit_test(random_any_length_is_filled),
		cmocka_unit_test(submit_raw_command_passes_it_once),
		cmocka_unit_test(every_fault_at_every_command_keeps_the_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
