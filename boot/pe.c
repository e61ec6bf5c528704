/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/pe.c - PE headers through a cursor.
 *
 * Relies on nothing but the caller's length. After pe_open() the section table and, for the
 * chosen view, each section's bytes are known to lie inside the image.
 */
#include "boot/pe.h"

#include "kernel/base/cursor.h"

static int bad(const char **ret_why, const char *why) {
	*ret_why = why;
	return -EBADMSG;
}

/* Whether the section's bytes lie inside the image, as far as the view cares. */
static bool section_inside(const struct pe *pe, const struct pe_section *s) {
	if (pe->view == PE_LOADED) return (u64)s->vaddr + s->vsize <= pe->bytes.len;
	return s->file_len == 0 || (u64)s->file_off + s->file_len <= pe->bytes.len;
}

int pe_open(const void *base, size_t len, enum pe_view view, struct pe *ret_pe, const char **ret_why) {
	struct cursor c = cursor_init(base, len);
	struct pe pe = { .bytes = { base, c.len }, .view = view };
	struct cursor opt;
	size_t head;
	u16 opt_len, magic;

	if (cursor_le16(&c) != 0x5a4d) /* MZ */
		return bad(ret_why, "the file does not start with MZ");
	cursor_seek(&c, 0x3c);
	head = cursor_le32(&c);
	cursor_seek(&c, head);
	if (cursor_le32(&c) != 0x4550) /* PE\0\0 */
		return bad(ret_why, "the PE signature is missing");
	cursor_skip(&c, 2);
	pe.count = cursor_le16(&c);
	cursor_skip(&c, 12);
	opt_len = cursor_le16(&c);
	cursor_skip(&c, 2);
	pe.opt_off = head + 24;
	pe.table_off = pe.opt_off + opt_len;
	opt = cursor_sub(&c, opt_len);
	magic = cursor_le16(&opt);
	cursor_seek(&opt, 60);
	pe.headers_len = cursor_le32(&opt);
	if (!cursor_ok(&opt) || (magic != PE_MAGIC_PLUS && magic != PE_MAGIC_32))
		return bad(ret_why, "the PE optional header is cut or of an unknown kind");
	cursor_skip(&c, pe.count * PE_SECTION_HEADER_LEN);
	if (!cursor_ok(&c) || pe.count > PE_SECTIONS_MAX)
		return bad(ret_why, "the PE section table is cut or too long");
	if (pe.headers_len > c.len || pe.headers_len < c.pos)
		return bad(ret_why, "SizeOfHeaders does not hold the PE headers");
	for (size_t i = 0; i < pe.count; i++) {
		struct pe_section s;

		pe_section_at(&pe, i, &s);
		if (!section_inside(&pe, &s)) return bad(ret_why, "a PE section lies outside the image");
	}
	*ret_pe = pe;
	return 0;
}

void pe_section_at(const struct pe *pe, size_t index, struct pe_section *ret_section) {
	struct pe_section s = { .name = "" };
	struct cursor c = cursor_of(pe->bytes);

	cursor_seek(&c, pe->table_off + index * PE_SECTION_HEADER_LEN);
	if (cursor_get_bytes(&c, s.name, 8) == 0) {
		s.vsize = cursor_le32(&c);
		s.vaddr = cursor_le32(&c);
		s.file_len = cursor_le32(&c);
		s.file_off = cursor_le32(&c);
		cursor_skip(&c, 12);
		s.flags = cursor_le32(&c);
	}
	*ret_section = s;
}

int pe_find(const struct pe *pe, const char *name, struct span *ret_content) {
	struct cursor image = cursor_of(pe->bytes);
	struct span found = { NULL, 0 };

	for (size_t i = 0; i < pe->count; i++) {
		struct pe_section s;

		pe_section_at(pe, i, &s);
		if (strcmp(s.name, name) != 0 || s.vsize == 0) continue;
		if (found.len || (pe->view == PE_FILE && s.file_len < s.vsize)) return -EBADMSG;
		if (cursor_slice(&image, pe->view == PE_LOADED ? s.vaddr : s.file_off, s.vsize, &found))
			return -EBADMSG;
	}
	if (!found.len) return -ENOENT;
	*ret_content = found;
	return 0;
}
