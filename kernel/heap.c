/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/heap.c - the kernel's objects.
 *
 * Small objects (up to SMALL_MAX) come from pages cut into equal cells; free cells are a list inside the cells, and
 * the page's end says what it is. Larger ones are pages made contiguous in KVMAP_BIG, with a page that is not mapped
 * behind each. Relies on pmm to stop the machine when an address that is freed lies in no used page.
 *
 * Invariant: a free cell holds a link and poison, and nothing else until it is handed out.
 */
#include "kernel/heap.h"

#include "kernel/pmm.h"
#include "kernel/x86/paging.h"

#define SMALL_MAX 2032u
#define CLASS_COUNT 11u
#define POISON 0xa5

/* Cells of 16-byte multiples that waste little of a page; 16-byte aligned. */
static const u16 class_len[CLASS_COUNT] = { 16, 32, 64, 96, 128, 192, 256, 512, 1008, 1344, SMALL_MAX };

struct cell {
	struct cell *next;
};

/* Lies at the end of a small page: pages with free cells are linked by class. */
struct slab {
	struct list link;
	struct cell *free;
	u32 used, magic;  /* magic: SLAB_MAGIC + class */
};
#define SLAB_MAGIC 0x534c4140u
#define SLAB_ROOM (PAGE_SIZE - sizeof(struct slab))

/* An allocation in KVMAP_BIG, sorted by address. */
struct big {
	struct list link;
	u64 va, pages;
};

static struct list partial[CLASS_COUNT];
static struct list bigs = LIST_INIT(bigs);
static struct heap_stats stats;

static struct slab *slab_of(const void *p) { return (struct slab *)(align_down((u64)p, PAGE_SIZE) + SLAB_ROOM); }

static struct slab *slab_new(unsigned c) {
	paddr_t paddr = pmm_alloc();

	if (!paddr) return NULL;
	char *page = phys_to_virt(paddr);
	struct slab *s = slab_of(page);

	s->magic = SLAB_MAGIC + c;
	for (u64 i = SLAB_ROOM / class_len[c]; i-- > 0;) {
		struct cell *cell = (void *)(page + i * class_len[c]);

		memset(cell, POISON, class_len[c]);
		cell->next = s->free;
		s->free = cell;
	}
	list_add_head(&partial[c], &s->link);
	stats.pages++;
	return s;
}

static bool is_intact(const struct slab *s, const struct cell *cell, unsigned c) {
	if (s->magic != SLAB_MAGIC + c || (cell->next && slab_of(cell->next) != s)) return false;
	for (size_t i = sizeof(*cell); i < class_len[c]; i++)
		if (((const u8 *)cell)[i] != POISON) return false;
	return true;
}

static void *small_alloc(size_t len) {
	unsigned c = 0;

	while (class_len[c] < len) c++;
	if (!partial[c].next) list_init(&partial[c]);
	struct slab *s = list_empty(&partial[c]) ? slab_new(c) : list_first(&partial[c], struct slab, link);

	if (!s) return NULL;
	struct cell *cell = s->free;

	if (!is_intact(s, cell, c)) port_panic("heap: a free object of %u bytes was written to", class_len[c]);
	s->free = cell->next;
	s->used++;
	if (!s->free) list_del(&s->link);
	memset(cell, 0, class_len[c]);
	stats.bytes += class_len[c];
	return cell;
}

static void small_free(struct cell *cell) {
	struct slab *s = slab_of(cell);
	u64 page = align_down((u64)cell, PAGE_SIZE);

	(void)pmm_refs(virt_to_phys((void *)page)); /* stops when the page is not in use */
	unsigned c = s->magic - SLAB_MAGIC;

	if (c >= CLASS_COUNT || ((u64)cell - page) % class_len[c] || !s->used)
		port_panic("heap: free of %p, which is no object", (void *)cell);
	for (const struct cell *f = s->free; f; f = f->next)
		if (f == cell) port_panic("heap: object %p was freed twice", (void *)cell);
	memset(cell, POISON, class_len[c]);
	stats.bytes -= class_len[c];
	if (!s->free) list_add_head(&partial[c], &s->link);
	cell->next = s->free;
	s->free = cell;
	if (--s->used) return;
	list_del(&s->link);
	stats.pages--;
	pmm_put(virt_to_phys((void *)page));
}

static void big_drop(struct big *b) {
	for (u64 i = 0; i < b->pages; i++) {
		paddr_t paddr = paging_kunmap(b->va + i * PAGE_SIZE);

		if (paddr) pmm_put(paddr);
	}
	list_del(&b->link);
	small_free((void *)b);
}

/* First gap that is large enough; one page stays unmapped behind each allocation. */
static void big_place(struct big *b) {
	struct list *before = &bigs;

	b->va = KVMAP_BIG_BASE;
	list_for_each(pos, &bigs) {
		const struct big *other = list_entry(pos, struct big, link);

		if (other->va - b->va >= (b->pages + 1) * PAGE_SIZE) break;
		b->va = other->va + (other->pages + 1) * PAGE_SIZE;
		before = pos;
	}
	list_add_head(before, &b->link);
}

static void *big_alloc(u64 pages) {
	struct big *b = pages < pmm_stats().free ? small_alloc(sizeof(*b)) : NULL;

	if (!b) return NULL;
	b->pages = pages;
	big_place(b);
	for (u64 i = 0; i < pages; i++) {
		paddr_t paddr = pmm_alloc();

		if (paddr && paging_kmap(b->va + i * PAGE_SIZE, paddr) == 0) continue;
		if (paddr) pmm_put(paddr);
		big_drop(b);
		return NULL;
	}
	stats.pages += pages;
	stats.bytes += pages * PAGE_SIZE;
	return (void *)b->va;
}

static void big_free(const void *p) {
	list_for_each_entry(struct big, b, &bigs, link) {
		if (b->va != (u64)p) continue;
		stats.pages -= b->pages;
		stats.bytes -= b->pages * PAGE_SIZE;
		big_drop(b);
		return;
	}
	port_panic("heap: free of %p, which is no object", p);
}

void *heap_alloc(size_t len) {
	u64 pages = len / PAGE_SIZE + (len % PAGE_SIZE != 0);

	if (!len || pages > KVMAP_BIG_LEN / PAGE_SIZE / 2) return NULL;
	void *p = len <= SMALL_MAX ? small_alloc(len) : big_alloc(pages);

	if (p) stats.objects++;
	return p;
}

void heap_free(void *p) {
	if (!p) return;
	stats.objects--;
	if ((u64)p - KVMAP_BIG_BASE < KVMAP_BIG_LEN)
		big_free(p);
	else
		small_free(p);
}

struct heap_stats heap_stats(void) { return stats; }
