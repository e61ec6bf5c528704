/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/image_check.c - what in a root will not work, and what deserves a warning.
 *
 * Nothing is changed here. Warnings tell where the promises end: an interpreter reads by
 * itself what no exec rule sees.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/image.h"

#define NAMES_MAX 10u /* named in one warning */

static bool same_file(const struct stat *out, const char *in) {
	struct stat st;

	return in && stat(in, &st) == 0 && st.st_dev == out->st_dev && st.st_ino == out->st_ino;
}

/* An output must not take the place of an input. */
static int check_output(const struct image_options *o, const char *out) {
	const char *inputs[5 + 2 * IMAGE_KEYS_MAX] = { o->rootfs, o->policy, o->stub, o->sb_key, o->sb_cert };
	struct stat st;
	int status = output_check(out);

	if (status || stat(out, &st) < 0) return status;
	memcpy(inputs + 5, o->keys, sizeof(o->keys));
	memcpy(inputs + 5 + IMAGE_KEYS_MAX, o->certs, sizeof(o->certs));
	for (size_t i = 0; i < ARRAY_COUNT(inputs); i++) {
		if (same_file(&st, inputs[i]))
			return cli_fail("the output %s would take the place of the input %s", out, inputs[i]);
	}
	return 0;
}

/* The output's own name in a folder without symbolic links; the caller frees. */
static char *real_name(const char *out) {
	const char *slash = strrchr(out, '/');
	char *folder = slash ? cli_text("%.*s", (int)(slash - out) + 1, out) : cli_text(".");
	char *real = realpath(folder, NULL);
	char *name = cli_text("%s/%s", real ? real : folder, slash ? slash + 1 : out);

	free(folder);
	free(real);
	return name;
}

/* A root that holds the outputs packs them the next time. */
static void warn_inside_root(const char *rootfs, const char *out) {
	char *root = realpath(rootfs, NULL), *real = real_name(out);
	size_t len = root ? strlen(root) : 0;

	if (len && strncmp(root, real, len) == 0 && real[len] == '/')
		cli_warn("%s lies in the root %s: the next image from it will hold this one", out, rootfs);
	free(root);
	free(real);
}

static int check_apart(const struct image_options *o) {
	char *out = real_name(o->out), *reference = real_name(o->reference);
	bool same = strcmp(out, reference) == 0;

	free(out);
	free(reference);
	return same ? cli_fail("-o and --reference name the same file, %s", o->reference) : 0;
}

int image_check_outputs(const struct image *im) {
	int status = check_output(&im->o, im->o.out);

	if (!status && im->o.reference) status = check_output(&im->o, im->o.reference);
	if (!status && im->o.reference) status = check_apart(&im->o);
	if (status) return status;
	warn_inside_root(im->o.rootfs, im->o.out);
	if (im->o.reference) warn_inside_root(im->o.rootfs, im->o.reference);
	return 0;
}

/* '-' and '_' are the same in the names of options. */
static bool has_name(const char *word, const char *name) {
	for (; *name; name++, word++) {
		if ((*word == '-' ? '_' : *word) != *name) return false;
	}
	return true;
}

/* Double quotes keep spaces together, as in the guest. */
char *image_option(const char *cmdline, const char *name) {
	size_t name_len = strlen(name);
	char *value = NULL;

	while (*cmdline) {
		bool quoted = false;
		size_t len = 0;

		cmdline += strspn(cmdline, " \t\n");
		while (cmdline[len] && (quoted || !strchr(" \t\n", cmdline[len]))) {
			quoted ^= cmdline[len] == '"';
			len++;
		}
		if (len == 2 && memcmp(cmdline, "--", 2) == 0) break;
		if (len > name_len && has_name(cmdline, name)) {
			free(value);
			value = cli_text("%.*s", (int)(len - name_len), cmdline + name_len);
		}
		cmdline += len;
	}
	return value;
}

int image_check_init(const struct image *im) {
	char *given = im->o.cmdline ? image_option(im->o.cmdline, "init=") : NULL;
	const char *path = given ? given : "/init";
	const struct rootfs_entry *entry = rootfs_resolve(&im->fs, path);
	int status = 0;

	if (!entry && !given)
		status = cli_fail("%s has no /init, and no --cmdline names another program with init=", im->o.rootfs);
	else if (!entry)
		status = cli_fail("%s, which --cmdline names as init, is not in %s", path, im->o.rootfs);
	else if (!S_ISREG(entry->mode))
		status = cli_fail("%s of %s is not a regular file", path, im->o.rootfs);
	else if (!(entry->mode & 0111))
		status = cli_fail("%s of %s is not executable (chmod +x)", path, im->o.rootfs);
	free(given);
	return status;
}

static const char *const interpreters[] = {
	"sh", "ash", "bash", "dash", "hush", "ksh", "mksh", "zsh", "csh", "tcsh", "fish", "rc", "busybox", "toybox",
	"python", "perl", "ruby", "lua", "luajit", "tclsh", "php", "node", "nodejs", "guile", "awk", "gawk", "mawk",
	"nawk", "original-awk", "sed", "ed", "bc", "dc", "m4", "gdb", "java", "qjs", "ocaml", "expect", "vim", "emacs",
};

/* "python3.11" is python: a version may follow the name. */
static const char *interpreter_of(const char *path) {
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_COUNT(interpreters); i++) {
		size_t len = strlen(interpreters[i]);

		if (strncmp(base, interpreters[i], len) == 0 && base[len + strspn(base + len, "0123456789.-")] == '\0')
			return interpreters[i];
	}
	return NULL;
}

/* The program named after "#!"; NULL when the file is no script or names none. */
static struct rootfs_entry *script_interpreter(const struct rootfs *fs, const struct rootfs_entry *entry) {
	char path[256];
	size_t len = 0, at = 2;
	const struct buf *text = &entry->data;

	if (text->len < 3 || memcmp(text->bytes, "#!", 2) != 0) return NULL;
	while (at < text->len && (text->bytes[at] == ' ' || text->bytes[at] == '\t')) at++;
	while (at < text->len && len < sizeof(path) - 1 && !strchr(" \t\r\n", text->bytes[at]))
		path[len++] = (char)text->bytes[at++];
	path[len] = '\0';
	return rootfs_resolve(fs, path);
}

struct found {
	const struct rootfs_entry *entry;
	struct buf names; /* under which it is known, ", " between */
};

static void note_name(struct found **list, size_t *count, const struct rootfs_entry *entry, const char *name) {
	struct found *f = NULL;

	for (size_t i = 0; i < *count; i++) {
		if ((*list)[i].entry == entry) f = &(*list)[i];
	}
	if (!f) {
		*list = cli_grow(*list, (*count + 1) * sizeof(**list));
		f = &(*list)[(*count)++];
		*f = (struct found){ .entry = entry };
	}
	if (f->names.len && (strstr((const char *)f->names.bytes, name) || f->names.len > 60)) return;
	if (f->names.len) buf_text(&f->names, ", ");
	buf_text(&f->names, name);
	buf_append(&f->names, "", 1);
	f->names.len--;
}

static void note_entry(const struct rootfs *fs, const struct rootfs_entry *entry, struct found **list, size_t *count) {
	const char *name = interpreter_of(entry->path);
	const struct rootfs_entry *target = S_ISREG(entry->mode) || !name ? entry : rootfs_resolve(fs, entry->path);

	if (target && target->link) target = target->link;
	if (name && target && image_is_program(target)) note_name(list, count, target, name);
	if (!image_is_program(entry) || entry->link) return;
	target = script_interpreter(fs, entry);
	if (target && image_is_program(target))
		note_name(list, count, target, "#!");
}

void image_warn_interpreters(const struct image *im) {
	struct found *list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < im->fs.count; i++) note_entry(&im->fs, im->fs.entries[i], &list, &count);
	for (size_t i = 0; i < count; i++) {
		cli_warn("/%s is an interpreter (%s): what it reads by itself is data, "
			 "measured only by a FILE_CHECK rule", list[i].entry->path, (const char *)list[i].names.bytes);
		buf_free(&list[i].names);
	}
	free(list);
}

enum fault { FAULT_NONE, FAULT_UNSIGNED, FAULT_BROKEN, FAULT_NO_KEY, FAULT_MISMATCH, FAULT_COUNT };

static enum fault judge(const struct image *im, const struct rootfs_entry *entry) {
	struct sig_value sig;
	struct digest digest;
	int err;

	if (!rootfs_xattr(entry, LABEL_IMA)) return FAULT_UNSIGNED;
	if (!image_signature(entry, &sig)) return FAULT_BROKEN;
	if (sig.version != 2 || hash_bytes(sig.hash, entry->data.bytes, entry->data.len, &digest))
		return FAULT_NONE; /* another kind: the guest knows */
	err = keyring_verify(im->ring, sig.key_id, &digest, sig.sig);
	return err == -ENOKEY ? FAULT_NO_KEY : err ? FAULT_MISMATCH : FAULT_NONE;
}

void image_warn_signatures(const struct image *im) {
	static const char *const texts[FAULT_COUNT] = {
		[FAULT_UNSIGNED] = "without a signature",
		[FAULT_BROKEN] = "with a security.ima label that is no whole signature",
		[FAULT_NO_KEY] = "signed with a key of which /" IMAGE_KEYS_PATH " holds no certificate",
		[FAULT_MISMATCH] = "with a signature that does not fit the content",
	};
	size_t counts[FAULT_COUNT] = { 0 };
	struct buf names[FAULT_COUNT] = { 0 };

	for (size_t i = 0; i < im->fs.count; i++) {
		const struct rootfs_entry *entry = im->fs.entries[i];
		enum fault f;

		cli_progress("checked files:", i, im->fs.count);
		if (entry->link || !image_is_program(entry)) continue;
		f = judge(im, entry);
		if (counts[f]++ < NAMES_MAX) buf_format(&names[f], "%s/%s", names[f].len ? ", " : "", entry->path);
	}
	cli_progress("", 1, 1);
	for (size_t f = FAULT_UNSIGNED; f < FAULT_COUNT; f++) {
		if (counts[f] > NAMES_MAX) buf_format(&names[f], " and %zu more", counts[f] - NAMES_MAX);
		if (counts[f])
			cli_warn("%zu program%s %s (%.*s): the default policy refuses such files", counts[f],
				 counts[f] == 1 ? "" : "s", texts[f], (int)names[f].len, (const char *)names[f].bytes);
		buf_free(&names[f]);
	}
	buf_free(&names[FAULT_NONE]);
}
