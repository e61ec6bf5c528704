/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/assay.c - the program `assay`: finds the sub-command and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "kernel/version.h"
#include "tools/cli.h"
#include "tools/commands.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

static const struct command commands[] = {
	{ "image", cmd_image, "pack a root file system into one bootable, measured EFI file" },
	{ "run", cmd_run, "boot an image under QEMU with a TPM of its own" },
	{ "sign", cmd_sign, "sign files as evmctl does" },
	{ "policy", cmd_policy, "check a policy as the kernel will" },
	{ "licenses", cmd_licenses, "print the licences of what is linked in" },
};

static int help_all(void) {
	(void)printf("Usage: assay COMMAND [ARGUMENT...]\n\n"
		     "Measured boot: builds, signs and runs appliance images of which every program is\n"
		     "measured and appraised before it runs.\n\n"); /* the last write tells */
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
		(void)printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	return cli_print("\n'assay help COMMAND' tells about one command, 'assay --version' the version.\n"
			 "Exit status: 0 done, 1 refused or failed, 2 the command line was not understood;\n"
			 "'assay run' ends with the status of /init, see its help.\n");
}

static const struct command *find(const char *name) {
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		if (strcmp(name, commands[i].name) == 0) return &commands[i];
	}
	return NULL;
}

static int unknown(const char *name) {
	(void)cli_fail("there is no command '%s'; 'assay --help' lists them", name);
	return CLI_USAGE;
}

static int help_one(char *name) {
	char option[] = "--help";
	char *argv[] = { name, option, NULL };
	const struct command *command = find(name);

	return command ? command->run(2, argv) : unknown(name);
}

int main(int argc, char **argv) {
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = find(name);

	if (command) return command->run(argc - 1, argv + 1);
	if (strcmp(name, "help") == 0) return argc > 2 ? help_one(argv[2]) : help_all();
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) return help_all();
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		return cli_print("assay " ASSAY_VERSION "\n");
	if (!*name) {
		(void)cli_fail("no command was given; 'assay --help' lists them");
		return CLI_USAGE;
	}
	return unknown(name);
}
