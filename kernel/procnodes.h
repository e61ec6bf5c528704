/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/procnodes.h - the directories of processes in procfs.
 *
 * Context    boot; the nodes answer in task context.
 * Errors     those of pseudo_set_dynamic.
 */
#pragma once

#include "fs/pseudo.h"

/* /proc/PID, /proc/self, /proc/thread-self. */
must_check int procnodes_init(struct superblock *proc);

/*
 * For procnodes.c and proctext.c. A node's argument is a thread's id in the low half (a process's: its pid), and in
 * the upper half, below fd/, a descriptor.
 */
struct proc_view {
	struct process *process;
	struct task *task;       /* NULL: a zombie */
};
must_check int proc_view(u64 arg, struct proc_view *ret_view);   /* -ESRCH */
/* The caller may look into the process's memory, descriptors and paths. -EACCES. */
must_check int proc_permitted(const struct proc_view *view);

extern const struct pseudo_ops proc_stat_ops, proc_statm_ops, proc_status_ops, proc_cmdline_ops, proc_environ_ops,
	proc_comm_ops, proc_maps_ops, proc_mounts_ops;
