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

/*
 * Calls hash for each range that the Authenticode digest covers, in order. Only for PE_FILE. Stops at the first
 * non-zero result of hash and returns it; -EBADMSG when the file contradicts its headers.
 */
must_check int pe_digest_ranges(const struct pe *pe, int (*hash)(void *ctx, struct span range), void *ctx);
