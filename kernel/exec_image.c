/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec_image.c - segments, heap, stack, auxiliary vector.
 *
 * Relies on elf.h: a plan's segments share no page and lie in the file. Invariant: file bytes reach the new program
 * only as the inode's resident pages, or as a copy made from one (the page in which zeroed memory begins).
 */
#include "kernel/exec_image.h"

#include "kernel/filearg.h"
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
#define AUX_COUNT 20u

enum { AT_NULL = 0, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7, AT_FLAGS = 8, AT_ENTRY = 9,
       AT_UID = 11, AT_EUID = 12, AT_GID = 13, AT_EGID = 14, AT_PLATFORM = 15, AT_HWCAP = 16, AT_CLKTCK = 17,
       AT_SECURE = 23, AT_RANDOM = 25, AT_HWCAP2 = 26, AT_EXECFN = 31, AT_MINSIGSTKSZ = 51 };

static const char platform[] = "x86_64";

static int read_exact(struct file *file, u64 off, void *buf, size_t len) {
	ssize got = inode_read(file->inode, off, buf, len);

	TRY(got);
	return (size_t)got == len ? 0 : -EIO;
}

static int refuse_interp(struct file *file, const struct elf_plan *plan, const char **ret_why) {
	RELEASED(memory_drop) u8 *path = port_alloc(plan->interp_len);

	if (path == NULL) return -ENOMEM;
	TRY(read_exact(file, plan->interp_off, path, plan->interp_len));
	TRY(elf_check_interp((struct span){ path, plan->interp_len }, ret_why));
	*ret_why = "is dynamically linked, which is not supported";
	return -ENOEXEC;
}

int image_decode(struct file *file, struct elf_plan *ret_plan, const char **ret_why) {
	u8 head[ELF_HEADER_LEN];
	struct elf_header header;
	u64 file_len = file->inode->size;
	ssize got = inode_read(file->inode, 0, head, sizeof(head));

	TRY(got);
	TRY(elf_parse_header((struct span){ head, (size_t)got }, file_len, &header, ret_why));
	size_t len = (size_t)header.phdr_count * ELF_PHDR_LEN;
	RELEASED(memory_drop) u8 *phdrs = port_alloc(len);

	if (phdrs == NULL) return -ENOMEM;
	TRY(read_exact(file, header.phdr_off, phdrs, len));
	TRY(elf_parse_segments(&header, (struct span){ phdrs, len }, file_len, ret_plan, ret_why));
	return ret_plan->interp_len != 0 ? refuse_interp(file, ret_plan, ret_why) : 0;
}

static int random_pages(unsigned bits, u64 *ret_bytes) {
	u64 value;

	TRY(port_random(&value, sizeof(value)));
	*ret_bytes = (value & ((1ull << bits) - 1)) << PAGE_BITS;
	return 0;
}

/* ELF's bits count the other way round. */
static u32 segment_prot(const struct elf_segment *s) {
	return ((s->flags & ELF_PF_R) != 0 ? PROT_READ : 0) | ((s->flags & ELF_PF_W) != 0 ? PROT_WRITE : 0) |
	       ((s->flags & ELF_PF_X) != 0 ? PROT_EXEC : 0);
}

/* The page in which the file's bytes end and zeroed memory begins. */
static int place_tail(struct mm *mm, struct file *file, const struct elf_segment *s, u64 file_end) {
	u64 in_page = file_end & (PAGE_SIZE - 1);
	u64 off = s->file_off + s->file_len - in_page;
	u8 *page = port_page_alloc();

	if (page == NULL) return -ENOMEM;
	int err = read_exact(file, off, page, in_page);

	if (err == 0) err = vm_place(mm, align_down(file_end, PAGE_SIZE), page);
	if (err != 0) port_page_put(page);
	return err;
}

static int map_segment(struct mm *mm, struct file *file, const struct elf_segment *s, u64 bias) {
	u64 start = align_down(s->addr + bias, PAGE_SIZE), file_end = s->addr + bias + s->file_len, unused;
	u64 zero_start = s->file_len == 0 ? start : align_up(file_end, PAGE_SIZE);
	u64 end = align_up(s->addr + bias + s->mem_len, PAGE_SIZE);
	struct vm_request q = { .addr = start, .len = zero_start - start, .prot = segment_prot(s), .how = VM_NO_REPLACE,
				.offset = align_down(s->file_off, PAGE_SIZE), .file = file };

	if (s->file_len > 0) TRY(vm_map(mm, &q, &unused));
	/* elf.c lets only writable segments have memory beyond their file bytes. */
	if (s->file_len > 0 && s->mem_len > s->file_len && (file_end & (PAGE_SIZE - 1)) != 0)
		TRY(place_tail(mm, file, s, file_end));
	if (end == zero_start) return 0;
	q = (struct vm_request){ .addr = zero_start, .len = end - zero_start, .prot = q.prot, .how = VM_NO_REPLACE };
	return vm_map(mm, &q, &unused);
}

static void note_segment(struct mm *mm, const struct elf_segment *s, u64 bias) {
	u64 start = s->addr + bias, end = start + s->mem_len;

	if ((s->flags & ELF_PF_X) != 0 && mm->at.code_start == 0) {
		mm->at.code_start = start;
		mm->at.code_end = end;
	}
	if ((s->flags & ELF_PF_W) != 0) {
		mm->at.data_start = start;
		mm->at.data_end = end;
	}
}

static int map_all(struct mm *mm, struct file *file, const struct elf_plan *plan, u64 bias) {
	for (u32 i = 0; i < plan->segment_count; i++) {
		TRY(map_segment(mm, file, &plan->segments[i], bias));
		note_segment(mm, &plan->segments[i], bias);
	}
	return 0;
}

int image_map(struct mm *mm, struct file *file, const struct elf_plan *plan, struct image *ret_image) {
	u64 bias = 0, shift = 0;

	TRY(random_pages(MMAP_RANDOM_BITS, &shift));
	if (plan->position_independent)
		bias = align_down(DYN_BASE + shift, plan->align) - align_down(plan->start, plan->align);
	int err = map_all(mm, file, plan, bias);

	if (err != 0) return err == -EPERM || err == -EEXIST ? -ENOMEM : err;
	TRY(random_pages(BRK_RANDOM_BITS, &shift));
	mm->at.brk_start = mm->at.brk = plan->end + bias + shift;
	*ret_image = (struct image){ .bias = bias, .entry = plan->entry + bias };
	return 0;
}

/* Fills [addr, addr + len) of a fresh stack. */
static int place_bytes(struct mm *mm, u64 addr, const void *bytes, u64 len) {
	for (u64 done = 0; done < len;) {
		u64 in_page = (addr + done) & (PAGE_SIZE - 1), part = min_u64(PAGE_SIZE - in_page, len - done);
		u8 *page = port_page_alloc();

		if (page == NULL) return -ENOMEM;
		memcpy(page + in_page, (const u8 *)bytes + done, part);
		int err = vm_place(mm, addr + done - in_page, page);

		if (err != 0) {
			port_page_put(page);
			return err;
		}
		done += part;
	}
	return 0;
}

/* Addresses of count strings that stand at *at of the new program, the first of them at *text; then a zero. */
static u64 *put_pointers(u64 *w, u64 count, const char **text, u64 *at) {
	for (u64 i = 0; i < count; i++) {
		size_t len = strlen(*text) + 1;

		*w++ = *at;
		*text += len;
		*at += len;
	}
	*w++ = 0;
	return w;
}

static void put_auxv(u64 *w, const struct elf_plan *plan, const struct cred *cred, bool secure,
		     const struct image *image, u64 name, u64 tail) {
	const u64 pairs[AUX_COUNT][2] = {
		{ AT_HWCAP, cpuid(1, 0).edx },
		{ AT_HWCAP2, (cpu_read_cr4() & CR4_FSGSBASE) != 0 ? HWCAP2_FSGSBASE : 0 },
		{ AT_PAGESZ, PAGE_SIZE }, { AT_CLKTCK, CLOCK_TICKS },
		{ AT_PHDR, plan->phdr_addr != 0 ? plan->phdr_addr + image->bias : 0 },
		{ AT_PHENT, ELF_PHDR_LEN }, { AT_PHNUM, plan->phdr_count },
		{ AT_BASE, 0 }, { AT_FLAGS, 0 }, { AT_ENTRY, image->entry },
		{ AT_UID, cred->uid }, { AT_EUID, cred->euid }, { AT_GID, cred->gid }, { AT_EGID, cred->egid },
		{ AT_SECURE, secure }, { AT_RANDOM, tail + sizeof(platform) }, { AT_EXECFN, name },
		{ AT_PLATFORM, tail }, { AT_MINSIGSTKSZ, MINSIGSTKSZ }, { AT_NULL, 0 },
	};

	memcpy(w, pairs, sizeof(pairs));
}

static int choose_stack(struct mm *mm, u64 *ret_top) {
	u64 shift, mmap_shift, gap = max_u64(min_u64(task_rlimit(RLIMIT_STACK), STACK_GAP_MAX), STACK_GAP_MIN);

	TRY(random_pages(STACK_RANDOM_BITS, &shift));
	TRY(random_pages(MMAP_RANDOM_BITS, &mmap_shift));
	*ret_top = USER_END - PAGE_SIZE - shift;
	mm->at.mmap_top = *ret_top - align_up(gap, PAGE_SIZE) - mmap_shift;
	return 0;
}

/* From the top down: strings, platform name and random bytes; below, in pages of their own, what points to them. */
int image_stack(struct mm *mm, struct exec_args *args, const struct elf_plan *plan, const struct cred *cred,
		bool secure,
		struct image *image) {
	u64 top, tail = args->len, count = 1 + args->argc + 1 + args->envc + 1 + 2 * AUX_COUNT, unused;
	u8 random[16];

	TRY(choose_stack(mm, &top));
	TRY(port_random(random, sizeof(random)));
	TRY(exec_args_append(args, platform, sizeof(platform)));
	TRY(exec_args_append(args, random, sizeof(random)));
	RELEASED(memory_drop) u64 *words = port_alloc(count * sizeof(u64));

	if (words == NULL) return -ENOMEM;
	u64 base = align_down(top - args->len, PAGE_SIZE), at = base, *w = words;
	const char *text = args->bytes;

	*w++ = args->argc;
	w = put_pointers(w, args->argc, &text, &at);
	w = put_pointers(w, args->envc, &text, &at);
	put_auxv(w, plan, cred, secure, image, base + args->name_off, base + tail);
	image->sp = align_down(base - count * sizeof(u64), 16);
	struct vm_request q = { .addr = align_down(image->sp, PAGE_SIZE) - STACK_FIRST, .prot = PROT_READ | PROT_WRITE,
				.how = VM_NO_REPLACE | REGION_STACK };

	q.len = top - q.addr;
	TRY(vm_map(mm, &q, &unused));
	mm->at.stack_start = image->sp;
	mm->at.arg_start = base;
	mm->at.arg_end = mm->at.env_start = base + args->env_off;
	mm->at.env_end = base + args->name_off;
	TRY(place_bytes(mm, base, args->bytes, args->len));
	return place_bytes(mm, image->sp, words, count * sizeof(u64));
}
