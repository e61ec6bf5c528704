/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/cli.c - sentences, buffers and files of the command line.
 *
 * Invariant: each temporary file stands in pending[] from before it exists until it was
 * renamed or removed, so no way out of the program leaves one behind.
 */
#include "tools/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PENDING_MAX 4u

const char *cli_program = "assay";

static char *volatile pending[PENDING_MAX];
static bool progress_shown;

static void progress_wipe(void) {
	if (progress_shown)
		(void)fputs("\r\033[K", stderr); /* nothing can be done about a lost terminal */
	progress_shown = false;
}

/* While warnings are held they gather here, one a line. */
static bool warnings_held;
static struct buf warnings;

/* The finished sentence. What came from names of files must not break the line or reach the terminal as commands. */
static char *compose(const char *format, va_list args) {
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0) return NULL;
	for (char *c = text; *c; c++)
		if ((u8)*c < 0x20 || *c == 0x7f) *c = '?';
	return text;
}

static void sentence(const char *command, const char *kind, const char *format, va_list args) {
	char *text = compose(format, args);

	progress_wipe();
	(void)fflush(stdout); /* so that both streams keep their order */
	(void)fprintf(stderr, "%s%s: %s%s\n", cli_program, command, kind, text ? text : format);
	free(text);
}

int cli_fail(const char *format, ...) {
	va_list args;

	va_start(args, format);
	sentence("", "", format, args);
	va_end(args);
	return CLI_FAILED;
}

int cli_print(const char *text) {
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0) return CLI_OK;
	return cli_fail("cannot write to standard output: %s", strerror(errno));
}

int cli_usage(const char *command, const char *format, ...) {
	char prefix[64];
	va_list args;

	(void)snprintf(prefix, sizeof(prefix), "%s%s", *command ? " " : "", command);
	va_start(args, format);
	sentence(prefix, "", format, args);
	va_end(args);
	(void)fprintf(stderr, "Try '%s%s --help'.\n", cli_program, prefix);
	return CLI_USAGE;
}

int cli_bad_option(const char *command, int c, char **argv) {
	const char *given = optind > 0 ? argv[optind - 1] : "";

	if (c == ':') return cli_usage(command, "option %s needs a value", given);
	if (optopt && strncmp(given, "--", 2) != 0) return cli_usage(command, "unknown option -%c", optopt);
	if (optopt) return cli_usage(command, "option %s takes no value", given);
	return cli_usage(command, "unknown option %s", given);
}

void cli_warn(const char *format, ...) {
	va_list args;
	char *text;

	va_start(args, format);
	if (warnings_held) {
		text = compose(format, args);
		buf_format(&warnings, "%s: warning: %s\n", cli_program, text ? text : format);
		free(text);
	} else {
		sentence("", "warning: ", format, args);
	}
	va_end(args);
}

void cli_hold_warnings(void) { warnings_held = true; }

void cli_release_warnings(bool say) {
	if (say && warnings.len) {
		progress_wipe();
		(void)fflush(stdout); /* so that both streams keep their order */
		(void)fwrite(warnings.bytes, 1, warnings.len, stderr);
	}
	buf_free(&warnings);
	warnings_held = false;
}

void cli_progress(const char *what, size_t done, size_t total) {
	static int terminal = -1;

	if (terminal < 0) terminal = isatty(STDERR_FILENO);
	if (!terminal || (done < total && done % 64 != 0)) return;
	if (done >= total) {
		progress_wipe();
		return;
	}
	progress_shown = true;
	(void)fprintf(stderr, total == SIZE_MAX ? "\r\033[K%s %zu" : "\r\033[K%s %zu/%zu", what, done, total);
}

static __attribute__((noreturn)) void out_of_memory(void) {
	(void)cli_fail("out of memory");
	exit(CLI_FAILED);
}

void *cli_alloc(size_t len) {
	void *p = calloc(1, len ? len : 1);

	if (!p) out_of_memory();
	return p;
}

void *cli_grow(void *old, size_t len) {
	void *p = realloc(old, len ? len : 1);

	if (!p) out_of_memory();
	return p;
}

char *cli_text(const char *format, ...) {
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0) out_of_memory();
	va_end(args);
	return text;
}

static void buf_reserve(struct buf *b, size_t more) {
	size_t need;

	if (__builtin_add_overflow(b->len, more, &need)) out_of_memory();
	if (need <= b->cap) return;
	b->cap = need > b->cap * 2 ? need : b->cap * 2;
	b->bytes = cli_grow(b->bytes, b->cap);
}

void buf_append(struct buf *b, const void *bytes, size_t len) {
	if (!len) return;
	buf_reserve(b, len);
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

void buf_text(struct buf *b, const char *text) { buf_append(b, text, strlen(text)); }

void buf_format(struct buf *b, const char *format, ...) {
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0) out_of_memory();
	va_end(args);
	buf_text(b, text);
	free(text);
}

void buf_pad(struct buf *b, size_t align) {
	size_t more = (align - b->len % align) % align;

	if (!more) return;
	buf_reserve(b, more);
	memset(b->bytes + b->len, 0, more);
	b->len += more;
}

void buf_free(struct buf *b) {
	free(b->bytes);
	*b = (struct buf){ 0 };
}

int cli_read_fd(int fd, const char *name, size_t max, struct buf *b) {
	size_t start = b->len;

	for (;;) {
		ssize_t n;

		buf_reserve(b, 1u << 16);
		n = read(fd, b->bytes + b->len, 1u << 16);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return cli_fail("cannot read %s: %s", name, strerror(errno));
		if (n == 0) break;
		b->len += (size_t)n;
		if (b->len - start > max) return cli_fail("%s is larger than the %zu bytes accepted here", name, max);
	}
	b->bytes = cli_grow(b->bytes, b->len); /* many small files are held at once */
	b->cap = b->len;
	return 0;
}

int cli_read_file(const char *path, size_t max, struct buf *b) {
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int status;

	if (fd < 0) return cli_fail("cannot open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		status = cli_fail("%s is a directory, not a file", path);
	else
		status = cli_read_fd(fd, path, max, b);
	(void)close(fd); /* only read from */
	return status;
}

static void remove_pending(void) {
	for (size_t i = 0; i < PENDING_MAX; i++) {
		if (pending[i])
			(void)unlink(pending[i]); /* it may not have been created yet */
	}
}

static void on_signal(int number) {
	remove_pending();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void pending_arm(void) {
	static const int fatal[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	static bool armed;

	if (armed) return;
	armed = true;
	(void)atexit(remove_pending); /* a full table leaves the other two ways */
	for (size_t i = 0; i < ARRAY_COUNT(fatal); i++) {
		if (signal(fatal[i], on_signal) == SIG_IGN) (void)signal(fatal[i], SIG_IGN);
	}
}

static void pending_set(char *old, char *new) {
	for (size_t i = 0; i < PENDING_MAX; i++) {
		if (pending[i] == old) {
			pending[i] = new;
			return;
		}
	}
}

static int write_all(int fd, const u8 *bytes, size_t len) {
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int output_check(const char *path) {
	const char *slash = strrchr(path, '/');
	char *folder = slash ? cli_text("%.*s", (int)(slash - path) + 1, path) : cli_text(".");
	struct stat st;
	int status = 0;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		status = cli_fail("%s is a folder, not a file to be written", path);
	else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		status = cli_fail("%s is there already and is not a regular file", path);
	else if (stat(folder, &st) < 0 || !S_ISDIR(st.st_mode))
		status = cli_fail("cannot create %s: there is no folder %s", path, folder);
	else if (access(folder, W_OK | X_OK) < 0)
		status = cli_fail("cannot create a file beside %s: %s", path, strerror(errno));
	free(folder);
	return status;
}

int output_write(struct output *out, const char *path, const void *bytes, size_t len) {
	mode_t mask = umask(0);
	int fd, err;
	int status = output_check(path);

	(void)umask(mask);
	if (status) return status;
	pending_arm();
	*out = (struct output){ .path = path, .temp = cli_text("%s.XXXXXX", path) };
	pending_set(NULL, out->temp);
	fd = mkostemp(out->temp, O_CLOEXEC);
	if (fd < 0) {
		err = errno;
		pending_set(out->temp, NULL);
		free(out->temp);
		out->temp = NULL;
		return cli_fail("cannot create a file beside %s: %s", path, strerror(err));
	}
	err = write_all(fd, bytes, len);
	if (!err && fchmod(fd, 0666 & ~mask) < 0) err = -errno;
	if (close(fd) < 0 && !err) err = -errno;
	if (!err) return 0;
	output_discard(out);
	return cli_fail("cannot write %s: %s", path, strerror(-err));
}

int output_commit(struct output *out) {
	if (rename(out->temp, out->path) < 0) {
		int err = errno;

		output_discard(out);
		return cli_fail("cannot write %s: %s", out->path, strerror(err));
	}
	pending_set(out->temp, NULL);
	free(out->temp);
	out->temp = NULL;
	return 0;
}

void output_discard(struct output *out) {
	if (!out->temp) return;
	(void)unlink(out->temp); /* it is ours, and there is nothing left to do about it */
	pending_set(out->temp, NULL);
	free(out->temp);
	out->temp = NULL;
}
