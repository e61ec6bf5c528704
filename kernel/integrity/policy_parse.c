/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy_parse.c - see policy_parse.h.
 *
 * A line is copied and cut into tokens in place; each key has a handler in a table, and what may stand together is
 * checked at the end of the line, so that the order of tokens does not matter (except template=, which needs the
 * action before it). Stricter than Linux: digest_type=verity with appraise_type=imasig is refused in either order,
 * and so is anything behind a UUID.
 */
#include "kernel/integrity/policy_parse.h"

#include "kernel/integrity/policy_words.h"

#define ID_MAX 4294967294u

/* Handlers get the value behind the operator, and where in the rule it goes; they say NULL or what is wrong. */
typedef const char *handler_fn(struct policy_rule *rule, char op, char *value, void *field);

static int parse_number(const char *text, unsigned base, u64 max, u64 *ret_value) {
	if (*text == '+') text++;
	if (base == 16 && text[0] == '0' && (text[1] | 0x20) == 'x') text += 2;
	return text_to_u64(text, strlen(text), base, max, ret_value);
}

static const char *set_func(struct policy_rule *rule, char, char *value, void *) {
	u32 func;

	if (!policy_word_find(policy_funcs, value, &func)) return "the func is not known";
	rule->func = (u8)func;
	return NULL;
}

static const char *set_mask(struct policy_rule *rule, char, char *value, void *) {
	u32 mask;

	rule->mask_contains = *value == '^';
	if (!policy_word_find(policy_masks, value + rule->mask_contains, &mask)) return "the mask is not known";
	rule->mask = (u8)mask;
	return NULL;
}

/* A zero may be followed by another one, as on Linux. */
static const char *set_fsmagic(struct policy_rule *rule, char, char *value, void *) {
	if (rule->fsmagic) return "the condition is given twice";
	return parse_number(value, 16, UINT64_MAX, &rule->fsmagic) ? "the value is no hexadecimal number" : NULL;
}

static const char *set_text(struct policy_rule *, char, char *value, void *field) {
	*(const char **)field = value;
	return NULL;
}

static const char *set_list(struct policy_rule *rule, char op, char *value, void *field) {
	if (value[0] == '|' || value[strlen(value) - 1] == '|' || strstr(value, "||"))
		return "the list has an empty name";
	return set_text(rule, op, value, field);
}

static int hex_digit(char c) {
	if (c >= '0' && c <= '9') return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *set_fsuuid(struct policy_rule *rule, char, char *value, void *) {
	static const char bad[] = "the value is no UUID (8-4-4-4-12 digits)";
	size_t at = 0;

	for (unsigned i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && value[at++] != '-') return bad;
		if (hex_digit(value[at]) < 0 || hex_digit(value[at + 1]) < 0) return bad;
		rule->fsuuid[i] = (u8)(hex_digit(value[at]) << 4 | hex_digit(value[at + 1]));
		at += 2;
	}
	return value[at] ? bad : NULL;
}

static const char *set_id(struct policy_rule *, char op, char *value, void *field) {
	struct policy_id *id = field;
	u64 number;

	if (parse_number(value, 10, ID_MAX, &number)) return "the value is no id (0 to 4294967294)";
	*id = (struct policy_id){ op, (u32)number };
	return NULL;
}

static const char *set_pcr(struct policy_rule *rule, char, char *value, void *) {
	u64 pcr;

	if (parse_number(value, 10, LOG_PCR_MAX, &pcr)) return "the value is no PCR (0 to 63)";
	rule->pcr = (u8)pcr;
	return NULL;
}

static const char *set_template(struct policy_rule *rule, char, char *value, void *) {
	if (rule->action != ACTION_MEASURE) return "template= needs measure before it";
	rule->template = template_find(value, strlen(value));
	return rule->template ? NULL : "the template is not known";
}

static const char *set_algos(struct policy_rule *rule, char, char *value, void *) {
	unsigned id;

	while (value) {
		char *comma = strchr(value, ',');

		if (hash_by_name(value, comma ? (size_t)(comma - value) : strlen(value), &id))
			return "the list has an unknown algorithm";
		if (!hash_available(id)) return "the list has an algorithm that is not built";
		rule->algos |= 1u << id;
		value = comma ? comma + 1 : NULL;
	}
	return NULL;
}

static const char *set_appraise_type(struct policy_rule *rule, char, char *value, void *) {
	static const struct policy_word types[] = {
		{ "imasig", RULE_IMASIG }, { "imasig|modsig", RULE_IMASIG | RULE_MODSIG },
		{ "sigv3", RULE_IMASIG | RULE_SIGV3 }, { NULL, 0 },
	};
	u32 bits;

	if (!policy_word_find(types, value, &bits)) return "the appraise_type is not known";
	rule->set |= bits;
	return NULL;
}

static const char *set_digest_type(struct policy_rule *, char, char *value, void *) {
	return strcmp(value, "verity") == 0 ? NULL : "the digest_type is not known";
}

/* Deprecated: any value is taken and means nothing. */
static const char *set_nothing(struct policy_rule *, char, char *, void *) { return NULL; }

/* once: bits of which none may be set before; 0 where a word may come again. */
static const struct {
	const char *name, *operators;
	handler_fn *handle;
	u32 bit, once;
	size_t field;
} keys[] = {
#define AT(member) offsetof(struct policy_rule, member)
	{ "func", "=", set_func, RULE_FUNC, RULE_FUNC, 0 },
	{ "mask", "=", set_mask, RULE_MASK, RULE_MASK, 0 },
	{ "fsmagic", "=", set_fsmagic, RULE_FSMAGIC, 0, 0 },
	{ "fsname", "=", set_text, RULE_FSNAME, 0, AT(fsname) },
	{ "fs_subtype", "=", set_text, RULE_SUBTYPE, RULE_SUBTYPE, AT(fs_subtype) },
	{ "fsuuid", "=", set_fsuuid, RULE_FSUUID, RULE_FSUUID, 0 },
	{ "uid", "=<>", set_id, RULE_UID, RULE_UID | RULE_EUID, AT(uid) },
	{ "euid", "=<>", set_id, RULE_EUID, RULE_UID | RULE_EUID, AT(uid) },
	{ "gid", "=<>", set_id, RULE_GID, RULE_GID | RULE_EGID, AT(gid) },
	{ "egid", "=<>", set_id, RULE_EGID, RULE_GID | RULE_EGID, AT(gid) },
	{ "fowner", "=<>", set_id, RULE_FOWNER, RULE_FOWNER, AT(fowner) },
	{ "fgroup", "=<>", set_id, RULE_FGROUP, RULE_FGROUP, AT(fgroup) },
	{ "keyrings", "=", set_list, RULE_KEYRINGS, RULE_KEYRINGS, AT(keyrings) },
	{ "label", "=", set_list, RULE_LABEL, RULE_LABEL, AT(label) },
	{ "pcr", "=", set_pcr, RULE_PCR, 0, 0 },
	{ "template", "=", set_template, RULE_TEMPLATE, RULE_TEMPLATE, 0 },
	{ "appraise_algos", "=", set_algos, RULE_ALGOS, RULE_ALGOS, 0 },
	{ "appraise_type", "=", set_appraise_type, 0, 0, 0 },
	{ "digest_type", "=", set_digest_type, RULE_VERITY, 0, 0 },
	{ "appraise_flag", "=", set_nothing, 0, 0, 0 },
};

static const char *parse_key(struct policy_rule *rule, size_t i, char *token, size_t name_len) {
	const char *why;

	if (!token[name_len + 1]) return "the value is missing";
	if (rule->set & keys[i].once) return "the condition is given twice";
	why = keys[i].handle(rule, token[name_len], token + name_len + 1, (char *)rule + keys[i].field);
	rule->set |= why ? 0 : keys[i].bit;
	return why;
}

static void echo_text(struct blob *echo, const char *key, const char *value) {
	if (!echo) return;
	blob_text(echo, key);
	blob_text(echo, value);
	blob_text(echo, " ");
}

static const char *parse_token(struct policy_rule *rule, struct blob *echo, char *token) {
	u32 action;

	if (policy_word_find(policy_actions, token, &action)) {
		echo_text(echo, "action=", token);
		if (rule->action != ACTION_NONE) return "a rule has one action";
		rule->action = (u8)action;
		return NULL;
	}
	if (strcmp(token, "permit_directio") == 0) {
		rule->set |= RULE_DIRECTIO;
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		size_t len = strlen(keys[i].name);

		if (strncmp(token, keys[i].name, len) != 0 || !token[len] || !strchr(keys[i].operators, token[len]))
			continue;
		echo_text(echo, "", token);
		return parse_key(rule, i, token, len);
	}
	echo_text(echo, "UNKNOWN=", token);
	return "the word is not known";
}

/* What may stand beside a func: the actions, and the conditions. */
static const struct {
	u32 funcs; /* 1 << func; FUNC_NONE too */
	u32 actions;
	u32 allowed;
} combinations[] = {
#define FILE_CONDITIONS (RULE_FSMAGIC | RULE_FSNAME | RULE_SUBTYPE | RULE_FSUUID | RULE_FOWNER | RULE_FGROUP)
#define ID_CONDITIONS (RULE_UID | RULE_EUID | RULE_GID | RULE_EGID)
#define RECORD_OPTIONS (RULE_PCR | RULE_TEMPLATE)
#define APPRAISE_OPTIONS (RULE_IMASIG | RULE_SIGV3 | RULE_ALGOS | RULE_DIRECTIO)
#define COMMON (RULE_FUNC | RULE_MASK | FILE_CONDITIONS | ID_CONDITIONS | RECORD_OPTIONS | APPRAISE_OPTIONS)
#define ANY_ACTION 0x1feu
#define MEASURE_ONLY (1u << ACTION_MEASURE | 1u << ACTION_DONT_MEASURE)
	{ 1u << FUNC_NONE | 1u << FUNC_FILE_CHECK | 1u << FUNC_MMAP_CHECK | 1u << FUNC_MMAP_CHECK_REQPROT |
	  1u << FUNC_BPRM_CHECK | 1u << FUNC_CREDS_CHECK | 1u << FUNC_FIRMWARE_CHECK | 1u << FUNC_POLICY_CHECK,
	  ANY_ACTION, COMMON | RULE_VERITY },
	{ 1u << FUNC_MODULE_CHECK | 1u << FUNC_KEXEC_KERNEL_CHECK | 1u << FUNC_KEXEC_INITRAMFS_CHECK,
	  ANY_ACTION, COMMON | RULE_MODSIG },
	{ 1u << FUNC_KEXEC_CMDLINE, MEASURE_ONLY, RULE_FUNC | FILE_CONDITIONS | ID_CONDITIONS | RECORD_OPTIONS },
	{ 1u << FUNC_KEY_CHECK, MEASURE_ONLY, RULE_FUNC | RULE_UID | RULE_GID | RULE_KEYRINGS | RECORD_OPTIONS },
	{ 1u << FUNC_CRITICAL_DATA, MEASURE_ONLY, RULE_FUNC | RULE_UID | RULE_GID | RULE_LABEL | RECORD_OPTIONS },
	{ 1u << FUNC_SETXATTR_CHECK, 1u << ACTION_APPRAISE, RULE_FUNC | RULE_ALGOS },
};

static const char *check_func(const struct policy_rule *rule) {
	for (size_t i = 0; i < ARRAY_COUNT(combinations); i++) {
		if (!(combinations[i].funcs >> rule->func & 1)) continue;
		if (!(combinations[i].actions >> rule->action & 1)) return "the func does not go with this action";
		if (rule->set & ~combinations[i].allowed) return "a condition does not go with this func";
		return NULL;
	}
	return "the func is not known";
}

static const char *check_rule(const struct policy_rule *rule) {
	if (rule->action == ACTION_NONE) return "the action is missing";
	if (rule->set & (RULE_PCR | RULE_TEMPLATE) && rule->action != ACTION_MEASURE)
		return "pcr= and template= go with measure only";
	if (rule->set & (RULE_SIGNATURE | RULE_ALGOS) && rule->action != ACTION_APPRAISE)
		return "appraise_type= and appraise_algos= go with appraise only";
	if (rule->action == ACTION_APPRAISE && rule->set & RULE_VERITY && !(rule->set & RULE_SIGV3))
		return "digest_type=verity needs appraise_type=sigv3";
	if (rule->func == FUNC_SETXATTR_CHECK && !(rule->set & RULE_ALGOS))
		return "SETXATTR_CHECK needs appraise_algos=";
	return check_func(rule);
}

/* The next token of *rest, cut off with a NUL; NULL at the end of the rule. */
static char *next_token(char **rest) {
	char *token = *rest, *end;

	while (*token == ' ' || *token == '\t') token++;
	if (!*token || *token == '#') return NULL;
	for (end = token; *end && *end != ' ' && *end != '\t'; end++) ;
	*rest = *end ? end + 1 : end;
	*end = 0;
	return token;
}

static int refuse(struct policy_error *ret_error, size_t column, const char *reason, const char *token) {
	*ret_error = (struct policy_error){ .column = (unsigned)column, .reason = reason };
	(void)text_copy(ret_error->token, sizeof(ret_error->token), token); /* a long one is shown in part */
	for (char *c = ret_error->token; *c; c++)
		if ((u8)*c < 0x20 || (u8)*c >= 0x7f) *c = '?';
	return -EINVAL;
}

static int parse_tokens(struct policy_rule *rule, struct blob *echo, struct policy_error *ret_error) {
	char *rest = rule->text, *token = next_token(&rest);
	const char *why;
	bool any = token;

	for (; token; token = next_token(&rest)) {
		why = parse_token(rule, echo, token);
		if (why) return refuse(ret_error, (size_t)(token - rule->text) + 1, why, token);
	}
	why = any ? check_rule(rule) : NULL;
	return why ? refuse(ret_error, 1, why, "") : 0;
}

int policy_parse_line(const char *line, size_t len, struct blob *echo, struct policy_rule *ret_rule,
		      struct policy_error *ret_error) {
	struct policy_rule rule = { 0 };
	int err;

	if (len > POLICY_LINE_MAX) return refuse(ret_error, POLICY_LINE_MAX, "the line is too long", "");
	if (len && memchr(line, 0, len)) return refuse(ret_error, 1, "the line has a NUL", "");
	rule.text = port_alloc(len + 1);
	if (!rule.text) return -ENOMEM;
	if (len) memcpy(rule.text, line, len);
	err = parse_tokens(&rule, echo, ret_error);
	if (err || rule.action == ACTION_NONE) policy_rule_done(&rule);
	if (!err) *ret_rule = rule;
	return err;
}

static int add_line(struct policy *policy, const char *line, size_t len, policy_line_fn *each,
		    struct policy_error *ret_error) {
	RELEASED(blob_done) struct blob echo = { 0 };
	struct policy_rule rule;
	int err = policy_parse_line(line, len, each ? &echo : NULL, &rule, ret_error);

	if (!err && rule.action == ACTION_NONE) return 0;
	if (!err) {
		err = policy_add(policy, &rule);
		if (err) policy_rule_done(&rule);
	}
	if (each) each(&echo, err);
	return err;
}

int policy_parse(const char *text, size_t len, policy_line_fn *each, struct policy *ret_policy,
		 struct policy_error *ret_error) {
	struct policy policy = { 0 };
	unsigned line = 0;
	int err = len > POLICY_TEXT_MAX ? refuse(ret_error, 1, "the policy is too long", "") : 0;

	for (size_t at = 0; !err && at < len; line++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - text) - at : len - at;

		err = add_line(&policy, text + at, line_len, each, ret_error);
		at += line_len + 1;
	}
	if (!err) {
		*ret_policy = policy;
		return 0;
	}
	policy_done(&policy);
	if (err == -ENOMEM) (void)refuse(ret_error, 1, "memory ran out", ""); /* for the reason only */
	ret_error->line = line ? line : 1;
	return err;
}
