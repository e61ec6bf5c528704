/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/pmm.c */
/*
 * tests/unit/test_pmm.c - physical pages: hostile maps, poison, counts. Address 0 is the start of the arena.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/pmm.h"

#define ARENA_LEN (64ull << 20)
#define MIB (1ull << 20)
#define CONVENTIONAL 7u
#define LOADER_DATA 2u
#define RESERVED 0u
#define BOOT_DATA 4u
#define NVS 10u
#define DESC_LEN 48u

static char *arena;
static u8 map[PAGE_SIZE * 16];
static size_t map_len;

static void put(u32 type, u64 start, u64 pages)
{
	u8 *d = map + map_len;

	memset(d, 0, DESC_LEN);
	store_le32(d, type);
	store_le64(d + 8, start);
	store_le64(d + 24, pages);
	map_len += DESC_LEN;
}

static int init(void)
{
	const struct pmm_config config = { { map, map_len }, DESC_LEN, 1, arena };
	const char *why = NULL;
	int err = pmm_init(&config, &why);

	assert_true(!err || why);
	return err;
}

static int fresh_arena(void **state)
{
	(void)state;
	if (arena)
		munmap(arena, ARENA_LEN);
	arena = mmap(NULL, ARENA_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(arena, MAP_FAILED);
	map_len = 0;
	return 0;
}

static u64 free_pages(void)
{
	return pmm_stats().free;
}

/* Takes every page: each exactly once, inside [start, end), zeroed. Returns the count. */
static u64 take_all(u64 start, u64 end)
{
	static u8 seen[ARENA_LEN / PAGE_SIZE];
	paddr_t p;
	u64 count = 0;

	memset(seen, 0, sizeof(seen));
	while ((p = pmm_alloc()) != 0) {
		assert_true(p >= start && p + PAGE_SIZE <= end);
		assert_int_equal(p % PAGE_SIZE, 0);
		assert_int_equal(seen[p / PAGE_SIZE]++, 0);
		for (size_t i = 0; i < PAGE_SIZE; i += 512)
			assert_int_equal(arena[p + i], 0);
		memset(arena + p, 0xff, PAGE_SIZE);
		count++;
	}
	return count;
}

static void plain_map_gives_all_its_pages(void **state)
{
	u64 free;

	(void)state;
	put(CONVENTIONAL, 0, ARENA_LEN / PAGE_SIZE);
	assert_int_equal(init(), 0);
	free = free_pages();
	assert_true(free > 63 * 256 - 300 && free <= 63 * 256);
	assert_int_equal(take_all(MIB, ARENA_LEN), free);
	assert_int_equal(free_pages(), 0);
	assert_int_equal(pmm_alloc(), 0);
}

static void unsorted_overlapping_claims_take_the_stricter_kind(void **state)
{
	paddr_t p;

	(void)state;
	put(RESERVED, 20 * MIB, 256);
	put(CONVENTIONAL, 16 * MIB, 48 * 256);
	put(LOADER_DATA, 30 * MIB, 256);
	put(CONVENTIONAL, 2 * MIB, 20 * 256);  /* overlaps the reserved MiB and the one above */
	put(NVS, 21 * MIB + 1, 1);             /* rounded outwards: two pages */
	put(BOOT_DATA, 30 * MIB, 512);
	assert_int_equal(init(), 0);
	while ((p = pmm_alloc()) != 0) {
		assert_true(p >= 2 * MIB);
		assert_false(p >= 20 * MIB && p < 21 * MIB + 2 * PAGE_SIZE);
		assert_false(p >= 30 * MIB && p < 31 * MIB);
	}
}

static void ranges_are_sorted_and_disjoint(void **state)
{
	const struct pmm_range *r;
	size_t count;

	(void)state;
	srand(1);
	put(CONVENTIONAL, MIB, 63 * 256);
	for (int i = 0; i < 60; i++)
		put((u32)rand() % 16, (u64)rand() % ARENA_LEN, (u64)rand() % 600);
	if (init() != 0)
		return; /* a map that leaves nothing is refused; this seed's does not */
	r = pmm_ranges(&count);
	assert_true(count > 10);
	for (size_t i = 0; i < count; i++) {
		assert_true(r[i].start < r[i].end);
		assert_true(i == 0 || r[i - 1].end <= r[i].start);
	}
	(void)take_all(MIB, ARENA_LEN); /* only that each page comes once */
}

static void absurd_descriptors_are_clamped(void **state)
{
	(void)state;
	put(CONVENTIONAL, MIB, 32 * 256);
	put(CONVENTIONAL, ~0ull - 100, 5);
	put(RESERVED, 33 * MIB, ~0ull);
	put(CONVENTIONAL, 1ull << 45, 256);       /* far away: no records for it */
	put(CONVENTIONAL, 40 * MIB, ~0ull / 2);   /* under the reserved one */
	put(CONVENTIONAL, 8 * MIB, 0);
	assert_int_equal(init(), 0);
	(void)take_all(MIB, 33 * MIB); /* nothing beyond was handed out */
}

static void maps_of_another_form_are_refused(void **state)
{
	struct pmm_config config = { { map, 0 }, DESC_LEN, 2, arena };
	const char *why;

	(void)state;
	put(CONVENTIONAL, MIB, 63 * 256);
	config.map.len = map_len;
	assert_int_equal(pmm_init(&config, &why), -EBADMSG);
	config.desc_version = 1;
	config.desc_len = 39;
	assert_int_equal(pmm_init(&config, &why), -EBADMSG);
	config.desc_len = 0;
	assert_int_equal(pmm_init(&config, &why), -EBADMSG);
	config.desc_len = DESC_LEN;
	config.map.len = DESC_LEN - 1;
	assert_int_equal(pmm_init(&config, &why), -ENOMEM);
	map_len = 0;
	put(CONVENTIONAL, 0, 256); /* the first MiB is nothing to work with */
	assert_int_equal(init(), -ENOMEM);
}

static void too_many_pieces_are_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		put(i % 2 ? CONVENTIONAL : RESERVED, MIB + i * PAGE_SIZE, 1);
	assert_int_equal(init(), -EBADMSG);
}

static void pages_come_again_after_they_were_put_in_any_order(void **state)
{
	static paddr_t pages[1024];
	u64 free;

	(void)state;
	put(CONVENTIONAL, MIB, 63 * 256);
	assert_int_equal(init(), 0);
	free = free_pages();
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 1024; i++)
			pages[i] = pmm_alloc();
		assert_int_equal(free_pages(), free - 1024);
		for (unsigned i = 0; i < 1024; i++)
			pmm_put(pages[(i * 389) % 1024]);
		assert_int_equal(free_pages(), free);
	}
	assert_int_equal(take_all(MIB, ARENA_LEN), free);
}

static void references_are_counted(void **state)
{
	paddr_t p;
	u64 free;

	(void)state;
	put(CONVENTIONAL, MIB, 63 * 256);
	assert_int_equal(init(), 0);
	free = free_pages();
	p = pmm_alloc();
	pmm_get(p);
	assert_int_equal(pmm_refs(p), 2);
	pmm_put(p);
	assert_int_equal(pmm_refs(p), 1);
	pmm_put(p);
	assert_int_equal(free_pages(), free);
}

static void loader_memory_comes_back_but_for_what_is_kept(void **state)
{
	struct pmm_stats before, after;

	(void)state;
	put(CONVENTIONAL, MIB, 39 * 256);
	put(LOADER_DATA, 40 * MIB, 256);
	memset(arena + 40 * MIB, 0x77, MIB);
	assert_int_equal(init(), 0);
	before = pmm_stats();
	assert_int_equal(before.loader, 256);
	pmm_release_loader(40 * MIB + 100, 5000);
	after = pmm_stats();
	assert_int_equal(after.loader, 2);
	assert_int_equal(after.free, before.free + 254);
	assert_int_equal(after.total, before.total);
	assert_int_equal(arena[40 * MIB + 2 * PAGE_SIZE - 1], 0x77);
	assert_int_not_equal(arena[40 * MIB + 2 * PAGE_SIZE], 0x77);
}

/* Runs what must stop the machine in a process of its own. */
static void assert_stops(void (*what)(paddr_t p))
{
	paddr_t p = pmm_alloc();
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		close(2);
		what(p);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

static void put_twice(paddr_t p)
{
	pmm_put(p);
	pmm_put(p);
}

static void write_after_free(paddr_t p)
{
	pmm_put(p);
	arena[p + 77] = 1;
	while (pmm_alloc())
		;
}

static void get_foreign(paddr_t p)
{
	(void)p;
	pmm_get(0);
}

static void look_beyond(paddr_t p)
{
	(void)p;
	(void)pmm_refs(0x1000000000);
}

static void misuse_stops_the_machine(void **state)
{
	(void)state;
	put(CONVENTIONAL, MIB, 63 * 256);
	assert_int_equal(init(), 0);
	assert_stops(put_twice);
	assert_stops(write_after_free);
	assert_stops(get_foreign);
	assert_stops(look_beyond);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(plain_map_gives_all_its_pages, fresh_arena),
		cmocka_unit_test_setup(unsorted_overlapping_claims_take_the_stricter_kind, fresh_arena),
		cmocka_unit_test_setup(ranges_are_sorted_and_disjoint, fresh_arena),
		cmocka_unit_test_setup(absurd_descriptors_are_clamped, fresh_arena),
		cmocka_unit_test_setup(maps_of_another_form_are_refused, fresh_arena),
		cmocka_unit_test_setup(too_many_pieces_are_refused, fresh_arena),
		cmocka_unit_test_setup(pages_come_again_after_they_were_put_in_any_order, fresh_arena),
		cmocka_unit_test_setup(references_are_counted, fresh_arena),
		cmocka_unit_test_setup(loader_memory_comes_back_but_for_what_is_kept, fresh_arena),
		cmocka_unit_test_setup(misuse_stops_the_machine, fresh_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
