/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/checks.h - the frame of guest programs that consist of checks.
 *
 * One line a check, "PASS name" or "FAIL name: line", then "PROGRAM: N passed, M failed"; the exit status is M. The
 * same binary passes on Linux, except where a name begins with "assay_": those check what Assay promises beyond
 * Linux, and are left out when the first argument is "linux".
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

struct check {
	const char *name;
	void (*run)(void);
};
#define CHECK(name) { #name, name }

static int passed, failed_checks, failed_line;

/* Inside a check: the first thing that does not hold ends it. */
#define HOLDS(condition)                          \
	do {                                      \
		if (!(condition)) {               \
			failed_line = __LINE__;   \
			return;                   \
		}                                 \
	} while (0)

static inline void run(const char *name, void (*check)(void))
{
	failed_line = 0;
	check();
	if (failed_line == 0) {
		passed++;
		printf("PASS %s\n", name);
	} else {
		failed_checks++;
		printf("FAIL %s: line %d (%s)\n", name, failed_line, strerror(errno));
	}
	fflush(stdout);
}

/* The wait status of a child that runs body; -1 when it could not be made. */
static inline int in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}


static volatile sig_atomic_t caught;
static volatile siginfo_t caught_info;
static sigjmp_buf jump;

static inline void catcher(int sig, siginfo_t *info, void *context)
{
	(void)context;
	caught = sig;
	caught_info = *info;
}

/* For faults: what happened is noted, and the check goes on behind the faulting access. */
static inline void fault_handler(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	caught = uc->uc_mcontext.gregs[REG_RIP] != 0 ? sig : -1;
	caught_info = *info;
	siglongjmp(jump, 1);
}

static inline void set_handler(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | flags };

	action.sa_sigaction = handler;
	sigemptyset(&action.sa_mask);
	sigaction(sig, &action, NULL);
	caught = 0;
}

static inline int run_checks(const char *program, const struct check *checks, size_t count, bool linux_only)
{
	for (size_t i = 0; i < count; i++)
		if (!linux_only || strncmp(checks[i].name, "assay_", 6) != 0)
			run(checks[i].name, checks[i].run);
	printf("%s: %d passed, %d failed\n", program, passed, failed_checks);
	return failed_checks;
}
