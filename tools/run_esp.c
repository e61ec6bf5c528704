/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_esp.c - the disk with the image: one FAT file system with \EFI\BOOT\BOOTX64.EFI.
 *
 * Made with mkfs.fat and mtools, without mounting; equal images give equal disks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/run.h"

#define KIB 1024u
#define ESP_LEN_MIN (48u << 20) /* FAT32 has a least size */
#define ESP_SPARE (8u << 20)
#define IMAGE_LEN_MAX (2ull << 30)

static int check_image(const char *path, u64 *ret_len) {
	struct stat st;
	u8 magic[2] = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	if (fd < 0) return cli_fail("cannot open the image %s: %s", path, strerror(errno));
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read(fd, magic, 2) == 2 && magic[0] == 'M' &&
	       magic[1] == 'Z';
	(void)close(fd); /* only read from */
	if (!good) return cli_fail("%s is not an EFI image", path);
	if ((u64)st.st_size > IMAGE_LEN_MAX) return cli_fail("the image %s is larger than 2 GiB", path);
	*ret_len = (u64)st.st_size;
	return CLI_OK;
}

int run_make_esp(struct run *r) {
	struct args format = { NULL, 0 }, folders = { NULL, 0 }, copy = { NULL, 0 };
	char *log = cli_text("%s/esp.log", r->temp);
	u64 len = 0;
	int status = check_image(r->options.image, &len);

	if (status) {
		free(log);
		return status;
	}
	(void)setenv("SOURCE_DATE_EPOCH", "315532800", 1); /* 1980-01-01; no memory: the disk has today's date */
	(void)setenv("TZ", "UTC", 1);
	(void)setenv("MTOOLS_SKIP_CHECK", "1", 1);
	r->esp = cli_text("%s/esp.img", r->temp);
	len = max_u64(align_up(len, KIB) + ESP_SPARE, ESP_LEN_MIN);
	args_add(&format, "mkfs.fat");
	args_add(&format, "-C");
	args_add(&format, "-F32");
	args_add(&format, "-nESP");
	args_add(&format, "--invariant");
	args_add(&format, "%s", r->esp);
	args_add(&format, "%llu", (unsigned long long)(len / KIB));
	args_add(&folders, "mmd");
	args_add(&folders, "-i");
	args_add(&folders, "%s", r->esp);
	args_add(&folders, "::/EFI");
	args_add(&folders, "::/EFI/BOOT");
	args_add(&copy, "mcopy");
	args_add(&copy, "-i");
	args_add(&copy, "%s", r->esp);
	args_add(&copy, "%s", r->options.image);
	args_add(&copy, "::/EFI/BOOT/BOOTX64.EFI");
	status = proc_run(&format, log);
	if (!status) status = proc_run(&folders, log);
	if (!status) status = proc_run(&copy, log);
	args_free(&format);
	args_free(&folders);
	args_free(&copy);
	free(log);
	return status;
}
