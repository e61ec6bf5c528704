/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec_image.h - from a checked ELF file and collected strings to an address space with a stack.
 *
 * Context    task context; touches only the address space under construction.
 * Units      bytes.
 * Ownership  what a job holds is given back by exec.c.
 * Errors     -ENOEXEC, for an ELF file with a sentence in ret_why; -E2BIG more than ARGS_LEN_MAX (or a quarter of
 *            RLIMIT_STACK), or one string over ARG_LEN_MAX; -EFAULT; -ENOMEM; -EIO.
 */
#pragma once

#include "kernel/script.h"
#include "kernel/elf.h"
#include "kernel/exec.h"
#include "kernel/vm.h"

#define ARG_LEN_MAX 131072u
#define ARGS_LEN_MAX 2097152u

/* The strings of a new program, one behind the other: arguments, environment, its name. */
struct exec_args {
	char *bytes;
	u64 len, cap;
	u64 limit;           /* of strings and pointers together; len <= limit */
	u64 argc, envc;
	u64 env_off, name_off;
};
must_check int exec_args_append(struct exec_args *args, const void *bytes, size_t len);
/* The strings of the array but the first skip ones; adds their number to *count. */
must_check int exec_args_collect(struct exec_args *args, const struct exec_strings *strings, u64 skip, u64 *count);

/* One exec on its way; on the heap, for it is too large for a kernel stack. */
struct exec_job {
	struct file *file;       /* the image, with one inode_deny_write */
	struct exec_args args;
	struct mm *mm;
	struct cred cred;
	char comm[16];           /* cut, as on Linux */
	bool secure;             /* ids change: AT_SECURE */
	struct elf_plan plan;
	struct {
		u64 image, heap, stack, mappings;
		u8 for_program[16];
	} random;
	u64 bias, sp;            /* where the plan went; the first stack pointer */
	const char *why;         /* what is wrong with the file, where that is known */
	u32 depth;               /* scripts on the way to the image */
	struct script scripts[SCRIPT_DEPTH_MAX];
};

/* Reads the headers from the resident pages and decodes them. */
must_check int image_decode(struct exec_job *job, const char **ret_why);
/* Maps the segments, chooses the places of heap and mappings. */
must_check int image_map(struct exec_job *job);
/* Strings, pointers and auxiliary vector at the top of the new stack. */
must_check int image_stack(struct exec_job *job);
