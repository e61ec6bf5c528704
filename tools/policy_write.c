/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/policy_write.c - see policy_write.h.
 *
 * Invariant: on every way out on which not all rules were accepted, the kernel has seen a bad one, so that it keeps
 * nothing of the rest.
 */
#include "tools/policy_write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/integrity/policy_parse.h"
#include "tools/policy_check.h"

#define BLANKS " \t"

/* A kernel takes no more at once: the longest line goes without its newline. */
#define WRITE_MAX POLICY_LINE_MAX

/* No rule of any kernel. */
static const char spoiler[] = "aborted\n";

/*
 * 0, or an errno: EIO when only a part was taken, because a part of a rule is another rule. Linux counts the newline,
 * or the place where it would stand, so that a count may be one more than was given.
 */
static int write_whole(int fd, const char *bytes, size_t len) {
	ssize_t n;

	do n = write(fd, bytes, len);
	while (n < 0 && errno == EINTR);
	if (n < 0) return errno;
	return (size_t)n + (bytes[len - 1] == '\n') >= len ? 0 : EIO;
}

/* What a kernel's parser says has spoilt the load already. */
static void spoil(int fd, int err) {
	if (err != EINVAL && err != EACCES)
		(void)!write(fd, spoiler, strlen(spoiler)); /* it is there to be refused */
}

/* The word that errnos are known by, beside what it means. */
static int say_refused(const char *name, unsigned line, int err) {
	if (err == EIO) return cli_fail("%s:%u: the kernel took only a part of the line (EIO)", name, line);
	return cli_fail("%s:%u: the kernel refused the line: %s (%s)%s", name, line, strerror(err),
			strerrorname_np(err),
			err == EACCES ? "; a signed policy may be required: load it by path" : "");
}

static bool is_rule(const char *line, size_t len) {
	size_t at = 0;

	while (at < len && strchr(BLANKS, line[at])) at++;
	return at < len && line[at] != '#';
}

int policy_write_lines(int fd, const char *name, const struct buf *text) {
	RELEASED(buf_free) struct buf out = { 0 };
	const char *start = text->len ? (const char *)text->bytes : "";
	unsigned number = 1, bad = 0;
	int err = 0;

	for (size_t at = 0; at < text->len; number++) {
		const char *end = memchr(start + at, '\n', text->len - at);
		size_t len = end ? (size_t)(end - start) - at : text->len - at;

		err = 0;
		if (is_rule(start + at, len)) {
			out.len = 0;
			buf_append(&out, start + at, len);
			if (len < WRITE_MAX) buf_text(&out, "\n");
			err = write_whole(fd, (const char *)out.bytes, out.len);
		}
		bad += err != 0;
		if (err) (void)say_refused(name, number, err); /* counted */
		if (err && err != EINVAL) break; /* not this line's fault: the next ones would fare alike */
		at += len + 1;
	}
	if (err) spoil(fd, err);
	return bad ? CLI_FAILED : CLI_OK;
}

int policy_write_path(int fd, const char *path) {
	RELEASED(buf_free) struct buf line = { 0 };
	int err;

	if (path[0] != '/' || strchr(path, '\n')) return cli_fail("%s is no absolute path of one line", path);
	buf_format(&line, "%s\n", path);
	err = write_whole(fd, (const char *)line.bytes, line.len);
	if (!err) return CLI_OK;
	spoil(fd, err);
	return cli_fail("the kernel refused the policy %s: %s (%s); its log says why", path, strerror(err),
			strerrorname_np(err));
}

int policy_canonical(const char *name, const struct buf *text, struct buf *ret_shown) {
	RELEASED(blob_done) struct blob shown = { 0 };
	struct policy policy = { 0 };
	struct policy_error error;
	size_t rules;
	int err;

	err = policy_check(name, text, UINT32_MAX, &rules);
	if (err) return err;
	err = policy_parse((const char *)text->bytes, text->len, &policy, &error);
	if (!err) err = policy_show(&policy, &shown);
	policy_done(&policy);
	if (err) return cli_fail("%s: memory ran out", name); /* all else policy_check has said */
	buf_append(ret_shown, shown.base, shown.len);
	return CLI_OK;
}

/* A kernel that has no rules to show, or not to us, is believed. */
static int check_shown(const char *path, const struct buf *text) {
	RELEASED(buf_free) struct buf ours = { 0 }, theirs = { 0 };
	int fd = open(path, O_RDONLY), err;

	if (fd < 0) return CLI_OK;
	err = cli_read_fd(fd, path, 2 * POLICY_TEXT_MAX, &theirs);
	(void)close(fd); /* only read from */
	if (!err) err = policy_canonical(path, text, &ours);
	if (err) return err;
	if (theirs.len >= ours.len && memcmp(theirs.bytes + theirs.len - ours.len, ours.bytes, ours.len) == 0)
		return CLI_OK;
	return cli_fail("%s does not show the rules that were loaded: the kernel has dropped them", path);
}

int policy_finish(int fd, const char *path, const struct buf *text, int status) {
	struct stat about = { 0 };
	bool shows = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);

	if (close(fd) < 0 && !status)
		status = cli_fail("closing %s: %s (%s); the policy is not in force", path, strerror(errno),
				  strerrorname_np(errno));
	return !status && text && shows ? check_shown(path, text) : status;
}
