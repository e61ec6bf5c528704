/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/json.h - writes JSON, always in the same form: two spaces a level, members in the order of the calls.
 *
 * Context    host programs; nothing is buffered outside the struct buf.
 * Ownership  the buffer is the caller's.
 * Errors     none. Strings must be UTF-8; control bytes are escaped. Calls must nest properly.
 * Source     RFC 8259.
 */
#pragma once

#include "kernel/base/types.h"
#include "tools/cli.h"

struct json {
	struct buf *out;
	unsigned depth;
	bool follows; /* something stands before at this level */
};

/* key is NULL for the outermost value and inside arrays. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);
/* A NULL text becomes null. */
void json_string(struct json *j, const char *key, const char *text);
void json_hex(struct json *j, const char *key, const void *bytes, size_t len);
void json_number(struct json *j, const char *key, u64 value);
void json_bool(struct json *j, const char *key, bool value);
/* Ends the document with a newline. */
void json_end(struct json *j);
