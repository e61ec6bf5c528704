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
	char path[SCRIPT_LINE_MAX];

	return image_script(entry, path) ? rootfs_resolve(fs, path) : NULL;
}

#define INTERPRETER_NAMES_MAX 8u

/* An interpreter, and the names under which it is known: sorted, so that the order of the entries does not show. */
struct found {
	const struct rootfs_entry *entry;
	const char *names[INTERPRETER_NAMES_MAX];
	size_t count;
	bool scripts; /* "#!" lines name it */
};

static struct found *find_interpreter(struct found **list, size_t *count, const struct rootfs_entry *entry) {
	for (size_t i = 0; i < *count; i++) {
		if ((*list)[i].entry == entry) return &(*list)[i];
	}
	*list = cli_grow(*list, (*count + 1) * sizeof(**list));
	(*list)[*count] = (struct found){ .entry = entry };
	return &(*list)[(*count)++];
}

/* Of too many names the first by the alphabet stay. */
static void note_name(struct found *f, const char *name) {
	size_t at = 0, last;

	while (at < f->count && strcmp(f->names[at], name) < 0) at++;
	if (at == INTERPRETER_NAMES_MAX || (at < f->count && strcmp(f->names[at], name) == 0)) return;
	last = f->count < INTERPRETER_NAMES_MAX ? f->count++ : f->count - 1;
	memmove(f->names + at + 1, f->names + at, (last - at) * sizeof(*f->names));
	f->names[at] = name;
}

static void note_entry(const struct rootfs *fs, const struct rootfs_entry *entry, struct found **list, size_t *count) {
	const char *name = interpreter_of(entry->path);
	const struct rootfs_entry *target = S_ISREG(entry->mode) || !name ? entry : rootfs_resolve(fs, entry->path);

	if (target && target->link) target = target->link;
	if (name && target && image_is_program(target)) note_name(find_interpreter(list, count, target), name);
	if (!image_is_program(entry) || entry->link) return;
	target = script_interpreter(fs, entry);
	if (target && image_is_program(target)) find_interpreter(list, count, target)->scripts = true;
}

static int by_entry(const void *a, const void *b) {
	return strcmp(((const struct found *)a)->entry->path, ((const struct found *)b)->entry->path);
}

void image_warn_interpreters(const struct image *im) {
	struct found *list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < im->fs.count; i++) note_entry(&im->fs, im->fs.entries[i], &list, &count);
	if (count) qsort(list, count, sizeof(*list), by_entry);
	for (size_t i = 0; i < count; i++) {
		struct buf names = { 0 };

		for (size_t k = 0; k < list[i].count; k++) buf_format(&names, "%s%s", k ? ", " : "", list[i].names[k]);
		if (list[i].scripts) buf_text(&names, names.len ? ", #!" : "#!");
		cli_warn("/%s is an interpreter (%.*s): what it reads by itself is data, "
			 "measured only by a FILE_CHECK rule", list[i].entry->path, (int)names.len,
			 (const char *)names.bytes);
		buf_free(&names);
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
	struct image_names names[FAULT_COUNT] = { 0 };

	for (size_t i = 0; i < im->fs.count; i++) {
		const struct rootfs_entry *entry = im->fs.entries[i];
		enum fault f;

		cli_progress("checked files:", i, im->fs.count);
		if (entry->link || !image_is_program(entry)) continue;
		f = judge(im, entry);
		if (f != FAULT_NONE) image_names_add(&names[f], entry->path);
	}
	cli_progress("", 1, 1);
	for (size_t f = FAULT_UNSIGNED; f < FAULT_COUNT; f++) {
		size_t count = names[f].count;

		if (count)
			cli_warn("%zu program%s %s (%s): the default policy refuses such files", count,
				 count == 1 ? "" : "s", texts[f], image_names_text(&names[f]));
		buf_free(&names[f].text);
	}
}
