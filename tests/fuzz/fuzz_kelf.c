/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_kelf.c - any bytes as the kernel's ELF file: what is accepted can be laid out. */
/* links: boot/kelf.c kernel/elf.c */
#include <stdlib.h>

#include "boot/kelf.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct elf_plan k;
	const char *why;
	u8 *memory;

	if (kelf_parse((struct span){ data, len }, &k, &why))
		return 0;
	u64 size = k.end - k.start;

	if (size > KELF_LEN_MAX || k.entry < k.start || k.entry - k.start >= size)
		abort();
	memory = size < (1u << 20) ? malloc(size) : NULL;
	if (memory)
		kelf_place(&k, (struct span){ data, len }, memory);
	free(memory);
	return 0;
}
