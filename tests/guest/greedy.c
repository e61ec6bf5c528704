/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/greedy.c - takes all that a user may have: empty files, links, attributes, memory; tells how each ended.
 *
 * greedy FOLDER: attributes and links go before the next kind has its turn; files and memory are kept until it is
 * killed, which it waits for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MIB (1u << 20)

static char text[65536];

static int make_file(const char *name, long i)
{
	int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);

	(void)i;
	return fd < 0 ? -1 : close(fd);
}

static int make_link(const char *name, long i)
{
	(void)i;
	return symlink(text, name);
}

static int make_attribute(const char *name, long i)
{
	char attribute[32];

	if (i == 0 && make_file(name, 0)) return -1;
	snprintf(attribute, sizeof(attribute), "user.%ld", i);
	return setxattr("attributed", attribute, text, sizeof(text), 0);
}

static int make_memory(const char *name, long i)
{
	char *page = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)name;
	(void)i;
	if (page == MAP_FAILED) return -1;
	memset(page, 1, MIB);
	return 0;
}

/* Until it is refused; how many were made. prefix: of names; with a number behind it where each has its own. */
static long take(const char *what, const char *prefix, int (*make)(const char *name, long i))
{
	char name[64];
	long i = 0;

	do {
		if (make == make_attribute)
			snprintf(name, sizeof(name), "%s", prefix);
		else
			snprintf(name, sizeof(name), "%s%ld", prefix, i);
		errno = 0;
	} while (!make(name, i) && ++i);
	printf("greedy: %s %s after %ld\n", what, strerrorname_np(errno), i);
	fflush(stdout);
	return i;
}

static void give_back(const char *prefix, long count)
{
	char name[64];

	while (count-- > 0) {
		snprintf(name, sizeof(name), "%s%ld", prefix, count);
		(void)unlink(name);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1])) return 2;
	memset(text, 'a', sizeof(text));
	take("attributes", "attributed", make_attribute);
	(void)unlink("attributed");
	text[4000] = '\0';
	give_back("link", take("links", "link", make_link));
	take("files", "file", make_file);
	take("memory", "", make_memory);
	for (;;)
		pause();
}
