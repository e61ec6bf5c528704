/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_kelf.c - any bytes as the kernel's ELF file: what is accepted can be laid out. */
/* links: boot/kelf.c */
#include <stdlib.h>

#include "boot/kelf.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct kelf k;
	const char *why;
	u8 *memory;

	if (kelf_parse((struct span){ data, len }, &k, &why))
		return 0;
	if (k.len > KELF_LEN_MAX || k.entry < k.base || k.entry - k.base >= k.len)
		abort();
	memory = k.len < (1u << 20) ? malloc(k.len) : NULL;
	if (memory)
		kelf_place(&k, memory);
	free(memory);
	return 0;
}
