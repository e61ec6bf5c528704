/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/fake_port.c - the host's memory, log, clock and random numbers for the libraries under test.
 *
 * Invariant: every object has a header before it (pages: a table entry), so a foreign or a second free is
 * noticed at once. The memory itself comes from malloc, so ASan sees overruns and leaks.
 */
#include "tests/fake/fake_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/err.h"
#include "kernel/base/list.h"
#include "kernel/base/text.h"

#define ALLOC_MAGIC 0xa110ca7ed0b1ec75u

struct header {
	u64 magic;
	size_t len;
};

struct page_entry {
	struct list node;
	u8 *page;
	u32 refs;
};

static struct {
	u64 fail_after;
	u64 attempts;
	u64 live;
	u64 now_ns;
	u64 wall_ns;
	u64 random_state;
	bool random_broken;
	char log[65536];
	size_t log_len;
} port;

static struct list pages[1024];

static bool attempt_fails(void)
{
	port.attempts++;
	return port.fail_after && --port.fail_after == 0;
}

void *port_alloc(size_t len)
{
	struct header *h;

	if (!len || attempt_fails() || len > SIZE_MAX - sizeof(*h))
		return NULL;
	h = calloc(1, sizeof(*h) + len);
	if (!h)
		return NULL;
	h->magic = ALLOC_MAGIC;
	h->len = len;
	port.live++;
	return h + 1;
}

void port_free(void *p)
{
	struct header *h = p;

	if (!p)
		return;
	h--;
	if (h->magic != ALLOC_MAGIC)
		port_panic("port_free of %p, which port_alloc did not give", p);
	memset(h, 0, sizeof(*h) + h->len);
	free(h);
	port.live--;
}

static struct list *page_bucket(const void *page)
{
	struct list *head = &pages[((uintptr_t)page / PAGE_SIZE) % ARRAY_COUNT(pages)];

	if (!head->next)
		list_init(head);
	return head;
}

static struct page_entry *page_find(const void *page)
{
	struct list *head = page_bucket(page);

	list_for_each(node, head) {
		struct page_entry *e = list_entry(node, struct page_entry, node);

		if (e->page == page)
			return e;
	}
	port_panic("%p is not a live page", page);
}

void *port_page_alloc(void)
{
	struct page_entry *e;

	if (attempt_fails())
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	if (!e->page) {
		free(e);
		return NULL;
	}
	memset(e->page, 0, PAGE_SIZE);
	e->refs = 1;
	list_add_tail(page_bucket(e->page), &e->node);
	port.live++;
	return e->page;
}

void *port_page_alloc_content(void) { return port_page_alloc(); }

void port_page_get(void *page)
{
	page_find(page)->refs++;
}

void port_page_put(void *page)
{
	struct page_entry *e = page_find(page);

	if (--e->refs)
		return;
	list_del(&e->node);
	memset(e->page, 0, PAGE_SIZE);
	free(e->page);
	free(e);
	port.live--;
}

u32 port_page_refs(const void *page)
{
	return page_find(page)->refs;
}

void port_log(int level, const char *format, ...)
{
	size_t left = sizeof(port.log) - port.log_len;
	va_list args;
	size_t len;

	(void)level; /* tests look at the text */
	va_start(args, format);
	len = text_vformat(port.log + port.log_len, left - 1, format, args);
	va_end(args);
	if (len + 2 > left) {
		port.log[port.log_len] = '\0';
		return;
	}
	port.log_len += len;
	port.log[port.log_len++] = '\n';
	port.log[port.log_len] = '\0';
}

void port_panic(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)text_vformat(text, sizeof(text), format, args); /* a cut text is still printed */
	va_end(args);
	(void)fprintf(stderr, "panic: %s\n", text); /* abort says the rest */
	abort();
}

u64 port_now_ns(void)
{
	return port.now_ns;
}

u64 port_wall_ns(void)
{
	return port.wall_ns;
}

void port_relax(void)
{
	port.now_ns += 1000;
}

/* splitmix64: the same bytes in every run. */
int port_random(void *buf, size_t len)
{
	u8 *b = buf;

	if (port.random_broken)
		return -EIO;
	for (size_t i = 0; i < len; i++) {
		u64 z = port.random_state += 0x9e3779b97f4a7c15u;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		b[i] = (u8)(z >> 56);
	}
	return 0;
}

void fake_port_fail_after(u64 n)
{
	port.fail_after = n;
}

u64 fake_port_attempts(void)
{
	return port.attempts;
}

u64 fake_port_live(void)
{
	return port.live;
}

const char *fake_port_log_text(void)
{
	return port.log;
}

void fake_port_set_now(u64 ns)
{
	port.now_ns = ns;
}

void fake_port_set_wall(u64 ns)
{
	port.wall_ns = ns;
}

void fake_port_set_random_broken(bool broken)
{
	port.random_broken = broken;
}

void fake_port_reset(void)
{
	u64 live = port.live;

	memset(&port, 0, sizeof(port));
	port.live = live;
}
