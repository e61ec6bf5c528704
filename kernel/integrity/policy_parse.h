/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy_parse.h - the rule language: text to rules, with line, column and reason.
 *
 *   rule   := action { condition }         tokens are separated by blanks and tabs, # ends the rule
 *   action := [dont_](measure|appraise|audit|hash)
 *
 * One line is one rule. A line that is empty or a comment is no rule and no error. Nothing is taken over from a text
 * that has one bad line.
 *
 * Context    any; hostile input.
 * Units      lines and columns count from 1.
 * Ownership  see policy.h.
 * Errors     -EINVAL refused, the reason in ret_error; -ENOMEM.
 */
#pragma once

#include "kernel/integrity/policy.h"

#define POLICY_LINE_MAX 4095u
#define POLICY_TEXT_MAX (1u << 20)
#define POLICY_RULES_MAX 4096u

struct policy_error {
	unsigned line;
	unsigned column;
	const char *reason; /* static */
	char token[64];     /* what it is about, printable; may be empty */
};

/*
 * One line without its newline. ret_rule->action is ACTION_NONE for a line without a rule. echo, if not NULL, gets
 * the tokens as the audit record of a rule shows them, also on failure.
 */
must_check int policy_parse_line(const char *line, size_t len, struct blob *echo, struct policy_rule *ret_rule,
				 struct policy_error *ret_error);

/* Adds the rule of the text's first line, if it has one. *text becomes what follows that line, also on failure. */
must_check int policy_add_line(struct policy *policy, struct span *text, struct blob *echo,
			       struct policy_error *ret_error);

/* All rules of the text, or an error. */
must_check int policy_parse(const char *text, size_t len, struct policy *ret_policy, struct policy_error *ret_error);
