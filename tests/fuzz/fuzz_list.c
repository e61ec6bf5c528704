/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fuzz/fuzz_list.c - any bytes as a binary list (the first one chooses the bank): whatever is accepted is
 * shown, and shown in binary it is the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/integrity/mlog.h"
#include "tools/log_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct mlog_bank *bank, const struct log_record *record)
{
	struct log_template template;
	struct mlog_record as_kept = { .pcr = record->pcr, .violation = true, .data = record->data };
	struct blob binary = { 0 }, ascii = { 0 };
	const char *why = "";
	u8 digest[HASH_MAX_LEN];

	if (log_record_template(record, &template, &why))
		return;
	as_kept.template = &template.template;
	if (mlog_show_binary(bank, &as_kept, &binary) || mlog_show_ascii(bank, &as_kept, &ascii))
		abort();
	if (binary.len != record->bytes.len || memcmp(binary.base + 4 + bank->len, record->bytes.base + 4 + bank->len,
						      binary.len - 4 - bank->len))
		abort();
	(void)log_record_digest(record, &template, bank->hash, digest); /* an over-long old name is refused */
	blob_done(&binary);
	blob_done(&ascii);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const u8 hashes[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
	struct mlog_bank bank = { .hash = size ? hashes[data[0] % 4] : HASH_SHA1 };
	struct cursor list = cursor_init(data + (size > 0), size - (size > 0));
	struct log_record record;
	const char *why;

	bank.len = (u8)hash_len(bank.hash);
	while (!cursor_at_end(&list)) {
		why = NULL;
		if (log_parse_next(&list, bank.len, &record, &why)) {
			if (!why)
				abort();
			break;
		}
		show(&bank, &record);
	}
	return 0;
}
