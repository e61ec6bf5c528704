/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_golden_lists.c - lists that a Linux kernel made: read, written again, replayed, and made again by
 * the log.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel/integrity/mlog.h"
#include "tests/fake/fake_tpm.h"
#include "tests/fake/golden.h"
#include "tools/log_parse.h"

#define RECORDS_MAX 512
#define STAGED "_staged"
#define LISTS_IN_ALL 193
#define PCRS_IN_ALL 182

static const char *const banks[] = { "sha1", "sha256", "sha384", "sha512" };

/* A list file: its case, its bank, and whether it is the staged part. */
struct list_file {
	char folder[128];
	const char *bank;
	bool staged;
	unsigned hash;
};

static struct span read_list(const struct list_file *file, const char *form, bool staged)
{
	char name[512];
	FILE *probe;

	snprintf(name, sizeof(name), "tests/golden/lists/%s/%s_runtime_measurements_%s%s", file->folder, form,
		 file->bank, staged ? STAGED : "");
	probe = fopen(name, "rb");
	if (!probe)
		return (struct span){ NULL, 0 };
	fclose(probe);
	return golden_read(name + strlen("tests/golden/"));
}

static unsigned for_each_list(void (*act)(const struct list_file *file, struct span list))
{
	DIR *dir = opendir("tests/golden/lists");
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		for (size_t i = 0; entry->d_name[0] != '.' && i < 2 * ARRAY_COUNT(banks); i++) {
			struct list_file file = { .bank = banks[i / 2], .staged = i & 1 };
			struct span list;

			snprintf(file.folder, sizeof(file.folder), "%.100s", entry->d_name);
			assert_int_equal(hash_by_name(file.bank, strlen(file.bank), &file.hash), 0);
			list = read_list(&file, "binary", file.staged);
			if (!list.base)
				continue;
			act(&file, list);
			golden_free(list);
			count++;
		}
	}
	closedir(dir);
	return count;
}

static size_t parse_all(struct span list, unsigned hash, struct log_record *records, struct log_template *templates)
{
	struct cursor c = cursor_of(list);
	const char *why = "";
	size_t count = 0;

	while (!cursor_at_end(&c)) {
		assert_true(count < RECORDS_MAX);
		if (log_parse_next(&c, hash_len(hash), &records[count], &why) ||
		    log_record_template(&records[count], &templates[count], &why))
			fail_msg("record %zu: %s", count, why);
		count++;
	}
	return count;
}

static struct log_record parsed[RECORDS_MAX];
static struct log_template templates_of[RECORDS_MAX];

static struct mlog_record as_mlog(size_t i)
{
	return (struct mlog_record){ .pcr = parsed[i].pcr, .violation = log_record_is_violation(&parsed[i]),
				     .template = &templates_of[i].template, .data = parsed[i].data };
}

static void expect_written_again(const struct list_file *file, struct span list)
{
	const struct mlog_bank bank = { .hash = (u8)file->hash, .len = (u8)hash_len(file->hash) };
	struct span ascii = read_list(file, "ascii", file->staged);
	size_t count = parse_all(list, file->hash, parsed, templates_of);
	struct blob binary_again = { 0 }, ascii_again = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct mlog_record record = as_mlog(i);

		assert_int_equal(mlog_show_binary(&bank, &record, &binary_again), 0);
		assert_int_equal(mlog_show_ascii(&bank, &record, &ascii_again), 0);
	}
	assert_int_equal(binary_again.len, list.len);
	assert_memory_equal(binary_again.base, list.base, list.len);
	assert_int_equal(ascii_again.len, ascii.len);
	assert_memory_equal(ascii_again.base, ascii.base, ascii.len);
	blob_done(&binary_again);
	blob_done(&ascii_again);
	golden_free(ascii);
}

static void golden_list_written_again_is_the_same_bytes(void **state)
{
	(void)state;
	assert_int_equal(for_each_list(expect_written_again), LISTS_IN_ALL);
}

struct chain {
	bool touched[64];
	u8 value[64][HASH_MAX_LEN];
};

/* Goes on with the first limit records of a part of a list; how many these were. */
static size_t replay_part(struct chain *chain, const struct list_file *file, bool staged, size_t limit)
{
	struct span list = read_list(file, "binary", staged);
	size_t count = list.base ? parse_all(list, file->hash, parsed, templates_of) : 0;

	count = count < limit ? count : limit;
	for (size_t i = 0; i < count; i++) {
		assert_true(parsed[i].pcr < 64);
		assert_int_equal(log_chain_extend(file->hash, chain->value[parsed[i].pcr], parsed[i].digest.base,
						  log_record_is_violation(&parsed[i])), 0);
		chain->touched[parsed[i].pcr] = true;
	}
	golden_free(list);
	return count;
}

static size_t replay(struct chain *chain, const struct list_file *file, size_t limit)
{
	size_t count = replay_part(chain, file, true, limit);

	return count + replay_part(chain, file, false, limit - count);
}

/* The record of a file of which nothing but name and content is known any more. */
static void replay_file(struct chain *chain, unsigned hash, const char *name, const char *content)
{
	const struct template *ng = template_find("ima-ng", 6);
	struct event event = { .name = name };
	struct blob data = { 0 };
	u8 digest[HASH_MAX_LEN];

	assert_int_equal(hash_bytes(HASH_SHA256, content, strlen(content), &event.digest), 0);
	assert_int_equal(template_build(ng, &event, &data), 0);
	assert_int_equal(template_digest(ng, hash, blob_span(&data), digest), 0);
	assert_int_equal(log_chain_extend(hash, chain->value[10], digest, false), 0);
	blob_done(&data);
}

/*
 * What had been exported and deleted before, a line each: "FOLDER RECORDS", the first ones of that list, or
 * "/PATH CONTENT", a file whose record no captured list has. false: the folder has no such file.
 */
static bool replay_exported(struct chain *chain, const struct list_file *file)
{
	struct list_file before = *file;
	char name[256], line[160], path[160];
	size_t records;
	int content = 0;
	FILE *f;

	snprintf(name, sizeof(name), "tests/golden/lists/%s/before", file->folder);
	f = fopen(name, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (line[0] == '/') {
			assert_int_equal(sscanf(line, "%159s %n", path, &content), 1);
			replay_file(chain, file->hash, path, line + content);
		} else {
			assert_int_equal(sscanf(line, "%127s %zu", before.folder, &records), 2);
			assert_int_equal(replay(chain, &before, records), records);
		}
	}
	if (f)
		fclose(f);
	return f;
}

/* The TPM's value as pcrs.txt says; false when it does not know the PCR. */
static bool expected_pcr(const struct list_file *file, unsigned pcr, char ret_hex[129])
{
	char name[256], line[256], bank[16];
	unsigned number;
	bool found = false;
	FILE *f;

	snprintf(name, sizeof(name), "tests/golden/lists/%s/pcrs.txt", file->folder);
	f = fopen(name, "r");
	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%15s %u %128s", bank, &number, ret_hex) == 3 && number == pcr &&
			strcmp(bank, file->bank) == 0;
	if (f)
		fclose(f);
	return found;
}

static unsigned pcrs_compared;

static void expect_replay_matches(const struct list_file *file, struct span list)
{
	static struct chain chain;
	char want[129], got[129];
	struct span current = read_list(file, "binary", false);

	(void)list;
	golden_free(current);
	if (file->staged && current.base)
		return; /* compared together with the current part */
	memset(&chain, 0, sizeof(chain));
	if (replay_exported(&chain, file))
		(void)replay_part(&chain, file, false, RECORDS_MAX); /* the staged part is exported */
	else
		(void)replay(&chain, file, RECORDS_MAX);
	for (unsigned pcr = 0; pcr < 64; pcr++) {
		if (!chain.touched[pcr] || !expected_pcr(file, pcr, want))
			continue;
		for (size_t i = 0; i < hash_len(file->hash); i++)
			snprintf(got + 2 * i, 3, "%02X", chain.value[pcr][i]);
		if (strcmp(got, want))
			fail_msg("%s: PCR %u of %s is %s after a replay, and was %s", file->folder, pcr, file->bank,
				 got, want);
		pcrs_compared++;
	}
}

/* Each folder with a TPM in each of its banks; the number keeps any from being left out. */
static void golden_list_replayed_gives_the_tpms_pcrs(void **state)
{
	(void)state;
	pcrs_compared = 0;
	(void)for_each_list(expect_replay_matches);
	assert_int_equal(pcrs_compared, PCRS_IN_ALL);
}

/* The same with the spoiled twin: one record fewer must not give the PCR. */
static void golden_list_without_its_last_record_gives_another_pcr(void **state)
{
	const struct list_file file = { .folder = "staging_end", .bank = "sha256", .hash = HASH_SHA256 };
	static struct chain chain;
	char want[129], got[129];

	(void)state;
	memset(&chain, 0, sizeof(chain));
	assert_true(replay_exported(&chain, &file));
	(void)replay_part(&chain, &file, false, 4);
	assert_true(expected_pcr(&file, 10, want));
	for (size_t i = 0; i < 32; i++)
		snprintf(got + 2 * i, 3, "%02X", chain.value[10][i]);
	assert_string_not_equal(got, want);
}

/* ---- the log makes the lists again, with a TPM of four banks */

static struct fake_tpm fake;
static struct tpm tpm;

/* The list of each bank as the log shows it is the golden one, in both forms. */
static void expect_log_shows(struct mlog *log, const char *folder)
{
	assert_int_equal(mlog_bank_count(log), ARRAY_COUNT(banks));
	for (size_t b = 0; b < ARRAY_COUNT(banks); b++) {
		struct list_file file = { .bank = banks[b] };
		struct blob binary = { 0 }, ascii = { 0 };
		struct span want_binary, want_ascii;
		struct mlog_cursor at = { 0 };
		struct mlog_record record;

		snprintf(file.folder, sizeof(file.folder), "%s", folder);
		want_binary = read_list(&file, "binary", false);
		want_ascii = read_list(&file, "ascii", false);
		while (mlog_next(log, &at, &record)) {
			assert_int_equal(mlog_show_binary(mlog_bank(log, b), &record, &binary), 0);
			assert_int_equal(mlog_show_ascii(mlog_bank(log, b), &record, &ascii), 0);
		}
		assert_int_equal(binary.len, want_binary.len);
		assert_memory_equal(binary.base, want_binary.base, binary.len);
		assert_int_equal(ascii.len, want_ascii.len);
		assert_memory_equal(ascii.base, want_ascii.base, ascii.len);
		blob_done(&binary);
		blob_done(&ascii);
		golden_free(want_binary);
		golden_free(want_ascii);
	}
}

static void expect_tpm_has(const char *folder)
{
	for (size_t b = 0; b < ARRAY_COUNT(banks); b++) {
		struct list_file file = { .bank = banks[b] };
		char want[129], got[129];

		snprintf(file.folder, sizeof(file.folder), "%s", folder);
		for (unsigned pcr = 10; pcr <= 12; pcr++) {
			assert_true(expected_pcr(&file, pcr, want));
			for (size_t i = 0; i < fake.banks[b].len; i++)
				snprintf(got + 2 * i, 3, "%02X", fake.banks[b].pcrs[pcr][i]);
			assert_string_equal(got, want);
		}
	}
}

/* Each record is appended twice: the second one of a violation would count, so these are not. */
static void feed(struct mlog *log, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mlog_record record = as_mlog(i);
		const struct template *known = template_find((const char *)parsed[i].name.base, parsed[i].name.len);

		record.template = known ? known : &templates_of[0].template; /* one custom format a list */
		assert_int_equal(mlog_append(log, &record), 0);
		if (!record.violation)
			assert_int_equal(mlog_append(log, &record), -EEXIST);
	}
}

static void golden_list_fed_to_the_log_gives_the_same_lists_and_pcrs(void **state)
{
	static const char *const cases[] = { "list_ng", "list_sig", "list_ngv2", "list_sigv2", "list_fmt",
					     "mixed_noima", "violations", "list_ima_sha1", "buf", "modsig", "tcb",
					     "overlay",
					     "xfschange", "staging_initial", "policy_all", "appraise_enforce" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct list_file file = { .bank = "sha256", .hash = HASH_SHA256 };
		struct tpm_location where;
		struct tpm_regs regs;
		struct mlog *log;
		struct span list;

		fake_tpm_init(&fake, i & 1);
		for (size_t b = 0; b < fake.bank_count; b++)
			memset(fake.banks[b].pcrs[10], 0, sizeof(fake.banks[b].pcrs[10]) * 3);
		regs = fake_tpm_regs(&fake);
		where = fake_tpm_location(&fake);
		assert_int_equal(tpm_open(&tpm, &regs, &where, NULL), 0);
		snprintf(file.folder, sizeof(file.folder), "%s", cases[i]);
		list = read_list(&file, "binary", false);
		assert_non_null(list.base);
		assert_int_equal(mlog_alloc(&tpm, HASH_SHA256, &log), 0);
		feed(log, parse_all(list, file.hash, parsed, templates_of));
		expect_log_shows(log, cases[i]);
		expect_tpm_has(cases[i]);
		mlog_free(log);
		tpm_close(&tpm, false);
		golden_free(list);
	}
}

/* Every cut and every changed byte of a list: no crash, and a cut is always seen. */
static void list_cut_anywhere_is_refused(void **state)
{
	const struct list_file file = { .folder = "list_sig", .bank = "sha1", .hash = HASH_SHA1 };
	struct span list = read_list(&file, "binary", false);
	size_t boundaries = 0;

	(void)state;
	assert_non_null(list.base);
	for (size_t len = 1; len < list.len; len++) {
		u8 *cut = malloc(len); /* exact, so that a byte too far is seen */
		struct cursor c;
		struct log_record record;
		const char *why = "";
		int err = 0;

		memcpy(cut, list.base, len);
		c = cursor_init(cut, len);
		while (!err && !cursor_at_end(&c))
			err = log_parse_next(&c, 20, &record, &why);
		boundaries += !err;
		assert_true(!err || (err == -EBADMSG && why[0]));
		free(cut);
	}
	assert_int_equal(boundaries, parse_all(list, HASH_SHA1, parsed, templates_of) - 1);
	golden_free(list);
}

static void record_with_absurd_lengths_is_refused(void **state)
{
	u8 bytes[64] = { 10 };
	const char *why = "";
	struct log_record record;
	struct cursor c;

	(void)state;
	for (size_t at = 24; at <= 34; at += 10) { /* the name's length, the data's */
		memset(bytes + 24, 0, 40);
		store_le32(bytes + 24, 6);
		memcpy(bytes + 28, "ima-ng", 6);
		store_le32(bytes + at, 0xffffffff);
		c = cursor_init(bytes, sizeof(bytes));
		assert_int_equal(log_parse_next(&c, 20, &record, &why), -EBADMSG);
		store_le32(bytes + at, 0);
		c = cursor_init(bytes, sizeof(bytes));
		assert_int_equal(log_parse_next(&c, 20, &record, &why), at == 24 ? -EBADMSG : 0);
	}
	assert_int_equal(log_record_template(&record, &templates_of[0], &why), -EBADMSG);
}

/* Linux 7.2 dereferences NULL when it shows a digest field without a colon. */
static void digest_field_without_colon_is_refused_and_shown_empty(void **state)
{
	static const u8 data[] = { 6, 0, 0, 0, 's', 'h', 'a', '2', '5', '6', 3, 0, 0, 0, '/', 'x', 0 };
	const struct template *ng = template_find("ima-ng", 6);
	struct blob out = { 0 };

	(void)state;
	assert_false(log_data_check(ng, (struct span){ data, sizeof(data) }));
	assert_int_equal(template_show_fields(ng, (struct span){ data, sizeof(data) }, &out), 0);
	blob_bytes(&out, "", 1);
	assert_string_equal((char *)out.base, "  /x");
	blob_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_list_written_again_is_the_same_bytes),
		cmocka_unit_test(golden_list_replayed_gives_the_tpms_pcrs),
		cmocka_unit_test(golden_list_without_its_last_record_gives_another_pcr),
		cmocka_unit_test(golden_list_fed_to_the_log_gives_the_same_lists_and_pcrs),
		cmocka_unit_test(list_cut_anywhere_is_refused),
		cmocka_unit_test(record_with_absurd_lengths_is_refused),
		cmocka_unit_test(digest_field_without_colon_is_refused_and_shown_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
