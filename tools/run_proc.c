/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_proc.c - starting and ending child processes; the temporary folder.
 */
#include "tools/run_proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/cli.h"

void args_add(struct args *a, const char *format, ...) {
	va_list list;
	char *text = NULL;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0) text = NULL;
	va_end(list);
	a->v = cli_grow(a->v, (a->count + 2) * sizeof(*a->v));
	a->v[a->count++] = text ? text : cli_text("out of memory");
	a->v[a->count] = NULL;
}

void args_free(struct args *a) {
	for (size_t i = 0; i < a->count; i++) free(a->v[i]);
	free(a->v);
	*a = (struct args){ NULL, 0 };
}

u64 now_ms(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
}

/* Programs in sbin are not in everybody's PATH. */
static void widen_path(void) {
	const char *path = getenv("PATH");
	char *wide = cli_text("%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");

	(void)setenv("PATH", wide, 1); /* without memory the old PATH stays */
	free(wide);
}

static void child_signals(pid_t parent) {
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it ended before the line above */
		_exit(127);
}

/* Puts fd (or /dev/null) at number to. */
static void child_fd(int fd, int to) {
	if (fd < 0) fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd != to)
		(void)dup2(fd, to);
	else
		(void)fcntl(fd, F_SETFD, 0);
}

/* Where a program comes from that a run needs. */
static const char *package_hint(const char *program) {
	static const char *const hints[][2] = {
		{ "mkfs.fat", " (Debian's package is dosfstools)" }, { "mmd", " (Debian's package is mtools)" },
		{ "swtpm_setup", " (Debian's package is swtpm-tools)" }, { "swtpm", " (Debian's package is swtpm)" },
		{ "qemu-system-x86_64", " (Debian's package is qemu-system-x86)" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(hints); i++)
		if (strcmp(hints[i][0], program) == 0) return hints[i][1];
	return "";
}

pid_t proc_start(const struct args *a, int in, int out, int err, int keep_fd) {
	pid_t parent = getpid();
	pid_t pid;

	(void)fflush(NULL); /* so that the child does not write our buffers again */
	pid = fork();
	if (pid) return pid;
	child_signals(parent);
	child_fd(in, 0);
	child_fd(out, 1);
	child_fd(err, 2);
	if (keep_fd >= 0) (void)fcntl(keep_fd, F_SETFD, 0);
	widen_path();
	(void)execvp(a->v[0], a->v);
	(void)dprintf(2, "cannot start %s: %s%s\n", a->v[0], strerror(errno), package_hint(a->v[0]));
	_exit(127);
}

/* The last line of the file that is not empty; "" when there is none. The caller frees. */
static char *last_line(const char *path) {
	struct buf b = { 0 };
	char *line;

	if (cli_read_file(path, 1u << 20, &b)) return cli_text("%s", "");
	buf_append(&b, "", 1);
	for (size_t n = b.len - 1; n && (b.bytes[n - 1] == '\n' || b.bytes[n - 1] == '\r'); n--) b.bytes[n - 1] = 0;
	line = strrchr((char *)b.bytes, '\n');
	line = cli_text("%s", line ? line + 1 : (char *)b.bytes);
	buf_free(&b);
	return line;
}

int proc_run(const struct args *a, const char *log) {
	int fd = open(log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int status = 0;
	char *line;
	pid_t pid;

	if (fd < 0) return cli_fail("cannot write %s: %s", log, strerror(errno));
	pid = proc_start(a, -1, fd, fd, -1);
	(void)close(fd);
	if (pid < 0) return cli_fail("cannot start %s: %s", a->v[0], strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) ;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return CLI_OK;
	line = last_line(log);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		(void)cli_fail("%s", line);
	else
		(void)cli_fail("%s failed: %s", a->v[0], line);
	free(line);
	return CLI_FAILED;
}

int proc_end(pid_t pid, unsigned ms) {
	u64 deadline = now_ms() + ms;
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct timespec pause = { .tv_nsec = 5000000 };

		if (now_ms() >= deadline)
			(void)kill(pid, SIGKILL); /* it cannot ignore this one: the loop ends */
		(void)nanosleep(&pause, NULL);
	}
	return status;
}

char *temp_make(void) {
	const char *base = getenv("TMPDIR");
	char *dir = cli_text("%s/assay-run.XXXXXX", base && *base ? base : "/tmp");

	if (mkdtemp(dir)) return dir;
	(void)cli_fail("cannot create a folder %s: %s", dir, strerror(errno));
	free(dir);
	return NULL;
}

/* One level of folders is all that is ever made here. */
static void remove_tree(const char *dir, unsigned depth) {
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *path;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
		path = cli_text("%s/%s", dir, e->d_name);
		if (unlink(path) < 0 && depth) remove_tree(path, depth - 1);
		free(path);
	}
	if (d) (void)closedir(d);
	if (rmdir(dir) < 0) cli_warn("cannot remove %s: %s", dir, strerror(errno));
}

void temp_remove(char *dir) {
	if (dir) remove_tree(dir, 1);
	free(dir);
}
