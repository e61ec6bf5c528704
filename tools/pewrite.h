/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/pewrite.h - making PE files: the stub from its linked ELF file, and sections added to it.
 *
 * The layout is fixed, so that equal inputs give equal bytes: time stamp and checksum 0; the PE header at 0x300, the
 * range 0x1f1 to 0x2ff zero (a bzImage header has room there); the section table with room for PEWRITE_SECTIONS_MAX
 * entries; raw data without gaps, so that headers and raw sizes add up to the file's size and the
 * Authenticode digest covers everything.
 *
 * Context    host programs; memory to memory, no files.
 * Units      bytes.
 * Ownership  results are port_alloc'ed, the caller's (port_free).
 * Errors     -EBADMSG or -EEXIST, -ENOSPC, -ENOMEM, -EINVAL, with a static sentence in ret_why.
 * Source     Microsoft PE Format, sections 2 to 4; System V ABI chapter 4.
 */
#pragma once

#include "kernel/base/types.h"

#define PEWRITE_SECTIONS_MAX 25u

struct pe_section_in {
	const char *name; /* 1 to 8 characters */
	const void *bytes;
	size_t len;       /* not 0: an empty section counts as absent */
};

/* Makes a PE32+ EFI application of the stub, an ELF file linked with linker/stub.lds. */
must_check int pewrite_stub(const void *elf, size_t elf_len, u8 **ret_pe, size_t *ret_len, const char **ret_why);

/*
 * Adds sections as read-only data, in the order given, each at the next page and at the file's end. Refuses
 * a file that already has one of the names (-EEXIST), that is signed, that has bytes outside its sections,
 * or without room in its section table (-ENOSPC).
 */
must_check int pewrite_append(const void *stub, size_t stub_len, const struct pe_section_in *sections,
			      size_t count, u8 **ret_pe, size_t *ret_len, const char **ret_why);
