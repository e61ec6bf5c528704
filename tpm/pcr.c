/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/pcr.c - names and uses of PCRs and banks; relies on the tables below alone. */
#include "tpm/pcr.h"

static const char *const uses[PCR_COUNT] = {
	[0] = "Firmware code: its version, its volumes and what the chip maker's start code measured.",
	[1] = "Firmware configuration: boot variables, tables of devices, settings.",
	[2] = "Code of option ROMs and of drivers that are not part of the firmware.",
	[3] = "Configuration and data of option ROMs and drivers.",
	[4] = "Boot applications: each PE file that the firmware starts, so also the Assay image.",
	[5] = "The boot disk's partition table, and the calls that leave boot services.",
	[6] = "Events of the platform's maker.",
	[7] = "Secure Boot: its state, its key variables and the certificates that accepted something.",
	[8] = "Commands and command lines of boot loaders such as GRUB; Assay leaves it alone.",
	[9] = "Files that boot loaders or Linux's EFI stub read; Assay leaves it alone.",
	[10] = "The running kernel's measurement list: every record, in the list's order.",
	[11] = "The sections of the Assay image: for each its name, then its content.",
	[12] = "The command line given from outside the image: what was passed and what was ignored.",
	[13] = "System extension images by the convention for unified kernel images; Assay leaves it alone.",
	[14] = "Machine owner keys as shim measures them; Assay leaves it alone.",
	[15] = "System identity by the convention for unified kernel images; Assay leaves it alone.",
	[16] = "Debug: programs may reset and extend it, nothing may rely on it.",
	[17] = "Dynamic launch: its details.",
	[18] = "Dynamic launch: its authorities.",
	[19 ... 22] = "Dynamic launch: for the launched system.",
	[23] = "Application support: programs may reset and extend it.",
};

static const struct {
	u16 alg;
	u8 len;
	const char *name;
} banks[] = {
	{ PCR_ALG_SHA1, 20, "sha1" },         { PCR_ALG_SHA256, 32, "sha256" },
	{ PCR_ALG_SHA384, 48, "sha384" },     { PCR_ALG_SHA512, 64, "sha512" },
	{ PCR_ALG_SM3_256, 32, "sm3" },       { PCR_ALG_SHA3_256, 32, "sha3-256" },
	{ PCR_ALG_SHA3_384, 48, "sha3-384" }, { PCR_ALG_SHA3_512, 64, "sha3-512" },
	{ 0, 0, NULL }, /* stands for any other */
};

static size_t index_of(u16 alg) {
	size_t i = 0;

	while (banks[i].len && banks[i].alg != alg) i++;
	return i;
}

const char *pcr_use(unsigned pcr) { return pcr < PCR_COUNT ? uses[pcr] : NULL; }

bool pcr_free_for_programs(u32 pcr) { return pcr == PCR_DEBUG || pcr == PCR_APPLICATION; }

const char *pcr_bank_name(u16 alg) { return banks[index_of(alg)].name; }

size_t pcr_bank_len(u16 alg) { return banks[index_of(alg)].len; }
