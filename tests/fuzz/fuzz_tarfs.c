/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fuzz/fuzz_tarfs.c - any bytes as an archive: unpacked or refused with a sentence, and nothing is left
 * behind.
 */
#include <stdlib.h>

#include "fs/memfs.h"
#include "fs/tarfs.h"
#include "tests/fake/fake_port.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

/* Checksums hold, or every mutation would end at the first of them. */
static void seal(u8 *archive, size_t len)
{
	for (size_t at = 0; at + 512 <= len; at += 512) {
		unsigned sum = 8 * ' ';

		if (archive[at + 257] != 'u' || archive[at + 258] != 's')
			continue;
		for (size_t i = 0; i < 512; i++)
			sum += i >= 148 && i < 156 ? 0 : archive[at + i];
		for (int i = 5; i >= 0; i--, sum >>= 3)
			archive[at + 148 + (size_t)i] = (u8)('0' + (sum & 7));
		archive[at + 154] = 0;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct memfs_options options = { .fsname = "t", .magic = 1, .root_mode = 0755, .max_bytes = 1 << 20 };
	struct tar_report report = { 0 };
	u64 live = fake_port_live();
	u8 *copy = malloc(len + 1);
	struct superblock *sb;

	if (!copy || memfs_create(&options, &sb))
		abort();
	for (size_t i = 0; i < len; i++)
		copy[i] = data[i];
	seal(copy, len);
	if (tar_unpack(sb, (struct span){ copy, len }, &report) != 0 && !report.why[0])
		abort();
	superblock_put(sb);
	free(copy);
	if (fake_port_live() != live)
		abort();
	return 0;
}
