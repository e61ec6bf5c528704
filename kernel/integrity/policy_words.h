/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy_words.h - the words of the rule language that both the parser and the read-back know.
 *
 * Context    any; static tables.
 */
#pragma once

#include "kernel/base/base.h"

struct policy_word {
	const char *text;
	u32 value;
};

/* Ends with a NULL text. Aliases stand behind the canonical word of the same value. */
extern const struct policy_word policy_actions[];
extern const struct policy_word policy_funcs[];
extern const struct policy_word policy_masks[];

/* The canonical word for a value; "" when there is none. */
const char *policy_word_text(const struct policy_word *words, u32 value);
/* False when the text is no word of the table. */
bool policy_word_find(const struct policy_word *words, const char *text, u32 *ret_value);
