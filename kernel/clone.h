/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/clone.h - clone's flags and request.
 *
 * Context    task context.
 * Errors     -EINVAL flags that make no sense together or ask for namespaces, -EAGAIN, -ENOMEM.
 * Source     Linux uapi sched.h.
 */
#pragma once

#include "kernel/base/base.h"

#define CLONE_VM 0x100ull
#define CLONE_FS 0x200ull
#define CLONE_FILES 0x400ull
#define CLONE_SIGHAND 0x800ull
#define CLONE_PIDFD 0x1000ull
#define CLONE_VFORK 0x4000ull
#define CLONE_PARENT 0x8000ull
#define CLONE_THREAD 0x10000ull
#define CLONE_SETTLS 0x80000ull
#define CLONE_PARENT_SETTID 0x100000ull
#define CLONE_CHILD_CLEARTID 0x200000ull
#define CLONE_CHILD_SETTID 0x1000000ull
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#define CLONE_NAMESPACES 0x7e020080ull /* NEWTIME NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET */

struct clone_request {
	u64 flags;
	u64 stack;
	u64 parent_tid, child_tid, tls;
	int exit_signal;
};

/* The child's tid; the child itself begins at the caller's next instruction with 0. */
s64 task_clone(const struct clone_request *request);
