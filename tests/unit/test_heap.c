/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/pmm.c */
/*
 * tests/unit/test_heap.c - the kernel's objects over real pages: contents, counters, misuse.
 *
 * kernel/heap.c is compiled here with a physical map and a window for large objects that lie in the test's own memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/base/err.h"
#include "kernel/base/types.h"
#include "kernel/limits.h"
#include "kernel/x86/paging.h"

#define ARENA_LEN (64ull << 20)

static char *arena;
static char *window;

/* In place of the kernel's own of kernel/x86/paging.h and kernel/limits.h. */
#define phys_to_virt arena_at
#define virt_to_phys arena_offset
#undef KVMAP_BIG_BASE
#define KVMAP_BIG_BASE ((u64)window)
#undef KVMAP_BIG_LEN
#define KVMAP_BIG_LEN (256ull << 20)

static void *phys_to_virt(paddr_t paddr)
{
	return arena + paddr;
}

static paddr_t virt_to_phys(const void *p)
{
	return (u64)p - (u64)arena;
}

static paddr_t big_pages[KVMAP_BIG_LEN / PAGE_SIZE];

/* The window shows memory of its own: what matters is which pages are held. */
int paging_kmap(u64 va, paddr_t paddr)
{
	assert_int_equal(big_pages[(va - (u64)window) / PAGE_SIZE], 0);
	big_pages[(va - (u64)window) / PAGE_SIZE] = paddr;
	memset((void *)va, 0, PAGE_SIZE);
	return 0;
}

paddr_t paging_kunmap(u64 va)
{
	paddr_t paddr = big_pages[(va - (u64)window) / PAGE_SIZE];

	big_pages[(va - (u64)window) / PAGE_SIZE] = 0;
	return paddr;
}

#include "kernel/heap.c"

static int start(void **state)
{
	u8 map[48] = { 7 };
	const struct pmm_config config = { { map, sizeof(map) }, 48, 1, NULL };
	struct pmm_config c = config;
	const char *why;

	(void)state;
	arena = mmap(NULL, ARENA_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	window = mmap(NULL, KVMAP_BIG_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	store_le64(map + 24, ARENA_LEN / PAGE_SIZE);
	c.physmap = arena;
	return pmm_init(&c, &why);
}

static u64 free_pages(void)
{
	return pmm_stats().free;
}

static void every_size_is_zeroed_aligned_and_apart(void **state)
{
	static const size_t around[] = { 1, 16, 32, 64, 96, 128, 192, 256, 512, 1008, 1344, 2032, 4096, 8192, 40960 };
	struct heap_stats s;
	u64 before = free_pages();

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(around); i++) {
		for (size_t len = around[i] > 1 ? around[i] - 1 : 1; len <= around[i] + 1; len++) {
			u8 *p[300];
			size_t n = len > 4096 ? 5 : 300;

			for (size_t k = 0; k < n; k++) {
				p[k] = heap_alloc(len);
				assert_non_null(p[k]);
				assert_int_equal((u64)p[k] % 16, 0);
				for (size_t b = 0; b < len; b++)
					assert_int_equal(p[k][b], 0);
				memset(p[k], (int)k, len);
			}
			for (size_t k = 0; k < n; k++)
				assert_true(p[k][0] == (u8)k && p[k][len - 1] == (u8)k);
			for (size_t k = 0; k < n; k++)
				heap_free(p[(k * 7) % n]);
		}
	}
	s = heap_stats();
	assert_int_equal(s.objects, 0);
	assert_int_equal(s.bytes, 0);
	assert_int_equal(s.pages, 0);
	assert_int_equal(free_pages(), before);
}

static void odd_lengths_give_nothing(void **state)
{
	(void)state;
	assert_null(heap_alloc(0));
	assert_null(heap_alloc(~(size_t)0));
	assert_null(heap_alloc(~(size_t)0 - 4095));
	assert_null(heap_alloc(ARENA_LEN * 2));
	heap_free(NULL);
}

static void large_objects_are_contiguous_and_return(void **state)
{
	u64 before = free_pages();
	char *a = heap_alloc(9 << 20), *b = heap_alloc(5 << 20), *c;

	(void)state;
	assert_true(a >= window && b >= window);
	memset(a, 1, 9 << 20);
	memset(b, 2, 5 << 20);
	assert_int_equal(a[(9 << 20) - 1], 1);
	heap_free(a);
	c = heap_alloc(8 << 20); /* fits into the gap */
	assert_ptr_equal(c, a);
	heap_free(b);
	heap_free(c);
	assert_int_equal(free_pages(), before);
}

static void memory_in_pieces_still_gives_large_objects(void **state)
{
	static paddr_t held[ARENA_LEN / PAGE_SIZE];
	size_t n = 0;
	void *p;

	(void)state;
	while ((held[n] = pmm_alloc()) != 0)
		n++;
	for (size_t i = 0; i < n; i += 2)
		pmm_put(held[i]);
	p = heap_alloc(1 << 20);
	assert_non_null(p);
	assert_true((char *)p >= window);
	heap_free(p);
	for (size_t i = 1; i < n; i += 2)
		pmm_put(held[i]);
}

static void exhausted_memory_is_null_and_nothing_is_lost(void **state)
{
	static void *held[ARENA_LEN / 2032];
	u64 before = free_pages();
	size_t n = 0;

	(void)state;
	while (n < ARRAY_COUNT(held) && (held[n] = heap_alloc(2000)) != NULL)
		n++;
	assert_int_equal(free_pages(), 0);
	assert_null(heap_alloc(5000));
	assert_null(heap_alloc(5 << 20));
	while (n)
		heap_free(held[--n]);
	assert_int_equal(free_pages(), before);
}

static void assert_stops(void (*what)(char *p))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		close(2);
		what(heap_alloc(100));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

static void free_twice(char *p)
{
	(void)heap_alloc(100); /* keeps the page */
	heap_free(p);
	heap_free(p);
}

static void free_inside(char *p)
{
	heap_free(p + 16);
}

static void free_stack(char *p)
{
	(void)p;
	heap_free(&p);
}

static void free_page(char *p)
{
	(void)p;
	heap_free(phys_to_virt(pmm_alloc()));
}

static void write_after_free(char *p)
{
	(void)heap_alloc(100);
	heap_free(p);
	p[50] = 1;
	(void)heap_alloc(100); /* the same cell */
}

static void free_run_inside(char *p)
{
	(void)p;
	heap_free((char *)heap_alloc(9000) + 4096);
}

static void misuse_stops_the_machine(void **state)
{
	(void)state;
	assert_stops(free_twice);
	assert_stops(free_inside);
	assert_stops(free_stack);
	assert_stops(free_page);
	assert_stops(write_after_free);
	assert_stops(free_run_inside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_is_zeroed_aligned_and_apart),
		cmocka_unit_test(odd_lengths_give_nothing),
		cmocka_unit_test(large_objects_are_contiguous_and_return),
		cmocka_unit_test(memory_in_pieces_still_gives_large_objects),
		cmocka_unit_test(exhausted_memory_is_null_and_nothing_is_lost),
		cmocka_unit_test(misuse_stops_the_machine),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
