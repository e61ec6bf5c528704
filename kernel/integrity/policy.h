/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy.h - rules, and what they decide.
 *
 * A policy is a list of rules in the order they were written. For every action class (measure, appraise, audit, hash)
 * the first rule that matches decides; all conditions of a rule must hold. There are no exceptions in code: the
 * built-in policies are text, compiled by policy_parse.c like everybody's.
 *
 * Context    any; policy_decide does no I/O and changes nothing but its result.
 * Ownership  a policy owns its rules; a rule owns its text. A decision points into the policy.
 * Errors     -EINVAL a rule is refused (policy_parse.h says why), -ENOMEM.
 */
#pragma once

#include "kernel/base/blob.h"
#include "kernel/integrity/template.h"

struct cred;

enum policy_action {
	ACTION_NONE = 0,
	ACTION_MEASURE, ACTION_DONT_MEASURE, ACTION_APPRAISE, ACTION_DONT_APPRAISE,
	ACTION_AUDIT, ACTION_DONT_AUDIT, ACTION_HASH, ACTION_DONT_HASH,
};

/* Action classes, as bits. */
enum { CLASS_MEASURE = 1, CLASS_APPRAISE = 2, CLASS_AUDIT = 4, CLASS_HASH = 8 };

enum policy_func {
	FUNC_NONE = 0,
	FUNC_FILE_CHECK, FUNC_MMAP_CHECK, FUNC_MMAP_CHECK_REQPROT, FUNC_BPRM_CHECK, FUNC_CREDS_CHECK,
	FUNC_MODULE_CHECK, FUNC_FIRMWARE_CHECK, FUNC_KEXEC_KERNEL_CHECK, FUNC_KEXEC_INITRAMFS_CHECK,
	FUNC_POLICY_CHECK, FUNC_KEXEC_CMDLINE, FUNC_KEY_CHECK, FUNC_CRITICAL_DATA, FUNC_SETXATTR_CHECK,
	FUNC_COUNT,
};

/* What a rule said, as bits of rule.set. */
enum {
	RULE_FUNC = 1 << 0, RULE_MASK = 1 << 1, RULE_FSMAGIC = 1 << 2, RULE_FSNAME = 1 << 3, RULE_SUBTYPE = 1 << 4,
	RULE_FSUUID = 1 << 5, RULE_UID = 1 << 6, RULE_EUID = 1 << 7, RULE_GID = 1 << 8, RULE_EGID = 1 << 9,
	RULE_FOWNER = 1 << 10, RULE_FGROUP = 1 << 11, RULE_KEYRINGS = 1 << 12, RULE_LABEL = 1 << 13,
	RULE_PCR = 1 << 14, RULE_TEMPLATE = 1 << 15, RULE_ALGOS = 1 << 16, RULE_DIRECTIO = 1 << 17,
	RULE_VERITY = 1 << 18, RULE_IMASIG = 1 << 19, RULE_SIGV3 = 1 << 20, RULE_MODSIG = 1 << 21,
	RULE_SIGNATURE = RULE_IMASIG | RULE_SIGV3 | RULE_MODSIG,
};

/* A bit for each pair of an action class and a func. */
#define POLICY_GATE(class, func) ((1ull << (func)) << 16 * __builtin_ctz(class))

struct policy_id {
	char op; /* '=', '<', '>' */
	u32 value;
};

struct policy_rule {
	/* What policy_add derives from the rest, so that a rule that does not match is passed over in a few steps. */
	u64 gate;           /* POLICY_GATE(class, func) for every func that it can match */
	u64 low, span;      /* it matches only if the query's value number test is from low to low + span */
	u8 test;
	u8 class;           /* CLASS_* */
	/* What it says. */
	u8 action;          /* enum policy_action */
	u8 func;            /* enum policy_func */
	u8 mask;            /* one MAY_* */
	bool mask_contains; /* ^: contains instead of equals */
	u8 pcr;
	u32 set;            /* RULE_* */
	u32 algos;          /* appraise_algos: bit per enum hash_id */
	u64 fsmagic;
	u8 fsuuid[16];
	struct policy_id uid, gid, fowner, fgroup; /* uid also holds euid, gid egid */
	const char *fsname, *fs_subtype, *keyrings, *label; /* into text */
	const struct template *template;
	char *text;         /* own copy of the line, cut into tokens */
};

struct policy {
	struct policy_rule *rules;
	size_t count, cap;
	u32 classes;        /* CLASS_* that any rule can give */
	u32 funcs;          /* 1 << func for every func that any rule can match */
	u32 appraise_funcs; /* 1 << func for appraise rules */
	u32 tests;          /* 1 << test for every value that any rule is passed over for */
	u32 setxattr_algos; /* of the first SETXATTR_CHECK rule; 0: any */
};

/* What is asked. inode NULL for buffers; data is the keyring's name or the critical data's label. */
struct policy_query {
	u8 func;
	u32 mask;
	const struct cred *cred;
	const struct inode *inode;
	const char *data;
};

/* Which cached verdict an appraisal belongs to. */
enum appraise_class {
	APPRAISE_READ = 0, APPRAISE_FILE, APPRAISE_MMAP, APPRAISE_BPRM, APPRAISE_CREDS, APPRAISE_CLASSES,
};

struct policy_decision {
	u32 classes;    /* CLASS_* to be done */
	u32 set;        /* RULE_* of all rules that decided, merged */
	u32 algos;      /* 0: any */
	u8 pcr;
	u8 appraise_class;
	const struct template *template; /* NULL: the default */
	const struct policy_rule *measure_rule, *appraise_rule;
};

/* classes: those the caller cares for (without CLASS_APPRAISE where it is switched off). */
void policy_decide(const struct policy *policy, const struct policy_query *query, u32 classes,
		   struct policy_decision *ret_decision);

/* Takes over the rule's text on success. */
must_check int policy_add(struct policy *policy, const struct policy_rule *rule);
/* Room for count more rules: policy_add cannot fail for them. */
must_check int policy_reserve(struct policy *policy, size_t count);
void policy_rule_done(struct policy_rule *rule);
void policy_done(struct policy *policy);

/* The rule in read-back form: each token followed by a blank; no newline. */
void policy_rule_show(const struct policy_rule *rule, struct blob *out);
/* The whole policy, one line a rule. */
must_check int policy_show(const struct policy *policy, struct blob *out);

/*
 * Text of the policies that ima_policy= names ("tcb|secure_boot", blanks or bars between), in Linux's order. NULL, and
 * names none of which is known, give the default policy, exec_tcb; "none" gives an empty one. Unknown names are logged.
 */
must_check int policy_builtin_text(const char *names, struct blob *out);
/* True when name is among names. */
bool policy_names_have(const char *names, const char *name);
