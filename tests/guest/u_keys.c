/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/u_keys.c - add_key, keyctl, request_key and /proc/keys as root's programs meet them.
 */
#include <sys/syscall.h>

#include "checks.h"

enum { SESSION = -3, USER = -4 };
enum { GET_ID = 0, JOIN = 1, DESCRIBE = 6, LINK = 8, UNLINK = 9, SEARCH = 10, READ = 11 };

static long add(const char *type, const char *description, const void *data, size_t len, long ring)
{
	return syscall(SYS_add_key, type, description, data, len, ring);
}

static long keyctl(long op, long a, long b, long c)
{
	return syscall(SYS_keyctl, op, a, b, c, 0);
}

static bool fails(long result, int with)
{
	return result == -1 && errno == with;
}

/* The serial number of a line of /proc/keys that has the text. */
static long shown(const char *text)
{
	FILE *keys = fopen("/proc/keys", "r");
	char line[1024];
	long serial = 0;

	while (keys && fgets(line, sizeof(line), keys))
		if (strstr(line, text))
			serial = strtol(line, NULL, 16);
	if (keys)
		fclose(keys);
	return serial;
}

static void users_key_is_found_read_described_and_unlinked(void)
{
	char text[128] = "";
	long key = add("user", "one", "hello", 5, USER), small;

	HOLDS(key > 0);
	HOLDS(keyctl(SEARCH, USER, (long)"user", (long)"one") == key);
	HOLDS(keyctl(READ, key, (long)text, sizeof(text)) == 5 && !memcmp(text, "hello", 5));
	HOLDS(keyctl(DESCRIBE, key, (long)text, sizeof(text)) == (long)strlen(text) + 1);
	HOLDS(!strcmp(text, "user;0;0;3f010000;one"));
	memset(text, 0, sizeof(text));
	small = keyctl(DESCRIBE, key, (long)text, 4); /* the length, and no part of it */
	HOLDS(small == 22 && !text[0]);
	HOLDS(keyctl(READ, keyctl(GET_ID, USER, 0, 0), (long)text, sizeof(text)) == 4 && !memcmp(text, &key, 4));
	HOLDS(shown(" user      one: 5") == key);
	HOLDS(keyctl(UNLINK, key, USER, 0) == 0 && !shown(" user      one: 5"));
	HOLDS(fails(keyctl(READ, key, (long)text, sizeof(text)), ENOKEY));
}

static void session_ring_is_inherited_and_goes_with_its_process(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		long ring = keyctl(JOIN, (long)"mine", 0, 0), key = add("user", "inner", "x", 1, SESSION);

		if (ring <= 0 || key <= 0 || shown("keyring   mine: 1") != ring)
			_exit(1);
		child = fork();
		if (child == 0)
			_exit(keyctl(GET_ID, SESSION, 0, 0) != ring ||
			      syscall(SYS_request_key, "user", "inner", NULL, 0) != key);
		waitpid(child, &status, 0);
		_exit(status != 0);
	}
	HOLDS(waitpid(child, &status, 0) == child && status == 0);
	HOLDS(!shown("keyring   mine") && !shown("inner"));
	HOLDS(fails(syscall(SYS_request_key, "user", "inner", NULL, 0), ENOKEY));
}

static void bad_requests_are_refused(void)
{
	static char big[1 << 20];
	char *nowhere = (char *)1;

	HOLDS(fails(add("user", "a", nowhere, 4, USER), EFAULT));
	HOLDS(fails(add("user", nowhere, "b", 1, USER), EFAULT));
	HOLDS(fails(add(nowhere, "a", "b", 1, USER), EFAULT));
	HOLDS(fails(add("user", "a", big, sizeof(big), USER), EINVAL));
	HOLDS(fails(add("user", "a", NULL, 0, USER), EINVAL));
	HOLDS(fails(add("nosuchtype", "a", "b", 1, USER), ENODEV));
	HOLDS(fails(add("asymmetric", NULL, "b", 1, USER), EBADMSG));
	HOLDS(fails(add("user", "a", "b", 1, 0x7ffffff0), ENOKEY));
	HOLDS(fails(keyctl(99, 0, 0, 0), EOPNOTSUPP));
	HOLDS(fails(keyctl(DESCRIBE, 0x7ffffff0, 0, 0), ENOKEY));
}

static void assay_trusted_rings_are_not_unlinked_from(void)
{
	long ima = shown(" keyring   .ima:"), builtin = shown(" keyring   .builtin_trusted_keys:");
	unsigned char serials[64];

	HOLDS(ima > 0 && builtin > 0);
	HOLDS(keyctl(READ, ima, (long)serials, sizeof(serials)) >= 4);
	HOLDS(fails(keyctl(UNLINK, *(int *)serials, ima, 0), EPERM));
	HOLDS(fails(keyctl(LINK, *(int *)serials, USER, 0), EPERM));
	HOLDS(fails(add("asymmetric", NULL, "x", 1, builtin), EACCES));
	HOLDS(fails(add("user", "x", "x", 1, ima), EOPNOTSUPP));
}

static void assay_others_keys_are_hidden(void)
{
	long key = add("user", "secret", "x", 1, USER);
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (setuid(1000))
			_exit(1);
		_exit(shown("secret") || shown(".ima") || !fails(keyctl(READ, key, 0, 0), EACCES) ||
		      add("user", "own", "y", 1, USER) <= 0);
	}
	HOLDS(key > 0 && waitpid(child, &status, 0) == child && status == 0);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
		CHECK(users_key_is_found_read_described_and_unlinked),
		CHECK(session_ring_is_inherited_and_goes_with_its_process), CHECK(bad_requests_are_refused),
		CHECK(assay_trusted_rings_are_not_unlinked_from), CHECK(assay_others_keys_are_hidden),
	};

	(void)argv;
	return run_checks("u_keys", checks, sizeof(checks) / sizeof(checks[0]), argc > 1);
}
