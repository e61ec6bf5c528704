/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/core.h - the integrity core's one state, and the steps that its files share.
 *
 * Only kernel/integrity includes it.
 *
 * Context    task context.
 * Ownership  core owns log, policy, keyrings.
 * Errors     see integrity.h.
 */
#pragma once

#include "kernel/integrity/icache.h"
#include "kernel/integrity/integrity.h"
#include "kernel/integrity/mlog.h"
#include "kernel/integrity/policy_load.h"

enum { RING_BUILTIN, RING_IMA, RING_EVM, RING_COUNT };

struct core {
	struct mlog *log;
	struct policy policy;
	enum appraise_mode mode;
	unsigned default_hash;
	const struct template *default_template;
	struct keyring *rings[RING_COUNT];
	struct vfs_context real;       /* the real root: names in records are seen from here */
	bool has_root;
	bool use_image;                /* false: the image's keys are not recorded, its policy is not loaded */
	bool image_done;               /* what is loaded from now on comes at run time */
	bool custom_policy;            /* the policy was loaded; another one is appended to it */
	struct policy_load load;
	struct tpm *tpm;               /* for its description; NULL: none */
	const char *version;
	bool signed_policy_required;   /* sticky */
	u32 setxattr_algos;            /* the first such rule's, until reboot */
	bool audit_informational;
	bool break_reported;
	void (*current)(struct integrity_task *ret_task);
};
extern struct core core;

/* One access on its way: decide, collect, measure, appraise. */
struct access {
	const struct integrity_task *task;
	const struct cred *cred;
	struct file *file;
	struct inode *inode;
	u8 func;                       /* enum policy_func */
	u32 mask;                      /* MAY_* */
	bool created;                  /* this open made the file */
	bool asked;                    /* nothing will run: AT_EXECVE_CHECK */
	struct policy_decision decision;
	struct icache *state;
	struct blob label;             /* security.ima */
	int label_err;                 /* 0, -ENODATA, or another errno of reading it */
	struct digest digest;
	const char *no_digest;         /* why there is none and zeros are recorded, in the words of the audit line */
	char *name;
};

/*
 * The four steps and what stands around them. 0 allows. CREATED: this open made the file. RECORD_ONLY: the file is
 * recorded whatever the rules say (they may name PCR and template), and not appraised. SIGNED: it must have a good
 * signature, whatever the rules say. ASKED: integrity_bprm_check. PROTECT: integrity_mprotect_check.
 */
enum check_how {
	CHECK_BY_RULES = 0, CHECK_CREATED, CHECK_RECORD_ONLY, CHECK_SIGNED, CHECK_ASKED, CHECK_PROTECT,
};
must_check int check_file(const struct integrity_task *task, const struct cred *cred, struct file *file, unsigned func,
			  u32 mask, enum check_how how);

/* Puts the event on record: builds, appends, extends. -EEXIST counts as success; other failures have been audited. */
must_check int core_record(const struct integrity_task *task, const struct template *template, u32 pcr,
			   const struct event *event);
/* The digest of a file's content; -EIO when a page cannot be had. */
must_check int core_hash_file(struct inode *inode, unsigned hash_id, struct digest *ret_digest);

/* The path as records name it, NUL-terminated; the caller frees. -ENAMETOOLONG, -ENOMEM. */
must_check int core_name(const struct integrity_task *task, const struct path *path, char **ret_name);

/* Records boot_aggregate of the TPM, which may be NULL. Errors of tpm_pcr_read and core_record, audited. */
must_check int core_measure_aggregate(struct tpm *tpm);

/* What a load of a policy for task stands on: what is in force now, reading files, putting rules in force. */
struct policy_load_env core_load_env(const struct integrity_task *task);
/* The content of a policy's file, once the hooks allow it. */
must_check int core_read_policy(const struct integrity_task *task, const char *path, bool must_be_signed,
				struct blob *out);
/* Records what a CRITICAL_DATA rule wants of the platform: version, TPM, policy. The same at every boot. */
must_check int core_measure_critical(void);
/* Records the digest of a policy's text. how is of integrity_measure_buffer. */
must_check int core_record_policy(const struct integrity_task *task, struct span text, u32 how);
/* The acting task, with the given credentials where they are not NULL. */
struct integrity_task core_current_task(const struct cred *cred);
/* Measures what KEY_CHECK rules want of the keys that are in the rings. */
must_check int core_measure_keys(void);
/* The kernel itself, as Linux names it before there are tasks. */
const struct integrity_task *core_boot_task(void);
/* Prints why something was refused; name may be any bytes, why may be "". */
void core_say_refused(const char *name, int err, const char *cause, const char *why, const struct policy_rule *rule);
/* Frees everything but what hangs on inodes: a failed start, tests. The hooks stay and find nothing to do. */
void core_done(void);
