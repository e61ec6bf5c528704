/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/scratch.c - temporary folders and calls of sub-commands for unit tests.
 */
#include "tests/fake/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static void demand(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

int scratch_setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/assay-test.XXXXXX");
	demand(mkdtemp(folder) != NULL, "a temporary folder");
	demand(setenv("D", folder, 1) == 0, "setenv");
	return 0;
}

int scratch_teardown(void **state)
{
	(void)state;
	return scratch_sh("chmod -R u+rwX $D; rm -rf $D");
}

char *scratch_path(const char *name)
{
	return cli_text("%s/%s", folder, name);
}

void scratch_write(const char *name, const void *bytes, size_t len)
{
	char *path = scratch_path(name);
	FILE *f = fopen(path, "wb");

	demand(f && fwrite(bytes, 1, len, f) == len && fclose(f) == 0, path);
	free(path);
}

void scratch_write_text(const char *name, const char *text)
{
	scratch_write(name, text, strlen(text));
}

struct buf scratch_read(const char *name)
{
	struct buf b = { 0 };
	char *path = scratch_path(name);

	demand(cli_read_file(path, 1u << 28, &b) == 0, path);
	free(path);
	return b;
}

size_t scratch_count(void)
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	demand(dir != NULL, folder);
	while (readdir(dir))
		count++;
	(void)closedir(dir); /* only read from */
	return count - 2;
}

int scratch_sh(const char *format, ...)
{
	char *command = NULL;
	va_list args;
	int status;

	va_start(args, format);
	demand(vasprintf(&command, format, args) >= 0, "memory");
	va_end(args);
	(void)fflush(NULL); /* the shell's output comes behind ours */
	status = system(command);
	free(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static char *word(const char *start, size_t len)
{
	if (*start == '@')
		return cli_text("%s/%.*s", folder, (int)len - 1, start + 1);
	return cli_text("%.*s", (int)len, start);
}

int scratch_command(int (*command)(int, char **), const char *words, const char **ret_said)
{
	static char said[1u << 16];
	char *argv[64] = { 0 };
	int argc = 0, saved, fd, status;
	FILE *file = tmpfile();
	ssize_t len;

	while (*words && argc < 63) {
		size_t n = strcspn(words, " ");

		if (n)
			argv[argc++] = word(words, n);
		words += n + (words[n] == ' ');
	}
	demand(file != NULL, "a temporary file");
	fd = fileno(file);
	saved = dup(STDERR_FILENO);
	demand(saved >= 0 && dup2(fd, STDERR_FILENO) >= 0, "stderr");
	status = command(argc, argv);
	(void)fflush(stderr);
	demand(dup2(saved, STDERR_FILENO) >= 0, "stderr");
	(void)close(saved);
	len = pread(fd, said, sizeof(said) - 1, 0);
	demand(len >= 0, "stderr");
	said[len] = '\0';
	(void)fclose(file);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	*ret_said = said;
	return status;
}

void scratch_stub(const char *name)
{
	u8 pe[0x600] = { 'M', 'Z' };
	u8 *coff = pe + 0x84, *opt = pe + 0x98, *table = pe + 0x98 + 240;

	store_le32(pe + 0x3c, 0x80);
	memcpy(pe + 0x80, "PE\0\0", 4);
	store_le16(coff, 0x8664);
	store_le16(coff + 2, 1);
	store_le16(coff + 16, 240);
	store_le16(coff + 18, 0x22e);
	store_le16(opt, 0x20b);
	store_le32(opt + 16, 0x1000); /* entry */
	store_le32(opt + 20, 0x1000); /* base of code */
	store_le32(opt + 32, 0x1000); /* section alignment */
	store_le32(opt + 36, 0x200);  /* file alignment */
	store_le32(opt + 56, 0x2000); /* size of image */
	store_le32(opt + 60, 0x400);  /* size of headers */
	store_le16(opt + 68, 10);     /* EFI application */
	store_le32(opt + 108, 16);    /* directories */
	memcpy(table, ".text", 5);
	store_le32(table + 8, 0x200);
	store_le32(table + 12, 0x1000);
	store_le32(table + 16, 0x200);
	store_le32(table + 20, 0x400);
	store_le32(table + 36, 0x60000020);
	pe[0x400] = 0xc3;
	scratch_write(name, pe, sizeof(pe));
}
