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
	c->failed |= len > c->len - c->pos;
	if (c->failed) return (struct span){ NULL, 0 };
	c->pos += len;
	return (struct span){ c->base + c->pos - len, len };
}

/* The next len bytes, at most eight; after a failure zeros. */
static const u8 *value_at(struct cursor *c, size_t len) {
	static const u8 zeros[8];
	struct span s = cursor_take(c, len);

	return s.len ? s.base : zeros;
}

u8 cursor_u8(struct cursor *c) { return *value_at(c, 1); }
u16 cursor_le16(struct cursor *c) { return load_le16(value_at(c, 2)); }
u32 cursor_le32(struct cursor *c) { return load_le32(value_at(c, 4)); }
u64 cursor_le64(struct cursor *c) { return load_le64(value_at(c, 8)); }
u16 cursor_be16(struct cursor *c) { return load_be16(value_at(c, 2)); }
u32 cursor_be32(struct cursor *c) { return load_be32(value_at(c, 4)); }

void cursor_skip(struct cursor *c, size_t len) {
	(void)cursor_take(c, len); /* a short span shows in the sticky failure */
}

void cursor_seek(struct cursor *c, u64 pos) {
	c->failed |= pos > c->len;
	if (!c->failed) c->pos = (size_t)pos;
}

int cursor_get_bytes(struct cursor *c, void *ret_buf, size_t len) {
	struct span s = cursor_take(c, len);

	if (c->failed) return -EBADMSG;
	if (len) memcpy(ret_buf, s.base, len);
	return 0;
}

struct cursor cursor_sub(struct cursor *c, size_t len) {
	struct cursor child = cursor_of(cursor_take(c, len));

	child.failed = c->failed;
	return child;
}

int cursor_slice(const struct cursor *c, u64 off, u64 len, struct span *ret_span) {
	if (off > c->len || len > c->len - off) return -EBADMSG;
	*ret_span = (struct span){ len ? c->base + off : NULL, (size_t)len };
	return 0;
}

struct writer writer_init(void *base, size_t cap) { return (struct writer){ .base = base, .cap = base ? cap : 0 }; }

void writer_bytes(struct writer *w, const void *bytes, size_t len) {
	w->failed |= len > w->cap - w->len;
	if (w->failed || !len) return;
	memcpy(w->base + w->len, bytes, len);
	w->len += len;
}

void writer_u8(struct writer *w, u8 v) { writer_bytes(w, &v, sizeof(v)); }
void writer_le16(struct writer *w, u16 v) { writer_bytes(w, &v, sizeof(v)); }
void writer_le32(struct writer *w, u32 v) { writer_bytes(w, &v, sizeof(v)); }
void writer_le64(struct writer *w, u64 v) { writer_bytes(w, &v, sizeof(v)); }
void writer_be16(struct writer *w, u16 v) { writer_le16(w, __builtin_bswap16(v)); }
void writer_be32(struct writer *w, u32 v) { writer_le32(w, __builtin_bswap32(v)); }
