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
 * Ownership  ret_why is static text: why the file was refused, to be put after its name. A refused plan is all zeros.
 * Errors     -ENOEXEC.
 * Source     ELF-64 object file format 1.5; System V ABI AMD64 supplement 1.0.
 */
#pragma once

#include "kernel/base/base.h"

#define ELF_HEADER_LEN 64u
#define ELF_PHDR_LEN 56u
#define ELF_PHDRS_MAX 64u

#define ELF_PF_X 1u
#define ELF_PF_W 2u
#define ELF_PF_R 4u

/* What the first 64 bytes say. */
struct elf_header {
	bool position_independent;
	u64 entry;
	u64 phdr_off;
	u32 phdr_count;
};

struct elf_segment {
	u64 addr;      /* as linked; congruent to file_off modulo PAGE_SIZE */
	u64 mem_len;
	u64 file_off;
	u64 file_len;  /* <= mem_len */
	u32 flags;     /* ELF_PF_* */
};

struct elf_plan {
	bool position_independent;
	u64 entry;
	u64 phdr_addr;       /* where the program header table is mapped, 0 when it is in no segment */
	u32 phdr_count;
	u64 align;           /* the bias is a multiple of it */
	u64 start, end;      /* page-rounded span of all segments */
	u64 interp_off;      /* the interpreter's path in the file, NUL included; length 0: none */
	u64 interp_len;
	u32 segment_count;
	struct elf_segment segments[ELF_PHDRS_MAX];
};

/* head: at least the first ELF_HEADER_LEN bytes of the file (fewer are refused). */
must_check int elf_parse_header(struct span head, u64 file_len, struct elf_header *ret_header, const char **ret_why);

/* phdrs: the phdr_count * ELF_PHDR_LEN bytes at phdr_off. */
must_check int elf_parse_segments(const struct elf_header *header, struct span phdrs, u64 file_len,
				  struct elf_plan *ret_plan, const char **ret_why);

/* The bytes at interp_off: one absolute path with one NUL, at its end. */
must_check int elf_check_interp(struct span interp, const char **ret_why);
