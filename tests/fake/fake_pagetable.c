/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fake/fake_pagetable.c - see fake_pagetable.h. */
#include "tests/fake/fake_pagetable.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/pmm.h"
#include "tests/fake/fake_port.h"

#define ENTRIES_MAX 4096u
#define ENTRIES_PER_TABLE 64u

struct entry {
	u64 va;
	paddr_t paddr;
	u32 flags;
};

struct table {
	size_t count;
	void *pages[ENTRIES_MAX / ENTRIES_PER_TABLE + 1];
	struct entry entries[ENTRIES_MAX];
};

static u64 memory_pages = 1u << 20;

void fake_pagetable_set_memory(u64 pages)
{
	memory_pages = pages;
}

struct pmm_stats pmm_stats(void)
{
	u64 live = fake_port_live();

	return (struct pmm_stats){ .total = memory_pages, .free = memory_pages > live ? memory_pages - live : 0 };
}

static struct table *table_of(const struct pagetable *table)
{
	return (struct table *)(uintptr_t)table->root;
}

int pagetable_create(struct pagetable *ret_table)
{
	void *page = port_page_alloc();

	if (!page)
		return -ENOMEM;
	struct table *t = calloc(1, sizeof(*t));

	t->pages[0] = page;
	*ret_table = (struct pagetable){ .root = (uintptr_t)t, .table_pages = 1 };
	return 0;
}

void pagetable_destroy(struct pagetable *table)
{
	struct table *t = table_of(table);

	if (!t)
		return;
	if (t->count)
		abort(); /* leaf pages were left behind */
	for (size_t i = 0; i < ARRAY_COUNT(t->pages); i++)
		if (t->pages[i])
			port_page_put(t->pages[i]);
	free(t);
	*table = (struct pagetable){ 0 };
}

/* The first entry at or above va. */
static size_t position(const struct table *t, u64 va)
{
	size_t i = 0;

	while (i < t->count && t->entries[i].va < va)
		i++;
	return i;
}

static struct entry *find(const struct pagetable *table, u64 va)
{
	struct table *t = table_of(table);
	size_t i = position(t, va);

	return i < t->count && t->entries[i].va == va ? &t->entries[i] : NULL;
}

static bool refused(u64 va, u32 flags)
{
	return (flags & (PT_WRITE | PT_EXEC)) == (PT_WRITE | PT_EXEC) || (va & (PAGE_SIZE - 1));
}

int pagetable_map(struct pagetable *table, u64 va, paddr_t paddr, u32 flags)
{
	struct table *t = table_of(table);
	size_t i = position(t, va);
	void **page = &t->pages[t->count / ENTRIES_PER_TABLE];

	if (refused(va, flags) || t->count == ENTRIES_MAX)
		return -EINVAL;
	if (!*page && !(*page = port_page_alloc()))
		return -ENOMEM;
	if (find(table, va))
		return -EEXIST;
	memmove(&t->entries[i + 1], &t->entries[i], (t->count++ - i) * sizeof(t->entries[0]));
	t->entries[i] = (struct entry){ va, paddr, flags };
	return 0;
}

paddr_t pagetable_unmap(struct pagetable *table, u64 va)
{
	struct table *t = table_of(table);
	struct entry *e = find(table, va);

	if (!e)
		return 0;
	paddr_t paddr = e->paddr;
	size_t i = (size_t)(e - t->entries);

	memmove(e, e + 1, (--t->count - i) * sizeof(*e));
	return paddr;
}

int pagetable_protect(struct pagetable *table, u64 va, u32 flags)
{
	struct entry *e = find(table, va);

	if (!e)
		return -ENOENT;
	if (refused(va, flags))
		return -EINVAL;
	e->flags = flags;
	return 0;
}

bool pagetable_lookup(const struct pagetable *table, u64 va, paddr_t *ret_paddr, u32 *ret_flags)
{
	const struct entry *e = find(table, align_down(va, PAGE_SIZE));

	if (!e)
		return false;
	*ret_paddr = e->paddr + (va & (PAGE_SIZE - 1));
	*ret_flags = e->flags;
	return true;
}

bool pagetable_next(const struct pagetable *table, u64 *va, u64 end, paddr_t *ret_paddr, u32 *ret_flags)
{
	const struct table *t = table_of(table);
	size_t i = position(t, align_down(*va, PAGE_SIZE));

	if (i >= t->count || t->entries[i].va >= end)
		return false;
	*va = t->entries[i].va;
	*ret_paddr = t->entries[i].paddr;
	*ret_flags = t->entries[i].flags;
	return true;
}
