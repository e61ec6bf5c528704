/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/vm.c kernel/vm_fault.c kernel/region.c kernel/commit.c */
/*
 * tests/unit/test_vm.c - address spaces: copy on write, W^X, promises, splitting and merging, and memory that runs out.
 *
 * Page tables are tests/fake/fake_pagetable.c; a touch below is what the CPU does: look the entry up, fault, again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/memfs.h"
#include "kernel/commit.h"
#include "kernel/task.h"
#include "kernel/vm.h"
#include "tests/fake/fake_pagetable.h"
#include "tests/fake/fake_port.h"

#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#define BASE 0x10000000ull
#define P(n) (BASE + (n) * (u64)PAGE_SIZE)

static struct mm *current;
static u64 limits[RLIMIT_COUNT];
static int exec_answer;
static u32 exec_asked;

static struct task actor;

struct task *task_current(void)
{
	return &actor;
}

struct mm *task_mm(void)
{
	return current;
}

u64 task_rlimit(unsigned resource)
{
	return limits[resource];
}

int task_check_exec_map(struct file *file, u32 reqprot, u32 prot)
{
	(void)file, (void)reqprot, (void)prot;
	exec_asked++;
	return exec_answer;
}

int task_check_exec_protect(struct file *file)
{
	return task_check_exec_map(file, 0, 0);
}

static int touch(struct mm *mm, u64 addr, bool write, bool exec, u8 **ret_byte)
{
	u32 need = write ? PT_READ | PT_WRITE : exec ? PT_READ | PT_EXEC : PT_READ, flags = 0;
	paddr_t paddr = 0;

	current = mm;
	for (int i = 0; i < 2; i++) {
		if (pagetable_lookup(&mm->pages, addr, &paddr, &flags) && (flags & need) == need) {
			*ret_byte = phys_to_virt(paddr);
			return 0;
		}
		int err = vm_fault(addr, write, exec, true);

		if (err)
			return err;
	}
	if (!pagetable_lookup(&mm->pages, addr, &paddr, &flags) || (flags & need) != need)
		fail_msg("a fault at %llx was answered but not mended", (unsigned long long)addr);
	*ret_byte = phys_to_virt(paddr);
	return 0;
}

static int put(struct mm *mm, u64 addr, u8 value)
{
	u8 *byte;
	int err = touch(mm, addr, true, false, &byte);

	if (!err)
		*byte = value;
	return err;
}

/* The byte, or a negative errno. */
static int get(struct mm *mm, u64 addr)
{
	u8 *byte;
	int err = touch(mm, addr, false, false, &byte);

	return err ? err : *byte;
}

static int run(struct mm *mm, u64 addr)
{
	u8 *byte;

	return touch(mm, addr, false, true, &byte);
}

static int map(struct mm *mm, u64 addr, u64 pages, u32 prot, u32 how, struct file *file, u64 offset)
{
	struct vm_request q = { .addr = addr, .len = pages * PAGE_SIZE, .prot = prot, .how = how | VM_NO_REPLACE,
				.file = file, .offset = offset };
	u64 got = 0;
	int err = vm_map(mm, &q, &got);

	assert_true(err || got == addr);
	return err;
}

static u32 regions(const struct mm *mm)
{
	u32 count = 0;

	list_for_each(pos, &mm->regions)
		count++;
	return count;
}

/* A regular file of the given content in a file system of its own. */
static struct superblock *sb;
static struct path root;
static const struct cred nobody;
static const char *made; /* removed at the end, so that what is left is a leak */

static struct file *make_file(const char *name, u64 len, u32 flags)
{
	const struct vfs_context context = { .root = root, .cwd = root };
	struct file *file;

	made = name;
	assert_int_equal(vfs_open(&context, NULL, name, O_RDWR | O_CREAT, 0755, &nobody, &file), 0);
	for (u64 i = 0; i < len; i++) {
		u8 byte = (u8)('a' + i / PAGE_SIZE);

		assert_int_equal(file_write(file, &byte, 1, NULL), 1);
	}
	if (flags == O_RDWR)
		return file;
	file_put(file);
	assert_int_equal(vfs_open(&context, NULL, name, flags, 0, &nobody, &file), 0);
	return file;
}

static u64 live_before, charged_before;

static int set_up(void **state)
{
	const struct memfs_options options = { .fsname = "test", .root_mode = 0777 };

	(void)state;
	fake_port_reset();
	fake_pagetable_set_memory(1u << 20);
	for (unsigned i = 0; i < RLIMIT_COUNT; i++)
		limits[i] = RLIM_INFINITY;
	limits[RLIMIT_STACK] = 64 * PAGE_SIZE;
	exec_answer = 0;
	exec_asked = 0;
	/* The zero page is made once and kept. */
	struct mm *mm = mm_alloc();

	assert_int_equal(map(mm, P(0), 1, PROT_READ, 0, NULL, 0), 0);
	assert_int_equal(get(mm, P(0)), 0);
	mm_put(mm);
	live_before = fake_port_live();
	charged_before = commit_charged();
	assert_int_equal(memfs_create(&options, &sb), 0);
	assert_int_equal(vfs_mount_root(sb, 0, "test", &root), 0);
	return 0;
}

static int tear_down(void **state)
{
	const struct vfs_context context = { .root = root, .cwd = root };

	(void)state;
	if (made)
		assert_int_equal(vfs_unlink(&context, NULL, made, false, &nobody), 0);
	made = NULL;
	path_put(&root);
	vfs_detach_all();
	superblock_put(sb);
	assert_int_equal(fake_port_live(), live_before);
	assert_int_equal(commit_charged(), charged_before);
	return 0;
}

static void vm_anonymous_memory_is_zero_until_written(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();

	assert_int_equal(map(mm, P(0), 4, RW, 0, NULL, 0), 0);
	assert_int_equal(get(mm, P(3)), 0);
	assert_int_equal(mm->owned_pages, 0);
	assert_int_equal(put(mm, P(3), 7), 0);
	assert_int_equal(get(mm, P(3)), 7);
	assert_int_equal(mm->owned_pages, 1);
	assert_int_equal(get(mm, P(4)), -EFAULT);
	assert_int_equal(get(mm, P(0) - 1), -EFAULT);
	assert_int_equal(run(mm, P(0)), -EACCES);
	assert_int_equal(commit_charged() - charged_before, 4);
	mm_put(mm);
}

static void vm_unmapping_splits_and_gives_back(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();

	assert_int_equal(map(mm, P(0), 8, RW, 0, NULL, 0), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(put(mm, P(i), (u8)i), 0);
	assert_int_equal(vm_unmap(mm, P(2), 3 * PAGE_SIZE), 0);
	assert_int_equal(regions(mm), 2);
	assert_int_equal(mm->total_pages, 5);
	assert_int_equal(mm->owned_pages, 5);
	assert_int_equal(commit_charged() - charged_before, 5);
	assert_int_equal(get(mm, P(1)), 1);
	assert_int_equal(get(mm, P(2)), -EFAULT);
	assert_int_equal(get(mm, P(5)), 5);
	/* The hole filled again: one region, its middle zero. */
	assert_int_equal(map(mm, P(2), 3, RW, 0, NULL, 0), 0);
	assert_int_equal(regions(mm), 1);
	assert_int_equal(get(mm, P(2)), 0);
	assert_int_equal(map(mm, P(7), 2, RW, 0, NULL, 0), -EEXIST);
	assert_int_equal(vm_unmap(mm, 1, PAGE_SIZE), -EINVAL);
	assert_int_equal(vm_unmap(mm, P(0), 0), -EINVAL);
	assert_int_equal(vm_unmap(mm, P(0), ~0ull), -EINVAL);
	mm_put(mm);
}

static void vm_fixed_mapping_replaces(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();
	struct vm_request q = { .addr = P(1), .len = PAGE_SIZE, .prot = PROT_READ, .how = VM_FIXED };
	u64 got;

	assert_int_equal(map(mm, P(0), 3, RW, 0, NULL, 0), 0);
	assert_int_equal(put(mm, P(1), 9), 0);
	assert_int_equal(vm_map(mm, &q, &got), 0);
	assert_int_equal(got, P(1));
	assert_int_equal(get(mm, P(1)), 0);
	assert_int_equal(put(mm, P(1), 1), -EACCES);
	assert_int_equal(regions(mm), 3);
	q.addr = P(1) + 1;
	assert_int_equal(vm_map(mm, &q, &got), -EINVAL);
	q.addr = 0;
	assert_int_equal(vm_map(mm, &q, &got), -EPERM);
	q.addr = 0x7fffffffe000;
	q.len = 2 * PAGE_SIZE;
	assert_int_equal(vm_map(mm, &q, &got), -ENOMEM);
	mm_put(mm);
}

static void vm_mapping_without_address_finds_room(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();
	struct vm_request q = { .len = 1, .prot = RW };
	u64 first = 0, second = 0;

	mm->at.mmap_top = P(100);
	assert_int_equal(vm_map(mm, &q, &first), 0);
	assert_int_equal(first, P(99));
	q.prot = PROT_READ;
	assert_int_equal(vm_map(mm, &q, &second), 0);
	assert_int_equal(second, P(98));
	q.addr = P(50) + 5; /* a wish */
	assert_int_equal(vm_map(mm, &q, &second), 0);
	assert_int_equal(second, P(50));
	assert_int_equal(vm_map(mm, &q, &second), 0);
	assert_int_equal(second, P(97));
	q.len = 1ull << 47;
	assert_int_equal(vm_map(mm, &q, &second), -ENOMEM);
	q.len = ~0ull;
	assert_int_equal(vm_map(mm, &q, &second), -ENOMEM);
	mm_put(mm);
}

static void vm_fork_copies_on_write_on_both_sides(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc(), *child;

	assert_int_equal(map(mm, P(0), 2, RW, 0, NULL, 0), 0);
	assert_int_equal(put(mm, P(0), 1), 0);
	assert_int_equal(put(mm, P(1), 1), 0);
	assert_int_equal(mm_fork(mm, &child), 0);
	assert_int_equal(commit_charged() - charged_before, 4);
	assert_int_equal(put(child, P(0), 2), 0);
	assert_int_equal(put(mm, P(1), 3), 0);
	assert_int_equal(get(mm, P(0)), 1);
	assert_int_equal(get(child, P(0)), 2);
	assert_int_equal(get(mm, P(1)), 3);
	assert_int_equal(get(child, P(1)), 1);
	mm_put(mm);
	/* Now the only owner: written in place. */
	u64 live = fake_port_live();

	assert_int_equal(put(child, P(1), 4), 0);
	assert_int_equal(fake_port_live(), live);
	mm_put(child);
}

static void vm_shared_memory_is_seen_by_both(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc(), *child;

	assert_int_equal(map(mm, P(0), 4, RW, REGION_SHARED, NULL, 0), 0);
	assert_int_equal(mm_fork(mm, &child), 0);
	assert_int_equal(commit_charged() - charged_before, 4);
	assert_int_equal(put(child, P(2), 5), 0);
	assert_int_equal(get(mm, P(2)), 5);
	assert_int_equal(vm_drop(mm, P(0), 4 * PAGE_SIZE), 0);
	assert_int_equal(get(mm, P(2)), 5);
	mm_put(child);
	assert_int_equal(get(mm, P(2)), 5);
	mm_put(mm);
}

static void vm_private_file_mapping_copies_when_written(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();
	struct file *file = make_file("private", 2 * PAGE_SIZE + 100, O_RDONLY);

	assert_int_equal(map(mm, P(0), 4, RW, 0, file, 0), 0);
	assert_int_equal(get(mm, P(1)), 'b');
	assert_int_equal(put(mm, P(1), 'X'), 0);
	assert_int_equal(get(mm, P(1) + 1), 'b');
	assert_int_equal(get(mm, P(2) + 99), 'c');
	assert_int_equal(get(mm, P(2) + 100), 0);
	assert_int_equal(get(mm, P(3)), -EIO);
	u8 byte = 0;

	assert_int_equal(inode_read(file->inode, PAGE_SIZE, &byte, 1), 1);
	assert_int_equal(byte, 'b');
	assert_int_equal(vm_drop(mm, P(1), PAGE_SIZE), 0);
	assert_int_equal(get(mm, P(1)), 'b');
	file_put(file);
	mm_put(mm);
}

static void vm_shared_file_mapping_writes_the_file_and_changes_its_version(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();
	struct file *file = make_file("shared", PAGE_SIZE, O_RDWR);
	u64 version = file->inode->version;
	u8 byte = 0;

	assert_int_equal(map(mm, P(0), 1, RW, REGION_SHARED, file, 0), 0);
	assert_int_equal(get(mm, P(0)), 'a');
	assert_int_equal(file->inode->version, version);
	assert_int_equal(put(mm, P(0), 'Z'), 0);
	assert_true(file->inode->version > version);
	version = file->inode->version;
	assert_int_equal(inode_read(file->inode, 0, &byte, 1), 1);
	assert_int_equal(byte, 'Z');
	assert_int_equal(vm_unmap(mm, P(0), PAGE_SIZE), 0);
	assert_true(file->inode->version > version);
	file_put(file);
	mm_put(mm);
}

static void vm_nothing_is_ever_writable_and_executable(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();
	struct file *file = make_file("program", 3 * PAGE_SIZE, O_RDONLY);

	assert_int_equal(map(mm, P(0), 1, RW | PROT_EXEC, 0, file, 0), -EACCES);
	assert_int_equal(map(mm, P(0), 3, RX, REGION_DENY, file, 0), 0);
	assert_int_equal(run(mm, P(1)), 0);
	assert_int_equal(put(mm, P(1), 1), -EACCES);
	assert_int_equal(vm_protect(mm, P(1), PAGE_SIZE, RW | PROT_EXEC), -EACCES);
	/* Once writable, never executable again; the neighbours stay as they are. */
	assert_int_equal(vm_protect(mm, P(1), PAGE_SIZE, RW), 0);
	assert_int_equal(regions(mm), 3);
	assert_int_equal(vm_protect(mm, P(1), PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vm_protect(mm, P(1), PAGE_SIZE, RX), -EACCES);
	assert_int_equal(run(mm, P(2)), 0);
	/* Anonymous memory never. */
	assert_int_equal(map(mm, P(9), 1, PROT_READ, 0, NULL, 0), 0);
	assert_int_equal(vm_protect(mm, P(9), PAGE_SIZE, RX), -EACCES);
	assert_int_equal(exec_asked, 0);
	file_put(file);
	mm_put(mm);
}

static void vm_making_a_file_executable_asks_and_keeps_writers_out(void **state)
{
	(void)state;
	const struct vfs_context context = { .root = root, .cwd = root };
	struct mm *mm = mm_alloc();
	struct file *file = make_file("library", PAGE_SIZE, O_RDONLY), *writer;

	assert_int_equal(map(mm, P(0), 1, PROT_READ, 0, file, 0), 0);
	assert_int_equal(vfs_open(&context, NULL, "library", O_RDWR, 0, &nobody, &writer), 0);
	assert_int_equal(vm_protect(mm, P(0), PAGE_SIZE, RX), -ETXTBSY);
	file_put(writer);
	exec_answer = -EACCES;
	assert_int_equal(vm_protect(mm, P(0), PAGE_SIZE, RX), -EACCES);
	assert_int_equal(run(mm, P(0)), -EACCES);
	exec_answer = 0;
	assert_int_equal(vm_protect(mm, P(0), PAGE_SIZE, RX), 0);
	assert_int_equal(exec_asked, 2);
	assert_int_equal(run(mm, P(0)), 0);
	assert_int_equal(vfs_open(&context, NULL, "library", O_RDWR, 0, &nobody, &writer), -ETXTBSY);
	assert_int_equal(vm_unmap(mm, P(0), PAGE_SIZE), 0);
	assert_int_equal(vfs_open(&context, NULL, "library", O_RDWR, 0, &nobody, &writer), 0);
	file_put(writer);
	file_put(file);
	mm_put(mm);
}

static void vm_promises_are_kept_or_not_made(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc(), *child;

	fake_pagetable_set_memory(fake_port_live() + 1000);
	/* 256 pages are the kernel's. */
	assert_int_equal(map(mm, P(0), 800, RW, 0, NULL, 0), -ENOMEM);
	assert_int_equal(map(mm, P(0), 800, PROT_READ, 0, NULL, 0), 0);
	assert_int_equal(vm_protect(mm, P(0), 800 * PAGE_SIZE, RW), -ENOMEM);
	assert_int_equal(vm_protect(mm, P(0), 400 * PAGE_SIZE, RW), 0);
	assert_int_equal(mm_fork(mm, &child), -ENOMEM);
	for (unsigned i = 0; i < 400; i++)
		assert_int_equal(put(mm, P(i), 1), 0);
	/* Touching kept the promise: no more is owed than before. */
	assert_int_equal(map(mm, P(900), 300, RW, 0, NULL, 0), 0);
	assert_int_equal(map(mm, P(1300), 100, RW, 0, NULL, 0), -ENOMEM);
	mm_put(mm);
}

static void commit_keeps_a_share_for_uid_0(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();

	fake_pagetable_set_memory(fake_port_live() + 6400);
	commit_init(); /* 356 pages are the kernel's, 200 more root's */
	actor.cred.fsuid = 1000;
	assert_int_equal(map(mm, P(0), 5900, RW, 0, NULL, 0), -ENOMEM);
	assert_false(commit_has_room(5900));
	assert_true(commit_has_room(5800));
	actor.cred.fsuid = 0;
	assert_int_equal(map(mm, P(0), 5900, RW, 0, NULL, 0), 0);
	mm_put(mm);
	fake_pagetable_set_memory(fake_port_live());
	commit_init();
}

static void vm_stack_grows_to_its_limit_and_keeps_its_guard(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();
	u64 low = P(1000), top = low + 4 * PAGE_SIZE;

	assert_int_equal(map(mm, low, 4, RW, REGION_STACK, NULL, 0), 0);
	assert_int_equal(put(mm, low - 1, 1), 0);
	assert_int_equal(put(mm, top - 64 * PAGE_SIZE, 1), 0);
	assert_int_equal(mm->total_pages, 64);
	assert_int_equal(put(mm, top - 64 * PAGE_SIZE - 1, 1), -EFAULT);
	limits[RLIMIT_STACK] = RLIM_INFINITY;
	assert_int_equal(map(mm, P(600), 1, RW, 0, NULL, 0), 0);
	assert_int_equal(put(mm, P(601) + STACK_GUARD, 1), 0);
	assert_int_equal(put(mm, P(601) + STACK_GUARD - 1, 1), -EFAULT);
	mm_put(mm);
}

static void vm_heap_follows_brk(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();

	mm->at.brk_start = mm->at.brk = P(0) + 100;
	assert_int_equal(vm_brk(mm, 0), P(0) + 100);
	assert_int_equal(vm_brk(mm, P(4)), P(4));
	assert_int_equal(put(mm, P(1), 3), 0);
	assert_int_equal(put(mm, P(3), 3), 0);
	assert_int_equal(vm_brk(mm, P(2)), P(2));
	assert_int_equal(get(mm, P(3)), -EFAULT);
	assert_int_equal(vm_brk(mm, P(4)), P(4));
	assert_int_equal(get(mm, P(3)), 0);
	assert_int_equal(get(mm, P(1)), 3);
	limits[RLIMIT_DATA] = 8 * PAGE_SIZE;
	assert_int_equal(vm_brk(mm, P(40)), P(4));
	assert_int_equal(vm_brk(mm, ~0ull), P(4));
	mm_put(mm);
}

static void vm_remap_moves_grows_and_shrinks(void **state)
{
	(void)state;
	struct mm *mm = mm_alloc();
	u64 at = 0;

	mm->at.mmap_top = P(1000);
	assert_int_equal(map(mm, P(0), 2, RW, 0, NULL, 0), 0);
	assert_int_equal(map(mm, P(2), 1, PROT_READ, 0, NULL, 0), 0);
	assert_int_equal(put(mm, P(0), 1), 0);
	assert_int_equal(put(mm, P(1), 2), 0);
	assert_int_equal(vm_remap(mm, P(0), 2 * PAGE_SIZE, 3 * PAGE_SIZE, 0, 0, &at), -ENOMEM);
	assert_int_equal(vm_remap(mm, P(0), 2 * PAGE_SIZE, 3 * PAGE_SIZE, 1, 0, &at), 0);
	assert_int_equal(at, P(997));
	assert_int_equal(get(mm, P(0)), -EFAULT);
	assert_int_equal(get(mm, at), 1);
	assert_int_equal(get(mm, at + PAGE_SIZE), 2);
	assert_int_equal(get(mm, at + 2 * PAGE_SIZE), 0);
	assert_int_equal(mm->total_pages, 4);
	assert_int_equal(commit_charged() - charged_before, 3);
	/* The middle page alone, to a place of our choice. */
	assert_int_equal(vm_remap(mm, P(998), PAGE_SIZE, PAGE_SIZE, 3, P(20), &at), 0);
	assert_int_equal(get(mm, P(20)), 2);
	assert_int_equal(get(mm, P(998)), -EFAULT);
	assert_int_equal(vm_remap(mm, P(20), PAGE_SIZE, 5 * PAGE_SIZE, 0, 0, &at), 0);
	assert_int_equal(at, P(20));
	assert_int_equal(vm_remap(mm, P(20), 5 * PAGE_SIZE, PAGE_SIZE, 0, 0, &at), 0);
	assert_int_equal(get(mm, P(21)), -EFAULT);
	assert_int_equal(vm_remap(mm, P(20), 0, PAGE_SIZE, 1, 0, &at), -EINVAL);
	assert_int_equal(vm_remap(mm, P(30), PAGE_SIZE, PAGE_SIZE, 1, 0, &at), -EFAULT);
	assert_int_equal(vm_remap(mm, P(20), PAGE_SIZE, ~0ull, 1, 0, &at), -EINVAL);
	mm_put(mm);
}

/* Everything once; whatever fails on the way, nothing may be left and nothing may crash. */
static void many_things(struct file *file)
{
	struct mm *mm = mm_alloc(), *child = NULL;
	u64 at;

	if (!mm)
		return;
	if (map(mm, P(0), 8, RW, 0, NULL, 0) == 0) {
		for (unsigned i = 0; i < 8; i++)
			(void)put(mm, P(i), 1);
		(void)vm_protect(mm, P(2), 2 * PAGE_SIZE, PROT_READ);
		(void)vm_unmap(mm, P(5), PAGE_SIZE);
		(void)vm_remap(mm, P(6), 2 * PAGE_SIZE, 4 * PAGE_SIZE, 1, 0, &at);
	}
	(void)map(mm, P(20), 4, RW, REGION_SHARED, NULL, 0);
	(void)put(mm, P(21), 1);
	if (map(mm, P(30), 2, RX, REGION_DENY, file, 0) == 0) {
		(void)run(mm, P(30));
		(void)vm_protect(mm, P(31), PAGE_SIZE, RW);
		(void)put(mm, P(31), 1);
	}
	(void)mm_set_exe(mm, file);
	if (mm_fork(mm, &child) == 0) {
		(void)put(child, P(0), 2);
		(void)put(mm, P(1), 2);
		(void)put(child, P(21), 2);
		mm_put(mm);
		mm = NULL;
		(void)put(child, P(1), 2);
	}
	mm_put(child);
	mm_put(mm);
}

static void vm_out_of_memory_at_every_allocation_leaves_nothing(void **state)
{
	(void)state;
	struct file *file = make_file("oom", 2 * PAGE_SIZE, O_RDONLY);
	u64 live = fake_port_live(), before = fake_port_attempts();

	many_things(file);
	u64 attempts = fake_port_attempts() - before;

	assert_true(attempts > 30);
	for (u64 n = 1; n <= attempts; n++) {
		fake_port_fail_after(n);
		many_things(file);
		fake_port_fail_after(0);
		assert_int_equal(fake_port_live(), live);
		assert_int_equal(commit_charged(), charged_before);
		assert_true(file->inode->writers == 0);
	}
	file_put(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vm_anonymous_memory_is_zero_until_written),
		TEST(vm_unmapping_splits_and_gives_back),
		TEST(vm_fixed_mapping_replaces),
		TEST(vm_mapping_without_address_finds_room),
		TEST(vm_fork_copies_on_write_on_both_sides),
		TEST(vm_shared_memory_is_seen_by_both),
		TEST(vm_private_file_mapping_copies_when_written),
		TEST(vm_shared_file_mapping_writes_the_file_and_changes_its_version),
		TEST(vm_nothing_is_ever_writable_and_executable),
		TEST(vm_making_a_file_executable_asks_and_keeps_writers_out),
		TEST(vm_promises_are_kept_or_not_made),
		TEST(vm_stack_grows_to_its_limit_and_keeps_its_guard),
		TEST(vm_heap_follows_brk),
		TEST(vm_remap_moves_grows_and_shrinks),
		TEST(vm_out_of_memory_at_every_allocation_leaves_nothing),
		TEST(commit_keeps_a_share_for_uid_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
