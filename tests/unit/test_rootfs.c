/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/test_rootfs.c - roots from archives and directories, hostile names, and the pax tar that comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "tests/fake/scratch.h"
#include "tools/rootfs.h"

struct item {
	const char *name;
	u32 type;             /* AE_IF* */
	const char *content;  /* or the target of a link */
	bool hard;
};

/* An archive as GNU tar would write it, by libarchive: raw bytes in names, long names in their own records. */
static void make_tar(const char *name, const struct item *items, size_t count)
{
	struct archive *a = archive_write_new();
	char *path = scratch_path(name);

	assert_int_equal(archive_write_set_format_gnutar(a), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++) {
		struct archive_entry *e = archive_entry_new();
		size_t len = items[i].type == AE_IFREG && !items[i].hard ? strlen(items[i].content) : 0;

		archive_entry_set_pathname(e, items[i].name);
		archive_entry_set_filetype(e, items[i].type);
		archive_entry_set_perm(e, 0755);
		archive_entry_set_uid(e, 1000);
		archive_entry_set_mtime(e, 77, 0);
		archive_entry_set_size(e, (la_int64_t)len);
		if (items[i].type == AE_IFLNK)
			archive_entry_set_symlink(e, items[i].content);
		if (items[i].hard)
			archive_entry_set_hardlink(e, items[i].content);
		assert_true(archive_write_header(a, e) >= ARCHIVE_WARN);
		if (len)
			assert_int_equal(archive_write_data(a, items[i].content, len), len);
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_free(a), ARCHIVE_OK);
	free(path);
}

static struct rootfs fs;

static int load_command(int argc, char **argv)
{
	int status;

	(void)argc;
	status = rootfs_load(&fs, argv[0]);
	if (status)
		rootfs_free(&fs);
	return status;
}

static int load(const char *name, const char **ret_said)
{
	char *word = cli_text("@%s", name);
	int status;

	status = scratch_command(load_command, word, ret_said);
	free(word);
	return status;
}

static void assert_loads(const char *name)
{
	const char *said;

	if (load(name, &said))
		fail_msg("%s: %s", name, said);
}

static void assert_item_refused(struct item item, const char *why)
{
	const char *said;

	make_tar("bad.tar", &item, 1);
	assert_int_equal(load("bad.tar", &said), CLI_FAILED);
	if (!strstr(said, why))
		fail_msg("does not say '%s' but '%s'", why, said);
}

static void rootfs_hostile_name_is_refused(void **state)
{
	char *component = cli_alloc(300), *path = cli_alloc(5000);

	(void)state;
	memset(component, 'n', 256);
	for (size_t i = 0; i < 4096; i++)
		path[i] = i % 100 == 99 ? '/' : 'p';
	assert_item_refused((struct item){ "a/../b", AE_IFREG, "x", false }, "'..'");
	assert_item_refused((struct item){ "..", AE_IFDIR, "", false }, "'..'");
	assert_item_refused((struct item){ "/etc/x", AE_IFREG, "x", false }, "absolute");
	assert_item_refused((struct item){ "new\nline", AE_IFREG, "x", false }, "control byte");
	assert_item_refused((struct item){ "del\x7f", AE_IFREG, "x", false }, "control byte");
	assert_item_refused((struct item){ "bad\xff", AE_IFREG, "x", false }, "not valid UTF-8");
	assert_item_refused((struct item){ "over\xc0\xaf", AE_IFREG, "x", false }, "not valid UTF-8");
	assert_item_refused((struct item){ component, AE_IFREG, "x", false }, "255");
	assert_item_refused((struct item){ path, AE_IFREG, "x", false }, "4095");
	assert_item_refused((struct item){ "l", AE_IFLNK, "to\nnowhere", false }, "control byte");
	assert_item_refused((struct item){ "h", AE_IFREG, "missing", true }, "hard link");
	free(component);
	free(path);
}

/* As many bytes as the kernel takes from the tar, in which a directory ends with a slash. */
static void rootfs_longest_name_is_accepted(void **state)
{
	char path[4096];
	struct item item = { path, AE_IFREG, "x", false };

	(void)state;
	for (size_t i = 0; i < 4095; i++)
		path[i] = i % 100 == 99 ? '/' : 'p';
	path[4095] = '\0';
	assert_item_refused((struct item){ path, AE_IFDIR, "", false }, "slash of a directory, longer than 4095 bytes");
	make_tar("long.tar", &item, 1);
	assert_loads("long.tar");
	assert_non_null(rootfs_find(&fs, path));
	rootfs_free(&fs);
}

static void rootfs_duplicate_is_refused(void **state)
{
	static const struct item twice[] = { { "a/b", AE_IFREG, "1", false }, { "./a//b", AE_IFREG, "2", false } };
	static const struct item below[] = { { "f", AE_IFREG, "1", false }, { "f/g", AE_IFREG, "2", false } };
	const char *said;

	(void)state;
	make_tar("twice.tar", twice, 2);
	assert_int_equal(load("twice.tar", &said), CLI_FAILED);
	assert_non_null(strstr(said, "/a/b is there twice"));
	make_tar("below.tar", below, 2);
	assert_int_equal(load("below.tar", &said), CLI_FAILED);
	assert_non_null(strstr(said, "not a directory"));
}

static void rootfs_archive_keeps_order_and_owner(void **state)
{
	static const struct item items[] = {
		{ "./", AE_IFDIR, "", false },	     { "z/y/file", AE_IFREG, "hello", false },
		{ "dev/null", AE_IFCHR, "", false }, { "a", AE_IFLNK, "z/y/file", false },
		{ "b", AE_IFREG, "z/y/file", true },
	};
	static const char *const order[] = { "z", "z/y", "z/y/file", "a", "b" };
	const char *said;

	(void)state;
	make_tar("order.tar", items, ARRAY_COUNT(items));
	assert_int_equal(load("order.tar", &said), 0);
	assert_non_null(strstr(said, "device nodes"));
	assert_int_equal(fs.count, ARRAY_COUNT(order));
	for (size_t i = 0; i < fs.count; i++)
		assert_string_equal(fs.entries[i]->path, order[i]);
	assert_int_equal(fs.entries[0]->uid, 0); /* was not in the archive */
	assert_int_equal(fs.entries[2]->uid, 1000);
	assert_int_equal(fs.entries[2]->mtime, 77);
	assert_ptr_equal(fs.entries[4]->link, fs.entries[2]);
	assert_ptr_equal(rootfs_resolve(&fs, "/a"), fs.entries[2]);
	rootfs_free(&fs);
}

static void rootfs_links_resolve_within_the_root(void **state)
{
	static const struct item items[] = {
		{ "usr/bin/x", AE_IFREG, "x", false }, { "bin", AE_IFLNK, "usr/bin", false },
		{ "up", AE_IFLNK, "../../usr", false }, { "loop", AE_IFLNK, "loop", false },
		{ "usr/abs", AE_IFLNK, "/bin/x", false },
	};

	(void)state;
	make_tar("links.tar", items, ARRAY_COUNT(items));
	assert_loads("links.tar");
	assert_non_null(rootfs_resolve(&fs, "/bin/x"));
	assert_ptr_equal(rootfs_resolve(&fs, "/bin/x"), rootfs_find(&fs, "usr/bin/x"));
	assert_ptr_equal(rootfs_resolve(&fs, "up/bin/./x"), rootfs_find(&fs, "usr/bin/x"));
	assert_ptr_equal(rootfs_resolve(&fs, "usr/abs"), rootfs_find(&fs, "usr/bin/x"));
	assert_null(rootfs_resolve(&fs, "loop"));
	assert_null(rootfs_resolve(&fs, "usr/bin/x/y"));
	assert_null(rootfs_resolve(&fs, ""));
	rootfs_free(&fs);
}

static void rootfs_archive_cut_anywhere_is_refused(void **state)
{
	static const struct item items[] = {
		{ "one", AE_IFREG, "first content", false }, { "two", AE_IFREG, "second content", false },
	};
	static const char *const packers[] = { "gzip", "bzip2", "xz", "zstd" };
	const size_t content = 2048, end = content + 1024; /* two headers, two blocks; two zero blocks */
	const char *said;
	struct buf whole;

	(void)state;
	make_tar("whole.tar", items, 2);
	whole = scratch_read("whole.tar");
	for (size_t len = 1; len < end; len = len % 512 == 0 || len % 512 > 504 ? len + 1 : len + 7) {
		scratch_write("cut.tar", whole.bytes, len);
		assert_int_equal(load("cut.tar", &said), CLI_FAILED);
		assert_non_null(strstr(said, "cut.tar"));
		assert_true(len < content || len % 512 || strstr(said, "the archive is cut"));
	}
	scratch_write("cut.tar", whole.bytes, end);
	assert_loads("cut.tar");
	rootfs_free(&fs);
	for (size_t i = 0; i < ARRAY_COUNT(packers); i++) {
		scratch_write("cut.tar", whole.bytes, content);
		assert_int_equal(scratch_sh("%s -c $D/cut.tar >$D/packed && %s -c $D/whole.tar >$D/all", packers[i],
					    packers[i]), 0);
		assert_int_equal(load("packed", &said), CLI_FAILED);
		assert_non_null(strstr(said, "the archive is cut"));
		assert_loads("all");
		assert_int_equal(fs.count, 2);
		rootfs_free(&fs);
	}
	buf_free(&whole);
}

/* The last file ends with zeros, as the end of an archive does. */
static void rootfs_archive_cut_behind_zeros_is_refused(void **state)
{
	static const struct item item = { "zeros", AE_IFREG, "x", false };
	u8 bytes[512 + 2048] = { 0 };
	struct buf tar;
	const char *said;
	unsigned sum = 0;

	(void)state;
	make_tar("zeros.tar", &item, 1);
	tar = scratch_read("zeros.tar");
	memcpy(bytes, tar.bytes, 512);
	buf_free(&tar);
	(void)snprintf((char *)bytes + 124, 12, "%011o", 2048u);
	memset(bytes + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += bytes[i];
	(void)snprintf((char *)bytes + 148, 8, "%06o", sum);
	scratch_write("zeros.tar", bytes, sizeof(bytes));
	assert_int_equal(load("zeros.tar", &said), CLI_FAILED);
	assert_non_null(strstr(said, "the archive is cut"));
}

static void rootfs_absurd_size_is_refused(void **state)
{
	static const struct item item = { "big", AE_IFREG, "x", false };
	struct buf tar;
	const char *said;
	unsigned sum = 0;

	(void)state;
	make_tar("size.tar", &item, 1);
	tar = scratch_read("size.tar");
	memcpy(tar.bytes + 124, "77777777777", 11);
	memset(tar.bytes + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += tar.bytes[i];
	(void)snprintf((char *)tar.bytes + 148, 8, "%06o", sum);
	scratch_write("size.tar", tar.bytes, tar.len);
	buf_free(&tar);
	assert_int_equal(load("size.tar", &said), CLI_FAILED);
}

static void rootfs_sidecar_becomes_label(void **state)
{
	const char *said;

	(void)state;
	assert_int_equal(scratch_sh("mkdir -p $D/side && cd $D/side && cp $OLDPWD/tests/golden/sigs/hello.txt x &&"
				    "cp $OLDPWD/tests/golden/sigs/p256-sha256.sig x.sig && cp x.sig alone.sig &&"
				    "echo text > y && echo text > y.sig"), 0);
	assert_int_equal(load("side", &said), 0);
	assert_non_null(strstr(said, "warning: /y.sig is no IMA signature: it stays a file of its own\n"));
	assert_null(strstr(said, "alone.sig"));
	assert_null(rootfs_find(&fs, "x.sig"));
	assert_non_null(rootfs_find(&fs, "alone.sig"));
	assert_non_null(rootfs_find(&fs, "y.sig"));
	assert_non_null(rootfs_xattr(rootfs_find(&fs, "x"), LABEL_IMA));
	assert_null(rootfs_xattr(rootfs_find(&fs, "y"), LABEL_IMA));
	rootfs_free(&fs);
}

static void rootfs_sidecar_that_is_no_signature_is_refused(void **state)
{
	static const struct {
		const char *bytes, *why;
	} bad[] = {
		{ "", "/x.sig is empty" }, { "\\001aaaaaaaaaaaaaaaaaaaa", "holds a digest" },
		{ "\\004\\004", "holds a digest" },
		{ "\\002a", "not an IMA signature" }, { "\\005\\002\\004", "not an IMA signature" },
		{ "\\006\\003", "not an IMA signature" }, { "\\003\\001aaaa", "of version 1, which is not supported" },
		{ "\\003\\002\\004aaaa", "holds no whole IMA signature" }, { "\\003", "holds no whole IMA signature" },
	};
	const char *said;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_int_equal(scratch_sh("mkdir -p $D/nosig && echo x >$D/nosig/x && printf '%s' >$D/nosig/x.sig",
					    bad[i].bytes), 0);
		assert_int_equal(load("nosig", &said), CLI_FAILED);
		if (!strstr(said, bad[i].why))
			fail_msg("'%s': %s", bad[i].why, said);
	}
}

static void rootfs_cut_sidecar_is_refused(void **state)
{
	const char *said;

	(void)state;
	assert_int_equal(scratch_sh("mkdir -p $D/cut && echo x > $D/cut/x &&"
				    "head -c 40 tests/golden/sigs/p256-sha256.sig > $D/cut/x.sig"), 0);
	assert_int_equal(load("cut", &said), CLI_FAILED);
	assert_non_null(strstr(said, "x.sig"));
}

static void rootfs_directory_becomes_root_owned_and_sorted(void **state)
{
	static const char *const order[] = { "a", "a/b", "a-b", "p", "suid" };
	const char *said;

	(void)state;
	assert_int_equal(scratch_sh("mkdir -p $D/dir/a && cd $D/dir && touch -d @5000 a/b a-b && ln a-b p &&"
				    "echo x > suid && chmod 4755 suid && mkfifo fifo"), 0);
	assert_int_equal(load("dir", &said), 0);
	assert_non_null(strstr(said, "/suid keeps its set-user-id bit"));
	assert_non_null(strstr(said, "FIFOs"));
	assert_int_equal(fs.count, ARRAY_COUNT(order));
	for (size_t i = 0; i < fs.count; i++) {
		assert_string_equal(fs.entries[i]->path, order[i]);
		assert_int_equal(fs.entries[i]->uid | fs.entries[i]->gid | fs.entries[i]->mtime, 0);
	}
	assert_ptr_equal(fs.entries[3]->link, fs.entries[2]);
	rootfs_free(&fs);
}

/* Everything that ustar cannot say, in one root. */
static void make_odd_root(void)
{
	static const u8 label[] = { 3, 2, 4, 0, '\n', '=', 0xff, 0 };
	struct rootfs_entry *e;
	char path[300];

	fs = (struct rootfs){ 0 };
	(void)snprintf(path, sizeof(path), "%0120d/%0120d", 1, 2);
	assert_int_equal(rootfs_add(&fs, "n\xc3\xa4me with space", S_IFREG | 04755, &e), 0);
	rootfs_set_xattr(e, LABEL_IMA, label, sizeof(label));
	rootfs_set_xattr(e, "user.empty", "", 0);
	buf_text(&e->data, "content");
	e->uid = 3000000000u;
	e->mtime = 1234567890;
	assert_int_equal(rootfs_add(&fs, path, S_IFREG | 0644, &e), 0);
	assert_int_equal(rootfs_add(&fs, "link", S_IFLNK | 0777, &e), 0);
	assert_int_equal(rootfs_set_target(e, path), 0);
}

static void rootfs_pax_reads_back_in_python_and_tar(void **state)
{
	struct buf tar = { 0 };

	(void)state;
	make_odd_root();
	rootfs_write_pax(&fs, &tar);
	rootfs_free(&fs);
	scratch_write("odd.tar", tar.bytes, tar.len);
	buf_free(&tar);
	assert_int_equal(scratch_sh("LC_ALL=C.UTF-8 tar --xattrs --xattrs-include='*' -tvvf $D/odd.tar"
				    " >$D/list 2>$D/err && test ! -s $D/err &&"
				    " grep -q 'x: 8 security.ima' $D/list"), 0);
	assert_int_equal(scratch_sh("python3 -c \"import os,sys,tarfile\n"
				    "m = tarfile.open(os.environ['D'] + '/odd.tar').getmembers()\n"
				    "long = '%%0120d/%%0120d' %% (1, 2)\n"
				    "umlaut = 'n' + chr(0xe4) + 'me with space'\n"
				    "names = [umlaut, long.split('/')[0], long, 'link']\n"
				    "ima = m[0].pax_headers['SCHILY.xattr.security.ima']\n"
				    "ok = [x.name for x in m] == names and m[0].mode == 0o4755 and m[0].size == 7\n"
				    "ok = ok and m[0].uid == 3000000000 and m[0].mtime == 1234567890\n"
				    "ok = ok and m[3].linkname == long\n"
				    "ok = ok and ima.encode('utf-8', 'surrogateescape') == bytes([3,2,4,0,10,61])"
				    " + bytes([255,0])\n"
				    "sys.exit(not ok)\""), 0);
}

static void rootfs_pax_loads_again_unchanged(void **state)
{
	struct buf first = { 0 }, second = { 0 };

	(void)state;
	make_odd_root();
	rootfs_write_pax(&fs, &first);
	rootfs_free(&fs);
	scratch_write("again.tar", first.bytes, first.len);
	assert_loads("again.tar");
	rootfs_write_pax(&fs, &second);
	rootfs_free(&fs);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.bytes, second.bytes, first.len);
	buf_free(&first);
	buf_free(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rootfs_hostile_name_is_refused),
		cmocka_unit_test(rootfs_longest_name_is_accepted),
		cmocka_unit_test(rootfs_duplicate_is_refused),
		cmocka_unit_test(rootfs_archive_keeps_order_and_owner),
		cmocka_unit_test(rootfs_links_resolve_within_the_root),
		cmocka_unit_test(rootfs_archive_cut_anywhere_is_refused),
		cmocka_unit_test(rootfs_archive_cut_behind_zeros_is_refused),
		cmocka_unit_test(rootfs_absurd_size_is_refused),
		cmocka_unit_test(rootfs_sidecar_becomes_label),
		cmocka_unit_test(rootfs_cut_sidecar_is_refused),
		cmocka_unit_test(rootfs_sidecar_that_is_no_signature_is_refused),
		cmocka_unit_test(rootfs_directory_becomes_root_owned_and_sorted),
		cmocka_unit_test(rootfs_pax_reads_back_in_python_and_tar),
		cmocka_unit_test(rootfs_pax_loads_again_unchanged),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
