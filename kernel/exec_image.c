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

int image_decode(struct exec_job *job, const char **ret_why) {
	struct inode *inode = job->file->inode;
	u8 head[ELF_HEADER_LEN];
	ssize got = inode_read(inode, 0, head, sizeof(head));

	TRY(got);
	/* A text file without "#!" is what a shell runs by itself: nothing to report. */
	if (got < 4 || memcmp(head, "\x7f" "ELF", 4) != 0) return -ENOEXEC;
	*ret_why = elf_parse_header((struct span){ head, (size_t)got }, inode->size, &job->plan);
	if (*ret_why != NULL) return -ENOEXEC;
	size_t len = (size_t)job->plan.phdr_count * ELF_PHDR_LEN;
	RELEASED(memory_drop) u8 *phdrs = port_alloc(len);

	if (phdrs == NULL) return -ENOMEM;
	TRY(read_exact(job->file, job->plan.phdr_off, phdrs, len));
	*ret_why = elf_parse_segments(&job->plan, (struct span){ phdrs, len }, inode->size);
	return *ret_why != NULL ? -ENOEXEC : 0;
}

static u64 some_pages(u64 random, unsigned bits) { return (random & ((1ull << bits) - 1)) << PAGE_BITS; }

/* ELF's bits count the other way round. */
static u32 segment_prot(const struct elf_phdr *s) {
	return ((s->flags & ELF_PF_R) != 0 ? PROT_READ : 0) | ((s->flags & ELF_PF_W) != 0 ? PROT_WRITE : 0) |
	       ((s->flags & ELF_PF_X) != 0 ? PROT_EXEC : 0);
}

/* The page in which the file's bytes end and zeroed memory begins. */
static int place_tail(struct mm *mm, struct file *file, const struct elf_phdr *s, u64 file_end) {
	u64 in_page = file_end & (PAGE_SIZE - 1);
	u8 *page = port_page_alloc();

	if (page == NULL) return -ENOMEM;
	int err = read_exact(file, s->file_off + s->file_len - in_page, page, in_page);

	if (err == 0) return vm_place(mm, align_down(file_end, PAGE_SIZE), page);
	port_page_put(page);
	return err;
}

static int map_segment(struct mm *mm, struct file *file, const struct elf_phdr *s, u64 bias) {
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

static void note_segment(struct mm *mm, const struct elf_phdr *s, u64 bias) {
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

int image_map(struct exec_job *job) {
	const struct elf_plan *plan = &job->plan;
	struct mm *mm = job->mm;
	u64 base = DYN_BASE + some_pages(job->random.image, MMAP_RANDOM_BITS);

	if (plan->position_independent)
		job->bias = align_down(base, plan->align) - align_down(plan->start, plan->align);
	for (const struct elf_phdr *s = plan->segments; s < plan->segments + plan->segment_count; s++) {
		int err = map_segment(mm, job->file, s, job->bias);

		if (err != 0) return err == -EPERM || err == -EEXIST ? -ENOMEM : err;
		note_segment(mm, s, job->bias);
	}
	mm->at.brk_start = mm->at.brk = plan->end + job->bias + some_pages(job->random.heap, BRK_RANDOM_BITS);
	return 0;
}

/* Fills [addr, addr + len) of a fresh stack. */
static int place_bytes(struct mm *mm, u64 addr, const void *bytes, u64 len) {
	for (u64 done = 0; done < len;) {
		u64 in_page = (addr + done) & (PAGE_SIZE - 1), part = min_u64(PAGE_SIZE - in_page, len - done);
		u8 *page = port_page_alloc();

		if (page == NULL) return -ENOMEM;
		memcpy(page + in_page, (const u8 *)bytes + done, part);
		TRY(vm_place(mm, addr + done - in_page, page));
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

static void put_auxv(u64 *w, const struct exec_job *job, u64 name, u64 tail) {
	const struct elf_plan *plan = &job->plan;
	const struct cred *cred = &job->cred;
	const u64 pairs[AUX_COUNT][2] = {
		{ AT_HWCAP, cpuid(1, 0).edx },
		{ AT_HWCAP2, (cpu_read_cr4() & CR4_FSGSBASE) != 0 ? HWCAP2_FSGSBASE : 0 },
		{ AT_PAGESZ, PAGE_SIZE }, { AT_CLKTCK, CLOCK_TICKS },
		{ AT_PHDR, plan->phdr_addr != 0 ? plan->phdr_addr + job->bias : 0 },
		{ AT_PHENT, ELF_PHDR_LEN }, { AT_PHNUM, plan->phdr_count },
		{ AT_BASE, 0 }, { AT_FLAGS, 0 }, { AT_ENTRY, plan->entry + job->bias },
		{ AT_UID, cred->uid }, { AT_EUID, cred->euid }, { AT_GID, cred->gid }, { AT_EGID, cred->egid },
		{ AT_SECURE, job->secure }, { AT_RANDOM, tail + sizeof(platform) }, { AT_EXECFN, name },
		{ AT_PLATFORM, tail }, { AT_MINSIGSTKSZ, MINSIGSTKSZ }, { AT_NULL, 0 },
	};

	memcpy(w, pairs, sizeof(pairs));
}

/* From the top down: strings, platform name and random bytes; below, in pages of their own, what points to them. */
int image_stack(struct exec_job *job) {
	struct exec_args *args = &job->args;
	struct mm *mm = job->mm;
	u64 top = USER_END - PAGE_SIZE - some_pages(job->random.stack, STACK_RANDOM_BITS);
	u64 gap = max_u64(min_u64(task_rlimit(RLIMIT_STACK), STACK_GAP_MAX), STACK_GAP_MIN);
	u64 tail = args->len, count = 1 + args->argc + 1 + args->envc + 1 + 2 * AUX_COUNT, unused;

	mm->at.mmap_top = top - align_up(gap, PAGE_SIZE) - some_pages(job->random.mappings, MMAP_RANDOM_BITS);
	TRY(exec_args_append(args, platform, sizeof(platform)));
	TRY(exec_args_append(args, job->random.for_program, sizeof(job->random.for_program)));
	RELEASED(memory_drop) u64 *words = port_alloc(count * sizeof(u64));

	if (words == NULL) return -ENOMEM;
	u64 base = align_down(top - args->len, PAGE_SIZE), at = base, *w = words;
	const char *text = args->bytes;

	*w++ = args->argc;
	w = put_pointers(w, args->argc, &text, &at);
	w = put_pointers(w, args->envc, &text, &at);
	put_auxv(w, job, base + args->name_off, base + tail);
	job->sp = align_down(base - count * sizeof(u64), 16);
	struct vm_request q = { .addr = align_down(job->sp, PAGE_SIZE) - STACK_FIRST, .prot = PROT_READ | PROT_WRITE,
				.how = VM_NO_REPLACE | REGION_STACK };

	q.len = top - q.addr;
	TRY(vm_map(mm, &q, &unused));
	mm->at.stack_start = job->sp;
	mm->at.arg_start = base;
	mm->at.arg_end = mm->at.env_start = base + args->env_off;
	mm->at.env_end = base + args->name_off;
	TRY(place_bytes(mm, base, args->bytes, args->len));
	return place_bytes(mm, job->sp, words, count * sizeof(u64));
}
