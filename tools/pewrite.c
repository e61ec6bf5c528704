/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/pewrite.c - writing PE files byte by byte.
 *
 * Both jobs end in the same way: the result is opened with boot/pe.c, the reader that the stub uses, before
 * it is given out.
 */
#include "tools/pewrite.h"

#include <string.h>

#include "kernel/base/cursor.h"
#include "kernel/base/port.h"
#include "tools/pedigest.h"

#define PE_OFF 0x300u
#define OPT_OFF (PE_OFF + 24)
#define TABLE_OFF (OPT_OFF + PE_OPT_LEN)
#define FILE_ALIGN 0x200u
#define HEADERS_LEN 0x800u
#define IMAGE_LEN_MAX 0x7fffffffull
#define STUB_END_MAX 0x1000000ull /* addresses of the stub's ELF file: it is laid out before it is written */
#define STUB_SECTIONS_MAX 8u
#define RELOC_LEN 12u

/* Offsets of optional header fields, for in-place updates. */
#define OPT_DATA_LEN 8u
#define OPT_IMAGE_LEN 56u
#define OPT_CHECKSUM 64u

_Static_assert((HEADERS_LEN - TABLE_OFF) / PE_SECTION_HEADER_LEN == PEWRITE_SECTIONS_MAX, "as the header says");

static int fail(const char **ret_why, int err, const char *why) {
	*ret_why = why;
	return err;
}

/* ---- the stub: runs of ELF sections with one permission become PE sections */

#define SHF_WRITE 1u
#define SHF_ALLOC 2u
#define SHF_EXEC 4u
#define SHT_NOBITS 8u

struct run {
	const char *name;
	u32 flags;
	u32 vaddr;
	u32 len;
};

struct elf {
	struct cursor file;
	u64 sections_off;
	unsigned count;
	u64 entry;
};

struct elf_section {
	u32 type;
	u64 flags, addr, off, len;
};

static int elf_open(const void *bytes, size_t len, struct elf *ret_elf, const char **ret_why) {
	struct cursor c = cursor_init(bytes, len);
	struct elf elf = { .file = c };
	u32 magic = cursor_be32(&c);
	u16 class = cursor_le16(&c);

	cursor_seek(&c, 18);
	if (magic != 0x7f454c46 || class != 0x0102 || cursor_le16(&c) != 62)
		return fail(ret_why, -EBADMSG, "the stub is not an x86-64 ELF file");
	cursor_skip(&c, 4);
	elf.entry = cursor_le64(&c);
	cursor_skip(&c, 8);
	elf.sections_off = cursor_le64(&c);
	cursor_seek(&c, 60);
	elf.count = cursor_le16(&c);
	cursor_seek(&c, elf.sections_off);
	if (!cursor_ok(&c) || cursor_left(&c) / 64 < elf.count)
		return fail(ret_why, -EBADMSG, "the stub's ELF section table is cut");
	*ret_elf = elf;
	return 0;
}

static struct elf_section elf_section_at(const struct elf *elf, unsigned index) {
	struct cursor c = elf->file;
	struct elf_section s;

	cursor_seek(&c, elf->sections_off + index * 64ull);
	cursor_skip(&c, 4);
	s.type = cursor_le32(&c);
	s.flags = cursor_le64(&c);
	s.addr = cursor_le64(&c);
	s.off = cursor_le64(&c);
	s.len = cursor_le64(&c);
	return s;
}

/* The PE section that an ELF section belongs to. */
static struct run run_of(const struct elf_section *s) {
	if (s->flags & SHF_EXEC) return (struct run){ ".text", PE_SCN_CODE | PE_SCN_EXEC | PE_SCN_READ, 0, 0 };
	if (s->flags & SHF_WRITE) return (struct run){ ".data", PE_SCN_DATA | PE_SCN_READ | PE_SCN_WRITE, 0, 0 };
	return (struct run){ ".rodata", PE_SCN_DATA | PE_SCN_READ, 0, 0 };
}

static int collect_runs(const struct elf *elf, struct run *runs, size_t *ret_count, const char **ret_why) {
	size_t count = 0;
	u64 end = PAGE_SIZE;

	for (unsigned i = 0; i < elf->count; i++) {
		struct elf_section s = elf_section_at(elf, i);
		struct run run = run_of(&s);
		struct run *last = count ? &runs[count - 1] : NULL;

		if (!(s.flags & SHF_ALLOC) || !s.len) continue;
		if (s.addr < end || s.addr > STUB_END_MAX || s.len > STUB_END_MAX - s.addr)
			return fail(ret_why, -EBADMSG, "the stub's ELF sections do not ascend from page 1 to 16 MiB");
		end = s.addr + s.len;
		if (last && last->flags == run.flags) {
			last->len = (u32)(end - last->vaddr);
			continue;
		}
		if (s.addr % PAGE_SIZE || count == STUB_SECTIONS_MAX - 1)
			return fail(ret_why, -EBADMSG, "permissions change inside a page of the stub");
		run.vaddr = (u32)s.addr;
		run.len = (u32)s.len;
		runs[count++] = run;
	}
	if (!count) return fail(ret_why, -EBADMSG, "the stub has no sections");
	runs[count++] = (struct run){ ".reloc", PE_SCN_DATA | PE_SCN_READ | PE_SCN_DISCARDABLE,
				      (u32)align_up(end, PAGE_SIZE), RELOC_LEN };
	*ret_count = count;
	return 0;
}

static void write_section_header(struct writer *w, const char *name, u32 flags, u32 vaddr, u32 len, u32 off) {
	char padded[8] = { 0 };

	memcpy(padded, name, strnlen(name, sizeof(padded)));
	writer_bytes(w, padded, sizeof(padded));
	writer_le32(w, len);
	writer_le32(w, vaddr);
	writer_le32(w, (u32)align_up(len, FILE_ALIGN));
	writer_le32(w, off);
	writer_le64(w, 0); /* no COFF relocations or line numbers */
	writer_le32(w, 0);
	writer_le32(w, flags);
}

static void write_optional(struct writer *w, const struct elf *elf, const struct run *runs, size_t count) {
	const struct run *last = &runs[count - 1];
	u32 code = 0, data = 0;

	for (size_t i = 0; i < count; i++)
		*(runs[i].flags & PE_SCN_CODE ? &code : &data) += (u32)align_up(runs[i].len, FILE_ALIGN);
	writer_le16(w, PE_MAGIC_PLUS);
	writer_le16(w, 0); /* linker version */
	writer_le32(w, code);
	writer_le32(w, data);
	writer_le32(w, 0);
	writer_le32(w, (u32)elf->entry);
	writer_le32(w, runs[0].vaddr);
	writer_le64(w, 0); /* ImageBase: anywhere */
	writer_le32(w, PAGE_SIZE);
	writer_le32(w, FILE_ALIGN);
	writer_le64(w, 0); /* OS and image version */
	writer_le64(w, 0); /* subsystem version, reserved */
	writer_le32(w, (u32)align_up((u64)last->vaddr + last->len, PAGE_SIZE));
	writer_le32(w, HEADERS_LEN);
	writer_le32(w, 0);  /* CheckSum */
	writer_le16(w, 10); /* subsystem: EFI application */
	writer_le16(w, 0x100); /* NX compatible */
	for (unsigned i = 0; i < 4; i++)
		writer_le64(w, 0); /* stack and heap sizes: meaningless here */
	writer_le32(w, 0);
	writer_le32(w, 16);
	for (unsigned i = 0; i < 16; i++) {
		writer_le32(w, i == 5 ? last->vaddr : 0); /* directory entry 5: base relocations */
		writer_le32(w, i == 5 ? last->len : 0);
	}
}

static void write_headers(struct writer *w, const struct elf *elf, const struct run *runs, size_t count) {
	u32 off = HEADERS_LEN;

	writer_le32(w, 0x5a4d); /* MZ */
	w->len = 0x3c;
	writer_le32(w, PE_OFF);
	w->len = PE_OFF;
	writer_le32(w, 0x4550);
	writer_le16(w, 0x8664);
	writer_le16(w, (u16)count);
	writer_le32(w, 0); /* time */
	writer_le64(w, 0); /* no symbols */
	writer_le16(w, PE_OPT_LEN);
	writer_le16(w, 0x022e); /* executable, large address aware, no line numbers, symbols or debug information */
	write_optional(w, elf, runs, count);
	for (size_t i = 0; i < count; i++) {
		write_section_header(w, runs[i].name, runs[i].flags, runs[i].vaddr, runs[i].len, off);
		off += (u32)align_up(runs[i].len, FILE_ALIGN);
	}
}

/*
 * Copies the content of every allocated ELF section to its place in the file. The last run is .reloc: one block with
 * two entries that mean nothing, since firmware takes an image without relocations as one that cannot be moved.
 */
static int copy_content(const struct elf *elf, const struct run *runs, size_t count, u8 *pe, const char **ret_why) {
	size_t reloc_off = HEADERS_LEN;

	for (size_t r = 0; r + 1 < count; r++) reloc_off += align_up(runs[r].len, FILE_ALIGN);
	store_le32(pe + reloc_off, runs[0].vaddr);
	store_le32(pe + reloc_off + 4, RELOC_LEN);
	for (unsigned i = 0; i < elf->count; i++) {
		struct elf_section s = elf_section_at(elf, i);
		struct span content;
		size_t off = HEADERS_LEN;
		size_t r = 0;

		if (!(s.flags & SHF_ALLOC) || !s.len || s.type == SHT_NOBITS) continue;
		if (cursor_slice(&elf->file, s.off, s.len, &content))
			return fail(ret_why, -EBADMSG, "a section of the stub lies outside its ELF file");
		for (; r < count && s.addr >= (u64)runs[r].vaddr + runs[r].len; r++)
			off += align_up(runs[r].len, FILE_ALIGN);
		memcpy(pe + off + (s.addr - runs[r].vaddr), content.base, content.len);
	}
	return 0;
}

int pewrite_stub(const void *elf_bytes, size_t elf_len, u8 **ret_pe, size_t *ret_len, const char **ret_why) {
	struct run runs[STUB_SECTIONS_MAX];
	struct elf elf;
	struct writer w;
	struct pe check;
	size_t count, len = HEADERS_LEN;
	u8 *pe;
	int err = elf_open(elf_bytes, elf_len, &elf, ret_why);

	if (!err) err = collect_runs(&elf, runs, &count, ret_why);
	if (err) return err;
	for (size_t i = 0; i < count; i++) len += align_up(runs[i].len, FILE_ALIGN);
	pe = port_alloc(len);
	if (!pe) return fail(ret_why, -ENOMEM, "out of memory");
	w = writer_init(pe, len);
	write_headers(&w, &elf, runs, count);
	err = copy_content(&elf, runs, count, pe, ret_why);
	if (!err) err = pe_open(pe, len, PE_FILE, &check, ret_why);
	if (err) {
		port_free(pe);
		return err;
	}
	*ret_pe = pe;
	*ret_len = len;
	return 0;
}

/* ---- adding sections */

struct layout {
	u64 file_end;  /* where the next raw data goes */
	u64 vaddr_end; /* end of the highest section */
};

/* The file must be nothing but headers and sections without gaps, and unsigned. */
static int check_base(const struct pe *pe, struct layout *ret_layout, const char **ret_why) {
	struct layout l = { .file_end = pe->headers_len };
	u64 vaddr_end = pe->headers_len;
	u64 sum = pe->headers_len;
	struct pe_optional o;

	if (pe_optional(pe, &o) || !o.plus || o.section_align != PAGE_SIZE || o.file_align != FILE_ALIGN)
		return fail(ret_why, -EBADMSG, "the stub has a PE layout that is not ours");
	if (o.cert_len)
		return fail(ret_why, -EBADMSG, "the stub is signed already; sections can only be added before");
	for (size_t i = 0; i < pe->count; i++) {
		struct pe_section s;

		pe_section_at(pe, i, &s);
		if (s.vaddr < vaddr_end || s.vaddr % PAGE_SIZE || s.file_off < l.file_end)
			return fail(ret_why, -EBADMSG, "the stub's sections overlap or are not in ascending order");
		vaddr_end = (u64)s.vaddr + max_u64(s.vsize, s.file_len);
		l.file_end = (u64)s.file_off + s.file_len;
		sum += s.file_len;
	}
	l.vaddr_end = vaddr_end;
	if (sum != pe->bytes.len || l.file_end != sum || sum % FILE_ALIGN)
		return fail(ret_why, -EBADMSG, "the stub has bytes outside its sections");
	*ret_layout = l;
	return 0;
}

static bool has_section(const struct pe *pe, const char *name) {
	for (size_t i = 0; i < pe->count; i++) {
		struct pe_section s;

		pe_section_at(pe, i, &s);
		if (strcmp(s.name, name) == 0) return true;
	}
	return false;
}

/* Names, lengths and room; *ret_len gets the length of the result. */
static int check_new(const struct pe *pe, const struct layout *l, const struct pe_section_in *in, size_t count,
		     u64 *ret_len, const char **ret_why) {
	size_t room = (pe->headers_len - pe->table_off) / PE_SECTION_HEADER_LEN;
	u64 len = l->file_end, vaddr = l->vaddr_end;

	if (room > PE_SECTIONS_MAX) room = PE_SECTIONS_MAX;
	if (count > room || pe->count > room - count)
		return fail(ret_why, -ENOSPC, "the stub's section table has no room for the new sections");
	for (size_t i = 0; i < count; i++) {
		size_t name_len = strlen(in[i].name);

		if (!name_len || name_len > 8 || !in[i].len)
			return fail(ret_why, -EINVAL, "a new section has no name, a too long name or no content");
		if (has_section(pe, in[i].name))
			return fail(ret_why, -EEXIST, "it has one of the new sections already, as an image has");
		for (size_t j = 0; j < i; j++)
			if (strcmp(in[i].name, in[j].name) == 0)
				return fail(ret_why, -EEXIST, "two new sections have one name");
		if (in[i].len > IMAGE_LEN_MAX || (vaddr = align_up(vaddr, PAGE_SIZE) + in[i].len) > IMAGE_LEN_MAX)
			return fail(ret_why, -EINVAL, "the image would be larger than 2 GiB");
		len += align_up(in[i].len, FILE_ALIGN);
	}
	*ret_len = len;
	return 0;
}

static void add_sections(u8 *out, const struct pe *pe, struct layout l, const struct pe_section_in *in, size_t count) {
	u8 *opt = out + pe->opt_off;
	struct writer table = writer_init(out + pe->table_off, pe->headers_len - pe->table_off);
	u32 data = load_le32(opt + OPT_DATA_LEN);

	table.len = pe->count * PE_SECTION_HEADER_LEN;
	for (size_t i = 0; i < count; i++) {
		u64 vaddr = align_up(l.vaddr_end, PAGE_SIZE);

		write_section_header(&table, in[i].name, PE_SCN_DATA | PE_SCN_READ, (u32)vaddr, (u32)in[i].len,
				     (u32)l.file_end);
		memcpy(out + l.file_end, in[i].bytes, in[i].len);
		data += (u32)align_up(in[i].len, FILE_ALIGN);
		l.file_end += align_up(in[i].len, FILE_ALIGN);
		l.vaddr_end = vaddr + in[i].len;
	}
	store_le16(out + pe->opt_off - 18, (u16)(pe->count + count));
	store_le32(opt + OPT_DATA_LEN, data);
	store_le32(opt + OPT_IMAGE_LEN, (u32)align_up(l.vaddr_end, PAGE_SIZE));
	store_le32(opt + OPT_CHECKSUM, 0);
}

int pewrite_append(const void *stub, size_t stub_len, const struct pe_section_in *sections, size_t count, u8 **ret_pe,
		   size_t *ret_len, const char **ret_why) {
	struct layout layout;
	struct pe pe, check;
	u64 len;
	u8 *out;
	int err = pe_open(stub, stub_len, PE_FILE, &pe, ret_why);

	if (!err) err = check_base(&pe, &layout, ret_why);
	if (!err) err = check_new(&pe, &layout, sections, count, &len, ret_why);
	if (err) return err;
	out = port_alloc(len);
	if (!out) return fail(ret_why, -ENOMEM, "out of memory");
	memcpy(out, stub, stub_len);
	add_sections(out, &pe, layout, sections, count);
	err = pe_open(out, len, PE_FILE, &check, ret_why);
	if (err) {
		port_free(out);
		return err;
	}
	*ret_pe = out;
	*ret_len = len;
	return 0;
}
