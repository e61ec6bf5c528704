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

struct list_reader {
	const struct mlog *log;
	const struct mlog_bank *bank;
	bool ascii;
	struct mlog_cursor cursor; /* behind the record in shown */
	struct blob shown;
	u64 start;                 /* where shown begins in the file */
};

struct list_reader *list_reader_alloc(const struct mlog *log, const struct mlog_bank *bank, bool ascii) {
	struct list_reader *reader = port_alloc(sizeof(*reader));

	if (reader) *reader = (struct list_reader){ .log = log, .bank = bank, .ascii = ascii };
	return reader;
}

void list_reader_free(struct list_reader *reader) {
	if (reader) blob_done(&reader->shown);
	port_free(reader);
}

static void rewind_to_start(struct list_reader *reader) {
	blob_reset(&reader->shown);
	reader->cursor = (struct mlog_cursor){ 0 };
	reader->start = 0;
}

/* Moves to the next record; false at the end, and then everything stays. */
static int advance(struct list_reader *reader, bool *ret_moved) {
	struct mlog_record record;
	int err;

	*ret_moved = mlog_next(reader->log, &reader->cursor, &record);
	if (!*ret_moved) return 0;
	reader->start += reader->shown.len;
	blob_reset(&reader->shown);
	err = reader->ascii ? mlog_show_ascii(reader->bank, &record, &reader->shown)
			    : mlog_show_binary(reader->bank, &record, &reader->shown);
	if (!err) return 0;
	rewind_to_start(reader);
	return err == -ENOMEM ? err : -EIO;
}

/* Stands on the record that holds pos, or at the end of the list. */
static int seek(struct list_reader *reader, u64 pos, bool *ret_found) {
	*ret_found = true;
	if (pos < reader->start) rewind_to_start(reader);
	while (*ret_found && pos >= reader->start + reader->shown.len) TRY(advance(reader, ret_found));
	return 0;
}

ssize list_reader_read(struct list_reader *reader, u8 *buf, size_t len, u64 pos) {
	size_t done = 0;
	bool found = true;
	int err = 0;

	while (done < len) {
		size_t skip, part;

		err = seek(reader, pos + done, &found);
		if (err || !found) break;
		skip = (size_t)(pos + done - reader->start);
		part = min_u64(len - done, reader->shown.len - skip);
		memcpy(buf + done, reader->shown.base + skip, part);
		done += part;
	}
	return done ? (ssize)done : err;
}

/* ---- as files */

/* The argument of a list node: a bank's number, and the form. */
static void *list_arg(size_t bank, bool ascii) { return (void *)(uintptr_t)(bank << 1 | ascii); }

static int list_open(struct inode *, struct file *file) {
	uintptr_t arg = (uintptr_t)file->private_data;

	file->private_data = list_reader_alloc(core.log, mlog_bank(core.log, arg >> 1), arg & 1);
	return file->private_data ? 0 : -ENOMEM;
}

static void list_release(struct file *file) { list_reader_free(file->private_data); }

static ssize list_read(struct file *file, void *buf, size_t len, u64 *pos) {
	ssize got = list_reader_read(file->private_data, buf, len, *pos);

	if (got > 0) *pos += (u64)got;
	return got;
}

static int show_count(struct blob *text, void *) {
	blob_format(text, "%lu\n", mlog_count(core.log));
	return 0;
}

static int show_violations(struct blob *text, void *) {
	blob_format(text, "%lu\n", mlog_violations(core.log));
	return 0;
}

static int show_policy(struct blob *text, void *) { return policy_show(&core.policy, text); }

static int add_lists(struct superblock *sb, size_t index) {
	static const struct file_ops stream = { .open = list_open, .release = list_release, .read = list_read };
	static const char *const forms[] = { "binary", "ascii" };
	const struct mlog_bank *bank = mlog_bank(core.log, index);
	char name[96], unmapped[32];

	text_format(unmapped, sizeof(unmapped), "tpm_alg_%x", bank->alg);
	for (unsigned form = 0; form < ARRAY_COUNT(forms); form++) {
		const struct pseudo_node node = { name, S_IFREG | 0660, .fops = &stream, .arg = list_arg(index, form) };

		text_format(name, sizeof(name), DIR "%s_runtime_measurements_%s", forms[form],
			    bank->hash == HASH_COUNT ? unmapped : hash_name(bank->hash));
		TRY(pseudo_add(sb, &node, 1));
	}
	return 0;
}

int integrity_register_nodes(struct superblock *securityfs) {
	static const struct pseudo_node nodes[] = {
		{ DIR "ascii_runtime_measurements", S_IFLNK | 0777, .arg = "ascii_runtime_measurements_sha1" },
		{ DIR "binary_runtime_measurements", S_IFLNK | 0777, .arg = "binary_runtime_measurements_sha1" },
		{ "ima", S_IFLNK | 0777, .arg = "integrity/ima" },
		{ DIR "runtime_measurements_count", S_IFREG | 0440, .show = show_count },
		{ DIR "violations", S_IFREG | 0440, .show = show_violations },
		{ DIR "policy", S_IFREG | 0600, .show = show_policy },
	};

	for (size_t i = 0; i < mlog_bank_count(core.log); i++)
		if (mlog_bank(core.log, i)->listed) TRY(add_lists(securityfs, i));
	return pseudo_add(securityfs, nodes, ARRAY_COUNT(nodes));
}
