/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_eventlog.c - the firmware's event log, judged by logs and PCR values of OVMF with swtpm.
 *
 * tests/golden/eventlog holds them as Linux 7.2 gave them out; logs are parsed from heap blocks of
 * their exact size, so that ASan sees one byte too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/base/err.h"
#include "kernel/base/text.h"
#include "tests/fake/golden.h"
#include "tests/fake/whole_log.h"
#include "tpm/eventlog.h"

#define FOLDER "tests/golden/eventlog/"

static struct span load(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "eventlog/%s", name);
	return golden_read(path);
}

/* A changed copy: patch bytes at off, keep len. */
static struct span changed(struct span from, size_t off, const void *patch, size_t patch_len)
{
	u8 *bytes = malloc(from.len);

	assert_non_null(bytes);
	memcpy(bytes, from.base, from.len);
	memcpy(bytes + off, patch, patch_len);
	return (struct span){ bytes, from.len };
}

static int parse(struct span log)
{
	struct eventlog_raw raw;
	const char *why = NULL;
	int err = eventlog_parse(log, &raw, &why);

	if (err)
		assert_non_null(why);
	return err;
}

/* Every line "sha256 4 HEX" is what the log gives, but PCR 10: the kernel that gave the log out extended it. */
static void replay_matches(const char *log_name, const char *pcrs_name, size_t want)
{
	struct span log = load(log_name), pcrs = load(pcrs_name);
	char *text = (char *)golden_cut(pcrs, pcrs.len), *line;
	struct eventlog_raw raw;
	size_t count = 0;

	assert_int_equal(eventlog_parse(log, &raw, NULL), 0);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		static const struct {
			const char *name;
			u16 alg;
		} banks[] = { { "sha1", 4 }, { "sha256", 0xb }, { "sha384", 0xc }, { "sha512", 0xd } };
		char bank[16], want_hex[200], got_hex[129];
		struct digest got;
		unsigned pcr;
		size_t alg = 99, i = 0;

		if (sscanf(line, "%15s %u %199s", bank, &pcr, want_hex) != 3 || pcr == PCR_RUNTIME)
			continue;
		while (strcmp(banks[i].name, bank) != 0)
			i++;
		assert_int_equal(eventlog_find_alg(&raw, banks[i].alg, &alg), 0);
		assert_int_equal(eventlog_replay_pcr(&raw, alg, pcr, &got), 0);
		text_hex(got_hex, got.bytes, got.len);
		assert_int_equal(strcasecmp(got_hex, want_hex), 0);
		count++;
	}
	assert_int_equal(count, want);
	free(text);
	golden_free(pcrs);
	golden_free(log);
}

static void replay_ovmf_logs_gives_the_tpms_values(void **state)
{
	(void)state;
	replay_matches("ovmf-four-banks.bin", "ovmf-four-banks.pcrs", 4 * 18);
	replay_matches("ovmf-sha1.bin", "ovmf-sha1.pcrs", 18);
	replay_matches("ovmf-sha256.bin", "ovmf-sha256.pcrs", 18);
}

static void replay_what_is_not_there_is_an_error(void **state)
{
	struct eventlog_raw raw;
	struct digest value;
	struct span log = load("ovmf-sha256.bin");
	size_t alg;

	(void)state;
	assert_int_equal(eventlog_parse(log, &raw, NULL), 0);
	assert_int_equal(eventlog_find_alg(&raw, PCR_ALG_SHA512, &alg), -ENOENT);
	assert_int_equal(eventlog_replay_pcr(&raw, 1, 0, &value), -EINVAL);
	assert_int_equal(eventlog_replay_pcr(&raw, 0, 24, &value), -EINVAL);
	raw.algs[0].alg = PCR_ALG_SHA3_256;
	assert_int_equal(eventlog_replay_pcr(&raw, 0, 0, &value), -ENOPKG);
	golden_free(log);
}

static void parse_ovmf_log_finds_its_events(void **state)
{
	struct eventlog_raw raw;
	struct eventlog_event event;
	struct span log = load("ovmf-four-banks.bin");
	size_t pos, count = 0, separators = 0;

	(void)state;
	assert_int_equal(eventlog_parse(log, &raw, NULL), 0);
	assert_int_equal(raw.format, EVENTLOG_AGILE);
	assert_int_equal(raw.alg_count, 4);
	assert_int_equal(raw.algs[1].alg, PCR_ALG_SHA256);
	for (pos = raw.header_len; eventlog_next(&raw, &pos, &event); count++) {
		assert_int_equal(event.digests[1].len, 32);
		separators += event.type == 4;
		if (event.type == 4)
			assert_int_equal(event.data.len, 4);
	}
	assert_int_equal(count, raw.event_count);
	assert_int_equal(count, 23);
	assert_int_equal(separators, 8); /* PCR 0 to 7 */
	assert_int_equal(pos, log.len);
	golden_free(log);
}

static void parse_cut_anywhere_is_an_error_or_a_whole_prefix(void **state)
{
	struct span log = load("ovmf-four-banks.bin");
	size_t whole = 0;

	(void)state;
	for (size_t cut = 0; cut < log.len; cut++) {
		u8 *bytes = malloc(cut ? cut : 1);
		struct eventlog_raw raw;
		const char *why = NULL;

		assert_non_null(bytes);
		memcpy(bytes, log.base, cut);
		struct span part = { bytes, cut };
		int err = eventlog_parse(part, &raw, &why);

		whole += !err;
		if (err) {
			assert_int_equal(err, -EBADMSG);
			assert_non_null(why);
			if (!eventlog_parse_prefix(part, &raw, &why)) {
				assert_true(raw.bytes.len <= cut);
				assert_non_null(why);
				assert_int_equal(parse(raw.bytes), 0);
			}
		}
		free(bytes);
	}
	assert_int_equal(whole, 23); /* after the header, and after each event but the last */
	golden_free(log);
}

/* Header: pcr 0, type 4, digest 8, size 28, signature 32, class 48, version 52, algorithms 56, then 4 bytes each. */
static void parse_bad_header_is_refused(void **state)
{
	static const struct {
		size_t off, len;
		u8 patch[8];
	} cases[] = {
		{ 0, 1, { 1 } },                      /* PCR 1 */
		{ 4, 1, { 4 } },                      /* another type */
		{ 8, 1, { 1 } },                      /* a digest */
		{ 28, 4, { 0xff, 0xff, 0xff, 0xff } },/* longer than the log */
		{ 28, 4, { 20, 0, 0, 0 } },           /* too short for what follows the signature */
		{ 53, 1, { 1 } },                     /* major version 1 */
		{ 56, 4, { 0, 0, 0, 0 } },            /* no algorithm */
		{ 56, 4, { 9, 0, 0, 0 } },            /* nine */
		{ 56, 4, { 0xff, 0xff, 0xff, 0xff } },
		{ 60, 2, { 0x0b, 0 } },               /* sha256 twice */
		{ 62, 2, { 21, 0 } },                 /* sha1 of 21 bytes */
		{ 60, 4, { 0x99, 0x99, 0, 0 } },      /* unknown, of no bytes */
		{ 60, 4, { 0x99, 0x99, 65, 0 } },     /* unknown, of 65 bytes */
		{ 76, 1, { 0xff } },                  /* vendor bytes beyond the header */
	};
	struct span log = load("ovmf-four-banks.bin");

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct span bad = changed(log, cases[i].off, cases[i].patch, cases[i].len);

		assert_int_equal(parse(bad), -EBADMSG);
		golden_free(bad);
	}
	golden_free(log);
}

static size_t second_event(struct span log, size_t *ret_first)
{
	struct eventlog_raw raw;
	struct eventlog_event event;

	assert_int_equal(eventlog_parse(log, &raw, NULL), 0);
	size_t pos = raw.header_len;

	*ret_first = pos;
	assert_true(eventlog_next(&raw, &pos, &event));
	return pos;
}

static void parse_bad_event_keeps_the_prefix(void **state)
{
	struct span log = load("ovmf-four-banks.bin");
	size_t first, second = second_event(log, &first);
	const struct {
		size_t off, len;
		u8 patch[4];
	} cases[] = {
		{ second, 4, { 24, 0, 0, 0 } },                 /* PCR 24 */
		{ second, 4, { 0xff, 0xff, 0xff, 0xff } },      /* no PCR, but an event that is extended */
		{ second + 8, 4, { 3, 0, 0, 0 } },              /* three digests */
		{ second + 8, 4, { 0xff, 0xff, 0xff, 0xff } },
		{ second + 12, 2, { 0x0b, 0 } },                /* sha256 twice */
		{ second + 12, 2, { 0x12, 0 } },                /* an algorithm that the header does not name */
		{ second + 12 + 4 * 2 + 164, 4, { 0xff, 0xff, 0xff, 0xff } }, /* endless data */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct span bad = changed(log, cases[i].off, cases[i].patch, cases[i].len);
		struct eventlog_raw raw;
		const char *why = NULL;

		assert_int_equal(parse(bad), -EBADMSG);
		assert_int_equal(eventlog_parse_prefix(bad, &raw, &why), 0);
		assert_int_equal(raw.bytes.len, second);
		assert_int_equal(raw.event_count, 1);
		assert_non_null(why);
		golden_free(bad);
	}
	golden_free(log);
}

static void parse_one_algorithm_twice_in_an_event_is_refused(void **state)
{
	u8 *bytes = calloc(1, 256);
	struct writer w = writer_init(bytes, 256);

	(void)state;
	writer_bytes(&w, "\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 28);
	writer_le32(&w, 37);
	writer_bytes(&w, "Spec ID Event03\0\0\0\0\0\0\2\0\2\2\0\0\0", 28);
	writer_bytes(&w, "\x0b\0\x20\0\x12\0\x20\0\0", 9); /* sha256 and sm3: of one size */
	size_t event = w.len;

	writer_bytes(&w, "\1\0\0\0\4\0\0\0\2\0\0\0\x0b\0", 14);
	w.len += 32;
	writer_le16(&w, PCR_ALG_SM3_256);
	w.len += 36;
	assert_int_equal(parse((struct span){ bytes, w.len }), 0);
	bytes[event + 14 + 32] = PCR_ALG_SHA256;
	assert_int_equal(parse((struct span){ bytes, w.len }), -EBADMSG);
	free(bytes);
}

static void parse_over_the_caps_is_eoverflow(void **state)
{
	struct span log = load("ovmf-sha1.bin");
	size_t first, second = second_event(log, &first), header = first, event_len = second - first;
	size_t len = header + event_len * (EVENTLOG_EVENTS_MAX + 1);
	u8 *bytes = malloc(len);
	struct eventlog_raw raw;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, log.base, header);
	for (size_t i = 0; i <= EVENTLOG_EVENTS_MAX; i++)
		memcpy(bytes + header + i * event_len, log.base + first, event_len);
	assert_int_equal(parse((struct span){ bytes, len }), -EOVERFLOW);
	assert_int_equal(parse((struct span){ bytes, len - event_len }), 0);
	assert_int_equal(eventlog_parse_prefix((struct span){ bytes, len }, &raw, NULL), 0);
	assert_int_equal(raw.event_count, EVENTLOG_EVENTS_MAX);
	free(bytes);
	bytes = calloc(1, EVENTLOG_LEN_MAX + 1);
	assert_non_null(bytes);
	assert_int_equal(parse((struct span){ bytes, EVENTLOG_LEN_MAX + 1 }), -EOVERFLOW);
	free(bytes);
	golden_free(log);
}

static void startup_locality_is_the_start_of_pcr_0(void **state)
{
	struct span log = load("ovmf-sha1.bin");
	struct digest with, without;
	struct eventlog_raw raw;
	size_t first, second = second_event(log, &first);
	static const char text[] = "StartupLocality"; /* with its NUL */
	u8 *bytes = malloc(log.len + 110);
	struct writer w = writer_init(bytes, log.len + 110);

	(void)state;
	(void)second;
	writer_bytes(&w, log.base, first);
	for (int i = 0; i < 2; i++) { /* once would do; twice must agree */
		writer_le32(&w, 0);
		writer_le32(&w, EVENTLOG_NO_ACTION);
		writer_le32(&w, 1);
		writer_le16(&w, PCR_ALG_SHA1);
		writer_bytes(&w, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
		writer_le32(&w, sizeof(text) + 1);
		writer_bytes(&w, text, sizeof(text));
		writer_u8(&w, 3);
	}
	writer_bytes(&w, log.base + first, log.len - first);
	assert_true(writer_ok(&w));
	assert_int_equal(eventlog_parse(log, &raw, NULL), 0);
	assert_int_equal(eventlog_replay_pcr(&raw, 0, 0, &without), 0);
	assert_int_equal(eventlog_parse((struct span){ bytes, w.len }, &raw, NULL), 0);
	assert_int_equal(raw.startup_locality, 3);
	assert_int_equal(eventlog_replay_pcr(&raw, 0, 0, &with), 0);
	assert_memory_not_equal(with.bytes, without.bytes, 20);
	bytes[first + 38 + sizeof(text)] = 4;
	assert_int_equal(parse((struct span){ bytes, w.len }), -EBADMSG);
	bytes[first + 55 + 38 + sizeof(text)] = 0;
	bytes[first + 38 + sizeof(text)] = 0; /* the event itself is not extended */
	assert_int_equal(eventlog_parse((struct span){ bytes, w.len }, &raw, NULL), 0);
	assert_int_equal(eventlog_replay_pcr(&raw, 0, 0, &with), 0);
	assert_memory_equal(with.bytes, without.bytes, 20);
	bytes[first + 38 + sizeof(text)] = 5;
	bytes[first + 55 + 38 + sizeof(text)] = 5;
	assert_int_equal(parse((struct span){ bytes, w.len }), -EBADMSG);
	free(bytes);
	golden_free(log);
}

static void old_format_is_parsed_as_sha1(void **state)
{
	static const u8 event[] = {
		4, 0, 0, 0, 4, 0, 0, 0, 0x90, 0x69, 0xca, 0x78, 0xe7, 0x45, 0x0a, 0x28, 0x51, 0x73,
		0x43, 0x1b, 0x3e, 0x52, 0xc5, 0xc2, 0x52, 0x99, 0xe4, 0x73, 4, 0, 0, 0, 0, 0, 0, 0,
	};
	/* SHA-1 of twenty zeros and the digest above: OVMF's PCR 2, see ovmf-sha1.pcrs. */
	static const u8 value[] = { 0xb2, 0xa8, 0x3b, 0x0e, 0xbf, 0x2f, 0x83, 0x74, 0x29, 0x9a,
				    0x5b, 0x2b, 0xdf, 0xc3, 0x1e, 0xa9, 0x55, 0xad, 0x72, 0x36 };
	struct eventlog_raw raw;
	struct digest got;

	(void)state;
	assert_int_equal(eventlog_parse((struct span){ event, sizeof(event) }, &raw, NULL), 0);
	assert_int_equal(raw.format, EVENTLOG_TCG12);
	assert_int_equal(raw.event_count, 1);
	assert_int_equal(eventlog_replay_pcr(&raw, 0, 4, &got), 0);
	assert_memory_equal(got.bytes, value, 20);
	for (size_t cut = 1; cut < sizeof(event); cut++)
		assert_int_equal(parse((struct span){ event, cut }), -EBADMSG);
}

static void measure_ends_after_the_entry_that_was_named(void **state)
{
	struct span log = load("ovmf-four-banks.bin");
	struct eventlog_raw raw;
	struct eventlog_event event;
	size_t pos, start, len;

	(void)state;
	assert_int_equal(eventlog_parse(log, &raw, NULL), 0);
	assert_int_equal(eventlog_measure(log.base, log.len, 0, &len), 0);
	assert_int_equal(len, raw.header_len);
	for (start = pos = raw.header_len; eventlog_next(&raw, &pos, &event); start = pos) {
		assert_int_equal(eventlog_measure(log.base, log.len, start, &len), 0);
		assert_int_equal(len, pos);
		assert_int_equal(eventlog_measure(log.base, pos - 1, start, &len), -EBADMSG);
		assert_int_equal(eventlog_measure(log.base, log.len, start + 1, &len), -EBADMSG);
	}
	assert_int_equal(eventlog_measure(log.base, log.len, log.len, &len), -EBADMSG);
	assert_int_equal(eventlog_measure(log.base, log.len, SIZE_MAX, &len), -EBADMSG);
	golden_free(log);
}

static void final_events_are_counted_and_bounded(void **state)
{
	struct span log = load("ovmf-four-banks.bin");
	struct eventlog_raw raw;
	size_t len;

	(void)state;
	assert_int_equal(eventlog_parse(log, &raw, NULL), 0);
	struct span events = { log.base + raw.header_len, log.len - raw.header_len };

	assert_int_equal(eventlog_final_len(&raw, events, 0, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(eventlog_final_len(&raw, events, 23, &len), 0);
	assert_int_equal(len, events.len);
	assert_int_equal(eventlog_final_len(&raw, events, 24, &len), -EBADMSG);
	assert_int_equal(eventlog_final_len(&raw, events, UINT64_MAX, &len), -EOVERFLOW);
	golden_free(log);
}

static void pcr_tables_are_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		assert_non_null(pcr_use(i));
		assert_int_equal(pcr_use(i)[strlen(pcr_use(i)) - 1], '.');
		assert_int_equal(pcr_free_for_programs(i), i == 16 || i == 23);
	}
	assert_null(pcr_use(PCR_COUNT));
	assert_string_equal(pcr_bank_name(PCR_ALG_SHA384), "sha384");
	assert_int_equal(pcr_bank_len(PCR_ALG_SHA384), 48);
	assert_null(pcr_bank_name(1));
	assert_int_equal(pcr_bank_len(1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay_ovmf_logs_gives_the_tpms_values),
		cmocka_unit_test(replay_what_is_not_there_is_an_error),
		cmocka_unit_test(parse_ovmf_log_finds_its_events),
		cmocka_unit_test(parse_cut_anywhere_is_an_error_or_a_whole_prefix),
		cmocka_unit_test(parse_bad_header_is_refused),
		cmocka_unit_test(parse_bad_event_keeps_the_prefix),
		cmocka_unit_test(parse_one_algorithm_twice_in_an_event_is_refused),
		cmocka_unit_test(parse_over_the_caps_is_eoverflow),
		cmocka_unit_test(startup_locality_is_the_start_of_pcr_0),
		cmocka_unit_test(old_format_is_parsed_as_sha1),
		cmocka_unit_test(measure_ends_after_the_entry_that_was_named),
		cmocka_unit_test(final_events_are_counted_and_bounded),
		cmocka_unit_test(pcr_tables_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
