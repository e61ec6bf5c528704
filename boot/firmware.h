/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/firmware.h - the UEFI services that the stub uses.
 *
 * The one header that includes gnu-efi's; only stub.c, load.c, measure.c and firmware.c include this one.
 *
 * Context    before ExitBootServices.
 * Ownership  pages come as EfiLoaderData and are never freed here.
 * Errors     NULL or 0.
 * Source     UEFI 2.10 sections 4, 7, 9.
 */
#pragma once

#include <efi.h>

#include "kernel/base/base.h"

struct firmware {
	EFI_HANDLE image;
	EFI_SYSTEM_TABLE *st;
	EFI_BOOT_SERVICES *bs;
};

/* Writes the text (ASCII) to the firmware's console; newline ends the line. */
void firmware_say(const struct firmware *fw, const char *text);

/* NULL when there is no such protocol. */
void *firmware_protocol(const struct firmware *fw, EFI_GUID *guid);

/* The configuration table's address, 0 when absent. */
u64 firmware_table(const struct firmware *fw, const EFI_GUID *guid);

/* Pages that hold len bytes, of type EfiLoaderData, not zeroed; NULL when there are none. */
void *firmware_alloc(const struct firmware *fw, u64 len);
