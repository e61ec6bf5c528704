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

/* The values of a query that a rule can be passed over for. */
enum {
	TEST_NOTHING, TEST_UID, TEST_GID, TEST_EUID, TEST_EGID, TEST_FOWNER, TEST_FGROUP, TEST_FSMAGIC, TEST_FSNAME,
	TEST_COUNT
};

/* Equal names have equal numbers. */
static u64 name_number(const char *name) {
	u64 number = 0;

	while (*name) number = number * 31 + (u8)*name++;
	return number;
}

/* Makes values what the query says; any gets all bits for a value that is more than one number. */
static void look_at(const struct policy *policy, const struct policy_query *query, u64 values[TEST_COUNT],
		    u64 any[TEST_COUNT]) {
	const struct inode *inode = query->inode;
	const struct cred *c = query->cred;

	values[TEST_UID] = c->uid;
	values[TEST_GID] = c->gid;
	values[TEST_EUID] = c->euid;
	values[TEST_EGID] = c->egid;
	if (c->euid == 0) { /* then the saved and the real ones count too, see effective_matches */
		if (c->suid != 0 || c->uid != 0) any[TEST_EUID] = UINT64_MAX;
		if (c->sgid != c->egid || c->gid != c->egid) any[TEST_EGID] = UINT64_MAX;
	}
	if (!inode) return;
	values[TEST_FOWNER] = inode->uid;
	values[TEST_FGROUP] = inode->gid;
	values[TEST_FSMAGIC] = inode->sb->magic;
	if (policy->tests >> TEST_FSNAME & 1) values[TEST_FSNAME] = name_number(inode->sb->fsname);
}

void policy_decide(const struct policy *policy, const struct policy_query *query, u32 classes,
		   struct policy_decision *ret_decision) {
	struct policy_decision decision = { .pcr = LOG_DEFAULT_PCR };
	const struct policy_rule *end = policy->count ? policy->rules + policy->count : NULL;
	u64 values[TEST_COUNT] = { 0 }, any[TEST_COUNT] = { 0 }, pending = 0;

	for (u32 left = classes & policy->classes; left; left &= left - 1) pending |= POLICY_GATE(left, query->func);
	look_at(policy, query, values, any);
	if (!(policy->funcs >> query->func & 1)) pending = 0;
	for (const struct policy_rule *rule = policy->rules; pending && rule < end; rule++) {
		if (!(rule->gate & pending) || values[rule->test] - rule->low > (rule->span | any[rule->test]))
			continue;
		if (!rule_matches(rule, query)) continue;
		pending &= ~POLICY_GATE(rule->class, query->func);
		apply(rule, query->func, &decision);
	}
	*ret_decision = decision;
}

static void set_test(struct policy_rule *rule, u8 test, const struct policy_id *id) {
	rule->test = test;
	rule->low = id->op == '<' ? 0 : id->value + (u64)(id->op == '>');
	rule->span = id->op == '=' ? 0 : id->op == '<' ? id->value : UINT32_MAX;
}

/* The one condition that tells most rules apart, the owner of files, before the others. */
static void derive(struct policy_rule *rule) {
	u64 funcs = rule->set & RULE_FUNC ? 1u << rule->func : (1u << FUNC_COUNT) - 1 - FUNCS_OF_DATA;

	rule->class = (u8)action_class(rule->action);
	rule->gate = rule->func == FUNC_SETXATTR_CHECK ? 0 : funcs << 16 * __builtin_ctz(rule->class);
	if (rule->set & RULE_FOWNER) {
		set_test(rule, TEST_FOWNER, &rule->fowner);
	} else if (rule->set & RULE_FGROUP) {
		set_test(rule, TEST_FGROUP, &rule->fgroup);
	} else if (rule->set & RULE_UID) {
		set_test(rule, TEST_UID, &rule->uid);
	} else if (rule->set & RULE_GID) {
		set_test(rule, TEST_GID, &rule->gid);
	} else if (rule->set & RULE_EUID) {
		set_test(rule, TEST_EUID, &rule->uid);
	} else if (rule->set & RULE_EGID) {
		set_test(rule, TEST_EGID, &rule->gid);
	} else if (rule->set & RULE_FSMAGIC) {
		rule->test = TEST_FSMAGIC;
		rule->low = rule->fsmagic;
	} else if (rule->set & RULE_FSNAME) {
		rule->test = TEST_FSNAME;
		rule->low = name_number(rule->fsname);
	}
}

int policy_reserve(struct policy *policy, size_t count) {
	size_t cap = max_u64(policy->count + count, max_u64(2 * policy->cap, 16));
	struct policy_rule *bigger;

	if (policy->count + count <= policy->cap) return 0;
	bigger = port_alloc(cap * sizeof(*bigger));
	if (!bigger) return -ENOMEM;
	if (policy->count) memcpy(bigger, policy->rules, policy->count * sizeof(*bigger));
	port_free(policy->rules);
	policy->rules = bigger;
	policy->cap = cap;
	return 0;
}

int policy_add(struct policy *policy, const struct policy_rule *rule) {
	struct policy_rule *added;

	TRY(policy_reserve(policy, 1));
	added = &policy->rules[policy->count++];
	*added = *rule;
	derive(added);
	if (rule->func == FUNC_SETXATTR_CHECK) { /* restricts labels; gives no action */
		policy->setxattr_algos = policy->setxattr_algos ? policy->setxattr_algos : rule->algos;
		return 0;
	}
	policy->funcs |= rule->set & RULE_FUNC ? 1u << rule->func : ~FUNCS_OF_DATA;
	policy->tests |= 1u << added->test;
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
