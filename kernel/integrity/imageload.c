/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/imageload.c - the keys and the policy that the measured image brings.
 *
 * They are part of what the firmware and the stub measured, so they are recorded and not appraised. Every file is
 * recorded before it takes effect; a malformed one stops the start.
 */
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"
#include "kernel/integrity/audit.h"
#include "kernel/integrity/core.h"
#include "kernel/integrity/policy_parse.h"

#define KEY_FILE_MAX (1u << 20)
#define POLICY_PATH "/etc/ima/ima-policy"

struct why {
	char *text;
	size_t cap;
};

static int explain(const struct why *why, const char *path, int err, const char *reason)
{
	text_format(why->text, why->cap, "%s: %s", path, reason);
	return err;
}

static int read_whole(struct inode *inode, size_t max, struct blob *out)
{
	u8 chunk[512];

	if (inode->size > max)
		return -EFBIG;
	for (u64 at = 0; at < inode->size;) {
		ssize got = inode_read(inode, at, chunk, min_u64(sizeof(chunk), inode->size - at));

		if (got <= 0)
			return got < 0 ? (int)got : -EIO;
		blob_bytes(out, chunk, (size_t)got);
		at += (u64)got;
	}
	return blob_status(out);
}

/* Opens, records and reads the file. Without the file: 0 and *ret_found false. */
static int take_file(const struct vfs_context *context, const struct cred *cred, const char *path, size_t max,
		     const struct why *why, struct blob *out, bool *ret_found)
{
	struct integrity_task task = *core_boot_task();
	struct file *file;
	int err = vfs_open(context, NULL, path, O_RDONLY, 0, cred, &file);

	*ret_found = !err;
	if (err == -ENOENT)
		return 0;
	if (err)
		return explain(why, path, err, "cannot be opened");
	task.context = context;
	if ((file->inode->mode & S_IFMT) != S_IFREG)
		err = explain(why, path, -EINVAL, "is no regular file");
	if (!err && core.recording) {
		err = check_record_only(&task, file, FUNC_POLICY_CHECK);
		if (err)
			(void)explain(why, path, err, "cannot be recorded"); /* err is kept */
	}
	if (!err) {
		err = read_whole(file->inode, max, out);
		if (err)
			(void)explain(why, path, err, "cannot be read"); /* err is kept */
	}
	file_put(file);
	return err;
}

static int load_keys(const struct vfs_context *context, const struct cred *cred, const char *path, struct keyring *ring,
		     const struct why *why)
{
	struct blob der = { 0 };
	size_t count = 0;
	bool found;
	int err = take_file(context, cred, path, KEY_FILE_MAX, why, &der, &found);

	if (!err && found) {
		err = keyring_add(ring, der.base, der.len, NULL, &count);
		if (err)
			(void)explain(why, path, err, "holds no certificates that can be used"); /* err is kept */
		else
			port_log(LOG_INFO, "assay: %s: %zu key%s loaded into %s", path, count, count == 1 ? "" : "s",
				 keyring_name(ring));
	}
	blob_done(&der);
	return err;
}

static void audit_line(const struct blob *echo, int err)
{
	audit_policy_rule(echo, !err);
}

static int compile_policy(const struct blob *text, const struct why *why)
{
	struct audit_event status = { .type = AUDIT_STATUS, .op = "policy_update", .cause = "completed", .ok = true };
	struct policy policy = { 0 };
	struct policy_error error = { 0 };
	int err = policy_parse(&policy, (const char *)text->base, text->len, audit_line, &error);

	if (err) {
		status.cause = "failed";
		status.ok = false;
		text_format(why->text, why->cap, POLICY_PATH ": line %u, column %u: %s%s%s", error.line, error.column,
			    error.reason, error.token[0] ? ": " : "", error.token);
	}
	audit_integrity(core_boot_task(), &status);
	if (err) {
		policy_done(&policy);
		return err;
	}
	port_log(LOG_INFO, "ima: policy update completed");
	core_set_policy(&policy);
	return 0;
}

static int load_policy(const struct vfs_context *context, const struct cred *cred, const struct why *why)
{
	struct blob text = { 0 };
	bool found = false;
	int err = take_file(context, cred, POLICY_PATH, POLICY_TEXT_MAX, why, &text, &found);

	if (!err && found)
		err = compile_policy(&text, why);
	blob_done(&text);
	return err;
}

int integrity_load_image_keys(const struct vfs_context *context, const struct cred *cred, char *ret_why, size_t why_cap)
{
	const struct why why = { ret_why, why_cap };
	int err;

	core.real = *context;
	path_get(&core.real.root);
	path_get(&core.real.cwd);
	core.has_root = true;
	err = load_keys(context, cred, "/etc/keys/ca.der", core.builtin, &why);
	err = err ? err : load_keys(context, cred, "/etc/keys/x509_ima.der", core.ima, &why);
	err = err ? err : load_keys(context, cred, "/etc/keys/x509_evm.der", core.evm, &why);
	if (!err && core.replace_policy)
		err = load_policy(context, cred, &why);
	if (!err && core_measure_keys())
		err = explain(&why, "the keys", -EIO, "cannot be recorded");
	return err;
}
