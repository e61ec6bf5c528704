/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/assay-policy.c - the policy of the running machine: checks a text, loads it rule by rule, shows what counts.
 *
 * Relies on the kernel's own parser (tools/policy_check.h): nothing is written before every line is known to be good.
 * While rules are being written signals wait: a kernel takes over the beginning of a policy whose writer was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/integrity/policy_parse.h"
#include "tools/policy_check.h"
#include "tools/policy_write.h"

static const char help[] =
	"Usage: assay-policy check|load|show [FILE|-] [--by-path] [--policy-file FILE] [--template-fmt FORMAT]\n"
	"\n"
	"  check FILE   says for each rule that the kernel would refuse: FILE:LINE:COLUMN: REASON: WORD\n"
	"  load FILE    checks, then writes the rules one by one; they count from the end on, or not at all\n"
	"  show         the rules in force; with FILE, how its rules would be shown\n"
	"\n"
	"'-' is standard input.\n"
	"\n"
	"      --by-path              the kernel reads FILE itself, and so can check its signature\n"
	"      --policy-file FILE     instead of /sys/kernel/security/ima/policy\n"
	"      --template-fmt FORMAT  the kernel was started with ima_template_fmt=FORMAT\n"
	"      --help                 this text\n"
	"\n"
	"Exit status: 0 done; 1 a rule was refused, or something cannot be read or written; 2 the command\n"
	"line was not understood.\n";

static const char *policy_file = "/sys/kernel/security/ima/policy";
static bool by_path;

/* 0, an exit status, or -1 when --help was answered. */
static int parse_options(int argc, char **argv) {
	static const struct option longs[] = {
		{ "by-path", no_argument, NULL, 'b' }, { "policy-file", required_argument, NULL, 'p' },
		{ "template-fmt", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	const struct template *template;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) >= 0) {
		if (c == 'h') return cli_print(help) ? CLI_FAILED : -1;
		if (c == 'b') by_path = true;
		else if (c == 'p') policy_file = optarg;
		else if (c != 't') return cli_bad_option("", c, argv);
		else if (template_register("", optarg, template_show_fields, &template))
			return cli_usage("", "--template-fmt %s is no row of template fields", optarg);
	}
	return 0;
}

static const char *name_of(const char *path) { return strcmp(path, "-") == 0 ? "standard input" : path; }

static int read_text(const char *path, struct buf *text) {
	if (strcmp(path, "-") == 0) return cli_read_fd(STDIN_FILENO, name_of(path), POLICY_TEXT_MAX, text);
	return policy_read(path, text);
}

static int check(const char *path, struct buf *ret_text) {
	size_t rules = 0;
	int status = read_text(path, ret_text);

	if (!status) status = policy_check(name_of(path), ret_text, UINT32_MAX, &rules);
	if (!status && printf("%s: %zu rule%s\n", name_of(path), rules, rules == 1 ? "" : "s") < 0)
		status = cli_fail("cannot write to standard output");
	return status;
}

static void hold_signals(void) {
	sigset_t all;

	(void)sigfillset(&all); /* neither can fail */
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
}

static int load(const char *path) {
	RELEASED(buf_free) struct buf text = { 0 };
	char *whole = by_path ? realpath(path, NULL) : NULL;
	int status, fd;

	if (by_path && !whole) return cli_fail("cannot find %s: %s", path, strerror(errno));
	status = check(path, &text);
	hold_signals();
	fd = status ? -1 : open(policy_file, O_WRONLY);
	if (!status && fd < 0)
		status = cli_fail("cannot open %s: %s%s", policy_file, strerror(errno),
				  errno == EBUSY ? "; another program is loading a policy" : "");
	if (fd >= 0) {
		status = whole ? policy_write_path(fd, whole) : policy_write_lines(fd, name_of(path), &text);
		status = policy_finish(fd, policy_file, whole ? NULL : &text, status);
	}
	free(whole);
	return status;
}

static int show(const char *path) {
	RELEASED(buf_free) struct buf text = { 0 }, shown = { 0 };
	int status = path ? read_text(path, &text) : cli_read_file(policy_file, 2 * POLICY_TEXT_MAX, &shown);

	if (!status && path) status = policy_canonical(name_of(path), &text, &shown);
	if (!status && (fwrite(shown.bytes, 1, shown.len, stdout) != shown.len || fflush(stdout)))
		status = cli_fail("cannot write to standard output: %s", strerror(errno));
	return status;
}

static int act(const char *what, const char *path) {
	RELEASED(buf_free) struct buf text = { 0 };

	if (strcmp(what, "show") == 0) return show(path);
	if (strcmp(what, "check") != 0 && strcmp(what, "load") != 0)
		return cli_usage("", "'%s' is none of check, load and show", what);
	if (!path) return cli_usage("", "give the policy to %s", what);
	return what[0] == 'l' ? load(path) : check(path, &text);
}

int main(int argc, char **argv) {
	int status;

	cli_program = "assay-policy";
	status = parse_options(argc, argv);
	if (status) return status < 0 ? CLI_OK : status;
	if (optind == argc) return cli_usage("", "say what to do: check, load or show");
	if (argc - optind > 2) return cli_usage("", "'%s' is one word too many", argv[optind + 2]);
	status = act(argv[optind], argv[optind + 1]);
	return fflush(stdout) ? cli_fail("cannot write to standard output") : status;
}
