/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/licenses.c - `assay licenses`: prints THIRD_PARTY.md, which is linked in (tools/third_party.S).
 */
#include <stdio.h>
#include <string.h>

#include "tools/cli.h"
#include "tools/commands.h"

extern const char third_party_start[];
extern const char third_party_end[];

static const char help[] =
	"Usage: assay licenses\n\nPrints name, version and licence of everything of others that is linked in.\n\n"
	"Exit status: 0 done; 1 standard output cannot be written; 2 the command line was not understood.\n";

int cmd_licenses(int argc, char **argv) {
	size_t len = (size_t)(third_party_end - third_party_start);

	if (argc > 1 && strcmp(argv[1], "--help") == 0) return cli_print(help);
	if (argc > 1) return cli_usage("licenses", "'%s' is no option", argv[1]);
	if (fwrite(third_party_start, 1, len, stdout) != len || fflush(stdout))
		return cli_fail("cannot write to standard output");
	return CLI_OK;
}
