/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/script.h - the first line of a script: which program runs it.
 *
 * Context    any; pure. head is hostile.
 * Units      bytes.
 * Ownership  nothing is kept.
 * Errors     -ENOEXEC no interpreter is named, or its name does not end within SCRIPT_LINE_MAX bytes.
 * Source     Linux: the first 256 bytes count, one argument, the rest of the line.
 */
#pragma once

#include "kernel/base/base.h"

#define SCRIPT_DEPTH_MAX 4u
#define SCRIPT_LINE_MAX 256u     /* as Linux's BINPRM_BUF_SIZE */

struct script {
	char interpreter[SCRIPT_LINE_MAX];
	char argument[SCRIPT_LINE_MAX];  /* empty: none */
};

static inline bool script_begins(const void *head, size_t len) { return len >= 2 && memcmp(head, "#!", 2) == 0; }

/* head: the file's first bytes, at most SCRIPT_LINE_MAX, which script_begins. */
must_check int script_parse(const char *head, size_t len, struct script *ret_script);
