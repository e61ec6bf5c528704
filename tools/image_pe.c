/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/image_pe.c - the sections of an image, and the PE file with them.
 *
 * Sections stand in the file in the order of boot/uki.h. The bytes depend on the inputs alone, the
 * Authenticode signature excepted, which sbsign makes with the time of day in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base/port.h"
#include "kernel/version.h"
#include "tools/image.h"
#include "tools/pewrite.h"

#define STUB_NAME "assay-stub.efi"
#define STUB_MAX (256u << 20)

static const char own_osrel[] =
	"NAME=\"Assay appliance\"\n"
	"ID=assay\n"
	"VERSION_ID=" ASSAY_VERSION "\n"
	"PRETTY_NAME=\"Assay appliance\"\n";

static const char sbat[] =
	"sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"
	"assay,1,Assay,assay," ASSAY_VERSION ",https://uapi-group.org/specifications/specs/unified_kernel_image/\n";

/* Copies os-release without a line IMAGE_VERSION=, and adds ours. */
static void make_osrel(struct image *im, struct buf *out) {
	const struct rootfs_entry *found = rootfs_resolve(&im->fs, "etc/os-release");
	struct span text = { (const u8 *)own_osrel, sizeof(own_osrel) - 1 };

	if (!found || !S_ISREG(found->mode)) found = rootfs_resolve(&im->fs, "usr/lib/os-release");
	if (found && S_ISREG(found->mode) && found->data.len)
		text = (struct span){ found->data.bytes, found->data.len };
	while (text.len) {
		const u8 *end = memchr(text.base, '\n', text.len);
		size_t len = end ? (size_t)(end - text.base) + 1 : text.len;

		if (!im->o.version || len < 14 || memcmp(text.base, "IMAGE_VERSION=", 14) != 0)
			buf_append(out, text.base, len);
		text.base += len;
		text.len -= len;
	}
	if (!im->o.version) return;
	if (out->len && out->bytes[out->len - 1] != '\n') buf_text(out, "\n");
	buf_format(out, "IMAGE_VERSION=%s\n", im->o.version);
}

int image_make_sections(struct image *im) {
	const char *text = im->o.cmdline;

	if (text)
		buf_text(&im->sections[UKI_CMDLINE], *text ? text : " "); /* an empty section would be no section */
	make_osrel(im, &im->sections[UKI_OSREL]);
	rootfs_write_pax(&im->fs, &im->sections[UKI_INITRD]);
	buf_text(&im->sections[UKI_UNAME], ASSAY_RELEASE);
	buf_text(&im->sections[UKI_SBAT], sbat);
	return 0;
}

static char *stub_beside_program(void) {
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len < 0) return cli_text("%s", STUB_NAME);
	self[len] = '\0';
	slash = strrchr(self, '/');
	return cli_text("%.*s/%s", slash ? (int)(slash - self) : 0, self, STUB_NAME);
}

static int write_pe(struct image *im, const struct buf *stub, const char *stub_path) {
	struct pe_section_in in[UKI_COUNT];
	const char *why = "";
	size_t count = 0, len = 0;
	u8 *pe = NULL;

	for (unsigned i = 0; i < UKI_COUNT; i++) {
		const struct buf *b = &im->sections[i];

		if (b->len) in[count++] = (struct pe_section_in){ uki_name(i), b->bytes, b->len };
	}
	if (pewrite_append(stub->bytes, stub->len, in, count, &pe, &len, &why))
		return cli_fail("%s cannot carry the image: %s", stub_path, why);
	buf_append(&im->pe, pe, len);
	port_free(pe);
	return 0;
}

int image_make_pe(struct image *im) {
	char *path = im->o.stub ? cli_text("%s", im->o.stub) : stub_beside_program();
	struct buf stub = { 0 };
	int status = cli_read_file(path, STUB_MAX, &stub);

	if (!status) status = write_pe(im, &stub, path);
	buf_free(&stub);
	free(path);
	return status;
}

/* Runs sbsign with its output into *said; its wait status in *ret_status. */
static int run_sbsign(char *const argv[], struct buf *said, int *ret_status) {
	posix_spawn_file_actions_t actions;
	int pipe_fd[2], err, status;
	pid_t child;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0 || posix_spawn_file_actions_init(&actions))
		return cli_fail("cannot start sbsign: %s", strerror(errno));
	err = posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], STDOUT_FILENO);
	err = err ? err : posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], STDERR_FILENO);
	err = err ? err : posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions); /* cannot fail */
	(void)close(pipe_fd[1]); /* ours; the child has its own */
	if (err) {
		(void)close(pipe_fd[0]); /* the failure is told */
		return cli_fail(err == ENOENT ? "--sb-key needs the program sbsign (Debian package sbsigntool): %s" :
						"cannot start sbsign: %s", strerror(err));
	}
	status = cli_read_fd(pipe_fd[0], "what sbsign says", 1u << 20, said);
	(void)close(pipe_fd[0]); /* only read from */
	while (waitpid(child, ret_status, 0) < 0 && errno == EINTR) ;
	buf_append(said, "", 1);
	return status;
}

int image_sign_boot(struct image *im, const char *path) {
	char *argv[] = { cli_text("sbsign"), cli_text("--key"), cli_text("%s", im->o.sb_key),
			 cli_text("--cert"), cli_text("%s", im->o.sb_cert), cli_text("--output"),
			 cli_text("%s", path), cli_text("%s", path), NULL };
	struct buf said = { 0 };
	int wait_status = -1;
	int status = run_sbsign(argv, &said, &wait_status);

	if (!status && wait_status != 0)
		status = cli_fail("sbsign could not sign with the key %s and the certificate %s: %.*s", im->o.sb_key,
				  im->o.sb_cert, (int)strcspn((const char *)said.bytes, "\n"),
				  (const char *)said.bytes);
	if (!status) {
		im->pe.len = 0;
		status = cli_read_file(path, IMAGE_BYTES_MAX, &im->pe);
	}
	for (size_t i = 0; argv[i]; i++) free(argv[i]);
	buf_free(&said);
	return status;
}
