/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/cursor.h - the one bounded reader and writer of bytes from outside.
 *
 * Every parser of hostile bytes (PE, tar, ELF, xattr, policy, TPM response, event
 * log, handoff buffer, 9p reply) reads through a cursor. Failure is sticky: after
 * one read beyond the end every later read fails too and yields zero, so a parser
 * may read a whole structure and ask cursor_ok() once.
 *
 * Context    any; no allocation, no globals.
 * Units      bytes. Positions are offsets from the start of the span.
 * Ownership  the bytes stay the caller's and must outlive the cursor.
 * Errors     the cursor_get_* readers return 0 or -EBADMSG (nothing consumed, output untouched);
 *            the value readers (cursor_u8 ...) return 0 after a failure.
 */
#pragma once

#include "kernel/base/err.h"
#include "kernel/base/types.h"

struct cursor {
	const u8 *base;
	size_t len, pos;
	bool failed;
};

struct cursor cursor_init(const void *base, size_t len);
static inline struct cursor cursor_of(struct span s) { return cursor_init(s.base, s.len); }

static inline bool cursor_ok(const struct cursor *c) { return !c->failed; }

static inline size_t cursor_left(const struct cursor *c) { return c->failed ? 0 : c->len - c->pos; }

static inline bool cursor_at_end(const struct cursor *c) { return !c->failed && c->pos == c->len; }

/* Marks the cursor failed: for a parser that found a value it refuses. */
void cursor_fail(struct cursor *c);

u8 cursor_u8(struct cursor *c);
u16 cursor_le16(struct cursor *c);
u32 cursor_le32(struct cursor *c);
u64 cursor_le64(struct cursor *c);
u16 cursor_be16(struct cursor *c);
u32 cursor_be32(struct cursor *c);

void cursor_skip(struct cursor *c, size_t len);
/* Moves to an absolute offset, forwards or backwards; beyond the end fails. */
void cursor_seek(struct cursor *c, u64 pos);

/* A view of the next len bytes, consumed; {NULL, 0} after a failure. */
struct span cursor_take(struct cursor *c, size_t len);
/* Copies the next len bytes out. */
must_check int cursor_get_bytes(struct cursor *c, void *ret_buf, size_t len);
/* A child over the next len bytes, consumed here; a failed child when there are fewer. */
struct cursor cursor_sub(struct cursor *c, size_t len);
/* The bytes [off, off+len) of the whole span, whatever the position; sets nothing. */
must_check int cursor_slice(const struct cursor *c, u64 off, u64 len, struct span *ret_span);

/* The bounded writer: the same idea, for bytes that go out. Overflow is sticky. */
struct writer {
	u8 *base;
	size_t cap, len;
	bool failed;
};

struct writer writer_init(void *base, size_t cap);
static inline bool writer_ok(const struct writer *w) { return !w->failed; }

void writer_u8(struct writer *w, u8 v);
void writer_le16(struct writer *w, u16 v);
void writer_le32(struct writer *w, u32 v);
void writer_le64(struct writer *w, u64 v);
void writer_be16(struct writer *w, u16 v);
void writer_be32(struct writer *w, u32 v);
void writer_bytes(struct writer *w, const void *bytes, size_t len);
