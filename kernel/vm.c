/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/vm.c - address spaces: mapping, unmapping, protection, heap, moving, copying for a fork.
 *
 * Invariants: total_pages is the sum of the regions; an entry of the page table lies in a region; REGION_CHARGED
 * regions have promised all their pages (commit.h). Each call checks, reserves and splits first, then changes what
 * cannot fail.
 */
#include "kernel/vm.h"

#include "kernel/commit.h"
#include "kernel/limits.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define MREMAP_MAYMOVE 1u
#define MREMAP_FIXED 2u

struct mm *mm_alloc(void) {
	struct mm *mm = port_alloc(sizeof(*mm));

	if (mm == NULL) return NULL;
	if (pagetable_create(&mm->pages) != 0) {
		port_free(mm);
		return NULL;
	}
	mm->refs = 1;
	list_init(&mm->regions);
	mm->at.mmap_top = USER_END;
	return mm;
}

static void drop_pages(struct mm *mm, u64 start, u64 end) {
	paddr_t paddr;
	u32 flags;

	for (u64 at = start; pagetable_next(&mm->pages, &at, end, &paddr, &flags); at += PAGE_SIZE) {
		(void)pagetable_unmap(&mm->pages, at); /* what it held is known */
		vm_release_page(mm, phys_to_virt(paddr), flags);
	}
}

static void remove_region(struct mm *mm, struct region *r) {
	drop_pages(mm, r->start, r->end);
	if ((r->flags & REGION_DIRTY) != 0) inode_changed(r->file->inode, true);
	mm->total_pages -= region_pages(r);
	region_free(r);
}

void mm_put(struct mm *mm) {
	if (mm == NULL || --mm->refs > 0) return;
	while (!list_empty(&mm->regions)) remove_region(mm, list_first(&mm->regions, struct region, node));
	pagetable_destroy(&mm->pages);
	if (mm->exe != NULL) {
		inode_allow_write(mm->exe->inode);
		file_put(mm->exe);
	}
	port_free(mm);
}

int mm_set_exe(struct mm *mm, struct file *file) {
	TRY(inode_deny_write(file->inode));
	file_get(file);
	mm->exe = file;
	return 0;
}

/* Shares the private pages of r that are in memory with child; writes will copy on both sides. */
static int fork_pages(struct mm *mm, struct mm *child, const struct region *r) {
	paddr_t paddr;
	u32 flags;

	for (u64 at = r->start; pagetable_next(&mm->pages, &at, r->end, &paddr, &flags); at += PAGE_SIZE) {
		if ((flags & PT_OWNED) == 0) continue;
		TRY(pagetable_map(&child->pages, at, paddr, flags & ~PT_WRITE));
		port_page_get(phys_to_virt(paddr));
		child->owned_pages++;
		commit_kept(1);
		commit_debt(1);
		TRY(pagetable_protect(&mm->pages, at, flags & ~PT_WRITE));
	}
	return 0;
}

static int fork_regions(struct mm *mm, struct mm *child) {
	if (mm->exe != NULL) TRY(mm_set_exe(child, mm->exe));
	list_for_each_entry(struct region, r, &mm->regions, node) {
		struct region *copy = region_alloc(r, r->start, r->end);

		if (copy == NULL) return -ENOMEM;
		list_add_tail(&child->regions, &copy->node);
		child->total_pages += region_pages(copy);
		if ((r->flags & REGION_SHARED) == 0) TRY(fork_pages(mm, child, r));
	}
	return 0;
}

int mm_fork(struct mm *mm, struct mm **ret_mm) {
	struct mm *child = mm_alloc();

	if (child == NULL) return -ENOMEM;
	child->at = mm->at;
	int err = fork_regions(mm, child);

	if (err != 0)
		mm_put(child);
	else
		*ret_mm = child;
	return err;
}

int vm_check_limits(const struct mm *mm, u64 more_pages) {
	return mm->total_pages + more_pages > task_rlimit(RLIMIT_AS) >> PAGE_BITS ? -ENOMEM : 0;
}

static bool too_many_regions(const struct mm *mm) {
	u32 count = 0;

	list_for_each(pos, &mm->regions) count++;
	return count + 2 > REGIONS_MAX; /* a split may add two */
}

/* A place without an address of its own, 0 when there is none. */
static u64 find_gap(const struct mm *mm, u64 len) {
	u64 addr = region_gap(&mm->regions, len, USER_START, mm->at.mmap_top, STACK_GUARD);

	return addr != 0 ? addr : region_gap(&mm->regions, len, USER_START, USER_END, STACK_GUARD);
}

/* Where the request goes: checked for the user half, for what is there, and for room. */
static int choose_place(const struct mm *mm, const struct vm_request *q, u64 len, u64 *ret_addr) {
	u64 addr = q->addr;
	bool fixed = (q->how & (VM_FIXED | VM_NO_REPLACE)) != 0;

	if (fixed && (addr & (PAGE_SIZE - 1)) != 0) return -EINVAL;
	addr = align_down(addr, PAGE_SIZE);
	bool inside = addr >= USER_START && addr < USER_END && len <= USER_END - addr;

	if (fixed && !inside) return addr < USER_START ? -EPERM : -ENOMEM;
	if ((q->how & VM_NO_REPLACE) != 0 && !region_range_free(&mm->regions, addr, addr + len)) return -EEXIST;
	if (!fixed && (!inside || !region_range_free(&mm->regions, addr, addr + len))) {
		addr = find_gap(mm, len);
		if (addr == 0) return -ENOMEM;
	}
	*ret_addr = addr;
	return 0;
}

/* The new region, in no list. */
static int make_region(const struct vm_request *q, u64 addr, u64 len, struct region **ret_region) {
	bool shared = (q->how & REGION_SHARED) != 0, writable = (q->prot & PROT_WRITE) != 0;
	struct region model = { .start = addr, .offset = q->offset, .prot = q->prot, .file = q->file,
				.flags = q->how & (REGION_SHARED | REGION_STACK | REGION_HEAP | REGION_DENY) };

	if (writable) model.flags |= shared ? REGION_WRITTEN : REGION_WRITTEN | REGION_CHARGED;
	if (shared && q->file == NULL) {
		model.offset = 0;
		model.shared = shared_pages_alloc(len >> PAGE_BITS);
		if (model.shared == NULL) return -ENOMEM;
	}
	*ret_region = region_alloc(&model, addr, addr + len);
	if (model.shared != NULL) shared_pages_put(model.shared); /* the region holds its own */
	return *ret_region == NULL ? -ENOMEM : 0;
}

int vm_map(struct mm *mm, const struct vm_request *q, u64 *ret_addr) {
	struct region *r = NULL;
	u64 addr, len = align_up(q->len, PAGE_SIZE), last;

	if (q->len == 0) return -EINVAL;
	if ((q->prot & (PROT_WRITE | PROT_EXEC)) == (PROT_WRITE | PROT_EXEC)) return -EACCES;
	if (q->len > USER_END || too_many_regions(mm)) return -ENOMEM;
	if (add_overflows(q->offset, q->len, &last)) return -EOVERFLOW;
	TRY(choose_place(mm, q, len, &addr));
	TRY(vm_check_limits(mm, len >> PAGE_BITS));
	TRY(make_region(q, addr, len, &r));
	int err = vm_unmap(mm, addr, len);

	if (err != 0) {
		region_free(r);
		return err;
	}
	region_insert(&mm->regions, r);
	mm->total_pages += len >> PAGE_BITS;
	region_merge(&mm->regions, r);
	*ret_addr = addr;
	return 0;
}

static int check_range(u64 addr, u64 len, u64 *ret_end) {
	if ((addr & (PAGE_SIZE - 1)) != 0) return -EINVAL;
	if (addr > USER_END || len > USER_END - addr) return -ENOMEM;
	*ret_end = addr + align_up(len, PAGE_SIZE);
	return 0;
}

int vm_check_mapped(const struct mm *mm, u64 addr, u64 len) {
	u64 end;

	TRY(check_range(addr, len, &end));
	for (const struct region *r = region_at(&mm->regions, addr); addr < end; r = region_next(&mm->regions, r)) {
		if (r == NULL || r->start > addr) return -ENOMEM;
		addr = r->end;
	}
	return 0;
}

int vm_unmap(struct mm *mm, u64 addr, u64 len) {
	u64 end;

	if (check_range(addr, len, &end) != 0 || len == 0) return -EINVAL;
	if (too_many_regions(mm)) return -ENOMEM;
	TRY(region_isolate(&mm->regions, addr, end));
	for (struct region *r = region_from(&mm->regions, addr); r != NULL && r->start < end;) {
		struct region *next = region_next(&mm->regions, r);

		remove_region(mm, r);
		r = next;
	}
	return 0;
}

/* Whether r may get prot; what an executable mapping of a file needs is asked and held from here on. */
static int check_protect(struct region *r, u32 prot) {
	if ((prot & PROT_WRITE) != 0 && (r->flags & REGION_SHARED) != 0 && r->file != NULL &&
	    (r->file->flags & O_ACCMODE) != O_RDWR)
		return -EACCES;
	if ((prot & PROT_EXEC) == 0 || (r->prot & PROT_EXEC) != 0) return 0;
	if (r->file == NULL || (r->flags & REGION_WRITTEN) != 0) return -EACCES;
	if ((r->flags & REGION_DENY) == 0) TRY(inode_deny_write(r->file->inode));
	r->flags |= REGION_DENY;
	return task_check_exec_protect(r->file);
}

static bool needs_charge(const struct region *r, u32 prot) {
	return (prot & PROT_WRITE) != 0 && (r->flags & (REGION_SHARED | REGION_CHARGED)) == 0;
}

static void apply_protect(struct mm *mm, struct region *r, u32 prot) {
	paddr_t paddr;
	u32 flags;

	if (needs_charge(r, prot)) r->flags |= REGION_CHARGED;
	if ((prot & PROT_WRITE) != 0) r->flags |= REGION_WRITTEN;
	r->prot = prot;
	for (u64 at = r->start; pagetable_next(&mm->pages, &at, r->end, &paddr, &flags); at += PAGE_SIZE) {
		bool owned = (flags & PT_OWNED) != 0;

		/* The entry is there and its flags are never W and X, so this cannot fail. */
		int err = pagetable_protect(&mm->pages, at, vm_page_flags(r, phys_to_virt(paddr), owned));

		if (err != 0) port_panic("assay: a mapped page refuses its protection (%s)", err_name(err));
	}
}

int vm_protect(struct mm *mm, u64 addr, u64 len, u32 prot) {
	u64 end = addr + align_up(len, PAGE_SIZE), charge = 0;

	TRY(vm_check_mapped(mm, addr, len));
	if ((prot & (PROT_WRITE | PROT_EXEC)) == (PROT_WRITE | PROT_EXEC)) return -EACCES;
	list_for_each_region(r, &mm->regions, addr, end) {
		TRY(check_protect(r, prot));
		if (needs_charge(r, prot)) charge += (min_u64(r->end, end) - max_u64(r->start, addr)) >> PAGE_BITS;
	}
	if (too_many_regions(mm) || commit_charge(charge) != 0) return -ENOMEM;
	if (region_isolate(&mm->regions, addr, end) != 0) {
		commit_uncharge(charge);
		return -ENOMEM;
	}
	list_for_each_region(r, &mm->regions, addr, end) {
		apply_protect(mm, r, prot);
		r = region_merge(&mm->regions, r);
	}
	return 0;
}

int vm_drop(struct mm *mm, u64 addr, u64 len) {
	u64 end;

	TRY(check_range(addr, len, &end));
	list_for_each_region(r, &mm->regions, addr, end)
		drop_pages(mm, max_u64(r->start, addr), min_u64(r->end, end));
	return vm_check_mapped(mm, addr, len);
}

u64 vm_brk(struct mm *mm, u64 brk) {
	u64 old_end = align_up(mm->at.brk, PAGE_SIZE), new_end = align_up(brk, PAGE_SIZE), unused;

	if (brk < mm->at.brk_start || brk > USER_END) return mm->at.brk;
	if (new_end < old_end && vm_unmap(mm, new_end, old_end - new_end) != 0) return mm->at.brk;
	if (new_end > old_end) {
		struct vm_request q = { .addr = old_end, .len = new_end - old_end, .prot = PROT_READ | PROT_WRITE,
					.how = VM_NO_REPLACE | REGION_HEAP };

		if (brk - mm->at.brk_start > task_rlimit(RLIMIT_DATA) ||
		    !region_range_free(&mm->regions, new_end, min_u64(new_end + STACK_GUARD, USER_END)) ||
		    vm_map(mm, &q, &unused) != 0)
			return mm->at.brk;
	}
	mm->at.brk = brk;
	return brk;
}

/* Moves the entries of [from, from + len) to the new place: all of them, or none. */
static int move_pages(struct mm *mm, u64 from, u64 to, u64 len) {
	paddr_t paddr;
	u32 flags;
	int err = 0;
	u64 at = from;

	for (; err == 0 && pagetable_next(&mm->pages, &at, from + len, &paddr, &flags); at += PAGE_SIZE)
		err = pagetable_map(&mm->pages, to + (at - from), paddr, flags);
	u64 stale = err != 0 ? to : from;

	for (at = stale; pagetable_next(&mm->pages, &at, stale + len, &paddr, &flags); at += PAGE_SIZE)
		(void)pagetable_unmap(&mm->pages, at); /* the page is mapped at the other place */
	return err;
}

/* r goes to a new place, where it is at least as long. */
static int move_region(struct mm *mm, struct region *r, u64 new_len, u64 to) {
	struct region model = *r, *moved;

	model.start = to; /* the offset is that of the first byte, wherever it is */
	moved = region_alloc(&model, to, to + new_len);
	int err = moved == NULL ? -ENOMEM : move_pages(mm, r->start, to, r->end - r->start);

	if (err != 0) {
		region_free(moved);
		return err;
	}
	mm->total_pages += new_len >> PAGE_BITS;
	remove_region(mm, r);
	region_insert(&mm->regions, moved);
	region_merge(&mm->regions, moved);
	return 0;
}

static int grow_in_place(struct mm *mm, struct region *r, u64 new_end) {
	u64 more = (new_end - r->end) >> PAGE_BITS;

	if (new_end > USER_END || !region_range_free(&mm->regions, r->end, new_end)) return -ENOMEM;
	if ((r->flags & REGION_CHARGED) != 0) TRY(commit_charge(more));
	r->end = new_end;
	mm->total_pages += more;
	region_merge(&mm->regions, r);
	return 0;
}

static int check_remap(const struct mm *mm, u64 addr, u64 old_len, u64 new_len, u32 flags, u64 new_addr) {
	if ((addr & (PAGE_SIZE - 1)) != 0 || new_len == 0 || old_len == 0) return -EINVAL;
	if (flags > (MREMAP_MAYMOVE | MREMAP_FIXED) || flags == MREMAP_FIXED) return -EINVAL;
	if (addr > USER_END || old_len > USER_END - addr || new_len > USER_END) return -EINVAL;
	if ((flags & MREMAP_FIXED) != 0 &&
	    ((new_addr & (PAGE_SIZE - 1)) != 0 || new_addr < USER_START || new_addr > USER_END ||
	     new_len > USER_END - new_addr || (new_addr < addr + old_len && addr < new_addr + new_len)))
		return -EINVAL;
	const struct region *r = region_at(&mm->regions, addr);

	return r == NULL || r->end < addr + old_len ? -EFAULT : 0;
}

int vm_remap(struct mm *mm, u64 addr, u64 old_len, u64 new_len, u32 flags, u64 new_addr, u64 *ret_addr) {
	old_len = align_up(old_len, PAGE_SIZE);
	new_len = align_up(new_len, PAGE_SIZE);
	TRY(check_remap(mm, addr, old_len, new_len, flags, new_addr));
	if (too_many_regions(mm)) return -ENOMEM;
	if (new_len > old_len) TRY(vm_check_limits(mm, (new_len - old_len) >> PAGE_BITS));
	if ((flags & MREMAP_FIXED) != 0) TRY(vm_unmap(mm, new_addr, new_len));
	if (new_len < old_len) TRY(vm_unmap(mm, addr + new_len, old_len - new_len));
	old_len = min_u64(old_len, new_len);
	if ((flags & MREMAP_FIXED) == 0) {
		struct region *whole = region_at(&mm->regions, addr);

		*ret_addr = addr;
		if (new_len == old_len) return 0;
		if (whole->end == addr + old_len && grow_in_place(mm, whole, addr + new_len) == 0) return 0;
		new_addr = find_gap(mm, new_len);
		if ((flags & MREMAP_MAYMOVE) == 0 || new_addr == 0) return -ENOMEM;
	}
	TRY(region_isolate(&mm->regions, addr, addr + old_len));
	TRY(move_region(mm, region_at(&mm->regions, addr), new_len, new_addr));
	*ret_addr = new_addr;
	return 0;
}
