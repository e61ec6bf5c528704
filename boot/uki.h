/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/uki.h - the sections of an Assay image, in measuring order.
 *
 * The enum's order is the order in which the stub extends PCR 11, whatever order the
 * sections have in the file; the stub, `assay image` and the predictor compile
 * this one table. The kernel's ELF file travels as `.linux`, so that tools which know
 * unified kernel images treat ours as one.
 *
 * The rule for PCR 11 (PCR_IMAGE), for each section that is present (VirtualSize not 0) and measured:
 *   extend H(name, its terminating NUL included), then extend H(content, VirtualSize bytes).
 *
 * Context    any; compiles in the stub, the tools and the tests.
 * Ownership  names are static text.
 * Errors     UKI_COUNT for a name that is none of ours.
 * Source     the UKI specification of the UAPI group, section "PE sections"; PCR 11 as systemd-stub extends it.
 */
#ifndef ASSAY_UKI_H
#define ASSAY_UKI_H

#include "kernel/base/types.h"

enum uki_section {
	UKI_LINUX,
	UKI_OSREL,
	UKI_CMDLINE,
	UKI_INITRD,
	UKI_UCODE,
	UKI_SPLASH,
	UKI_DTB,
	UKI_UNAME,
	UKI_SBAT,
	UKI_PCRSIG,
	UKI_PCRPKEY,
	UKI_PROFILE,
	UKI_COUNT
};

/* ".linux" for UKI_LINUX; at most 8 characters. NULL outside the enum. */
const char *uki_name(enum uki_section section);

/* False for .pcrsig alone: it holds signatures over the values that PCR 11 will have. */
bool uki_is_measured(enum uki_section section);

/* The section with this name, UKI_COUNT for any other. */
enum uki_section uki_find(const char *name);

#endif
