/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_mlog.c - the log against a TPM that behaves and one that does not: what is in the log is in the PCRs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/base/text.h"
#include "kernel/integrity/mlog.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/fake_tpm.h"
#include "tools/log_parse.h"

static struct fake_tpm fake;
static struct fake_tpm at_start;
static struct tpm tpm;
static struct mlog *mlog;

static void open_log(bool crb, size_t bank_count)
{
	struct tpm_regs regs;
	struct tpm_location where;

	fake_port_reset();
	fake_tpm_init(&fake, crb);
	fake.bank_count = bank_count ? bank_count : fake.bank_count;
	regs = fake_tpm_regs(&fake);
	where = fake_tpm_location(&fake);
	assert_int_equal(tpm_open(&tpm, &regs, &where, NULL), 0);
	at_start = fake;
	assert_int_equal(mlog_alloc(&tpm, HASH_SHA256, &mlog), 0);
}

static void close_log(void)
{
	fake.fault = FAKE_FAULT_NONE;
	mlog_free(mlog);
	tpm_close(&tpm, false);
}

static int append_to(u32 pcr, const char *name, u8 content, bool violation)
{
	struct event event = { .name = name, .violation = violation, .default_hash = HASH_SHA256,
			       .digest = { .id = HASH_SHA256, .len = 32, .bytes = { content } } };
	struct mlog_record entry = { .pcr = pcr, .template = template_find("ima-ng", 6), .violation = violation };
	struct blob data = { 0 };
	int err = template_build(entry.template, &event, &data);

	entry.data = blob_span(&data);
	err = err ? err : mlog_append(mlog, &entry);
	blob_done(&data);
	return err;
}

static int append(const char *name, u8 content)
{
	return append_to(10, name, content, false);
}

/* Replays the first count records over what the PCRs were at the start; true when each bank's PCRs come out. */
static bool replays(u64 count)
{
	bool good = true;

	for (size_t bank = 0; bank < fake.bank_count; bank++) {
		const struct mlog_bank *b = mlog_bank(mlog, bank);
		struct fake_bank chain = at_start.banks[bank];
		struct mlog_cursor at = { 0 };
		struct mlog_record record;
		u8 digest[HASH_MAX_LEN];

		for (u64 i = 0; i < count && mlog_next(mlog, &at, &record); i++) {
			assert_int_equal(mlog_digest(b, &record, digest), 0);
			assert_int_equal(log_chain_extend(b->hash, chain.pcrs[record.pcr], digest, record.violation),
					 0);
		}
		good = good && memcmp(chain.pcrs, fake.banks[bank].pcrs, sizeof(chain.pcrs)) == 0;
	}
	return good;
}

static void records_are_extended_in_every_bank_in_one_command(void **state)
{
	u64 extends;

	(void)state;
	open_log(true, 0);
	extends = fake.extends;
	assert_int_equal(append("/bin/a", 1), 0);
	assert_int_equal(append_to(11, "/bin/a", 1, false), 0);
	assert_int_equal(append_to(10, "/bin/a", 1, true), 0);
	assert_int_equal(fake.extends, extends + 3);
	assert_int_equal(mlog_count(mlog), 3);
	assert_int_equal(mlog_violations(mlog), 0); /* who saw it counts it, recorded or not */
	mlog_count_violation(mlog);
	assert_int_equal(mlog_violations(mlog), 1);
	assert_true(replays(3));
	assert_false(replays(2));
	close_log();
}

static void duplicate_is_told_and_not_extended(void **state)
{
	u64 extends;

	(void)state;
	open_log(false, 0);
	assert_int_equal(append("/bin/a", 1), 0);
	extends = fake.extends;
	assert_int_equal(append("/bin/a", 1), -EEXIST);
	assert_int_equal(fake.extends, extends);
	assert_int_equal(append("/bin/b", 1), 0);
	assert_int_equal(append("/bin/a", 2), 0);
	assert_int_equal(mlog_count(mlog), 3);
	assert_true(replays(3));
	close_log();
}

static void pcr_of_another_locality_is_refused_and_breaks_nothing(void **state)
{
	static const u32 refused[] = { 17, 22, 24, 63 };

	(void)state;
	open_log(true, 0);
	for (size_t i = 0; i < ARRAY_COUNT(refused); i++)
		assert_int_equal(append_to(refused[i], "/bin/a", 1, false), -EINVAL);
	assert_int_equal(append_to(23, "/bin/a", 1, false), 0);
	assert_int_equal(append_to(16, "/bin/a", 1, false), 0);
	assert_true(replays(2));
	close_log();
}

/*
 * Every fault at the first, second and third command of an append. Promise 1: success means that the record is in the
 * PCRs; a failure means that the log knows itself broken, and takes nothing more.
 */
static void append_with_fault(bool crb, enum fake_fault fault, u64 at, u64 count)
{
	u64 broken_at = 0;
	int err;

	open_log(crb, 0);
	assert_int_equal(append("/before", 1), 0);
	fake_tpm_fault(&fake, fault, at);
	fake.fault_count = count;
	fake.fault_rc = 0x101;
	err = append("/during", 2);
	if (!err) {
		assert_true(replays(2));
		assert_false(mlog_broken(mlog, NULL));
	} else {
		assert_int_equal(err, -EIO);
		assert_true(mlog_broken(mlog, &broken_at));
		assert_int_equal(broken_at, 1);
		assert_int_equal(append("/after", 3), -EIO);
		fake.fault = FAKE_FAULT_NONE;
		assert_int_equal(append("/after", 3), -EIO);
		assert_int_equal(append_to(10, "/after", 3, true), -EIO);
		assert_int_equal(mlog_count(mlog), 2);
	}
	close_log();
}

static void append_survives_or_breaks_with_every_fault(void **state)
{
	(void)state;
	for (unsigned fault = FAKE_STALL; fault < FAKE_FAULT_COUNT; fault++)
		for (u64 at = 1; at <= 3; at++)
			for (unsigned crb = 0; crb < 2; crb++) {
				append_with_fault(crb, fault, at, 1);
				append_with_fault(crb, fault, at, 1000);
			}
}

static void extend_whose_answer_is_lost_is_resolved_by_reading_back(void **state)
{
	static const enum fake_fault lost[] = { FAKE_DROP_BEFORE, FAKE_DROP_AFTER };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lost); i++) {
		open_log(true, 0);
		fake_tpm_fault(&fake, lost[i], 1);
		fake.fault_code = 0x182; /* TPM2_PCR_Extend */
		assert_int_equal(append("/bin/a", 1), 0);
		assert_true(replays(1));
		close_log();
	}
}

static void memory_that_runs_out_anywhere_leaves_log_and_pcrs_equal(void **state)
{
	int err = -ENOMEM;

	(void)state;
	for (u64 k = 1; err; k++) {
		u64 live;

		open_log(true, 0);
		live = fake_port_live();
		fake_port_fail_after(k);
		err = append("/bin/a", 1);
		fake_port_fail_after(0);
		assert_true(err == 0 || err == -ENOMEM);
		assert_int_equal(mlog_count(mlog), err ? 0 : 1);
		assert_true(replays(mlog_count(mlog)));
		assert_true(!err || fake_port_live() <= live + 2); /* a segment and its list may stay for the next */
		assert_int_equal(append("/bin/a", 1), err ? 0 : -EEXIST);
		assert_true(replays(1));
		close_log();
	}
}

static void bank_without_hash_gets_a_padded_sha1(void **state)
{
	static const struct tpm bare = { .bank_count = 1, .banks = { { .alg = 0x27, .hash = HASH_COUNT, .len = 32 } } };
	struct tpm only = bare;
	struct mlog_cursor at = { 0 };
	struct mlog_record record = { .template = template_find("ima-ng", 6) };
	/* The record of /usr/bin/hello with the content "hello\n", as Linux makes it. */
	static const char sha1[] = "c8acbfa06c0d5bf7696db445ba8489fa2393c0d5000000000000000000000000";
	struct event event = { .name = "/usr/bin/hello", .default_hash = HASH_SHA256 };
	struct blob data = { 0 };
	char hex[65];
	u8 digest[32];

	(void)state;
	(void)at;
	assert_int_equal(hash_bytes(HASH_SHA256, "hello\n", 6, &event.digest), 0);
	assert_int_equal(template_build(record.template, &event, &data), 0);
	record.data = blob_span(&data);
	assert_int_equal(mlog_alloc(&only, HASH_SHA256, &mlog), 0);
	assert_int_equal(mlog_bank_count(mlog), 3);
	assert_true(mlog_bank(mlog, 0)->padded && mlog_bank(mlog, 1)->listed && !mlog_bank(mlog, 2)->listed);
	assert_int_equal(mlog_bank(mlog, 1)->hash, HASH_SHA1);
	assert_int_equal(mlog_digest(mlog_bank(mlog, 0), &record, digest), 0);
	text_hex(hex, digest, sizeof(digest));
	assert_string_equal(hex, sha1);
	mlog_free(mlog);
	blob_done(&data);
}

static void without_a_tpm_the_list_is_kept(void **state)
{
	(void)state;
	fake_port_reset();
	assert_int_equal(mlog_alloc(NULL, HASH_SHA256, &mlog), 0);
	assert_int_equal(mlog_bank_count(mlog), 2);
	assert_int_equal(append_to(63, "/bin/a", 1, false), 0);
	assert_int_equal(mlog_count(mlog), 1);
	mlog_free(mlog);
	assert_int_equal(mlog_alloc(NULL, HASH_SHA1, &mlog), 0);
	assert_int_equal(mlog_bank_count(mlog), 1);
	mlog_free(mlog);
	fake_port_set_random_broken(true);
	assert_int_equal(mlog_alloc(NULL, HASH_SHA1, &mlog), -EIO);
	fake_port_reset();
	assert_int_equal(mlog_alloc(NULL, HASH_MD4, &mlog), -ENOPKG);
}

/* Many segments, with records around the sizes where the stored form changes. */
static void records_of_every_size_come_back_as_they_were(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 65526, 65527, 65528, 65534, 65535, 65536, 70000, 300000,
				       LOG_DATA_MAX };
	static u8 bytes[LOG_DATA_MAX];
	struct mlog_cursor at = { 0 };
	struct mlog_record record;
	u64 n = 0;

	(void)state;
	assert_int_equal(mlog_alloc(NULL, HASH_SHA256, &mlog), 0);
	for (unsigned round = 0; round < 300; round++) {
		size_t len = round < ARRAY_COUNT(sizes) ? sizes[round] : 977;
		struct mlog_record entry = { .pcr = 10, .template = template_find("ima-ng", 6),
					     .data = { bytes, len } };

		store_le32(bytes, round);
		assert_int_equal(mlog_append(mlog, &entry), 0);
		entry.data.len = LOG_DATA_MAX + 1;
		assert_int_equal(mlog_append(mlog, &entry), -E2BIG);
	}
	while (mlog_next(mlog, &at, &record)) {
		assert_int_equal(record.data.len, n < ARRAY_COUNT(sizes) ? sizes[n] : 977);
		if (record.data.len >= 4)
			assert_int_equal(load_le32(record.data.base), n);
		n++;
	}
	assert_int_equal(n, 300);
	mlog_free(mlog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_extended_in_every_bank_in_one_command),
		cmocka_unit_test(duplicate_is_told_and_not_extended),
		cmocka_unit_test(pcr_of_another_locality_is_refused_and_breaks_nothing),
		cmocka_unit_test(append_survives_or_breaks_with_every_fault),
		cmocka_unit_test(extend_whose_answer_is_lost_is_resolved_by_reading_back),
		cmocka_unit_test(memory_that_runs_out_anywhere_leaves_log_and_pcrs_equal),
		cmocka_unit_test(bank_without_hash_gets_a_padded_sha1),
		cmocka_unit_test(without_a_tpm_the_list_is_kept),
		cmocka_unit_test(records_of_every_size_come_back_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
