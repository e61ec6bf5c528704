/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/stub_elf.h - a linked stub and a kernel, as small ELF files made in memory.
 *
 * Context    unit tests.
 * Ownership  the caller frees the bytes (free). Blocks have their exact size.
 * Source     System V ABI chapters 4 and 5.
 */
#pragma once

#include "kernel/base/types.h"

/* Offsets of fields that tests spoil. */
#define ELF_SHOFF 40
#define ELF_PHOFF 32
#define ELF_ENTRY 24
#define ELF_PHNUM 56
#define ELF_SHNUM 60

/* Section headers stand at STUB_ELF_SECTIONS, 64 bytes each: null, .text, .rodata, .data, .bss, a debug section. */
#define STUB_ELF_SECTIONS 0x1000u
/* .text at 0x1000, 32 bytes of 0xc3; .rodata at 0x2000, "read only"; .data at 0x3000, 16 bytes; .bss behind, 0x300. */
u8 *stub_elf(size_t *ret_len);

/* Program headers stand at 64, 56 bytes each: text RX, rodata R, data RW with 0x1800 bytes of zeros behind 16. */
#define KERNEL_ELF_PHDRS 64u
#define KERNEL_ELF_LEN 0x3000u
u8 *kernel_elf(void);
