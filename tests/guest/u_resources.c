/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/u_resources.c - uses up processes, pipes and threads and gives them back.
 *
 *   u_resources fork|pipes|threads COUNT
 *   u_resources PROGRAM COUNT        runs another program instead
 *
 * Each kind runs COUNT / 10 times (once at least) to fill what the kernel keeps for reuse, then COUNT times between
 * two readings of /proc/meminfo. Prints "KIND COUNT pages BEFORE AFTER objects BEFORE AFTER". The work is done by a
 * child, so that nothing of the C library's own keeping counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_AT_ONCE 50

static const char *self;

static pid_t vfork_exec(void)
{
	pid_t child = vfork();

	if (child == 0) {
		execl(self, self, "exit", (char *)NULL);
		_exit(99);
	}
	return child;
}

static int fork_exec_wait(int count)
{
	for (int i = 0; i < count; i++) {
		int status = -1;
		pid_t child = i & 1 ? vfork_exec() : fork();

		if (child == 0) {
			execl(self, self, "exit", (char *)NULL);
			_exit(99);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status != 7 << 8)
			return 1;
	}
	return 0;
}

static int pipes(int count)
{
	char byte = 0;

	for (int i = 0; i < count; i++) {
		int fds[2];

		if (pipe(fds) || write(fds[1], "p", 1) != 1 || read(fds[0], &byte, 1) != 1 || byte != 'p')
			return 1;
		if (i % 3 == 0 && write(fds[1], "left", 4) != 4) /* closed while it holds data */
			return 1;
		close(fds[0]);
		close(fds[1]);
	}
	return 0;
}

static void *thread_main(void *arg)
{
	volatile char stack[5000];

	memset((char *)stack, (int)(long)arg, sizeof(stack));
	return (void *)((long)arg + stack[77] - stack[78]);
}

static int threads(int count)
{
	pthread_t ids[THREADS_AT_ONCE];
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (int done = 0; done < count;) {
		int n = count - done < THREADS_AT_ONCE ? count - done : THREADS_AT_ONCE;
		void *ret;

		for (int i = 0; i < n; i++)
			if (pthread_create(&ids[i], &attr, thread_main, (void *)(long)i))
				return 1;
		for (int i = 0; i < n; i++)
			if (pthread_join(ids[i], &ret) || (long)ret != i)
				return 1;
		done += n;
	}
	return 0;
}

static const char *program;

static int others(int count)
{
	for (int i = 0; i < count; i++) {
		int status = -1;
		pid_t child = fork();

		if (child == 0) {
			execl(program, program, (char *)NULL);
			_exit(99);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
			return 1;
	}
	return 0;
}

struct counts {
	unsigned long pages, objects;
};

/* Free pages and objects of the kernel. */
static struct counts counts(void)
{
	static char text[4096];
	struct counts now = { 0, 0 };
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t len = read(fd, text, sizeof(text) - 1);
	const char *pages, *objects;

	close(fd);
	text[len > 0 ? len : 0] = 0;
	pages = strstr(text, "AssayFreePages:");
	objects = strstr(text, "AssayObjects:");
	if (pages && objects)
		now = (struct counts){ strtoul(strchr(pages, ' '), NULL, 10), strtoul(strchr(objects, ' '), NULL, 10) };
	return now;
}

/* Runs the work in a child; 0 when it did all of it. */
static int in_child(int (*work)(int), int count)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(work(count));
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

int main(int argc, char **argv)
{
	int (*work)(int) = NULL;

	if (argc == 2 && strcmp(argv[1], "exit") == 0)
		return 7;
	if (argc != 3)
		return 2;
	self = "/proc/self/exe";
	if (strcmp(argv[1], "fork") == 0)
		work = fork_exec_wait;
	if (strcmp(argv[1], "pipes") == 0)
		work = pipes;
	if (strcmp(argv[1], "threads") == 0)
		work = threads;
	if (!work) {
		work = others;
		program = argv[1];
	}
	int count = atoi(argv[2]);
	int warm = in_child(work, (count + 9) / 10);
	counts();
	struct counts before = counts();
	int status = in_child(work, count);
	struct counts after = counts();

	if (warm || status) {
		printf("%s failed: %d %d\n", argv[1], warm, status);
		return 1;
	}
	printf("%s %d pages %lu %lu objects %lu %lu\n", argv[1], count, before.pages, after.pages, before.objects,
	       after.objects);
	return 0;
}
