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

/* Those that Assay itself extends or names. */
#define PCR_BOOT_APP 4u      /* firmware: our PE file */
#define PCR_SECURE_BOOT 7u   /* firmware: keys and Secure Boot state */
#define PCR_RUNTIME 10u      /* kernel/integrity: the measurement list */
#define PCR_IMAGE 11u        /* boot/measure.c: the sections of the image */
#define PCR_OPTIONS 12u      /* boot/measure.c: the command line from outside */
#define PCR_DEBUG 16u        /* programs: reset and extend as they like */
#define PCR_APPLICATION 23u  /* programs: reset and extend as they like */

/* PCRs of a dynamic launch: all ones until there is one. */
#define PCR_DRTM_FIRST 17u
#define PCR_DRTM_LAST 22u

/* TPM_ALG_ID of the algorithms that a bank can have. */
#define PCR_ALG_SHA1 0x0004u
#define PCR_ALG_SHA256 0x000bu
#define PCR_ALG_SHA384 0x000cu
#define PCR_ALG_SHA512 0x000du
#define PCR_ALG_SM3_256 0x0012u
#define PCR_ALG_SHA3_256 0x0027u
#define PCR_ALG_SHA3_384 0x0028u
#define PCR_ALG_SHA3_512 0x0029u

/* One sentence on what the PCR holds; NULL for 24 and above. */
const char *pcr_use(unsigned pcr);

/* True for the two that programs may extend and reset through /dev/tpm0: nothing of ours stands in them. */
bool pcr_free_for_programs(u32 pcr);

/* "sha256": as in /sys/class/tpm/tpm0/pcr-sha256; NULL for an algorithm outside the registry's hash list. */
const char *pcr_bank_name(u16 alg);

/* Digest size of the algorithm, 0 when it is not known. */
size_t pcr_bank_len(u16 alg);
