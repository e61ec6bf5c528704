/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/keyctl.c - adds keys as keyutils' keyctl does, with its words.
 *
 *   keyctl add TYPE DESC DATA RING | keyctl padd TYPE DESC RING <DATA | keyctl newring NAME RING
 *
 * RING is @s, the session's, or %:NAME, searched in /proc/keys.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SESSION (-3)

static char data[1 << 20];

/* The id of the key ring with this name, or 0. */
static int ring_id(const char *name)
{
	FILE *keys = fopen("/proc/keys", "r");
	char line[4096], type[64], description[256];
	unsigned id;

	if (!strcmp(name, "@s"))
		return SESSION;
	while (keys && fgets(line, sizeof(line), keys))
		if (sscanf(line, "%x %*s %*s %*s %*s %*s %*s %63s %255[^:]", &id, type, description) == 3
		    && !strcmp(type, "keyring") && !strncmp(name, "%:", 2) && !strcmp(description, name + 2))
			return (int)id;
	printf("Can't find 'keyring:%s'\n", name + 2);
	return 0;
}

static int add(const char *type, const char *description, size_t len, const char *ring)
{
	int id = ring_id(ring);
	long key;

	if (!id)
		return 1;
	key = syscall(SYS_add_key, type, *description ? description : NULL, len ? data : NULL, len, id);
	if (key < 0) {
		printf("add_key: %s\n", strerror(errno));
		return 1;
	}
	printf("%ld\n", key);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "add")) {
		snprintf(data, sizeof(data), "%s", argv[4]);
		return add(argv[2], argv[3], strlen(data), argv[5]);
	}
	if (argc == 5 && !strcmp(argv[1], "padd")) {
		size_t len = fread(data, 1, sizeof(data), stdin);

		return add(argv[2], argv[3], len, argv[4]);
	}
	if (argc == 4 && !strcmp(argv[1], "newring"))
		return add("keyring", argv[2], 0, argv[3]);
	return 2;
}
