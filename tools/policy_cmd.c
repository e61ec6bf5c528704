/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/policy_cmd.c - `assay policy check`: what the kernel would say to a policy, before it is packed.
 */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/integrity/template.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "tools/policy_check.h"

static const char help[] =
	"Usage: assay policy check FILE... [--template-fmt FORMAT]\n"
	"\n"
	"Says whether the kernel will accept FILE as /etc/ima/ima-policy: its own parser decides.\n"
	"For each rule that it refuses there is a line FILE:LINE:COLUMN: REASON: WORD. '-' is\n"
	"standard input.\n"
	"\n"
	"      --template-fmt FORMAT  the image's command line will have ima_template_fmt=FORMAT\n"
	"      --help                 this text\n"
	"\n"
	"Exit status: 0 every rule is accepted; 1 a rule is refused, there is none, or FILE cannot be\n"
	"read; 2 the command line was not understood.\n";

/* 0, an exit status, or -1 when --help was answered. */
static int parse_options(int argc, char **argv, const char **ret_format) {
	static const struct option longs[] = {
		{ "template-fmt", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) >= 0) {
		if (c == 'h') return cli_print(help) ? CLI_FAILED : -1;
		if (c != 't') return cli_bad_option("policy", c, argv);
		*ret_format = optarg;
	}
	if (optind == argc) return cli_usage("policy", "say what to do: 'assay policy check FILE'");
	if (strcmp(argv[optind], "check") != 0) return cli_usage("policy", "'%s' is not 'check'", argv[optind]);
	return ++optind < argc ? 0 : cli_usage("policy", "give the policy to check");
}

static int check_file(const char *path) {
	bool input = strcmp(path, "-") == 0;
	struct buf text = { 0 };
	size_t rules = 0;
	int status = policy_read(input ? "/dev/stdin" : path, &text);

	if (!status) status = policy_check(input ? "standard input" : path, &text, UINT_MAX, &rules);
	if (!status && printf("%s: %zu rule%s\n", input ? "standard input" : path, rules, rules == 1 ? "" : "s") < 0)
		status = cli_fail("cannot write to standard output");
	buf_free(&text);
	return status;
}

int cmd_policy(int argc, char **argv) {
	const struct template *template;
	const char *format = NULL;
	int status = parse_options(argc, argv, &format);

	if (status) return status < 0 ? CLI_OK : status;
	if (format && template_register("", format, template_show_fields, &template))
		return cli_usage("policy", "--template-fmt %s is no row of template fields", format);
	for (int i = optind; i < argc; i++) {
		int one = check_file(argv[i]);

		status = status ? status : one;
	}
	return fflush(stdout) ? cli_fail("cannot write to standard output") : status;
}
