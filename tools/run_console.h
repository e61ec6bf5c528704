/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_console.h - what the guest's console says about its end.
 *
 * The last line decides: "assay: init exited with status N" or "assay: halted: REASON". The text may stand behind
 * other text on its line (a program's unfinished line). Terminal escapes are ignored, as firmware writes them.
 *
 * Context    pure; bytes in any portions.
 * Errors     none; lines longer than CONSOLE_LINE_MAX say nothing.
 */
#pragma once

#include "kernel/base/types.h"

#define CONSOLE_LINE_MAX 1024u

enum console_end {
	CONSOLE_RUNNING = 0,
	CONSOLE_EXITED, /* status tells */
	CONSOLE_HALTED,
};

struct console {
	char line[CONSOLE_LINE_MAX];
	size_t len;
	bool too_long;
	u8 escape;             /* position inside a terminal escape */
	enum console_end end;  /* of the last line that is not empty, as long as nothing follows it */
	int status;            /* 0 to 255 */
};

void console_feed(struct console *c, const void *bytes, size_t len);
