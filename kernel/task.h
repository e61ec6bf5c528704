/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/task.h - tasks (threads), thread groups (processes), and what they share.
 *
 * Context    task context.
 * Ownership  tasks are reference counted; the parent's wait releases a zombie.
 * Errors     -EAGAIN over RLIMIT_NPROC or the task limit, -ENOMEM.
 */
#ifndef ASSAY_TASK_H
#define ASSAY_TASK_H

#include "fs/fdtable.h"
#include "fs/vfs.h"
#include "kernel/sched.h"

struct task;

struct task *task_current(void);
/* What the file calls need of the current task. Borrowed: valid until the next schedule() or exec. */
const struct cred *task_cred(void);
struct vfs_context *task_fs(void);
struct fdtable *task_files(void);
u32 task_pid(void);              /* thread group id */
const char *task_comm(void);
/* true when a signal that would end a wait is pending. */
bool task_signal_pending(void);
/* Sends sig to the current thread (SIGPIPE and the like), or to a process group (^C). */
void task_signal_self(int sig);
void task_signal_group(u32 pgid, int sig);
u64 task_rlimit(unsigned resource);  /* RLIMIT_*: soft limit of the current process */

#endif
