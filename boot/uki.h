/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/uki.h - the sections of an Assay image, in measuring order.
 *
 * The enum's order is the order in which the stub extends PCR 11, whatever order the
 * sections have in the file; the stub, `assay image` and the predictor compile
 * this one table. The kernel's ELF file travels as `.linux`, so that tools which know
 * unified kernel images treat ours as one.
 *
 * The stub measures items, each with a name and a content:
 *   PCR 11  each section that is present (VirtualSize not 0) and measured; content are its VirtualSize bytes
 *   PCR 12  the load options, when there are any: name UKI_OPTIONS_NAME, content the bytes as firmware
 *           gave them, UTF-16 with NUL
 * Each item is two events of type EV_EVENT_TAG: first H(name, its NUL included) is extended, with the tagged
 * event's id UKI_TAG_NAME, then H(content), with UKI_TAG_CONTENT. The event's data is in both cases
 * {u32 id, u32 length, the name with its NUL}, little-endian.
 *
 * Context    any; compiles in the stub, the tools and the tests.
 * Ownership  names are static text.
 * Errors     none.
 * Source     the UKI specification of the UAPI group, section "PE sections"; the digests of PCR 11 are those that
 *            systemd-stub extends.
 */
#pragma once

#include "kernel/base/base.h"

#define UKI_OPTIONS_NAME "load-options"
#define UKI_TAG_NAME 0x41530001u
#define UKI_TAG_CONTENT 0x41530002u

enum uki_section {
	UKI_LINUX, UKI_OSREL, UKI_CMDLINE, UKI_INITRD, UKI_UCODE, UKI_SPLASH, UKI_DTB, UKI_UNAME, UKI_SBAT, UKI_PCRSIG,
	UKI_PCRPKEY, UKI_PROFILE, UKI_COUNT
};

/* ".linux" for UKI_LINUX; at most 8 characters. NULL outside the enum. */
const char *uki_name(enum uki_section section);

/* False for .pcrsig alone: it holds signatures over the values that PCR 11 will have. */
bool uki_is_measured(enum uki_section section);
