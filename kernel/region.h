/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/region.h - the ranges of an address space, and their arithmetic.
 *
 * A list of regions in ascending order that never overlap. What a region maps is described here; pages and faults
 * are vm.c's. Compiles on the host.
 *
 * Context    task context.
 * Units      addresses and offsets in bytes, page aligned.
 * Ownership  a region holds one reference on its file or its shared pages, and with REGION_DENY one
 *            inode_deny_write on the file's inode.
 * Errors     -ENOMEM.
 */
#pragma once

#include "fs/vfs.h"

/* Protection: Linux uapi mman-common.h. */
#define PROT_READ 1u
#define PROT_WRITE 2u
#define PROT_EXEC 4u
#define PROT_ALL 7u

#define REGION_SHARED (1u << 0)   /* writes reach the file or the shared pages; else they are copied */
#define REGION_STACK (1u << 1)    /* grows downwards on a fault */
#define REGION_CHARGED (1u << 2)  /* all its pages are counted as promised */
#define REGION_WRITTEN (1u << 3)  /* is or was writable: never becomes executable */
#define REGION_DENY (1u << 4)     /* keeps writers of the file out */
#define REGION_DIRTY (1u << 5)    /* a shared file page was made writable */
#define REGION_HEAP (1u << 6)     /* made by brk */

/* Anonymous memory that processes share: pages made at the first touch. */
struct shared_pages {
	u32 refs;
	u64 page_count;
	u64 present_count;
	void **pages;
};

struct region {
	struct list node;
	u64 start, end;
	u64 offset;             /* of start, in the file or the shared pages; 0 for private anonymous memory */
	u32 prot;
	u32 flags;
	struct file *file;
	struct shared_pages *shared;
};

static inline u64 region_pages(const struct region *r) { return (r->end - r->start) >> PAGE_BITS; }

static inline bool region_is_private_anonymous(const struct region *r) {
	return r->file == NULL && r->shared == NULL;
}

/* The region that contains addr, or NULL. */
struct region *region_at(const struct list *regions, u64 addr);
/* The first region that ends above addr, or NULL. */
struct region *region_from(const struct list *regions, u64 addr);
struct region *region_next(const struct list *regions, const struct region *r);
struct region *region_previous(const struct list *regions, const struct region *r);

/* The regions that reach into [start, end), in order. */
#define list_for_each_region(r, regions, start_, end_)                                        \
	for (struct region *r = region_from(regions, start_); r != NULL && r->start < (end_); \
	     r = region_next(regions, r))

/*
 * A copy of like with the given range, not in a list; takes its own references and makes its own promise
 * (REGION_CHARGED). NULL: out of memory, or the file is open for write.
 */
struct region *region_alloc(const struct region *like, u64 start, u64 end);
/* Out of its list, references and promise given back. Accepts NULL, and one that is in no list. */
void region_free(struct region *r);
void region_insert(struct list *regions, struct region *r);

/* Splits so that start and end fall on borders. */
must_check int region_isolate(const struct list *regions, u64 start, u64 end);
/* Joins r with neighbours that continue it; returns the region that is left. */
struct region *region_merge(struct list *regions, struct region *r);

/*
 * Highest address >= low with len free bytes below high, keeping the guard gap below stacks; 0 when there is none.
 */
u64 region_gap(const struct list *regions, u64 len, u64 low, u64 high, u64 stack_guard);
bool region_range_free(const struct list *regions, u64 start, u64 end);

/* Promises (commit.h) all its pages; NULL: out of memory. */
struct shared_pages *shared_pages_alloc(u64 page_count);
void shared_pages_put(struct shared_pages *shared);
/* The page at index, made when it was not there; borrowed. NULL: out of memory. */
void *shared_pages_page(struct shared_pages *shared, u64 index);
