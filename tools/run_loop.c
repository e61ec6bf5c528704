/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_loop.c - from the machine's start to its end.
 *
 * One poll() over the console, QEMU's messages, the terminal, signals and the TPM's traffic. TPM traffic is
 * served until QEMU has gone, since QEMU waits for it when it exits.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/run.h"
#include "tools/run_console.h"

#define KEY_DETACH 0x1du      /* Ctrl-] */
#define HALTED_WAIT_MS 1000u  /* the line must stay the last one for so long */
#define EXITED_WAIT_MS 5000u  /* after it the machine turns itself off */
#define QUIT_WAIT_MS 5000u

enum { FD_CONSOLE, FD_ERRORS, FD_SIGNAL, FD_TERMINAL, FD_RELAY, FD_COUNT = FD_RELAY + RELAY_FDS };

struct loop {
	struct run *run;
	struct console console;
	struct buf errors;     /* QEMU's last unfinished line */
	char *first_error;
	bool any_output;
	u64 deadline;          /* 0: none */
	u64 line_time;         /* when the console last said something */
	u64 quit_time;         /* when QEMU was asked to end, 0: not yet */
	int result;            /* decided, or -1 */
	int serial_fd;
	int signal_fd;
	bool terminal;
	struct termios saved;
};

static void terminal_raw(struct loop *l) {
	struct termios t;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &l->saved) < 0) return;
	t = l->saved;
	t.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
	t.c_iflag &= ~(tcflag_t)(ICRNL | IXON | INLCR | IGNCR);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	l->terminal = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
	if (l->terminal)
		(void)fprintf(stderr, "assay: the terminal is the guest's console; Ctrl-] ends the machine\n");
}

/* Asks QEMU to end; the second time it is made to. */
static void quit(struct loop *l, int result) {
	if (l->result < 0) l->result = result;
	if (!l->quit_time)
		(void)kill(l->run->qemu, SIGTERM); /* it may have gone by itself */
	if (!l->quit_time) l->quit_time = now_ms();
}

static bool write_out(int fd, const u8 *bytes, size_t len) {
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* False at the end of the console: QEMU has gone. */
static bool take_console(struct loop *l) {
	u8 bytes[4096];
	ssize_t n = read(l->run->console_out, bytes, sizeof(bytes));

	if (n < 0 && errno == EINTR) return true;
	if (n <= 0) return false;
	l->any_output = true;
	l->line_time = now_ms();
	console_feed(&l->console, bytes, (size_t)n);
	if (!write_out(STDOUT_FILENO, bytes, (size_t)n))
		quit(l, RUN_NOT_STARTED); /* nobody reads it any more */
	if (l->serial_fd >= 0 && !write_out(l->serial_fd, bytes, (size_t)n)) {
		(void)cli_fail("cannot write %s: %s", l->run->options.serial, strerror(errno));
		quit(l, RUN_NOT_STARTED);
	}
	return true;
}

static void error_line(struct loop *l, const char *line) {
	if (strstr(line, "terminating on signal")) /* that is us */
		return;
	if (!l->first_error) l->first_error = cli_text("%s", line);
	if (l->any_output) (void)fprintf(stderr, "%s\n", line);
}

/* QEMU's messages, line by line; before the machine has started they become part of one sentence. */
static void take_errors(struct loop *l) {
	u8 bytes[1024];
	ssize_t n = read(l->run->errors, bytes, sizeof(bytes));
	char *end;

	if (n <= 0) {
		(void)close(l->run->errors);
		l->run->errors = -1;
		return;
	}
	buf_append(&l->errors, bytes, (size_t)n);
	while ((end = memchr(l->errors.bytes, '\n', l->errors.len))) {
		size_t used = (size_t)(end - (char *)l->errors.bytes) + 1;

		*end = 0;
		error_line(l, (char *)l->errors.bytes);
		memmove(l->errors.bytes, l->errors.bytes + used, l->errors.len - used);
		l->errors.len -= used;
	}
}

static void take_terminal(struct loop *l) {
	u8 bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n > 0 && memchr(bytes, KEY_DETACH, (size_t)n))
		quit(l, RUN_DETACHED);
	else if (n > 0)
		(void)write_out(l->run->console_in, bytes, (size_t)n); /* a machine that has gone needs no input */
	else if (n == 0)
		l->terminal = false;
}

static void take_signal(struct loop *l) {
	struct signalfd_siginfo info;

	if (read(l->signal_fd, &info, sizeof(info)) == sizeof(info)) quit(l, 128 + (int)info.ssi_signo);
}

/* What the clock decides. Returns the time until it is asked again. */
static int take_time(struct loop *l) {
	u64 now = now_ms();

	if (l->quit_time && now - l->quit_time >= QUIT_WAIT_MS) (void)kill(l->run->qemu, SIGKILL);
	if (l->result >= 0) return 100;
	if (l->console.end == CONSOLE_HALTED && now - l->line_time >= HALTED_WAIT_MS)
		quit(l, RUN_HALTED);
	else if (l->console.end == CONSOLE_EXITED && now - l->line_time >= EXITED_WAIT_MS)
		quit(l, l->console.status);
	else if (l->deadline && now >= l->deadline)
		quit(l, RUN_TIMED_OUT);
	return 100;
}

static void loop_poll(struct loop *l, struct pollfd *fds) {
	struct run *r = l->run;

	fds[FD_CONSOLE] = (struct pollfd){ .fd = r->console_out, .events = POLLIN };
	fds[FD_ERRORS] = (struct pollfd){ .fd = r->errors, .events = POLLIN };
	fds[FD_SIGNAL] = (struct pollfd){ .fd = l->signal_fd, .events = POLLIN };
	fds[FD_TERMINAL] = (struct pollfd){ .fd = l->terminal ? STDIN_FILENO : -1, .events = POLLIN };
	for (unsigned i = 0; i < RELAY_FDS; i++) fds[FD_RELAY + i] = (struct pollfd){ .fd = -1 };
	if (r->swtpm > 0) relay_poll(&r->relay, &fds[FD_RELAY]);
}

static void loop_until_end(struct loop *l) {
	for (;;) {
		struct pollfd fds[FD_COUNT];

		loop_poll(l, fds);
		if (poll(fds, FD_COUNT, take_time(l)) < 0) continue;
		if (l->run->swtpm > 0) relay_step(&l->run->relay, &fds[FD_RELAY]);
		if (fds[FD_ERRORS].revents) take_errors(l);
		if (fds[FD_SIGNAL].revents) take_signal(l);
		if (fds[FD_TERMINAL].revents) take_terminal(l);
		if (fds[FD_CONSOLE].revents && !take_console(l)) return;
	}
}

/* QEMU has gone: what that means. */
static int loop_result(struct loop *l, int wait_status) {
	if (l->result >= 0) return l->result;
	if (l->console.end == CONSOLE_EXITED) return l->console.status;
	if (l->console.end == CONSOLE_HALTED) return RUN_HALTED;
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0 && l->any_output) {
		(void)cli_fail("the machine stopped without saying why");
		return RUN_HALTED;
	}
	if (l->first_error && strstr(l->first_error, "tpm-emulator"))
		(void)cli_fail("swtpm cannot use the TPM state in %s: %s", l->run->tpm_dir, l->first_error);
	else
		(void)cli_fail("QEMU failed: %s", l->first_error ? l->first_error : "it said nothing");
	return RUN_NOT_STARTED;
}

int run_loop(struct run *r) {
	struct loop l = { .run = r, .result = -1, .serial_fd = -1 };
	sigset_t set;
	int status;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	l.signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (r->options.serial) l.serial_fd = open(r->options.serial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (r->options.serial && l.serial_fd < 0) {
		(void)cli_fail("cannot write %s: %s", r->options.serial, strerror(errno));
		return RUN_NOT_STARTED;
	}
	l.deadline = r->options.timeout_ms ? now_ms() + r->options.timeout_ms : 0;
	terminal_raw(&l);
	loop_until_end(&l);
	if (r->errors >= 0) take_errors(&l);
	status = loop_result(&l, proc_end(r->qemu, QUIT_WAIT_MS));
	r->qemu = 0;
	if (l.terminal)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &l.saved); /* the shell resets it too */
	if (l.serial_fd >= 0) (void)close(l.serial_fd);
	(void)close(l.signal_fd);
	free(l.first_error);
	buf_free(&l.errors);
	return status;
}
