/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_proc.h - child processes and the temporary folder of `assay run`.
 *
 * Children die with their parent (PR_SET_PDEATHSIG), have default signals, and each stands in a process
 * group of its own, so that Ctrl-C at the terminal reaches `assay run` alone, which ends them in order.
 *
 * Context    one thread.
 * Ownership  strings of a struct args are copies, freed by args_free.
 * Errors     as in tools/cli.h: a status, after one sentence on stderr.
 */
#pragma once

#include <sys/types.h>

#include "kernel/base/types.h"

/* A NULL-terminated argument list. */
struct args {
	char **v;
	size_t count;
};

void args_add(struct args *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void args_free(struct args *a);

/*
 * Starts v[0] (found through PATH, /usr/sbin and /sbin). fds < 0 mean /dev/null; keep_fd (or -1) stays open
 * in the child. -1 on failure.
 */
pid_t proc_start(const struct args *a, int in, int out, int err, int keep_fd);

/* Runs to the end, output into the file log; on failure the sentence ends with the log's last line. */
must_check int proc_run(const struct args *a, const char *log);

/* Waits up to ms for the process, then kills it. Returns its wait status. */
int proc_end(pid_t pid, unsigned ms);

/* A new folder below TMPDIR or /tmp; NULL after a sentence. */
char *temp_make(void);
/* Removes the folder and the files in it. */
void temp_remove(char *dir);

u64 now_ms(void);
