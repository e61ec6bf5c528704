/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_mem.c - mmap and its family: decoding of flags, checks on the file; vm.c acts.
 *
 * Invariant: an executable mapping of a file exists only after writers were kept out and the integrity hook agreed.
 */
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/vm.h"
#include "kernel/x86/usercopy.h"

/* Linux uapi mman-common.h. */
enum { MAP_SHARED = 1, MAP_PRIVATE, MAP_SHARED_VALIDATE, MAP_TYPE = 15, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20,
       MAP_GROWSDOWN = 0x100, MAP_HUGETLB = 0x40000, MAP_FIXED_NOREPLACE = 0x100000, PROT_GROWS = 0x03000000,
       MADV_DONTNEED = 4, MADV_FREE = 8 };
#define MADV_ANSWERED 0x33c00fu /* a bit each: how it is read, huge pages, dumps, cold */
#define MS_SYNC_FLAGS 7u
#define MAJOR_MEM 1u
#define MINOR_ZERO 5u

static u32 how_of(u32 flags) {
	u32 place = (flags & MAP_FIXED_NOREPLACE) ? VM_NO_REPLACE : (flags & MAP_FIXED) ? VM_FIXED : 0;

	return place | ((flags & MAP_TYPE) != MAP_PRIVATE ? REGION_SHARED : 0) |
		((flags & MAP_GROWSDOWN) ? REGION_STACK : 0);
}

static bool is_zero_device(const struct inode *inode) {
	return inode_is(inode, S_IFCHR) && inode->rdev == (MAJOR_MEM << 8 | MINOR_ZERO);
}

static int check_file(const struct file *file, const struct vm_request *q) {
	u32 access = file->flags & O_ACCMODE;

	if ((file->flags & O_PATH) != 0) return -EBADF;
	if (access == O_WRONLY) return -EACCES;
	if ((q->how & REGION_SHARED) != 0 && (q->prot & PROT_WRITE) != 0 && access != O_RDWR) return -EACCES;
	if ((q->prot & PROT_EXEC) != 0 && (path_mount_flags(&file->path) & MS_NOEXEC) != 0) return -EPERM;
	if (is_zero_device(file->inode)) return 0;
	return inode_is(file->inode, S_IFREG) && file->inode->ops->page != NULL ? 0 : -ENODEV;
}

static int map_executable(struct vm_request *q, u64 *ret_addr) {
	struct inode *inode;

	if (q->file == NULL || (q->prot & PROT_WRITE) != 0) return -EACCES;
	inode = q->file->inode;
	int busy = inode_deny_write(inode), err = task_check_exec_map(q->file, q->prot, q->prot);

	if (busy != 0) return err != 0 ? err : busy; /* the rules were asked all the same: a writer is theirs to note */
	q->how |= REGION_DENY;
	if (err == 0) err = vm_map(task_mm(), q, ret_addr);
	inode_allow_write(inode); /* the region has its own hold */
	return err;
}

SYSCALL(9, mmap) {
	u32 flags = (u32)args[3], type = flags & MAP_TYPE;
	bool anonymous = (flags & MAP_ANONYMOUS) != 0;
	RELEASED(file_drop) struct file *file = anonymous ? NULL : fdtable_file(task_files(), int_arg(args[4]));
	struct vm_request q = { .addr = args[0], .len = args[1], .how = how_of(flags), .prot = args[2] & PROT_ALL };
	u64 addr = 0;

	if ((args[5] & (PAGE_SIZE - 1)) != 0 || q.len == 0) return -EINVAL;
	if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE) return -EINVAL;
	if ((flags & MAP_HUGETLB) != 0) return -ENOMEM;
	if (!anonymous && file == NULL) return -EBADF;
	if (file != NULL) TRY(check_file(file, &q));
	if (file != NULL && !is_zero_device(file->inode)) {
		q.file = file;
		q.offset = args[5];
	}
	TRY((q.prot & PROT_EXEC) != 0 ? map_executable(&q, &addr) : vm_map(task_mm(), &q, &addr));
	return (s64)addr;
}

SYSCALL(11, munmap) { return vm_unmap(task_mm(), args[0], args[1]); }

SYSCALL(10, mprotect) {
	u32 prot = (u32)args[2];

	if ((prot & PROT_GROWS) != 0 || (prot & ~(PROT_ALL | 8u)) != 0) return -EINVAL;
	return vm_protect(task_mm(), args[0], args[1], prot & PROT_ALL);
}

SYSCALL(12, brk) { return (s64)vm_brk(task_mm(), args[0]); }

SYSCALL(25, mremap) {
	u64 addr = 0;

	TRY(vm_remap(task_mm(), args[0], args[1], args[2], (u32)args[3], args[4], &addr));
	return (s64)addr;
}

/* Advice about use is answered and has no effect; what would change contents in ways we do not have is refused. */
SYSCALL(28, madvise) {
	u32 advice = (u32)args[2];

	if (advice == MADV_DONTNEED || advice == MADV_FREE) return vm_drop(task_mm(), args[0], args[1]);
	if (advice > 31 || (MADV_ANSWERED >> advice & 1) == 0) return -EINVAL;
	return vm_check_mapped(task_mm(), args[0], args[1]);
}

/* Shared file pages are the file's pages: they are in step already. */
SYSCALL(26, msync) {
	if ((args[2] & ~(u64)MS_SYNC_FLAGS) != 0 || (args[2] & 5) == 5) return -EINVAL;
	return vm_check_mapped(task_mm(), args[0], args[1]);
}

/* mlock and its kin: nothing is ever paged out. */

SYSCALL(149, mlock) { return 0; }
SYSCALL(150, munlock) { return 0; }
SYSCALL(151, mlockall) { return 0; }
SYSCALL(152, munlockall) { return 0; }
SYSCALL(325, mlock2) { return 0; }
