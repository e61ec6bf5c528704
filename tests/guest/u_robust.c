/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/u_robust.c - faults, exhausted limits and absurd arguments; Linux gives the same answers.
 *
 *   u_robust FOLDER       as uid 0; prints "NAME: what was seen", one line a try
 *
 * The output is compared with that of the same program on Linux.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define NOBODY 65534
#define KERNEL_ADDRESS 0xffff800000000000ul

static const char *self;

static const char *name_of(int err)
{
	const char *name = err ? strerrorname_np(err) : "0";

	return name ? name : "?";
}

static void said(const char *name, long result)
{
	printf("%s: %s\n", name, result == -1 ? name_of(errno) : "done");
}

/* Runs fn in a child and prints how it ended. */
static void in_child(const char *name, void (*fn)(void))
{
	int status = 0;

	fflush(stdout);
	pid_t child = fork();

	if (child == 0) {
		fn();
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s: killed by signal %d\n", name, WTERMSIG(status));
	else
		printf("%s: exit %d\n", name, WEXITSTATUS(status));
	fflush(stdout);
}

/* ---- siginfo of faults */

static char *fault_page;
static unsigned long fault_base;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	char line[128];
	long offset = (long)((unsigned long)info->si_addr - fault_base);
	int n = snprintf(line, sizeof(line), "  signal %d code %d offset %ld\n", sig, info->si_code,
			 fault_base ? offset : 0);

	(void)context;
	(void)!write(1, line, (size_t)n);
	_exit(sig);
}

static void catch_faults(void)
{
	static char alt[64 * 1024];
	stack_t stack = { .ss_sp = alt, .ss_size = sizeof(alt) };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };

	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static void read_null(void)
{
	catch_faults();
	fault_base = 1; /* offset -1 is address 0 */
	(void)*(volatile char *)0;
}

static void read_hole(void)
{
	catch_faults();
	munmap(fault_page, PAGE);
	fault_base = (unsigned long)fault_page;
	(void)*(volatile char *)(fault_page + 0x123);
}

static void write_readonly(void)
{
	catch_faults();
	mprotect(fault_page, PAGE, PROT_READ);
	fault_base = (unsigned long)fault_page;
	*(volatile char *)(fault_page + 5) = 1;
}

static void read_none(void)
{
	catch_faults();
	mprotect(fault_page, PAGE, PROT_NONE);
	fault_base = (unsigned long)fault_page;
	(void)*(volatile char *)(fault_page + 6);
}

static void execute_data(void)
{
	catch_faults();
	fault_page[0] = (char)0xc3;
	fault_base = (unsigned long)fault_page;
	((void (*)(void))(void *)fault_page)();
}

static void write_text(void)
{
	catch_faults();
	fault_base = (unsigned long)write_text;
	*(volatile char *)(unsigned long)write_text = 1;
}

static void read_kernel(void)
{
	catch_faults();
	fault_base = KERNEL_ADDRESS;
	(void)*(volatile char *)KERNEL_ADDRESS;
}

static void jump_kernel(void)
{
	catch_faults();
	fault_base = 0xffffffff80000000ul;
	((void (*)(void))0xffffffff80000000ul)();
}

static void read_noncanonical(void)
{
	catch_faults();
	(void)*(volatile char *)0x1234567812345678ul;
}

static void divide(void)
{
	volatile int zero = 0;

	catch_faults();
	zero = 100 / zero;
}

static void undefined(void)
{
	catch_faults();
	__asm__ volatile("ud2");
}

static void breakpoint(void)
{
	catch_faults();
	__asm__ volatile("int3");
}

static void privileged(void)
{
	catch_faults();
	__asm__ volatile("hlt");
}

static void port_io(void)
{
	catch_faults();
	__asm__ volatile("outb %%al, $0x80" : : "a"(0));
}

static void software_interrupt(void)
{
	catch_faults();
	__asm__ volatile("int $0x21");
}

static void step(void)
{
	catch_faults();
	__asm__ volatile("pushf; orq $0x100, (%%rsp); popf; nop; nop" : : : "memory");
}

static void beyond_file(void)
{
	int fd = open("short", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	catch_faults();
	(void)!write(fd, "x", 1);
	if (map[0] != 'x' || map[1] != 0)
		_exit(99);
	fault_base = (unsigned long)map;
	(void)*(volatile char *)(map + PAGE + 7);
}

static void default_action(void)
{
	*(volatile char *)8 = 1;
}

static void blocked_fault(void)
{
	sigset_t all;

	catch_faults();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	*(volatile char *)8 = 1; /* a blocked fault kills although there is a handler */
}

static void stack_pointer_gone(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	__asm__ volatile("xorl %%esp, %%esp; push %%rax" : : : "memory"); /* no frame can be written */
}

static void bad_sigreturn(void)
{
	__asm__ volatile("movq $0x10000, %%rsp; movl $15, %%eax; syscall" : : : "memory");
}

static void faults(void)
{
	static const struct { const char *name; void (*fn)(void); } list[] = {
		{ "read null", read_null }, { "read unmapped", read_hole }, { "write read-only", write_readonly },
		{ "read PROT_NONE", read_none }, { "execute data", execute_data }, { "write text", write_text },
		{ "read kernel", read_kernel }, { "jump to kernel", jump_kernel },
		{ "read non-canonical", read_noncanonical }, { "divide by zero", divide }, { "ud2", undefined },
		{ "int3", breakpoint }, { "hlt", privileged }, { "out", port_io }, { "int 0x21", software_interrupt },
		{ "single step", step }, { "beyond end of file", beyond_file }, { "no handler", default_action },
		{ "blocked fault", blocked_fault }, { "no stack", stack_pointer_gone },
		{ "sigreturn from nowhere", bad_sigreturn },
	};

	fault_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fault_page[0] = 1;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		in_child(list[i].name, list[i].fn);
}

/* ---- stacks */

static volatile bool forever = true;

static int recurse(int n)
{
	volatile char pad[512];

	pad[0] = (char)n;
	return forever ? recurse(n + 1) + pad[0] : n;
}

static void stack_with_handler(void)
{
	catch_faults();
	recurse(0);
}

static void stack_without(void)
{
	recurse(0);
}

static void stack_limited(void)
{
	struct rlimit limit = { 128 * 1024, RLIM_INFINITY };
	volatile char *low = (char *)__builtin_frame_address(0) - 512 * 1024;

	setrlimit(RLIMIT_STACK, &limit);
	catch_faults();
	*low = 1;
}

static void stack_big_frame(void)
{
	volatile char *low = (char *)__builtin_frame_address(0) - 4 * 1024 * 1024;

	*low = 1; /* within the 8 MiB that a stack may have */
	_exit(*low == 1 ? 11 : 12);
}

static void stacks(void)
{
	in_child("stack overflow, handler on its own stack", stack_with_handler);
	in_child("stack overflow", stack_without);
	in_child("below RLIMIT_STACK", stack_limited);
	in_child("a frame of 4 MiB", stack_big_frame);
}

/* ---- limits */

static void limit(int what, rlim_t value)
{
	struct rlimit both = { value, value };

	if (setrlimit((__rlimit_resource_t)what, &both))
		printf("setrlimit: %s\n", name_of(errno));
}

static void fork_bomb(void)
{
	int made = 0;
	pid_t child;

	limit(RLIMIT_NPROC, 20);
	if (setgid(NOBODY) || setuid(NOBODY))
		_exit(99);
	while (made < 200 && (child = fork()) > 0)
		made++;
	if (child == 0) {
		for (;;)
			pause();
	}
	printf("  %s after %s\n", name_of(errno), made > 0 && made <= 20 ? "some" : "none or too many");
	limit(RLIMIT_NPROC, 30);
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		made--;
	printf("  %d left\n", made);
	fflush(stdout);
}

static void own_group(void)
{
	setpgid(0, 0);
	fork_bomb();
}

static void descriptors(void)
{
	int fd, last = -1, pair[2];

	limit(RLIMIT_NOFILE, 40);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	printf("  last %d %s\n", last, name_of(errno));
	said("  dup", dup(0));
	said("  dup2 to the limit", dup2(0, 40));
	said("  dup2 below", dup2(0, 39));
	close(39);
	said("  pipe with one left", pipe(pair));
	said("  F_DUPFD beyond", fcntl(0, F_DUPFD, 40));
	said("  socketless fork", fork() == 0 ? (_exit(0), 0) : 0);
	struct rlimit both = { 50, 50 };

	if (setuid(NOBODY) == 0)
		said("  raise", setrlimit(RLIMIT_NOFILE, &both));
	fflush(stdout);
}

static void address_space(void)
{
	limit(RLIMIT_AS, 64ul << 20);
	void *big = mmap(NULL, 128ul << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("  mmap %s\n", big == MAP_FAILED ? name_of(errno) : "done");
	printf("  brk %s\n", sbrk(128l << 20) == (void *)-1 ? name_of(errno) : "done");
	void *small = mmap(NULL, 1ul << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("  small %s\n", small == MAP_FAILED ? name_of(errno) : "done");
	printf("  mremap %s\n", mremap(small, 1ul << 20, 100ul << 20, MREMAP_MAYMOVE) == MAP_FAILED ? name_of(errno) :
	       "done");
	fflush(stdout);
}

static void overcommit(void)
{
	void *big = mmap(NULL, 1ul << 44, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("  16 TiB %s\n", big == MAP_FAILED ? name_of(errno) : "done");
	big = mmap(NULL, 1ul << 47, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("  all %s\n", big == MAP_FAILED ? name_of(errno) : "done");
	big = mmap(NULL, 1ul << 36, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	printf("  64 GiB of PROT_NONE %s\n", big == MAP_FAILED ? name_of(errno) : "done");
	fflush(stdout);
}

static void on_xfsz(int sig)
{
	printf("  signal %d\n", sig);
}

static void file_size(void)
{
	char block[1000] = "x";
	int fd = open("sized", O_RDWR | O_CREAT | O_TRUNC, 0600);

	limit(RLIMIT_FSIZE, 1500);
	signal(SIGXFSZ, on_xfsz);
	printf("  first %zd\n", write(fd, block, sizeof(block)));
	printf("  second %zd\n", write(fd, block, sizeof(block)));
	said("  third", write(fd, block, sizeof(block)));
	said("  ftruncate", ftruncate(fd, 4000));
	fflush(stdout);
	signal(SIGXFSZ, SIG_DFL);
	(void)!write(fd, block, 1);
}

static void on_xcpu(int sig)
{
	(void)!write(1, "  told\n", 7);
	_exit(sig);
}

static void cpu_time_soft(void)
{
	struct rlimit limit = { 1, 5 };

	signal(SIGXCPU, on_xcpu);
	setrlimit(RLIMIT_CPU, &limit);
	for (;;)
		;
}

static void cpu_time(void)
{
	limit(RLIMIT_CPU, 1);
	for (;;)
		;
}

static void pending_signals(void)
{
	union sigval value = { 1 };
	sigset_t all;
	int sent = 0;

	limit(RLIMIT_SIGPENDING, 10);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (setuid(NOBODY))
		_exit(99);
	while (sent < 100 && sigqueue(getpid(), SIGRTMIN, value) == 0)
		sent++;
	printf("  %s after %s\n", name_of(errno), sent >= 5 && sent <= 11 ? "some" : "none or too many");
	said("  kill still reaches", kill(getpid(), SIGUSR1));
	sigpending(&all);
	printf("  pending %d %d\n", sigismember(&all, SIGUSR1), sigismember(&all, SIGRTMIN));
	fflush(stdout);
}

static void limits(void)
{
	in_child("fork bomb", own_group);
	in_child("descriptors", descriptors);
	in_child("address space", address_space);
	in_child("overcommit", overcommit);
	in_child("file size", file_size);
	in_child("processor time", cpu_time);
	in_child("processor time, soft", cpu_time_soft);
	in_child("pending signals", pending_signals);
}

/* ---- paths and arguments */

static void deep_path(void)
{
	char name[201], cwd[PATH_MAX];
	int depth = 0;

	memset(name, 'd', 200);
	name[200] = 0;
	while (depth < 60 && mkdir(name, 0700) == 0 && chdir(name) == 0)
		depth++;
	printf("  depth %d\n", depth);
	said("  getcwd", syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0 ? -1 : 0);
	said("  file there", open("f", O_CREAT | O_RDWR, 0600));
	for (; depth > 0; depth--)
		if (unlink("f") && errno != ENOENT)
			printf("  unlink %s\n", name_of(errno));
		else if (chdir("..") || rmdir(name))
			printf("  up %s\n", name_of(errno));
	fflush(stdout);
}

static void long_paths(void)
{
	char *path = malloc(PATH_MAX * 2), name[300];

	memset(path, '/', PATH_MAX * 2);
	path[4095] = 0;
	said("  4095 slashes", open(path, O_RDONLY));
	path[4095] = '/';
	path[4096] = 0;
	said("  4096 slashes", open(path, O_RDONLY));
	memset(name, 'n', sizeof(name));
	name[255] = 0;
	said("  name of 255", open(name, O_CREAT | O_RDWR, 0600));
	said("  unlink it", unlink(name));
	name[255] = 'n';
	name[256] = 0;
	said("  name of 256", open(name, O_CREAT | O_RDWR, 0600));
	said("  empty", open("", O_RDONLY));
	for (int i = 0; i <= 41; i++) {
		char link[16], to[16];

		snprintf(link, sizeof(link), "l%d", i);
		snprintf(to, sizeof(to), "l%d", i + 1);
		unlink(link);
		(void)!symlink(i == 41 ? "/" : to, link);
	}
	said("  40 links", open("l2", O_RDONLY));
	said("  41 links", open("l1", O_RDONLY));
	(void)!symlink("loop", "loop");
	said("  a loop", open("loop", O_RDONLY));
	said("  loop as itself", open("loop", O_PATH | O_NOFOLLOW));
	fflush(stdout);
	free(path);
}

static void run_with(const char *name, size_t each, int count)
{
	char **argv = calloc((size_t)count + 3, sizeof(*argv)), *text = malloc(each + 1);
	int status;

	memset(text, 'a', each);
	text[each] = 0;
	argv[0] = (char *)(unsigned long)self;
	argv[1] = (char *)"count";
	for (int i = 0; i < count; i++)
		argv[2 + i] = text;
	fflush(stdout);
	pid_t child = fork();

	if (child == 0) {
		char *none[] = { NULL };

		execve(self, argv, none);
		printf("%s: %s\n", name, name_of(errno));
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (WEXITSTATUS(status) == 17)
		printf("%s: arrived\n", name);
	else if (status)
		printf("%s: status %x\n", name, (unsigned)status);
	free(text);
	free(argv);
}

static int count_arguments(int argc, char **argv)
{
	size_t length = 0;

	for (int i = 2; i < argc; i++)
		length += strlen(argv[i]);
	return argc > 2 && length > 0 ? 17 : 18;
}

static void arguments(void)
{
	run_with("one of 100,000", 100000, 1);
	run_with("one of 131,071", 131071, 1);
	run_with("one of 131,072", 131072, 1);
	run_with("1,000 of 1,000", 1000, 1000);
	run_with("3,000 of 1,000", 1000, 3000);
	run_with("50,000 of 10", 10, 50000);
	run_with("400,000 of 1", 1, 400000);
	char *argv[] = { (char *)"x", (char *)KERNEL_ADDRESS, NULL };

	execve(self, argv, NULL);
	printf("bad pointer in argv: %s\n", name_of(errno));
	syscall(SYS_execve, self, 8, NULL);
	printf("bad argv: %s\n", name_of(errno));
	syscall(SYS_execve, 8, NULL, NULL);
	printf("bad path: %s\n", name_of(errno));
}

/* ---- bad pointers */

static void pointers(void)
{
	char *edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fds[2], fd = open("pointers", O_RDWR | O_CREAT | O_TRUNC, 0600);
	const struct iovec two[2] = { { edge + PAGE - 8, 8 }, { (void *)16, 8 } };
	struct stat st;

	munmap(edge + PAGE, PAGE);
	memset(edge, 'e', PAGE);
	(void)!pipe(fds);
	said("write from kernel", syscall(SYS_write, fd, KERNEL_ADDRESS, 8));
	said("write from null", syscall(SYS_write, fd, NULL, 8));
	printf("write across the edge: %zd\n", write(fd, edge + PAGE - 100, 200));
	said("read to kernel", pread(fd, (void *)KERNEL_ADDRESS, 8, 0));
	said("read to text", pread(fd, (void *)(unsigned long)pointers, 8, 0));
	printf("writev good then bad: %zd\n", writev(fds[1], two, 2));
	said("writev of a bad list", syscall(SYS_writev, fd, 8, 2));
	said("writev of -1", syscall(SYS_writev, fd, two, -1));
	said("stat to null", syscall(SYS_stat, "/", NULL));
	said("stat across the edge", syscall(SYS_stat, "/", edge + PAGE - 8));
	said("stat of kernel", syscall(SYS_stat, KERNEL_ADDRESS, &st));
	said("open at the edge", syscall(SYS_open, edge + PAGE - 4, O_RDONLY));
	said("pipe to null", syscall(SYS_pipe, NULL));
	said("sigaction from kernel", syscall(SYS_rt_sigaction, SIGUSR1, KERNEL_ADDRESS, NULL, 8));
	said("nanosleep null", syscall(SYS_nanosleep, NULL, NULL));
	said("getcwd null", syscall(SYS_getcwd, NULL, 100));
	said("futex of kernel", syscall(SYS_futex, KERNEL_ADDRESS, 0, 0, NULL, NULL, 0));
	said("clone3 null", syscall(SYS_clone3, NULL, 64) == -1 && (errno == EFAULT || errno == ENOSYS) ? 0 : -1);
	said("read of -1 bytes", syscall(SYS_pread64, fd, edge, -1l, 0));
	said("mmap at the end", (long)mmap((void *)0x7ffffffff000, PAGE, PROT_READ,
					   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	said("mmap of nothing", (long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	said("munmap odd", munmap(edge + 1, PAGE));
	said("munmap kernel", munmap((void *)KERNEL_ADDRESS, PAGE));
	said("mprotect hole", mprotect(edge, 2 * PAGE, PROT_READ));
	said("bad descriptor", read(9999, edge, 1));
	said("negative descriptor", read(-5, edge, 1));
	said("no such call", syscall(9999));
	said("lseek before the start", lseek(fd, -5, SEEK_SET));
	said("huge ftruncate", ftruncate(fd, -1));
	said("wait for a stranger", waitpid(1, NULL, 0));
	said("kill nobody", kill(0x7fffffff, 0));
	said("signal 65", kill(getpid(), 65));
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "count") == 0)
		return count_arguments(argc, argv);
	if (argc != 2 || chdir(argv[1]))
		return 2;
	self = "/proc/self/exe";
	faults();
	stacks();
	limits();
	deep_path();
	long_paths();
	arguments();
	pointers();
	printf("robust ended\n");
	return 0;
}
