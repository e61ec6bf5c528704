/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/label.c - reads and writes an extended attribute, hex on standard output and in arguments.
 *
 *   label get FILE NAME | label set FILE NAME HEX | label del FILE NAME
 *
 * Exits with 0, or prints the error's name and exits with 1.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

static unsigned char value[65536];

static int fail(void)
{
	printf("label: %s\n", strerrorname_np(errno));
	return 1;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "get")) {
		ssize_t len = lgetxattr(argv[2], argv[3], value, sizeof(value));

		if (len < 0)
			return fail();
		for (ssize_t i = 0; i < len; i++)
			printf("%02x", value[i]);
		putchar('\n');
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], "set")) {
		size_t len = strlen(argv[4]) / 2;

		for (size_t i = 0; i < len && i < sizeof(value); i++)
			if (sscanf(argv[4] + 2 * i, "%2hhx", &value[i]) != 1)
				return 2;
		return lsetxattr(argv[2], argv[3], value, len, 0) < 0 ? fail() : 0;
	}
	if (argc == 4 && !strcmp(argv[1], "del"))
		return lremovexattr(argv[2], argv[3]) < 0 ? fail() : 0;
	return 2;
}
