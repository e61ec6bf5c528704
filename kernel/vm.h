/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/vm.h - address spaces: what is mapped, what a fault brings, what a fork copies.
 *
 * W^X: no region is ever writable and executable, memory that was writable once never becomes executable, and
 * anonymous memory never does. Executable file regions keep the file's writers out, so the pages that were hashed
 * are the pages that run: file pages are mapped from the inode's own resident pages, private writes copy them.
 *
 * Context    task context. vm_fault also from the page fault trap.
 * Units      bytes; addresses and lengths are page aligned inside, rounded where the Linux call rounds.
 * Ownership  an address space is reference counted and owns its regions, tables and page references.
 * Errors     as the Linux calls: -ENOMEM no memory, no room or a limit; -EACCES W^X or a mapping the file's open
 *            mode forbids; -EINVAL, -EEXIST, -ETXTBSY; what the integrity hooks say for executable file mappings.
 */
#pragma once

#include "kernel/region.h"
#include "kernel/x86/paging.h"

/* The least distance between a growing stack and the region below it. */
#define STACK_GUARD (256ull * PAGE_SIZE)
#define REGIONS_MAX 65530u

struct mm {
	u32 refs;
	struct pagetable pages;
	struct list regions;
	u64 total_pages;      /* mapped; for RLIMIT_AS */
	u64 owned_pages;      /* resident, this space's (some shared with a fork's other side) */
	u64 borrowed_pages;   /* resident, a file's or shared */
	struct {
		u64 mmap_top; /* mappings without an address go below */
		u64 brk_start, brk;
		u64 code_start, code_end, data_start, data_end, stack_start;
		u64 arg_start, arg_end, env_start, env_end;
	} at;                 /* addresses; a fork has the same */
	struct file *exe;     /* with one inode_deny_write; NULL before exec filled it */
};

/* How to map: these, and REGION_SHARED, REGION_STACK, REGION_HEAP, REGION_DENY. */
#define VM_FIXED (1u << 30)      /* at addr, replacing what is there */
#define VM_NO_REPLACE (1u << 31) /* at addr or -EEXIST */

struct vm_request {
	u64 addr; /* a wish unless VM_FIXED or VM_NO_REPLACE */
	u64 len;
	u64 offset;
	u32 prot;
	u32 how;  /* VM_*, REGION_* */
	struct file *file;
};

struct mm *mm_alloc(void);
void mm_put(struct mm *mm); /* accepts NULL */
/* A copy for a fork; private pages become copy-on-write on both sides. */
must_check int mm_fork(struct mm *mm, struct mm **ret_mm);
/* Takes its own reference on file, and keeps writers out. -ETXTBSY. */
must_check int mm_set_exe(struct mm *mm, struct file *file);

must_check int vm_map(struct mm *mm, const struct vm_request *request, u64 *ret_addr);
must_check int vm_unmap(struct mm *mm, u64 addr, u64 len);
must_check int vm_protect(struct mm *mm, u64 addr, u64 len, u32 prot);
/* The program's mremap: flags are Linux's MREMAP_*. */
must_check int vm_remap(struct mm *mm, u64 addr, u64 old_len, u64 new_len, u32 flags, u64 new_addr, u64 *ret_addr);
/* Sets the end of the heap when it can; returns the end. */
u64 vm_brk(struct mm *mm, u64 brk);
/* Drops the resident pages: private ones read as zeros or file content again. -ENOMEM when a part is not mapped. */
must_check int vm_drop(struct mm *mm, u64 addr, u64 len);

/* 0 when all of [addr, addr + len) is mapped; -EINVAL, -ENOMEM. */
must_check int vm_check_mapped(const struct mm *mm, u64 addr, u64 len);

/* The resident page at addr, borrowed, and its PT_* flags; or NULL (flags untouched). */
static inline void *mm_page(const struct mm *mm, u64 addr, u32 *ret_flags) {
	paddr_t paddr;

	bool there = pagetable_lookup(&mm->pages, addr, &paddr, ret_flags);

	return there ? phys_to_virt(align_down(paddr, PAGE_SIZE)) : NULL;
}

/* Puts a page of the caller's (reference taken over, also on failure) into a private, writable region; for exec. */
must_check int vm_place(struct mm *mm, u64 addr, void *page);
/* Copies from another space what is resident there; returns the bytes copied, stopping at the first hole. */
size_t vm_peek(const struct mm *mm, u64 addr, void *ret_buf, size_t len);

/*
 * A fault at addr in the current space. 0: the access can be repeated. -EFAULT nothing is mapped, -EACCES the mapping
 * forbids it, -EIO the file ends before it, -ENOMEM a promised page could not be given (the task is to be killed).
 */
must_check int vm_fault(u64 addr, bool write, bool exec, bool user);

/* For vm.c and vm_fault.c: the entry's flags, and giving up a page that an entry held. */
u32 vm_page_flags(const struct region *r, void *page, bool owned);
void vm_release_page(struct mm *mm, void *page, u32 flags);
must_check int vm_check_limits(const struct mm *mm, u64 more_pages);
