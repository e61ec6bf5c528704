/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_console.c - the last line of the console.
 */
#include "tools/run_console.h"

#include <string.h>

#include "kernel/base/text.h"

enum { ESC_NONE, ESC_START, ESC_SEQUENCE };

static const char exited_text[] = "assay: init exited with status ";
static const char halted_text[] = "assay: halted: ";

static void end_of_line(struct console *c) {
	const char *at;
	u64 value;

	c->line[c->len] = 0;
	if (!c->len || c->too_long) return;
	at = strstr(c->line, exited_text);
	if (at && text_to_u64(at + strlen(exited_text), strlen(at) - strlen(exited_text), 10, 255, &value) == 0) {
		c->end = CONSOLE_EXITED;
		c->status = (int)value;
	} else if (strstr(c->line, halted_text)) {
		c->end = CONSOLE_HALTED;
	}
}

/* Returns true for a byte that belongs to a terminal escape. */
static bool in_escape(struct console *c, u8 byte) {
	if (byte == 0x1b) {
		c->escape = ESC_START;
		return true;
	}
	if (c->escape == ESC_START) {
		c->escape = byte == '[' ? ESC_SEQUENCE : ESC_NONE;
		return true;
	}
	if (c->escape == ESC_SEQUENCE) {
		if (byte >= 0x40 && byte <= 0x7e) c->escape = ESC_NONE;
		return true;
	}
	return false;
}

void console_feed(struct console *c, const void *bytes, size_t len) {
	const u8 *b = bytes;

	for (size_t i = 0; i < len; i++) {
		if (in_escape(c, b[i]) || b[i] == '\r' || b[i] == 0) continue;
		if (b[i] == '\n') {
			end_of_line(c);
			c->len = 0;
			c->too_long = false;
			continue;
		}
		c->end = CONSOLE_RUNNING;
		if (c->len < CONSOLE_LINE_MAX - 1)
			c->line[c->len++] = (char)b[i];
		else
			c->too_long = true;
	}
}
