/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/wild.c - random system calls with wild arguments from several processes.
 *
 * usage: wild SECONDS [SEED]. Children make the calls, each with its own random sequence; one that dies is replaced.
 * Left out are calls that end the machine or leave every child asleep for good. Another child counts in the meantime:
 * it must not stall. Exit status 0 when the time is over and the counter moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 4
#define CALLS_BEFORE_REST 2000

struct shared {
	volatile uint64_t calls, deaths, ticks;
};

static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t wild_value(void)
{
	static char buffer[65536];
	static const uint64_t odd[] = { 0, 1, 2, 8, 16, 4095, 4096, 4097, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
					0x100000000, 0x7fffffffffffffff, 0x8000000000000000, ~0ull, ~0ull - 4095,
					0x7ffffffff000, 0x7fffffffe000, 0x800000000000, 0xffff800000000000,
					0xffffffff80000000, 0x400000, 0xfffffffffffff000 };

	switch (next() % 8) {
	case 0:
	case 1:
		return odd[next() % (sizeof(odd) / sizeof(odd[0]))];
	case 2:
		return (uintptr_t)buffer + next() % sizeof(buffer);
	case 3:
		for (unsigned i = 0; i < 64; i++)
			buffer[next() % sizeof(buffer)] = (char)next();
		return (uintptr_t)buffer;
	case 4:
		return next() % 64;
	case 5:
		return (uintptr_t)(next() % 2 ? "/tmp" : "/proc/self/fd");
	case 6:
		return next() % (1 << 20);
	default:
		return next();
	}
}

/*
 * exit, exit_group, reboot, pause and the waits that nobody ends; kill is allowed only for this process. And the key
 * calls, whose rings stay after their processes, so that objects counted before and after would differ: u_sysfuzz
 * makes these.
 */
static int left_out(uint64_t number)
{
	static const uint16_t numbers[] = { 60, 231, 169, 34, 130, 61, 247, 15, 62, 200, 234, 129, 297, 35, 230, 128,
					    246, 320, 248, 249, 250 };

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i] == number)
			return 1;
	return 0;
}

static void make_calls(struct shared *shared, uint64_t seed, int quiet)
{
	struct rlimit memory = { 64 << 20, 64 << 20 }, processes = { 40, 40 }, size = { 1 << 20, 1 << 20 };

	state = seed * 0x9e3779b97f4a7c15u + 1;
	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_NPROC, &processes);
	setrlimit(RLIMIT_FSIZE, &size);
	(void)!chdir("/tmp");
	if (setgid(1000) != 0 || setuid(1000) != 0)
		_exit(1);
	if (quiet) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0), dup2(null, 1), dup2(null, 2);
	}
	for (int i = 0; i < CALLS_BEFORE_REST; i++) {
		uint64_t number = next() % 470;

		if (left_out(number))
			continue;
		alarm(1);
		shared->calls++;
		syscall((long)number, wild_value(), wild_value(), wild_value(), wild_value(), wild_value(),
			wild_value());
	}
	_exit(0);
}

static void tick(struct shared *shared)
{
	const struct timespec step = { 0, 10000000 };

	for (;;) {
		nanosleep(&step, NULL);
		shared->ticks++;
	}
}

static pid_t start(struct shared *shared, uint64_t seed)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		make_calls(shared, seed, 1);
	}
	return pid;
}

/* Ends what the children left behind, whatever they called themselves. */
static void sweep(void)
{
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (setuid(1000) == 0)
				kill(-1, SIGKILL);
			_exit(0);
		}
		usleep(20000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	struct shared *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	pid_t ticker = fork();

	if (ticker == 0)
		tick(shared);
	for (int i = 0; i < CHILDREN; i++)
		start(shared, seed++);
	while (time(NULL) < end) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid == ticker)
			return 2;
		if (pid > 0) {
			shared->deaths++;
			start(shared, seed++);
		} else {
			usleep(20000);
		}
	}
	kill(ticker, SIGKILL);
	sweep();
	printf("wild: %llu calls, %llu children ended, %llu ticks, next seed %llu\n", (unsigned long long)shared->calls,
	       (unsigned long long)shared->deaths, (unsigned long long)shared->ticks, (unsigned long long)seed);
	return shared->ticks > 0 ? 0 : 1;
}
