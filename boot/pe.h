/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/pe.h - sections of a PE image.
 *
 * Works on a file and on an image that firmware has loaded: pe_open() checks the headers and
 * every section header once, for the chosen view; afterwards each section lies inside the
 * bytes. All functions are total: any bytes give an answer or an error.
 *
 * Context    any; no allocation.
 * Units      bytes; addresses are relative to the image base.
 * Ownership  spans point into the caller's bytes.
 * Errors     -EBADMSG with a static sentence in ret_why; -ENOENT no such section.
 * Source     Microsoft PE Format, sections 2 to 4.
 */
#pragma once

#include "kernel/base/base.h"

enum { PE_SECTIONS_MAX = 96, PE_SECTION_HEADER_LEN = 40, PE_MAGIC_PLUS = 0x20b, PE_MAGIC_32 = 0x10b };

enum pe_view { PE_FILE, PE_LOADED };

struct pe_section {
	char name[9];
	u32 vaddr, vsize;
	u32 file_off, file_len;
	u32 flags;
};

struct pe {
	struct span bytes;
	enum pe_view view;
	size_t opt_off, table_off; /* file offsets of the optional header and the section table */
	size_t count;
	u32 headers_len;           /* SizeOfHeaders */
};

must_check int pe_open(const void *base, size_t len, enum pe_view view, struct pe *ret_pe, const char **ret_why);

/* Header number index; index must be below pe->count. */
void pe_section_at(const struct pe *pe, size_t index, struct pe_section *ret_section);

/*
 * The content of the section called name: its VirtualSize bytes, as they are measured. -ENOENT when absent or of
 * VirtualSize 0; -EBADMSG when there are two, or when a file holds fewer bytes of it.
 */
must_check int pe_find(const struct pe *pe, const char *name, struct span *ret_content);
