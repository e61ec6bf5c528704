/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/elf.c */
/* tests/fuzz/fuzz_elf.c - a whole file: a plan that is given is one that may be mapped. */
#include <stdlib.h>

#include "kernel/elf.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void check(const struct elf_plan *plan, size_t len)
{
	u64 end = 0;

	for (u32 i = 0; i < plan->segment_count; i++) {
		const struct elf_phdr *s = &plan->segments[i];

		if (s->addr < end || s->file_len > s->mem_len || s->file_off > len || s->file_len > len - s->file_off ||
		    s->addr + s->mem_len > 0x7ffffffff000 || (s->flags & 3) == 3)
			abort();
		end = align_up(s->addr + s->mem_len, PAGE_SIZE);
	}
	if (plan->segment_count == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	static struct elf_plan plan;

	if (elf_parse_header((struct span){ data, len }, len, &plan))
		return 0;
	struct span phdrs = { data + plan.phdr_off, (size_t)plan.phdr_count * ELF_PHDR_LEN };

	if (!elf_parse_segments(&plan, phdrs, len))
		check(&plan, len);
	return 0;
}
