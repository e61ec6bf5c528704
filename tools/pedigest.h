/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/pedigest.h - the bytes of a PE file that its Authenticode digest covers.
 *
 * Context    host programs; pure.
 * Ownership  spans point into the caller's file.
 * Source     Microsoft, "Windows Authenticode Portable Executable Signature Format", appendix "Calculating
 *            the PE Image Hash"; range selection as edk2's measurement of images does it.
 */
#pragma once

#include "boot/pe.h"

#define PE_OPT_LEN 240u /* of a PE32+ file's optional header */

#define PE_SCN_CODE 0x20u
#define PE_SCN_DATA 0x40u
#define PE_SCN_DISCARDABLE 0x2000000u
#define PE_SCN_EXEC 0x20000000u
#define PE_SCN_READ 0x40000000u
#define PE_SCN_WRITE 0x80000000u

/* What the optional header says beyond boot/pe.h, which holds all that the stub needs. */
struct pe_optional {
	bool plus;              /* PE32+ */
	u32 section_align;
	u32 file_align;
	u32 cert_off, cert_len; /* attribute certificates, 0 when absent */
	bool has_cert_entry;    /* the directory has a security entry */
};

/* -EBADMSG when the optional header is cut. */
must_check int pe_optional(const struct pe *pe, struct pe_optional *ret_optional);

/*
 * Calls hash for each range that the Authenticode digest covers, in order. Only for PE_FILE. Stops at the first
 * non-zero result of hash and returns it; -EBADMSG when the file contradicts its headers.
 */
must_check int pe_digest_ranges(const struct pe *pe, int (*hash)(void *ctx, struct span range), void *ctx);
