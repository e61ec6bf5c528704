/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/tpmcmd.c - sends raw TPM commands, given as hex, to a TPM device.
 *
 *   tpmcmd DEVICE HEX...
 *
 * For each command prints the response code as 8 hex digits, or the name of the errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void submit(int fd, const char *hex)
{
	unsigned char buf[4096];
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &buf[i]) != 1)
			exit(2);
	if (write(fd, buf, len) != (ssize_t)len) {
		printf("tpmcmd: %.8s %s\n", hex + 12, strerrorname_np(errno));
		return;
	}
	ssize_t got = read(fd, buf, sizeof(buf));
	if (got < 10)
		printf("tpmcmd: %.8s short response %zd\n", hex + 12, got);
	else
		printf("tpmcmd: %.8s %02x%02x%02x%02x\n", hex + 12, buf[6], buf[7], buf[8], buf[9]);
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[1], O_RDWR) : -1;

	if (fd < 0) {
		printf("tpmcmd: cannot open %s: %s\n", argc > 1 ? argv[1] : "?", strerror(errno));
		return 1;
	}
	for (int i = 2; i < argc; i++)
		submit(fd, argv[i]);
	return 0;
}
