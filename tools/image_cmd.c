/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/image_cmd.c - `assay image`: options, and the order of the steps.
 *
 * Invariant: outputs appear after every step succeeded, each by one rename.
 */
#include <getopt.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/image.h"

static const char help[] =
	"Usage: assay image --rootfs DIR|TAR [options] -o OUT.efi\n"
	"\n"
	"Packs a root file system, a command line and a kernel into one EFI file. The same\n"
	"inputs give the same bytes. Never needs root: entries of a DIR become owned by 0:0\n"
	"with time 0; a TAR (also compressed) keeps its ownership, order and attributes.\n"
	"\n"
	"  --rootfs DIR|TAR     what becomes /; NAME.sig beside NAME is taken as its signature:\n"
	"                       refused when it is empty, cut, a digest or of version 1; a file\n"
	"                       that is nothing of IMA's stays a file, with a warning\n"
	"  --sign-key KEY.pem   signs every program and the policy, where no signature is yet;\n"
	"                       with several pairs the first signs and all are trusted\n"
	"  --cert CERT          certificate (PEM or DER) of the preceding --sign-key; goes to\n"
	"                       /etc/keys/x509_ima.der\n"
	"  --policy FILE        becomes /etc/ima/ima-policy; the kernel's parser must accept it\n"
	"  --cmdline TEXT       the measured command line. The security options (ima_appraise=,\n"
	"                       ima_policy= and all other ima_*, evm=, assay.*, init=) count only\n"
	"                       here, never in load options; of the other load options then count\n"
	"                       those that assay.allow= names. A value that would halt the kernel is\n"
	"                       refused; what it would ignore, or lets nothing be refused, is warned of\n"
	"  --image-version N    IMAGE_VERSION of the image's os-release\n"
	"  --stub FILE          stub with the kernel (default: assay-stub.efi beside this program)\n"
	"  --sb-key KEY         signs the EFI file for Secure Boot (by sbsign) ...\n"
	"  --sb-cert CERT.pem   ... with this certificate\n"
	"  -o, --output OUT.efi the image\n"
	"  --reference OUT.json digests and PCR values that a verifier will expect\n"
	"  --help               this text\n"
	"\n"
	"Exit status: 0 done; 1 refused or failed, and no file was written; 2 the command line was\n"
	"not understood. Warnings are printed when the image was made.\n";

enum { OPT_ROOTFS = 256, OPT_KEY, OPT_CERT, OPT_POLICY, OPT_CMDLINE, OPT_VERSION, OPT_STUB, OPT_SB_KEY, OPT_SB_CERT,
       OPT_REFERENCE };

static const struct option longs[] = {
	{ "rootfs", required_argument, NULL, OPT_ROOTFS },
	{ "sign-key", required_argument, NULL, OPT_KEY },
	{ "cert", required_argument, NULL, OPT_CERT },
	{ "policy", required_argument, NULL, OPT_POLICY },
	{ "cmdline", required_argument, NULL, OPT_CMDLINE },
	{ "image-version", required_argument, NULL, OPT_VERSION },
	{ "stub", required_argument, NULL, OPT_STUB },
	{ "sb-key", required_argument, NULL, OPT_SB_KEY },
	{ "sb-cert", required_argument, NULL, OPT_SB_CERT },
	{ "output", required_argument, NULL, 'o' },
	{ "reference", required_argument, NULL, OPT_REFERENCE },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int set_option(struct image_options *o, int c, const char *value) {
	const char **single[] = {
		[OPT_ROOTFS - OPT_ROOTFS] = &o->rootfs,	  [OPT_POLICY - OPT_ROOTFS] = &o->policy,
		[OPT_CMDLINE - OPT_ROOTFS] = &o->cmdline, [OPT_VERSION - OPT_ROOTFS] = &o->version,
		[OPT_STUB - OPT_ROOTFS] = &o->stub,	  [OPT_SB_KEY - OPT_ROOTFS] = &o->sb_key,
		[OPT_SB_CERT - OPT_ROOTFS] = &o->sb_cert, [OPT_REFERENCE - OPT_ROOTFS] = &o->reference,
	};
	const char **target = c == 'o' ? &o->out : c == OPT_KEY || c == OPT_CERT ? NULL : single[c - OPT_ROOTFS];

	if (!*value && c != OPT_CMDLINE) return cli_usage("image", "the value of an option is empty");
	if (target) {
		if (*target) return cli_usage("image", "an option is given twice (%s and %s)", *target, value);
		*target = value;
		return 0;
	}
	if (o->key_count == IMAGE_KEYS_MAX && c == OPT_KEY)
		return cli_usage("image", "there are more than %u --sign-key", IMAGE_KEYS_MAX);
	if (c == OPT_KEY)
		o->keys[o->key_count++] = value;
	else if (o->cert_count < IMAGE_KEYS_MAX)
		o->certs[o->cert_count++] = value;
	return 0;
}

static int check_options(const struct image_options *o) {
	static const char version_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~^-";

	if (!o->rootfs) return cli_usage("image", "--rootfs DIR|TAR is missing");
	if (!o->out) return cli_usage("image", "-o OUT.efi is missing");
	if (o->key_count != o->cert_count)
		return cli_usage("image", "each --sign-key needs its --cert, and there are %zu and %zu", o->key_count,
				 o->cert_count);
	if (!o->sb_key != !o->sb_cert)
		return cli_usage("image", "--sb-key and --sb-cert are given together or not at all");
	if (o->version && (!*o->version || o->version[strspn(o->version, version_chars)]))
		return cli_usage("image", "--image-version may hold letters, digits and . _ + ~ ^ - only");
	if (o->reference && strcmp(o->reference, o->out) == 0)
		return cli_usage("image", "-o and --reference name the same file");
	return 0;
}

/* 0, an exit status, or -1 when --help was answered. */
static int parse_options(int argc, char **argv, struct image_options *o) {
	int c, status;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, "+:o:h", longs, NULL)) >= 0) {
		if (c == 'h') return cli_print(help) ? CLI_FAILED : -1;
		if (c == '?' || c == ':') return cli_bad_option("image", c, argv);
		status = set_option(o, c, optarg);
		if (status) return status;
	}
	if (optind < argc) return cli_usage("image", "'%s' is no option", argv[optind]);
	return check_options(o);
}

static int build(struct image *im) {
	int status = image_check_outputs(im);

	status = status ? status : image_check_cmdline(im);
	status = status ? status : image_load_keys(im);
	status = status ? status : rootfs_load(&im->fs, im->o.rootfs);
	status = status ? status : image_add_policy(im);
	status = status ? status : image_check_policy(im);
	status = status ? status : image_add_certs(im);
	status = status ? status : image_sign_files(im);
	status = status ? status : image_check_mounts(im);
	status = status ? status : image_check_init(im);
	if (!status) {
		image_warn_open(im);
		image_warn_programs(im);
		image_warn_interpreters(im);
		image_warn_signatures(im);
	}
	status = status ? status : image_make_sections(im);
	status = status ? status : image_make_pe(im);
	return status;
}

static int write_outputs(struct image *im) {
	struct output efi = { 0 }, json = { 0 };
	int status = output_write(&efi, im->o.out, im->pe.bytes, im->pe.len);

	if (!status && im->o.sb_key) status = image_sign_boot(im, efi.temp);
	if (!status && im->o.reference) status = image_make_reference(im);
	if (!status && im->o.reference)
		status = output_write(&json, im->o.reference, im->reference.bytes, im->reference.len);
	if (!status) status = output_commit(&efi);
	if (!status && im->o.reference) status = output_commit(&json);
	output_discard(&efi);
	output_discard(&json);
	return status;
}

static void done(struct image *im) {
	for (size_t i = 0; i < IMAGE_KEYS_MAX; i++) sign_key_free(im->keys[i]);
	for (unsigned i = 0; i < UKI_COUNT; i++) buf_free(&im->sections[i]);
	keyring_free(im->ring);
	rootfs_free(&im->fs);
	buf_free(&im->pe);
	buf_free(&im->reference);
}

int cmd_image(int argc, char **argv) {
	struct image im = { 0 };
	int status = parse_options(argc, argv, &im.o);

	if (status) return status < 0 ? CLI_OK : status;
	cli_hold_warnings();
	status = build(&im);
	if (!status) status = write_outputs(&im);
	cli_release_warnings(!status);
	done(&im);
	return status;
}
