/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy_load.h - loading a policy: from open over writes to close, by one opener at a time.
 *
 *   idle --open--> busy, valid --a write fails--> busy, not valid --release--> idle
 *
 * Rules gather in the load and count only when release commits them, all or none. Nothing here is global: what is
 * in force and how files are read comes with struct policy_load_env.
 *
 * Context    task context; hostile input.
 * Ownership  a load owns its rules until they are committed.
 * Errors     -EBUSY somebody loads already; -EINVAL a bad line, -EACCES a signed policy is required, -E2BIG no room for
 *            more rules or bytes, -ENOMEM, and what reading a file or committing says. The refused write has printed
 *            Linux's audit lines and, through port_log, a sentence.
 */
#pragma once

#include "kernel/integrity/integrity.h"
#include "kernel/integrity/policy_parse.h"

/* A write takes at most this much, as on Linux. */
#define POLICY_WRITE_MAX (PAGE_SIZE - 1)

struct policy_load {
	struct policy rules;
	size_t bytes;    /* of text that was taken */
	unsigned line;   /* of the text that is written, for sentences */
	bool busy, valid;
};

struct policy_load_env {
	const struct integrity_task *task;
	size_t rules_before;     /* those that stay in force beside the new ones */
	bool signed_required;    /* by a rule in force, or by one that ever was */
	bool enforce;            /* rules about POLICY_CHECK count: appraisal enforces */
	/* The content of the file, after the POLICY_CHECK hook allowed it; signed: it must have a good signature. */
	int (*read)(const struct integrity_task *task, const char *path, bool must_be_signed, struct blob *out);
	/* Puts the rules in force; takes them out of *rules, or fails and changes nothing. */
	int (*commit)(const struct integrity_task *task, struct policy *rules);
};

must_check int policy_load_open(struct policy_load *load);
/*
 * One write: a rule, as text up to the first newline, or a path (it begins with '/') to a file of rules. Returns the
 * bytes that were taken, the newline among them.
 */
ssize policy_load_write(struct policy_load *load, const struct policy_load_env *env, const char *text, size_t len);
/* All lines of a text; the first bad one ends it. */
must_check int policy_load_text(struct policy_load *load, const struct policy_load_env *env, struct span text,
				struct policy_error *ret_error);
/* Commits what was loaded, or discards it: without rules, or when a write failed. 0: in force. */
int policy_load_release(struct policy_load *load, const struct policy_load_env *env);
