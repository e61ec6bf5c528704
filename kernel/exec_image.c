/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec_image.c - segments, heap, stack, auxiliary vector.
 *
 * Relies on elf.h: a plan's segments share no page and lie in the file. Invariant: file bytes reach the new program
 * only as the inode's resident pages, or as a copy made from one (the page in which zeroed memory begins).
 */
#include "kernel/exec_image.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/task.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/usercopy.h"

/*
 * Random distances, in pages, of the sizes Linux uses: 16 GiB of stack, 1 TiB of mappings and programs, 32 MiB of
 * heap.
 */
#define STACK_RANDOM_BITS 22u
#define MMAP_RANDOM_BITS 28u
#define BRK_RANDOM_BITS 13u
#define DYN_BASE 0x555555554000ull
#define STACK_FIRST (128ull << 10)
#define STACK_GAP_MIN (128ull << 20)
#define STACK_GAP_MAX (1ull << 40)
#define CLOCK_TICKS 100u
#define HWCAP2_FSGSBASE 2u
#define AUX_COUNT 19u

enum auxv { AT_NULL = 0, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7, AT_FLAGS = 8,
	    AT_ENTRY = 9,
	    AT_UID = 11, AT_EUID = 12, AT_GID = 13, AT_EGID = 14, AT_PLATFORM = 15, AT_HWCAP = 16, AT_CLKTCK = 17,
	    AT_SECURE = 23, AT_RANDOM = 25, AT_HWCAP2 = 26, AT_EXECFN = 31, AT_MINSIGSTKSZ = 51 };

static const char platform[] = "x86_64";

static int read_exact(struct file *file, u64 off, void *buf, size_t len)
{
	ssize got = inode_read(file->inode, off, buf, len);

	if (got < 0)
		return (int)got;
	return (size_t)got == len ? 0 : -EIO;
}

static int check_interp(struct file *file, const struct elf_plan *plan, const char **ret_why)
{
	char *path = port_alloc(plan->interp_len);
	int err;

	if (path == NULL)
		return -ENOMEM;
	err = read_exact(file, plan->interp_off, path, plan->interp_len);
	if (err == 0)
		err = elf_check_interp((struct span){ (const u8 *)path, plan->interp_len }, ret_why);
	port_free(path);
	if (err == 0) {
		*ret_why = "is dynamically linked, which is not supported";
		err = -ENOEXEC;
	}
	return err;
}

int image_decode(struct file *file, struct elf_plan *ret_plan, const char **ret_why)
{
	u8 head[ELF_HEADER_LEN];
	struct elf_header header;
	u64 file_len = file->inode->size;
	ssize got = inode_read(file->inode, 0, head, sizeof(head));

	if (got < 0)
		return (int)got;
	int err = elf_parse_header((struct span){ head, (size_t)got }, file_len, &header, ret_why);

	if (err != 0)
		return err;
	size_t len = (size_t)header.phdr_count * ELF_PHDR_LEN;
	u8 *phdrs = port_alloc(len);

	if (phdrs == NULL)
		return -ENOMEM;
	err = read_exact(file, header.phdr_off, phdrs, len);
	if (err == 0)
		err = elf_parse_segments(&header, (struct span){ phdrs, len }, file_len, ret_plan, ret_why);
	port_free(phdrs);
	if (err == 0 && ret_plan->interp_len != 0)
		err = check_interp(file, ret_plan, ret_why);
	return err;
}

static int random_pages(unsigned bits, u64 *ret_bytes)
{
	u64 value;
	int err = port_random(&value, sizeof(value));

	if (err == 0)
		*ret_bytes = (value & ((1ull << bits) - 1)) << PAGE_BITS;
	return err;
}

static u32 segment_prot(const struct elf_segment *s)
{
	u32 prot = 0;

	if ((s->flags & ELF_PF_R) != 0)
		prot |= PROT_READ;
	if ((s->flags & ELF_PF_W) != 0)
		prot |= PROT_WRITE;
	if ((s->flags & ELF_PF_X) != 0)
		prot |= PROT_EXEC;
	return prot;
}

/* The page in which the file's bytes end and zeroed memory begins. */
static int place_tail(struct mm *mm, struct file *file, const struct elf_segment *s, u64 file_end)
{
	u64 in_page = file_end & (PAGE_SIZE - 1);
	u64 off = s->file_off + s->file_len - in_page;
	u8 *page = port_page_alloc();

	if (page == NULL)
		return -ENOMEM;
	int err = read_exact(file, off, page, in_page);

	if (err == 0)
		err = vm_place(mm, align_down(file_end, PAGE_SIZE), page);
	if (err != 0)
		port_page_put(page);
	return err;
}

static int map_segment(struct mm *mm, struct file *file, const struct elf_segment *s, u64 bias)
{
	u64 start = align_down(s->addr + bias, PAGE_SIZE), file_end = s->addr + bias + s->file_len;
	u64 zero_start = s->file_len == 0 ? start : align_up(file_end, PAGE_SIZE);
	u64 end = align_up(s->addr + bias + s->mem_len, PAGE_SIZE), unused;
	int err = 0;

	if (s->file_len > 0) {
		struct vm_request q = { .addr = start, .len = zero_start - start, .prot = segment_prot(s),
					.how = VM_NO_REPLACE,
					.offset = align_down(s->file_off, PAGE_SIZE), .file = file };

		err = vm_map(mm, &q, &unused);
	}
	/* elf.c lets only writable segments have memory beyond their file bytes. */
	if (err == 0 && s->file_len > 0 && s->mem_len > s->file_len && (file_end & (PAGE_SIZE - 1)) != 0)
		err = place_tail(mm, file, s, file_end);
	if (err == 0 && end > zero_start) {
		struct vm_request q = { .addr = zero_start, .len = end - zero_start, .prot = segment_prot(s),
					.how = VM_NO_REPLACE };

		err = vm_map(mm, &q, &unused);
	}
	return err;
}

static void note_segment(struct mm *mm, const struct elf_segment *s, u64 bias)
{
	u64 start = s->addr + bias, end = start + s->mem_len;

	if ((s->flags & ELF_PF_X) != 0 && mm->code_start == 0) {
		mm->code_start = start;
		mm->code_end = end;
	}
	if ((s->flags & ELF_PF_W) != 0) {
		mm->data_start = start;
		mm->data_end = end;
	}
}

int image_map(struct mm *mm, struct file *file, const struct elf_plan *plan, struct image *ret_image)
{
	u64 bias = 0, shift = 0;
	int err = 0;

	if (plan->position_independent) {
		err = random_pages(MMAP_RANDOM_BITS, &shift);
		bias = align_down(DYN_BASE + shift, plan->align) - align_down(plan->start, plan->align);
	}
	for (u32 i = 0; i < plan->segment_count && err == 0; i++) {
		err = map_segment(mm, file, &plan->segments[i], bias);
		note_segment(mm, &plan->segments[i], bias);
	}
	if (err == 0)
		err = random_pages(BRK_RANDOM_BITS, &shift);
	if (err != 0)
		return err == -EPERM || err == -EEXIST ? -ENOMEM : err;
	mm->brk_start = mm->brk = plan->end + bias + shift;
	ret_image->bias = bias;
	ret_image->entry = plan->entry + bias;
	return 0;
}

/* Writes 64-bit words upwards from sp through pages of its own. */
struct word_writer {
	struct mm *mm;
	u64 at;
	u8 *page;
	int err;
};

static void put_word(struct word_writer *w, u64 value)
{
	if (w->err != 0)
		return;
	if (w->page == NULL) {
		w->page = port_page_alloc();
		if (w->page == NULL) {
			w->err = -ENOMEM;
			return;
		}
	}
	store_le64(w->page + (w->at & (PAGE_SIZE - 1)), value);
	w->at += sizeof(value);
	if ((w->at & (PAGE_SIZE - 1)) != 0)
		return;
	w->err = vm_place(w->mm, w->at - PAGE_SIZE, w->page);
	if (w->err != 0)
		port_page_put(w->page);
	w->page = NULL;
}

/* Pointers to count strings that begin at offset *off of the blob, then a zero. */
static void put_pointers(struct word_writer *w, const struct exec_args *args, u64 base, u64 count, u64 *off)
{
	for (u64 i = 0; i < count; i++) {
		put_word(w, base + *off);
		while (((const u8 *)args->pages[*off >> PAGE_BITS])[*off & (PAGE_SIZE - 1)] != 0)
			(*off)++;
		(*off)++;
	}
	put_word(w, 0);
}

static void put_auxv(struct word_writer *w, const struct elf_plan *plan, const struct cred *cred, bool secure,
		     const struct image *image, u64 strings, u64 name)
{
	u64 random = strings + sizeof(platform);
	const u64 pairs[AUX_COUNT][2] = {
		{ AT_HWCAP, cpuid(1, 0).edx },
		{ AT_HWCAP2, (cpu_read_cr4() & CR4_FSGSBASE) != 0 ? HWCAP2_FSGSBASE : 0 },
		{ AT_PAGESZ, PAGE_SIZE }, { AT_CLKTCK, CLOCK_TICKS },
		{ AT_PHDR, plan->phdr_addr != 0 ? plan->phdr_addr + image->bias : 0 },
		{ AT_PHENT, ELF_PHDR_LEN }, { AT_PHNUM, plan->phdr_count },
		{ AT_BASE, 0 }, { AT_FLAGS, 0 }, { AT_ENTRY, image->entry },
		{ AT_UID, cred->uid }, { AT_EUID, cred->euid }, { AT_GID, cred->gid }, { AT_EGID, cred->egid },
		{ AT_SECURE, secure }, { AT_RANDOM, random }, { AT_EXECFN, name }, { AT_PLATFORM, strings },
		{ AT_MINSIGSTKSZ, MINSIGSTKSZ },
	};

	for (u32 i = 0; i < AUX_COUNT; i++) {
		put_word(w, pairs[i][0]);
		put_word(w, pairs[i][1]);
	}
	put_word(w, AT_NULL);
	put_word(w, 0);
}

/* The blob's pages move to base; what was placed belongs to mm. */
static int place_strings(struct mm *mm, struct exec_args *args, u64 base)
{
	for (u64 i = 0; i < ARG_PAGES_MAX && args->pages[i] != NULL; i++) {
		int err = vm_place(mm, base + i * PAGE_SIZE, args->pages[i]);

		if (err != 0)
			return err;
		args->pages[i] = NULL;
	}
	return 0;
}

static int choose_stack(struct mm *mm, u64 *ret_top)
{
	u64 shift, mmap_shift, gap = max_u64(min_u64(task_rlimit(RLIMIT_STACK), STACK_GAP_MAX), STACK_GAP_MIN);
	int err = random_pages(STACK_RANDOM_BITS, &shift);

	if (err == 0)
		err = random_pages(MMAP_RANDOM_BITS, &mmap_shift);
	if (err != 0)
		return err;
	*ret_top = USER_END - PAGE_SIZE - shift;
	mm->mmap_top = *ret_top - align_up(gap, PAGE_SIZE) - mmap_shift;
	return 0;
}

static int append_tail(struct exec_args *args)
{
	u8 random[16];
	int err = port_random(random, sizeof(random));

	if (err == 0)
		err = exec_args_append(args, platform, sizeof(platform));
	return err != 0 ? err : exec_args_append(args, random, sizeof(random));
}

int image_stack(struct mm *mm, struct exec_args *args, const struct elf_plan *plan, const struct cred *cred,
		bool secure,
		struct image *image)
{
	u64 top, tail = args->len, off = 0, unused;
	int err = choose_stack(mm, &top);

	if (err == 0)
		err = append_tail(args);
	if (err != 0)
		return err;
	u64 base = top - align_up(args->len, PAGE_SIZE);
	u64 words = 1 + args->argc + 1 + args->envc + 1 + 2 * (AUX_COUNT + 1);

	image->sp = align_down(base - words * sizeof(u64), 16);
	struct vm_request q = { .addr = align_down(image->sp, PAGE_SIZE) - STACK_FIRST, .prot = PROT_READ | PROT_WRITE,
				.how = VM_NO_REPLACE | VM_STACK };
	struct word_writer w = { .mm = mm, .at = image->sp };

	q.len = top - q.addr;
	err = vm_map(mm, &q, &unused);
	if (err != 0)
		return err;
	put_word(&w, args->argc);
	put_pointers(&w, args, base, args->argc, &off);
	put_pointers(&w, args, base, args->envc, &off);
	put_auxv(&w, plan, cred, secure, image, base + tail, base + args->name_off);
	while (w.page != NULL && w.err == 0)
		put_word(&w, 0);
	if (w.page != NULL)
		port_page_put(w.page);
	if (w.err != 0)
		return w.err;
	mm->stack_start = image->sp;
	mm->arg_start = base;
	mm->arg_end = mm->env_start = base + args->env_off;
	mm->env_end = base + args->name_off;
	return place_strings(mm, args, base);
}
