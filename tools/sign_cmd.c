/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/sign_cmd.c - `assay sign`: signs files in place or into sidecars.
 *
 * Relies on tools/sign.c for the bytes. The label is set through the descriptor that was read, so it
 * belongs to the file whose bytes were hashed.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/commands.h"
#include "tools/sign.h"

#define READ_LEN (1u << 16)

static const char help[] =
	"Usage: assay sign FILE... --key KEY.pem [options]\n"
	"\n"
	"Signs files as 'evmctl ima_sign' does: the signature becomes the extended attribute\n"
	"security.ima of each file, or, with --sigfile, the file FILE.sig beside it.\n"
	"\n"
	"  -k, --key KEY.pem    private key: RSA 2048 to 4096 or ECDSA P-256/P-384, not encrypted\n"
	"      --cert CERT      its certificate (PEM or DER): must match; names the key by its SKID\n"
	"      --hash NAME      sha1, sha224, sha256 (default), sha384 or sha512\n"
	"  -f, --sigfile        write FILE.sig instead of the attribute (needs no privilege)\n"
	"      --help           this text\n"
	"\n"
	"Exit status: 0 all files signed; 1 a key or a file could not be used, the other files are\n"
	"signed; 2 the command line was not understood.\n";

struct options {
	const char *key;
	const char *cert;
	unsigned hash;
	bool sigfile;
};

static int parse_hash(const char *name, unsigned *ret_hash) {
	static const u8 accepted[] = { HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
	unsigned id;

	if (hash_by_name(name, strlen(name), &id) == 0 && memchr(accepted, (int)id, sizeof(accepted))) {
		*ret_hash = id;
		return 0;
	}
	return cli_usage("sign", "--hash %s is none of sha1, sha224, sha256, sha384, sha512", name);
}

/* 0, an exit status, or -1 when --help was answered. */
static int parse_options(int argc, char **argv, struct options *o) {
	static const struct option longs[] = {
		{ "key", required_argument, NULL, 'k' }, { "cert", required_argument, NULL, 'c' },
		{ "hash", required_argument, NULL, 'a' }, { "sigfile", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },	  { 0 },
	};
	int status, c;

	*o = (struct options){ .hash = HASH_SHA256 };
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":k:fh", longs, NULL)) >= 0) {
		switch (c) {
		case 'k': o->key = optarg; break;
		case 'c': o->cert = optarg; break;
		case 'a':
			status = parse_hash(optarg, &o->hash);
			if (status) return status;
			break;
		case 'f': o->sigfile = true; break;
		case 'h': return cli_print(help) ? CLI_FAILED : -1;
		default: return cli_bad_option("sign", c, argv);
		}
	}
	if (!o->key) return cli_usage("sign", "--key KEY.pem is missing");
	return optind < argc ? 0 : cli_usage("sign", "no file to sign was named");
}

static int hash_fd(int fd, const char *path, unsigned hash, struct digest *ret_digest) {
	static u8 bytes[READ_LEN];
	struct hash_ctx ctx;
	ssize_t n;

	if (hash_init(&ctx, hash)) return cli_fail("%s is not built in", hash_name(hash));
	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno != EINTR) return cli_fail("cannot read %s: %s", path, strerror(errno));
		if (n > 0) hash_update(&ctx, bytes, (size_t)n);
	}
	ret_digest->id = (u8)hash;
	ret_digest->len = (u8)hash_len(hash);
	hash_final(&ctx, ret_digest->bytes);
	return 0;
}

static int store_sidecar(const char *path, const struct sign_value *value) {
	char *name = cli_text("%s.sig", path);
	struct output out = { 0 };
	int status = output_write(&out, name, value->bytes, value->len);

	if (!status) status = output_commit(&out);
	free(name);
	return status;
}

static int store_label(int fd, const char *path, const struct sign_value *value) {
	if (fsetxattr(fd, "security.ima", value->bytes, value->len, 0) == 0) return 0;
	if (errno == EPERM || errno == EACCES)
		return cli_fail("%s: setting security.ima takes root; --sigfile writes %s.sig instead", path, path);
	if (errno == EOPNOTSUPP)
		return cli_fail("%s: its file system has no security attributes; --sigfile writes %s.sig instead", path,
				path);
	return cli_fail("%s: cannot set security.ima: %s", path, strerror(errno));
}

static int sign_file(struct sign_key *key, const struct options *o, const char *path) {
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct sign_value value;
	struct digest digest;
	struct stat st;
	int status;

	if (fd < 0) return cli_fail("cannot open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		status = cli_fail("%s is not a regular file", path);
	else
		status = hash_fd(fd, path, o->hash, &digest);
	if (!status) status = sign_digest(key, &digest, &value);
	if (!status) status = o->sigfile ? store_sidecar(path, &value) : store_label(fd, path, &value);
	(void)close(fd); /* only read from */
	return status;
}

int cmd_sign(int argc, char **argv) {
	struct options o;
	struct sign_key *key = NULL;
	size_t total;
	int status = parse_options(argc, argv, &o);

	if (status) return status < 0 ? CLI_OK : status;
	status = sign_key_load(o.key, o.cert, &key);
	if (status) return status;
	total = (size_t)(argc - optind);
	for (size_t i = 0; i < total; i++) {
		int one = sign_file(key, &o, argv[optind + (int)i]);

		status = status ? status : one;
		cli_progress("signed", i + 1, total);
	}
	sign_key_free(key);
	return status;
}
