/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/packsection.c - appends sections to the stub as they are, for images that `assay image` would refuse to make.
 *
 *   packsection STUB OUT [.name=FILE]...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pewrite.h"

static void *slurp(const char *name, size_t *ret_len)
{
	FILE *f = fopen(name, "rb");
	char *bytes = NULL;
	size_t len = 0, got;
	char chunk[65536];

	if (!f)
		return NULL;
	while ((got = fread(chunk, 1, sizeof(chunk), f)) > 0) {
		bytes = realloc(bytes, len + got + 1);
		if (!bytes)
			exit(1);
		memcpy(bytes + len, chunk, got);
		len += got;
	}
	fclose(f);
	*ret_len = len;
	return bytes ? bytes : calloc(1, 1);
}

int main(int argc, char **argv)
{
	struct pe_section_in sections[8];
	size_t count = 0, stub_len, out_len;
	const char *why = "";
	u8 *out;

	if (argc < 3 || argc > 3 + 8)
		return 2;
	void *stub = slurp(argv[1], &stub_len);
	for (int i = 3; i < argc; i++) {
		char *file = strchr(argv[i], '=');

		if (!file)
			return 2;
		*file++ = '\0';
		sections[count].name = argv[i];
		sections[count].bytes = slurp(file, &sections[count].len);
		count++;
	}
	if (!stub || pewrite_append(stub, stub_len, sections, count, &out, &out_len, &why) < 0) {
		fprintf(stderr, "packsection: %s\n", why);
		return 1;
	}
	FILE *f = fopen(argv[2], "wb");
	if (!f || fwrite(out, 1, out_len, f) != out_len || fclose(f) != 0)
		return 1;
	return 0;
}
