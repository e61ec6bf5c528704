/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec.h - replacing the program of a process.
 *
 * open -> writers kept out -> measured and appraised -> decoded -> new address space -> point of no return. The
 * pages that are mapped are the resident pages that were hashed; writers stay out as long as any address space maps
 * the image.
 *
 * Context    task context; kills the process's other threads.
 * Ownership  nothing of the caller's is kept.
 * Errors     before the point of no return the errno of execve, and the old program goes on: -ENOENT, -EACCES,
 *            -ETXTBSY, -ENOEXEC, -ELOOP, -E2BIG, -ENOMEM, -EIO. After it the process can only be killed.
 */
#pragma once

#include "fs/vfs.h"

/* Where argument strings come from: an array in the program's memory, or one of the kernel's. */
struct exec_strings {
	char *const *kernel;  /* NULL: user counts */
	u64 user;
};

#define EXEC_WHY_LEN 384u

struct exec_request {
	const struct path *path;
	const char *shown_name;   /* what the program and /proc are told: the name given, or /dev/fd/N */
	bool check_only;          /* AT_EXECVE_CHECK: everything but the exec */
	struct exec_strings argv, envp;
	char *ret_why;            /* NULL, or EXEC_WHY_LEN bytes: on failure half a sentence, what stood in the way */
};

must_check int exec_run(const struct exec_request *request);
