/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/kelf.c - the kernel's ELF file. Relies on kernel/elf.c, the one parser of such files.
 */
#include "boot/kelf.h"

#include "boot/bootinfo.h"
#include "kernel/base/cursor.h"

int kelf_parse(struct span file, struct elf_plan *ret_plan, const char **ret_why) {
	static char sentence[128];
	struct cursor c = cursor_of(file);
	struct span phdrs = { NULL, 0 };
	const char *why = elf_parse_header(file, file.len, ret_plan);

	if (!why && (ret_plan->position_independent ||
		     cursor_slice(&c, ret_plan->phdr_off, ret_plan->phdr_count * ELF_PHDR_LEN, &phdrs)))
		why = "is not linked for fixed addresses";
	ret_plan->low = KERNEL_BASE;
	ret_plan->high = KERNEL_BASE + KELF_LEN_MAX;
	if (!why) why = elf_parse_segments(ret_plan, phdrs, file.len);
	if (!why) return 0;
	text_format(sentence, sizeof(sentence), "the kernel in section .linux %s", why);
	*ret_why = sentence;
	return -ENOEXEC;
}

void kelf_place(const struct elf_plan *plan, struct span file, void *memory) {
	u8 *to = memory;

	memset(to, 0, plan->end - plan->start);
	for (u32 i = 0; i < plan->segment_count; i++) {
		const struct elf_phdr *s = &plan->segments[i];

		memcpy(to + (s->addr - plan->start), file.base + s->file_off, s->file_len);
	}
}
