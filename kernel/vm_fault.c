/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/vm_fault.c - what a page fault brings in.
 *
 * Relies on region.h for what is mapped. Invariant: an entry with PT_OWNED holds a
 * page that belongs to private regions only (its references are the spaces that map it); every other entry holds a
 * reference on a page of an inode, of shared memory, or on the one zero page, and is never writable unless the
 * region is shared.
 */
#include "kernel/vm.h"

#include "kernel/commit.h"
#include "kernel/limits.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

/* Read faults on memory nobody wrote share it. Made at the first need, never freed. */
static void *zero_page;

u32 vm_page_flags(const struct region *r, void *page, bool owned) {
	u32 flags = owned ? PT_OWNED : 0;

	if (r->prot == 0) return flags;
	flags |= PT_READ;
	if ((r->prot & PROT_EXEC) != 0) return flags | PT_EXEC;
	if ((r->prot & PROT_WRITE) == 0) return flags;
	if ((r->flags & REGION_SHARED) != 0) return r->file == NULL ? flags | PT_WRITE : flags;
	return owned && port_page_refs(page) == 1 ? flags | PT_WRITE : flags;
}

void vm_release_page(struct mm *mm, void *page, u32 flags) {
	if ((flags & PT_OWNED) != 0) {
		mm->owned_pages--;
		commit_kept(-1);
		if (port_page_refs(page) > 1) commit_debt(-1);
	} else {
		mm->borrowed_pages--;
	}
	port_page_put(page);
}

/* Maps page at addr in place of what is there; takes its reference over, also on failure. */
static int install(struct mm *mm, u64 addr, void *page, u32 flags) {
	u32 old_flags = 0;
	void *old = mm_page(mm, addr, &old_flags);

	if (old != NULL) {
		(void)pagetable_unmap(&mm->pages, addr); /* known above */
		vm_release_page(mm, old, old_flags);
	}
	int err = pagetable_map(&mm->pages, addr, virt_to_phys(page), flags);

	if (err != 0) {
		port_page_put(page);
	} else if ((flags & PT_OWNED) != 0) {
		mm->owned_pages++;
		commit_kept(1);
	} else {
		mm->borrowed_pages++;
	}
	return err;
}

/* The page that stands behind addr, referenced; holes of private mappings read as zeros. */
static int backing_page(const struct region *r, u64 addr, void **ret_page) {
	u64 offset = r->offset + (addr - r->start);
	void *page = NULL;

	if (r->shared != NULL) {
		if (offset >> PAGE_BITS >= r->shared->page_count) return -EIO;
		page = shared_pages_page(r->shared, offset >> PAGE_BITS);
		if (page == NULL) return -ENOMEM;
		port_page_get(page);
	} else if (r->file != NULL) {
		struct inode *inode = r->file->inode;
		bool make = (r->flags & REGION_SHARED) != 0 && (r->file->flags & O_ACCMODE) == O_RDWR;

		if (offset >= inode->size) return -EIO;
		int err = inode->ops->page(inode, offset >> PAGE_BITS, make, &page);

		if (err != 0) return err == -ENOMEM || err == -ENOSPC ? -ENOMEM : -EIO;
	}
	if (page == NULL) {
		if (zero_page == NULL) zero_page = port_page_alloc();
		if (zero_page == NULL) return -ENOMEM;
		page = zero_page;
		port_page_get(page);
	}
	*ret_page = page;
	return 0;
}

/* A private write: the page becomes ours, copied unless it already is. */
static int fault_copy(struct mm *mm, const struct region *r, u64 addr) {
	u32 flags = 0;
	void *from = mm_page(mm, addr, &flags);

	if (from != NULL && (flags & PT_OWNED) != 0 && port_page_refs(from) == 1)
		return pagetable_protect(&mm->pages, addr, vm_page_flags(r, from, true));
	if (from != NULL)
		port_page_get(from);
	else if (r->file != NULL)
		TRY(backing_page(r, addr, &from));
	void *page = port_page_alloc();

	if (page != NULL && from != NULL) memcpy(page, from, PAGE_SIZE);
	if (from != NULL) port_page_put(from);
	return page != NULL ? install(mm, addr, page, vm_page_flags(r, page, true)) : -ENOMEM;
}

static int fault_borrow(struct mm *mm, struct region *r, u64 addr, bool write) {
	u32 flags = 0;
	void *page = mm_page(mm, addr, &flags);
	bool present = page != NULL;

	if (!present) TRY(backing_page(r, addr, &page));
	flags = vm_page_flags(r, page, (flags & PT_OWNED) != 0);
	if (write) {
		flags |= PT_WRITE;
		if (r->file != NULL) {
			r->flags |= REGION_DIRTY;
			inode_changed(r->file->inode, true);
		}
	}
	return present ? pagetable_protect(&mm->pages, addr, flags) : install(mm, addr, page, flags);
}

/* The stack region above addr, grown down to it; NULL when it may not grow that far. */
static struct region *grow_stack(struct mm *mm, u64 addr) {
	struct region *r = region_from(&mm->regions, addr);
	u64 start = align_down(addr, PAGE_SIZE);

	if (r == NULL || (r->flags & REGION_STACK) == 0 || r->end - start > task_rlimit(RLIMIT_STACK)) return NULL;
	const struct region *below = region_previous(&mm->regions, r);
	u64 floor = (below != NULL ? below->end : USER_START) + STACK_GUARD;
	u64 pages = (r->start - start) >> PAGE_BITS;

	if (start < floor || vm_check_limits(mm, pages) != 0) return NULL;
	if ((r->flags & REGION_CHARGED) != 0 && commit_charge(pages) != 0) return NULL;
	r->start = start;
	mm->total_pages += pages;
	return r;
}

int vm_fault(u64 addr, bool write, bool exec, bool user) {
	struct mm *mm = task_mm();

	(void)user; /* the kernel touches a program's memory under the same rules */
	if (mm == NULL || addr < USER_START || addr >= USER_END) return -EFAULT;
	struct region *r = region_at(&mm->regions, addr);

	if (r == NULL) r = grow_stack(mm, addr);
	if (r == NULL) return -EFAULT;
	if ((r->prot & (write ? PROT_WRITE : exec ? PROT_EXEC : PROT_ALL)) == 0) return -EACCES;
	addr = align_down(addr, PAGE_SIZE);
	if (write && (r->flags & REGION_SHARED) == 0) return fault_copy(mm, r, addr);
	return fault_borrow(mm, r, addr, write);
}

int vm_place(struct mm *mm, u64 addr, void *page) {
	const struct region *r = region_at(&mm->regions, addr);

	if (r != NULL && (r->flags & (REGION_SHARED | REGION_CHARGED)) == REGION_CHARGED)
		return install(mm, addr, page, vm_page_flags(r, page, true));
	port_page_put(page);
	return -EFAULT;
}

size_t vm_peek(const struct mm *mm, u64 addr, void *ret_buf, size_t len) {
	u8 *out = ret_buf;
	size_t done = 0;

	while (done < len) {
		u64 at = addr + done, in_page = at & (PAGE_SIZE - 1);
		size_t part = min_u64(len - done, PAGE_SIZE - in_page);
		u32 flags = 0;
		const u8 *page = at < USER_END ? mm_page(mm, at, &flags) : NULL;

		if (page == NULL) break;
		memcpy(out + done, page + in_page, part);
		done += part;
	}
	return done;
}
