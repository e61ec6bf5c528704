/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/kinfo.h - the files of procfs that speak of the whole machine.
 *
 * Context    boot.
 * Ownership  cmdline stays the caller's and must live for ever.
 * Errors     those of pseudo_add.
 */
#pragma once

#include "fs/pseudo.h"

must_check int kinfo_init(struct superblock *proc, const char *cmdline);
/* uname's nodename; sethostname changes it. */
extern char kinfo_hostname[65];
extern char kinfo_domainname[65];
/* What /proc/stat, loadavg and sysinfo need of the scheduler; set by kernel/task.c or kernel/sched.c. */
struct kinfo_load {
	u64 user_ns, system_ns, idle_ns, switches;
	u64 forks;
	u32 running, blocked, total, last_pid;
	u32 loadavg[3];      /* fixed point, 11 fraction bits */
};
void kinfo_set_load(void (*get)(struct kinfo_load *ret_load));
