/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/flip.c - execs copies of a signed program with one bit flipped, and the untouched program between.
 *
 *   flip PROGRAM COUNT
 *
 * Each copy carries the program's security.ima. A flipped copy must be refused with EACCES; every
 * tenth time the untouched program must run and exit with 0. Prints one line that sums up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The exit status of the program, or 256 + errno when execve failed. */
static int run(const char *path)
{
	char *argv[] = { (char *)path, NULL };
	int pipe_fds[2], status, err = 0;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		execv(path, argv);
		err = errno;
		(void)!write(pipe_fds[1], &err, sizeof(err));
		_exit(127);
	}
	close(pipe_fds[1]);
	ssize_t got = read(pipe_fds[0], &err, sizeof(err));
	close(pipe_fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (got == (ssize_t)sizeof(err))
		return 256 + err;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 512 + WTERMSIG(status);
}

static int put(const char *path, const unsigned char *bytes, size_t len, const void *label, size_t label_len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0755);

	if (fd < 0)
		return -1;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, bytes + done, len - done);
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	if (close(fd) < 0)
		return -1;
	return setxattr(path, "security.ima", label, label_len, 0);
}

int main(int argc, char **argv)
{
	static unsigned char label[65536];
	int refused = 0, other = 0, ran = 0, wrong_run = 0;

	if (argc != 3)
		return 2;
	int count = atoi(argv[2]);
	int fd = open(argv[1], O_RDONLY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return 2;
	size_t len = (size_t)st.st_size;
	unsigned char *bytes = malloc(len);
	ssize_t label_len = getxattr(argv[1], "security.ima", label, sizeof(label));
	if (!bytes || read(fd, bytes, len) != (ssize_t)len || label_len <= 0)
		return 2;
	close(fd);
	for (int i = 0; i < count; i++) {
		size_t bit = (len * 8 - 1) * (size_t)i / (size_t)(count - 1);
		char path[64];

		snprintf(path, sizeof(path), "/tmp/flip-%d", i);
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		if (put(path, bytes, len, label, (size_t)label_len) < 0) {
			printf("flip: cannot write %s: %s\n", path, strerror(errno));
			return 2;
		}
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		int got = run(path);
		if (got == 256 + EACCES)
			refused++;
		else
			other++, printf("flip: bit %zu: got %d\n", bit, got);
		unlink(path);
		if (i % 10 == 0) {
			if (run(argv[1]) == 0)
				ran++;
			else
				wrong_run++;
		}
	}
	printf("flip: %d flipped copies refused with EACCES, %d not; ", refused, other);
	printf("untouched ran %d times, failed %d times\n", ran, wrong_run);
	return other || wrong_run ? 1 : 0;
}
