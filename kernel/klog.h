/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/klog.h - the kernel log: a ring of lines, and the console behind it.
 *
 * Text is the whole line as a reader shall see it: it begins with "assay: ", or, where the line is Linux's, with
 * "ima: ", "audit: type=..." and so on. Control bytes are stored as \xNN, so that a hostile name cannot forge a line
 * or steer a terminal. A line goes to the console when its level is below the console level (7 by default, 4 with
 * "quiet").
 *
 * Context    any; klog_write also before memory is up. Not interrupt safe, nor does it have to be.
 * Units      timestamps in ns since start.
 * Ownership  text is copied; lines are cut at KLOG_LINE_MAX.
 * Errors     none for writing. Reading: the count of bytes, or -EAGAIN nothing there, -EPIPE the record was
 *            overwritten (the sequence moves to the oldest one), -EINVAL buffer too small for the record.
 */
#pragma once

#include <stdarg.h>

#include "kernel/base/base.h"

struct klog_config {
	void (*console)(const char *text, size_t len); /* one line with its newline */
	u64 (*now_ns)(void);
	void (*wake)(void);                            /* readers that wait */
};
/* NULL members are not called. */
void klog_set(const struct klog_config *config);

void klog_write(int level, const char *text, size_t len);
void klog_vformat(int level, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* The four numbers of /proc/sys/kernel/printk; the first is the console level: 1 to 8, 0 silences. */
extern u64 klog_printk[4];
/* Audit lines may be limited as Linux does: interval in seconds (0, the default: all are printed), burst in lines. */
extern u64 klog_ratelimit_interval, klog_ratelimit_burst;

/* Records are numbered; [first, next) are there. clear: "since clear" begins here; read: SYSLOG_ACTION_READ's place. */
extern struct klog_numbers {
	u64 first, next, clear, read;
} klog_seq;

/* syslog(2) and dmesg: "<6>[    1.234567] text\n" each. The newest since klog_seq.clear that fit into cap. */
ssize klog_read_all(char *ret_buf, size_t cap);
/* From klog_seq.read on, which moves: what fits; and how many bytes are there. */
ssize klog_read_next(char *ret_buf, size_t cap);
size_t klog_unread(void);
/* /dev/kmsg: the record with number *seq: "6,12,1234567,-;text\n"; *seq moves behind it. */
ssize klog_read_record(u64 *seq, char *ret_buf, size_t cap);
