/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/image.h - the steps of `assay image`, in the order in which image_cmd.c takes them.
 *
 * Context    host programs.
 * Ownership  struct image is the caller's; image_cmd.c frees what the steps put into it. Option strings are argv's.
 * Errors     0 or an exit status with the sentence printed (tools/cli.h); nothing is written before the last step.
 */
#pragma once

#include "kernel/script.h"
#include "boot/uki.h"
#include "crypto/keyring.h"
#include "crypto/sigfmt.h"
#include "kernel/cmdline.h"
#include "tools/cli.h"
#include "tools/rootfs.h"
#include "tools/sign.h"

#define IMAGE_KEYS_MAX 16u
#define IMAGE_NAMES_MAX 10u  /* named in one warning */
#define IMAGE_BYTES_MAX (3u << 29)
#define IMAGE_KEYS_PATH "etc/keys/x509_ima.der"
#define IMAGE_POLICY_PATH "etc/ima/ima-policy"

struct image_options {
	const char *rootfs;
	const char *keys[IMAGE_KEYS_MAX], *certs[IMAGE_KEYS_MAX];
	size_t key_count, cert_count;
	const char *policy;
	const char *cmdline;
	const char *version; /* IMAGE_VERSION */
	const char *stub;    /* NULL: assay-stub.efi beside the program */
	const char *sb_key, *sb_cert;
	const char *out;
	const char *reference;
};

struct image {
	struct image_options o;
	struct sign_key *keys[IMAGE_KEYS_MAX];
	struct rootfs fs;
	struct cmdline boot;           /* what the kernel will make of --cmdline */
	struct keyring *ring;          /* what the guest's .ima will hold */
	struct buf sections[UKI_COUNT]; /* empty: the section is not written */
	struct buf pe;
	struct buf reference;
};

/* image_root.c: keys, root, policy, certificates, signatures. */
must_check int image_load_keys(struct image *im);
must_check int image_add_policy(struct image *im);
/* The kernel's own parser must accept /etc/ima/ima-policy, whoever brought it. */
must_check int image_check_policy(const struct image *im);
must_check int image_add_certs(struct image *im);
must_check int image_sign_files(struct image *im);
/* What a key signs: every ELF file, and every file with an x bit. */
bool image_is_signed(const struct rootfs_entry *entry);
/* What can run or be mapped for it: every ELF file, and scripts with an x bit. */
bool image_is_program(const struct rootfs_entry *entry);
/* The signature of a regular entry, taken apart; false when it has none that is whole. */
bool image_signature(const struct rootfs_entry *entry, struct sig_value *ret_value);

/* image_check.c: what will not work, or deserves a warning. */
must_check int image_check_outputs(const struct image *im);
void image_warn_interpreters(const struct image *im);
void image_warn_signatures(const struct image *im);

/* image_cmdline.c: the command line, and what is in force at the start. Warns; fills im->boot. */
must_check int image_check_cmdline(struct image *im);
/* With ima_policy=none the kernel does not look at the policy that the root brings. */
bool image_policy_is_ignored(const struct image *im);
void image_warn_open(const struct image *im);

/* image_exec.c: what the kernel could not run. */
must_check int image_check_mounts(const struct image *im);
must_check int image_check_init(const struct image *im);
void image_warn_programs(const struct image *im);
/* True for a script; its interpreter's name as the kernel reads it, "" when that would refuse the line. */
bool image_script(const struct rootfs_entry *entry, char ret_name[SCRIPT_LINE_MAX]);
/* Paths for a sentence: up to ten, and how many more. The text is asked for once; freed by buf_free(&names.text). */
struct image_names {
	size_t count;
	struct buf text;
};
void image_names_add(struct image_names *names, const char *path);
const char *image_names_text(struct image_names *names);

/* image_pe.c: the sections and the PE file. */
must_check int image_make_sections(struct image *im);
must_check int image_make_pe(struct image *im);
/* Signs the file at path in place by the program sbsign, and reads it back into im->pe. */
must_check int image_sign_boot(struct image *im, const char *path);

/* image_reference.c: the values that a verifier expects, as JSON. */
must_check int image_make_reference(struct image *im);
