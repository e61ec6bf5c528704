/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_rootfs.c - any bytes as a root archive: refused, or a root whose own tar loads again. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/rootfs.h"

static int load(const uint8_t *data, size_t len, struct rootfs *fs)
{
	int fd = memfd_create("root", 0);
	char *path = cli_text("/proc/self/fd/%d", fd);
	int status = fd < 0 || write(fd, data, len) != (ssize_t)len || rootfs_load(fs, path);

	(void)close(fd);
	free(path);
	return status;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	stderr = fopen("/dev/null", "w"); /* the fuzzer keeps the old one */
	return stderr ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rootfs fs = { 0 }, again = { 0 };
	struct buf tar = { 0 };

	if (load(data, len, &fs) == 0) {
		rootfs_write_pax(&fs, &tar);
		if (load(tar.bytes, tar.len, &again) || again.count > fs.count)
			abort();
	}
	rootfs_free(&fs);
	rootfs_free(&again);
	buf_free(&tar);
	return 0;
}
