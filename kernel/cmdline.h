/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/cmdline.h - the command line, from the image and from outside.
 *
 * The image's own text counts. With one, an option from outside (load options) counts only if the image names it in
 * assay.allow=; init=, ima=, ima_*, evm= and assay.* never come from outside. Without one, all other options from
 * outside count. '-' and '_' are the same in option names. Words after "--" are init's arguments. Unknown words go
 * to init as on Linux: name=value to its environment, others to its arguments; names with a dot are ignored.
 *
 * Context    boot; pure: no allocation, no output.
 * Units      bytes.
 * Ownership  strings lie in the struct.
 * Errors     -E2BIG a text is longer than CMDLINE_LEN_MAX or has too many words, -EINVAL a value makes no sense or a
 *            NUL or control byte stands in the text: then why is a sentence that names it, and the caller halts.
 * Source     Linux Documentation/admin-guide/kernel-parameters.rst.
 */
#pragma once

#include "kernel/base/base.h"
#include "kernel/limits.h"

struct cmdline {
	char full[2 * CMDLINE_LEN_MAX + 2];   /* /proc/cmdline: what counts, as written */
	/* the words taken apart; the pointers below point here or to static text */
	char text[2 * CMDLINE_LEN_MAX + 2];
	size_t text_len;
	char allow[CMDLINE_LEN_MAX];          /* assay.allow=, all of them */
	char policy_text[1024];

	const char *init;                     /* "/init" */
	const char *argv[CMDLINE_ARGS_MAX + 2]; /* argv[0] is init; NULL-terminated */
	size_t argc;
	const char *envp[CMDLINE_ARGS_MAX + 3]; /* HOME, TERM, then the rest; NULL-terminated */
	size_t envc;

	bool quiet;
	int loglevel;                         /* 0: not given */
	const char *console, *ima;            /* accepted, not used */
	/* NULL: not given, or one of */
	const char *ima_tpm_require;          /* "require" */
	const char *ima_appraise;             /* "off", "log", "fix", "enforce" */
	const char *integrity_audit;          /* "0", "1" */
	const char *evm_fix;                  /* "fix" */
	const char *ima_policy;               /* several, ima_tcb and ima_appraise_tcb too, are joined by '|' */
	const char *ima_template, *ima_template_fmt, *ima_hash;
	u8 rootuuid[16];                      /* of every root without rootuuid= the same */

	char ignored[CMDLINE_LEN_MAX];        /* words that did not count, separated by spaces; "" none */
	char why[160];
};

/* Either span may be empty. */
must_check int cmdline_parse(struct cmdline *ret_cmdline, struct span image, struct span outside);
