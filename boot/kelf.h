/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/kelf.h - the kernel's ELF file: checks, and laying it out in memory.
 *
 * Our own kernel only: ET_EXEC for x86-64, linked above KERNEL_BASE, nothing to relocate. Segments share no page,
 * none is both writable and executable, and the entry lies in an executable one.
 *
 * Context    any; no allocation. kelf_parse has no effects.
 * Units      bytes; addresses are the linked (virtual) ones.
 * Ownership  spans point into the caller's file.
 * Errors     -ENOEXEC with a static sentence in ret_why.
 * Source     System V ABI, chapters 4 and 5; its AMD64 supplement.
 */
#pragma once

#include "kernel/base/base.h"

#define KELF_SEGMENTS_MAX 8u
#define KELF_LEN_MAX (128u << 20)

struct kelf_segment {
	u64 vaddr;          /* page aligned */
	u64 mem_len;        /* a multiple of PAGE_SIZE */
	u64 file_skip;      /* bytes of zeros before the content, less than a page */
	struct span content;
	bool write, exec;
};

struct kelf {
	u64 entry;
	u64 base;           /* lowest vaddr */
	u64 len;            /* up to the end of the highest segment */
	size_t count;
	struct kelf_segment segments[KELF_SEGMENTS_MAX]; /* ascending */
};

must_check int kelf_parse(struct span file, struct kelf *ret_kelf, const char **ret_why);

/* Fills memory, which holds kelf->len bytes, with the image as linked; what no segment covers becomes zero. */
void kelf_place(const struct kelf *kelf, void *memory);
