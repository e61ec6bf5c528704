/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_esp.c - the image's form, and the disk with the image: one FAT file system with \EFI\BOOT\BOOTX64.EFI.
 *
 * Made with mkfs.fat and mtools, without mounting; equal images give equal disks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/uki.h"
#include "tools/cli.h"
#include "tools/pedigest.h"
#include "tools/run.h"

#define KIB 1024u
#define ESP_LEN_MIN (48u << 20) /* FAT32 has a least size */
#define ESP_SPARE (8u << 20)
#define IMAGE_LEN_MAX (2ull << 30)

/* Microsoft PE Format, sections 3.3 and 3.4: where fields lie as seen from the optional header, and their values. */
#define PE_MACHINE_BACK 20u
#define PE_MACHINE_X86_64 0x8664u
#define PE_OPT_SUBSYSTEM 68u
#define PE_EFI_APPLICATION 10u

/* What would make the firmware pass the file over, or give it nothing to start. */
static int check_pe(const char *path, const u8 *bytes, size_t len) {
	struct span kernel;
	const char *why = "";
	struct pe_optional optional;
	struct pe pe;
	int err;

	if (len < 2 || memcmp(bytes, "MZ", 2) != 0) return cli_fail("%s is not an EFI image", path);
	if (pe_open(bytes, len, PE_FILE, &pe, &why)) return cli_fail("the image %s is cut or damaged: %s", path, why);
	if (pe_optional(&pe, &optional)) return cli_fail("the image %s is cut or damaged in its headers", path);
	if ((u64)optional.cert_off + optional.cert_len > len)
		return cli_fail("the image %s is cut or damaged: its signature lies outside the file", path);
	if (!optional.plus || load_le16(bytes + pe.opt_off - PE_MACHINE_BACK) != PE_MACHINE_X86_64 ||
	    load_le16(bytes + pe.opt_off + PE_OPT_SUBSYSTEM) != PE_EFI_APPLICATION)
		return cli_fail("%s is a PE file, but no EFI application for x86-64", path);
	err = pe_find(&pe, uki_name(UKI_LINUX), &kernel);
	if (err == -ENOENT)
		return cli_fail("%s is an EFI application, but not one that 'assay image' made: it has no section %s",
				path, uki_name(UKI_LINUX));
	return err ? cli_fail("the image %s is damaged in its section %s", path, uki_name(UKI_LINUX)) : CLI_OK;
}

int run_check_image(struct run *r) {
	const char *path = r->options.image;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int status = CLI_OK;
	void *bytes = MAP_FAILED;
	struct stat st;

	if (fd < 0) return cli_fail("cannot open the image %s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
		status = cli_fail("%s is not an EFI image", path);
	else if ((u64)st.st_size > IMAGE_LEN_MAX)
		status = cli_fail("the image %s is larger than 2 GiB", path);
	else
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (!status && bytes == MAP_FAILED) status = cli_fail("cannot read %s: %s", path, strerror(errno));
	(void)close(fd); /* only read from */
	if (status) return status;
	status = check_pe(path, bytes, (size_t)st.st_size);
	(void)munmap(bytes, (size_t)st.st_size); /* cannot fail for what was mapped */
	r->image_len = (u64)st.st_size;
	return status;
}

int run_make_esp(struct run *r) {
	struct args format = { NULL, 0 }, folders = { NULL, 0 }, copy = { NULL, 0 };
	char *log = cli_text("%s/esp.log", r->temp);
	u64 len = max_u64(align_up(r->image_len, KIB) + ESP_SPARE, ESP_LEN_MIN);
	int status;

	(void)setenv("SOURCE_DATE_EPOCH", "315532800", 1); /* 1980-01-01; no memory: the disk has today's date */
	(void)setenv("TZ", "UTC", 1);
	(void)setenv("MTOOLS_SKIP_CHECK", "1", 1);
	r->esp = cli_text("%s/esp.img", r->temp);
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
