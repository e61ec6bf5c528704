/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/mkstub.c - `mkstub STUB.elf KERNEL.elf -o OUT.efi`: the PE file that `assay image` starts from.
 *
 * A tool of the build: the linked stub becomes a PE file, the kernel its section .linux.
 */
#include <string.h>

#include "boot/uki.h"
#include "kernel/base/port.h"
#include "tools/cli.h"
#include "tools/pewrite.h"

#define FILE_LEN_MAX (64u << 20)

static int make(const struct buf *stub, const struct buf *kernel, const char *out_path) {
	struct pe_section_in linux_section = { uki_name(UKI_LINUX), kernel->bytes, kernel->len };
	struct output out = { NULL, NULL };
	const char *why = "unknown reason";
	u8 *bare, *pe;
	size_t bare_len, len;
	int err;

	if (pewrite_stub(stub->bytes, stub->len, &bare, &bare_len, &why)) return cli_fail("%s", why);
	err = pewrite_append(bare, bare_len, &linux_section, 1, &pe, &len, &why);
	port_free(bare);
	if (err) return cli_fail("%s", why);
	err = output_write(&out, out_path, pe, len);
	port_free(pe);
	return err ? err : output_commit(&out);
}

int main(int argc, char **argv) {
	struct buf stub = { 0 }, kernel = { 0 };
	int err;

	if (argc != 5 || strcmp(argv[3], "-o") != 0)
		return cli_usage("mkstub", "give STUB.elf KERNEL.elf -o OUT.efi");
	err = cli_read_file(argv[1], FILE_LEN_MAX, &stub);
	if (!err) err = cli_read_file(argv[2], FILE_LEN_MAX, &kernel);
	if (!err) err = make(&stub, &kernel, argv[4]);
	buf_free(&stub);
	buf_free(&kernel);
	return err;
}
