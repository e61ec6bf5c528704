/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/pedigest.c - which bytes of a PE file are signed and measured.
 */
#include "tools/pedigest.h"

#include "kernel/base/cursor.h"

/* The section with the lowest (file offset, table position) above the last one; false at the end. */
static bool next_by_offset(const struct pe *pe, struct pe_section *last, size_t *last_index) {
	bool found = false;
	struct pe_section best = { .name = "" };
	size_t best_index = 0;

	for (size_t i = 0; i < pe->count; i++) {
		struct pe_section s;

		pe_section_at(pe, i, &s);
		if (*last_index != PE_SECTIONS_MAX &&
		    (s.file_off < last->file_off || (s.file_off == last->file_off && i <= *last_index)))
			continue;
		if (found && s.file_off >= best.file_off) continue;
		best = s;
		best_index = i;
		found = true;
	}
	*last = best;
	*last_index = best_index;
	return found;
}

int pe_optional(const struct pe *pe, struct pe_optional *ret_optional) {
	struct pe_optional o = { 0 };
	struct cursor c = cursor_init(pe->bytes.base + pe->opt_off, pe->table_off - pe->opt_off);
	u32 dirs;

	o.plus = cursor_le16(&c) == PE_MAGIC_PLUS;
	cursor_seek(&c, 32);
	o.section_align = cursor_le32(&c);
	o.file_align = cursor_le32(&c);
	cursor_seek(&c, o.plus ? 108 : 92);
	dirs = cursor_le32(&c);
	if (cursor_ok(&c) && dirs > 4) {
		cursor_skip(&c, 4 * 8);
		o.cert_off = cursor_le32(&c);
		o.cert_len = cursor_le32(&c);
		o.has_cert_entry = true;
	}
	if (!cursor_ok(&c)) return -EBADMSG;
	*ret_optional = o;
	return 0;
}

/* The headers without CheckSum and without the directory entry of the certificates. */
static int digest_headers(const struct pe *pe, const struct pe_optional *o, int (*hash)(void *ctx, struct span range),
			  void *ctx) {
	size_t sum = pe->opt_off + 64;
	size_t entry = pe->opt_off + (o->plus ? 144 : 128);
	const u8 *b = pe->bytes.base;
	int err = hash(ctx, (struct span){ b, sum });

	if (err) return err;
	if (!o->has_cert_entry) return hash(ctx, (struct span){ b + sum + 4, pe->headers_len - sum - 4 });
	err = hash(ctx, (struct span){ b + sum + 4, entry - sum - 4 });
	if (err) return err;
	return hash(ctx, (struct span){ b + entry + 8, pe->headers_len - entry - 8 });
}

int pe_digest_ranges(const struct pe *pe, int (*hash)(void *ctx, struct span range), void *ctx) {
	struct cursor file = cursor_of(pe->bytes);
	struct pe_section s = { .name = "" };
	size_t index = PE_SECTIONS_MAX;
	u64 sum = pe->headers_len;
	u64 end;
	struct span range;
	struct pe_optional o;
	int err;

	if (pe->view != PE_FILE) return -EINVAL;
	TRY(pe_optional(pe, &o));
	err = digest_headers(pe, &o, hash, ctx);
	while (!err && next_by_offset(pe, &s, &index)) {
		if (!s.file_len) continue;
		err = cursor_slice(&file, s.file_off, s.file_len, &range);
		if (!err) err = hash(ctx, range);
		sum += s.file_len;
	}
	if (err) return err;
	if (pe->bytes.len == sum) return 0;
	if (o.cert_len > pe->bytes.len || pe->bytes.len - o.cert_len < sum) return -EBADMSG;
	end = pe->bytes.len - o.cert_len;
	if (end == sum) return 0;
	err = cursor_slice(&file, sum, end - sum, &range);
	return err ? err : hash(ctx, range);
}
