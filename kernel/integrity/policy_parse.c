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

#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"
#include "kernel/integrity/policy_words.h"

#define ID_MAX 4294967294u

/* Handlers get the value behind the operator and say NULL or what is wrong. */
typedef const char *handler_fn(struct policy_rule *rule, char op, char *value);

/* Marks the bit, or complains about the second time. other: bits that share its place. */
static const char *once(struct policy_rule *rule, u32 bit, u32 other)
{
	if (rule->set & (bit | other))
		return "the condition is given twice";
	rule->set |= bit;
	return NULL;
}

static int parse_number(const char *text, unsigned base, u64 max, u64 *ret_value)
{
	if (*text == '+')
		text++;
	if (base == 16 && text[0] == '0' && (text[1] | 0x20) == 'x')
		text += 2;
	return text_to_u64(text, strlen(text), base, max, ret_value);
}

static const char *set_func(struct policy_rule *rule, char op, char *value)
{
	u32 func;

	(void)op;
	if (!policy_word_find(policy_funcs, value, &func))
		return "the func is not known";
	rule->func = (u8)func;
	return once(rule, RULE_FUNC, 0);
}

static const char *set_mask(struct policy_rule *rule, char op, char *value)
{
	u32 mask;

	(void)op;
	rule->mask_contains = *value == '^';
	if (!policy_word_find(policy_masks, value + rule->mask_contains, &mask))
		return "the mask is not known";
	rule->mask = (u8)mask;
	return once(rule, RULE_MASK, 0);
}

static const char *set_fsmagic(struct policy_rule *rule, char op, char *value)
{
	(void)op;
	if (rule->fsmagic)
		return "the condition is given twice";
	rule->set |= RULE_FSMAGIC;
	return parse_number(value, 16, UINT64_MAX, &rule->fsmagic) ? "the value is no hexadecimal number" : NULL;
}

/* The last fsname counts, as on Linux. */
static const char *set_fsname(struct policy_rule *rule, char op, char *value)
{
	(void)op;
	rule->fsname = value;
	rule->set |= RULE_FSNAME;
	return NULL;
}

static const char *set_subtype(struct policy_rule *rule, char op, char *value)
{
	(void)op;
	rule->fs_subtype = value;
	return once(rule, RULE_SUBTYPE, 0);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *set_fsuuid(struct policy_rule *rule, char op, char *value)
{
	static const char bad[] = "the value is no UUID (8-4-4-4-12 digits)";
	size_t at = 0;

	(void)op;
	for (unsigned i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && value[at++] != '-')
			return bad;
		if (hex_digit(value[at]) < 0 || hex_digit(value[at + 1]) < 0)
			return bad;
		rule->fsuuid[i] = (u8)(hex_digit(value[at]) << 4 | hex_digit(value[at + 1]));
		at += 2;
	}
	return value[at] ? bad : once(rule, RULE_FSUUID, 0);
}

static const char *set_id(struct policy_id *id, char op, const char *value)
{
	u64 number;

	if (parse_number(value, 10, ID_MAX, &number))
		return "the value is no id (0 to 4294967294)";
	id->op = op;
	id->value = (u32)number;
	return NULL;
}

#define ID_HANDLER(name, field, bit, other)                                                 \
	static const char *name(struct policy_rule *rule, char op, char *value)             \
	{                                                                                   \
		const char *why = set_id(&rule->field, op, value);                          \
									    \
		return why ? why : once(rule, bit, other);                                  \
	}
ID_HANDLER(set_uid, uid, RULE_UID, RULE_EUID)
ID_HANDLER(set_euid, uid, RULE_EUID, RULE_UID)
ID_HANDLER(set_gid, gid, RULE_GID, RULE_EGID)
ID_HANDLER(set_egid, gid, RULE_EGID, RULE_GID)
ID_HANDLER(set_fowner, fowner, RULE_FOWNER, 0)
ID_HANDLER(set_fgroup, fgroup, RULE_FGROUP, 0)

static bool list_is_well_formed(const char *list)
{
	size_t len = strlen(list);

	return list[0] != '|' && list[len - 1] != '|' && !strstr(list, "||");
}

static const char *set_keyrings(struct policy_rule *rule, char op, char *value)
{
	(void)op;
	rule->keyrings = value;
	return list_is_well_formed(value) ? once(rule, RULE_KEYRINGS, 0) : "the list has an empty name";
}

static const char *set_label(struct policy_rule *rule, char op, char *value)
{
	(void)op;
	rule->label = value;
	return list_is_well_formed(value) ? once(rule, RULE_LABEL, 0) : "the list has an empty name";
}

static const char *set_pcr(struct policy_rule *rule, char op, char *value)
{
	u64 pcr;

	(void)op;
	if (parse_number(value, 10, LOG_PCR_MAX, &pcr))
		return "the value is no PCR (0 to 63)";
	rule->pcr = (u8)pcr;
	rule->set |= RULE_PCR;
	return NULL;
}

static const char *set_template(struct policy_rule *rule, char op, char *value)
{
	(void)op;
	if (rule->action != ACTION_MEASURE)
		return "template= needs measure before it";
	rule->template = template_find(value, strlen(value));
	return rule->template ? once(rule, RULE_TEMPLATE, 0) : "the template is not known";
}

static const char *set_algos(struct policy_rule *rule, char op, char *value)
{
	unsigned id;

	(void)op;
	while (value) {
		char *comma = strchr(value, ',');
		size_t len = comma ? (size_t)(comma - value) : strlen(value);

		if (hash_by_name(value, len, &id))
			return "the list has an unknown algorithm";
		if (!hash_available(id))
			return "the list has an algorithm that is not built";
		rule->algos |= 1u << id;
		value = comma ? comma + 1 : NULL;
	}
	return once(rule, RULE_ALGOS, 0);
}

static const char *set_appraise_type(struct policy_rule *rule, char op, char *value)
{
	static const struct policy_word types[] = {
		{ "imasig", RULE_IMASIG }, { "imasig|modsig", RULE_IMASIG | RULE_MODSIG },
		{ "sigv3", RULE_IMASIG | RULE_SIGV3 }, { NULL, 0 },
	};
	u32 bits;

	(void)op;
	if (!policy_word_find(types, value, &bits))
		return "the appraise_type is not known";
	rule->set |= bits;
	return NULL;
}

static const char *set_digest_type(struct policy_rule *rule, char op, char *value)
{
	(void)op;
	rule->set |= RULE_VERITY;
	return strcmp(value, "verity") == 0 ? NULL : "the digest_type is not known";
}

/* Deprecated: any value is taken and means nothing. */
static const char *set_appraise_flag(struct policy_rule *rule, char op, char *value)
{
	(void)rule;
	(void)op;
	(void)value;
	return NULL;
}

static const struct {
	const char *name;
	const char *operators;
	handler_fn *handle;
} keys[] = {
	{ "func", "=", set_func }, { "mask", "=", set_mask }, { "fsmagic", "=", set_fsmagic },
	{ "fsname", "=", set_fsname }, { "fs_subtype", "=", set_subtype }, { "fsuuid", "=", set_fsuuid },
	{ "uid", "=<>", set_uid }, { "euid", "=<>", set_euid }, { "gid", "=<>", set_gid }, { "egid", "=<>", set_egid },
	{ "fowner", "=<>", set_fowner }, { "fgroup", "=<>", set_fgroup }, { "keyrings", "=", set_keyrings },
	{ "label", "=", set_label }, { "pcr", "=", set_pcr }, { "template", "=", set_template },
	{ "appraise_algos", "=", set_algos }, { "appraise_type", "=", set_appraise_type },
	{ "digest_type", "=", set_digest_type }, { "appraise_flag", "=", set_appraise_flag },
};

static void echo_text(struct blob *echo, const char *key, const char *value)
{
	if (!echo)
		return;
	blob_text(echo, key);
	blob_text(echo, value);
	blob_text(echo, " ");
}

static const char *parse_token(struct policy_rule *rule, struct blob *echo, char *token)
{
	u32 action;

	if (policy_word_find(policy_actions, token, &action)) {
		echo_text(echo, "action=", token);
		if (rule->action != ACTION_NONE)
			return "a rule has one action";
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
		return token[len + 1] ? keys[i].handle(rule, token[len], token + len + 1) : "the value is missing";
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

static const char *check_func(const struct policy_rule *rule)
{
	for (size_t i = 0; i < ARRAY_COUNT(combinations); i++) {
		if (!(combinations[i].funcs >> rule->func & 1))
			continue;
		if (!(combinations[i].actions >> rule->action & 1))
			return "the func does not go with this action";
		if (rule->set & ~combinations[i].allowed)
			return "a condition does not go with this func";
		return NULL;
	}
	return "the func is not known";
}

static const char *check_rule(const struct policy_rule *rule)
{
	if (rule->action == ACTION_NONE)
		return "the action is missing";
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
static char *next_token(char **rest)
{
	char *token = *rest, *end;

	while (*token == ' ' || *token == '\t')
		token++;
	if (!*token || *token == '#')
		return NULL;
	for (end = token; *end && *end != ' ' && *end != '\t'; end++)
		;
	*rest = *end ? end + 1 : end;
	*end = 0;
	return token;
}

static int refuse(struct policy_error *ret_error, size_t column, const char *reason, const char *token)
{
	*ret_error = (struct policy_error){ .column = (unsigned)column, .reason = reason };
	(void)text_copy(ret_error->token, sizeof(ret_error->token), token); /* a long one is shown in part */
	for (char *c = ret_error->token; *c; c++)
		if ((u8)*c < 0x20 || (u8)*c >= 0x7f)
			*c = '?';
	return -EINVAL;
}

static int parse_tokens(struct policy_rule *rule, struct blob *echo, struct policy_error *ret_error)
{
	char *rest = rule->text, *token = next_token(&rest);
	const char *why;
	bool any = token;

	for (; token; token = next_token(&rest)) {
		why = parse_token(rule, echo, token);
		if (why)
			return refuse(ret_error, (size_t)(token - rule->text) + 1, why, token);
	}
	why = any ? check_rule(rule) : NULL;
	return why ? refuse(ret_error, 1, why, "") : 0;
}

int policy_parse_line(const char *line, size_t len, struct blob *echo, struct policy_rule *ret_rule,
		      struct policy_error *ret_error)
{
	struct policy_rule rule = { 0 };
	int err;

	if (len > POLICY_LINE_MAX)
		return refuse(ret_error, POLICY_LINE_MAX, "the line is too long", "");
	if (len && memchr(line, 0, len))
		return refuse(ret_error, 1, "the line has a NUL", "");
	rule.text = port_alloc(len + 1);
	if (!rule.text)
		return -ENOMEM;
	if (len)
		memcpy(rule.text, line, len);
	err = parse_tokens(&rule, echo, ret_error);
	if (err || rule.action == ACTION_NONE)
		policy_rule_done(&rule);
	if (!err)
		*ret_rule = rule;
	return err;
}

/* Drops the rules behind the first count, after a bad line. */
static void cut_back(struct policy *policy, const struct policy *before)
{
	struct policy_rule *rules = policy->rules;
	size_t cap = policy->cap;

	for (size_t i = before->count; i < policy->count; i++)
		policy_rule_done(&rules[i]);
	*policy = *before;
	policy->rules = rules;
	policy->cap = cap;
}

static int add_line(struct policy *policy, const char *line, size_t len, policy_line_fn *each,
		    struct policy_error *ret_error)
{
	struct blob echo = { 0 };
	struct policy_rule rule;
	int err = policy_parse_line(line, len, each ? &echo : NULL, &rule, ret_error);

	if (!err && rule.action == ACTION_NONE) {
		blob_done(&echo);
		return 0;
	}
	if (!err) {
		err = policy_add(policy, &rule);
		if (err)
			policy_rule_done(&rule);
	}
	if (each)
		each(&echo, err);
	blob_done(&echo);
	return err;
}

int policy_parse(struct policy *policy, const char *text, size_t len, policy_line_fn *each,
		 struct policy_error *ret_error)
{
	const struct policy before = *policy;
	unsigned line = 1;
	int err = 0;

	if (len > POLICY_TEXT_MAX)
		return refuse(ret_error, 1, "the policy is too long", "");
	for (size_t at = 0; !err && at < len; line++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - text) - at : len - at;

		err = add_line(policy, text + at, line_len, each, ret_error);
		at += line_len + 1;
	}
	if (err) {
		cut_back(policy, &before);
		if (err == -ENOMEM)
			(void)refuse(ret_error, 1, "memory ran out", ""); /* for the reason only */
		ret_error->line = line - 1;
	}
	return err;
}
