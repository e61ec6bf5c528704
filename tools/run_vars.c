/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_vars.c - editing a UEFI variable store.
 *
 * Invariant: the store is walked to its end before a byte is changed.
 */
#include "tools/run_vars.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/cursor.h"
#include "tools/utf8.h"

#define VOLUME_SIGNATURE 0x4856465fu /* _FVH */
#define STORE_HEADER_LEN 28u
#define STORE_FORMATTED 0x5au
#define STORE_HEALTHY 0xfeu
#define VARIABLE_START 0x55aau
#define VARIABLE_HEADER_LEN 60u
#define VARIABLE_ADDED 0x3fu
#define VARIABLE_IN_TRANSITION 0x3eu
#define VARIABLE_DELETED_MASK 0xfdu
#define ATTRIBUTES_NV_BS_RT 7u

static const u8 store_guid[16] = { 0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
				   0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92 };
static const u8 global_guid[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
				    0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };

/* PciRoot(0)/Pci(1f,2)/Sata(0,ffff,0)/\EFI\BOOT\BOOTX64.EFI */
static const u8 disk_path[] = {
	2, 1, 12, 0, 0xd0, 0x41, 0x03, 0x0a, 0, 0, 0, 0,
	1, 1, 6, 0, 2, 0x1f,
	3, 18, 10, 0, 0, 0, 0xff, 0xff, 0, 0,
};
static const char file_path[] = "\\EFI\\BOOT\\BOOTX64.EFI";

struct variable {
	size_t off;
	u8 state;
	struct span guid, name;
};

static int fail(const char **ret_why, int err, const char *why) {
	*ret_why = why;
	return err;
}

/* The bytes of the variables, after both headers. */
static int store_open(const u8 *store, size_t len, struct cursor *ret_area, size_t *ret_off, const char **ret_why) {
	struct cursor c = cursor_init(store, len);
	struct span guid;
	u32 signature, area_len;
	size_t start;
	u8 format, state;

	cursor_seek(&c, 0x28);
	signature = cursor_le32(&c);
	cursor_seek(&c, 0x30);
	start = cursor_le16(&c);
	cursor_seek(&c, start);
	guid = cursor_take(&c, 16);
	area_len = cursor_le32(&c);
	format = cursor_u8(&c);
	state = cursor_u8(&c);
	cursor_skip(&c, 6);
	if (!cursor_ok(&c) || signature != VOLUME_SIGNATURE || memcmp(guid.base, store_guid, 16) != 0 ||
	    format != STORE_FORMATTED || state != STORE_HEALTHY)
		return fail(ret_why, -EBADMSG, "the firmware's variables are not an authenticated variable store");
	if (area_len < STORE_HEADER_LEN || area_len - STORE_HEADER_LEN > cursor_left(&c))
		return fail(ret_why, -EBADMSG, "the firmware's variable store is cut");
	*ret_off = start + STORE_HEADER_LEN;
	*ret_area = cursor_sub(&c, area_len - STORE_HEADER_LEN);
	return 0;
}

/* The next variable; *ret_end when only free space follows. */
static int next_variable(struct cursor *c, struct variable *ret_variable, bool *ret_end) {
	struct variable v = { .off = c->pos };
	u32 name_len, data_len;

	if (cursor_left(c) < VARIABLE_HEADER_LEN || load_le16(c->base + c->pos) != VARIABLE_START) {
		*ret_end = true;
		return cursor_left(c) >= 2 && load_le16(c->base + c->pos) != 0xffff ? -EBADMSG : 0;
	}
	cursor_skip(c, 2);
	v.state = cursor_u8(c);
	cursor_skip(c, 1 + 4 + 8 + 16 + 4);
	name_len = cursor_le32(c);
	data_len = cursor_le32(c);
	v.guid = cursor_take(c, 16);
	v.name = cursor_take(c, name_len);
	cursor_skip(c, data_len);
	if (cursor_ok(c) && c->pos % 4) cursor_skip(c, min_u64(4 - c->pos % 4, cursor_left(c)));
	if (!cursor_ok(c)) return -EBADMSG;
	*ret_variable = v;
	*ret_end = false;
	return 0;
}

/* ASCII name against UTF-16 name with NUL. */
static bool name_is(struct span name, const char *text) {
	size_t len = strlen(text) + 1;

	if (name.len != 2 * len) return false;
	for (size_t i = 0; i < len; i++)
		if (load_le16(name.base + 2 * i) != (u8)text[i]) return false;
	return true;
}

static void write_utf16(struct writer *w, const char *text) {
	for (; *text; text++) writer_le16(w, (u8)*text);
	writer_le16(w, 0);
}

/* UTF-8, checked before, as UTF-16 with NUL. */
static void write_options(struct writer *w, const char *text) {
	const u8 *b = (const u8 *)text;

	while (*b) {
		unsigned more = *b < 0x80 ? 0 : *b < 0xe0 ? 1 : *b < 0xf0 ? 2 : 3;
		u32 ch = more == 0 ? *b : *b & (0x3fu >> more);

		for (b++; more; more--) ch = ch << 6 | (*b++ & 0x3f);
		if (ch >= 0x10000) {
			writer_le16(w, (u16)(0xd800 + ((ch - 0x10000) >> 10)));
			ch = 0xdc00 + ((ch - 0x10000) & 0x3ff);
		}
		writer_le16(w, (u16)ch);
	}
	writer_le16(w, 0);
}

/* An EFI_LOAD_OPTION. */
static void write_load_option(struct writer *w, const char *options) {
	size_t path_len = sizeof(disk_path) + 4 + 2 * sizeof(file_path) + 4;

	writer_le32(w, 1); /* active */
	writer_le16(w, (u16)path_len);
	write_utf16(w, "Assay");
	writer_bytes(w, disk_path, sizeof(disk_path));
	writer_u8(w, 4);
	writer_u8(w, 4);
	writer_le16(w, (u16)(4 + 2 * sizeof(file_path)));
	write_utf16(w, file_path);
	writer_le32(w, 0x0004ff7f); /* end of the path */
	write_options(w, options);
}

static void write_variable(struct writer *w, const char *name, const void *data, size_t len) {
	writer_le16(w, VARIABLE_START);
	writer_u8(w, VARIABLE_ADDED);
	writer_u8(w, 0);
	writer_le32(w, ATTRIBUTES_NV_BS_RT);
	for (unsigned i = 0; i < 3; i++)
		writer_le64(w, 0); /* count, time stamp */
	writer_le32(w, 0);
	writer_le32(w, (u32)(2 * (strlen(name) + 1)));
	writer_le32(w, (u32)len);
	writer_bytes(w, global_guid, 16);
	write_utf16(w, name);
	writer_bytes(w, data, len);
	while (w->len % 4 && writer_ok(w)) writer_u8(w, 0xff);
}

static bool is_replaced(const struct variable *v) {
	return memcmp(v->guid.base, global_guid, 16) == 0 &&
	       (name_is(v->name, "BootOrder") || name_is(v->name, "Boot0000"));
}

/* Finds the free space; with change, marks what is replaced as deleted. */
static int walk(u8 *area, struct cursor c, bool change, size_t *ret_free) {
	for (;;) {
		struct variable v;
		bool end;
		int err = next_variable(&c, &v, &end);

		if (err) return err;
		if (end) break;
		if (change && (v.state == VARIABLE_ADDED || v.state == VARIABLE_IN_TRANSITION) && is_replaced(&v))
			area[v.off + 2] &= VARIABLE_DELETED_MASK;
	}
	*ret_free = c.pos;
	return 0;
}

int vars_set_boot(u8 *store, size_t len, const char *options, const char **ret_why) {
	static const u8 order[2] = { 0, 0 };
	u8 option[VARS_OPTIONS_MAX * 2 + 256];
	u8 added[sizeof(option) + 512];
	struct writer o = writer_init(option, sizeof(option));
	struct writer w = writer_init(added, sizeof(added));
	struct cursor area;
	size_t off, free_off;
	int err = store_open(store, len, &area, &off, ret_why);

	if (err) return err;
	if (strlen(options) > VARS_OPTIONS_MAX) return fail(ret_why, -E2BIG, "the load options are too long");
	if (!text_is_utf8(options, strlen(options))) return fail(ret_why, -EILSEQ, "the load options are not UTF-8");
	if (walk(store + off, area, false, &free_off))
		return fail(ret_why, -EBADMSG, "the firmware's variable store is damaged");
	write_load_option(&o, options);
	write_variable(&w, "Boot0000", option, o.len);
	write_variable(&w, "BootOrder", order, sizeof(order));
	if (!writer_ok(&o) || !writer_ok(&w) || w.len > area.len - free_off)
		return fail(ret_why, -ENOSPC, "the firmware's variable store has no room for a boot entry");
	err = walk(store + off, area, true, &free_off);
	if (err) return fail(ret_why, err, "the firmware's variable store is damaged");
	memcpy(store + off + free_off, added, w.len);
	return 0;
}
