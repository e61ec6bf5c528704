/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/audit.h - audit lines, in the words of Linux, through port_log.
 *
 * Texts that programs choose (names, comm) stand in quotes, or as upper-case hex without quotes when a byte of them
 * is a blank, a quote, a control byte or not ASCII: a line cannot be forged.
 *
 * Context    task context; allocates, and cuts the line when memory ran out (it is printed in any case).
 * Ownership  nothing is kept.
 * Source     the Linux audit records of types 1800 to 1808.
 */
#pragma once

#include "kernel/base/blob.h"
#include "kernel/integrity/integrity.h"

enum audit_type {
	AUDIT_DATA = 1800,
	AUDIT_METADATA = 1801,
	AUDIT_STATUS = 1802,
	AUDIT_PCR = 1804,
	AUDIT_RULE = 1805,
	AUDIT_POLICY_RULE = 1807,
	AUDIT_USERSPACE = 1808, /* as AUDIT_DATA, of a file that a program asked about (AT_EXECVE_CHECK) */
};

struct audit_event {
	enum audit_type type;
	const char *op;
	const char *cause;
	const char *name;          /* path or event name; NULL: none */
	const struct inode *inode; /* NULL: none */
	bool ok;
	int err;                   /* errno= value as it stands there; 0 but for buffers */
};

void audit_integrity(const struct integrity_task *task, const struct audit_event *event);
/* type 1805: what an audit rule asked for. */
void audit_file(const struct integrity_task *task, const char *name, const struct digest *digest);
/* type 1807: one rule of a policy that is being loaded. */
void audit_policy_rule(const struct blob *tokens, bool ok);

/* Appends text as described above. */
void audit_untrusted(struct blob *line, const char *text);
