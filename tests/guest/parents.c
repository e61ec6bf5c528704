/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/parents.c - a child chooses the signal of its end, but not for parents that did not choose that child
 * (frame: checks.h).
 */
#include <sys/syscall.h>
#include <time.h>

#include "checks.h"

static const char *self;

static pid_t clone_with(unsigned long flags)
{
	return (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
}

static void rest(long ms)
{
	nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}

static int begets_a_brother(void)
{
	pid_t brother = clone_with(0x8000 | SIGKILL); /* CLONE_PARENT */

	if (brother == 0)
		_exit(3);
	rest(20);
	return brother > 0 ? 0 : 1;
}

static int has_children_of_a_child(void)
{
	int status, ended = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(begets_a_brother());
	while (waitpid(-1, &status, 0x40000000) > 0) /* __WALL */
		ended += WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3);
	return ended;
}

static void chosen_signal_reaches_the_parent(void)
{
	set_handler(SIGUSR1, catcher, 0);
	pid_t child = clone_with(SIGUSR1);

	if (child == 0)
		_exit(5);
	HOLDS(child > 0 && waitpid(child, NULL, 0x40000000) == child);
	HOLDS(caught == SIGUSR1 && caught_info.si_pid == child && caught_info.si_status == 5);
}

static void brothers_do_not_choose_the_parents_signal(void)
{
	int status = in_child(has_children_of_a_child);

	HOLDS(WIFEXITED(status) && WEXITSTATUS(status) == 2);
}

static int execs_with_a_child(void)
{
	pid_t child = clone_with(SIGKILL);

	if (child == 0) {
		rest(50);
		_exit(0);
	}
	execl(self, self, "outlives", NULL);
	return 99;
}

static void programs_do_not_get_signals_chosen_before_exec(void)
{
	int status = in_child(execs_with_a_child);

	HOLDS(WIFEXITED(status) && WEXITSTATUS(status) == 4);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
		CHECK(chosen_signal_reaches_the_parent), CHECK(brothers_do_not_choose_the_parents_signal),
		CHECK(programs_do_not_get_signals_chosen_before_exec),
	};

	self = "/proc/self/exe";
	if (argc > 1 && strcmp(argv[1], "outlives") == 0)
		return waitpid(-1, NULL, 0x40000000) > 0 ? 4 : 5;
	return run_checks("parents", checks, sizeof(checks) / sizeof(checks[0]), argc > 1);
}
