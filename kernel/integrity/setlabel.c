/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/setlabel.c - security.ima and security.evm are written: who may, which values, what is forgotten.
 *
 * A digest stays known over a change of its label only as far as its algorithm does, so all that is known goes.
 */
#include "kernel/integrity/appraise.h"
#include "kernel/integrity/audit.h"
#include "kernel/integrity/core.h"

#define LABEL_NAME "security.ima"
#define EVM_NAME "security.evm"

static void audit_refusal(const struct integrity_task *task, const struct path *path, const char *cause) {
	struct audit_event event = { .type = AUDIT_DATA, .op = "set_data", .cause = cause, .inode = path_inode(path),
				     .name = path->dentry->name };
	char *name = NULL;

	if (core_name(task, path, &name) == 0) event.name = name;
	audit_integrity(task, &event);
	port_free(name);
}

static void forget(const struct path *path, const char *name) {
	struct icache *state = icache_peek(path_inode(path));

	if (state && strcmp(name, LABEL_NAME) == 0) icache_forget(state);
}

int core_check_setxattr(const struct integrity_task *task, const struct path *path, const char *name, struct span value)
{
	const char *cause = NULL;
	int err = appraise_xattr_check(name, value.base, value.len, task->cred, core.setxattr_algos, &cause);

	if (err && cause) audit_refusal(task, path, cause);
	if (!err) forget(path, name);
	return err;
}

int core_check_removexattr(const struct integrity_task *task, const struct path *path, const char *name) {
	if (strcmp(name, LABEL_NAME) != 0 && strcmp(name, EVM_NAME) != 0) return 0;
	if (task->cred->euid != 0) return -EPERM;
	forget(path, name);
	return 0;
}
