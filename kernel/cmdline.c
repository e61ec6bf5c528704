/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/cmdline.c - words, options, and who may give which.
 *
 * Every early way out of may_come_from_outside() denies. Pure: everything lies in struct cmdline.
 */
#include "kernel/cmdline.h"

struct word {
	const char *raw;   /* in the given text, with quotes */
	size_t raw_len;
	char *text;        /* "name" or "name=value", quotes taken away, in the arena */
	size_t name_len;
	const char *value; /* NULL without '=' */
};

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Option names: '-' and '_' are the same. */
static bool same_name(const char *a, size_t a_len, const char *b, size_t b_len) {
	if (a_len != b_len) return false;
	for (size_t i = 0; i < a_len; i++) {
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i])) return false;
	}
	return true;
}

static bool name_is(const struct word *w, const char *name) {
	return same_name(w->text, w->name_len, name, strlen(name));
}

static bool name_starts(const struct word *w, const char *prefix) {
	size_t len = strlen(prefix);

	return w->name_len >= len && same_name(w->text, len, prefix, len);
}

static int refuse(struct cmdline *c, int err, const char *what, const struct word *w) {
	text_format(c->why, sizeof(c->why), "command line: %s%s%.*s", what, w ? ": " : "",
		    w ? (int)min_u64(w->raw_len, 80) : 0, w ? w->raw : "");
	return err;
}

/* Adds bytes to a text; -E2BIG when they do not fit (then cut). */
static int append(char *text, size_t cap, char separator, const char *bytes, size_t len) {
	size_t have = strlen(text), need;

	need = have ? text_format(text + have, cap - have, "%c%.*s", separator, (int)len, bytes)
		    : text_format(text, cap, "%.*s", (int)len, bytes);
	return need < cap - have ? 0 : -E2BIG;
}

/*
 * Takes one word: up to a space outside quotes. As on Linux, quotes around the word or around its value are taken away,
 * others stay. The arena holds all words of both texts.
 */
static bool next_word(struct cmdline *c, struct span *rest, struct word *ret_word) {
	const char *at = (const char *)rest->base, *end = at + rest->len;
	struct word w = { .text = c->text + c->text_len };
	bool quoted = false;
	size_t n, value_at;

	while (at < end && is_space(*at)) at++;
	if (at == end) return false;
	w.raw = at;
	while (at < end && (quoted || !is_space(*at))) quoted ^= *at++ == '"';
	*rest = (struct span){ (const u8 *)at, (size_t)(end - at) };
	n = w.raw_len = (size_t)(at - w.raw);
	c->text_len += n + 1;
	memcpy(w.text, w.raw, n);
	if (w.text[0] == '"') {
		memmove(w.text, w.text + 1, --n);
		n -= n && w.text[n - 1] == '"';
	}
	for (value_at = 0; value_at < n && w.text[value_at] != '='; value_at++) {}
	w.name_len = value_at && value_at < n ? value_at : n; /* "=x" has no name: a bare word */
	if (w.name_len < n) {
		w.value = w.text + ++value_at;
		if (value_at < n && *w.value == '"') {
			memmove(w.text + value_at, w.text + value_at + 1, --n - value_at);
			n -= n > value_at && w.text[n - 1] == '"';
		}
	}
	w.text[n] = '\0';
	*ret_word = w;
	return true;
}

static int ignore(struct cmdline *c, const struct word *w) {
	(void)append(c->ignored, sizeof(c->ignored), ' ', w->raw, w->raw_len); /* for the log: cut when too long */
	return 0;
}

static bool list_has(const char *list, const struct word *w) {
	while (*list) {
		size_t len = strchr(list, ',') ? (size_t)(strchr(list, ',') - list) : strlen(list);

		if (same_name(list, len, w->text, w->name_len)) return true;
		list += len + (list[len] == ',');
	}
	return false;
}

static bool may_come_from_outside(const struct cmdline *c, bool image_rules, const struct word *w) {
	bool allowed = false;

	if (name_is(w, "init") || name_is(w, "ima") || name_starts(w, "ima_") || name_is(w, "evm") ||
	    name_starts(w, "assay."))
		return false;
	if (image_rules && !list_has(c->allow, w)) return false;
	allowed = true;
	return allowed;
}

/* Setters: 0; -ENOENT the value means nothing (ignored and said); -EINVAL, -E2BIG the boot ends here. */
static int set_init(struct cmdline *c, const char *value) {
	c->init = value;
	c->argc = 1; /* as Linux: words before init= are not for this init */
	return 0;
}

static int set_loglevel(struct cmdline *c, const char *value) {
	u64 level;

	if (text_to_u64(value, strlen(value), 10, 15, &level) != 0) return -ENOENT;
	c->loglevel = level < 1 ? 1 : level > 8 ? 8 : (int)level;
	return 0;
}

static int set_policy(struct cmdline *c, const char *value) {
	c->ima_policy = c->policy_text;
	return append(c->policy_text, sizeof(c->policy_text), '|', value, strlen(value));
}

static int set_allow(struct cmdline *c, const char *value) {
	return append(c->allow, sizeof(c->allow), ',', value, strlen(value));
}

/* 8-4-4-4-12 hex digits. */
static int set_rootuuid(struct cmdline *c, const char *value) {
	size_t at = 0;

	if (strlen(value) != 36) return -EINVAL;
	for (size_t i = 0; i < 16; i++, at += 2) {
		u64 byte;

		if ((at == 8 || at == 13 || at == 18 || at == 23) && value[at++] != '-') return -EINVAL;
		if (text_to_u64(value + at, 2, 16, 0xff, &byte) != 0) return -EINVAL;
		c->rootuuid[i] = (u8)byte;
	}
	return 0;
}

#define AT(field) .at = offsetof(struct cmdline, field)
static const struct option {
	const char *name;
	int (*set)(struct cmdline *c, const char *value);
	size_t at;              /* without a setter: where the text's pointer goes; the first one wins, or */
	const char *choices[4]; /* one of these, the last one wins */
	bool beginning;         /* what follows a choice does not matter, as on Linux */
	int unknown;            /* for other values: 0 is -ENOENT */
} options[] = {
	{ "init", .set = set_init }, { "loglevel", .set = set_loglevel }, { "rootuuid", .set = set_rootuuid },
	{ "ima_policy", .set = set_policy }, { "assay.allow", .set = set_allow },
	{ "console", AT(console) }, { "ima_hash", AT(ima_hash) },
	{ "ima_template", AT(ima_template) }, { "ima_template_fmt", AT(ima_template_fmt) },
	{ "ima", AT(ima), .choices = { "on" } }, /* "off" counts in a kdump kernel only: said, and not done */
	{ "ima_appraise", AT(ima_appraise), .choices = { "off", "log", "fix", "enforce" }, .beginning = true },
	{ "ima_tpm", AT(ima_tpm_require), .choices = { "require" }, .unknown = -EINVAL },
	{ "integrity_audit", AT(integrity_audit), .choices = { "0", "1" } },
	{ "evm", AT(evm_fix), .choices = { "fix" }, .beginning = true },
};

static int set_text(struct cmdline *c, const struct option *o, const char *value) {
	const char **text = (const char **)(void *)((char *)c + o->at);

	if (!o->choices[0] && !*text) *text = value;
	for (size_t i = 0; i < ARRAY_COUNT(o->choices) && o->choices[i]; i++) {
		if (strncmp(value, o->choices[i], strlen(o->choices[i]) + !o->beginning) != 0) continue;
		*text = o->choices[i];
		return 0;
	}
	return !o->choices[0] ? 0 : o->unknown ? o->unknown : -ENOENT;
}

/* 1: taken. 0: not an option of ours. Else what the setter said. */
static int take_option(struct cmdline *c, const struct word *w) {
	bool tcb = name_is(w, "ima_tcb"), appraise_tcb = name_is(w, "ima_appraise_tcb"), quiet = name_is(w, "quiet");

	for (size_t i = 0; w->value && i < ARRAY_COUNT(options); i++) {
		if (!name_is(w, options[i].name)) continue;
		TRY(options[i].set ? options[i].set(c, w->value) : set_text(c, &options[i], w->value));
		return 1;
	}
	if (w->value) return 0;
	if (tcb || appraise_tcb) TRY(set_policy(c, tcb ? "ima_tcb" : "appraise_tcb"));
	c->quiet |= quiet;
	return tcb || appraise_tcb || quiet;
}

static int add_argument(struct cmdline *c, const struct word *w) {
	if (c->argc > CMDLINE_ARGS_MAX) return refuse(c, -E2BIG, "too many arguments for init", NULL);
	c->argv[c->argc++] = w->text;
	return 0;
}

static int add_environment(struct cmdline *c, const struct word *w) {
	size_t i = 0;

	while (i < c->envc && strncmp(c->envp[i], w->text, w->name_len + 1) != 0) i++;
	if (i >= CMDLINE_ARGS_MAX + 2) return refuse(c, -E2BIG, "too many variables for init", NULL);
	c->envp[i] = w->text;
	c->envc += i == c->envc;
	return 0;
}

static int take_word(struct cmdline *c, const struct word *w) {
	int r = take_option(c, w);

	if (r == -E2BIG) return refuse(c, r, "too long", NULL);
	if (r == -EINVAL) return refuse(c, r, "this value makes no sense", w);
	if (r == 1) return 0;
	/* Words that nobody knows go to init, as on Linux; our own prefixes are never handed on. */
	if (r == -ENOENT || memchr(w->text, '.', w->name_len) || name_starts(w, "ima_") || name_is(w, "ima") ||
	    name_is(w, "evm"))
		return ignore(c, w);
	return w->value ? add_environment(c, w) : add_argument(c, w);
}

/*
 * image_rules: the image has a command line, so its assay.allow= decides. Words behind "--" are init's; from outside
 * only where the image has no command line of its own.
 */
static int take_text(struct cmdline *c, struct span text, bool outside, bool image_rules) {
	bool for_init = false, counts;

	for (struct word w; next_word(c, &text, &w);) {
		bool dashes = !for_init && strcmp(w.text, "--") == 0;

		for_init |= dashes;
		counts = !outside || (for_init ? !image_rules : may_come_from_outside(c, image_rules, &w));
		if (counts) TRY(append(c->full, sizeof(c->full), ' ', w.raw, w.raw_len));
		if (!dashes) TRY(!counts ? ignore(c, &w) : for_init ? add_argument(c, &w) : take_word(c, &w));
	}
	return 0;
}

/* A section may be padded with NULs. */
static int check_text(struct cmdline *c, struct span *text, const char *which) {
	while (text->len && text->base[text->len - 1] == 0) text->len--;
	if (text->len > CMDLINE_LEN_MAX) return refuse(c, -E2BIG, which, NULL);
	for (size_t i = 0; i < text->len; i++) {
		if ((text->base[i] < 0x20 && !is_space((char)text->base[i])) || text->base[i] == 0x7f)
			return refuse(c, -EINVAL, "a control byte stands in it", NULL);
	}
	return 0;
}

int cmdline_parse(struct cmdline *ret_cmdline, struct span image, struct span outside) {
	struct cmdline *c = ret_cmdline;

	memset(c, 0, sizeof(*c));
	c->init = "/init";
	c->argc = 1;
	c->envp[c->envc++] = "HOME=/";
	c->envp[c->envc++] = "TERM=linux";
	memcpy(c->rootuuid, "Assay!Me\xa1sured!!", sizeof(c->rootuuid));
	TRY(check_text(c, &image, "the image's .cmdline is too long"));
	TRY(check_text(c, &outside, "the load options are too long"));
	/* the image first: what it allows is known then */
	if (image.len) TRY(take_text(c, image, false, true));
	if (outside.len) TRY(take_text(c, outside, true, image.len != 0));
	c->argv[0] = c->init;
	return 0;
}
