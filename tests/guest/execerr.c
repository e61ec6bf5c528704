/* SPDX-License-Identifier: Apache-2.0 */
/* tests/guest/execerr.c - execs a program and prints the name of the errno, or nothing but the program's output. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	execv(argv[1], argv + 1);
	printf("execerr: %s: %s\n", argv[1], strerrorname_np(errno));
	return 1;
}
