/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/region.c - the ordered list of ranges of an address space.
 *
 * Invariant: start < end, both page aligned; ascending; no overlap.
 */
#include "kernel/region.h"

#include "kernel/commit.h"

struct region *region_from(const struct list *regions, u64 addr) {
	list_for_each_entry(struct region, r, regions, node)
		if (r->end > addr) return r;
	return NULL;
}

struct region *region_at(const struct list *regions, u64 addr) {
	struct region *r = region_from(regions, addr);

	return r != NULL && r->start <= addr ? r : NULL;
}

struct region *region_next(const struct list *regions, const struct region *r) {
	return r->node.next == regions ? NULL : list_entry(r->node.next, struct region, node);
}

struct region *region_previous(const struct list *regions, const struct region *r) {
	return r->node.prev == regions ? NULL : list_entry(r->node.prev, struct region, node);
}

static struct region *copy(const struct region *like, u64 start, u64 end) {
	struct region *r = port_alloc(sizeof(*r));

	if (r == NULL) return NULL;
	*r = *like;
	list_init(&r->node);
	r->start = start;
	r->end = end;
	r->offset = region_is_private_anonymous(r) ? 0 : like->offset + (start - like->start);
	if ((r->flags & REGION_DENY) != 0 && inode_deny_write(r->file->inode) != 0) {
		port_free(r);
		return NULL;
	}
	if (r->file != NULL) file_get(r->file);
	if (r->shared != NULL) r->shared->refs++;
	return r;
}

struct region *region_alloc(const struct region *like, u64 start, u64 end) {
	u64 promise = (like->flags & REGION_CHARGED) != 0 ? (end - start) >> PAGE_BITS : 0;

	if (commit_charge(promise) != 0) return NULL;
	struct region *r = copy(like, start, end);

	if (r == NULL) commit_uncharge(promise);
	return r;
}

void region_free(struct region *r) {
	if (r == NULL) return;
	list_del(&r->node);
	if ((r->flags & REGION_CHARGED) != 0) commit_uncharge(region_pages(r));
	if ((r->flags & REGION_DENY) != 0) inode_allow_write(r->file->inode);
	if (r->file != NULL) file_put(r->file);
	if (r->shared != NULL) shared_pages_put(r->shared);
	port_free(r);
}

void region_insert(struct list *regions, struct region *r) {
	struct region *above = region_from(regions, r->start);

	list_add_tail(above != NULL ? &above->node : regions, &r->node);
}

int region_isolate(const struct list *regions, u64 start, u64 end) {
	const u64 borders[2] = { start, end };

	for (unsigned i = 0; i < 2; i++) {
		struct region *r = region_at(regions, borders[i]);

		if (r == NULL || r->start == borders[i]) continue;
		struct region *upper = copy(r, borders[i], r->end); /* the promise is divided */

		if (upper == NULL) return -ENOMEM;
		upper->flags &= ~REGION_STACK;
		r->end = borders[i];
		list_add_head(&r->node, &upper->node);
	}
	return 0;
}

static bool continues(const struct region *low, const struct region *high) {
	if (low->end != high->start || low->prot != high->prot || low->flags != high->flags ||
	    low->file != high->file || low->shared != high->shared || (low->flags & REGION_STACK) != 0)
		return false;
	return region_is_private_anonymous(low) || low->offset + (low->end - low->start) == high->offset;
}

/* high's range and promise become low's. */
static struct region *join(struct region *low, struct region *high) {
	low->end = high->end;
	high->flags &= ~REGION_CHARGED;
	region_free(high);
	return low;
}

struct region *region_merge(struct list *regions, struct region *r) {
	struct region *low = region_previous(regions, r), *high = region_next(regions, r);

	if (low != NULL && continues(low, r)) r = join(low, r);
	if (high != NULL && continues(r, high)) r = join(r, high);
	return r;
}

/* From the top down: the gap below each region, and the one above the last. */
u64 region_gap(const struct list *regions, u64 len, u64 low, u64 high, u64 stack_guard) {
	u64 top = high;

	for (struct list *pos = regions->prev;; pos = pos->prev) {
		const struct region *r = pos == regions ? NULL : list_entry(pos, struct region, node);
		u64 bottom = r != NULL ? max_u64(r->end, low) : low;

		if (top >= bottom && top - bottom >= len) return top - len;
		if (r == NULL || r->start <= low) return 0;
		u64 start = r->start;

		if ((r->flags & REGION_STACK) != 0) start = start > stack_guard ? start - stack_guard : 0;
		top = min_u64(top, start);
	}
}

bool region_range_free(const struct list *regions, u64 start, u64 end) {
	const struct region *r = region_from(regions, start);

	return r == NULL || r->start >= end;
}

struct shared_pages *shared_pages_alloc(u64 page_count) {
	struct shared_pages *shared;

	if (commit_charge(page_count) != 0) return NULL;
	shared = port_alloc(sizeof(*shared));
	if (shared != NULL) shared->pages = port_alloc(page_count * sizeof(*shared->pages));
	if (shared == NULL || shared->pages == NULL) {
		commit_uncharge(page_count);
		port_free(shared);
		return NULL;
	}
	shared->refs = 1;
	shared->page_count = page_count;
	return shared;
}

void *shared_pages_page(struct shared_pages *shared, u64 index) {
	if (shared->pages[index] == NULL) {
		shared->pages[index] = port_page_alloc();
		if (shared->pages[index] != NULL) {
			shared->present_count++;
			commit_kept(1);
		}
	}
	return shared->pages[index];
}

void shared_pages_put(struct shared_pages *shared) {
	if (--shared->refs > 0) return;
	for (u64 i = 0; i < shared->page_count; i++) {
		if (shared->pages[i] != NULL) port_page_put(shared->pages[i]);
	}
	commit_kept(-(s64)shared->present_count);
	commit_uncharge(shared->page_count);
	port_free(shared->pages);
	port_free(shared);
}
