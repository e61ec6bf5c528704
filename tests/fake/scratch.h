/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/scratch.h - a temporary folder, programs of others, and what a call says on stderr.
 *
 * Context    unit tests of tools/; one thread.
 * Ownership  scratch_path and scratch_read results are the caller's (free).
 * Errors     what a test cannot go on without aborts it with the reason.
 */
#pragma once

#include "tools/cli.h"

/* Makes a fresh folder; scratch_done removes it with all that is in it. For cmocka's setup and teardown. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* A name inside the folder. */
char *scratch_path(const char *name);
/* Writes a file there; its parent folder must exist. */
void scratch_write(const char *name, const void *bytes, size_t len);
void scratch_write_text(const char *name, const char *text);
struct buf scratch_read(const char *name);
/* Files directly in the folder. */
size_t scratch_count(void);

/* A shell command; $D is the folder, the working directory stays the repository. Its exit status. */
int scratch_sh(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Calls a sub-command with words split at spaces ("@x" is the path of x in the folder) and returns its status;
 * *ret_said is what it wrote to stderr, valid until the next call.
 */
int scratch_command(int (*command)(int, char **), const char *words, const char **ret_said);

/* A minimal PE file that sections can be added to. */
void scratch_stub(const char *name);
