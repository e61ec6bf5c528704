/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/secnodes.c - what stands under integrity/ima in securityfs.
 *
 * A list file is never built as a whole: an open file remembers a record and where it begins in the file, so that
 * reading on costs what is read, whatever the length of the list. Records made meanwhile appear at the end.
 */
#include "kernel/integrity/secnodes.h"

#include "fs/pseudo.h"
#include "kernel/integrity/core.h"

#define DIR "integrity/ima/"

/* One open list file. */
struct list_reader {
	const struct mlog_bank *bank;
	bool ascii;
	struct mlog_cursor cursor; /* behind the record in shown */
	struct blob shown;
	u64 start;                 /* where shown begins in the file */
};

static void rewind_to_start(struct list_reader *reader) {
	blob_reset(&reader->shown);
	reader->cursor = (struct mlog_cursor){ 0 };
	reader->start = 0;
}

/* Stands on the record that holds pos: 1, or 0 at the end of the list, where everything stays. */
static int stand_on(struct list_reader *reader, u64 pos) {
	struct mlog_record record;
	int err = 0;

	if (pos < reader->start) rewind_to_start(reader);
	while (!err && pos >= reader->start + reader->shown.len) {
		if (!mlog_next(core.log, &reader->cursor, &record)) return 0;
		reader->start += reader->shown.len;
		blob_reset(&reader->shown);
		err = (reader->ascii ? mlog_show_ascii : mlog_show_binary)(reader->bank, &record, &reader->shown);
	}
	if (!err) return 1;
	rewind_to_start(reader);
	return err == -ENOMEM ? err : -EIO;
}

/* The argument of a list node: a bank's number, and the form. */
static int list_open(struct inode *, struct file *file) {
	uintptr_t arg = (uintptr_t)file->private_data;
	struct list_reader *reader = port_alloc(sizeof(*reader));

	file->private_data = reader;
	if (!reader) return -ENOMEM;
	*reader = (struct list_reader){ .bank = mlog_bank(core.log, arg >> 1), .ascii = arg & 1 };
	return 0;
}

static void list_release(struct file *file) {
	blob_done(&((struct list_reader *)file->private_data)->shown);
	port_free(file->private_data);
}

static ssize list_read(struct file *file, void *buf, size_t len, u64 *pos) {
	struct list_reader *reader = file->private_data;
	size_t done = 0;
	int found = 0;

	while (done < len && (found = stand_on(reader, *pos)) > 0) {
		size_t skip = (size_t)(*pos - reader->start), part = min_u64(len - done, reader->shown.len - skip);

		memcpy((u8 *)buf + done, reader->shown.base + skip, part);
		done += part;
		*pos += part;
	}
	return done || found >= 0 ? (ssize)done : found;
}

const struct file_ops secnodes_list_ops = { .open = list_open, .release = list_release, .read = list_read };

static int show_count(struct blob *text, void *) {
	blob_format(text, "%lu\n", mlog_count(core.log));
	return 0;
}

static int show_violations(struct blob *text, void *) {
	blob_format(text, "%lu\n", mlog_violations(core.log));
	return 0;
}

/* ---- the policy: read by the administrator, written by one opener at a time */

static int policy_open(struct inode *, struct file *file) {
	u32 access = file->flags & O_ACCMODE;
	struct blob *text;
	int err;

	if (access != O_RDONLY) return access == O_WRONLY ? policy_load_open(&core.load) : -EACCES;
	if (file->cred.euid != 0) return -EPERM;
	text = port_alloc(sizeof(*text));
	err = text ? policy_show(&core.policy, text) : -ENOMEM;
	file->private_data = text;
	if (!err) return 0;
	if (text) blob_done(text);
	port_free(text);
	return err;
}

static ssize policy_read(struct file *file, void *buf, size_t len, u64 *pos) {
	const struct blob *text = file->private_data;

	len = *pos < text->len ? min_u64(len, text->len - *pos) : 0;
	if (len) memcpy(buf, text->base + *pos, len);
	*pos += len;
	return (ssize)len;
}

/* Who opened the file is who acts. */
static ssize policy_write(struct file *file, const void *buf, size_t len, u64 *pos) {
	const struct integrity_task task = core_current_task(&file->cred);
	const struct policy_load_env env = core_load_env(&task);

	if (!*pos) return policy_load_write(&core.load, &env, buf, len);
	core.load.valid = false; /* as after any write that failed */
	return -EINVAL;
}

static void policy_release(struct file *file) {
	const struct integrity_task task = core_current_task(&file->cred);
	const struct policy_load_env env = core_load_env(&task);

	if (file_writable(file)) {
		if (task.killed) core.load.valid = false; /* half a policy is none */
		(void)policy_load_release(&core.load, &env); /* close has no errno; the outcome is in the log */
		return;
	}
	blob_done(file->private_data);
	port_free(file->private_data);
}

const struct file_ops secnodes_policy_ops = {
	.open = policy_open, .release = policy_release, .read = policy_read, .write = policy_write,
};

static int add_lists(struct superblock *sb, size_t index) {
	static const char *const forms[] = { "binary", "ascii" };
	const struct mlog_bank *bank = mlog_bank(core.log, index);
	char name[96], unmapped[32];

	text_format(unmapped, sizeof(unmapped), "tpm_alg_%x", bank->alg);
	for (unsigned form = 0; form < ARRAY_COUNT(forms); form++) {
		const struct pseudo_node node = { name, S_IFREG | 0660, .fops = &secnodes_list_ops,
						  .arg = (void *)(index << 1 | form) };

		text_format(name, sizeof(name), DIR "%s_runtime_measurements_%s", forms[form],
			    bank->hash == HASH_COUNT ? unmapped : hash_name(bank->hash));
		TRY(pseudo_add(sb, &node, 1));
	}
	return 0;
}

int integrity_register_nodes(struct superblock *securityfs) {
	static const struct pseudo_node nodes[] = {
		{ DIR "ascii_runtime_measurements", S_IFLNK | 0444, .arg = "ascii_runtime_measurements_sha1" },
		{ DIR "binary_runtime_measurements", S_IFLNK | 0444, .arg = "binary_runtime_measurements_sha1" },
		{ "ima", S_IFLNK | 0444, .arg = "integrity/ima" },
		{ DIR "runtime_measurements_count", S_IFREG | 0440, .show = show_count },
		{ DIR "violations", S_IFREG | 0440, .show = show_violations },
		{ DIR "policy", S_IFREG | 0600, .fops = &secnodes_policy_ops },
	};

	for (size_t i = 0; i < mlog_bank_count(core.log); i++)
		if (mlog_bank(core.log, i)->listed) TRY(add_lists(securityfs, i));
	return pseudo_add(securityfs, nodes, ARRAY_COUNT(nodes));
}
