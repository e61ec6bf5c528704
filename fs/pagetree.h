/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/pagetree.h - the pages of a sparse file, by index.
 *
 * Context    task context.
 * Units      indexes count pages; PAGETREE_PAGES_MAX of them.
 * Ownership  the tree holds one reference on each page.
 * Errors     -ENOMEM; -EFBIG beyond PAGETREE_PAGES_MAX.
 */
#pragma once

#include "kernel/base/base.h"

#define PAGETREE_PAGES_MAX (1ull << 35)
#define PAGETREE_NONE 0xffffffffffffffffull

struct pagetree {
	void *root;  /* the page at index 0 while height is 0, else a node: a page of pointers */
	u32 height;
	u64 count;   /* pages present */
};

/* Borrowed; NULL for a hole. */
void *pagetree_get(const struct pagetree *tree, u64 index);
/* The place for an absent page; the caller stores a page there and counts it. */
must_check int pagetree_slot(struct pagetree *tree, u64 index, void ***ret_slot);
/* Drops every page with an index >= from. */
void pagetree_cut(struct pagetree *tree, u64 from);
/* Smallest index >= index with a page (present) or without one; PAGETREE_NONE when there is none. */
u64 pagetree_next(const struct pagetree *tree, u64 index, bool present);
