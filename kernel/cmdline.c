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

struct source {
	const char *at, *end;
	bool outside;
	bool image_rules;  /* the image has a command line, so its assay.allow= decides */
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
static bool next_word(struct cmdline *c, struct source *s, struct word *ret_word) {
	struct word w = { .text = c->text + c->text_len };
	bool quoted = false;
	size_t n, value_at;

	while (s->at < s->end && is_space(*s->at)) s->at++;
	if (s->at == s->end) return false;
	w.raw = s->at;
	while (s->at < s->end && (quoted || !is_space(*s->at))) quoted ^= *s->at++ == '"';
	n = w.raw_len = (size_t)(s->at - w.raw);
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

static bool may_come_from_outside(const struct cmdline *c, const struct source *s, const struct word *w) {
	bool allowed = false;

	if (name_is(w, "init") || name_is(w, "ima") || name_starts(w, "ima_") || name_is(w, "evm") ||
	    name_starts(w, "assay."))
		return false;
	if (s->image_rules && !list_has(c->allow, w)) return false;
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

static int set_appraise(struct cmdline *c, const char *value) {
	static const char *const modes[] = { "off", "log", "fix", "enforce" };

	for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
		if (strncmp(value, modes[i], strlen(modes[i])) != 0) continue;
		c->ima_appraise = modes[i];
		return 0;
	}
	return -ENOENT;
}

static int set_tpm(struct cmdline *c, const char *value) {
	c->ima_tpm_require = strcmp(value, "require") == 0;
	return c->ima_tpm_require ? 0 : -EINVAL;
}

static int set_audit(struct cmdline *c, const char *value) {
	c->integrity_audit = strcmp(value, "1") == 0;
	return c->integrity_audit || strcmp(value, "0") == 0 ? 0 : -ENOENT;
}

static int set_evm(struct cmdline *c, const char *value) {
	c->evm_fix = strncmp(value, "fix", 3) == 0;
	return c->evm_fix ? 0 : -ENOENT;
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
	c->rootuuid_given = true;
	return 0;
}

/* "off" counts in a kdump kernel only: said, and not done. */
static int set_ima(struct cmdline *, const char *value) { return strcmp(value, "on") == 0 ? 0 : -ENOENT; }

/* 1: taken. 0: not an option of ours. Else what the setter said. */
static int take_option(struct cmdline *c, const struct word *w) {
	const struct {
		const char *name;
		int (*set)(struct cmdline *c, const char *value);
		const char **text;     /* without a setter: the first one wins */
	} options[] = {
		{ "init", set_init, NULL }, { "loglevel", set_loglevel, NULL }, { "ima", set_ima, NULL },
		{ "ima_policy", set_policy, NULL }, { "ima_appraise", set_appraise, NULL },
		{ "ima_tpm", set_tpm, NULL }, { "integrity_audit", set_audit, NULL }, { "evm", set_evm, NULL },
		{ "rootuuid", set_rootuuid, NULL }, { "assay.allow", set_allow, NULL },
		{ "console", NULL, &c->console }, { "ima_template", NULL, &c->ima_template },
		{ "ima_template_fmt", NULL, &c->ima_template_fmt }, { "ima_hash", NULL, &c->ima_hash },
	};

	for (size_t i = 0; w->value && i < ARRAY_COUNT(options); i++) {
		if (!name_is(w, options[i].name)) continue;
		if (options[i].set) TRY(options[i].set(c, w->value));
		else if (!*options[i].text) *options[i].text = w->value;
		return 1;
	}
	if (w->value) return 0;
	if (name_is(w, "ima_tcb")) TRY(set_policy(c, "ima_tcb"));
	if (name_is(w, "ima_appraise_tcb")) TRY(set_policy(c, "appraise_tcb"));
	c->quiet |= name_is(w, "quiet");
	return name_is(w, "ima_tcb") || name_is(w, "ima_appraise_tcb") || name_is(w, "quiet");
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

static int take_word(struct cmdline *c, const struct source *s, const struct word *w) {
	int r;

	if (s->outside && !may_come_from_outside(c, s, w)) return ignore(c, w);
	TRY(append(c->full, sizeof(c->full), ' ', w->raw, w->raw_len));
	r = take_option(c, w);
	if (r == -E2BIG) return refuse(c, r, "too long", NULL);
	if (r == -EINVAL) return refuse(c, r, "this value makes no sense", w);
	if (r == 1) return 0;
	/* Words that nobody knows go to init, as on Linux; our own prefixes are never handed on. */
	if (r == -ENOENT || memchr(w->text, '.', w->name_len) || name_starts(w, "ima_") || name_is(w, "ima") ||
	    name_is(w, "evm"))
		return ignore(c, w);
	return w->value ? add_environment(c, w) : add_argument(c, w);
}

/* Words behind "--" are init's; from outside only where the image has no command line of its own. */
static int take_text(struct cmdline *c, struct source *s) {
	bool for_init = false;
	struct word w;

	while (next_word(c, s, &w)) {
		bool dashes = !for_init && strcmp(w.text, "--") == 0;

		if (!dashes && !for_init) {
			TRY(take_word(c, s, &w));
		} else if (s->outside && s->image_rules) {
			if (!dashes) ignore(c, &w);
		} else {
			TRY(append(c->full, sizeof(c->full), ' ', w.raw, w.raw_len));
			if (!dashes) TRY(add_argument(c, &w));
		}
		for_init |= dashes;
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
	TRY(check_text(c, &image, "the image's .cmdline is too long"));
	TRY(check_text(c, &outside, "the load options are too long"));
	for (int pass = 0; pass < 2; pass++) { /* the image first: what it allows is known then */
		struct span text = pass ? outside : image;
		struct source s = { (const char *)text.base, (const char *)text.base, pass == 1, image.len != 0 };

		if (text.len) s.end += text.len;
		TRY(take_text(c, &s));
	}
	c->argv[0] = c->init;
	return 0;
}
