/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/devnodes.c - /dev/null and its kin, /proc/mounts, /proc/filesystems.
 */
#include "kernel/devnodes.h"

#include "fs/nodefs.h"
#include "kernel/epoll.h"
#include "kernel/filearg.h"

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

static const struct {
	const char *name;
	u32 minor;
	struct pseudo_ops ops;
} devices[] = {
	{ "null", 3, { .fops = &null_ops } },
	{ "zero", 5, { .fops = &zero_ops } },
	{ "full", 7, { .fops = &full_ops } },
	{ "random", 8, { .fops = &random_ops } },
	{ "urandom", 9, { .fops = &random_ops } },
};
static const char *const links[][2] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

/* Blanks would end the field. */
static void show_escaped(struct show_sink *sink, const char *text) {
	for (; *text; text++) {
		if (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\\')
			show_format(sink, "\\%x%x%x", *text >> 6 & 7, *text >> 3 & 7, *text & 7);
		else
			show_bytes(sink, text, 1);
	}
}

static void show_mount(void *arg, const char *source, const char *where, const char *fsname, u32 flags) {
	struct show_sink *sink = arg;

	show_escaped(sink, source);
	show_bytes(sink, " ", 1);
	show_escaped(sink, where);
	show_format(sink, " %s %s%s%s%s%s 0 0\n", fsname, (flags & MS_RDONLY) ? "ro" : "rw",
		    (flags & MS_NOSUID) ? ",nosuid" : "", (flags & MS_NODEV) ? ",nodev" : "",
		    (flags & MS_NOEXEC) ? ",noexec" : "", (flags & MS_NOATIME) ? ",noatime" : ",relatime");
}

void mounts_show(struct show_sink *sink) { vfs_for_each_mount(show_mount, sink); }

static int show_filesystems(struct show_sink *sink, void *) {
	show_format(sink,
		"nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tsecurityfs\nnodev\tramfs\n");
	return 0;
}

static const struct pseudo_ops filesystems_ops = { .show = show_filesystems };

int devnodes_init(void) {
	sys_fd_init();
	epoll_init();
	for (size_t i = 0; i < ARRAY_COUNT(devices); i++)
		TRY(pseudo_add(nodefs_dev(), devices[i].name, S_IFCHR | 0666, MEM_DEVICE(devices[i].minor),
			       &devices[i].ops, NULL));
	for (size_t i = 0; i < ARRAY_COUNT(links); i++) TRY(pseudo_symlink(nodefs_dev(), links[i][0], links[i][1]));
	TRY(pseudo_symlink(nodefs_proc(), "mounts", "self/mounts"));
	return pseudo_add(nodefs_proc(), "filesystems", S_IFREG | 0444, 0, &filesystems_ops, NULL);
}
