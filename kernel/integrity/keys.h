/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/keys.h - keys as programs see them: the trusted rings, and rings of users and processes.
 *
 * A key has a serial number and lies in one ring. The trusted rings (.builtin_trusted_keys, .ima, .evm) are those that
 * appraisal uses; to .ima and .evm a certificate is added only when a builtin trusted key signed it. What else is kept
 * here has no meaning to the kernel, and goes with the process or stays for the user it belongs to. Each certificate is
 * shown to KEY_CHECK rules before its key counts; until the first loaded policy it is queued for them.
 *
 * Context    task context.
 * Ownership  what is added is copied; a description is valid until the next call.
 * Errors     as Linux's add_key, keyctl and request_key: -ENOKEY no such key or nobody trusted signed it, -EACCES,
 *            -EPERM, -EDQUOT, -ENODEV unknown type, -ENOTDIR no ring, -EBADMSG no certificate, -EOPNOTSUPP, -EINVAL,
 *            -ENOMEM; of recording those of integrity.h.
 */
#pragma once

#include "kernel/base/blob.h"
#include "kernel/integrity/integrity.h"

/* Rings that a program names by what they are to it. */
enum { KEYS_THREAD = -1, KEYS_PROCESS = -2, KEYS_SESSION = -3, KEYS_USER = -4, KEYS_USER_SESSION = -5 };

struct keys_caller {
	const struct integrity_task *task;
	u64 process; /* a number that no other process ever has; not 0 */
};
/* Whether the process lives; *ret_parent is its parent's number, 0 when it has none. A session ring is inherited. */
typedef bool keys_process_fn(u64 process, u64 *ret_parent);
void keys_set_processes(keys_process_fn *lookup);

/* Each returns a serial number. ring, where a key is meant, is a serial number or one of the names above. */
s32 keys_add(const struct keys_caller *caller, const char *type, const char *description, struct span payload,
	     s32 ring);
s32 keys_search(const struct keys_caller *caller, s32 ring, const char *type, const char *description);
s32 keys_ring(const struct keys_caller *caller, s32 ring, bool create);
s32 keys_join_session(const struct keys_caller *caller, const char *name);

/* "type;uid;gid;perm;description" with its NUL. */
must_check int keys_describe(const struct keys_caller *caller, s32 key, struct blob *out);
/* The serial numbers in a ring, the payload of a user's key. */
must_check int keys_read(const struct keys_caller *caller, s32 key, struct blob *out);
must_check int keys_unlink(const struct keys_caller *caller, s32 key, s32 ring);
/* /proc/keys: those that the caller may view. */
must_check int keys_show(const struct cred *cred, struct blob *out);

/* For core.h: measures what was queued; frees everything. */
void keys_measure_queued(void);
void keys_done(void);
