/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/secnodes.c - what stands under integrity/ima in securityfs.
 *
 * A list file is never built as a whole: an open file remembers a record and where it begins in the file, so that
 * reading on costs what is read, whatever the length of the list. Records made meanwhile appear at the end.
 */
#include "kernel/integrity/secnodes.h"

#include "fs/pseudo.h"
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"
#include "kernel/integrity/core.h"

#define DIR "integrity/ima/"
#define LIST_MODE (S_IFREG | 0660)
#define COUNT_MODE (S_IFREG | 0440)
#define POLICY_MODE (S_IFREG | 0600)

struct list_reader {
	const struct mlog *log;
	const struct mlog_bank *bank;
	bool ascii;
	struct mlog_cursor cursor; /* behind the record in shown */
	struct blob shown;
	u64 start;                 /* where shown begins in the file */
};

struct list_reader *list_reader_alloc(const struct mlog *log, const struct mlog_bank *bank, bool ascii)
{
	struct list_reader *reader = port_alloc(sizeof(*reader));

	if (reader)
		*reader = (struct list_reader){ .log = log, .bank = bank, .ascii = ascii };
	return reader;
}

void list_reader_free(struct list_reader *reader)
{
	if (reader)
		blob_done(&reader->shown);
	port_free(reader);
}

/* Moves to the next record; false at the end, and then everything stays. */
static int advance(struct list_reader *reader, bool *ret_moved)
{
	struct mlog_cursor ahead = reader->cursor;
	struct mlog_record record;
	struct blob shown = { 0 };
	int err;

	*ret_moved = mlog_next(reader->log, &ahead, &record);
	if (!*ret_moved)
		return 0;
	err = reader->ascii ? mlog_show_ascii(reader->bank, &record, &shown)
			    : mlog_show_binary(reader->bank, &record, &shown);
	if (err) {
		blob_done(&shown);
		return err == -ENOMEM ? err : -EIO;
	}
	reader->start += reader->shown.len;
	reader->cursor = ahead;
	blob_done(&reader->shown);
	reader->shown = shown;
	return 0;
}

/* Stands on the record that holds pos, or at the end of the list. */
static int seek(struct list_reader *reader, u64 pos, bool *ret_found)
{
	bool moved = true;
	int err = 0;

	if (pos < reader->start) {
		blob_reset(&reader->shown);
		reader->cursor = (struct mlog_cursor){ 0 };
		reader->start = 0;
	}
	while (!err && moved && pos >= reader->start + reader->shown.len)
		err = advance(reader, &moved);
	*ret_found = moved;
	return err;
}

ssize list_reader_read(struct list_reader *reader, u8 *buf, size_t len, u64 pos)
{
	size_t done = 0;
	bool found = true;
	int err = 0;

	while (done < len) {
		size_t skip, part;

		err = seek(reader, pos + done, &found);
		if (err || !found)
			break;
		skip = (size_t)(pos + done - reader->start);
		part = min_u64(len - done, reader->shown.len - skip);
		memcpy(buf + done, reader->shown.base + skip, part);
		done += part;
	}
	return done ? (ssize)done : err;
}

/* ---- as files */

/* The argument of a list node: a bank's number, and the form. */
static void *list_arg(size_t bank, bool ascii)
{
	return (void *)(uintptr_t)(bank << 1 | ascii);
}

static int list_open(struct inode *inode, struct file *file)
{
	uintptr_t arg = (uintptr_t)file->private_data;

	(void)inode;
	file->private_data = list_reader_alloc(core.log, mlog_bank(core.log, arg >> 1), arg & 1);
	return file->private_data ? 0 : -ENOMEM;
}

static void list_release(struct file *file)
{
	list_reader_free(file->private_data);
}

static ssize list_read(struct file *file, void *buf, size_t len, u64 *pos)
{
	ssize got = list_reader_read(file->private_data, buf, len, *pos);

	if (got > 0)
		*pos += (u64)got;
	return got;
}

static int show_count(struct show_sink *sink, void *arg)
{
	(void)arg;
	show_format(sink, "%llu\n", (unsigned long long)mlog_count(core.log));
	return 0;
}

static int show_violations(struct show_sink *sink, void *arg)
{
	(void)arg;
	show_format(sink, "%llu\n", (unsigned long long)mlog_violations(core.log));
	return 0;
}

static int show_policy(struct show_sink *sink, void *arg)
{
	struct blob text = { 0 };
	int err = policy_show(&core.policy, &text);

	(void)arg;
	if (!err)
		show_bytes(sink, text.base, text.len);
	blob_done(&text);
	return err;
}

static int add_lists(struct superblock *sb, size_t index)
{
	static const struct file_ops stream = { .open = list_open, .release = list_release, .read = list_read };
	static const struct pseudo_ops ops = { .fops = &stream };
	static const char *const forms[] = { "binary", "ascii" };
	const struct mlog_bank *bank = mlog_bank(core.log, index);
	char name[96], algorithm[32];
	int err = 0;

	if (bank->hash == HASH_COUNT)
		text_format(algorithm, sizeof(algorithm), "tpm_alg_%x", bank->alg);
	else
		(void)text_copy(algorithm, sizeof(algorithm), hash_name(bank->hash)); /* fits */
	for (unsigned form = 0; !err && form < ARRAY_COUNT(forms); form++) {
		text_format(name, sizeof(name), DIR "%s_runtime_measurements_%s", forms[form], algorithm);
		err = pseudo_add(sb, name, LIST_MODE, 0, &ops, list_arg(index, form));
	}
	return err;
}

static int add_links(struct superblock *sb)
{
	int err = pseudo_symlink(sb, DIR "ascii_runtime_measurements", "ascii_runtime_measurements_sha1");

	if (!err)
		err = pseudo_symlink(sb, DIR "binary_runtime_measurements", "binary_runtime_measurements_sha1");
	return err ? err : pseudo_symlink(sb, "ima", "integrity/ima");
}

int integrity_register_nodes(struct superblock *securityfs)
{
	static const struct pseudo_ops count = { .show = show_count };
	static const struct pseudo_ops violations = { .show = show_violations };
	static const struct pseudo_ops policy = { .show = show_policy };
	int err = 0;

	for (size_t i = 0; !err && i < mlog_bank_count(core.log); i++)
		if (mlog_bank(core.log, i)->listed)
			err = add_lists(securityfs, i);
	err = err ? err : add_links(securityfs);
	err = err ? err : pseudo_add(securityfs, DIR "runtime_measurements_count", COUNT_MODE, 0, &count, NULL);
	err = err ? err : pseudo_add(securityfs, DIR "violations", COUNT_MODE, 0, &violations, NULL);
	return err ? err : pseudo_add(securityfs, DIR "policy", POLICY_MODE, 0, &policy, NULL);
}
