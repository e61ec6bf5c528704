/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/kelf.h - the kernel's ELF file: checks, and laying it out in memory.
 *
 * Our own kernel only: linked for fixed addresses in the KELF_LEN_MAX bytes above KERNEL_BASE, nothing to relocate; for
 * the rest the rules of kernel/elf.h hold: segments share no page, none is both writable and executable, and the entry
 * lies in an executable one.
 *
 * Context    any; no allocation. kelf_parse has no effects.
 * Units      bytes; addresses are the linked (virtual) ones.
 * Ownership  the file is the caller's.
 * Errors     -ENOEXEC with a sentence in ret_why that the next call overwrites; the plan says nothing then.
 * Source     System V ABI, chapters 4 and 5; its AMD64 supplement.
 */
#pragma once

#include "kernel/elf.h"

#define KELF_LEN_MAX (128u << 20)

must_check int kelf_parse(struct span file, struct elf_plan *ret_plan, const char **ret_why);

/* Fills memory, plan->end - plan->start bytes, with the image as linked; what no segment covers becomes zero. */
void kelf_place(const struct elf_plan *plan, struct span file, void *memory);
