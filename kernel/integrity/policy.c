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

static bool condition_holds(const struct policy_rule *rule, const struct policy_query *query, u32 condition) {
	const struct superblock *sb = query->inode ? query->inode->sb : NULL;
	const struct cred *c = query->cred;

	switch (condition) {
	case RULE_UID: return id_matches(&rule->uid, c->uid);
	case RULE_EUID: return effective_matches(&rule->uid, c, c->euid, c->suid, c->uid);
	case RULE_GID: return id_matches(&rule->gid, c->gid);
	case RULE_EGID: return effective_matches(&rule->gid, c, c->egid, c->sgid, c->gid);
	case RULE_KEYRINGS: return list_has(rule->keyrings, query->data);
	case RULE_LABEL: return list_has(rule->label, query->data);
	case RULE_FSMAGIC: return sb && rule->fsmagic == sb->magic;
	case RULE_FSNAME: return sb && strcmp(rule->fsname, sb->fsname) == 0;
	case RULE_FSUUID: return sb && memcmp(rule->fsuuid, sb->uuid, sizeof(rule->fsuuid)) == 0;
	case RULE_FOWNER: return sb && id_matches(&rule->fowner, query->inode->uid);
	case RULE_FGROUP: return sb && id_matches(&rule->fgroup, query->inode->gid);
	default: return false; /* RULE_SUBTYPE: no file system here has one */
	}
}

#define ABOUT_DATA (RULE_UID | RULE_EUID | RULE_GID | RULE_EGID | RULE_KEYRINGS | RULE_LABEL)
#define ABOUT_FILE (RULE_FSMAGIC | RULE_FSNAME | RULE_SUBTYPE | RULE_FSUUID | RULE_FOWNER | RULE_FGROUP)
/* Only a rule that names one of these matches it, and of its conditions the ids and the list count. */
#define FUNCS_OF_DATA (1u << FUNC_KEY_CHECK | 1u << FUNC_CRITICAL_DATA)

/* All conditions that the rule has; its func was looked at. */
static bool rule_matches(const struct policy_rule *rule, const struct policy_query *query) {
	const bool of_data = FUNCS_OF_DATA >> query->func & 1;

	if (rule->set & RULE_MASK && !of_data &&
	    !(rule->mask_contains ? rule->mask & query->mask : rule->mask == query->mask))
		return false;
	for (u32 left = rule->set & (of_data ? ABOUT_DATA : ABOUT_DATA | ABOUT_FILE); left; left &= left - 1)
		if (!condition_holds(rule, query, left & -left)) return false;
	return true;
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
	decision->set |= rule->set;
	if (!is_positive(rule->action)) return;
	decision->classes |= rule->class;
	if (rule->class == CLASS_MEASURE) decision->measure_rule = rule;
	if (rule->class == CLASS_APPRAISE) {
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

		if (!(rule->funcs >> query->func & 1) || !(rule->class & pending)) continue;
		if (!rule_matches(rule, query)) continue;
		pending &= ~(u32)rule->class;
		apply(rule, query->func, &decision);
	}
	*ret_decision = decision;
}

int policy_add(struct policy *policy, const struct policy_rule *rule) {
	struct policy_rule *added;

	if (policy->count == policy->cap) {
		size_t cap = policy->cap ? policy->cap * 2 : 16;
		struct policy_rule *bigger = port_alloc(cap * sizeof(*bigger));

		if (!bigger) return -ENOMEM;
		if (policy->count) memcpy(bigger, policy->rules, policy->count * sizeof(*bigger));
		port_free(policy->rules);
		policy->rules = bigger;
		policy->cap = cap;
	}
	added = &policy->rules[policy->count++];
	*added = *rule;
	added->class = (u8)action_class(rule->action);
	added->funcs = rule->set & RULE_FUNC ? 1u << rule->func : ~FUNCS_OF_DATA;
	if (rule->func == FUNC_SETXATTR_CHECK) { /* restricts labels; gives no action */
		added->funcs = 0;
		policy->setxattr_algos = policy->setxattr_algos ? policy->setxattr_algos : rule->algos;
		return 0;
	}
	policy->funcs |= added->funcs;
	policy->classes |= is_positive(rule->action) ? added->class : 0;
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
