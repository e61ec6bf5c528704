/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/procnodes.h - what the shape (procnodes.c) and the texts (proctext.c) of /proc/PID share.
 *
 * A node's argument is a thread's id in the low half (a process's: its pid), and in the upper half, below fd/, a
 * descriptor.
 *
 * Context    task context.
 * Errors     -ESRCH nobody has the id, -EACCES, -ENOMEM.
 */
#pragma once

#include "fs/pseudo.h"

struct proc_view {
	struct process *process;
	struct task *task;       /* NULL: a zombie */
	u32 id;                  /* the thread's */
	const char *comm;
	const struct mm *mm;     /* a zombie's: with nothing in it */
};
must_check int proc_view(void *arg, struct proc_view *ret_view);
/* The caller may look into the process's memory, descriptors and paths. */
must_check int proc_permitted(const struct proc_view *view);

int proc_show_cmdline(struct blob *text, void *arg);
int proc_show_comm(struct blob *text, void *arg);
int proc_show_environ(struct blob *text, void *arg);
int proc_show_maps(struct blob *text, void *arg);
int proc_show_stat(struct blob *text, void *arg);
int proc_show_statm(struct blob *text, void *arg);
int proc_show_status(struct blob *text, void *arg);
ssize proc_store_comm(const char *text, size_t len, void *arg, const struct cred *cred);
