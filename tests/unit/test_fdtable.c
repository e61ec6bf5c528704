/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_fdtable.c - descriptor tables and the locks that hang at them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/fdtable.h"
#include "fs/locks.h"
#include "tests/fake/fs_fixture.h"

#define NO_LIMIT 1048576u

static struct file *some_file(void)
{
	struct file *file;

	assert_int_equal(fs_open("/f", O_CREAT | O_RDWR, 0644, &fs_root, &file), 0);
	return file;
}

static int install(struct fdtable *table, int from)
{
	int fd = -1;

	assert_int_equal(fdtable_install(table, some_file(), from, false, NO_LIMIT, &fd), 0);
	return fd;
}

static void install_takes_the_lowest_free_number(void **state)
{
	struct fdtable *table = fdtable_alloc();

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(install(table, 0), i);
	assert_int_equal(fdtable_close(table, 41), 0);
	assert_int_equal(fdtable_close(table, 7), 0);
	assert_int_equal(install(table, 10), 41);
	assert_int_equal(install(table, 0), 7);
	assert_int_equal(install(table, 0), 100);
	assert_int_equal(install(table, 300), 300);
	assert_int_equal(install(table, 0), 101);
	assert_int_equal(fdtable_next(table, 102), 300);
	assert_int_equal(fdtable_next(table, 301), -1);
	assert_int_equal(fdtable_next(table, -5), 0);
	fdtable_put(table);
}

static void limit_is_emfile_and_the_file_stays_the_callers(void **state)
{
	struct fdtable *table = fdtable_alloc();
	struct file *file = some_file();
	int fd = -1;

	(void)state;
	assert_int_equal(install(table, 0), 0);
	assert_int_equal(fdtable_install(table, file, 0, false, 1, &fd), -EMFILE);
	assert_int_equal(fdtable_install(table, file, 5, false, 5, &fd), -EMFILE);
	assert_int_equal(fdtable_install(table, file, -1, false, 5, &fd), -EINVAL);
	assert_int_equal(fdtable_replace(table, 5, file, false, 5), -EBADF);
	assert_int_equal(fdtable_replace(table, -1, file, false, 5), -EBADF);
	assert_int_equal(fd, -1);
	file_put(file);
	fdtable_put(table);
}

static void bad_numbers_are_ebadf(void **state)
{
	static const int bad[] = { -1, 1, 31, 32, 100000, 2147483647, -2147483647 };
	struct fdtable *table = fdtable_alloc();

	(void)state;
	assert_int_equal(install(table, 0), 0);
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_null(fdtable_file(table, bad[i]));
		assert_int_equal(fdtable_close(table, bad[i]), -EBADF);
		assert_int_equal(fdtable_cloexec(table, bad[i]), -EBADF);
		assert_int_equal(fdtable_set_cloexec(table, bad[i], true), -EBADF);
	}
	fdtable_put(table);
}

static void exec_closes_what_is_marked(void **state)
{
	struct fdtable *table = fdtable_alloc();

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(install(table, 0), i);
	assert_int_equal(fdtable_set_cloexec(table, 1, true), 0);
	assert_int_equal(fdtable_set_cloexec(table, 3, true), 0);
	assert_int_equal(fdtable_set_cloexec(table, 3, false), 0);
	assert_int_equal(fdtable_cloexec(table, 1), 1);
	assert_int_equal(fdtable_cloexec(table, 3), 0);
	fdtable_close_on_exec(table);
	assert_int_equal(fdtable_next(table, 0), 0);
	assert_int_equal(fdtable_next(table, 1), 2);
	assert_int_equal(fdtable_next(table, 3), 3);
	fdtable_put(table);
}

static void copy_shares_files_not_numbers(void **state)
{
	struct fdtable *table = fdtable_alloc(), *copy;
	struct file *file;

	(void)state;
	assert_int_equal(install(table, 40), 40);
	copy = fdtable_copy(table);
	assert_non_null(copy);
	file = fdtable_file(copy, 40);
	assert_non_null(file);
	assert_int_equal(file->refs, 3);
	file_put(file);
	assert_int_equal(fdtable_close(copy, 40), 0);
	file = fdtable_file(table, 40);
	assert_non_null(file);
	assert_int_equal(file->refs, 2);
	file_put(file);
	fdtable_get(table);
	fdtable_put(table);
	fdtable_put(copy);
	fdtable_put(table);
}

static void replace_closes_what_was_there(void **state)
{
	struct fdtable *table = fdtable_alloc();
	struct file *old = some_file(), *new = some_file();
	int fd;

	(void)state;
	file_get(old);
	assert_int_equal(fdtable_install(table, old, 0, true, NO_LIMIT, &fd), 0);
	assert_int_equal(fdtable_replace(table, fd, new, false, NO_LIMIT), 0);
	assert_int_equal(old->refs, 1);
	file_put(old);
	fdtable_put(table);
}

/* ---- locks */

static int wakes;

static void count_wake(void)
{
	wakes++;
}

static int lock(struct inode *inode, const void *owner, int type, u64 start, u64 end)
{
	struct lock_range want = { .owner = owner, .pid = 1, .type = type, .start = start, .end = end };

	return lock_set(inode, &want);
}

/* A letter for each of n bytes: what another owner would meet. */
static void expect_map(struct inode *inode, const char *want)
{
	int stranger = 0;

	for (u64 i = 0; want[i]; i++) {
		struct lock_range probe = { .owner = &stranger, .type = LOCK_WRITE, .start = i, .end = i }, found;
		char is = !lock_conflict(inode, &probe, &found) ? '.' : found.type == LOCK_WRITE ? 'w' : 'r';

		if (is != want[i])
			fail_msg("byte %d is %c, not %c, in %s", (int)i, is, want[i], want);
	}
}

static void record_locks_split_and_merge(void **state)
{
	struct file *file = some_file();
	struct inode *inode = file->inode;
	int me = 0;

	(void)state;
	assert_int_equal(lock(inode, &me, LOCK_WRITE, 2, 9), 0);
	expect_map(inode, "..wwwwwwww..");
	assert_int_equal(lock(inode, &me, LOCK_READ, 4, 5), 0);
	expect_map(inode, "..wwrrwwww..");
	assert_int_equal(lock(inode, &me, LOCK_NONE, 7, 7), 0);
	expect_map(inode, "..wwrrw.ww..");
	assert_int_equal(lock(inode, &me, LOCK_WRITE, 4, 5), 0);
	expect_map(inode, "..wwwww.ww..");
	assert_int_equal(lock(inode, &me, LOCK_READ, 0, LOCK_END), 0);
	expect_map(inode, "rrrrrrrrrrrr");
	assert_int_equal(lock(inode, &me, LOCK_NONE, 0, 3), 0);
	expect_map(inode, "....rrrrrrrr");
	locks_owner_gone(inode, &me);
	expect_map(inode, "............");
	assert_null(inode->locks);
	file_put(file);
}

static void record_locks_conflict_as_posix_says(void **state)
{
	struct file *file = some_file();
	struct inode *inode = file->inode;
	int a = 0, b = 0;

	(void)state;
	assert_int_equal(lock(inode, &a, LOCK_READ, 0, 9), 0);
	assert_int_equal(lock(inode, &b, LOCK_READ, 5, 15), 0);
	assert_int_equal(lock(inode, &b, LOCK_WRITE, 5, 15), -EAGAIN);
	assert_int_equal(lock(inode, &b, LOCK_WRITE, 10, 15), 0);
	assert_int_equal(lock(inode, &a, LOCK_WRITE, 0, 4), 0);
	locks_set_wake(count_wake);
	wakes = 0;
	locks_owner_gone(inode, &a);
	assert_int_equal(wakes, 1);
	assert_int_equal(lock(inode, &b, LOCK_WRITE, 0, LOCK_END), 0);
	locks_owner_gone(inode, &b);
	locks_set_wake(NULL);
	file_put(file);
}

static void closing_any_descriptor_drops_record_locks(void **state)
{
	struct fdtable *table = fdtable_alloc();
	struct inode *inode;
	int first = install(table, 0), second = install(table, 0);

	(void)state;
	inode = fs_inode("/f");
	assert_int_equal(lock(inode, table, LOCK_WRITE, 0, 0), 0);
	assert_int_equal(fdtable_close(table, second), 0); /* POSIX: even another one of the same file */
	expect_map(inode, ".");
	assert_int_equal(fdtable_close(table, first), 0);
	fdtable_put(table);
}

static void flock_belongs_to_the_open_file(void **state)
{
	struct file *a = some_file(), *b = some_file();

	(void)state;
	assert_int_equal(lock_flock(a, LOCK_READ), 0);
	assert_int_equal(lock_flock(b, LOCK_READ), 0);
	assert_int_equal(lock_flock(a, LOCK_WRITE), -EAGAIN);
	assert_int_equal(lock_flock(b, LOCK_NONE), 0);
	assert_int_equal(lock_flock(a, LOCK_WRITE), 0);
	assert_int_equal(lock_flock(b, LOCK_READ), -EAGAIN);
	assert_int_equal(lock(b->inode, b, LOCK_WRITE, 0, 1), 0); /* record locks are another matter */
	locks_owner_gone(b->inode, b);
	file_get(a);
	file_put(a);
	assert_int_equal(lock_flock(b, LOCK_READ), -EAGAIN);
	file_put(a);
	assert_int_equal(lock_flock(b, LOCK_READ), 0);
	file_put(b);
}

static void waiting_in_a_circle_is_edeadlk(void **state)
{
	struct lock_waiter one, two, three;
	int a = 0, b = 0, c = 0;

	(void)state;
	assert_int_equal(lock_wait_begin(&one, &a, &b), 0);
	assert_int_equal(lock_wait_begin(&two, &b, &c), 0);
	assert_int_equal(lock_wait_begin(&three, &c, &a), -EDEADLK);
	lock_wait_end(&one);
	assert_int_equal(lock_wait_begin(&three, &c, &a), 0);
	lock_wait_end(&three);
	lock_wait_end(&two);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fs_setup, fs_teardown)
	const struct CMUnitTest tests[] = {
		T(install_takes_the_lowest_free_number),
		T(limit_is_emfile_and_the_file_stays_the_callers),
		T(bad_numbers_are_ebadf),
		T(exec_closes_what_is_marked),
		T(copy_shares_files_not_numbers),
		T(replace_closes_what_was_there),
		T(record_locks_split_and_merge),
		T(record_locks_conflict_as_posix_says),
		T(closing_any_descriptor_drops_record_locks),
		T(flock_belongs_to_the_open_file),
		T(waiting_in_a_circle_is_edeadlk),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
