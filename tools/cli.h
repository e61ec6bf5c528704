/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/cli.h - what the sub-commands of `assay` share: sentences, growing buffers, files, progress.
 *
 * Functions of tools/ that can fail return 0 or an exit status (enum cli_exit) and have then printed one
 * sentence on stderr that names the thing; callers only pass the status on.
 *
 * Context    host programs, one thread.
 * Units      bytes.
 * Ownership  a struct buf is freed with buf_free; strings returned by cli_text with free().
 * Errors     running out of memory ends the program with a sentence; temporary files are removed then too.
 */
#pragma once

#include <stdio.h>

#include "kernel/base/types.h"

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, /* refused, or something went wrong */
	CLI_USAGE = 2,  /* the command line was not understood */
};

/* Who is speaking: "assay", unless a program says otherwise. */
extern const char *cli_program;

/* "assay: SENTENCE" on stderr, control bytes shown as '?'; returns CLI_FAILED. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Text on stdout, flushed: CLI_OK, or CLI_FAILED with a sentence. */
must_check int cli_print(const char *text);
/* "assay COMMAND: SENTENCE" (COMMAND may be ""), with a hint to --help; returns CLI_USAGE. */
int cli_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* For getopt_long's '?' and ':' (opterr 0, optstring starting with ':'): names the option; returns CLI_USAGE. */
int cli_bad_option(const char *command, int c, char **argv);
/* "assay: warning: SENTENCE" on stderr. */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * Between the two, warnings are kept back: a sentence about a failure then stands alone. The second says them
 * or forgets them.
 */
void cli_hold_warnings(void);
void cli_release_warnings(bool say);

/*
 * Shows "WHAT 12/345" on one line while stderr is a terminal, every 64 steps; done == total wipes the line,
 * a total of SIZE_MAX is not shown.
 */
void cli_progress(const char *what, size_t done, size_t total);

/* Allocation that cannot fail. cli_alloc zeroes; a length of 0 gives a valid pointer. */
void *cli_alloc(size_t len);
void *cli_grow(void *old, size_t len);
char *cli_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes that grow. Start with all zeros. */
struct buf {
	u8 *bytes;
	size_t len;
	size_t cap;
};

void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_text(struct buf *b, const char *text);
void buf_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends zeros until len is a multiple of align. */
void buf_pad(struct buf *b, size_t align);
void buf_free(struct buf *b);

/* Appends the whole file, which must be a regular one or a pipe of at most max bytes. */
must_check int cli_read_file(const char *path, size_t max, struct buf *b);
/* The same from an open descriptor; name is for the sentence. */
must_check int cli_read_fd(int fd, const char *name, size_t max, struct buf *b);

/*
 * A file that appears whole or not at all. It is written beside its final name and renamed by output_commit;
 * output_discard, exit and the signals that end a program remove what is there.
 */
struct output {
	const char *path;
	char *temp; /* NULL when nothing is pending */
};

/* Whether a file can be made at path: its folder is there and writable, and what is there is a regular file. */
must_check int output_check(const char *path);
/* Refuses what output_check refuses. */
must_check int output_write(struct output *out, const char *path, const void *bytes, size_t len);
must_check int output_commit(struct output *out);
void output_discard(struct output *out);
