/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/blob.h - bytes that grow while something is written.
 *
 * Context    task context; allocates.
 * Units      bytes.
 * Ownership  the struct is the caller's, zeroed before use; blob_done frees what it holds and zeroes it.
 * Errors     sticky: after memory ran out further writes do nothing and blob_status says -ENOMEM.
 */
#pragma once

#include "kernel/base/base.h"

struct blob {
	u8 *base;
	size_t len;
	size_t cap;
	bool failed;
};

void blob_bytes(struct blob *blob, const void *bytes, size_t len);
/* Room for len bytes at the end, to be filled by the caller; NULL when memory ran out. */
u8 *blob_room(struct blob *blob, size_t len);
void blob_le32(struct blob *blob, u32 value);
void blob_text(struct blob *blob, const char *text);
void blob_hex(struct blob *blob, const void *bytes, size_t len);
void blob_format(struct blob *blob, const char *format, ...) __attribute__((format(printf, 2, 3)));
must_check int blob_status(const struct blob *blob);
static inline struct span blob_span(const struct blob *blob) { return (struct span){ blob->base, blob->len }; }
/* Empties it and keeps the memory. */
void blob_reset(struct blob *blob);
void blob_done(struct blob *blob);
