/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec_args.h - the strings of a new program, collected before there is an address space to hold them.
 *
 * Strings are appended to a run of pages which later becomes the top of the new stack, so nothing is copied twice.
 *
 * Context    task context.
 * Units      bytes; offsets count from the first page.
 * Ownership  exec_args_done frees what was not handed on.
 * Errors     -E2BIG more than ARGS_LEN_MAX (or a quarter of RLIMIT_STACK), or one string over ARG_LEN_MAX; -EFAULT;
 *            -ENOMEM.
 */
#ifndef ASSAY_EXEC_ARGS_H
#define ASSAY_EXEC_ARGS_H

#include "kernel/exec.h"

#define ARG_LEN_MAX 131072u
#define ARGS_LEN_MAX 2097152u
#define ARG_PAGES_MAX (ARGS_LEN_MAX / PAGE_SIZE + 1)

struct exec_args {
	u64 len;             /* bytes used */
	u64 limit;           /* of strings and pointers together */
	u64 argc, envc;
	u64 env_off;         /* where the environment's strings begin */
	u64 name_off;        /* execfn */
	void *pages[ARG_PAGES_MAX];
};

void exec_args_done(struct exec_args *args);
must_check int exec_args_append(struct exec_args *args, const void *bytes, size_t len);
/* The strings of the array but the first skip ones; adds their number to *count. */
must_check int exec_args_collect(struct exec_args *args, const struct exec_strings *strings, u64 skip, u64 *count);

#endif
