/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy.c - matching. First match per class decides; a rule that says dont_ only closes its class.
 */
#include "kernel/integrity/policy.h"

#include "fs/vfs.h"

static u32 action_class(unsigned action) { return 1u << (action - 1) / 2; }

/* measure, not dont_measure. */
static bool is_positive(unsigned action) { return action & 1; }

static bool id_matches(const struct policy_id *id, u32 value) {
	return id->op == '<' ? value < id->value : id->op == '>' ? value > id->value : value == id->value;
}

/* A task that may change its ids is matched by any of them. */
static bool effective_matches(const struct policy_id *id, const struct cred *cred, u32 effective, u32 saved, u32 real) {
	if (id_matches(id, effective)) return true;
	return cred->euid == 0 && (id_matches(id, saved) || id_matches(id, real));
}

/* name is one of the list's words between bars. */
static bool list_has(const char *list, const char *name) {
	while (list) {
		const char *bar = strchr(list, '|');
		size_t len = bar ? (size_t)(bar - list) : strlen(list);

		if (name && strlen(name) == len && memcmp(list, name, len) == 0) return true;
		list = bar ? bar + 1 : NULL;
	}
	return false;
}

/* A condition that the rule does not have holds. */
#define HOLDS(condition, test) (!(rule->set & (condition)) || (test))

static bool cred_matches(const struct policy_rule *rule, const struct cred *c) {
	return HOLDS(RULE_UID, id_matches(&rule->uid, c->uid)) && HOLDS(RULE_GID, id_matches(&rule->gid, c->gid)) &&
	       HOLDS(RULE_EUID, effective_matches(&rule->uid, c, c->euid, c->suid, c->uid)) &&
	       HOLDS(RULE_EGID, effective_matches(&rule->gid, c, c->egid, c->sgid, c->gid));
}

static bool file_matches(const struct policy_rule *rule, const struct inode *inode) {
	return HOLDS(RULE_FSMAGIC, rule->fsmagic == inode->sb->magic) &&
	       HOLDS(RULE_FSNAME, strcmp(rule->fsname, inode->sb->fsname) == 0) &&
	       HOLDS(RULE_SUBTYPE, false) && /* no file system here has one */
	       HOLDS(RULE_FSUUID, memcmp(rule->fsuuid, inode->sb->uuid, sizeof(rule->fsuuid)) == 0) &&
	       HOLDS(RULE_FOWNER, id_matches(&rule->fowner, inode->uid)) &&
	       HOLDS(RULE_FGROUP, id_matches(&rule->fgroup, inode->gid));
}

static bool rule_matches(const struct policy_rule *rule, const struct policy_query *query) {
	const u32 about_file = RULE_FSMAGIC | RULE_FSNAME | RULE_SUBTYPE | RULE_FSUUID | RULE_FOWNER | RULE_FGROUP;

	/* Of keys and critical data: only a rule that names the func, and of the conditions the ids and the list. */
	if (query->func == FUNC_KEY_CHECK || query->func == FUNC_CRITICAL_DATA)
		return rule->func == query->func && cred_matches(rule, query->cred) &&
		       HOLDS(RULE_KEYRINGS, list_has(rule->keyrings, query->data)) &&
		       HOLDS(RULE_LABEL, list_has(rule->label, query->data));
	return HOLDS(RULE_FUNC, rule->func == query->func) &&
	       HOLDS(RULE_MASK, rule->mask_contains ? rule->mask & query->mask : rule->mask == query->mask) &&
	       HOLDS(about_file, query->inode && file_matches(rule, query->inode)) && cred_matches(rule, query->cred);
}

static u8 appraise_class_of(const struct policy_rule *rule, unsigned func) {
	static const u8 classes[FUNC_COUNT] = {
		[FUNC_FILE_CHECK] = APPRAISE_FILE, [FUNC_MMAP_CHECK] = APPRAISE_MMAP,
		[FUNC_MMAP_CHECK_REQPROT] = APPRAISE_MMAP, [FUNC_BPRM_CHECK] = APPRAISE_BPRM,
		[FUNC_CREDS_CHECK] = APPRAISE_CREDS,
	};

	return rule->set & RULE_FUNC ? classes[func] : APPRAISE_FILE;
}

static void apply(const struct policy_rule *rule, unsigned func, struct policy_decision *decision) {
	u32 class = action_class(rule->action);

	decision->set |= rule->set;
	if (!is_positive(rule->action)) return;
	decision->classes |= class;
	if (class == CLASS_MEASURE) decision->measure_rule = rule;
	if (class == CLASS_APPRAISE) {
		decision->appraise_rule = rule;
		decision->appraise_class = appraise_class_of(rule, func);
		decision->algos = rule->algos;
		decision->classes &= ~CLASS_HASH;
	}
	if (rule->set & RULE_PCR) decision->pcr = rule->pcr;
	if (rule->template) decision->template = rule->template;
}

void policy_decide(const struct policy *policy, const struct policy_query *query, u32 classes,
		   struct policy_decision *ret_decision) {
	struct policy_decision decision = { .pcr = LOG_DEFAULT_PCR };
	u32 pending = policy->funcs >> query->func & 1 ? classes & policy->classes : 0;

	for (size_t i = 0; pending && i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		u32 class = action_class(rule->action);

		if (!(class & pending) || !rule_matches(rule, query)) continue;
		pending &= ~class;
		apply(rule, query->func, &decision);
	}
	*ret_decision = decision;
}

int policy_add(struct policy *policy, const struct policy_rule *rule) {
	if (policy->count == policy->cap) {
		size_t cap = policy->cap ? policy->cap * 2 : 16;
		struct policy_rule *bigger = port_alloc(cap * sizeof(*bigger));

		if (!bigger) return -ENOMEM;
		if (policy->count) memcpy(bigger, policy->rules, policy->count * sizeof(*bigger));
		port_free(policy->rules);
		policy->rules = bigger;
		policy->cap = cap;
	}
	policy->rules[policy->count++] = *rule;
	if (rule->func == FUNC_SETXATTR_CHECK) { /* restricts labels; gives no action */
		policy->setxattr_algos = policy->setxattr_algos ? policy->setxattr_algos : rule->algos;
		return 0;
	}
	policy->funcs |= rule->set & RULE_FUNC ? 1u << rule->func : ~0u;
	policy->classes |= is_positive(rule->action) ? action_class(rule->action) : 0;
	if (rule->action == ACTION_APPRAISE && rule->set & RULE_FUNC) policy->appraise_funcs |= 1u << rule->func;
	return 0;
}

void policy_rule_done(struct policy_rule *rule) {
	port_free(rule->text);
	*rule = (struct policy_rule){ 0 };
}

void policy_done(struct policy *policy) {
	for (size_t i = 0; i < policy->count; i++) policy_rule_done(&policy->rules[i]);
	port_free(policy->rules);
	*policy = (struct policy){ 0 };
}
