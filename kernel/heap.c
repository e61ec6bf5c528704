/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/heap.c - the kernel's objects.
 *
 * Small objects (up to SMALL_MAX) come from pages cut into equal cells; the page's record holds the size class, its
 * free cells are a list inside the cells. Larger ones are runs of pages in the physical map, beyond a run's size (or
 * when memory is in pieces) single pages made contiguous in KVMAP_BIG. Relies on pmm's records: they tell what an
 * address is, so that a wrong free is found.
 *
 * Invariant: a free cell holds a link and poison, and nothing else until it is handed out.
 */
#include "kernel/heap.h"

#include "kernel/pmm.h"
#include "kernel/x86/paging.h"

#define SMALL_MAX 2032u
#define CLASS_COUNT 11u
#define POISON 0xa5
#define TAG_SMALL 1u       /* tag = TAG_SMALL + class */
#define TAG_RUN 0x40u      /* first page of a run; its record's next is the count of pages */
#define TAG_RUN_REST 0x41u

/* Cells of 16-byte multiples that waste little of a page; 16-byte aligned. */
static const u16 class_len[CLASS_COUNT] = { 16, 32, 64, 96, 128, 192, 256, 512, 1008, 1344, SMALL_MAX };

struct cell {
	struct cell *next;
};

/* Lies at the end of a small page: pages with free cells are linked by class. */
struct slab {
	struct list link;
	struct cell *free;
	u32 used;
	u32 magic;
};
#define SLAB_MAGIC 0x534c4142u
#define SLAB_ROOM (PAGE_SIZE - sizeof(struct slab))

/* An allocation in KVMAP_BIG, sorted by address. */
struct big {
	struct list link;
	u64 va;
	u64 pages;
};

static struct list partial[CLASS_COUNT];
static struct list bigs = LIST_INIT(bigs);
static struct heap_stats stats;

static unsigned class_for(size_t len) {
	unsigned c = 0;

	while (class_len[c] < len) c++;
	return c;
}

static struct slab *slab_of(const void *p) { return (struct slab *)(align_down((u64)p, PAGE_SIZE) + SLAB_ROOM); }

static struct slab *slab_new(unsigned c) {
	paddr_t paddr = pmm_alloc();
	char *page;
	struct slab *s;

	if (!paddr) return NULL;
	page = phys_to_virt(paddr);
	pmm_page(paddr)->tag = (u8)(TAG_SMALL + c);
	s = slab_of(page);
	s->magic = SLAB_MAGIC;
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

static void *small_alloc(unsigned c) {
	struct slab *s;
	struct cell *cell;

	if (!partial[c].next) list_init(&partial[c]);
	s = list_empty(&partial[c]) ? slab_new(c) : list_first(&partial[c], struct slab, link);
	if (!s) return NULL;
	cell = s->free;
	if (s->magic != SLAB_MAGIC || (cell->next && slab_of(cell->next) != s))
		port_panic("heap: a free object of %u bytes was written to", class_len[c]);
	for (size_t i = sizeof(*cell); i < class_len[c]; i++) {
		if (((const u8 *)cell)[i] != POISON)
			port_panic("heap: a free object of %u bytes was written to", class_len[c]);
	}
	s->free = cell->next;
	s->used++;
	if (!s->free) list_del(&s->link);
	memset(cell, 0, class_len[c]);
	stats.bytes += class_len[c];
	return cell;
}

static void small_free(void *p, unsigned c) {
	struct slab *s = slab_of(p);
	struct cell *cell = p;
	paddr_t page = virt_to_phys((void *)align_down((u64)p, PAGE_SIZE));

	if (s->magic != SLAB_MAGIC || ((u64)p & (PAGE_SIZE - 1)) % class_len[c] || !s->used)
		port_panic("heap: free of %p, which is no object", p);
	for (const struct cell *f = s->free; f; f = f->next) {
		if (f == cell) port_panic("heap: object %p was freed twice", p);
	}
	memset(p, POISON, class_len[c]);
	stats.bytes -= class_len[c];
	if (!s->free) list_add_head(&partial[c], &s->link);
	cell->next = s->free;
	s->free = cell;
	if (--s->used) return;
	list_del(&s->link);
	stats.pages--;
	pmm_put(page);
}

static void *run_alloc(u64 pages) {
	unsigned order = 0;
	paddr_t paddr;

	while (1ull << order < pages) order++;
	if (order > PMM_ORDER_MAX) return NULL;
	paddr = pmm_alloc_run(order);
	if (!paddr) return NULL;
	for (u64 i = pages; i < 1ull << order; i++)
		pmm_put(paddr + i * PAGE_SIZE); /* the run's tail is not needed */
	for (u64 i = 0; i < pages; i++) pmm_page(paddr + i * PAGE_SIZE)->tag = i ? TAG_RUN_REST : TAG_RUN;
	pmm_page(paddr)->next = (u32)pages;
	return phys_to_virt(paddr);
}

static u64 run_free(void *p) {
	paddr_t paddr = virt_to_phys(p);
	u64 pages = pmm_page(paddr)->next;

	for (u64 i = 0; i < pages; i++) pmm_put(paddr + i * PAGE_SIZE);
	return pages;
}

static void big_drop(struct big *b) {
	for (u64 i = 0; i < b->pages; i++) {
		paddr_t paddr = paging_kunmap(b->va + i * PAGE_SIZE);

		if (paddr) pmm_put(paddr);
	}
	list_del(&b->link);
	heap_free(b);
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
	struct pmm_stats memory;
	struct big *b;

	pmm_stats(&memory);
	b = pages < memory.free ? heap_alloc(sizeof(*b)) : NULL;
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
	return (void *)b->va;
}

static u64 big_free(void *p) {
	list_for_each(pos, &bigs) {
		struct big *b = list_entry(pos, struct big, link);
		u64 pages = b->pages;

		if (b->va != (u64)p) continue;
		big_drop(b);
		return pages;
	}
	port_panic("heap: free of %p, which is no object", p);
}

void *heap_alloc(size_t len) {
	u64 pages = len / PAGE_SIZE + (len % PAGE_SIZE != 0);
	void *p;

	if (!len || pages > KVMAP_BIG_LEN / PAGE_SIZE / 2) return NULL;
	if (len <= SMALL_MAX) {
		p = small_alloc(class_for(len));
	} else {
		p = run_alloc(pages);
		if (!p) p = big_alloc(pages);
		if (p) {
			stats.pages += pages;
			stats.bytes += pages * PAGE_SIZE;
		}
	}
	if (p) stats.objects++;
	return p;
}

static bool in_big_window(const void *p) {
	return (u64)p >= KVMAP_BIG_BASE && (u64)p < KVMAP_BIG_BASE + KVMAP_BIG_LEN;
}

void heap_free(void *p) {
	const struct page *page;
	u64 pages;

	if (!p) return;
	stats.objects--;
	page = in_big_window(p) ? NULL : pmm_page(virt_to_phys((void *)align_down((u64)p, PAGE_SIZE)));
	if (page && page->refs && page->tag >= TAG_SMALL && page->tag < TAG_SMALL + CLASS_COUNT) {
		small_free(p, page->tag - TAG_SMALL);
		return;
	}
	if (in_big_window(p))
		pages = big_free(p);
	else if (page && page->refs && page->tag == TAG_RUN && !((u64)p & (PAGE_SIZE - 1)))
		pages = run_free(p);
	else
		port_panic("heap: free of %p, which is no object", p);
	stats.pages -= pages;
	stats.bytes -= pages * PAGE_SIZE;
}

void heap_stats(struct heap_stats *ret_stats) { *ret_stats = stats; }
