/* SPDX-License-Identifier: Apache-2.0 */
/* user/facts.c - what the machine says about itself: release, TPM banks, number of records. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line of a small file; "" when it cannot be read. */
static void first_line(const char *path, char *buf, size_t cap) {
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? 0 : read(fd, buf, cap - 1);

	buf[len > 0 ? len : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (fd >= 0)
		(void)close(fd); /* only read from */
}

int main(void) {
	static const char *const banks[] = { "sha1", "sha256", "sha384", "sha512" };
	struct utsname names;
	char line[200], path[64];

	if (uname(&names) < 0) return 1;
	(void)printf("facts: %s %s on %s, process %d\n", names.sysname, names.release, names.machine, (int)getpid());
	for (size_t i = 0; i < sizeof(banks) / sizeof(banks[0]); i++) {
		(void)snprintf(path, sizeof(path), "/sys/class/tpm/tpm0/pcr-%s/10", banks[i]);
		first_line(path, line, sizeof(line));
		if (line[0])
			(void)printf("facts: PCR 10 %-6s %.64s%s\n", banks[i], line, strlen(line) > 64 ? "..." : "");
	}
	first_line("/sys/kernel/security/ima/runtime_measurements_count", line, sizeof(line));
	(void)printf("facts: %s records in the measurement list\n", line[0] ? line : "unknown");
	return fflush(stdout) ? 1 : 0;
}
