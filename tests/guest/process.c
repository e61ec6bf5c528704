/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/process.c - processes, threads and signals as a program sees them (frame: checks.h).
 */
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "checks.h"

static const char *self;

static int exits_42(void)
{
	return 42;
}

static int kills_itself(void)
{
	raise(SIGTERM);
	return 0;
}

static int touches_null(void)
{
	volatile uintptr_t low = 8;

	*(volatile int *)low = 1;
	return 0;
}

static int writes_code(void)
{
	volatile uintptr_t code = (uintptr_t)strlen;

	*(volatile char *)code = 0;
	return 0;
}

static int illegal(void)
{
	__asm__ volatile("ud2");
	return 0;
}

static int divides_by_zero(void)
{
	int quotient = 1, rest = 0;

	__asm__ volatile("idivl %2" : "+a"(quotient), "+d"(rest) : "r"(0));
	return quotient;
}

static volatile int depth_max = 1 << 30;

static int goes_down(int depth)
{
	volatile char page[4096];

	page[0] = 1;
	return depth < depth_max ? goes_down(depth + 1) + page[0] : 0;
}

static int runs_off_the_stack(void)
{
	return goes_down(0);
}

static void statuses_of_children(void)
{
	int status = in_child(exits_42);

	HOLDS(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	status = in_child(kills_itself);
	HOLDS(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = in_child(touches_null);
	HOLDS(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = in_child(writes_code);
	HOLDS(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = in_child(illegal);
	HOLDS(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
	status = in_child(divides_by_zero);
	HOLDS(WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE);
	status = in_child(runs_off_the_stack);
	HOLDS(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	HOLDS(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
}

static volatile int shared_value = 1;

static int changes_value(void)
{
	shared_value = 2;
	return shared_value;
}

static void fork_copies_memory(void)
{
	static char big[1 << 20];
	int pipes[2], status;
	char byte = 0;

	memset(big, 'p', sizeof(big));
	HOLDS(WEXITSTATUS(in_child(changes_value)) == 2);
	HOLDS(shared_value == 1);
	HOLDS(pipe(pipes) == 0);
	pid_t pid = fork();

	if (pid == 0) {
		/* The parent changes its copy before this one is read. */
		if (read(pipes[0], &byte, 1) != 1)
			_exit(1);
		for (size_t i = 0; i < sizeof(big); i++)
			if (big[i] != 'p')
				_exit(2);
		_exit(0);
	}
	memset(big, 'q', sizeof(big));
	HOLDS(write(pipes[1], "x", 1) == 1);
	HOLDS(waitpid(pid, &status, 0) == pid && status == 0);
	for (size_t i = 0; i < sizeof(big); i++)
		HOLDS(big[i] == 'q');
	close(pipes[0]);
	close(pipes[1]);
}

static void vfork_shares_memory_until_exec(void)
{
	static volatile int mark;
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		mark = 7;
		execl(self, self, "exit", "9", (char *)NULL);
		_exit(1);
	}
	HOLDS(mark == 7);
	HOLDS(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 9);
}

static void exec_by_proc_self_exe(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/proc/self/exe", "x", "exit", "11", (char *)NULL);
		_exit(1);
	}
	HOLDS(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 11);
}

static void exec_by_descriptor(void)
{
	char *const argv[] = { (char *)"x", (char *)"exit", (char *)"12", NULL };
	int status, fd = open(self, O_RDONLY | O_CLOEXEC);
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
		_exit(1);
	}
	HOLDS(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 12);
	close(fd);
}

static void exec_errors_leave_the_program_running(void)
{
	char *const none[] = { NULL };
	static char *huge[40000];
	static char text[200000];

	HOLDS(execve("/nowhere", none, none) == -1 && errno == ENOENT);
	HOLDS(execve("/", none, none) == -1 && errno == EACCES);
	HOLDS(execve("/dev/null", none, none) == -1 && errno == EACCES);
	HOLDS(syscall(SYS_execve, self, 8ul, none) == -1 && errno == EFAULT);
	memset(text, 'a', sizeof(text) - 1);
	huge[0] = text;
	HOLDS(execve(self, huge, none) == -1 && errno == E2BIG);
	text[1000] = 0;
	for (size_t i = 0; i < 39999; i++)
		huge[i] = text;
	HOLDS(execve(self, huge, none) == -1 && errno == E2BIG);
}

static void auxv_is_complete(void)
{
	const char *name = (const char *)getauxval(AT_EXECFN);

	HOLDS(getauxval(AT_PAGESZ) == 4096);
	HOLDS(getauxval(AT_PHDR) != 0 && getauxval(AT_PHENT) == 56 && getauxval(AT_PHNUM) > 0);
	HOLDS(getauxval(AT_RANDOM) != 0 && getauxval(AT_CLKTCK) == 100);
	HOLDS(getauxval(AT_UID) == getuid() && getauxval(AT_SECURE) == 0);
	HOLDS(name != NULL && strcmp(name, self) == 0);
}

static void handlers_get_sender_and_value(void)
{
	union sigval value = { .sival_int = 77 };

	set_handler(SIGUSR1, catcher, 0);
	HOLDS(kill(getpid(), SIGUSR1) == 0);
	HOLDS(caught == SIGUSR1 && caught_info.si_code == SI_USER && caught_info.si_pid == getpid());
	set_handler(SIGRTMIN + 1, catcher, 0);
	HOLDS(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
	HOLDS(caught == SIGRTMIN + 1 && caught_info.si_code == SI_QUEUE && caught_info.si_value.sival_int == 77);
}

static void blocked_signals_wait(void)
{
	sigset_t set, old, pending;
	struct timespec zero = { 0, 0 };
	siginfo_t info;

	set_handler(SIGUSR2, catcher, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	HOLDS(sigprocmask(SIG_BLOCK, &set, &old) == 0);
	HOLDS(raise(SIGUSR2) == 0 && caught == 0);
	HOLDS(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR2));
	HOLDS(sigtimedwait(&set, &info, &zero) == SIGUSR2 && caught == 0);
	HOLDS(sigtimedwait(&set, &info, &zero) == -1 && errno == EAGAIN);
	raise(SIGUSR2);
	HOLDS(sigsuspend(&old) == -1 && errno == EINTR && caught == SIGUSR2);
	HOLDS(sigprocmask(SIG_SETMASK, &old, &set) == 0 && sigismember(&set, SIGUSR2));
}

static void realtime_signals_queue(void)
{
	sigset_t set, old;
	union sigval value;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	sigprocmask(SIG_BLOCK, &set, &old);
	for (value.sival_int = 1; value.sival_int <= 3; value.sival_int++)
		HOLDS(sigqueue(getpid(), SIGRTMIN + 2, value) == 0);
	for (int i = 1; i <= 3; i++)
		HOLDS(sigwaitinfo(&set, &info) == SIGRTMIN + 2 && info.si_value.sival_int == i);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void faults_tell_address_and_reason(void)
{
	volatile char *none = (volatile char *)0x12345678;
	volatile char *readonly = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	set_handler(SIGSEGV, fault_handler, 0);
	if (sigsetjmp(jump, 1) == 0)
		*none = 1;
	HOLDS(caught == SIGSEGV && caught_info.si_code == SEGV_MAPERR && caught_info.si_addr == (void *)none);
	if (sigsetjmp(jump, 1) == 0)
		*readonly = 1;
	HOLDS(caught_info.si_code == SEGV_ACCERR && caught_info.si_addr == (void *)readonly);
	signal(SIGSEGV, SIG_DFL);
	munmap((void *)readonly, 4096);
}

static char alternate[65536];

static void altstack_handler(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)info;
	(void)context;
	caught = &here > alternate && &here < alternate + sizeof(alternate) ? sig : -1;
}

static void alternate_stack_is_used(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) }, old;
	stack_t small = { .ss_sp = alternate, .ss_size = 100 };

	HOLDS(sigaltstack(&small, NULL) == -1 && errno == ENOMEM);
	HOLDS(sigaltstack(&stack, NULL) == 0);
	set_handler(SIGUSR1, altstack_handler, SA_ONSTACK);
	raise(SIGUSR1);
	HOLDS(caught == SIGUSR1);
	HOLDS(sigaltstack(NULL, &old) == 0 && old.ss_sp == alternate && old.ss_flags == 0);
	stack.ss_flags = SS_DISABLE;
	HOLDS(sigaltstack(&stack, NULL) == 0);
}

/* Everything a handler could disturb: general registers, flags, SSE. */
static void handlers_preserve_registers(void)
{
	struct itimerval timer = { { 0, 1000 }, { 0, 1000 } }, off = { { 0, 0 }, { 0, 0 } };
	double sum = 0;
	uint64_t check = 1;

	set_handler(SIGALRM, catcher, SA_RESTART);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < 3000000; i++) {
		sum += 0.5;
		check = check * 6364136223846793005u + 1442695040888963407u;
	}
	setitimer(ITIMER_REAL, &off, NULL);
	HOLDS(sum == 1500000.0);
	HOLDS(caught == SIGALRM || check == 0);
	for (int i = 0; i < 3000000; i++)
		check = (check - 1442695040888963407u) * 13877824140714322085u;
	HOLDS(check == 1);
}

static void slow_calls_restart_or_end(void)
{
	int pipes[2];
	char byte;
	pid_t pid;

	HOLDS(pipe(pipes) == 0);
	set_handler(SIGUSR1, catcher, SA_RESTART);
	pid_t parent = getpid();

	pid = fork();
	if (pid == 0) {
		usleep(50000);
		kill(parent, SIGUSR1);
		usleep(50000);
		_exit(write(pipes[1], "z", 1) == 1 ? 0 : 1);
	}
	HOLDS(read(pipes[0], &byte, 1) == 1 && byte == 'z' && caught == SIGUSR1);
	HOLDS(waitpid(pid, NULL, 0) == pid);
	set_handler(SIGUSR1, catcher, 0);
	pid = fork();
	if (pid == 0) {
		usleep(50000);
		kill(parent, SIGUSR1);
		_exit(0);
	}
	HOLDS(read(pipes[0], &byte, 1) == -1 && errno == EINTR);
	HOLDS(waitpid(pid, NULL, 0) == pid);
	close(pipes[0]);
	close(pipes[1]);
}

static void sleep_tells_the_rest(void)
{
	struct timespec request = { 10, 0 }, rest = { 0, 0 };
	pid_t parent = getpid();

	set_handler(SIGUSR1, catcher, SA_RESTART);
	pid_t pid = fork();

	if (pid == 0) {
		usleep(50000);
		kill(parent, SIGUSR1);
		_exit(0);
	}
	HOLDS(nanosleep(&request, &rest) == -1 && errno == EINTR);
	HOLDS(rest.tv_sec >= 5 && rest.tv_sec < 10);
	HOLDS(waitpid(pid, NULL, 0) == pid);
}

static void child_stops_and_continues(void)
{
	siginfo_t info;
	int status;

	set_handler(SIGCHLD, catcher, SA_RESTART);
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	HOLDS(kill(pid, SIGSTOP) == 0);
	HOLDS(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	HOLDS(waitpid(pid, &status, WUNTRACED | WNOHANG) == 0);
	HOLDS(kill(pid, SIGCONT) == 0);
	HOLDS(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	HOLDS(kill(pid, SIGKILL) == 0);
	HOLDS(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == pid);
	HOLDS(info.si_code == CLD_KILLED && info.si_status == SIGKILL);
	HOLDS(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL);
	HOLDS(caught == SIGCHLD && caught_info.si_pid == pid && caught_info.si_code == CLD_KILLED);
	signal(SIGCHLD, SIG_DFL);
}

static void ignored_sigchld_reaps(void)
{
	signal(SIGCHLD, SIG_IGN);
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	HOLDS(waitpid(pid, NULL, 0) == -1 && errno == ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static void orphans_go_to_init(void)
{
	int pipes[2];
	pid_t parent_of_orphan = 0;

	HOLDS(pipe(pipes) == 0);
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0) {
			while (getppid() == getpgrp() && getppid() != 1)
				usleep(1000);
			usleep(20000);
			pid_t parent = getppid();

			_exit(write(pipes[1], &parent, sizeof(parent)) == sizeof(parent) ? 0 : 1);
		}
		_exit(0);
	}
	HOLDS(waitpid(pid, NULL, 0) == pid);
	HOLDS(read(pipes[0], &parent_of_orphan, sizeof(parent_of_orphan)) == sizeof(parent_of_orphan));
	HOLDS(parent_of_orphan != pid && parent_of_orphan > 0);
	close(pipes[0]);
	close(pipes[1]);
}

static void groups_and_sessions(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setsid() != getpid() || getpgrp() != getpid() || getsid(0) != getpid())
			_exit(1);
		if (setsid() != -1 || errno != EPERM || setpgid(0, 0) != -1 || errno != EPERM)
			_exit(2);
		_exit(0);
	}
	HOLDS(waitpid(pid, &status, 0) == pid && status == 0);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	HOLDS(setpgid(pid, pid) == 0 && getpgid(pid) == pid);
	HOLDS(kill(-pid, SIGTERM) == 0);
	HOLDS(waitpid(-pid, &status, 0) == pid && WTERMSIG(status) == SIGTERM);
	HOLDS(kill(-pid, 0) == -1 && errno == ESRCH);
	HOLDS(kill(getpid(), 65) == -1 && errno == EINVAL);
}

/* Threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int counter, turn;
static _Thread_local int mine;

static void *counts(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		if (i % 100 == 0)
			sched_yield();
		pthread_mutex_unlock(&lock);
	}
	mine = (int)(intptr_t)arg;
	return (void *)(intptr_t)mine;
}

static void *takes_turns(void *arg)
{
	int me = (int)(intptr_t)arg;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < 200; i++) {
		while (turn != me)
			pthread_cond_wait(&condition, &lock);
		turn = 1 - me;
		pthread_cond_broadcast(&condition);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void threads_share_and_join(void)
{
	pthread_t threads[8];
	void *result;

	counter = turn = 0;
	for (intptr_t i = 0; i < 8; i++)
		HOLDS(pthread_create(&threads[i], NULL, counts, (void *)i) == 0);
	for (intptr_t i = 0; i < 8; i++)
		HOLDS(pthread_join(threads[i], &result) == 0 && (intptr_t)result == i);
	HOLDS(counter == 16000 && mine == 0);
	for (intptr_t i = 0; i < 2; i++)
		HOLDS(pthread_create(&threads[i], NULL, takes_turns, (void *)i) == 0);
	for (int i = 0; i < 2; i++)
		HOLDS(pthread_join(threads[i], NULL) == 0);
}

static void *sleeps_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static int leaves_with_threads(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, sleeps_for_ever, NULL);
	usleep(10000);
	return 5;
}

static int execs_with_threads(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, sleeps_for_ever, NULL);
	usleep(10000);
	execl(self, self, "exit", "6", (char *)NULL);
	return 1;
}

static void *execs(void *arg)
{
	execl(self, self, "pid", (const char *)arg, (char *)NULL);
	return NULL;
}

static int execs_from_a_thread(void)
{
	pthread_t thread;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	pthread_create(&thread, NULL, execs, pid);
	pthread_join(thread, NULL);
	return 1;
}

static void ends_and_execs_take_threads_along(void)
{
	HOLDS(WEXITSTATUS(in_child(leaves_with_threads)) == 5);
	HOLDS(WEXITSTATUS(in_child(execs_with_threads)) == 6);
	/* The new program has the old process's id, whichever thread called. */
	HOLDS(in_child(execs_from_a_thread) == 0);
}

static void *locks_and_dies(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void robust_mutex_tells_of_a_dead_owner(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;
	pthread_t thread;

	pthread_mutexattr_init(&attr);
	HOLDS(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
	pthread_mutex_init(&mutex, &attr);
	HOLDS(pthread_create(&thread, NULL, locks_and_dies, &mutex) == 0 && pthread_join(thread, NULL) == 0);
	HOLDS(pthread_mutex_lock(&mutex) == EOWNERDEAD);
	HOLDS(pthread_mutex_consistent(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
}

static void shared_futex_between_processes(void)
{
	struct timespec limit;
	pthread_mutexattr_t attr;
	pthread_mutex_t *mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile int *count = (volatile int *)(mutex + 1);
	int status;

	HOLDS((void *)mutex != MAP_FAILED);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(mutex, &attr);
	pid_t pid = fork();

	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(mutex);
		(*count)++;
		if (i % 50 == 0)
			sched_yield();
		pthread_mutex_unlock(mutex);
	}
	if (pid == 0)
		_exit(0);
	HOLDS(waitpid(pid, &status, 0) == pid && *count == 2000);
	pthread_mutex_lock(mutex);
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_nsec += 20000000;
	if (limit.tv_nsec >= 1000000000)
		limit.tv_nsec -= 1000000000, limit.tv_sec++;
	HOLDS(pthread_mutex_timedlock(mutex, &limit) == ETIMEDOUT || errno == 0);
	munmap(mutex, 4096);
}

static void timers_and_clocks(void)
{
	struct timespec before, after, step = { 0, 30000000 };

	HOLDS(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
	HOLDS(clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL) == 0);
	HOLDS(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
	HOLDS((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 30000000);
	HOLDS(clock_gettime(CLOCK_REALTIME, &after) == 0 && after.tv_sec > 1500000000);
	HOLDS(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after) == 0 && after.tv_sec < 1000);
	HOLDS(clock_gettime(99, &after) == -1 && errno == EINVAL);
	step.tv_nsec = 1000000000;
	HOLDS(nanosleep(&step, NULL) == -1 && errno == EINVAL);
	set_handler(SIGALRM, catcher, 0);
	HOLDS(alarm(100) == 0 && alarm(1) == 100);
	pause();
	HOLDS(caught == SIGALRM && alarm(0) == 0);
}

static int becomes_somebody(void)
{
	uid_t r, e, s;

	gid_t groups[4] = { 9, 5, 70000, 5 };

	if (setgroups(4, groups) != 0 || getgroups(4, groups) != 4)
		return 6;
	if (groups[0] != 5 || groups[1] != 5 || groups[2] != 9 || groups[3] != 70000)
		return 7;
	if (setgroups(0, NULL) != 0 || setresgid(7, 7, 7) != 0 || setresuid(1000, 1001, 1002) != 0)
		return 1;
	if (getresuid(&r, &e, &s) != 0 || r != 1000 || e != 1001 || s != 1002)
		return 2;
	if (seteuid(1002) != 0 || setuid(1000) != 0 || geteuid() != 1000)
		return 3;
	if (setuid(0) != -1 || errno != EPERM || setgid(0) != -1 || kill(1, 0) != -1 || errno != EPERM)
		return 4;
	return setresuid(1000, 1000, 1000) == 0 && seteuid(1002) == -1 ? 0 : 5;
}

static void ids_change_as_posix_says(void)
{
	if (geteuid() == 0)
		HOLDS(in_child(becomes_somebody) == 0);
}

static void unknown_calls_are_enosys(void)
{
	HOLDS(syscall(480) == -1 && errno == ENOSYS);
	HOLDS(syscall(100000) == -1 && errno == ENOSYS);
	HOLDS(syscall(-5L) == -1 && errno == ENOSYS);
}

static void many_forks_leave_nothing(void)
{
	for (int i = 0; i < 200; i++)
		HOLDS(WEXITSTATUS(in_child(exits_42)) == 42);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
		CHECK(statuses_of_children), CHECK(fork_copies_memory), CHECK(vfork_shares_memory_until_exec),
		CHECK(exec_by_proc_self_exe), CHECK(exec_by_descriptor), CHECK(exec_errors_leave_the_program_running),
		CHECK(auxv_is_complete), CHECK(handlers_get_sender_and_value), CHECK(blocked_signals_wait),
		CHECK(realtime_signals_queue), CHECK(faults_tell_address_and_reason), CHECK(alternate_stack_is_used),
		CHECK(handlers_preserve_registers), CHECK(slow_calls_restart_or_end), CHECK(sleep_tells_the_rest),
		CHECK(child_stops_and_continues), CHECK(ignored_sigchld_reaps), CHECK(orphans_go_to_init),
		CHECK(groups_and_sessions), CHECK(threads_share_and_join), CHECK(ends_and_execs_take_threads_along),
		CHECK(robust_mutex_tells_of_a_dead_owner), CHECK(shared_futex_between_processes),
		CHECK(timers_and_clocks), CHECK(ids_change_as_posix_says), CHECK(unknown_calls_are_enosys),
		CHECK(many_forks_leave_nothing),
	};

	self = argv[0];
	if (argc > 2 && strcmp(argv[1], "exit") == 0)
		return atoi(argv[2]);
	if (argc > 2 && strcmp(argv[1], "pid") == 0)
		return atoi(argv[2]) == getpid() && syscall(SYS_gettid) == getpid() ? 0 : 1;
	return run_checks("process", checks, sizeof(checks) / sizeof(checks[0]), argc > 1);
}
