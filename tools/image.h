/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/image.h - the steps of `assay image`, in the order in which image_cmd.c takes them.
 *
 * Context    host programs.
 * Ownership  struct image is the caller's; image_cmd.c frees what the steps put into it. Option strings are argv's.
 * Errors     0 or an exit status with the sentence printed (tools/cli.h); nothing is written before the last step.
 */
#pragma once

#include "boot/uki.h"
#include "crypto/keyring.h"
#include "crypto/sigfmt.h"
#include "tools/cli.h"
#include "tools/rootfs.h"
#include "tools/sign.h"

#define IMAGE_KEYS_MAX 16u
#define IMAGE_CMDLINE_MAX 4096u /* the kernel's limit for one text */
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
/* The value of the last NAME=VALUE before "--" in a command line, NULL when there is none. The caller frees. */
char *image_option(const char *cmdline, const char *name);
must_check int image_check_init(const struct image *im);
void image_warn_interpreters(const struct image *im);
void image_warn_signatures(const struct image *im);

/* image_pe.c: the sections and the PE file. */
must_check int image_make_sections(struct image *im);
must_check int image_make_pe(struct image *im);
/* Signs the file at path in place by the program sbsign, and reads it back into im->pe. */
must_check int image_sign_boot(struct image *im, const char *path);

/* image_reference.c: the values that a verifier expects, as JSON. */
must_check int image_make_reference(struct image *im);
