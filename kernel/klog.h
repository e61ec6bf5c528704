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
/* NULL members stay as they are. */
void klog_set(const struct klog_config *config);

void klog_write(int level, const char *text, size_t len);
void klog_vformat(int level, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Console level: 1 to 8, 0 silences. The four numbers of /proc/sys/kernel/printk. */
int klog_console_level(void);
void klog_set_console_level(int level);
extern u64 klog_printk[4];
/* Audit lines may be limited as Linux does: interval in seconds (0, the default: all are printed), burst in lines. */
extern u64 klog_ratelimit_interval, klog_ratelimit_burst;

/*
 * syslog(2) and dmesg: "<6>[    1.234567] text\n" each. The newest that fit into cap; from_clear: only those since
 * klog_clear.
 */
ssize klog_read_all(char *ret_buf, size_t cap, bool from_clear);
void klog_clear(void);
/* SYSLOG_ACTION_READ: one shared position that moves. */
ssize klog_read_next(char *ret_buf, size_t cap);
size_t klog_unread(void);

/* /dev/kmsg: the record with number *seq or the next one there is: "6,12,1234567,-;text\n"; *seq moves behind it. */
ssize klog_read_record(u64 *seq, char *ret_buf, size_t cap);
u64 klog_first_seq(void);
u64 klog_next_seq(void);
u64 klog_clear_seq(void);
