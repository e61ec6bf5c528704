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
#define CLASS_MEASURE 1u
#define CLASS_APPRAISE 2u
#define CLASS_AUDIT 4u
#define CLASS_HASH 8u

enum policy_func {
	FUNC_NONE = 0,
	FUNC_FILE_CHECK, FUNC_MMAP_CHECK, FUNC_MMAP_CHECK_REQPROT, FUNC_BPRM_CHECK, FUNC_CREDS_CHECK,
	FUNC_MODULE_CHECK, FUNC_FIRMWARE_CHECK, FUNC_KEXEC_KERNEL_CHECK, FUNC_KEXEC_INITRAMFS_CHECK,
	FUNC_POLICY_CHECK, FUNC_KEXEC_CMDLINE, FUNC_KEY_CHECK, FUNC_CRITICAL_DATA, FUNC_SETXATTR_CHECK,
	FUNC_COUNT,
};

/* What a rule said, as bits of rule.set. */
#define RULE_FUNC (1u << 0)
#define RULE_MASK (1u << 1)
#define RULE_FSMAGIC (1u << 2)
#define RULE_FSNAME (1u << 3)
#define RULE_SUBTYPE (1u << 4)
#define RULE_FSUUID (1u << 5)
#define RULE_UID (1u << 6)
#define RULE_EUID (1u << 7)
#define RULE_GID (1u << 8)
#define RULE_EGID (1u << 9)
#define RULE_FOWNER (1u << 10)
#define RULE_FGROUP (1u << 11)
#define RULE_KEYRINGS (1u << 12)
#define RULE_LABEL (1u << 13)
#define RULE_PCR (1u << 14)
#define RULE_TEMPLATE (1u << 15)
#define RULE_ALGOS (1u << 16)
#define RULE_DIRECTIO (1u << 17)
#define RULE_VERITY (1u << 18)
#define RULE_IMASIG (1u << 19)
#define RULE_SIGV3 (1u << 20)
#define RULE_MODSIG (1u << 21)
#define RULE_SIGNATURE (RULE_IMASIG | RULE_SIGV3 | RULE_MODSIG)

struct policy_id {
	char op; /* '=', '<', '>' */
	u32 value;
};

struct policy_rule {
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
	size_t count;
	size_t cap;
	u32 classes;        /* CLASS_* that any rule can give */
	u32 funcs;          /* 1 << func for every func that any rule can match */
	u32 appraise_funcs; /* 1 << func for appraise rules */
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
	APPRAISE_FILE = 0, APPRAISE_MMAP, APPRAISE_BPRM, APPRAISE_CREDS, APPRAISE_READ, APPRAISE_CLASSES,
};

struct policy_decision {
	u32 classes;    /* CLASS_* to be done */
	u32 set;        /* RULE_* of all rules that decided, merged */
	u32 algos;      /* 0: any */
	u8 pcr;
	u8 appraise_class;
	const struct template *template; /* NULL: the default */
	const struct policy_rule *measure_rule;
	const struct policy_rule *appraise_rule;
};

u32 action_class(enum policy_action action);
bool action_is_positive(enum policy_action action);
const char *policy_func_name(unsigned func);

/* classes: those the caller cares for (without CLASS_APPRAISE where it is switched off). */
void policy_decide(const struct policy *policy, const struct policy_query *query, u32 classes,
		   struct policy_decision *ret_decision);

/* Takes over the rule's text on success. */
must_check int policy_add(struct policy *policy, const struct policy_rule *rule);
void policy_rule_done(struct policy_rule *rule);
void policy_done(struct policy *policy);

/* The rule in read-back form: each token followed by a blank; no newline. */
void policy_rule_show(const struct policy_rule *rule, struct blob *out);
/* The whole policy, one line a rule. */
must_check int policy_show(const struct policy *policy, struct blob *out);

/*
 * Text of the policies that ima_policy= names ("tcb|secure_boot", blanks or bars between), in Linux's order. NULL, and
 * names none of which is known, give the default policy; "none" gives an empty one. unknown is called for each
 * unknown name.
 */
must_check int policy_builtin_text(const char *names, void (*unknown)(const char *name, size_t len), struct blob *out);
/* True when name is among names. */
bool policy_names_have(const char *names, const char *name);
