/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/cmdline.c - words, options, and who may give which.
 *
 * Every early way out of may_come_from_outside() denies. Pure: everything lies in struct cmdline.
 */
#include "kernel/cmdline.h"

#include "kernel/base/mem.h"
#include "kernel/base/text.h"

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
	bool image_rules;  /* the image has a command line, so allow decides */
	const char *allow; /* names separated by commas; NULL none */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Option names: '-' and '_' are the same. */
static bool same_name(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return false;
	for (size_t i = 0; i < a_len; i++) {
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	}
	return true;
}

static bool name_is(const struct word *w, const char *name)
{
	return same_name(w->text, w->name_len, name, strlen(name));
}

static bool name_starts(const struct word *w, const char *prefix)
{
	size_t len = strlen(prefix);

	return w->name_len >= len && same_name(w->text, len, prefix, len);
}

static int refuse(struct cmdline *c, int err, const char *what, const struct word *w)
{
	text_format(c->why, sizeof(c->why), "command line: %s%s%.*s", what, w ? ": " : "",
		    w ? (int)min_u64(w->raw_len, 80) : 0, w ? w->raw : "");
	return err;
}

static char *arena(struct cmdline *c, size_t len)
{
	char *p = c->text + c->text_len;

	if (len > sizeof(c->text) - c->text_len)
		return NULL;
	c->text_len += len;
	return p;
}

/*
 * Takes one word: up to a space outside quotes. As on Linux, quotes around the word or around its value are taken away,
 * others stay. 1: a word; 0: the end; negative: no room.
 */
static int next_word(struct cmdline *c, struct source *s, struct word *ret_word)
{
	struct word w = { 0 };
	bool quoted = false;
	size_t n, value_at = 0;

	while (s->at < s->end && is_space(*s->at))
		s->at++;
	if (s->at == s->end)
		return 0;
	w.raw = s->at;
	while (s->at < s->end && (quoted || !is_space(*s->at)))
		quoted ^= *s->at++ == '"';
	w.raw_len = (size_t)(s->at - w.raw);
	w.text = arena(c, w.raw_len + 1);
	if (!w.text)
		return refuse(c, -E2BIG, "too long", NULL);
	n = w.raw_len;
	memcpy(w.text, w.raw, n);
	if (w.text[0] == '"') {
		memmove(w.text, w.text + 1, --n);
		n -= n && w.text[n - 1] == '"';
	}
	w.name_len = n;
	for (size_t i = 0; i < n && !value_at; i++) {
		if (w.text[i] == '=')
			value_at = i + 1;
	}
	if (value_at > 1) { /* "=x" has no name: a bare word */
		w.name_len = value_at - 1;
		w.value = w.text + value_at;
		if (value_at < n && w.text[value_at] == '"') {
			memmove(w.text + value_at, w.text + value_at + 1, --n - value_at);
			n -= n > value_at && w.text[n - 1] == '"';
		}
	}
	w.text[n] = '\0';
	*ret_word = w;
	return 1;
}

static void append(char *buf, size_t cap, const char *bytes, size_t len)
{
	size_t have = strlen(buf);

	text_format(buf + have, cap - have, "%s%.*s", have ? " " : "", (int)len, bytes);
}

static void ignore(struct cmdline *c, const struct word *w)
{
	append(c->ignored, sizeof(c->ignored), w->raw, w->raw_len);
}

static bool list_has(const char *list, const struct word *w)
{
	while (list && *list) {
		const char *comma = strchr(list, ',');
		size_t len = comma ? (size_t)(comma - list) : strlen(list);

		if (same_name(list, len, w->text, w->name_len))
			return true;
		list += len + (comma != NULL);
	}
	return false;
}

static bool may_come_from_outside(const struct source *s, const struct word *w)
{
	bool allowed = false;

	if (name_is(w, "init") || name_is(w, "ima") || name_starts(w, "ima_") || name_is(w, "evm") ||
	    name_starts(w, "assay."))
		return false;
	if (s->image_rules && !list_has(s->allow, w))
		return false;
	allowed = true;
	return allowed;
}

static int set_init(struct cmdline *c, const char *value)
{
	c->init = value;
	c->init_given = true;
	c->argc = 1; /* as Linux: words before init= are not for this init */
	return 0;
}

static int set_loglevel(struct cmdline *c, const char *value)
{
	u64 level;

	if (text_to_u64(value, strlen(value), 10, 15, &level) != 0)
		return -ENOENT;
	c->loglevel = level < 1 ? 1 : level > 8 ? 8 : (int)level;
	return 0;
}

static int set_policy(struct cmdline *c, const char *value)
{
	char *joined;

	if (!c->ima_policy) {
		c->ima_policy = value;
		return 0;
	}
	joined = arena(c, strlen(c->ima_policy) + strlen(value) + 2);
	if (!joined)
		return -E2BIG;
	text_format(joined, strlen(c->ima_policy) + strlen(value) + 2, "%s|%s", c->ima_policy, value);
	c->ima_policy = joined;
	return 0;
}

static int set_appraise(struct cmdline *c, const char *value)
{
	static const char *const modes[] = { "off", "log", "fix", "enforce" };

	for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
		if (strncmp(value, modes[i], strlen(modes[i])) == 0) {
			c->ima_appraise = modes[i];
			return 0;
		}
	}
	return -ENOENT;
}

static int set_tpm(struct cmdline *c, const char *value)
{
	if (strcmp(value, "require") != 0)
		return -EINVAL;
	c->ima_tpm_require = true;
	return 0;
}

static int set_audit(struct cmdline *c, const char *value)
{
	if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
		return -ENOENT;
	c->integrity_audit = value[0] == '1';
	return 0;
}

static int set_evm(struct cmdline *c, const char *value)
{
	if (strncmp(value, "fix", 3) != 0)
		return -ENOENT;
	c->evm_fix = true;
	return 0;
}

/* 8-4-4-4-12 hex digits. */
static int set_rootuuid(struct cmdline *c, const char *value)
{
	size_t at = 0;

	if (strlen(value) != 36)
		return -EINVAL;
	for (size_t i = 0; i < 16; i++) {
		u64 byte;

		if ((at == 8 || at == 13 || at == 18 || at == 23) && value[at++] != '-')
			return -EINVAL;
		if (text_to_u64(value + at, 2, 16, 0xff, &byte) != 0)
			return -EINVAL;
		c->rootuuid[i] = (u8)byte;
		at += 2;
	}
	c->rootuuid_given = true;
	return 0;
}

static int set_ima(struct cmdline *c, const char *value)
{
	(void)c;
	return strcmp(value, "on") == 0 ? 0 : -ENOENT; /* "off" counts in a kdump kernel only: said, and not done */
}

/* 1: taken. 0: not an option of ours. -ENOENT: ours, but the value means nothing: ignored and said. */
static int take_flag(struct cmdline *c, const struct word *w)
{
	if (name_is(w, "quiet"))
		c->quiet = true;
	else if (name_is(w, "ima_tcb") || name_is(w, "ima_appraise_tcb"))
		return set_policy(c, name_is(w, "ima_tcb") ? "ima_tcb" : "appraise_tcb") ? -E2BIG : 1;
	else
		return 0;
	return 1;
}

static int take_option(struct cmdline *c, const struct word *w)
{
	static const struct {
		const char *name;
		int (*set)(struct cmdline *c, const char *value);
	} setters[] = {
		{ "init", set_init }, { "loglevel", set_loglevel }, { "ima", set_ima }, { "ima_policy", set_policy },
		{ "ima_appraise", set_appraise }, { "ima_tpm", set_tpm }, { "integrity_audit", set_audit },
		{ "evm", set_evm }, { "rootuuid", set_rootuuid },
	};
	const struct {
		const char *name;
		const char **where;
	} texts[] = {
		{ "console", &c->console }, { "ima_template", &c->ima_template },
		{ "ima_template_fmt", &c->ima_template_fmt }, { "ima_hash", &c->ima_hash },
	};

	if (!w->value)
		return take_flag(c, w);
	for (size_t i = 0; i < ARRAY_COUNT(setters); i++) {
		if (name_is(w, setters[i].name)) {
			int err = setters[i].set(c, w->value);

			return err ? err : 1;
		}
	}
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		if (name_is(w, texts[i].name)) {
			if (!*texts[i].where) /* the first one wins */
				*texts[i].where = w->value;
			return 1;
		}
	}
	return name_is(w, "assay.allow") ? 1 : 0;
}

static int add_argument(struct cmdline *c, const struct word *w)
{
	if (c->argc > CMDLINE_ARGS_MAX)
		return refuse(c, -E2BIG, "too many arguments for init", NULL);
	c->argv[c->argc++] = w->text;
	return 0;
}

static int add_environment(struct cmdline *c, const struct word *w)
{
	for (size_t i = 0; i < c->envc; i++) {
		if (strncmp(c->envp[i], w->text, w->name_len + 1) == 0) {
			c->envp[i] = w->text;
			return 0;
		}
	}
	if (c->envc >= CMDLINE_ARGS_MAX + 2)
		return refuse(c, -E2BIG, "too many variables for init", NULL);
	c->envp[c->envc++] = w->text;
	return 0;
}

/* What Linux does with words that it does not know; our own prefixes are never handed on. */
static int take_unknown(struct cmdline *c, const struct word *w)
{
	if (memchr(w->text, '.', w->name_len) || name_starts(w, "ima_") || name_is(w, "ima") || name_is(w, "evm")) {
		ignore(c, w);
		return 0;
	}
	return w->value ? add_environment(c, w) : add_argument(c, w);
}

static int take_word(struct cmdline *c, const struct source *s, const struct word *w)
{
	int r;

	if (s->outside && !may_come_from_outside(s, w)) {
		ignore(c, w);
		return 0;
	}
	append(c->full, sizeof(c->full), w->raw, w->raw_len);
	r = take_option(c, w);
	if (r == -E2BIG)
		return refuse(c, r, "too long", NULL);
	if (r == -EINVAL)
		return refuse(c, r, "this value makes no sense", w);
	if (r == -ENOENT)
		ignore(c, w);
	return r ? 0 : take_unknown(c, w);
}

/* Words behind "--" are init's; from outside only where the image has no command line of its own. */
static int take_init_word(struct cmdline *c, const struct source *s, const struct word *w)
{
	if (s->outside && s->image_rules) {
		ignore(c, w);
		return 0;
	}
	append(c->full, sizeof(c->full), w->raw, w->raw_len);
	return add_argument(c, w);
}

static int take_text(struct cmdline *c, struct source *s)
{
	bool for_init = false;
	struct word w;
	int r;

	while ((r = next_word(c, s, &w)) == 1) {
		bool dashes = !for_init && strcmp(w.text, "--") == 0;

		if (dashes && !(s->outside && s->image_rules))
			append(c->full, sizeof(c->full), w.raw, w.raw_len);
		if (!dashes)
			r = for_init ? take_init_word(c, s, &w) : take_word(c, s, &w);
		if (r < 0)
			return r;
		for_init |= dashes;
	}
	return r;
}

/* A section may be padded with NULs. */
static int check_text(struct cmdline *c, struct span *text, const char *which)
{
	while (text->len && text->base[text->len - 1] == 0)
		text->len--;
	if (text->len > CMDLINE_LEN_MAX)
		return refuse(c, -E2BIG, which, NULL);
	for (size_t i = 0; i < text->len; i++) {
		if ((text->base[i] < 0x20 && !is_space((char)text->base[i])) || text->base[i] == 0x7f)
			return refuse(c, -EINVAL, "a control byte stands in it", NULL);
	}
	return 0;
}

/* The image's assay.allow=, all of them; found before anything from outside is looked at. */
static int collect_allow(struct cmdline *c, struct span image, const char **ret_allow)
{
	struct source s = { .at = (const char *)image.base, .end = (const char *)image.base + image.len };
	size_t mark = c->text_len;
	char *list = NULL;
	struct word w;
	int r;

	while ((r = next_word(c, &s, &w)) == 1 && strcmp(w.text, "--") != 0) {
		if (!w.value || !name_is(&w, "assay.allow") || !*w.value) {
			c->text_len = (size_t)(w.text - c->text); /* the word is not kept */
			continue;
		}
		if (list) { /* the earlier list lies right before this word */
			size_t have = strlen(list);

			list[have] = ',';
			memmove(list + have + 1, w.value, strlen(w.value) + 1);
		} else {
			list = c->text + mark;
			memmove(list, w.value, strlen(w.value) + 1);
		}
		c->text_len = (size_t)(list - c->text) + strlen(list) + 1;
	}
	if (r < 0)
		return r;
	c->text_len = list ? (size_t)(list - c->text) + strlen(list) + 1 : mark;
	*ret_allow = list;
	return 0;
}

int cmdline_parse(struct cmdline *ret_cmdline, struct span image, struct span outside)
{
	struct cmdline *c = ret_cmdline;
	struct source s = { 0 };
	int err;

	memset(c, 0, sizeof(*c));
	c->init = "/init";
	c->argc = 1;
	c->envp[c->envc++] = "HOME=/";
	c->envp[c->envc++] = "TERM=linux";
	err = check_text(c, &image, "the image's .cmdline is too long");
	if (!err)
		err = check_text(c, &outside, "the load options are too long");
	if (!err && image.len)
		err = collect_allow(c, image, &s.allow);
	if (err)
		return err;
	for (int pass = 0; pass < 2 && !err; pass++) {
		struct span text = pass ? outside : image;

		if (!text.len)
			continue;
		s.outside = pass == 1;
		s.image_rules = image.len != 0;
		s.at = (const char *)text.base;
		s.end = s.at + text.len;
		err = take_text(c, &s);
	}
	c->argv[0] = c->init;
	return err;
}
