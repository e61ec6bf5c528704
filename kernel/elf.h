/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/elf.h - decides from an ELF file's headers what would be mapped where.
 *
 * Decode only: nothing is mapped, nothing is read but the given bytes. exec.c acts on the plan. The headers are
 * hostile; a plan that comes out of here has segments in ascending order that share no page, lie inside the file and
 * the user half, are never writable and executable at once, and an entry inside an executable one.
 *
 * Context    any.
 * Units      addresses as linked (before the bias of a position independent program), lengths in bytes.
 * Ownership  the result is static text, to be put after the file's name. A refused plan is all zeros.
 * Errors     NULL, or why the file is refused.
 * Source     ELF-64 object file format 1.5; System V ABI AMD64 supplement 1.0.
 */
#pragma once

#include "kernel/base/base.h"

#define ELF_HEADER_LEN 64u
#define ELF_PHDR_LEN 56u
#define ELF_PHDRS_MAX 64u

enum { ELF_PF_X = 1, ELF_PF_W = 2, ELF_PF_R = 4 };

/* As it lies in the file. */
struct elf_phdr {
	u32 type, flags;
	u64 file_off, addr, physical, file_len, mem_len, align;
};
_Static_assert(sizeof(struct elf_phdr) == ELF_PHDR_LEN, "the size that the file states");

struct elf_plan {
	bool position_independent;
	u64 low, high;       /* where segments may lie: of a program, unless changed before elf_parse_segments */
	u64 entry;
	u64 phdr_off;
	u64 phdr_addr;       /* where the program header table is mapped, 0 when it is in no segment */
	u32 phdr_count, segment_count;
	u64 align;           /* the bias is a multiple of it */
	u64 start, end;      /* page-rounded span of all segments */
	struct elf_phdr segments[ELF_PHDRS_MAX];
};

/* head: at least the first ELF_HEADER_LEN bytes of the file (fewer are refused). Begins the plan. */
must_check const char *elf_parse_header(struct span head, u64 file_len, struct elf_plan *ret_plan);

/* phdrs: the phdr_count * ELF_PHDR_LEN bytes at phdr_off. Completes the plan. */
must_check const char *elf_parse_segments(struct elf_plan *plan, struct span phdrs, u64 file_len);
