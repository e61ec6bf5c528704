/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/imageload.c - files that the kernel reads itself: the keys and the policy that the measured
 * image brings, and policies that are named at run time.
 *
 * What the image brings is part of what the firmware and the stub measured, so it is recorded and not appraised. Every
 * such file is recorded before it takes effect; a malformed one stops the start.
 */
#include "kernel/integrity/core.h"

#define KEY_FILE_MAX (1u << 20)
#define POLICY_PATH "/etc/ima/ima-policy"

/* Where from, for whom, and where the reason goes. */
struct load {
	const struct vfs_context *context;
	const struct cred *cred;
	char *why;
	size_t why_cap;
};

static int explain(const struct load *load, const char *path, int err, const char *reason) {
	text_format(load->why, load->why_cap, "%s: %s", path, reason);
	return err;
}

/* -EINVAL: there is nothing in it. */
static int read_whole(struct inode *inode, size_t max, struct blob *out) {
	u8 *room = inode->size && inode->size <= max ? blob_room(out, inode->size) : NULL;

	if (!inode->size) return -EINVAL;
	if (!room) return inode->size <= max ? -ENOMEM : -EFBIG;
	return inode_read(inode, 0, room, out->len) == (ssize)out->len ? 0 : -EIO;
}

/* Opens, records and reads the file. Without the file: 0, and out->base stays NULL. */
static int take_file(const struct load *load, const char *path, size_t max, struct blob *out) {
	struct integrity_task task = *core_boot_task();
	RELEASED(file_drop) struct file *file = NULL;
	int err = vfs_open(load->context, NULL, path, O_RDONLY, 0, load->cred, &file);

	if (err == -ENOENT) return 0;
	if (err) return explain(load, path, err, "cannot be opened");
	if ((file->inode->mode & S_IFMT) != S_IFREG) return explain(load, path, -EINVAL, "is no regular file");
	task.context = load->context;
	if (core.use_image) err = check_file(&task, task.cred, file, FUNC_POLICY_CHECK, MAY_READ, CHECK_RECORD_ONLY);
	if (err) return explain(load, path, err, "cannot be recorded");
	err = read_whole(file->inode, max, out);
	return err ? explain(load, path, err, err == -EINVAL ? "is empty" : "cannot be read") : 0;
}

static int load_keys(const struct load *load, const char *path, struct keyring *ring) {
	RELEASED(blob_done) struct blob der = { 0 };
	size_t count = 0;
	int err;

	TRY(take_file(load, path, KEY_FILE_MAX, &der));
	if (!der.base) return 0;
	err = keyring_add(ring, der.base, der.len, NULL, &count);
	if (err) return explain(load, path, err, "holds no certificates that can be used");
	port_log(LOG_INFO, "assay: %s: %zu key%s loaded into %s", path, count, count == 1 ? "" : "s",
		 keyring_name(ring));
	return 0;
}

int core_read_policy(const struct integrity_task *task, const char *path, bool must_be_signed, struct blob *out) {
	RELEASED(file_drop) struct file *file = NULL;
	int err;

	TRY(vfs_open(task->context, NULL, path, O_RDONLY, 0, task->cred, &file));
	if (!inode_is(file->inode, S_IFREG)) return -EINVAL;
	TRY(check_file(task, task->cred, file, FUNC_POLICY_CHECK, MAY_READ,
		       must_be_signed ? CHECK_SIGNED : CHECK_BY_RULES));
	err = read_whole(file->inode, POLICY_TEXT_MAX, out);
	if (err == -EINVAL) port_log(LOG_WARN, "ima: policy: the file is empty");
	return err;
}

/* A text without rules is refused: it would switch everything off. */
static int load_policy(const struct load *load) {
	const struct policy_load_env env = core_load_env(core_boot_task());
	RELEASED(blob_done) struct blob text = { 0 };
	struct policy_error error = { .reason = "there is no rule in it", .line = 1, .column = 1 };
	int err;

	TRY(take_file(load, POLICY_PATH, POLICY_TEXT_MAX, &text));
	if (!text.base) return 0;
	TRY(policy_load_open(&core.load));
	core.load.valid = policy_load_text(&core.load, &env, blob_span(&text), &error) == 0;
	err = policy_load_release(&core.load, &env);
	if (!err) return core_measure_critical();
	text_format(load->why, load->why_cap, POLICY_PATH ": line %u, column %u: %s%s%s", error.line, error.column,
		    error.reason, error.token[0] ? ": " : "", error.token);
	return err;
}

/* Once, when the first rules are in force. */
static void say_unless_enforcing(void) {
	static const char *const modes[] = { [APPRAISE_LOG] = "log", [APPRAISE_FIX] = "fix", [APPRAISE_OFF] = "off" };

	if (core.mode != APPRAISE_ENFORCE)
		port_log(LOG_WARN, "assay: unsigned programs run: ima_appraise=%s", modes[core.mode]);
	else if (!(core.policy.classes & CLASS_APPRAISE))
		port_log(LOG_WARN, "assay: unsigned programs run: the policy has no appraise rule");
}

int integrity_load_image_keys(const struct vfs_context *context, const struct cred *cred, char *ret_why, size_t why_cap)
{
	const struct load load = { context, cred, ret_why, why_cap };

	core.real = *context;
	path_get(&core.real.root);
	path_get(&core.real.cwd);
	core.has_root = true;
	TRY(load_keys(&load, "/etc/keys/ca.der", core.rings[RING_BUILTIN]));
	TRY(load_keys(&load, "/etc/keys/x509_ima.der", core.rings[RING_IMA]));
	TRY(load_keys(&load, "/etc/keys/x509_evm.der", core.rings[RING_EVM]));
	if (core.use_image) TRY(load_policy(&load));
	core.image_done = true;
	say_unless_enforcing();
	return core_measure_keys() ? explain(&load, "the keys", -EIO, "cannot be recorded") : 0;
}
