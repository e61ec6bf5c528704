/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/test_image.c - `assay image` as a user calls it, judged by tar, Python, sbsign and evmctl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boot/pe.h"
#include "kernel/base/base.h"
#include "kernel/exec_image.h"
#include "tests/fake/scratch.h"
#include "tools/commands.h"
#include "tools/image.h"

#define KEYS "tests/golden/keys/"
#define SIGN " --sign-key " KEYS "rsa2048.key --cert " KEYS "rsa2048.pem"
#define IMAGE "image --stub @stub.efi --rootfs @tree "

/* What Python sees: s = sections of the image, r = the reference, t = the tar. */
#define PYTHON(code)                                                                                                  \
	"python3 -c \"import hashlib,io,json,os,struct,sys,tarfile\n"                                                 \
	"D = os.environ['D']; d = open(D + '/o.efi', 'rb').read(); r = json.load(open(D + '/o.json'))\n"              \
	"pe = struct.unpack_from('<I', d, 60)[0]; n, = struct.unpack_from('<H', d, pe + 6); s = {}\n"                 \
	"o, = struct.unpack_from('<H', d, pe + 20)\n"                                                                 \
	"for i in range(n):\n"                                                                                        \
	"    h = d[pe + 24 + o + 40 * i:][:40]; vs, va, rs, rp = struct.unpack_from('<IIII', h, 8)\n"                 \
	"    s[h[:8].rstrip(bytes(1)).decode()] = d[rp:rp + vs]\n"                                                    \
	"t = tarfile.open(fileobj=io.BytesIO(s['.initrd']))\n" code "\""

static void assert_made(const char *words)
{
	const char *said;

	if (scratch_command(cmd_image, words, &said))
		fail_msg("%s: %s", words, said);
}

static void assert_not_made(const char *words, int status, const char *why)
{
	const char *said;
	size_t before = scratch_count();

	assert_int_equal(scratch_command(cmd_image, words, &said), status);
	if (!strstr(said, why))
		fail_msg("%s\ndoes not say '%s' but '%s'", words, why, said);
	assert_int_equal(scratch_count(), before);
}

/* The least program that the kernel runs: one segment with everything in it. With dynamic, what it does not run. */
static void write_elf(const char *name, bool dynamic)
{
	u8 elf[256] = "\177ELF\2\1\1";
	struct elf_phdr load = { .type = 1, .flags = ELF_PF_R | ELF_PF_X, .addr = 0x10000, .file_len = sizeof(elf),
				 .mem_len = sizeof(elf), .align = PAGE_SIZE };

	store_le16(elf + 16, 2); /* ET_EXEC */
	store_le16(elf + 18, 62);
	store_le32(elf + 20, 1);
	store_le64(elf + 24, load.addr + 200);
	store_le64(elf + 32, ELF_HEADER_LEN);
	store_le16(elf + 54, ELF_PHDR_LEN);
	store_le16(elf + 56, 1 + dynamic);
	memcpy(elf + ELF_HEADER_LEN, &load, sizeof(load));
	elf[ELF_HEADER_LEN + ELF_PHDR_LEN] = 3; /* PT_INTERP */
	scratch_write(name, elf, sizeof(elf));
}

static int make_roots(void **state)
{
	int status = scratch_setup(state);

	scratch_stub("stub.efi");
	write_elf("prog", false);
	write_elf("dynamic", true);
	/* Two folders with the same content, made in different order and at different times. */
	return status ? status : scratch_sh(
		"set -e; cd $D; umask 022; mkdir -p tree/bin tree/etc other/etc other/bin\n"
		"printf '#!/bin/sh\\necho hi\\n' >tree/init; chmod 755 tree/init\n"
		"cp prog tree/bin/prog; chmod 755 tree/bin/prog\n"
		"cp tree/bin/prog tree/bin/sh; cp tree/bin/prog tree/etc/lib.so; chmod 644 tree/etc/lib.so\n"
		"echo d >tree/etc/data\n"
		"for f in etc/data etc/lib.so bin/sh bin/prog init; do cp tree/$f other/$f; done\n"
		"touch -d @99 other/etc/*");
}

static void image_same_inputs_same_bytes(void **state)
{
	(void)state;
	assert_made(IMAGE SIGN " -o @o.efi --reference @o.json");
	assert_made("image --stub @stub.efi --rootfs @other" SIGN " -o @p.efi --reference @p.json");
	assert_int_equal(scratch_sh("cmp $D/o.efi $D/p.efi && cmp $D/o.json $D/p.json"), 0);
	assert_made(IMAGE " --sign-key " KEYS "p256.key --cert " KEYS "p256.der -o @p.efi");
	assert_int_not_equal(scratch_sh("cmp -s $D/o.efi $D/p.efi"), 0);
	assert_made(IMAGE " --sign-key " KEYS "p256.key --cert " KEYS "p256.der -o @o.efi");
	assert_int_equal(scratch_sh("cmp $D/o.efi $D/p.efi"), 0);
}

static void image_sections_and_pcrs_are_those_python_computes(void **state)
{
	(void)state;
	assert_made("image --stub @stub.efi --rootfs @tree --cmdline quiet --image-version 42" SIGN
		    " -o @o.efi --reference @o.json");
	assert_int_equal(scratch_sh(PYTHON(
		"assert r['format'] == 'assay-reference-1' and b'IMAGE_VERSION=42' in s['.osrel']\n"
		"assert s['.cmdline'] == b'quiet' and s['.uname'].startswith(b'7.2.0-assay-')\n"
		"assert b'sbat,1' in s['.sbat']\n"
		"names = ['.osrel', '.cmdline', '.initrd', '.uname', '.sbat']\n"
		"assert [x['name'] for x in r['sections']] == names\n"
		"for alg in ('sha1', 'sha256', 'sha384', 'sha512'):\n"
		"    H = lambda b: hashlib.new(alg, b).digest()\n"
		"    p = bytes(len(H(b'')))\n"
		"    assert r['pcrs']['12'][alg] == p.hex()\n"
		"    for x in r['sections']:\n"
		"        assert x[alg] == H(s[x['name']]).hex() and x['size'] == len(s[x['name']])\n"
		"        for e in (x['name'].encode() + bytes(1), s[x['name']]): p = H(p + H(e))\n"
		"    assert r['pcrs']['11'][alg] == p.hex()\n"
		"for f in r['files']:\n"
		"    b = t.extractfile(f['path'][1:]).read()\n"
		"    assert hashlib.sha256(b).hexdigest() == f['sha256'] and f['size'] == len(b)\n"
		"assert len(r['files']) == sum(m.isfile() for m in t)")), 0);
}

static void image_signs_programs_and_policy_only(void **state)
{
	(void)state;
	scratch_write_text("policy", "measure func=BPRM_CHECK\n");
	assert_made(IMAGE SIGN " --policy @policy -o @o.efi --reference @o.json");
	assert_int_equal(scratch_sh(PYTHON(
		"sig = {m.name: m.pax_headers.get('SCHILY.xattr.security.ima') for m in t}\n"
		"want = ['bin/prog', 'bin/sh', 'etc/ima/ima-policy', 'etc/lib.so', 'init']\n"
		"assert sorted(n for n in sig if sig[n]) == want\n"
		"said = {f['path']: bool(f['signer']) for f in r['files']}\n"
		"assert said == {'/' + m.name: bool(sig[m.name]) for m in t if m.isfile()}\n"
		"verify = 'evmctl ima_verify --sigfile --key " KEYS "rsa2048.der ' + D + '/v 2>&1'\n"
		"assert t.extractfile('etc/keys/x509_ima.der').read() == open('" KEYS "rsa2048.der', 'rb').read()\n"
		"for n in sig:\n"
		"    if sig[n]:\n"
		"        open(D + '/v', 'wb').write(t.extractfile(n).read())\n"
		"        open(D + '/v.sig', 'wb').write(sig[n].encode('utf-8', 'surrogateescape'))\n"
		"        assert 'is OK' in os.popen(verify).read()"
		)), 0);
}

static void image_keeps_signatures_it_finds(void **state)
{
	(void)state;
	assert_int_equal(scratch_sh("rm -rf $D/kept && cp -r $D/tree $D/kept &&"
				    "evmctl ima_sign --sigfile --key " KEYS "p384.key $D/kept/bin/prog"
				    " >/dev/null 2>&1"), 0);
	assert_made("image --stub @stub.efi --rootfs @kept" SIGN " --sign-key " KEYS "p384.key --cert " KEYS
		    "p384.der -o @o.efi --reference @o.json");
	assert_int_equal(scratch_sh(PYTHON(
		"want = open(D + '/kept/bin/prog.sig', 'rb').read()\n"
		"got = t.getmember('bin/prog').pax_headers['SCHILY.xattr.security.ima']\n"
		"assert got.encode('utf-8', 'surrogateescape') == want and 'bin/prog.sig' not in t.getnames()\n"
		"keys = open('" KEYS "rsa2048.der', 'rb').read() + open('" KEYS "p384.der', 'rb').read()\n"
		"assert t.extractfile('etc/keys/x509_ima.der').read() == keys")), 0);
}

static void image_warns_of_what_will_be_refused(void **state)
{
	const char *said;

	(void)state;
	assert_int_equal(scratch_command(cmd_image, IMAGE "-o @o.efi", &said), 0);
	assert_non_null(strstr(said, "4 programs without a signature (/bin/prog, /bin/sh, /etc/lib.so, /init): "));
	assert_non_null(strstr(said, "/bin/sh is an interpreter"));
	assert_int_equal(scratch_sh("rm -rf $D/bad && cp -r $D/tree $D/bad && cd $D/bad/bin &&"
				    "evmctl ima_sign --sigfile --key $OLDPWD/" KEYS "p384.key prog >/dev/null 2>&1 &&"
				    "evmctl ima_sign --sigfile --key $OLDPWD/" KEYS "rsa2048.key sh >/dev/null 2>&1 &&"
				    "echo tampered >>sh"), 0);
	assert_int_equal(scratch_command(cmd_image, "image --stub @stub.efi --rootfs @bad -o @o.efi" SIGN, &said), 0);
	assert_non_null(strstr(said, "1 program signed with a key of which"));
	assert_non_null(strstr(said, "1 program with a signature that does not fit the content (/bin/sh)"));
}

static void image_names_ten_unsigned_programs_and_no_data(void **state)
{
	const char *said;

	(void)state;
	assert_int_equal(scratch_sh("rm -rf $D/many && mkdir -p $D/many/etc && cd $D/many &&"
				    "cp ../tree/bin/prog init &&"
				    "for i in 01 02 03 04 05 06 07 08 09 10 11; do cp init p$i; done &&"
				    "cp $OLDPWD/" KEYS "rsa2048.der etc/cert.der && chmod 755 etc/cert.der"), 0);
	assert_int_equal(scratch_command(cmd_image, "image --stub @stub.efi --rootfs @many -o @o.efi", &said), 0);
	assert_non_null(strstr(said, "12 programs without a signature (/init, /p01, "));
	assert_non_null(strstr(said, "/p09 and 2 more): "));
	assert_null(strstr(said, "cert.der"));
	/* With a key it is signed like every file with an x bit. */
	assert_made("image --stub @stub.efi --rootfs @many -o @o.efi --reference @o.json" SIGN);
	assert_int_equal(scratch_sh(PYTHON("assert all(f['signer'] for f in r['files'] if f['mode'] == '0755')\n"
					   "assert sum(f['path'] == '/etc/cert.der' for f in r['files']) == 1")), 0);
}

static void image_policy_that_the_kernel_refuses_is_refused(void **state)
{
	(void)state;
	scratch_write_text("badp", "measure func=BPRM_CHECK\n\n  measure func=NO_SUCH\nmeasure uid=x\n");
	scratch_write_text("bad1", "appraise func=BPRM_CHECK appraise_type=imasig\nmeasure\tfowner=-1\n");
	scratch_write_text("none", "# nothing\n");
	assert_not_made(IMAGE "-o @q.efi --policy @badp", 1, "/badp:3:11: the value is not known: func=NO_SUCH\n");
	assert_not_made(IMAGE "-o @q.efi --policy @badp", 1, "1 more");
	assert_not_made(IMAGE "-o @q.efi --policy @bad1 --reference @q.json", 1, "/bad1:2:9: the value is no id");
	assert_not_made(IMAGE "-o @q.efi --policy @none", 1, "/none:1:1: there is no rule in it\n");
	assert_int_equal(scratch_sh("rm -rf $D/brought && cp -r $D/tree $D/brought && mkdir -p $D/brought/etc/ima &&"
				    "cp $D/bad1 $D/brought/etc/ima/ima-policy"), 0);
	assert_not_made("image --stub @stub.efi --rootfs @brought -o @q.efi", 1, "/etc/ima/ima-policy:2:9: ");
	assert_made("image --stub @stub.efi --rootfs @brought --cmdline ima_policy=none -o @o.efi");
	/* A format of the command line may stand in a rule. */
	scratch_write_text("own", "measure func=BPRM_CHECK template=n-ng|d-ng\n");
	assert_not_made(IMAGE "-o @q.efi --policy @own", 1, "the template is not known");
	assert_made(IMAGE "-o @o.efi --policy @own --cmdline ima-template-fmt=n-ng|d-ng");
}

static void image_certificates_that_halt_the_kernel_are_refused(void **state)
{
	static const char *const names[] = { "ca.der", "x509_ima.der", "x509_evm.der" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		assert_int_equal(scratch_sh("rm -rf $D/certs && cp -r $D/tree $D/certs && mkdir $D/certs/etc/keys &&"
					    "head -c 500 " KEYS "rsa2048.der >$D/certs/etc/keys/%s", names[i]), 0);
		assert_not_made("image --stub @stub.efi --rootfs @certs -o @q.efi", 1, names[i]);
	}
}

/* One sentence and no warning, wherever the step stands that fails. */
static void image_failure_is_one_sentence_without_warnings(void **state)
{
	static const char *const lines[] = {
		IMAGE "-o @missing/q.efi", IMAGE "-o @q.efi --cmdline a\nb", IMAGE "-o @q.efi --stub @tree/init",
		IMAGE "-o @q.efi --policy @missing", IMAGE "-o @q.efi --sign-key @tree/init --cert @tree/init",
		"image --stub @stub.efi --rootfs /dev/null -o @q.efi", "image --stub @missing --rootfs @tree -o @q.efi",
	};
	const char *said;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		assert_int_not_equal(scratch_command(cmd_image, lines[i], &said), 0);
		if (strstr(said, "warning") || strncmp(said, "assay", 5) != 0)
			fail_msg("%s: %s", lines[i], said);
	}
}

static void image_output_never_replaces_an_input(void **state)
{
	const char *said;

	(void)state;
	assert_int_equal(scratch_sh("cp " KEYS "rsa2048.key $D/k.pem && cp " KEYS "rsa2048.pem $D/c.pem"), 0);
	assert_not_made(IMAGE "--sign-key @k.pem --cert @c.pem -o @k.pem", 1, "take the place of the input");
	assert_not_made(IMAGE "--sign-key @k.pem --cert @c.pem -o @q.efi --reference @c.pem", 1, "take the place");
	assert_not_made(IMAGE "-o @stub.efi", 1, "take the place of the input");
	assert_not_made(IMAGE "-o @q.efi --reference @tree/../q.efi", 1, "name the same file");
	assert_int_equal(scratch_sh("cmp -s " KEYS "rsa2048.key $D/k.pem && cp -r $D/tree $D/inside"), 0);
	assert_int_equal(scratch_command(cmd_image, "image --stub @stub.efi --rootfs @inside -o @inside/o.efi", &said),
			 0);
	assert_non_null(strstr(said, "the next image from it will hold this one"));
}

static void image_authenticode_digest_is_sbsigns(void **state)
{
	(void)state;
	assert_made(IMAGE "-o @o.efi --reference @o.json --sb-key " KEYS "rsa2048.key --sb-cert " KEYS "rsa2048.pem");
	assert_int_equal(scratch_sh("sbverify --cert " KEYS "rsa2048.pem $D/o.efi >/dev/null 2>&1"), 0);
	assert_int_equal(scratch_sh(PYTHON("assert bytes.fromhex(r['authenticode']['sha256']) in d")), 0);
	assert_made(IMAGE "-o @p.efi --reference @p.json");
	assert_int_equal(scratch_sh("cmp $D/o.json $D/p.json"), 0);
	assert_not_made(IMAGE "-o @q.efi --sb-key " KEYS "rsa2048.key --sb-cert " KEYS "p256.pem", 1,
			"do not belong together");
}

static void image_bad_input_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_int_equal(scratch_sh("mkdir $D/noinit && echo x >$D/noinit/file && : >$D/empty && mkdir -p $D/names &&"
				    "cp $D/tree/init $D/names/init && cd $D/names && touch \"$(echo a; echo b)\""), 0);
	assert_not_made("image --stub @stub.efi --rootfs @noinit -o @q.efi", 1, "has no /init");
	assert_not_made("image --stub @stub.efi --rootfs @names -o @q.efi", 1, "control byte");
	assert_not_made("image --stub @stub.efi --rootfs @missing -o @q.efi", 1, "cannot open");
	assert_not_made("image --stub @stub.efi --rootfs @stub.efi -o @q.efi", 1, "tar archive");
	assert_not_made("image --stub @tree/init --rootfs @tree -o @q.efi", 1, "cannot carry the image");
	assert_not_made("image --stub @missing --rootfs @tree -o @q.efi", 1, "cannot open");
	assert_not_made(IMAGE "-o @missing/q.efi", 1, "cannot create");
	assert_not_made(IMAGE "-o @tree", 1, "is a folder");
	assert_not_made(IMAGE "-o @q.efi --reference @tree", 1, "is a folder");
	assert_not_made(IMAGE "-o /dev/null", 1, "not a regular file");
	assert_not_made(IMAGE "-o @q.efi --policy @empty", 1, "no rule in it");
	assert_not_made(IMAGE "-o @q.efi --policy @tree", 1, "is a directory");
	assert_not_made("image --stub @stub.efi --rootfs /dev/null -o @q.efi", 1, "neither a folder nor a tar file");
	assert_not_made("image --stub @stub.efi --rootfs @empty -o @q.efi", 1, "is an empty file");
	assert_not_made(IMAGE "-o @q.efi --policy @missing", 1, "cannot open");
	assert_not_made(IMAGE "-o @q.efi --cmdline a\nb", 1, "control bytes");
	assert_not_made(IMAGE "-o @q.efi --sign-key " KEYS "p256.key --cert " KEYS "p384.pem", 1, "belong together");
	assert_not_made(IMAGE "-o @q.efi --sign-key " KEYS "ed25519.key --cert " KEYS "ed25519.der", 1, "ECDSA");
}

static void image_usage_errors_exit_2(void **state)
{
	(void)state;
	assert_not_made("image", 2, "--rootfs");
	assert_not_made("image --rootfs @tree", 2, "-o OUT.efi");
	assert_not_made(IMAGE "-o @q.efi --image-version=", 2, "is empty");
	assert_not_made(IMAGE "-o @q.efi --sign-key x", 2, "--cert");
	assert_not_made(IMAGE "-o @q.efi --sb-key x", 2, "--sb-cert");
	assert_not_made(IMAGE "-o @q.efi --image-version a\"b", 2, "--image-version");
	assert_not_made(IMAGE "-o @q.efi --rootfs again", 2, "twice");
	assert_not_made(IMAGE "-o @q.efi --bogus", 2, "--bogus");
	assert_not_made(IMAGE "-o @q.efi stray", 2, "stray");
}

static void image_init_may_be_named_by_the_command_line(void **state)
{
	const char *there = "image --stub @stub.efi --rootfs @tree/bin --cmdline init=/prog -o @o.efi";
	const char *gone = "image --stub @stub.efi --rootfs @tree/bin --cmdline init=/gone -o @o.efi";
	const char *said;

	(void)state;
	assert_int_equal(scratch_command(cmd_image, there, &said), 0);
	assert_null(strstr(said, "names as init"));
	assert_not_made(gone, 1, "/gone, which --cmdline names as init, is not in");
	assert_not_made("image --stub @stub.efi --rootfs @tree --cmdline init=/etc/data -o @q.efi", 1,
			"/etc/data of");
}

/* A root whose /init is what the shell command makes of it, standing in the root. */
static void make_init(const char *how)
{
	assert_int_equal(scratch_sh("rm -rf $D/try && mkdir -p $D/try/bin && cd $D/try && cp ../prog bin/prog &&"
				    "chmod 755 bin/prog && %s && { test -h init || chmod 755 init; }", how), 0);
}

#define TRY_ROOT "image --stub @stub.efi --rootfs @try -o @q.efi"

static void image_init_that_cannot_run_is_refused(void **state)
{
	static const struct {
		const char *how, *why;
	} bad[] = {
		{ "cp ../dynamic init", "/init is dynamically linked" },
		{ ": >init", "/init is empty" },
		{ "echo true >init", "/init is neither an ELF file nor a script" },
		{ "head -c 200 ../prog >init", "/init has a segment beyond its end" },
		{ "head -c 60 ../prog >init", "/init is not an ELF file" },
		{ "printf '#!' >init", "/init names no interpreter" },
		{ "echo '#! ' >init", "/init names no interpreter" },
		{ "printf '#!/%0253d\\n' 0 >init", "or too long a one" },
		{ "echo '#!/bin/nope' >init", "/init is a script for /bin/nope, which is not in the root" },
		{ "echo '#!/bin' >init", "/init is a script for /bin, which is not executable" },
		{ "echo '#!/bin/prog' >init && chmod 644 bin/prog", "/bin/prog, which is not executable" },
		{ "echo '#!/bin/sh' >init && cp ../dynamic bin/sh && chmod 755 bin/sh", "/bin/sh is dynamically" },
		{ "echo '#!/s' >s && chmod 755 s && ln -s s init", "more than 4 scripts follow each other" },
		{ "mkdir dev && cp ../prog dev/p && chmod 755 dev/p && ln -s dev/p init", "/dev/p lies where" },
		{ "cp ../prog init && : >dev", "/dev of " }, { "cp ../prog init && ln -s x proc", "/proc of " },
		{ "cp ../prog init && echo >sys", "/sys of " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		make_init(bad[i].how);
		assert_not_made(TRY_ROOT, 1, bad[i].why);
	}
	assert_not_made(IMAGE "-o @q.efi --cmdline init=/../init=x", 1, "names as init");
}

static void image_init_that_can_run_is_accepted(void **state)
{
	static const char *const good[] = {
		"cp ../prog init", "printf '#! \t/bin/prog -x y' >init", "ln -s ../../bin/prog init",
		"echo '#!bin/prog' >init", "printf '#!/%0252d\\n' 0 >init && cp bin/prog $(printf %0252d 0)",
		"for i in 1 2 3; do echo \"#!/$((i+1))\" >$i; done;echo '#!bin/prog' >4; echo '#!2' >init; chmod 755 ?",
		"cp ../prog init && mkdir dev proc && ln -s proc sys",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		make_init(good[i]);
		assert_made("image --stub @stub.efi --rootfs @try -o @o.efi");
	}
	assert_int_equal(ROOTFS_PATH_MAX, VFS_PATH_MAX - 1);
}

static void image_warns_of_programs_that_cannot_run(void **state)
{
	const char *said;

	(void)state;
	make_init("cp ../prog init && cp ../dynamic bin/one && chmod 755 bin/one && echo '#!/bin/nope' >bin/s &&"
		  "cp ../dynamic lib.so && chmod 755 bin/s");
	assert_int_equal(scratch_command(cmd_image, TRY_ROOT, &said), 0);
	assert_non_null(strstr(said, "1 program cannot run: it is dynamically linked, which is not supported "
				     "(/bin/one)\n"));
	assert_non_null(strstr(said, "1 program cannot run: it is a script whose interpreter is not in the root "
				     "(/bin/s)\n"));
	make_init("cp ../prog init && for i in 01 02 03 04 05 06 07 08 09 10 11 12; do cp ../dynamic bin/$i &&"
		  "chmod 755 bin/$i || exit 1; done");
	assert_int_equal(scratch_command(cmd_image, TRY_ROOT, &said), 0);
	assert_non_null(strstr(said, "12 programs cannot run: each is dynamically linked, which is not supported "
				     "(/bin/01, "));
	assert_non_null(strstr(said, "/bin/10 and 2 more)\n"));
	make_init("cp ../prog init");
	assert_int_equal(scratch_command(cmd_image, TRY_ROOT SIGN, &said), 0);
	assert_string_equal(said, "");
	assert_int_equal(scratch_sh("rm $D/q.efi"), 0);
}

static void image_names_of_an_interpreter_do_not_depend_on_the_order(void **state)
{
	static const char line[] = "/bin/busybox is an interpreter (awk, busybox, sh, #!): ";
	const char *said;

	(void)state;
	make_init("mv bin/prog bin/busybox && ln -s busybox bin/sh && ln -s busybox bin/awk &&"
		  "echo '#!/bin/sh' >init && chmod 755 init && tar -cf $D/one.tar init bin/sh bin/awk bin/busybox &&"
		  "tar -cf $D/two.tar bin/awk bin/busybox bin/sh init");
	assert_int_equal(scratch_command(cmd_image, "image --stub @stub.efi --rootfs @one.tar -o @o.efi", &said), 0);
	assert_non_null(strstr(said, line));
	assert_int_equal(scratch_command(cmd_image, "image --stub @stub.efi --rootfs @two.tar -o @o.efi", &said), 0);
	assert_non_null(strstr(said, line));
}

static void image_command_line_is_read_as_the_kernel_reads_it(void **state)
{
	static const struct {
		const char *text, *why;
	} halts[] = {
		{ "ima_tpm=reqire", "would halt over --cmdline: this value makes no sense: ima_tpm=reqire\n" },
		{ "rootuuid=zz", "this value makes no sense: rootuuid=zz" },
		{ "init=/a\x01", "control bytes" },
	}, ignored[] = {
		{ "ima_apraise=off", "ignore in --cmdline: ima_apraise=off\n" },
		{ "ima_appraise=bogus", "ignore in --cmdline: ima_appraise=bogus\n" },
		{ "ima_hash=crc", "ignore ima_hash=crc: " }, { "ima_template=x", "ignore ima_template=x: " },
		{ "ima_template=ima", "ima_hash=sha1" }, { "ima_template_fmt=x|y", "ignore ima_template_fmt=x|y: " },
	};
	const char *said;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(halts); i++) {
		char *words = cli_text(IMAGE "-o @q.efi --cmdline %s", halts[i].text);

		assert_not_made(words, 1, halts[i].why);
		free(words);
	}
	for (size_t i = 0; i < ARRAY_COUNT(ignored); i++) {
		char *words = cli_text(IMAGE "-o @o.efi --cmdline %s", ignored[i].text);

		assert_int_equal(scratch_command(cmd_image, words, &said), 0);
		if (!strstr(said, ignored[i].why))
			fail_msg("%s: %s", ignored[i].text, said);
		free(words);
	}
	assert_int_equal(scratch_command(cmd_image, IMAGE "-o @o.efi --cmdline ima_tpm=require", &said), 0);
	assert_null(strstr(said, "--cmdline"));
}

static void image_under_which_nothing_is_refused_warns(void **state)
{
	static const char *const open[][2] = {
		{ "ima_appraise=off", "with ima_appraise=off nothing is refused" },
		{ "ima_appraise=log", "with ima_appraise=log nothing is refused" },
		{ "ima_appraise=fix", "with ima_appraise=fix nothing is refused" },
		{ "ima_policy=none", "nothing is refused: ima_policy=none has no rule that appraises" },
		{ "ima_policy=tcb", "nothing is refused: ima_policy=tcb has no rule that appraises" },
		{ "quiet --policy @mp", "nothing is refused: /etc/ima/ima-policy has no rule that appraises" },
		{ "ima_policy=none --policy @ap", "nothing is refused: ima_policy=none has" },
	};
	static const char *const closed[] = {
		"quiet", "ima_appraise=enforce", "ima_policy=tcb|appraise_tcb", "ima_policy=tcb --policy @ap",
	};
	const char *said;

	(void)state;
	scratch_write_text("mp", "measure func=BPRM_CHECK\n");
	scratch_write_text("ap", "appraise func=BPRM_CHECK appraise_type=imasig\n");
	for (size_t i = 0; i < ARRAY_COUNT(open); i++) {
		char *words = cli_text(IMAGE "-o @o.efi --cmdline %s", open[i][0]);

		assert_int_equal(scratch_command(cmd_image, words, &said), 0);
		if (!strstr(said, open[i][1]))
			fail_msg("%s: %s", words, said);
		free(words);
	}
	for (size_t i = 0; i < ARRAY_COUNT(closed); i++) {
		char *words = cli_text(IMAGE "-o @o.efi --cmdline %s", closed[i]);

		assert_int_equal(scratch_command(cmd_image, words, &said), 0);
		assert_null(strstr(said, "nothing is refused"));
		free(words);
	}
}

static void image_policy_sidecar_that_is_no_signature_is_refused(void **state)
{
	(void)state;
	scratch_write_text("sp", "appraise func=BPRM_CHECK appraise_type=imasig\n");
	scratch_write_text("sp.sig", "");
	assert_not_made(IMAGE "-o @q.efi --policy @sp", 1, "/sp.sig is empty");
	scratch_write_text("sp.sig", "\3\1x");
	assert_not_made(IMAGE "-o @q.efi --policy @sp", 1, "/sp.sig holds a signature of version 1, which is not");
	scratch_write_text("sp.sig", "text");
	assert_not_made(IMAGE "-o @q.efi --policy @sp", 1, "/sp.sig is not an IMA signature");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(image_same_inputs_same_bytes),
		cmocka_unit_test(image_sections_and_pcrs_are_those_python_computes),
		cmocka_unit_test(image_signs_programs_and_policy_only),
		cmocka_unit_test(image_keeps_signatures_it_finds),
		cmocka_unit_test(image_warns_of_what_will_be_refused),
		cmocka_unit_test(image_names_ten_unsigned_programs_and_no_data),
		cmocka_unit_test(image_policy_that_the_kernel_refuses_is_refused),
		cmocka_unit_test(image_certificates_that_halt_the_kernel_are_refused),
		cmocka_unit_test(image_failure_is_one_sentence_without_warnings),
		cmocka_unit_test(image_output_never_replaces_an_input),
		cmocka_unit_test(image_authenticode_digest_is_sbsigns),
		cmocka_unit_test(image_bad_input_leaves_nothing_behind),
		cmocka_unit_test(image_usage_errors_exit_2),
		cmocka_unit_test(image_init_may_be_named_by_the_command_line),
		cmocka_unit_test(image_init_that_cannot_run_is_refused),
		cmocka_unit_test(image_init_that_can_run_is_accepted),
		cmocka_unit_test(image_warns_of_programs_that_cannot_run),
		cmocka_unit_test(image_names_of_an_interpreter_do_not_depend_on_the_order),
		cmocka_unit_test(image_command_line_is_read_as_the_kernel_reads_it),
		cmocka_unit_test(image_under_which_nothing_is_refused_warns),
		cmocka_unit_test(image_policy_sidecar_that_is_no_signature_is_refused),
	};

	return cmocka_run_group_tests(tests, make_roots, scratch_teardown);
}
