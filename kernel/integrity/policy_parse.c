/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy_parse.c - the rule language, both ways: text to rules, and rules as text again.
 *
 * One table has every key of the language in the order in which Linux reads rules back; a row knows how to take the
 * key's value and how to show it. A line is copied and cut into tokens in place; what may stand together is checked at
 * the end of the line, so that the order of tokens does not matter (except template=, which needs the action before
 * it). Stricter than Linux: digest_type=verity with appraise_type=imasig is refused in either order, and so is anything
 * behind a UUID.
 */
#include "kernel/integrity/policy_parse.h"

#include "fs/vfs.h"

#define ID_MAX 4294967294u

/* What a key's value may be, or the actions. Aliases stand behind the canonical word of the same value. */
struct word {
	const char *text;
	u32 value;
};

static const struct word actions[] = {
	{ "measure", ACTION_MEASURE }, { "dont_measure", ACTION_DONT_MEASURE },
	{ "appraise", ACTION_APPRAISE }, { "dont_appraise", ACTION_DONT_APPRAISE },
	{ "audit", ACTION_AUDIT }, { "dont_audit", ACTION_DONT_AUDIT },
	{ "hash", ACTION_HASH }, { "dont_hash", ACTION_DONT_HASH }, { NULL, 0 },
};
static const struct word funcs[] = {
	{ "FILE_CHECK", FUNC_FILE_CHECK }, { "PATH_CHECK", FUNC_FILE_CHECK },
	{ "MMAP_CHECK", FUNC_MMAP_CHECK }, { "FILE_MMAP", FUNC_MMAP_CHECK },
	{ "MMAP_CHECK_REQPROT", FUNC_MMAP_CHECK_REQPROT }, { "BPRM_CHECK", FUNC_BPRM_CHECK },
	{ "CREDS_CHECK", FUNC_CREDS_CHECK }, { "MODULE_CHECK", FUNC_MODULE_CHECK },
	{ "FIRMWARE_CHECK", FUNC_FIRMWARE_CHECK }, { "KEXEC_KERNEL_CHECK", FUNC_KEXEC_KERNEL_CHECK },
	{ "KEXEC_INITRAMFS_CHECK", FUNC_KEXEC_INITRAMFS_CHECK }, { "POLICY_CHECK", FUNC_POLICY_CHECK },
	{ "KEXEC_CMDLINE", FUNC_KEXEC_CMDLINE }, { "KEY_CHECK", FUNC_KEY_CHECK },
	{ "CRITICAL_DATA", FUNC_CRITICAL_DATA }, { "SETXATTR_CHECK", FUNC_SETXATTR_CHECK }, { NULL, 0 },
};
static const struct word masks[] = {
	{ "MAY_EXEC", MAY_EXEC }, { "MAY_WRITE", MAY_WRITE }, { "MAY_READ", MAY_READ }, { "MAY_APPEND", MAY_APPEND },
	{ NULL, 0 },
};
static const struct word appraise_types[] = {
	{ "imasig", RULE_IMASIG }, { "imasig|modsig", RULE_IMASIG | RULE_MODSIG },
	{ "sigv3", RULE_IMASIG | RULE_SIGV3 }, { NULL, 0 },
};
static const struct word digest_types[] = { { "verity", RULE_VERITY }, { NULL, 0 } };

/* NULL when the text is no word of the table. */
static const struct word *find_word(const struct word *words, const char *text) {
	while (words->text && strcmp(words->text, text) != 0) words++;
	return words->text ? words : NULL;
}

static const char *word_text(const struct word *words, u32 value) {
	while (words->text && words->value != value) words++;
	return words->text ? words->text : "";
}

struct key {
	const char *name, *operators; /* a key without operators has no value */
	/* Takes the value that stands behind op to where it belongs; NULL, or what is wrong with it. */
	const char *(*parse)(const struct key *key, struct policy_rule *rule, void *field, char op, char *value);
	/* Appends the value; of a key with several operators the operator too. */
	void (*show)(const struct key *key, const struct policy_rule *rule, const void *field, struct blob *out);
	u32 bits;                     /* RULE_* that say that the key is there */
	u32 once;                     /* RULE_* of which none may be there before; 0 where a key may come again */
	size_t field;                 /* where in the rule */
	const struct word *words;
};

/* ---- values: how each kind is taken, and shown */

static const char *parse_number(const char *text, unsigned base, u64 max, u64 *ret_value, const char *why) {
	if (*text == '+') text++;
	if (base == 16 && text[0] == '0' && (text[1] | 0x20) == 'x') text += 2;
	return text_to_u64(text, strlen(text), base, max, ret_value) ? why : NULL;
}

static const char *parse_word(const struct key *key, struct policy_rule *, void *field, char, char *value) {
	const struct word *word = find_word(key->words, value);

	if (!word) return "the value is not known";
	*(u8 *)field = (u8)word->value;
	return NULL;
}

static void show_word(const struct key *key, const struct policy_rule *, const void *field, struct blob *out) {
	blob_text(out, word_text(key->words, *(const u8 *)field));
}

static const char *parse_mask(const struct key *key, struct policy_rule *rule, void *field, char op, char *value) {
	rule->mask_contains = *value == '^';
	return parse_word(key, rule, field, op, value + rule->mask_contains);
}

static void show_mask(const struct key *key, const struct policy_rule *rule, const void *field, struct blob *out) {
	blob_text(out, rule->mask_contains ? "^" : "");
	show_word(key, rule, field, out);
}

/* Words that stand for bits of rule.set. */
static const char *parse_bits(const struct key *key, struct policy_rule *rule, void *, char, char *value) {
	const struct word *word = find_word(key->words, value);

	rule->set |= word ? word->value : 0;
	return word ? NULL : "the value is not known";
}

static void show_bits(const struct key *key, const struct policy_rule *rule, const void *, struct blob *out) {
	blob_text(out, word_text(key->words, rule->set & key->bits));
}

/* A zero may be followed by another one, as on Linux. */
static const char *parse_hex(const struct key *, struct policy_rule *, void *field, char, char *value) {
	u64 *number = field;

	if (*number) return "the condition is given twice";
	return parse_number(value, 16, UINT64_MAX, number, "the value is no hexadecimal number");
}

static void show_hex(const struct key *, const struct policy_rule *, const void *field, struct blob *out) {
	blob_format(out, "0x%llx", (unsigned long long)*(const u64 *)field);
}

static const char *parse_text(const struct key *, struct policy_rule *, void *field, char, char *value) {
	*(const char **)field = value;
	return NULL;
}

static void show_text(const struct key *, const struct policy_rule *, const void *field, struct blob *out) {
	blob_text(out, *(const char *const *)field);
}

static const char *parse_list(const struct key *key, struct policy_rule *rule, void *field, char op, char *value) {
	if (value[0] == '|' || value[strlen(value) - 1] == '|' || strstr(value, "||"))
		return "the list has an empty name";
	return parse_text(key, rule, field, op, value);
}

static const char *parse_pcr(const struct key *, struct policy_rule *rule, void *, char, char *value) {
	u64 pcr = 0;
	const char *why = parse_number(value, 10, LOG_PCR_MAX, &pcr, "the value is no PCR (0 to 63)");

	rule->pcr = (u8)pcr;
	return why;
}

static void show_pcr(const struct key *, const struct policy_rule *rule, const void *, struct blob *out) {
	blob_format(out, "%u", rule->pcr);
}

static bool dash_before(unsigned byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

static const char *parse_uuid(const struct key *, struct policy_rule *, void *field, char, char *value) {
	static const char bad[] = "the value is no UUID (8-4-4-4-12 digits)";
	u8 *uuid = field;
	u64 byte;

	for (unsigned i = 0; i < 16; i++, value += 2) {
		if (dash_before(i) && *value++ != '-') return bad;
		if (strnlen(value, 2) < 2 || text_to_u64(value, 2, 16, 0xff, &byte)) return bad;
		uuid[i] = (u8)byte;
	}
	return *value ? bad : NULL;
}

static void show_uuid(const struct key *, const struct policy_rule *, const void *field, struct blob *out) {
	for (unsigned i = 0; i < 16; i++) {
		blob_text(out, dash_before(i) ? "-" : "");
		blob_hex(out, (const u8 *)field + i, 1);
	}
}

static const char *parse_id(const struct key *, struct policy_rule *, void *field, char op, char *value) {
	u64 number = 0;
	const char *why = parse_number(value, 10, ID_MAX, &number, "the value is no id (0 to 4294967294)");

	*(struct policy_id *)field = (struct policy_id){ op, (u32)number };
	return why;
}

/* As a signed number, as on Linux. */
static void show_id(const struct key *, const struct policy_rule *, const void *field, struct blob *out) {
	const struct policy_id *id = field;

	blob_format(out, "%c%d", id->op, (int)id->value);
}

static const char *parse_algos(const struct key *, struct policy_rule *rule, void *, char, char *value) {
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

static void show_algos(const struct key *, const struct policy_rule *rule, const void *, struct blob *out) {
	const char *before = "";

	for (unsigned id = 0; id < HASH_COUNT; id++) {
		if (!(rule->algos >> id & 1)) continue;
		blob_format(out, "%s%s", before, hash_name(id));
		before = ",";
	}
}

static const char *parse_template(const struct key *, struct policy_rule *rule, void *, char, char *value) {
	if (rule->action != ACTION_MEASURE) return "template= needs measure before it";
	rule->template = template_find(value, strlen(value));
	return rule->template ? NULL : "the template is not known";
}

static void show_template(const struct key *, const struct policy_rule *rule, const void *, struct blob *out) {
	blob_text(out, rule->template->name);
}

/* A key that is all there is to say, and a deprecated one whose value means nothing. */
static const char *parse_nothing(const struct key *, struct policy_rule *, void *, char, char *) { return NULL; }

static void show_nothing(const struct key *, const struct policy_rule *, const void *, struct blob *) { }

static const struct key keys[] = {
#define AT(member) offsetof(struct policy_rule, member)
	{ "func", "=", parse_word, show_word, RULE_FUNC, RULE_FUNC, AT(func), funcs },
	{ "mask", "=", parse_mask, show_mask, RULE_MASK, RULE_MASK, AT(mask), masks },
	{ "fsmagic", "=", parse_hex, show_hex, RULE_FSMAGIC, 0, AT(fsmagic), NULL },
	{ "fsname", "=", parse_text, show_text, RULE_FSNAME, 0, AT(fsname), NULL },
	{ "fs_subtype", "=", parse_text, show_text, RULE_SUBTYPE, RULE_SUBTYPE, AT(fs_subtype), NULL },
	{ "keyrings", "=", parse_list, show_text, RULE_KEYRINGS, RULE_KEYRINGS, AT(keyrings), NULL },
	{ "label", "=", parse_list, show_text, RULE_LABEL, RULE_LABEL, AT(label), NULL },
	{ "pcr", "=", parse_pcr, show_pcr, RULE_PCR, 0, 0, NULL },
	{ "fsuuid", "=", parse_uuid, show_uuid, RULE_FSUUID, RULE_FSUUID, AT(fsuuid), NULL },
	{ "uid", "=<>", parse_id, show_id, RULE_UID, RULE_UID | RULE_EUID, AT(uid), NULL },
	{ "euid", "=<>", parse_id, show_id, RULE_EUID, RULE_UID | RULE_EUID, AT(uid), NULL },
	{ "gid", "=<>", parse_id, show_id, RULE_GID, RULE_GID | RULE_EGID, AT(gid), NULL },
	{ "egid", "=<>", parse_id, show_id, RULE_EGID, RULE_GID | RULE_EGID, AT(gid), NULL },
	{ "fowner", "=<>", parse_id, show_id, RULE_FOWNER, RULE_FOWNER, AT(fowner), NULL },
	{ "fgroup", "=<>", parse_id, show_id, RULE_FGROUP, RULE_FGROUP, AT(fgroup), NULL },
	{ "appraise_algos", "=", parse_algos, show_algos, RULE_ALGOS, RULE_ALGOS, 0, NULL },
	{ "template", "=", parse_template, show_template, RULE_TEMPLATE, RULE_TEMPLATE, 0, NULL },
	{ "appraise_type", "=", parse_bits, show_bits, RULE_SIGNATURE, 0, 0, appraise_types },
	{ "digest_type", "=", parse_bits, show_bits, RULE_VERITY, 0, 0, digest_types },
	{ "permit_directio", "", parse_nothing, show_nothing, RULE_DIRECTIO, 0, 0, NULL },
	{ "appraise_flag", "=", parse_nothing, show_nothing, 0, 0, 0, NULL },
};

/* ---- tokens */

/* The key that the token begins with; *ret_len becomes the length of its name. */
static const struct key *find_key(const char *token, size_t *ret_len) {
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		const char *operators = keys[i].operators;
		size_t len = *ret_len = strlen(keys[i].name);

		if (strncmp(token, keys[i].name, len) != 0) continue;
		if (*operators ? token[len] && strchr(operators, token[len]) : !token[len]) return &keys[i];
	}
	return NULL;
}

static const char *parse_key(struct policy_rule *rule, const struct key *key, char *value, char op) {
	const char *why = NULL;

	if (op && !*value) return "the value is missing";
	if (rule->set & key->once) return "the condition is given twice";
	why = key->parse(key, rule, (char *)rule + key->field, op, value);
	if (!why && key->parse != parse_bits) rule->set |= key->bits;
	return why;
}

static const char *parse_token(struct policy_rule *rule, struct blob *echo, char *token) {
	const struct word *action = find_word(actions, token);
	const struct key *key;
	size_t len;

	if (action) {
		if (echo) blob_format(echo, "action=%s ", token);
		if (rule->action != ACTION_NONE) return "a rule has one action";
		rule->action = (u8)action->value;
		return NULL;
	}
	key = find_key(token, &len);
	if (echo && (!key || token[len])) blob_format(echo, "%s%s ", key ? "" : "UNKNOWN=", token);
	return key ? parse_key(rule, key, token + len + 1, token[len]) : "the word is not known";
}

void policy_rule_show(const struct policy_rule *rule, struct blob *out) {
	blob_format(out, "%s ", word_text(actions, rule->action));
	for (const struct key *key = keys; key < keys + ARRAY_COUNT(keys); key++) {
		if (!(rule->set & key->bits)) continue;
		blob_format(out, "%s%s", key->name, strlen(key->operators) == 1 ? "=" : "");
		key->show(key, rule, (const char *)rule + key->field, out);
		blob_text(out, " ");
	}
}

int policy_show(const struct policy *policy, struct blob *out) {
	for (size_t i = 0; i < policy->count; i++) {
		policy_rule_show(&policy->rules[i], out);
		blob_text(out, "\n");
	}
	return blob_status(out);
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
	text_printable(ret_error->token, sizeof(ret_error->token), token, strlen(token));
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

int policy_add_line(struct policy *policy, struct span *text, struct blob *echo, struct policy_error *ret_error) {
	const char *line = (const char *)text->base, *end = memchr(line, '\n', text->len);
	size_t len = end ? (size_t)(end - line) : text->len, used = len + !!end;
	struct policy_rule rule;
	int err = policy_parse_line(line, len, echo, &rule, ret_error);

	*text = (struct span){ text->base + used, text->len - used };
	if (!err && rule.action == ACTION_NONE) return 0;
	if (!err && policy->count >= POLICY_RULES_MAX)
		err = refuse(ret_error, 1, "the policy has too many rules", "");
	else if (!err)
		err = policy_add(policy, &rule);
	else
		return err;
	if (err) policy_rule_done(&rule);
	return err;
}

int policy_parse(const char *text, size_t len, struct policy *ret_policy, struct policy_error *ret_error) {
	struct span rest = { (const u8 *)text, len };
	struct policy policy = { 0 };
	unsigned line = 0;
	int err = len > POLICY_TEXT_MAX ? refuse(ret_error, 1, "the policy is too long", "") : 0;

	for (; !err && rest.len; line++) err = policy_add_line(&policy, &rest, NULL, ret_error);
	if (!err) {
		*ret_policy = policy;
		return 0;
	}
	policy_done(&policy);
	if (err == -ENOMEM) (void)refuse(ret_error, 1, "memory ran out", ""); /* for the reason only */
	ret_error->line = line ? line : 1;
	return err;
}
