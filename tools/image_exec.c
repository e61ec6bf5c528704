/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/image_exec.c - which files of a root the guest's kernel could not run.
 *
 * kernel/elf.c decides about ELF files, as it does in the guest; kernel/script.c about "#!" lines, which are followed
 * as kernel/exec.c does. Whether a program will be appraised is another question (image_check.c).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/elf.h"
#include "tools/image.h"

/* Where the kernel mounts its own. */
static const char *const mounts[] = { "dev", "proc", "sys" };

int image_check_mounts(const struct image *im) {
	for (size_t i = 0; i < ARRAY_COUNT(mounts); i++) {
		const struct rootfs_entry *there = rootfs_find(&im->fs, mounts[i]);
		const struct rootfs_entry *entry = there ? rootfs_resolve(&im->fs, mounts[i]) : NULL;

		if (there && !(entry && S_ISDIR(entry->mode)))
			return cli_fail("/%s of %s is no directory, and the kernel would halt: it mounts its own there",
					mounts[i], im->o.rootfs);
	}
	return 0;
}

static bool is_hidden(const struct rootfs_entry *entry) {
	for (size_t i = 0; i < ARRAY_COUNT(mounts); i++) {
		size_t len = strlen(mounts[i]);

		if (strncmp(entry->path, mounts[i], len) == 0 && entry->path[len] == '/') return true;
	}
	return false;
}

static const char *elf_fault(const struct buf *file) {
	struct elf_plan plan;
	const char *why = elf_parse_header((struct span){ file->bytes, file->len }, file->len, &plan);

	/* The table lies in the file now. */
	return why ? why : elf_parse_segments(&plan, (struct span){ file->bytes + plan.phdr_off,
					      plan.phdr_count * (size_t)ELF_PHDR_LEN }, file->len);
}

static bool begins(const struct rootfs_entry *entry, const char *text) {
	return entry->data.len >= strlen(text) && memcmp(entry->data.bytes, text, strlen(text)) == 0;
}

static const char *file_fault(const struct rootfs_entry *entry) {
	if (begins(entry, "\177ELF")) return elf_fault(&entry->data);
	return entry->data.len ? "is neither an ELF file nor a script that begins with '#!'" : "is empty";
}

bool image_script(const struct rootfs_entry *entry, char ret_name[SCRIPT_LINE_MAX]) {
	size_t len = entry->data.len < SCRIPT_LINE_MAX ? entry->data.len : SCRIPT_LINE_MAX;
	struct script script;

	if (!script_begins(entry->data.bytes, len)) return false;
	*ret_name = '\0';
	if (script_parse((const char *)entry->data.bytes, len, &script) == 0)
		memcpy(ret_name, script.interpreter, sizeof(script.interpreter));
	return true;
}

static bool is_executable(const struct rootfs_entry *entry) { return S_ISREG(entry->mode) && entry->mode & 0111; }

/* Why the file cannot be run, as a sentence; NULL when it can. The caller frees. */
static char *run_fault(const struct rootfs *fs, const struct rootfs_entry *entry) {
	char name[SCRIPT_LINE_MAX];
	const char *why;

	for (unsigned depth = 0; !is_hidden(entry); depth++) {
		const struct rootfs_entry *script = entry;

		if (!image_script(entry, name)) {
			why = file_fault(entry);
			return why ? cli_text("/%s %s", entry->path, why) : NULL;
		}
		if (depth == SCRIPT_DEPTH_MAX)
			return cli_text("more than %u scripts follow each other, up to /%s", depth, entry->path);
		if (!*name) return cli_text("/%s names no interpreter behind '#!', or too long a one", entry->path);
		entry = rootfs_resolve(fs, name);
		if (!entry || !is_executable(entry))
			return cli_text("/%s is a script for %s, which is %s", script->path, name,
					entry ? "not executable" : "not in the root");
	}
	return cli_text("/%s lies where the kernel mounts its own /dev, /proc and /sys", entry->path);
}

int image_check_init(const struct image *im) {
	const char *path = im->boot.init, *root = im->o.rootfs;
	const struct rootfs_entry *entry = rootfs_resolve(&im->fs, path);
	char *why = NULL;
	int status = 0;

	if (!entry && strcmp(path, "/init") == 0)
		status = cli_fail("%s has no /init, and no --cmdline names another program with init=", root);
	else if (!entry)
		status = cli_fail("%s, which --cmdline names as init, is not in %s", path, root);
	else if (!S_ISREG(entry->mode))
		status = cli_fail("%s of %s is not a regular file", path, root);
	else if (!is_executable(entry))
		status = cli_fail("%s of %s is not executable (chmod +x)", path, root);
	else if ((why = run_fault(&im->fs, entry)))
		status = cli_fail("the kernel could not run %s of %s: %s", path, root, why);
	free(why);
	return status;
}

void image_names_add(struct image_names *names, const char *path) {
	if (names->count++ < IMAGE_NAMES_MAX) buf_format(&names->text, "%s/%s", names->text.len ? ", " : "", path);
}

const char *image_names_text(struct image_names *names) {
	if (names->count > IMAGE_NAMES_MAX) buf_format(&names->text, " and %zu more", names->count - IMAGE_NAMES_MAX);
	buf_append(&names->text, "", 1);
	return (const char *)names->text.bytes;
}

/* Of one file, without following its interpreter: that one is named for itself. */
static const char *own_fault(const struct rootfs *fs, const struct rootfs_entry *entry) {
	char name[SCRIPT_LINE_MAX];

	if (!is_executable(entry) || entry->link) return NULL;
	if (begins(entry, "\177ELF")) return elf_fault(&entry->data);
	if (!image_script(entry, name)) return NULL; /* for a shell, or no program at all */
	if (!*name) return "names no interpreter behind '#!'";
	return rootfs_resolve(fs, name) ? NULL : "is a script whose interpreter is not in the root";
}

void image_warn_programs(const struct image *im) {
	struct fault {
		const char *why;
		struct image_names names;
	} *faults = NULL;
	size_t count = 0;

	for (size_t i = 0; i < im->fs.count; i++) {
		const char *why = own_fault(&im->fs, im->fs.entries[i]);
		size_t at = 0;

		while (why && at < count && strcmp(faults[at].why, why) != 0) at++;
		if (why && at == count) {
			faults = cli_grow(faults, ++count * sizeof(*faults));
			faults[at] = (struct fault){ .why = why };
		}
		if (why) image_names_add(&faults[at].names, im->fs.entries[i]->path);
	}
	for (size_t i = 0; i < count; i++) {
		size_t programs = faults[i].names.count;

		cli_warn("%zu program%s cannot run: %s %s (%s)", programs, programs == 1 ? "" : "s",
			 programs == 1 ? "it" : "each", faults[i].why, image_names_text(&faults[i].names));
		buf_free(&faults[i].names.text);
	}
	free(faults);
}
