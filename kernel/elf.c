/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/elf.c - the checks on ELF headers.
 *
 * Relies on cursor.h for every byte. Invariant: a plan that fails a check is wiped, so a caller cannot act on half
 * of a file. The rules are stricter than Linux's where Linux would map something surprising:
 * no writable and executable segment, no executable stack, no page shared by two segments.
 */
#include "kernel/elf.h"

#include "kernel/base/cursor.h"

enum { ET_EXEC = 2, ET_DYN = 3, EM_X86_64 = 62 };
enum { PT_LOAD = 1, PT_INTERP = 3, PT_PHDR = 6, PT_GNU_STACK = 0x6474e551 };

/* The lowest address a program may use and the first beyond the user half (kernel/x86/usercopy.h). */
#define LOW_LIMIT 0x10000ull
#define HIGH_LIMIT 0x00007ffffffff000ull
/* A position independent program must leave room for its bias, heap and stack. */
#define DYN_SPAN_MAX (1ull << 40)

struct header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phdr_off, shdr_off;
	u32 flags;
	u16 len, phdr_len, phdr_count, shdr_len, shdr_count, shdr_names;
};
_Static_assert(sizeof(struct header) == ELF_HEADER_LEN, "Elf64_Ehdr has 64 bytes");

const char *elf_parse_header(struct span head, u64 file_len, struct elf_plan *ret_plan) {
	struct cursor c = cursor_of(head);
	struct header h;
	u64 table_end;

	memset(ret_plan, 0, sizeof(*ret_plan));
	if (cursor_get_bytes(&c, &h, sizeof(h)) != 0 || memcmp(h.ident, "\x7f" "ELF", 4) != 0)
		return "is not an ELF file";
	if (h.ident[4] != 2 || h.ident[5] != 1 || h.ident[6] != 1)
		return "is not a 64-bit little-endian ELF file of version 1";
	if (h.machine != EM_X86_64 || h.version != 1) return "is not for x86-64";
	if (h.type != ET_EXEC && h.type != ET_DYN) return "is an ELF file but not a program";
	if (h.phdr_len != ELF_PHDR_LEN) return "has program headers of a wrong size";
	if (h.phdr_count < 1 || h.phdr_count > ELF_PHDRS_MAX) return "has no program headers or more than 64";
	if (add_overflows(h.phdr_off, (u64)h.phdr_count * ELF_PHDR_LEN, &table_end) || table_end > file_len)
		return "has its program headers beyond its end";
	ret_plan->position_independent = h.type == ET_DYN;
	ret_plan->low = h.type == ET_DYN ? 0 : LOW_LIMIT;
	ret_plan->high = h.type == ET_DYN ? DYN_SPAN_MAX : HIGH_LIMIT;
	ret_plan->entry = h.entry;
	ret_plan->phdr_off = h.phdr_off;
	ret_plan->phdr_count = h.phdr_count;
	ret_plan->align = PAGE_SIZE;
	return NULL;
}

static const char *check_load(const struct elf_plan *plan, const struct elf_phdr *p, u64 file_len) {
	u64 file_end, mem_end;

	if (p->file_len > p->mem_len) return "has a segment with more bytes in the file than in memory";
	if (add_overflows(p->file_off, p->file_len, &file_end) || file_end > file_len)
		return "has a segment beyond its end";
	if ((p->file_off & (PAGE_SIZE - 1)) != (p->addr & (PAGE_SIZE - 1)))
		return "has a segment whose file offset and address disagree within the page";
	if (p->align > 1 && (p->align & (p->align - 1)) != 0)
		return "has a segment whose alignment is not a power of two";
	if (p->addr < plan->low || add_overflows(p->addr, p->mem_len, &mem_end) || mem_end > plan->high)
		return "has a segment outside the addresses that it may use";
	if ((p->flags & ELF_PF_W) != 0 && (p->flags & ELF_PF_X) != 0)
		return "has a segment that is writable and executable";
	if ((p->flags & ELF_PF_W) == 0 && p->mem_len > p->file_len)
		return "has a read-only segment with memory that no file bytes fill";
	if (plan->segment_count > 0 && align_down(p->addr, PAGE_SIZE) < plan->end)
		return "has segments that overlap or are not in ascending order";
	return NULL;
}

static const char *add_load(struct elf_plan *plan, const struct elf_phdr *p, u64 file_len) {
	const char *why = check_load(plan, p, file_len);

	if (why != NULL) return why;
	if (plan->segment_count == 0) plan->start = align_down(p->addr, PAGE_SIZE);
	plan->end = align_up(p->addr + p->mem_len, PAGE_SIZE);
	plan->align = max_u64(plan->align, p->align);
	plan->segments[plan->segment_count++] = *p;
	return NULL;
}

static const char *take_phdr(struct elf_plan *plan, const struct elf_phdr *p, u64 file_len) {
	switch (p->type) {
	case PT_LOAD: return p->mem_len != 0 ? add_load(plan, p, file_len) : NULL;
	case PT_INTERP: return "is dynamically linked, which is not supported";
	case PT_PHDR: plan->phdr_addr = p->addr; return NULL;
	case PT_GNU_STACK: return (p->flags & ELF_PF_X) != 0 ? "asks for an executable stack" : NULL;
	default: return NULL;
	}
}

/* Where the table is mapped: the segment whose file bytes hold it; a PT_PHDR that says otherwise is wrong. */
static const char *find_phdrs(struct elf_plan *plan) {
	u64 len = (u64)plan->phdr_count * ELF_PHDR_LEN, found = 0;

	for (u32 i = 0; i < plan->segment_count && found == 0; i++) {
		const struct elf_phdr *s = &plan->segments[i];
		u64 in = plan->phdr_off - s->file_off; /* wraps, and is then too large */

		if (len <= s->file_len && in <= s->file_len - len) found = s->addr + in;
	}
	if (plan->phdr_addr != 0 && plan->phdr_addr != found)
		return "says that its program headers are where they are not";
	plan->phdr_addr = found;
	return NULL;
}

static const char *check_entry(const struct elf_plan *plan) {
	for (const struct elf_phdr *s = plan->segments; s < plan->segments + plan->segment_count; s++)
		if ((s->flags & ELF_PF_X) != 0 && plan->entry - s->addr < s->file_len) return NULL;
	return "has its entry outside its executable segments";
}

const char *elf_parse_segments(struct elf_plan *plan, struct span phdrs, u64 file_len) {
	struct cursor c = cursor_of(phdrs);
	const char *why = NULL;

	for (u32 i = 0; i < plan->phdr_count && why == NULL; i++) {
		struct elf_phdr p;
		bool cut = cursor_get_bytes(&c, &p, sizeof(p)) != 0;

		why = cut ? "ends inside its program headers" : take_phdr(plan, &p, file_len);
	}
	if (why == NULL && plan->segment_count == 0) why = "has nothing to load";
	if (why == NULL && plan->align > DYN_SPAN_MAX) why = "has a segment with an absurd alignment";
	if (why == NULL) why = find_phdrs(plan);
	if (why == NULL) why = check_entry(plan);
	if (why != NULL) memset(plan, 0, sizeof(*plan));
	return why;
}
