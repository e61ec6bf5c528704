/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/uki.c - names of the image's sections.
 */
#include "boot/uki.h"

static const char names[UKI_COUNT][9] = {
	[UKI_LINUX] = ".linux",     [UKI_OSREL] = ".osrel",     [UKI_CMDLINE] = ".cmdline",
	[UKI_INITRD] = ".initrd",   [UKI_UCODE] = ".ucode",     [UKI_SPLASH] = ".splash",
	[UKI_DTB] = ".dtb",         [UKI_UNAME] = ".uname",     [UKI_SBAT] = ".sbat",
	[UKI_PCRSIG] = ".pcrsig",   [UKI_PCRPKEY] = ".pcrpkey", [UKI_PROFILE] = ".profile",
};

const char *uki_name(enum uki_section section) { return (unsigned)section < UKI_COUNT ? names[section] : NULL; }

bool uki_is_measured(enum uki_section section) { return (unsigned)section < UKI_COUNT && section != UKI_PCRSIG; }
