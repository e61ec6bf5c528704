/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/integrity.h - the hooks' face: decide, collect, measure, appraise.
 *
 * One object travels the path: file, pinned bytes, decision (policy.h), digest, record
 * (template.h), log and PCR in one step (mlog.h), verdict (appraise.h).
 *
 * Context    task context; not preempted inside. The caller names the task for audit lines.
 * Ownership  nothing of the caller's is kept, except that inode->integrity holds the cached state.
 * Errors     -EACCES appraisal refused, -EIO TPM or log failed (whatever the rule), -ENOMEM, -ENOSPC.
 *            Every refusal has printed its audit line and, through port_log, a sentence with the reason.
 */
#pragma once

#include "crypto/keyring.h"
#include "fs/vfs.h"
#include "tpm/tpm.h"

enum appraise_mode { APPRAISE_ENFORCE = 0, APPRAISE_LOG, APPRAISE_FIX, APPRAISE_OFF };

/* Everything decided by the command line and the image; values of 0/NULL are the defaults of the design brief. */
struct integrity_config {
	struct tpm *tpm;                 /* NULL: no TPM, bypass as Linux does */
	enum appraise_mode appraise;
	const char *policy_names;        /* ima_policy=..., NULL: our default policy */
	const char *template_name;       /* ima_template= */
	const char *template_format;     /* ima_template_fmt= */
	bool format_first;               /* it stood before ima_template= */
	const char *hash_name;           /* ima_hash= */
	bool audit_informational;        /* integrity_audit=1 */
	const char *version;             /* of the kernel, for the record kernel_version; NULL: none */
};

/* Who is acting: for policy conditions and audit lines. */
struct integrity_task {
	u32 pid, ppid;
	const char *comm;
	const struct path *exe;  /* the program that runs; NULL: none */
	const struct cred *cred;
	const struct vfs_context *context; /* names in records are relative to its root */
	bool killed;                       /* a signal ends it: what it was doing is not finished */
};

/* Measures boot_aggregate as the first record, compiles the first policy, registers vfs hooks. */
must_check int integrity_init(const struct integrity_config *config);

/* Keyrings by name (".ima", ".evm", ".builtin_trusted_keys"); NULL for another name. */
struct keyring *integrity_keyring(const char *name);

/*
 * Loads /etc/keys/x509_ima.der, x509_evm.der, ca.der and /etc/ima/ima-policy of the measured image
 * if they are there: recorded, not appraised. A malformed one is an error (the caller halts): ret_why names it, without
 * the errno.
 */
must_check int integrity_load_image_keys(const struct vfs_context *context, const struct cred *cred, char *ret_why,
					 size_t why_cap);

/*
 * BPRM_CHECK: file was opened by vfs_open_exec and writers are already kept out (inode_deny_write).
 * Called once for the script and once for its interpreter, before a byte is mapped. name is the path as given to
 * execve. 0 means measured (if a rule says so) and appraised: the resident pages may be mapped. asked_only: nothing
 * will run, the program asks by AT_EXECVE_CHECK; the audit line of a refusal says so.
 */
must_check int integrity_bprm_check(const struct integrity_task *task, struct file *file, bool asked_only);
/* CREDS_CHECK: the final binary, with the credentials it will have. */
must_check int integrity_creds_check(const struct integrity_task *task, struct file *file, const struct cred *new_cred);
/* MMAP_CHECK: a file mapping that will be (prot) or was asked to be (reqprot) executable. */
must_check int integrity_mmap_check(const struct integrity_task *task, struct file *file, u32 reqprot, u32 prot);
/*
 * The same rules, when a mapping that was not executable becomes so: what they want measured is; one that wants the
 * file appraised refuses with -EPERM in every mode but off, as Linux does.
 */
must_check int integrity_mprotect_check(const struct integrity_task *task, struct file *file);

/*
 * Measures bytes that are no file, where a rule of func (enum policy_func: KEXEC_CMDLINE, KEY_CHECK, CRITICAL_DATA)
 * says so. label is the keyring or the kind of critical data, name stands in the record. how: HASH records the digest
 * instead of the bytes, ALWAYS records without a rule too. 0 also without a rule.
 */
enum { BUFFER_HASH = 1, BUFFER_ALWAYS = 2 };
must_check int integrity_measure_buffer(const struct integrity_task *task, unsigned func, const char *label,
					const char *name, struct span buffer, u32 how);

/* The list file nodes and "ima" symlinks under securityfs. */
must_check int integrity_register_nodes(struct superblock *securityfs);

/* The acting task of hooks called by fs: the kernel supplies it. */
void integrity_set_current(void (*current)(struct integrity_task *ret_task));

/* true once the log broke (promise 1): nothing that needs a record runs until reboot. */
bool integrity_log_broken(void);
