/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/policy_check.h - whether the kernel will take a policy: its own parser decides.
 *
 * Context    host programs.
 * Ownership  the text stays the caller's.
 * Errors     an exit status, with the sentences printed (tools/cli.h): "NAME:LINE:COLUMN: REASON: WORD".
 */
#pragma once

#include "tools/cli.h"

/*
 * Checks the text as the kernel does when it loads /etc/ima/ima-policy; name is for the sentences, of which there
 * are at most sentences, one a bad rule. ret_rules: how many rules there are.
 */
must_check int policy_check(const char *name, const struct buf *text, unsigned sentences, size_t *ret_rules);

/* A policy file, of at most as many bytes as the kernel takes. */
must_check int policy_read(const char *path, struct buf *text);
