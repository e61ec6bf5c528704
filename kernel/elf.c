/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/elf.c - the checks on ELF headers.
 *
 * Relies on cursor.h for every byte. Invariant: a plan is written only when every check has passed, so a caller
 * cannot act on half of a file. The rules are stricter than Linux's where Linux would map something surprising:
 * no writable and executable segment, no executable stack, no page shared by two segments.
 */
#include "kernel/elf.h"

#include "kernel/base/cursor.h"

#define ET_EXEC 2u
#define ET_DYN 3u
#define EM_X86_64 62u

#define PT_LOAD 1u
#define PT_INTERP 3u
#define PT_PHDR 6u
#define PT_GNU_STACK 0x6474e551u

#define INTERP_LEN_MAX 4096u
/* The lowest address a program may use and the first beyond the user half (kernel/x86/usercopy.h). */
#define LOW_LIMIT 0x10000ull
#define HIGH_LIMIT 0x00007ffffffff000ull
/* A position independent program must leave room for its bias, heap and stack. */
#define DYN_SPAN_MAX (1ull << 40)

struct phdr {
	u32 type, flags;
	u64 off, addr, file_len, mem_len, align;
};

static int refuse(const char **ret_why, const char *why) {
	*ret_why = why;
	return -ENOEXEC;
}

static const char *check_identity(struct cursor *c) {
	static const u8 magic[4] = { 0x7f, 'E', 'L', 'F' };
	struct span ident = cursor_take(c, 16);

	if (!cursor_ok(c) || memcmp(ident.base, magic, sizeof(magic)) != 0) return "is not an ELF file";
	if (ident.base[4] != 2 || ident.base[5] != 1 || ident.base[6] != 1)
		return "is not a 64-bit little-endian ELF file of version 1";
	return NULL;
}

int elf_parse_header(struct span head, u64 file_len, struct elf_header *ret_header, const char **ret_why) {
	struct cursor c = cursor_of(head);
	const char *why = check_identity(&c);
	struct elf_header h;
	u64 table_end;

	if (why != NULL) return refuse(ret_why, why);
	u32 type = cursor_le16(&c);
	u32 machine = cursor_le16(&c);
	u32 version = cursor_le32(&c);
	h.entry = cursor_le64(&c);
	h.phdr_off = cursor_le64(&c);
	cursor_skip(&c, 8 + 4 + 2); /* section headers, processor flags, header size: unused when loading */
	u32 phdr_len = cursor_le16(&c);
	h.phdr_count = cursor_le16(&c);
	cursor_skip(&c, 6);
	if (!cursor_ok(&c)) return refuse(ret_why, "ends inside its ELF header");
	if (machine != EM_X86_64 || version != 1) return refuse(ret_why, "is not for x86-64");
	if (type != ET_EXEC && type != ET_DYN) return refuse(ret_why, "is an ELF file but not a program");
	if (phdr_len != ELF_PHDR_LEN) return refuse(ret_why, "has program headers of a wrong size");
	if (h.phdr_count < 1 || h.phdr_count > ELF_PHDRS_MAX)
		return refuse(ret_why, "has no program headers or more than 64");
	if (add_overflows(h.phdr_off, (u64)h.phdr_count * ELF_PHDR_LEN, &table_end) || table_end > file_len)
		return refuse(ret_why, "has its program headers beyond its end");
	h.position_independent = type == ET_DYN;
	*ret_header = h;
	return 0;
}

static struct phdr read_phdr(struct cursor *c) {
	struct phdr p;

	p.type = cursor_le32(c);
	p.flags = cursor_le32(c);
	p.off = cursor_le64(c);
	p.addr = cursor_le64(c);
	cursor_skip(c, 8); /* physical address */
	p.file_len = cursor_le64(c);
	p.mem_len = cursor_le64(c);
	p.align = cursor_le64(c);
	return p;
}

static const char *check_load_file(const struct phdr *p, u64 file_len) {
	u64 file_end;

	if (p->file_len > p->mem_len) return "has a segment with more bytes in the file than in memory";
	if (add_overflows(p->off, p->file_len, &file_end) || file_end > file_len)
		return "has a segment beyond its end";
	if ((p->off & (PAGE_SIZE - 1)) != (p->addr & (PAGE_SIZE - 1)))
		return "has a segment whose file offset and address disagree within the page";
	if (p->align > 1 && (p->align & (p->align - 1)) != 0)
		return "has a segment whose alignment is not a power of two";
	return NULL;
}

static const char *check_load(const struct phdr *p, const struct elf_header *h, u64 file_len) {
	const char *why = check_load_file(p, file_len);
	u64 mem_end;

	if (why != NULL) return why;
	if (add_overflows(p->addr, p->mem_len, &mem_end) || mem_end > HIGH_LIMIT)
		return "has a segment outside the user half of the address space";
	if (!h->position_independent && p->addr < LOW_LIMIT) return "has a segment below 0x10000";
	if (h->position_independent && mem_end > DYN_SPAN_MAX) return "has segments too far apart";
	if ((p->flags & ELF_PF_W) != 0 && (p->flags & ELF_PF_X) != 0)
		return "has a segment that is writable and executable";
	if ((p->flags & ELF_PF_W) == 0 && p->mem_len > p->file_len)
		return "has a read-only segment with memory that no file bytes fill";
	return NULL;
}

static const char *add_load(struct elf_plan *plan, const struct phdr *p) {
	struct elf_segment *s = &plan->segments[plan->segment_count];
	u64 start = align_down(p->addr, PAGE_SIZE);

	if (plan->segment_count == 0)
		plan->start = start;
	else if (start < plan->end)
		return "has segments that overlap or are not in ascending order";
	s->addr = p->addr;
	s->mem_len = p->mem_len;
	s->file_off = p->off;
	s->file_len = p->file_len;
	s->flags = p->flags & (ELF_PF_R | ELF_PF_W | ELF_PF_X);
	plan->end = align_up(p->addr + p->mem_len, PAGE_SIZE);
	plan->align = max_u64(plan->align, p->align);
	plan->segment_count++;
	return NULL;
}

static const char *take_phdr(struct elf_plan *plan, const struct phdr *p, const struct elf_header *h, u64 file_len) {
	const char *why;
	u64 end;

	switch (p->type) {
	case PT_LOAD:
		if (p->mem_len == 0) return NULL;
		why = check_load(p, h, file_len);
		return why != NULL ? why : add_load(plan, p);
	case PT_INTERP:
		if (plan->interp_len != 0) return "names two interpreters";
		if (p->file_len < 2 || p->file_len > INTERP_LEN_MAX)
			return "names an interpreter of impossible length";
		if (add_overflows(p->off, p->file_len, &end) || end > file_len)
			return "names its interpreter beyond its end";
		plan->interp_off = p->off;
		plan->interp_len = p->file_len;
		return NULL;
	case PT_PHDR:
		plan->phdr_addr = p->addr;
		return NULL;
	case PT_GNU_STACK: return (p->flags & ELF_PF_X) != 0 ? "asks for an executable stack" : NULL;
	default: return NULL;
	}
}

/* Where the table is mapped: the segment whose file bytes hold it; a PT_PHDR that says otherwise is wrong. */
static const char *find_phdrs(struct elf_plan *plan, const struct elf_header *h) {
	u64 len = (u64)h->phdr_count * ELF_PHDR_LEN, found = 0;

	for (u32 i = 0; i < plan->segment_count && found == 0; i++) {
		const struct elf_segment *s = &plan->segments[i];

		if (h->phdr_off >= s->file_off && len <= s->file_len &&
		    h->phdr_off - s->file_off <= s->file_len - len)
			found = s->addr + (h->phdr_off - s->file_off);
	}
	if (plan->phdr_addr != 0 && plan->phdr_addr != found)
		return "says that its program headers are where they are not";
	plan->phdr_addr = found;
	return NULL;
}

static const char *check_entry(const struct elf_plan *plan) {
	for (u32 i = 0; i < plan->segment_count; i++) {
		const struct elf_segment *s = &plan->segments[i];

		if ((s->flags & ELF_PF_X) != 0 && plan->entry >= s->addr && plan->entry - s->addr < s->file_len)
			return NULL;
	}
	return "has its entry outside its executable segments";
}

int elf_parse_segments(const struct elf_header *header, struct span phdrs, u64 file_len, struct elf_plan *ret_plan,
		       const char **ret_why) {
	struct cursor c = cursor_of(phdrs);
	const char *why = NULL;

	/* The plan is large for a kernel stack, so it is filled in place; it counts only when 0 is returned. */
	memset(ret_plan, 0, sizeof(*ret_plan));
	ret_plan->position_independent = header->position_independent;
	ret_plan->entry = header->entry;
	ret_plan->phdr_count = header->phdr_count;
	ret_plan->align = PAGE_SIZE;
	for (u32 i = 0; i < header->phdr_count && why == NULL; i++) {
		struct phdr p = read_phdr(&c);

		why = cursor_ok(&c) ? take_phdr(ret_plan, &p, header, file_len) : "ends inside its program headers";
	}
	if (why == NULL && ret_plan->segment_count == 0) why = "has nothing to load";
	if (why == NULL && ret_plan->align > DYN_SPAN_MAX) why = "has a segment with an absurd alignment";
	if (why == NULL) why = find_phdrs(ret_plan, header);
	if (why == NULL) why = check_entry(ret_plan);
	if (why != NULL) {
		memset(ret_plan, 0, sizeof(*ret_plan));
		return refuse(ret_why, why);
	}
	return 0;
}

int elf_check_interp(struct span interp, const char **ret_why) {
	if (interp.len < 2 || interp.base[interp.len - 1] != 0 || memchr(interp.base, 0, interp.len - 1) != NULL)
		return refuse(ret_why, "names its interpreter without one NUL at the end");
	if (interp.base[0] != '/') return refuse(ret_why, "names an interpreter without an absolute path");
	return 0;
}
