/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/script.c - see kernel/script.h. The kernel and the host's tools read scripts by this one function.
 */
#include "kernel/script.h"

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* Splits "#! interpreter [argument]"; the argument is the rest of the line, blanks at its end cut. */
int script_parse(const char *head, size_t len, struct script *ret_script) {
	const char *newline = memchr(head, '\n', len);
	size_t end = newline != NULL ? (size_t)(newline - head) : len, at = 2;

	while (end > at && (is_blank(head[end - 1]) || head[end - 1] == 0)) end--;
	while (at < end && is_blank(head[at])) at++;
	size_t name = at;

	while (at < end && !is_blank(head[at]) && head[at] != 0) at++;
	/* A line that does not end within what was read is cut there, but the interpreter's name must end before. */
	if (at == name || (newline == NULL && at == SCRIPT_LINE_MAX)) return -ENOEXEC;
	memcpy(ret_script->interpreter, head + name, at - name);
	ret_script->interpreter[at - name] = 0;
	while (at < end && is_blank(head[at])) at++;
	size_t arg_len = strnlen(head + at, end - at);

	memcpy(ret_script->argument, head + at, arg_len);
	ret_script->argument[arg_len] = 0;
	return 0;
}
