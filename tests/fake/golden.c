/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fake/golden.c - reads whole files into exact heap blocks; relies on the C library. */
#include "tests/fake/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *p, const char *what)
{
	if (p)
		return p;
	perror(what);
	abort();
}

struct span golden_read(const char *name)
{
	char path[512];
	FILE *file;
	long len = -1;
	u8 *bytes;

	snprintf(path, sizeof(path), "tests/golden/%s", name);
	file = need(fopen(path, "rb"), path);
	if (fseek(file, 0, SEEK_END) || (len = ftell(file)) < 0 || fseek(file, 0, SEEK_SET))
		need(NULL, path);
	bytes = need(malloc((size_t)len), path);
	if (fread(bytes, 1, (size_t)len, file) != (size_t)len)
		need(NULL, path);
	fclose(file);
	return (struct span){ bytes, (size_t)len };
}

void golden_free(struct span file)
{
	free((void *)(uintptr_t)file.base);
}

u8 *golden_cut(struct span file, size_t len)
{
	u8 *bytes = need(malloc(len), "golden_cut");

	memcpy(bytes, file.base, len);
	return bytes;
}
