/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/devnodes.c - /dev/null and its kin, /proc/mounts, /proc/filesystems.
 */
#include "kernel/devnodes.h"

#include "fs/nodefs.h"

/* Linux devices.txt: memory devices are major 1. */
#define MEM_DEVICE(minor) (1u << 8 | (minor))

static ssize read_nothing(struct file *, void *, size_t, u64 *) { return 0; }
static ssize write_away(struct file *, const void *, size_t len, u64 *) { return (ssize)len; }
static ssize write_full(struct file *, const void *, size_t, u64 *) { return -ENOSPC; }

static ssize read_zeros(struct file *, void *buf, size_t len, u64 *) {
	memset(buf, 0, len);
	return (ssize)len;
}

static ssize read_random(struct file *, void *buf, size_t len, u64 *) {
	if (len) TRY(port_random(buf, len));
	return (ssize)len;
}

/* Positions mean nothing here: seeking succeeds and stays at the beginning. */
static s64 seek_nowhere(struct file *file, s64, int) { return file->pos = 0, 0; }

static const struct file_ops null_ops = { .read = read_nothing, .write = write_away, .seek = seek_nowhere };
static const struct file_ops zero_ops = { .read = read_zeros, .write = write_away, .seek = seek_nowhere };
static const struct file_ops full_ops = { .read = read_zeros, .write = write_full, .seek = seek_nowhere };
static const struct file_ops random_ops = { .read = read_random, .write = write_away, .seek = seek_nowhere };

/* Blanks would end the field. */
static void show_escaped(struct blob *text, const char *field) {
	for (; *field; field++) {
		if (*field == ' ' || *field == '\t' || *field == '\n' || *field == '\\')
			blob_format(text, "\\%x%x%x", *field >> 6 & 7, *field >> 3 & 7, *field & 7);
		else
			blob_bytes(text, field, 1);
	}
}

static void show_mount(void *arg, const char *source, const char *where, const char *fsname, u32 flags) {
	struct blob *text = arg;

	show_escaped(text, source);
	blob_text(text, " ");
	show_escaped(text, where);
	blob_format(text, " %s %s%s%s%s%s 0 0\n", fsname, (flags & MS_RDONLY) ? "ro" : "rw",
		    (flags & MS_NOSUID) ? ",nosuid" : "", (flags & MS_NODEV) ? ",nodev" : "",
		    (flags & MS_NOEXEC) ? ",noexec" : "", (flags & MS_NOATIME) ? ",noatime" : ",relatime");
}

int mounts_show(struct blob *text, void *) {
	vfs_for_each_mount(show_mount, text);
	return 0;
}

#define MEMORY(name, minor, ops) { name, S_IFCHR | 0666, MEM_DEVICE(minor), .fops = &(ops) }
static const struct pseudo_node dev[] = {
	MEMORY("null", 3, null_ops),
	MEMORY("zero", 5, zero_ops),
	MEMORY("full", 7, full_ops),
	MEMORY("random", 8, random_ops),
	MEMORY("urandom", 9, random_ops),
	{ "fd", S_IFLNK | 0777, .arg = "/proc/self/fd" },
	{ "stdin", S_IFLNK | 0777, .arg = "/proc/self/fd/0" },
	{ "stdout", S_IFLNK | 0777, .arg = "/proc/self/fd/1" },
	{ "stderr", S_IFLNK | 0777, .arg = "/proc/self/fd/2" },
};
NODES(NODEFS_DEV, dev);

static const struct pseudo_node proc[] = {
	{ "mounts", S_IFLNK | 0777, .arg = "self/mounts" },
	{ "filesystems", S_IFREG | 0444,
	  .arg = "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tsecurityfs\nnodev\tramfs" },
};
NODES(NODEFS_PROC, proc);
