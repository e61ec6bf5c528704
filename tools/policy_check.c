/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/policy_check.c - the kernel's policy parser, asked on the host.
 *
 * Relies on kernel/integrity/policy_parse.c for every decision. The whole text is parsed as the kernel does, which
 * stops at the first bad rule; only to name the others too are the lines then parsed one by one.
 */
#include "tools/policy_check.h"

#include <string.h>

#include "kernel/integrity/policy_parse.h"

int policy_read(const char *path, struct buf *text) { return cli_read_file(path, POLICY_TEXT_MAX, text); }

static int say(const char *name, const struct policy_error *e) {
	return cli_fail("%s:%u:%u: %s%s%s", name, e->line, e->column, e->reason, e->token[0] ? ": " : "", e->token);
}

/* Says what is wrong with each bad line; returns how many there are. */
static unsigned say_bad_lines(const char *name, const char *text, size_t len, unsigned sentences) {
	unsigned line = 1, bad = 0;

	for (size_t at = 0; at < len; line++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - text) - at : len - at;
		struct policy_error error = { .reason = "memory ran out" };
		struct policy_rule rule = { 0 };

		if (policy_parse_line(text + at, line_len, NULL, &rule, &error)) {
			error.line = line;
			if (bad++ < sentences) (void)say(name, &error);
		}
		policy_rule_done(&rule);
		at += line_len + 1;
	}
	return bad;
}

int policy_check(const char *name, const struct buf *text, unsigned sentences, size_t *ret_rules) {
	struct policy_error error = { .line = 1, .column = 1, .reason = "there is no rule in it" };
	struct policy policy = { 0 };
	const char *start = text->len ? (const char *)text->bytes : "";
	int err = policy_parse(start, text->len, &policy, &error);
	size_t rules = policy.count;
	unsigned bad;

	policy_done(&policy);
	if (!err && rules) {
		*ret_rules = rules;
		return CLI_OK;
	}
	bad = err ? say_bad_lines(name, start, text->len, sentences) : 0;
	if (!bad) return say(name, &error);
	if (bad > sentences)
		return cli_fail("%s: %u more lines are refused; 'assay policy check' names them", name,
				bad - sentences);
	return CLI_FAILED;
}
