/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec_image.h - from a checked ELF file and collected strings to an address space with a stack.
 *
 * Context    task context; touches only the address space under construction.
 * Units      bytes.
 * Ownership  file and args stay the caller's; args->bytes is freed by the caller.
 * Errors     -ENOEXEC with a sentence in ret_why; -E2BIG more than ARGS_LEN_MAX (or a quarter of RLIMIT_STACK), or one
 *            string over ARG_LEN_MAX; -EFAULT; -ENOMEM; -EIO.
 */
#pragma once

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

struct image {
	u64 bias;
	u64 entry;
	u64 sp;
};

/* Reads the headers from the resident pages and decodes them. */
must_check int image_decode(struct file *file, struct elf_plan *ret_plan, const char **ret_why);
/* Maps the segments, chooses the places of heap and mappings. */
must_check int image_map(struct mm *mm, struct file *file, const struct elf_plan *plan, struct image *ret_image);
/* Strings, pointers and auxiliary vector at the top of the new stack. */
must_check int image_stack(struct mm *mm, struct exec_args *args, const struct elf_plan *plan, const struct cred *cred,
			   bool secure, struct image *image);
