/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/memory.c - mappings, heap and limits as a program sees them (frame: checks.h).
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "checks.h"

static const char *self;

static void mappings_come_and_go(void)
{
	char *p = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	HOLDS(p != MAP_FAILED && p[0] == 0 && p[5 * 4096 - 1] == 0);
	memset(p, 'm', 5 * 4096);
	HOLDS(munmap(p + 4096, 4096) == 0);
	HOLDS(mprotect(p + 2 * 4096, 4096, PROT_NONE) == 0);
	HOLDS(p[0] == 'm' && p[3 * 4096] == 'm');
	HOLDS(write(1, p + 4096, 1) == -1 && errno == EFAULT);
	HOLDS(write(1, p + 2 * 4096, 1) == -1 && errno == EFAULT);
	HOLDS(mprotect(p + 2 * 4096, 4096, PROT_READ) == 0 && p[2 * 4096] == 'm');
	HOLDS(mprotect(p, 3 * 4096, PROT_READ) == -1 && errno == ENOMEM);
	HOLDS(mmap(p + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == p + 4096);
	HOLDS(mmap(p, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
	HOLDS(errno == EEXIST);
	HOLDS(madvise(p + 3 * 4096, 4096, MADV_DONTNEED) == 0 && p[3 * 4096] == 0);
	HOLDS(munmap(p, 5 * 4096) == 0);
	HOLDS(munmap(p + 1, 4096) == -1 && errno == EINVAL);
	HOLDS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	HOLDS(mmap(NULL, ~0ul - 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
}

static void remapping_keeps_contents(void)
{
	char *p = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *q;

	HOLDS(p != MAP_FAILED);
	memset(p, 'r', 4 * 4096);
	q = mremap(p, 4 * 4096, 64 * 4096, MREMAP_MAYMOVE);
	HOLDS(q != MAP_FAILED && q[0] == 'r' && q[4 * 4096 - 1] == 'r' && q[4 * 4096] == 0);
	HOLDS(mremap(q, 64 * 4096, 2 * 4096, 0) == q && q[4096] == 'r');
	HOLDS(write(1, q + 2 * 4096, 1) == -1 && errno == EFAULT);
	HOLDS(munmap(q, 2 * 4096) == 0);
}

static void file_mappings_private_and_shared(void)
{
	char name[] = "/tmp/processXXXXXX", byte = 0;
	int fd = mkstemp(name);
	char *shared, *private, *readonly;

	HOLDS(fd >= 0 && unlink(name) == 0 && ftruncate(fd, 6000) == 0 && pwrite(fd, "abc", 3, 4096) == 3);
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	HOLDS(shared != MAP_FAILED && private != MAP_FAILED);
	HOLDS(shared[4096] == 'a' && private[4098] == 'c' && private[5999] == 0);
	private[4096] = 'X';
	HOLDS(pread(fd, &byte, 1, 4096) == 1 && byte == 'a' && shared[4096] == 'a');
	shared[4097] = 'Y';
	HOLDS(pread(fd, &byte, 1, 4097) == 1 && byte == 'Y');
	HOLDS(pwrite(fd, "Q", 1, 10) == 1 && shared[10] == 'Q' && private[10] == 'Q');
	HOLDS(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 1) == MAP_FAILED && errno == EINVAL);
	HOLDS(mmap(NULL, 4096, PROT_READ, MAP_SHARED, 999, 0) == MAP_FAILED && errno == EBADF);
	munmap(shared, 8192);
	munmap(private, 8192);
	close(fd);
	fd = open(self, O_RDONLY);
	HOLDS(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES);
	readonly = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	HOLDS(readonly != MAP_FAILED && memcmp(readonly, "\177ELF", 4) == 0);
	munmap(readonly, 4096);
}

static void beyond_the_end_of_a_file_is_sigbus(void)
{
	char name[] = "/tmp/processXXXXXX";
	int fd = mkstemp(name);
	volatile char *p;

	HOLDS(fd >= 0 && unlink(name) == 0 && ftruncate(fd, 100) == 0);
	p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
	HOLDS(p != MAP_FAILED && p[99] == 0 && p[4095] == 0);
	set_handler(SIGBUS, fault_handler, 0);
	if (sigsetjmp(jump, 1) == 0)
		(void)p[4096];
	HOLDS(caught == SIGBUS && caught_info.si_code == BUS_ADRERR && caught_info.si_addr == (void *)(p + 4096));
	signal(SIGBUS, SIG_DFL);
	munmap((void *)p, 8192);
	close(fd);
}

static char *heap_end(char *wanted)
{
	return (char *)syscall(SYS_brk, wanted);
}

static void heap_grows_and_shrinks(void)
{
	char *start = heap_end(NULL), *end = start + (1 << 20);

	HOLDS(heap_end(end) == end);
	memset(start, 'h', 1 << 20);
	HOLDS(heap_end(start) == start && heap_end(end) == end);
	HOLDS(start[8192] == 0);
	HOLDS(heap_end(start) == start && heap_end((char *)8) == start);
}

static int over_the_address_limit(void)
{
	struct rlimit limit = { 64 << 20, 64 << 20 };

	if (setrlimit(RLIMIT_AS, &limit) != 0)
		return 1;
	void *p = mmap(NULL, 100 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED && errno == ENOMEM ? 0 : 2;
}

static void limits_hold(void)
{
	struct rlimit limit;

	HOLDS(in_child(over_the_address_limit) == 0);
	HOLDS(getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= 1 << 20);
	HOLDS(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 256);
	limit.rlim_cur = limit.rlim_max + 1;
	HOLDS(limit.rlim_max == RLIM_INFINITY || (setrlimit(RLIMIT_NOFILE, &limit) == -1 && errno == EINVAL));
}

/* What Linux allows and Assay does not. */
static void assay_no_memory_is_writable_and_executable(void)
{
	int fd = open(self, O_RDONLY);
	char *p;

	HOLDS(mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	      errno == EACCES);
	HOLDS(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	HOLDS(errno == EACCES);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	HOLDS(mprotect(p, 4096, PROT_READ | PROT_EXEC) == -1 && errno == EACCES);
	HOLDS(mprotect(p, 4096, PROT_READ) == 0 && mprotect(p, 4096, PROT_READ | PROT_EXEC) == -1 && errno == EACCES);
	munmap(p, 4096);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	HOLDS(p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == -1 && errno == EACCES);
	munmap(p, 4096);
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	HOLDS(p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0);
	HOLDS(mprotect(p, 4096, PROT_READ | PROT_EXEC) == -1 && errno == EACCES);
	munmap(p, 4096);
	close(fd);
}

static void assay_overcommit_is_refused(void)
{
	size_t len = 1ul << 40;

	HOLDS(mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	HOLDS(errno == ENOMEM);
	/* An address range alone is no promise. */
	void *p = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	HOLDS(p != MAP_FAILED && mprotect(p, len, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
	HOLDS(munmap(p, len) == 0);
}

static void assay_running_program_is_not_writable(void)
{
	HOLDS(open(self, O_WRONLY) == -1 && errno == ETXTBSY);
	HOLDS(truncate(self, 0) == -1 && errno == ETXTBSY);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
		CHECK(mappings_come_and_go), CHECK(remapping_keeps_contents), CHECK(file_mappings_private_and_shared),
		CHECK(beyond_the_end_of_a_file_is_sigbus), CHECK(heap_grows_and_shrinks), CHECK(limits_hold),
		CHECK(assay_no_memory_is_writable_and_executable), CHECK(assay_overcommit_is_refused),
		CHECK(assay_running_program_is_not_writable),
	};

	self = argv[0];
	return run_checks("memory", checks, sizeof(checks) / sizeof(checks[0]), argc > 1);
}
