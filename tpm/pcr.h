/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/pcr.h - the platform configuration registers: who extends which, and the banks' names.
 *
 * Context    any; static tables, no allocation. Compiles in the boot stub.
 * Units      digest sizes in bytes.
 * Ownership  texts are static.
 * Errors     NULL or 0 for what is not in the table.
 * Source     TCG PC Client Platform Firmware Profile 1.05, section 3.3; TCG Algorithm Registry;
 *            PCR 8, 9, 14: the conventions of GRUB, Linux and shim.
 */
#pragma once

#include "kernel/base/base.h"

#define PCR_COUNT 24u

/*
 * Those that Assay itself extends or names: kernel/integrity's measurement list, boot/measure.c's sections of the
 * image and command line from outside, and the two that programs reset and extend as they like. Those of a dynamic
 * launch are all ones until there is one.
 */
enum { PCR_RUNTIME = 10, PCR_IMAGE, PCR_OPTIONS, PCR_DEBUG = 16, PCR_DRTM_FIRST, PCR_DRTM_LAST = 22, PCR_APPLICATION };

/* TPM_ALG_ID of the algorithms that a bank can have. */
enum { PCR_ALG_SHA1 = 0x04, PCR_ALG_SHA256 = 0x0b, PCR_ALG_SHA384, PCR_ALG_SHA512, PCR_ALG_SM3_256 = 0x12,
       PCR_ALG_SHA3_256 = 0x27, PCR_ALG_SHA3_384, PCR_ALG_SHA3_512 };

/* One sentence on what the PCR holds; NULL for 24 and above. */
const char *pcr_use(unsigned pcr);

/* True for the two that programs may extend and reset through /dev/tpm0: nothing of ours stands in them. */
bool pcr_free_for_programs(u32 pcr);

/* "sha256": as in /sys/class/tpm/tpm0/pcr-sha256; NULL for an algorithm outside the registry's hash list. */
const char *pcr_bank_name(u16 alg);

/* Digest size of the algorithm, 0 when it is not known. */
size_t pcr_bank_len(u16 alg);
