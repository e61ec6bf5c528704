/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/pmm.c - physical pages: a buddy allocator over an array of page records.
 *
 * Relies on the firmware's map for where memory is, on nothing else of it. Invariants: ranges are sorted and
 * disjoint; a page is on a free list or has references or is not ours, never two of these; the records themselves
 * lie in memory that is never handed out. Runs on the host for tests: physical address 0 is wherever config->physmap
 * points.
 */
#include "kernel/pmm.h"

#include "kernel/base/cursor.h"
#include "kernel/limits.h"

#define NONE 0xffffffffu
#define POISON 0x5a
#define FIRST_MIB 0x100000ull
#define PADDR_MAX (1ull << PADDR_BITS_MAX)
/* Records may take this part of all memory; a map with absurd holes loses what lies beyond. */
#define RECORDS_SHARE 32u

enum page_state { PAGE_NOT_OURS = 0, PAGE_LOADER, PAGE_FREE_HEAD, PAGE_FREE_TAIL, PAGE_USED };

static struct pmm_range ranges[PMM_RANGES_MAX];
static size_t range_count;
static struct page *pages;
static u64 page_count;              /* pages[0, page_count) */
static char *physmap;
static u32 free_lists[PMM_ORDER_MAX + 1];
static struct pmm_stats stats;

/* UEFI 2.10 table 7.10, after ExitBootServices: loader, boot services, conventional, ACPI; the rest is not ours. */
static u8 kind_of(u32 type) {
	static const u8 kinds[] = { PMM_RESERVED, PMM_LOADER, PMM_LOADER, PMM_FREE, PMM_FREE, PMM_RESERVED,
				    PMM_RESERVED, PMM_FREE, PMM_RESERVED, PMM_ACPI, PMM_ACPI };

	return type < ARRAY_COUNT(kinds) ? kinds[type] : PMM_RESERVED;
}

static int insert_at(size_t at, paddr_t start, paddr_t end, u8 kind) {
	if (start >= end) return 0;
	if (range_count == PMM_RANGES_MAX) return -EBADMSG;
	memmove(&ranges[at + 1], &ranges[at], (range_count - at) * sizeof(ranges[0]));
	ranges[at] = (struct pmm_range){ .start = start, .end = end, .kind = kind };
	range_count++;
	return 0;
}

/* Cuts range i at addr, so that addr is a boundary. */
static int split_at(paddr_t addr) {
	for (size_t i = 0; i < range_count; i++) {
		struct pmm_range *r = &ranges[i];
		paddr_t end = r->end;

		if (addr <= r->start || addr >= end) continue;
		r->end = addr;
		return insert_at(i + 1, addr, end, r->kind);
	}
	return 0;
}

/* Adds [start, end): where it meets earlier ranges the more restrictive kind stays. */
static int add_range(paddr_t start, paddr_t end, u8 kind) {
	size_t i = 0;

	TRY(split_at(start));
	TRY(split_at(end));
	while (start < end) {
		while (i < range_count && ranges[i].end <= start) i++;
		if (i < range_count && ranges[i].start <= start) {
			ranges[i].kind = (u8)max_u64(ranges[i].kind, kind);
			start = ranges[i].end;
		} else {
			paddr_t gap_end = i < range_count ? min_u64(end, ranges[i].start) : end;

			TRY(insert_at(i, start, gap_end, kind));
			start = gap_end;
		}
	}
	return 0;
}

static void merge_neighbours(void) {
	size_t out = 0;

	for (size_t i = 0; i < range_count; i++) {
		if (out && ranges[out - 1].end == ranges[i].start && ranges[out - 1].kind == ranges[i].kind)
			ranges[out - 1].end = ranges[i].end;
		else
			ranges[out++] = ranges[i];
	}
	range_count = out;
}

/* One descriptor: u32 type, u32 pad, u64 start, u64 virtual, u64 pages, u64 attributes. */
static int add_descriptor(struct cursor d) {
	u32 type = cursor_le32(&d);
	u64 start, count, len, end;
	u8 kind = kind_of(type);

	cursor_skip(&d, 4);
	start = cursor_le64(&d);
	cursor_skip(&d, 8);
	count = cursor_le64(&d);
	if (!count || start >= PADDR_MAX) return 0; /* nothing we could reach */
	if (mul_overflows(count, PAGE_SIZE, &len) || add_overflows(start, len, &end) || end > PADDR_MAX)
		end = PADDR_MAX;
	start = kind == PMM_FREE ? align_up(start, PAGE_SIZE) : align_down(start, PAGE_SIZE);
	end = kind == PMM_FREE ? align_down(end, PAGE_SIZE) : align_up(end, PAGE_SIZE);
	return start < end ? add_range(start, end, kind) : 0;
}

static int read_map(const struct pmm_config *config, const char **ret_why) {
	struct cursor map = cursor_of(config->map);

	*ret_why = "the firmware's memory map has descriptors of an unknown form";
	if (config->desc_version != 1 || config->desc_len < 40 || config->desc_len > PAGE_SIZE) return -EBADMSG;
	*ret_why = "the firmware's memory map has too many pieces";
	range_count = 0;
	while (cursor_left(&map) >= config->desc_len) {
		TRY(add_descriptor(cursor_sub(&map, config->desc_len)));
		merge_neighbours();
	}
	/* Interrupt vectors, EBDA, and page 0: firmware that still looks at them is common, the loss is small. */
	return add_range(0, FIRST_MIB, PMM_RESERVED);
}

/* The records cover [0, top); top sinks until they are a small part of the memory. */
static int place_records(const char **ret_why) {
	u64 memory = 0, top = 0;

	for (size_t i = 0; i < range_count; i++)
		memory += ranges[i].kind <= PMM_LOADER ? ranges[i].end - ranges[i].start : 0;
	for (size_t i = 0; i < range_count; i++) {
		u64 end = ranges[i].end / PAGE_SIZE;

		if (ranges[i].kind <= PMM_LOADER && end * sizeof(struct page) <= memory / RECORDS_SHARE) top = end;
	}
	*ret_why = "the firmware's memory map has no memory to work with";
	for (size_t i = 0; i < range_count && top; i++) {
		u64 len = align_up(top * sizeof(struct page), PAGE_SIZE);
		struct pmm_range *r = &ranges[i];

		if (r->kind != PMM_FREE || r->end - r->start < len || r->end / PAGE_SIZE > top) continue;
		pages = (void *)(physmap + r->start);
		page_count = top;
		memset(pages, 0, len);
		return add_range(r->start, r->start + len, PMM_ACPI); /* mapped, never handed out */
	}
	return -ENOMEM;
}

static void *contents(u64 pfn) { return physmap + pfn * PAGE_SIZE; }

static void list_push(u64 pfn, unsigned order) {
	u32 head = free_lists[order];

	pages[pfn] = (struct page){ .next = head, .prev = NONE, .state = PAGE_FREE_HEAD, .order = (u8)order,
				    .poisoned = pages[pfn].poisoned };
	if (head != NONE) pages[head].prev = (u32)pfn;
	free_lists[order] = (u32)pfn;
}

static void list_remove(u64 pfn) {
	struct page *p = &pages[pfn];

	if (p->next != NONE) pages[p->next].prev = p->prev;
	if (p->prev != NONE)
		pages[p->prev].next = p->next;
	else
		free_lists[p->order] = p->next;
	p->state = PAGE_FREE_TAIL;
}

/* Gives [pfn, pfn + 2^order) to the lists, joined with its free neighbours. */
static void release_run(u64 pfn, unsigned order) {
	stats.free += 1ull << order;
	for (u64 i = 0; i < 1ull << order; i++) pages[pfn + i].state = PAGE_FREE_TAIL;
	while (order < PMM_ORDER_MAX) {
		u64 buddy = pfn ^ (1ull << order);

		if (buddy >= page_count || pages[buddy].state != PAGE_FREE_HEAD || pages[buddy].order != order) break;
		list_remove(buddy);
		pfn &= ~(1ull << order);
		order++;
	}
	list_push(pfn, order);
}

/* Pages that were never handed out: in runs as large as alignment allows. */
static void release_range(paddr_t start, paddr_t end) {
	u64 pfn = start / PAGE_SIZE, last = min_u64(end / PAGE_SIZE, page_count);

	while (pfn < last) {
		unsigned order = 0;

		while (order < PMM_ORDER_MAX && !(pfn & ((2ull << order) - 1)) && last - pfn >= 2ull << order)
			order++;
		release_run(pfn, order);
		pfn += 1ull << order;
	}
}

static void poison(u64 pfn) {
	memset(contents(pfn), POISON, PAGE_SIZE);
	pages[pfn].poisoned = true;
}

int pmm_init(const struct pmm_config *config, const char **ret_why) {
	TRY(read_map(config, ret_why));
	stats = (struct pmm_stats){ 0 };
	for (unsigned i = 0; i <= PMM_ORDER_MAX; i++) free_lists[i] = NONE;
	physmap = config->physmap;
	TRY(place_records(ret_why));
	merge_neighbours();
	for (size_t i = 0; i < range_count; i++) {
		u64 last = min_u64(ranges[i].end / PAGE_SIZE, page_count);

		if (ranges[i].kind == PMM_FREE) release_range(ranges[i].start, ranges[i].end);
		for (u64 pfn = ranges[i].start / PAGE_SIZE; ranges[i].kind == PMM_LOADER && pfn < last; pfn++) {
			pages[pfn].state = PAGE_LOADER;
			stats.loader++;
		}
	}
	stats.total = stats.free + stats.loader;
	stats.low_water = stats.free;
	return 0;
}

const struct pmm_range *pmm_ranges(size_t *ret_count) {
	*ret_count = range_count;
	return ranges;
}

void pmm_release_loader(paddr_t keep, u64 keep_len) {
	for (u64 pfn = 0; pfn < page_count; pfn++) {
		paddr_t paddr = pfn * PAGE_SIZE;

		if (pages[pfn].state != PAGE_LOADER || (paddr + PAGE_SIZE > keep && paddr < keep + keep_len)) continue;
		stats.loader--;
		poison(pfn);
		release_run(pfn, 0);
	}
}

/* A freed page that changed was written through a stale pointer: nothing can be trusted any more. */
static void check_poison(u64 pfn) {
	const u64 *words = contents(pfn);

	for (size_t i = 0; pages[pfn].poisoned && i < PAGE_SIZE / sizeof(u64); i++) {
		if (words[i] != POISON * 0x0101010101010101ull)
			port_panic("free page %llx was written to", (unsigned long long)(pfn * PAGE_SIZE));
	}
}

paddr_t pmm_alloc_run(unsigned order) {
	unsigned have = order;
	u64 pfn;

	while (have <= PMM_ORDER_MAX && free_lists[have] == NONE) have++;
	if (have > PMM_ORDER_MAX) return 0;
	pfn = free_lists[have];
	list_remove(pfn);
	while (have-- > order) list_push(pfn + (1ull << have), have);
	for (u64 i = 0; i < 1ull << order; i++) {
		check_poison(pfn + i);
		pages[pfn + i] = (struct page){ .refs = 1, .state = PAGE_USED };
	}
	memset(contents(pfn), 0, (size_t)PAGE_SIZE << order);
	stats.free -= 1ull << order;
	stats.low_water = min_u64(stats.low_water, stats.free);
	return pfn * PAGE_SIZE;
}

paddr_t pmm_alloc(void) { return pmm_alloc_run(0); }

struct page *pmm_page(paddr_t paddr) {
	u64 pfn = paddr / PAGE_SIZE;

	return pfn < page_count && pages[pfn].state != PAGE_NOT_OURS ? &pages[pfn] : NULL;
}

static struct page *used_page(paddr_t paddr, const char *what) {
	struct page *p = pmm_page(paddr);

	if (!p || p->state != PAGE_USED || !p->refs)
		port_panic("page %llx was %s but is not in use", (unsigned long long)paddr, what);
	return p;
}

void pmm_get(paddr_t paddr) {
	struct page *p = used_page(paddr, "taken");

	if (p->refs == NONE) port_panic("page %llx has too many references", (unsigned long long)paddr);
	p->refs++;
}

void pmm_put(paddr_t paddr) {
	struct page *p = used_page(paddr, "released");
	u64 pfn = paddr / PAGE_SIZE;

	if (--p->refs) return;
	poison(pfn);
	release_run(pfn, 0);
}

u32 pmm_refs(paddr_t paddr) { return used_page(paddr, "looked at")->refs; }

void pmm_stats(struct pmm_stats *ret_stats) { *ret_stats = stats; }
