/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/json.c - the JSON writer; relies on struct buf.
 */
#include "tools/json.h"

static void newline(struct json *j) {
	buf_text(j->out, "\n");
	for (unsigned i = 0; i < j->depth; i++) buf_text(j->out, "  ");
}

static void quote(struct json *j, const char *text) {
	buf_text(j->out, "\"");
	for (; *text; text++) {
		if ((u8)*text < 0x20 || *text == 0x7f)
			buf_format(j->out, "\\u%04x", (u8)*text);
		else if (*text == '"' || *text == '\\')
			buf_format(j->out, "\\%c", *text);
		else
			buf_append(j->out, text, 1);
	}
	buf_text(j->out, "\"");
}

static void member(struct json *j, const char *key) {
	if (j->follows) buf_text(j->out, ",");
	if (j->depth) newline(j);
	if (key) {
		quote(j, key);
		buf_text(j->out, ": ");
	}
	j->follows = true;
}

static void open_with(struct json *j, const char *key, const char *bracket) {
	member(j, key);
	buf_text(j->out, bracket);
	j->depth++;
	j->follows = false;
}

static void close_with(struct json *j, const char *bracket) {
	j->depth--;
	if (j->follows) newline(j);
	buf_text(j->out, bracket);
	j->follows = true;
}

void json_open_object(struct json *j, const char *key) { open_with(j, key, "{"); }

void json_close_object(struct json *j) { close_with(j, "}"); }

void json_open_array(struct json *j, const char *key) { open_with(j, key, "["); }

void json_close_array(struct json *j) { close_with(j, "]"); }

void json_string(struct json *j, const char *key, const char *text) {
	member(j, key);
	if (text)
		quote(j, text);
	else
		buf_text(j->out, "null");
}

void json_hex(struct json *j, const char *key, const void *bytes, size_t len) {
	const u8 *b = bytes;

	member(j, key);
	buf_text(j->out, "\"");
	for (size_t i = 0; i < len; i++) buf_format(j->out, "%02x", b[i]);
	buf_text(j->out, "\"");
}

void json_number(struct json *j, const char *key, u64 value) {
	member(j, key);
	buf_format(j->out, "%llu", (unsigned long long)value);
}

void json_bool(struct json *j, const char *key, bool value) {
	member(j, key);
	buf_text(j->out, value ? "true" : "false");
}

void json_end(struct json *j) { buf_text(j->out, "\n"); }
