/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/commands.h - the sub-commands of `assay`.
 *
 * Each gets its own arguments, argv[0] being the sub-command's name, prints one sentence on stderr when it fails
 * and returns the exit status: 0 done, 1 refused or failed, 2 the command line was not understood;
 * cmd_run also what tools/run.c documents. Each understands --help.
 *
 * Context    called once, from main.
 */
#pragma once

int cmd_image(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_sign(int argc, char **argv);
int cmd_licenses(int argc, char **argv);
