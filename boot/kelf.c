/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/kelf.c - checks of the kernel's ELF file.
 *
 * Everything is read through the cursor and checked before kelf_place() writes a byte.
 */
#include "boot/kelf.h"

#include "boot/bootinfo.h"
#include "kernel/base/cursor.h"

#define PT_LOAD 1u
#define PF_X 1u
#define PF_W 2u
#define EM_X86_64 62u
#define ET_EXEC 2u
#define PHENT_LEN 56u

static int bad(const char **ret_why, const char *why) {
	*ret_why = why;
	return -ENOEXEC;
}

/* Reads the file header; the cursor is left at the first program header. */
static int read_header(struct cursor *c, u64 *ret_entry, unsigned *ret_count, const char **ret_why) {
	u64 phoff;
	unsigned count, type, machine;

	if (cursor_be32(c) != 0x7f454c46) return bad(ret_why, "the kernel in section .linux is not an ELF file");
	if (cursor_le16(c) != 0x0102) /* 64 bits, little-endian */
		return bad(ret_why, "the kernel is not a 64-bit little-endian ELF file");
	cursor_seek(c, 16);
	type = cursor_le16(c);
	machine = cursor_le16(c);
	cursor_skip(c, 4);
	*ret_entry = cursor_le64(c);
	phoff = cursor_le64(c);
	cursor_seek(c, 54);
	if (type != ET_EXEC || machine != EM_X86_64 || cursor_le16(c) != PHENT_LEN)
		return bad(ret_why, "the kernel is not an x86-64 executable");
	count = cursor_le16(c);
	cursor_seek(c, phoff);
	if (!cursor_ok(c) || cursor_left(c) / PHENT_LEN < count)
		return bad(ret_why, "the kernel's ELF headers are cut");
	*ret_count = count;
	return 0;
}

static int read_segment(struct cursor *c, const struct cursor *file, struct kelf_segment *ret_segment,
			bool *ret_load, const char **ret_why) {
	struct cursor ph = cursor_sub(c, PHENT_LEN);
	u32 type = cursor_le32(&ph);
	u32 flags = cursor_le32(&ph);
	u64 off = cursor_le64(&ph);
	u64 vaddr = cursor_le64(&ph);
	u64 file_len, mem_len, end;
	struct kelf_segment s = { .write = flags & PF_W, .exec = flags & PF_X };

	cursor_skip(&ph, 8);
	file_len = cursor_le64(&ph);
	mem_len = cursor_le64(&ph);
	*ret_load = type == PT_LOAD && mem_len;
	if (!*ret_load) return 0;
	if (s.write && s.exec) return bad(ret_why, "the kernel has a segment that is writable and executable");
	if (file_len > mem_len || cursor_slice(file, off, file_len, &s.content))
		return bad(ret_why, "a segment of the kernel lies outside its file");
	if (vaddr < KERNEL_BASE || mem_len > KELF_LEN_MAX || add_overflows(vaddr, mem_len + PAGE_SIZE, &end))
		return bad(ret_why, "a segment of the kernel is linked at an address out of range");
	s.vaddr = align_down(vaddr, PAGE_SIZE);
	s.file_skip = vaddr - s.vaddr;
	s.mem_len = align_up(vaddr + mem_len, PAGE_SIZE) - s.vaddr;
	*ret_segment = s;
	return 0;
}

/* The whole: ascending, within the cap, entry executable. */
static int finish(struct kelf *k, const char **ret_why) {
	const struct kelf_segment *last = &k->segments[k->count - 1];

	k->base = k->segments[0].vaddr;
	k->len = last->vaddr + last->mem_len - k->base;
	if (k->len > KELF_LEN_MAX) return bad(ret_why, "the kernel's segments are too far apart");
	for (size_t i = 0; i < k->count; i++) {
		const struct kelf_segment *s = &k->segments[i];

		if (s->exec && k->entry >= s->vaddr && k->entry - s->vaddr < s->mem_len) return 0;
	}
	return bad(ret_why, "the kernel's entry lies in no executable segment");
}

int kelf_parse(struct span file, struct kelf *ret_kelf, const char **ret_why) {
	struct cursor c = cursor_of(file);
	struct cursor whole = c;
	struct kelf k = { .count = 0 };
	unsigned headers;

	TRY(read_header(&c, &k.entry, &headers, ret_why));
	while (headers--) {
		struct kelf_segment s;
		bool load;

		TRY(read_segment(&c, &whole, &s, &load, ret_why));
		if (!load) continue;
		if (k.count == KELF_SEGMENTS_MAX) return bad(ret_why, "the kernel has too many segments");
		if (k.count && s.vaddr < k.segments[k.count - 1].vaddr + k.segments[k.count - 1].mem_len)
			return bad(ret_why, "the kernel's segments overlap or are not in ascending order");
		k.segments[k.count++] = s;
	}
	if (!k.count) return bad(ret_why, "the kernel has no segment to load");
	TRY(finish(&k, ret_why));
	*ret_kelf = k;
	return 0;
}

void kelf_place(const struct kelf *kelf, void *memory) {
	u8 *to = memory;

	memset(to, 0, kelf->len);
	for (size_t i = 0; i < kelf->count; i++) {
		const struct kelf_segment *s = &kelf->segments[i];

		if (s->content.len)
			memcpy(to + (s->vaddr - kelf->base) + s->file_skip, s->content.base, s->content.len);
	}
}
