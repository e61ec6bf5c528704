/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec_image.h - from a checked ELF file to an address space with a stack.
 *
 * Context    task context; touches only the address space under construction.
 * Ownership  file and args stay the caller's, except that the pages of args move into the stack.
 * Errors     -ENOEXEC with a sentence in ret_why; -ENOMEM; -EIO.
 */
#ifndef ASSAY_EXEC_IMAGE_H
#define ASSAY_EXEC_IMAGE_H

#include "kernel/elf.h"
#include "kernel/exec_args.h"
#include "kernel/vm.h"

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

#endif
