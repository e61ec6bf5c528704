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

#define PE_SECTIONS_MAX 96u
#define PE_SECTION_HEADER_LEN 40u

/* Offsets in the optional header of a PE32+ file. */
#define PE_OPT_LEN 240u
#define PE_MAGIC_PLUS 0x20bu
#define PE_MAGIC_32 0x10bu

#define PE_SCN_CODE 0x20u
#define PE_SCN_DATA 0x40u
#define PE_SCN_DISCARDABLE 0x2000000u
#define PE_SCN_EXEC 0x20000000u
#define PE_SCN_READ 0x40000000u
#define PE_SCN_WRITE 0x80000000u

enum pe_view { PE_FILE, PE_LOADED };

struct pe_section {
	char name[9];
	u32 vaddr;
	u32 vsize;
	u32 file_off;
	u32 file_len;
	u32 flags;
};

struct pe {
	struct span bytes;
	enum pe_view view;
	bool plus;             /* PE32+ */
	size_t opt_off;        /* file offset of the optional header */
	size_t table_off;      /* of the section table */
	size_t count;
	u32 section_align;
	u32 file_align;
	u32 image_len;         /* SizeOfImage */
	u32 headers_len;       /* SizeOfHeaders */
	u32 cert_off, cert_len; /* attribute certificates, 0 when absent */
	bool has_cert_entry;   /* the directory has a security entry */
};

must_check int pe_open(const void *base, size_t len, enum pe_view view, struct pe *ret_pe, const char **ret_why);

/* Header number index; index must be below pe->count. */
void pe_section_at(const struct pe *pe, size_t index, struct pe_section *ret_section);

/*
 * The content of the section called name: its VirtualSize bytes, as they are measured. -ENOENT when absent or of
 * VirtualSize 0; -EBADMSG when there are two, or when a file holds fewer bytes of it.
 */
must_check int pe_find(const struct pe *pe, const char *name, struct span *ret_content);
