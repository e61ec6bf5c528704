/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/u_sysfuzz.c - random system calls from several processes, and a witness that others run on.
 *
 *   u_sysfuzz SECONDS SEED WORKERS FOLDER       as uid 0
 *
 * Every worker slot runs short-lived processes: each makes up to CALLS_EACH calls with arguments of a mixed
 * pool and is killed when it takes longer than LIFE_S. Slot 0 keeps uid 0 and leaves out the calls by which
 * uid 0 may rightly end or rebuild the system; the others are uid 65534. A witness process counts on beside
 * them. Prints "seed N", every 10 s "fuzz calls N witness N", and "fuzz ended".
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS_EACH 400
#define LIFE_S 2
#define TICK_US 20000
#define WORKERS_MAX 8
#define NOBODY 65534
#define MIB (1ul << 20)

struct shared {
	_Atomic unsigned long calls, witness, slot_calls[WORKERS_MAX];
	_Atomic int last_nr[WORKERS_MAX];
};

static struct shared *shared;
static uint64_t state;
static char *area; /* 2 pages that can be used, then one that cannot */
static char *readonly;
static const char *const names[] = { "a", "b", "d", "d/x", ".", "..", "", "/proc/self/mem", "/proc/self/maps",
	"/proc/self/fd/0", "/dev/null", "/dev/zero", "/dev/urandom", "link", "fifo", "a/", "d/../a", "//a", "new" };

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull;
}

static uint64_t below(uint64_t n)
{
	return next() % n;
}

static bool ends_the_fuzzer(long nr)
{
	static const int list[] = { SYS_exit, SYS_exit_group, SYS_pause, SYS_rt_sigsuspend, SYS_vfork };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (nr == list[i])
			return true;
	return false;
}

/* What uid 0 may do to a system, and what reaches other processes or files outside the folder. */
static bool rights_of_root(long nr)
{
	static const int list[] = { SYS_reboot, SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo,
		SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal, SYS_umount2, SYS_mount, SYS_pivot_root, SYS_kexec_load,
		SYS_kexec_file_load, SYS_prlimit64, SYS_setpriority, SYS_syslog, SYS_unlink, SYS_unlinkat, SYS_rename,
		SYS_renameat, SYS_renameat2, SYS_truncate, SYS_chmod, SYS_fchmodat, SYS_chown, SYS_lchown,
		SYS_fchownat, SYS_rmdir, SYS_clock_settime, SYS_settimeofday, SYS_sched_setscheduler,
		SYS_sched_setparam, SYS_sched_setattr, SYS_setrlimit, SYS_vhangup, SYS_swapon, SYS_swapoff,
		SYS_mount_setattr, SYS_move_mount, SYS_ptrace, SYS_chroot, SYS_pidfd_getfd, SYS_process_vm_writev,
		SYS_process_madvise, SYS_open_by_handle_at, SYS_init_module, SYS_finit_module, SYS_delete_module,
		SYS_iopl, SYS_ioperm, SYS_bpf, SYS_perf_event_open, SYS_move_pages, SYS_acct };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (nr == list[i])
			return true;
	return false;
}

static long number(bool root)
{
	for (;;) {
		long nr = (long)below(470);
		uint64_t kind = below(100);

		if (kind < 2)
			nr = (long)next();
		else if (kind < 4)
			nr = (long)(below(1200) | (kind == 3 ? 0x40000000 : 0));
		if (nr == SYS_exit || nr == SYS_exit_group || !ends_the_fuzzer(nr)) {
			if ((nr == SYS_exit || nr == SYS_exit_group) && below(20))
				continue;
			if (!root || !rights_of_root(nr))
				return nr;
		}
	}
}

static uint64_t pointer(void)
{
	static const uint64_t odd[] = { 0, 1, 8, 0x1000, 0xffff, 0x7fffffffe000, 0x7fffffffefff, 0x7fffffffffff,
		0x800000000000, 0xdeadbeefdeadbeef, 0xffff800000000000, 0xffffc00000000000, 0xffffffff80000000,
		0xffffffff80100000, 0xfffffffffffff000, 0xffffffffffffffff, 0x400000, 0x401000 };

	switch (below(10)) {
	case 0:
		return odd[below(sizeof(odd) / sizeof(odd[0]))];
	case 1: /* across the end */
		return (uint64_t)area + 8192 - below(64);
	case 2:
		return (uint64_t)readonly + below(4096);
	case 3:
	case 4:
		return (uint64_t)names[below(sizeof(names) / sizeof(names[0]))];
	default:
		return (uint64_t)area + (below(8192) & ~7ull);
	}
}

static uint64_t argument(void)
{
	static const int64_t edges[] = { -1, -100, 0, 1, 2, 7, 8, 64, 255, 4095, 4096, 4097, 65535, 65536, 0x7fffffff,
		0x80000000, 0xffffffff, 0x100000000, INT64_MAX, INT64_MIN, 0x1000000, -4096 };

	switch (below(10)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return pointer();
	case 4:
	case 5:
		return below(16); /* a descriptor, a small count */
	case 6:
		return (uint64_t)edges[below(sizeof(edges) / sizeof(edges[0]))];
	case 7:
		return 1ull << below(64);
	case 8:
		return below(1 << 20);
	default:
		return next();
	}
}

/* Bytes that look like structures: small numbers, pointers into the area, edges. */
static void fill(void)
{
	uint64_t *words = (uint64_t *)area;

	for (int i = 0; i < 64; i++)
		words[below(1024)] = argument();
}

static void limits(void)
{
	static const struct { int what; rlim_t value; } list[] = { { RLIMIT_AS, 96 * MIB }, { RLIMIT_FSIZE, MIB },
		{ RLIMIT_NOFILE, 64 }, { RLIMIT_NPROC, 60 }, { RLIMIT_CORE, 0 }, { RLIMIT_CPU, LIFE_S } };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rlimit limit = { list[i].value, list[i].value };

		setrlimit((__rlimit_resource_t)list[i].what, &limit);
	}
}

static void descriptors(void)
{
	int fds[2], null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (pipe(fds) || open("a", O_RDWR | O_CREAT, 0644) < 0 || open("d", O_RDONLY) < 0)
		_exit(1);
	(void)syscall(SYS_eventfd2, 0, 04000);
	(void)syscall(SYS_epoll_create1, 0);
	(void)syscall(SYS_timerfd_create, 1, 04000);
	(void)syscall(SYS_memfd_create, "m", 0);
	(void)open("/proc/self/status", O_RDONLY);
}

static void on_tick(int sig)
{
	(void)sig; /* it only ends a call that waits */
}

static void ticks(void)
{
	struct sigaction action = { .sa_handler = on_tick };
	struct itimerval every = { { 0, TICK_US }, { 0, TICK_US } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

static __attribute__((noreturn)) void worker(int slot)
{
	bool root = slot == 0;

	if (chdir("d/..") || (!root && (setgid(NOBODY) || setuid(NOBODY))))
		_exit(1);
	descriptors();
	limits();
	area = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	readonly = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || readonly == MAP_FAILED || munmap(area + 8192, 4096))
		_exit(1);
	ticks();
	for (int i = 0; i < CALLS_EACH; i++) {
		long nr = number(root);

		if (below(4) == 0)
			fill();
		shared->last_nr[slot] = (int)nr;
		shared->calls++;
		shared->slot_calls[slot]++;
		if (below(64) == 0)
			ticks();
		(void)syscall(nr, argument(), argument(), argument(), argument(), argument(), argument());
	}
	_exit(0);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Another program's life: memory, files, a pipe, a child; counts each round. */
static __attribute__((noreturn)) void witness(void)
{
	for (;;) {
		int fds[2], status = 0;
		char byte = 0;
		char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED || pipe(fds))
			_exit(1);
		pid_t child = fork();

		if (child == 0)
			_exit(write(fds[1], "w", 1) == 1 ? 3 : 4);
		page[5] = 'x';
		if (child < 0 || read(fds[0], &byte, 1) != 1 || byte != 'w' || waitpid(child, &status, 0) != child ||
		    status != 3 << 8 || page[5] != 'x')
			_exit(2);
		close(fds[0]);
		close(fds[1]);
		munmap(page, 4096);
		shared->witness++;
		pause_ms(20);
	}
}

/* Kills whatever uid 65534 still runs. */
static void sweep(void)
{
	pid_t child = fork();

	if (child == 0) {
		if (setuid(NOBODY) == 0)
			kill(-1, SIGKILL);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static pid_t start(int slot, uint64_t seed)
{
	pid_t child = fork();

	if (child == 0) {
		state = seed | 1;
		setpgid(0, 0);
		worker(slot);
	}
	return child;
}

static int run(double seconds, uint64_t seed, int workers)
{
	pid_t pids[WORKERS_MAX] = { 0 }, observer = fork(), gone;
	double born[WORKERS_MAX], begin = now(), said = begin;
	int status;

	if (observer == 0)
		witness();
	while (now() - begin < seconds) {
		for (int slot = 0; slot < workers; slot++) {
			if (pids[slot] > 0 && now() - born[slot] > LIFE_S) {
				kill(-pids[slot], SIGKILL);
				kill(pids[slot], SIGKILL);
			}
			if (pids[slot] <= 0) {
				seed = seed * 6364136223846793005ull + 1442695040888963407ull;
				pids[slot] = start(slot, seed);
				born[slot] = now();
			}
		}
		while ((gone = waitpid(-1, &status, WNOHANG)) > 0) {
			if (gone == observer) {
				printf("the witness died: %x\n", (unsigned)status);
				return 1;
			}
			for (int slot = 0; slot < workers; slot++)
				if (pids[slot] == gone)
					pids[slot] = 0;
		}
		pause_ms(10);
		if (now() - said >= 10) {
			said = now();
			sweep();
			printf("fuzz calls %lu witness %lu\n", (unsigned long)shared->calls,
				(unsigned long)shared->witness);
		}
	}
	for (int slot = 0; slot < workers; slot++)
		if (pids[slot] > 0) {
			kill(-pids[slot], SIGKILL);
			kill(pids[slot], SIGKILL);
		}
	kill(observer, SIGKILL);
	return 0;
}

int main(int argc, char **argv)
{
	int workers = argc == 5 ? atoi(argv[3]) : 0;

	if (workers < 2 || workers > WORKERS_MAX || chdir(argv[4]) || getuid() != 0)
		return 2;
	umask(0);
	if (mkdir("d", 0777) || mkdir("d/x", 0777) || symlink("a", "link") || mkfifo("fifo", 0666))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %s\n", argv[2]);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	int failed = run(atof(argv[1]), strtoull(argv[2], NULL, 0), workers);

	for (int i = 0; i < 20; i++) {
		sweep();
		pause_ms(20);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	printf("fuzz calls %lu witness %lu\n", (unsigned long)shared->calls, (unsigned long)shared->witness);
	printf(failed ? "fuzz failed\n" : "fuzz ended\n");
	return failed;
}
