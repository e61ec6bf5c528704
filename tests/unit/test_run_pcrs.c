/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_run_pcrs.c - responses of swtpm 0.7.1 to PCR_Read, cuts of them, and the files made of the values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/fake/scratch.h"
#include "tools/run_pcrs.h"

/* A fresh TPM with the sha256 bank: PCRs 21 to 23; the sha1 bank, which is not active; SM3, which it does not have. */
static const char rsp_21_23[] =
	"\x80\x01\x00\x00\x00\x82\x00\x00\x00\x00\x00\x00\x00\x14"
	"\x00\x00\x00\x01\x00\x0b\x03\x00\x00\xe0\x00\x00\x00\x03"
	"\x00\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\x00\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\x00\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
static const char rsp_inactive[] =
	"\x80\x01\x00\x00\x00\x1c\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00\x01\x00\x04\x03\x00\x00\x00\x00\x00\x00";
static const char rsp_error[] = "\x80\x01\x00\x00\x00\x0a\x00\x00\x01\xc3";

#define RSP_21_23_LEN 130u

static struct pcrs two_banks(void)
{
	struct pcrs p = { 0 };

	p.banks[0].alg = PCR_ALG_SHA1;
	p.banks[1].alg = PCR_ALG_SHA256;
	return p;
}

static int take(struct pcrs *p, size_t bank, const void *rsp, size_t len, u32 *ret_got)
{
	u8 *exact = malloc(len ? len : 1);
	int err;

	memcpy(exact, rsp, len);
	err = pcrs_take(p, bank, exact, len, ret_got);
	free(exact);
	return err;
}

static void pcrs_take_reads_swtpms_responses(void **state)
{
	struct pcrs p = two_banks();
	u8 ones[32];
	u32 got = 7;

	(void)state; /* none */
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(take(&p, 1, rsp_21_23, RSP_21_23_LEN, &got), 0);
	assert_int_equal(got, 0xe00000);
	assert_int_equal(p.banks[1].mask, 0xe00000);
	assert_memory_equal(p.banks[1].values[21], ones, 32);
	assert_memory_equal(p.banks[1].values[22], ones, 32);
	assert_int_equal(p.banks[1].values[23][0], 0);
	assert_int_equal(take(&p, 0, rsp_inactive, sizeof(rsp_inactive), &got), 0);
	assert_int_equal(got, 0);
	assert_int_equal(p.banks[0].mask, 0);
}

static void pcrs_take_refuses_what_is_no_response(void **state)
{
	static const struct { size_t off; u8 value; } cases[] = {
		{ 0, 0 }, { 5, 0x81 }, { 17, 2 }, { 19, 4 }, { 20, 5 }, { 20, 255 }, { 27, 2 }, { 29, 20 },
		{ 29, 0x21 },
	};
	struct pcrs p = two_banks(), before = p;
	u32 got = 7;

	(void)state; /* none */
	assert_int_equal(take(&p, 1, rsp_error, 10, &got), -EIO);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		u8 rsp[RSP_21_23_LEN];

		memcpy(rsp, rsp_21_23, sizeof(rsp));
		rsp[cases[i].off] = cases[i].value;
		assert_int_equal(take(&p, 1, rsp, sizeof(rsp), &got), -EBADMSG);
	}
	for (size_t len = 0; len < RSP_21_23_LEN; len++) {
		u8 rsp[RSP_21_23_LEN];

		memcpy(rsp, rsp_21_23, len);
		assert_int_equal(take(&p, 1, rsp, len, &got), -EBADMSG);
		if (len < 10)
			continue;
		store_be32(rsp + 2, (u32)len); /* the header agrees with the cut */
		assert_int_equal(take(&p, 1, rsp, len, &got), -EBADMSG);
	}
	assert_memory_equal(&p, &before, sizeof(p));
	assert_int_equal(got, 7);
}

static void pcrs_command_is_what_swtpm_was_asked(void **state)
{
	u8 cmd[32];

	(void)state; /* none */
	assert_int_equal(pcrs_command(PCR_ALG_SHA256, 0xe00000, cmd), 20);
	assert_memory_equal(cmd, "\x80\x01\0\0\0\x14\0\0\x01\x7e\0\0\0\x01\0\x0b\x03\0\0\xe0", 20);
}

static void tpm_frame_counts_messages_however_they_are_cut(void **state)
{
	u8 stream[10 + 20 + 4096];

	(void)state; /* none */
	memset(stream, 0, sizeof(stream));
	store_be32(stream + 2, 10);
	store_be32(stream + 10 + 2, 20);
	store_be32(stream + 30 + 2, 4096);
	for (size_t step = 1; step < sizeof(stream); step += step < 50 ? 1 : 997) {
		struct tpm_frame f = { .have = 0 };

		for (size_t at = 0; at < sizeof(stream); at += step)
			assert_int_equal(tpm_frame_feed(&f, stream + at, min_u64(step, sizeof(stream) - at)), 0);
		assert_int_equal(f.complete, 3);
		assert_int_equal(f.have, 0);
	}
}

static void tpm_frame_absurd_lengths_are_refused(void **state)
{
	static const u32 lengths[] = { 0, 9, TPM_MESSAGE_MAX + 1, 0xffffffff };

	(void)state; /* none */
	for (size_t i = 0; i < ARRAY_COUNT(lengths); i++) {
		struct tpm_frame f = { .have = 0 };
		u8 header[10] = { 0x80, 1 };

		store_be32(header + 2, lengths[i]);
		assert_int_equal(tpm_frame_feed(&f, header, 9), 0);
		assert_int_equal(tpm_frame_feed(&f, header + 9, 1), -EBADMSG);
	}
}

static void pcrs_read_silent_or_absurd_tpm_is_an_error(void **state)
{
	struct pcrs p;
	int pair[2];

	(void)state; /* none */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pcrs_read(pair[0], 20, &p), -ETIMEDOUT);
	assert_int_equal(write(pair[1], "\x80\x01\0\0\0\x09\0\0\0\0", 10), 10);
	assert_int_equal(pcrs_read(pair[0], 1000, &p), -EBADMSG);
	(void)close(pair[1]);
	(void)close(pair[0]);
}

static void pcrs_write_makes_both_formats(void **state)
{
	struct pcrs p = two_banks();
	char *dir = scratch_path("");
	u32 got;

	(void)state; /* the folder */
	assert_int_equal(pcrs_take(&p, 1, rsp_21_23, RSP_21_23_LEN, &got), 0);
	assert_int_equal(pcrs_write(&p, dir), 0);
	assert_int_equal(scratch_sh("python3 -c 'import json,sys; v=json.load(open(sys.argv[1])); one=\"ff\"*32; "
				    "assert v == {\"sha256\": {\"21\": one, \"22\": one, \"23\": \"00\"*32}}, v' "
				    "$D/pcrs.json"), 0);
	assert_int_equal(scratch_sh("grep -qx 'PCR-21: f\\{64\\}' $D/pcrs-sha256.txt"), 0);
	assert_int_equal(scratch_sh("test 3 = $(wc -l <$D/pcrs-sha256.txt)"), 0);
	assert_int_equal(scratch_count(), 2); /* no file for a bank that is not active */
	pcrs_remove(dir);
	assert_int_equal(scratch_count(), 0);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcrs_take_reads_swtpms_responses),
		cmocka_unit_test(pcrs_take_refuses_what_is_no_response),
		cmocka_unit_test(pcrs_command_is_what_swtpm_was_asked),
		cmocka_unit_test(tpm_frame_counts_messages_however_they_are_cut),
		cmocka_unit_test(tpm_frame_absurd_lengths_are_refused),
		cmocka_unit_test(pcrs_read_silent_or_absurd_tpm_is_an_error),
		cmocka_unit_test_setup_teardown(pcrs_write_makes_both_formats, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
