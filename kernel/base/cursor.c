/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/cursor.c - bounded reading and writing.
 *
 * Invariant: pos <= len and len <= cap always hold, so "left" never wraps, and no
 * sum of two outside values is ever formed.
 */
#include "kernel/base/cursor.h"

#include "kernel/base/mem.h"

struct cursor cursor_init(const void *base, size_t len) {
	return (struct cursor){ .base = base, .len = base ? len : 0 };
}

void cursor_fail(struct cursor *c) { c->failed = true; }

struct span cursor_take(struct cursor *c, size_t len) {
	struct span s = { NULL, 0 };

	if (c->failed || len > c->len - c->pos) {
		c->failed = true;
		return s;
	}
	s.base = c->base + c->pos;
	s.len = len;
	c->pos += len;
	return s;
}

u8 cursor_u8(struct cursor *c) {
	struct span s = cursor_take(c, 1);

	return s.len ? s.base[0] : 0;
}

u16 cursor_le16(struct cursor *c) {
	struct span s = cursor_take(c, 2);

	return s.len ? load_le16(s.base) : 0;
}

u32 cursor_le32(struct cursor *c) {
	struct span s = cursor_take(c, 4);

	return s.len ? load_le32(s.base) : 0;
}

u64 cursor_le64(struct cursor *c) {
	struct span s = cursor_take(c, 8);

	return s.len ? load_le64(s.base) : 0;
}

u16 cursor_be16(struct cursor *c) {
	struct span s = cursor_take(c, 2);

	return s.len ? load_be16(s.base) : 0;
}

u32 cursor_be32(struct cursor *c) {
	struct span s = cursor_take(c, 4);

	return s.len ? load_be32(s.base) : 0;
}

u64 cursor_be64(struct cursor *c) {
	struct span s = cursor_take(c, 8);

	return s.len ? (u64)load_be32(s.base) << 32 | load_be32(s.base + 4) : 0;
}

void cursor_skip(struct cursor *c, size_t len) {
	(void)cursor_take(c, len); /* a short span shows in the sticky failure */
}

void cursor_seek(struct cursor *c, u64 pos) {
	if (c->failed || pos > c->len) {
		c->failed = true;
		return;
	}
	c->pos = (size_t)pos;
}

int cursor_get_bytes(struct cursor *c, void *ret_buf, size_t len) {
	struct span s = cursor_take(c, len);

	if (c->failed) return -EBADMSG;
	if (len) memcpy(ret_buf, s.base, len);
	return 0;
}

struct cursor cursor_sub(struct cursor *c, size_t len) {
	struct span s = cursor_take(c, len);
	struct cursor child = cursor_of(s);

	child.failed = c->failed;
	return child;
}

int cursor_slice(const struct cursor *c, u64 off, u64 len, struct span *ret_span) {
	if (off > c->len || len > c->len - off) return -EBADMSG;
	ret_span->base = len ? c->base + off : NULL;
	ret_span->len = (size_t)len;
	return 0;
}

struct writer writer_init(void *base, size_t cap) { return (struct writer){ .base = base, .cap = base ? cap : 0 }; }

void writer_bytes(struct writer *w, const void *bytes, size_t len) {
	if (w->failed || len > w->cap - w->len) {
		w->failed = true;
		return;
	}
	if (len) memcpy(w->base + w->len, bytes, len);
	w->len += len;
}

void writer_u8(struct writer *w, u8 v) { writer_bytes(w, &v, 1); }

void writer_le16(struct writer *w, u16 v) {
	u8 b[2];

	store_le16(b, v);
	writer_bytes(w, b, sizeof(b));
}

void writer_le32(struct writer *w, u32 v) {
	u8 b[4];

	store_le32(b, v);
	writer_bytes(w, b, sizeof(b));
}

void writer_le64(struct writer *w, u64 v) {
	u8 b[8];

	store_le64(b, v);
	writer_bytes(w, b, sizeof(b));
}

void writer_be16(struct writer *w, u16 v) {
	u8 b[2];

	store_be16(b, v);
	writer_bytes(w, b, sizeof(b));
}

void writer_be32(struct writer *w, u32 v) {
	u8 b[4];

	store_be32(b, v);
	writer_bytes(w, b, sizeof(b));
}

void writer_text(struct writer *w, const char *text) { writer_bytes(w, text, strlen(text)); }
