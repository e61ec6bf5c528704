/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/bootinfo.h - what the stub hands to the kernel.
 *
 * The stub fills one struct bootinfo, the kernel checks it before it uses any field and
 * refuses, in words, a magic, version or length it does not know. There is one
 * version at a time: stub and kernel are built and measured together; the check catches
 * a wrongly assembled image.
 *
 * At entry of the kernel (symbol kernel_entry, the ELF's e_entry, a higher-half address):
 *   RDI    physical address of the struct bootinfo
 *   CR3    the stub's page tables: the kernel's segments at their linked addresses with
 *          their ELF permissions; all memory of the map, and at least the first 4 GiB,
 *          twice: at its physical address (executable, for the jump alone) and at PHYSMAP_BASE + address (NX)
 *   IF 0, DF 0, long mode, CPL 0, EFER.NXE and CR0.WP set; RSP is not usable: the kernel brings its stack.
 *
 * Context    read by kernel/main.c before anything else runs.
 * Units      addresses are physical; lengths in bytes.
 * Ownership  everything pointed to lies in memory of type EfiLoaderData (or where noted) and
 *            belongs to the kernel from entry on.
 * Errors     a zero address with a zero length means "absent".
 * Source     UEFI 2.10 sections 4.6, 7.2, 7.4; TCG EFI Protocol Specification 2.0.
 */
#pragma once

#include "kernel/base/base.h"

#define BOOTINFO_MAGIC 0x4f464e4959415341ull /* "ASAYINFO" in memory order */
#define BOOTINFO_VERSION 1u

#define PHYSMAP_BASE 0xffff800000000000ull
#define KERNEL_BASE 0xffffffff80000000ull

/*
 * Bits of bootinfo.flags: EFI_TCG2 with a TPM was there, so every present section went to PCR 11 and the load options,
 * if any, to PCR 12; firmware said that its event log is truncated; variable SecureBoot is 1 and SetupMode is 0.
 */
enum { BOOT_TCG2_PRESENT = 1, BOOT_LOG_TRUNCATED = 2, BOOT_SECURE_BOOT = 4 };

struct boot_span {
	u64 addr, len;
};

struct bootinfo {
	u64 magic;
	u32 version, len, flags;
	/* 1 when load options were there that are not text. */
	u32 load_options_not_text;

	struct boot_span memmap; /* EFI_MEMORY_DESCRIPTORs as of the successful ExitBootServices */
	u32 memmap_desc_len, memmap_desc_version; /* stride of one descriptor */

	u64 rsdp;                /* ACPI 2.0 RSDP, 0 when absent (in firmware's memory) */

	struct boot_span event_log;    /* copy of the TCG2 log taken by the last GetEventLog */
	u64 final_events;              /* the Final Events table (ACPI NVS, firmware's), 0 when absent */
	u64 final_events_skip;         /* bytes of its events already contained in event_log */

	struct boot_span kernel;       /* contiguous; addr: lowest page */

	/*
	 * .cmdline (UTF-8, no NUL needed) and .initrd (POSIX tar), in place in the loaded image (memory of type
	 * EfiLoaderCode). Load options as UTF-8 without NUL, converted from UTF-16; whether they count is the kernel's
	 * decision (kernel/cmdline.c).
	 */
	struct boot_span cmdline, initrd, load_options;

	u64 entry_tsc;                 /* time stamp counter when the stub started */
	u8 seed[64];                   /* from EFI_RNG_PROTOCOL; zeros when absent */
	u32 seed_len;                  /* bytes of seed that are random, 0 to 64 */
	u32 reserved;
};

_Static_assert(sizeof(struct bootinfo) % 8 == 0, "bootinfo is padded to 8");
