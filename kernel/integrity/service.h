/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/service.h - the integrity service: what a caller with something to measure asks for.
 *
 * The calls are those of the design of 2008: must_measure (does the policy want it?), collect_measurement (what is its
 * digest?), store_measurement (put it on record) for its two kinds of data, a file and bytes of the caller's, and the
 * registration of templates with their display operation (template_register of template.h). The hooks of integrity.h
 * are made of these steps. Before the core's start, and with a policy without rules, nothing is wanted.
 *
 * Context    task context; not preempted inside.
 * Units      bytes.
 * Ownership  nothing of the caller's is kept; a decision points into the policy and is good until the next load.
 * Errors     -EINVAL, -EIO content that cannot be read or a log that is broken, -ENOMEM: nothing has been recorded
 *            then, or the log says that it broke. What comes twice is recorded once and is no error.
 */
#pragma once

#include "kernel/integrity/integrity.h"
#include "kernel/integrity/policy.h"
#include "kernel/integrity/template.h"

/* Decides without I/O and changes nothing but its result; all classes are in it. */
bool integrity_must_measure(const struct policy_query *query, struct policy_decision *ret_decision);

/* Of a regular file, once for each change of its content; -EINVAL also for O_DIRECT and a hash that is not built. */
must_check int integrity_collect(struct file *file, unsigned hash_id, struct digest *ret_digest);

/* The file's name, label and attributes are taken as they are now; template and PCR are the decision's. */
must_check int integrity_store_file(const struct integrity_task *task, struct file *file, const struct digest *digest,
				    const struct policy_decision *decision);

/*
 * Bytes under a name. template by name or format, NULL: ima-buf; -EINVAL there is none. hash_only: their digest stands
 * in the record in place of them. With the core not started nothing is recorded.
 */
must_check int integrity_store_data(const struct integrity_task *task, const char *template, u32 pcr,
				    const char *name, struct span data, bool hash_only);
