/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/stub_elf.c - small ELF files for the tests of boot/ and tools/pewrite.c.
 */
#include "tests/fake/stub_elf.h"

#include <stdlib.h>
#include <string.h>

#include "boot/bootinfo.h"

static void ident(u8 *elf, u16 type)
{
	memcpy(elf, "\177ELF\2\1\1", 7);
	store_le16(elf + 16, type);
	store_le16(elf + 18, 62);
	store_le32(elf + 20, 1);
	store_le16(elf + 52, 64);
	store_le16(elf + 54, 56);
	store_le16(elf + 58, 64);
}

static void section(u8 *h, u32 type, u64 flags, u64 addr, u64 off, u64 len)
{
	store_le32(h + 4, type);
	store_le64(h + 8, flags);
	store_le64(h + 16, addr);
	store_le64(h + 24, off);
	store_le64(h + 32, len);
}

u8 *stub_elf(size_t *ret_len)
{
	size_t len = STUB_ELF_SECTIONS + 6 * 64;
	u8 *elf = calloc(1, len);
	u8 *h = elf + STUB_ELF_SECTIONS;

	ident(elf, 3);
	store_le64(elf + ELF_ENTRY, 0x1004);
	store_le64(elf + ELF_SHOFF, STUB_ELF_SECTIONS);
	store_le16(elf + ELF_SHNUM, 6);
	memset(elf + 0x100, 0xc3, 32);
	memcpy(elf + 0x200, "read only", 9);
	memset(elf + 0x300, 0xda, 16);
	section(h + 64, 1, 6, 0x1000, 0x100, 32);
	section(h + 128, 1, 2, 0x2000, 0x200, 9);
	section(h + 192, 1, 3, 0x3000, 0x300, 16);
	section(h + 256, 8, 3, 0x3010, 0x310, 0x300);
	section(h + 320, 1, 0, 0, 0x300, 16);
	*ret_len = len;
	return elf;
}

static void segment(u8 *h, u32 flags, u64 off, u64 vaddr, u64 file_len, u64 mem_len)
{
	store_le32(h, 1);
	store_le32(h + 4, flags);
	store_le64(h + 8, off);
	store_le64(h + 16, vaddr);
	store_le64(h + 24, vaddr);
	store_le64(h + 32, file_len);
	store_le64(h + 40, mem_len);
	store_le64(h + 48, 0x1000);
}

u8 *kernel_elf(void)
{
	u8 *elf = calloc(1, KERNEL_ELF_LEN);

	ident(elf, 2);
	store_le64(elf + ELF_ENTRY, KERNEL_BASE + 0x10);
	store_le64(elf + ELF_PHOFF, KERNEL_ELF_PHDRS);
	store_le16(elf + ELF_PHNUM, 3);
	memset(elf + 0x1000, 0x90, 0x1000);
	memcpy(elf + 0x2000, "rodata", 6);
	memset(elf + 0x2ff0, 0xda, 16);
	segment(elf + 64, 5, 0x1000, KERNEL_BASE, 0x1000, 0x1000);
	segment(elf + 120, 4, 0x2000, KERNEL_BASE + 0x1000, 6, 6);
	segment(elf + 176, 6, 0x2ff0, KERNEL_BASE + 0x2ff0, 16, 0x1810);
	return elf;
}
