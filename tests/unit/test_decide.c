/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_decide.c - the decision, which passes over rules by numbers derived from them, against one that looks
 * at every condition of every rule, on random policies and acts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fs/vfs.h"
#include "kernel/integrity/policy.h"
#include "kernel/integrity/policy_parse.h"
#include "tests/fake/fake_port.h"

static u64 seed = 88172645463325252ull;

static u32 pick(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)(seed >> 20) % below;
}

/* ---- as the language is described */

static bool compares(const struct policy_id *id, u32 value)
{
	return id->op == '<' ? value < id->value : id->op == '>' ? value > id->value : value == id->value;
}

static bool any_compares(const struct policy_id *id, u32 effective, u32 saved, u32 real, bool privileged)
{
	return compares(id, effective) || (privileged && (compares(id, saved) || compares(id, real)));
}

static bool holds(const struct policy_rule *r, const struct policy_query *q)
{
	const struct cred *c = q->cred;
	bool of_data = q->func == FUNC_KEY_CHECK || q->func == FUNC_CRITICAL_DATA;

	if (r->func == FUNC_SETXATTR_CHECK) return false;
	if (of_data ? r->func != q->func : (r->set & RULE_FUNC) && r->func != q->func) return false;
	if ((r->set & RULE_UID) && !compares(&r->uid, c->uid)) return false;
	if ((r->set & RULE_GID) && !compares(&r->gid, c->gid)) return false;
	if ((r->set & RULE_EUID) && !any_compares(&r->uid, c->euid, c->suid, c->uid, c->euid == 0)) return false;
	if ((r->set & RULE_EGID) && !any_compares(&r->gid, c->egid, c->sgid, c->gid, c->euid == 0)) return false;
	if ((r->set & RULE_LABEL) && strcmp(r->label, q->data) != 0) return false; /* lists of one word here */
	if (of_data) return true;
	if ((r->set & RULE_MASK) && (r->mask_contains ? !(r->mask & q->mask) : r->mask != q->mask)) return false;
	if ((r->set & RULE_FSMAGIC) && (!q->inode || r->fsmagic != q->inode->sb->magic)) return false;
	if ((r->set & RULE_FSNAME) && (!q->inode || strcmp(r->fsname, q->inode->sb->fsname) != 0)) return false;
	if ((r->set & RULE_FOWNER) && (!q->inode || !compares(&r->fowner, q->inode->uid))) return false;
	return !(r->set & RULE_FGROUP) || (q->inode && compares(&r->fgroup, q->inode->gid));
}

/* The rules that decide, by class; NULL for a class that none decides. */
static void deciding(const struct policy *policy, const struct policy_query *query, u32 classes,
		     const struct policy_rule *ret_rules[4])
{
	for (unsigned class = 0; class < 4; class++) {
		ret_rules[class] = NULL;
		for (size_t i = 0; (classes >> class & 1) && !ret_rules[class] && i < policy->count; i++)
			if ((policy->rules[i].action - 1u) / 2 == class && holds(&policy->rules[i], query))
				ret_rules[class] = &policy->rules[i];
	}
}

/* ---- random ones: numbers from few, so that limits are met */

static size_t add_id(char *text, size_t len, const char *name)
{
	static const char ops[] = "=<>";
	static const u32 values[] = { 0, 1, 2, 1000, 4294967294u };

	if (pick(3)) return len;
	return len + (size_t)sprintf(text + len, " %s%c%u", name, ops[pick(3)], values[pick(ARRAY_COUNT(values))]);
}

static size_t add_rule(char *text, size_t len)
{
	static const char *const actions[] = { "measure", "dont_measure", "appraise", "dont_appraise", "audit",
					       "dont_audit", "hash", "dont_hash" };
	static const char *const funcs[] = { "", " func=FILE_CHECK", " func=BPRM_CHECK", " func=MMAP_CHECK",
					     " func=POLICY_CHECK" };
	static const char *const masks[] = { "", "", " mask=MAY_READ", " mask=^MAY_READ", " mask=^MAY_WRITE",
					     " mask=MAY_EXEC" };
	static const char *const places[] = { "", "", "", " fsmagic=0x1234", " fsmagic=0x1234567812345678",
					      " fsname=tmpfs", " fsname=ext4", " fsname=smpfs" };
	unsigned action = pick(ARRAY_COUNT(actions) + 2);

	if (action >= ARRAY_COUNT(actions)) {
		len += (size_t)sprintf(text + len, "%s func=%s", pick(2) ? "measure" : "dont_measure",
				       pick(2) ? "KEY_CHECK" : pick(2) ? "CRITICAL_DATA label=a" : "CRITICAL_DATA");
		len = add_id(text, len, "uid");
		return len + (size_t)sprintf(text + len, "\n");
	}
	len += (size_t)sprintf(text + len, "%s%s%s%s", actions[action], funcs[pick(ARRAY_COUNT(funcs))],
			       masks[pick(ARRAY_COUNT(masks))], places[pick(ARRAY_COUNT(places))]);
	len = add_id(text, len, pick(2) ? "uid" : "euid");
	len = add_id(text, len, pick(2) ? "gid" : "egid");
	len = add_id(text, len, "fowner");
	len = add_id(text, len, "fgroup");
	if (action == 0 && !pick(3)) len += (size_t)sprintf(text + len, " pcr=%u", pick(64));
	return len + (size_t)sprintf(text + len, "\n");
}

static u32 random_id(void)
{
	static const u32 values[] = { 0, 1, 2, 3, 999, 1000, 1001, 4294967293u, 4294967294u };

	return values[pick(ARRAY_COUNT(values))];
}

static void compare(const struct policy *policy, const struct policy_query *query, u32 classes, const char *text)
{
	const struct policy_rule *want[4];
	struct policy_decision decision;
	u32 set = 0, given = 0, there = 0;
	bool good;

	for (size_t i = 0; i < policy->count; i++) /* a class that no rule can give is not looked for */
		if (policy->rules[i].action % 2) there |= 1u << (policy->rules[i].action - 1u) / 2;
	deciding(policy, query, classes & there, want);
	for (unsigned class = 0; class < 4; class++) {
		if (!want[class]) continue;
		set |= want[class]->set;
		if (want[class]->action % 2) given |= 1u << class;
	}
	/* An appraise rule takes back a hash that was given by a rule before it. */
	if ((given & CLASS_APPRAISE) && (given & CLASS_HASH) && want[3] < want[1]) given &= ~(u32)CLASS_HASH;
	policy_decide(policy, query, classes, &decision);
	good = decision.classes == given && decision.set == set &&
	       decision.measure_rule == (given & CLASS_MEASURE ? want[0] : NULL) &&
	       decision.appraise_rule == (given & CLASS_APPRAISE ? want[1] : NULL) &&
	       decision.pcr == ((given & CLASS_MEASURE) && (want[0]->set & RULE_PCR) ? want[0]->pcr : 10);
	if (!good)
		fail_msg("func %u mask %u uid %u euid %u gid %u: classes %u, not %u:\n%s", query->func, query->mask,
			 query->cred->uid, query->cred->euid, query->cred->gid, decision.classes, given, text);
}

static void decision_is_that_of_looking_at_everything(void **state)
{
	static const u8 funcs[] = { FUNC_FILE_CHECK, FUNC_BPRM_CHECK, FUNC_MMAP_CHECK, FUNC_POLICY_CHECK,
				    FUNC_KEXEC_CMDLINE, FUNC_KEY_CHECK, FUNC_CRITICAL_DATA };
	static const u32 masks[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_EXEC, MAY_WRITE | MAY_APPEND };
	static const u64 magics[] = { 0x1234, 0x1234567812345678, 0x12345678, 0 };
	static char text[8192];
	unsigned decided = 0;

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		struct policy policy = { 0 };
		struct policy_error error;
		size_t len = 0;

		for (u32 rules = 1 + pick(24); rules; rules--) len = add_rule(text, len);
		if (policy_parse(text, len, &policy, &error)) fail_msg("%s: %s", error.reason, text);
		for (unsigned query = 0; query < 200; query++) {
			struct superblock sb = { .magic = magics[pick(4)], .fsname = pick(2) ? "tmpfs" : "ext4" };
			struct inode inode = { .sb = &sb, .uid = random_id(), .gid = random_id() };
			struct cred cred = { .uid = random_id(), .euid = random_id(), .suid = random_id(),
					     .gid = random_id(), .egid = random_id(), .sgid = random_id() };
			struct policy_query q = { .func = funcs[pick(ARRAY_COUNT(funcs))],
						  .mask = masks[pick(ARRAY_COUNT(masks))], .cred = &cred,
						  .inode = &inode };

			if (pick(2)) cred.suid = cred.uid = cred.euid;
			if (pick(2)) cred.sgid = cred.gid = cred.egid;
			if (q.func >= FUNC_KEXEC_CMDLINE) {
				q.inode = NULL;
				q.mask = 0;
				q.data = pick(2) ? "a" : "b";
			}
			compare(&policy, &q, pick(4) ? 15 : pick(16), text);
			decided++;
		}
		policy_done(&policy);
	}
	assert_int_equal(decided, 400 * 200);
	assert_int_equal(fake_port_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(decision_is_that_of_looking_at_everything) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
