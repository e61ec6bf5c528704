/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/tamper.c - `tamper PROGRAM COPY`: copies a signed program with its signature, runs the copy, flips one bit of
 * it and tries again.
 *
 * Exit status 0 when the faithful copy ran and the tampered one was refused with EACCES, 1 for anything else.
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

#define LABEL "security.ima"

static unsigned char label[4096];
static ssize_t label_len;

static int complain(const char *what, const char *name) {
	(void)printf("tamper: %s %s: %s\n", what, name, strerror(errno));
	return -1;
}

static unsigned char *read_all(const char *path, size_t *ret_len) {
	struct stat st;
	int fd = open(path, O_RDONLY);
	unsigned char *bytes = NULL;
	size_t got = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || !(bytes = malloc((size_t)st.st_size))) return NULL;
	while (got < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + got, (size_t)st.st_size - got);

		if (n <= 0) return NULL;
		got += (size_t)n;
	}
	(void)close(fd); /* only read from */
	*ret_len = got;
	return bytes;
}

/* A new file each time: a program that runs cannot be written to. */
static int write_copy(const char *path, const unsigned char *bytes, size_t len) {
	int fd;

	(void)unlink(path); /* it need not be there */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0755);
	if (fd < 0) return complain("cannot create", path);
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n <= 0) return complain("cannot write", path);
		bytes += n;
		len -= (size_t)n;
	}
	if (fsetxattr(fd, LABEL, label, (size_t)label_len, 0) < 0) return complain("cannot label", path);
	return close(fd) < 0 ? complain("cannot close", path) : 0;
}

/* The exit status of the program, or minus the errno of execve, which the child reports through its own. */
static int run(const char *path) {
	char *argv[] = { strdup(path), NULL };
	char *envp[] = { NULL };
	int status = 0;
	pid_t child;

	(void)fflush(stdout); /* the child shares it */
	child = fork();
	if (child == 0) {
		(void)execve(path, argv, envp); /* returns only when refused */
		_exit(errno == EACCES ? 100 : 101);
	}
	free(argv[0]);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -EIO;
	if (WEXITSTATUS(status) == 100) return -EACCES;
	return WEXITSTATUS(status) == 101 ? -ENOEXEC : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
	unsigned char *bytes;
	size_t len = 0;
	int faithful, flipped;

	if (argc != 3) return 2;
	bytes = read_all(argv[1], &len);
	label_len = getxattr(argv[1], LABEL, label, sizeof(label));
	if (!bytes || len == 0 || label_len <= 0)
		return complain("cannot read program and signature of", argv[1]) ? 1 : 0;
	if (write_copy(argv[2], bytes, len)) return 1;
	faithful = run(argv[2]);
	(void)printf("tamper: a faithful copy with its signature %s\n", faithful == 0 ? "runs" : "DOES NOT RUN");
	bytes[len / 2] ^= 1;
	if (write_copy(argv[2], bytes, len)) return 1;
	flipped = run(argv[2]);
	(void)printf("tamper: the same with one bit of byte %zu flipped %s\n", len / 2,
		     flipped == -EACCES ? "is refused: Permission denied" : "IS NOT REFUSED AS IT MUST BE");
	free(bytes);
	return faithful == 0 && flipped == -EACCES ? 0 : 1;
}
