/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/pmm.c - physical pages: a list of the free ones, in an array of page records.
 *
 * Relies on the firmware's map for where memory is, on nothing else of it. Invariants: ranges are sorted and
 * disjoint; a page is on a free list or has references or is not ours, never two of these; the records themselves
 * lie in memory that is never handed out. Runs on the host for tests: physical address 0 is wherever config->physmap
 * points.
 */
#include "kernel/pmm.h"

#include "kernel/base/cursor.h"
#include "kernel/limits.h"

#define POISON 0x5a
#define FIRST_MIB 0x100000ull
#define PADDR_MAX (1ull << PADDR_BITS_MAX)
/* Records may take this part of all memory; a map with absurd holes loses what lies beyond. */
#define RECORDS_SHARE 32u

/* What was never used is free without poison. */
enum page_state { PAGE_NOT_OURS = 0, PAGE_LOADER, PAGE_FREE, PAGE_POISONED, PAGE_USED };

static struct page {
	u32 refs;    /* of a used page */
	u32 next;    /* of a free page: page number, 0 ends the list */
	u8 state;
} *pages;                           /* [0, page_count) */
static struct pmm_range claims[2 * PMM_RANGES_MAX], ranges[PMM_RANGES_MAX];
static size_t claim_count, range_count;
static u64 page_count;
static char *physmap;
static u32 first_free;
static struct pmm_stats stats;

/* UEFI 2.10 table 7.10, after ExitBootServices: loader, boot services, conventional, ACPI; the rest is not ours. */
static u8 kind_of(u32 type) {
	static const u8 kinds[] = { PMM_RESERVED, PMM_LOADER, PMM_LOADER, PMM_FREE, PMM_FREE, PMM_RESERVED,
				    PMM_RESERVED, PMM_FREE, PMM_RESERVED, PMM_ACPI, PMM_ACPI };

	return type < ARRAY_COUNT(kinds) ? kinds[type] : PMM_RESERVED;
}

static int claim(paddr_t start, paddr_t end, u8 kind) {
	if (claim_count == ARRAY_COUNT(claims)) return -EBADMSG;
	claims[claim_count++] = (struct pmm_range){ .start = start, .end = end, .kind = kind };
	return 0;
}

/* The strictest claim on addr, -1 when there is none; ret_next: the next address where that may change. */
static int strictest(paddr_t addr, paddr_t *ret_next) {
	int kind = -1;

	*ret_next = PADDR_MAX;
	for (const struct pmm_range *c = claims; c < claims + claim_count; c++) {
		if (c->end <= addr) continue;
		*ret_next = min_u64(*ret_next, c->start > addr ? c->start : c->end);
		if (c->start <= addr && c->kind > kind) kind = c->kind;
	}
	return kind;
}

/* From the claims, which come in any order and overlap, to the ranges. */
static int settle_claims(void) {
	range_count = 0;
	for (paddr_t addr = 0, next; addr < PADDR_MAX; addr = next) {
		int kind = strictest(addr, &next);
		struct pmm_range *last = range_count ? &ranges[range_count - 1] : NULL;

		if (kind < 0) continue;
		if (last && last->end == addr && last->kind == kind) {
			last->end = next;
			continue;
		}
		if (range_count == PMM_RANGES_MAX) return -EBADMSG;
		ranges[range_count++] = (struct pmm_range){ .start = addr, .end = next, .kind = (u8)kind };
	}
	return 0;
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
	return start < end ? claim(start, end, kind) : 0;
}

static int read_map(const struct pmm_config *config, const char **ret_why) {
	struct cursor map = cursor_of(config->map);

	*ret_why = "the firmware's memory map has descriptors of an unknown form";
	if (config->desc_version != 1 || config->desc_len < 40 || config->desc_len > PAGE_SIZE) return -EBADMSG;
	*ret_why = "the firmware's memory map has too many pieces";
	claim_count = 0;
	while (cursor_left(&map) >= config->desc_len) TRY(add_descriptor(cursor_sub(&map, config->desc_len)));
	/* Interrupt vectors, EBDA, and page 0: firmware that still looks at them is common, the loss is small. */
	TRY(claim(0, FIRST_MIB, PMM_RESERVED));
	return settle_claims();
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
		TRY(claim(r->start, r->start + len, PMM_ACPI)); /* mapped, never handed out */
		return settle_claims();
	}
	return -ENOMEM;
}

static void *contents(u64 pfn) { return physmap + pfn * PAGE_SIZE; }

static void release(u64 pfn, u8 state) {
	pages[pfn] = (struct page){ .next = first_free, .state = state };
	first_free = (u32)pfn;
	stats.free++;
}

static void poison_and_release(u64 pfn) {
	memset(contents(pfn), POISON, PAGE_SIZE);
	release(pfn, PAGE_POISONED);
}

int pmm_init(const struct pmm_config *config, const char **ret_why) {
	TRY(read_map(config, ret_why));
	stats = (struct pmm_stats){ 0 };
	first_free = 0;
	physmap = config->physmap;
	TRY(place_records(ret_why));
	for (const struct pmm_range *r = ranges; r < ranges + range_count; r++) {
		u64 last = min_u64(r->end / PAGE_SIZE, page_count);

		for (u64 pfn = r->start / PAGE_SIZE; r->kind <= PMM_LOADER && pfn < last; pfn++) {
			if (r->kind == PMM_FREE) {
				release(pfn, PAGE_FREE);
			} else {
				pages[pfn].state = PAGE_LOADER;
				stats.loader++;
			}
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
		poison_and_release(pfn);
	}
}

/* A freed page that changed was written through a stale pointer: nothing can be trusted any more. */
static void check_poison(u64 pfn) {
	const u64 *words = contents(pfn);

	for (size_t i = 0; i < PAGE_SIZE / sizeof(u64); i++) {
		if (words[i] != POISON * 0x0101010101010101ull)
			port_panic("free page %llx was written to", (unsigned long long)(pfn * PAGE_SIZE));
	}
}

paddr_t pmm_alloc(void) {
	u64 pfn = first_free;

	if (!pfn) return 0;
	if (pages[pfn].state == PAGE_POISONED) check_poison(pfn);
	first_free = pages[pfn].next;
	pages[pfn] = (struct page){ .refs = 1, .state = PAGE_USED };
	memset(contents(pfn), 0, PAGE_SIZE);
	stats.low_water = min_u64(stats.low_water, --stats.free);
	return pfn * PAGE_SIZE;
}

static struct page *used_page(paddr_t paddr, const char *what) {
	u64 pfn = paddr / PAGE_SIZE;

	if (pfn >= page_count || pages[pfn].state != PAGE_USED)
		port_panic("page %llx was %s but is not in use", (unsigned long long)paddr, what);
	return &pages[pfn];
}

void pmm_get(paddr_t paddr) {
	if (++used_page(paddr, "taken")->refs == 0)
		port_panic("page %llx has too many references", (unsigned long long)paddr);
}

void pmm_put(paddr_t paddr) {
	if (--used_page(paddr, "released")->refs == 0) poison_and_release(paddr / PAGE_SIZE);
}

u32 pmm_refs(paddr_t paddr) { return used_page(paddr, "looked at")->refs; }

struct pmm_stats pmm_stats(void) { return stats; }
