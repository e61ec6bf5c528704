/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_vars.h - a boot entry in a copy of the firmware's variables.
 *
 * The copy is a firmware volume with one authenticated variable store, as OVMF's *_VARS*.fd files are.
 * Existing BootOrder and Boot0000 are marked deleted and new ones appended: Boot0000 starts
 * \EFI\BOOT\BOOTX64.EFI of the first SATA disk with the load options, as UTF-16 with NUL.
 *
 * Context    pure; memory to memory.
 * Ownership  the caller's bytes, changed in place; untouched on failure.
 * Errors     -EBADMSG no such store, or a damaged one; -ENOSPC no room; -E2BIG options longer than
 *            VARS_OPTIONS_MAX; -EILSEQ ones that are not UTF-8; the sentence in ret_why.
 * Source     UEFI 2.10 sections 3.1.3 and 10; PI 1.7 volume 3 section 3.2 (volume header); the store's
 *            layout as edk2 has it.
 */
#pragma once

#include "kernel/base/err.h"
#include "kernel/base/types.h"

#define VARS_OPTIONS_MAX 4096u

must_check int vars_set_boot(u8 *store, size_t len, const char *options, const char **ret_why);
