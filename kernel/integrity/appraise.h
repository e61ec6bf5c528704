/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/appraise.h - the verdict over a file: its digest against its label, security.ima.
 *
 * Decides and prints nothing; modes (enforce, log, fix), caching and audit lines are the caller's. Stricter than Linux
 * in three places: a label that names another algorithm than the digest's never matches, a digest label without
 * algorithm is MD5 or SHA-1 by its length or nothing, and version 1 signatures are refused.
 *
 * Context    task context; verifying allocates.
 * Ownership  the request's bytes stay the caller's; causes are static text.
 * Errors     every way out but one is a refusal; running out of memory gives VERDICT_UNKNOWN.
 * Source     the words of cause and their order are those of Linux's audit records for appraise_data.
 */
#pragma once

#include "crypto/keyring.h"
#include "kernel/integrity/policy.h"

/* What EVM found about security.ima: evm_verify's answer. */
enum evm_status {
	EVM_UNKNOWN = 0, /* no key loaded: EVM has no say */
	EVM_PASS,
	EVM_PASS_IMMUTABLE, /* a portable signature covers it */
	EVM_FAIL,
	EVM_FAIL_IMMUTABLE,
	EVM_NO_LABEL,
	EVM_NO_XATTRS,
};

struct appraise_request {
	struct digest digest;    /* of the content, by the algorithm that the label names where it is built */
	struct span label;       /* value of security.ima; no bytes: none */
	int label_err;           /* 0, -ENODATA for none, or why it could not be read */
	struct keyring *ima;     /* NULL: no key is known */
	enum evm_status evm;
	u32 demands;             /* RULE_SIGNATURE, RULE_SIGV3, RULE_VERITY: what the rule asked for */
	bool is_new;             /* made by this open, and not labelled yet */
	u64 size;                /* of the file, in bytes */
};

#define APPRAISE_WHY_MAX 128u

struct appraise_result {
	const char *cause;       /* Linux's word, "" when good */
	bool is_signature;       /* the label is a signature, good or not: the file is not to be written to */
	char why[APPRAISE_WHY_MAX]; /* half a sentence for people: "no key 7fa5d2b7 in .ima"; "" when good */
};

/* Fills *ret_result in any case. */
must_check enum verdict appraise_file(const struct appraise_request *request, struct appraise_result *ret_result);

/*
 * Whether a program may write this attribute (value NULL: remove it): 0, -EPERM without privilege or for a wrong kind,
 * -EINVAL not a label, -EACCES an algorithm that is not allowed. allowed_algos has a bit per hash id; 0: all built.
 * *ret_cause is Linux's word where set_data is to be audited, else NULL.
 */
must_check int appraise_xattr_check(const char *name, const void *value, size_t len, const struct cred *cred,
				    u32 allowed_algos, const char **ret_cause);
