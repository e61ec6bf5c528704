/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_tarfs.c - tar archives of others' making unpacked, cut at every byte and spoiled.
 *
 * Good archives come from GNU tar and libarchive (tests/golden/tar). Bad ones are built here, a header at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/tarfs.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/fs_fixture.h"
#include "tests/fake/golden.h"

static int unpack(struct span tar, struct tar_report *report)
{
	memset(report, 0, sizeof(*report));
	return tar_unpack(fs_root_sb, tar, report);
}

/* The tree that three of the archives hold. */
static void expect_tree(void)
{
	static const u8 label[] = { 3, 2, 4, 1, 2, 3, 4, 5 };
	char long_name[310] = "/usr/", buf[64];
	struct inode *hello = fs_inode("/bin/hello"), *blob = fs_inode("/etc/blob");
	u8 content[800];

	memset(long_name + 5, 'x', 301);
	long_name[155] = '/';
	long_name[306] = '\0';
	assert_non_null(hello);
	assert_ptr_equal(hello, fs_inode("/bin/hard"));
	assert_int_equal(hello->nlink, 2);
	assert_int_equal(hello->mode, S_IFREG | 04755);
	assert_int_equal(hello->mtime.sec, 1614834367);
	assert_true(fs_holds("/bin/hello", "hello\n"));
	assert_true(fs_holds("/bin/link", "hello\n"));
	assert_int_equal(fs_inode("/bin/link")->mode & S_IFMT, S_IFLNK);
	assert_int_equal(blob->uid, 12);
	assert_int_equal(blob->gid, 34);
	assert_int_equal(inode_read(blob, 0, content, sizeof(content)), 700);
	for (int i = 0; i < 700; i++)
		assert_int_equal(content[i], (i * 7) & 255);
	assert_int_equal(fs_inode("/etc/owned")->uid, 3000000);
	assert_int_equal(fs_inode("/etc/owned")->gid, 3000001);
	assert_int_equal(fs_inode("/etc/empty")->size, 0);
	assert_int_equal(fs_inode("/etc")->uid, 12);
	assert_int_equal(fs_inode("/etc/deep")->mode, S_IFDIR | 0755);
	assert_true(fs_holds(long_name, "deep\n"));
	if (vfs_getxattr(hello, "security.ima", NULL, 0, &fs_root) < 0)
		return; /* GNU's own format has none */
	assert_int_equal(vfs_getxattr(hello, "security.ima", buf, sizeof(buf), &fs_root), sizeof(label));
	assert_memory_equal(buf, label, sizeof(label));
	assert_int_equal(vfs_getxattr(hello, "user.note", buf, sizeof(buf), &fs_root), 5);
	assert_memory_equal(buf, "value", 5);
	assert_int_equal(hello->mtime.nsec, 891000000);
}

static void unpack_golden(const char *name)
{
	struct span tar = golden_read(name);
	struct tar_report report;
	int err = unpack(tar, &report);

	if (err)
		fail_msg("%s: %d, %s", name, err, report.why);
	golden_free(tar);
}

static void gnu_posix_archive_unpacks(void **state)
{
	(void)state;
	unpack_golden("tar/gnu-posix.tar");
	expect_tree();
	assert_int_equal(vfs_getxattr(fs_inode("/bin/hello"), "security.ima", NULL, 0, &fs_root), 8);
	/* Numbers in the archive's order; the root is 1, a second name takes none. */
	assert_int_equal(fs_inode("/bin")->ino, 2);
	assert_int_equal(fs_inode("/bin/hard")->ino, 3);
	assert_int_equal(fs_inode("/bin/link")->ino, 4);
	assert_int_equal(fs_inode("/etc")->ino, 5);
}

static void gnu_format_archive_unpacks(void **state)
{
	(void)state;
	unpack_golden("tar/gnu-gnu.tar");
	expect_tree();
}

static void libarchive_archive_unpacks(void **state)
{
	(void)state;
	unpack_golden("tar/libarchive.tar");
	expect_tree();
	assert_int_equal(vfs_getxattr(fs_inode("/bin/hello"), "security.ima", NULL, 0, &fs_root), 8);
	assert_int_equal(vfs_listxattr(fs_inode("/bin/hello"), NULL, 0), 23); /* LIBARCHIVE.xattr makes no second one */
}

static void ustar_prefix_is_joined(void **state)
{
	char name[160] = "/p/";

	(void)state;
	memset(name + 3, 'a', 80);
	name[83] = '/';
	memset(name + 84, 'b', 60);
	unpack_golden("tar/gnu-ustar.tar");
	assert_true(fs_holds(name, "prefixed\n"));
}

/* A fresh file system for each try. */
static int unpack_alone(struct span tar, struct tar_report *report)
{
	struct memfs_options options = { .fsname = "t", .magic = 1, .root_mode = 0755 };
	struct superblock *sb;
	int err;

	assert_int_equal(memfs_create(&options, &sb), 0);
	memset(report, 0, sizeof(*report));
	err = tar_unpack(sb, tar, report);
	superblock_put(sb);
	return err;
}

static void cut_at_every_byte_is_refused(const char *name)
{
	struct span tar = golden_read(name);
	struct tar_report report;

	for (size_t len = 0; len < tar.len; len++) {
		u8 *part = golden_cut(tar, len);
		int err = unpack_alone((struct span){ part, len }, &report);

		free(part);
		if (err != -EBADMSG)
			fail_msg("%s cut at %zu: %d", name, len, err);
		assert_true(strstr(report.why, "cut") != NULL);
	}
	assert_int_equal(unpack_alone(tar, &report), 0);
	golden_free(tar);
}

static void gnu_archive_cut_anywhere_is_refused(void **state)
{
	(void)state;
	cut_at_every_byte_is_refused("tar/gnu-posix.tar");
	cut_at_every_byte_is_refused("tar/gnu-gnu.tar");
}

static void libarchive_archive_cut_anywhere_is_refused(void **state)
{
	(void)state;
	cut_at_every_byte_is_refused("tar/libarchive.tar");
}

static void flipped_bits_never_crash(void **state)
{
	struct span tar = golden_read("tar/gnu-posix.tar");
	struct tar_report report;
	int refused = 0;

	(void)state;
	for (size_t at = 0; at < tar.len; at += 3) {
		u8 *bytes = golden_cut(tar, tar.len);

		bytes[at] ^= (u8)(1u << at % 8);
		refused += unpack_alone((struct span){ bytes, tar.len }, &report) != 0;
		free(bytes);
	}
	assert_true(refused > 1000); /* headers are summed; content is not tar's to check */
	golden_free(tar);
}

/* ---- archives built here */

struct builder {
	u8 *bytes;
	size_t len;
};

static void add_block(struct builder *b, const void *bytes, size_t len)
{
	size_t padded = (len + 511) / 512 * 512;

	b->bytes = realloc(b->bytes, b->len + padded);
	assert_non_null(b->bytes);
	memset(b->bytes + b->len, 0, padded);
	memcpy(b->bytes + b->len, bytes, len);
	b->len += padded;
}

static void seal(u8 header[512])
{
	unsigned sum = 0;

	memset(header + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
}

/* A sealed header; size is what the field says. */
static void add_header(struct builder *b, char type, const char *name, const char *link, unsigned long long size)
{
	u8 h[512] = { 0 };

	strncpy((char *)h, name, 100);
	memcpy(h + 100, "0000644", 7);
	memcpy(h + 108, "0000000", 7);
	memcpy(h + 116, "0000000", 7);
	snprintf((char *)h + 124, 12, "%011llo", size);
	memcpy(h + 136, "00000000000", 11);
	h[156] = (u8)type;
	strncpy((char *)h + 157, link, 100);
	memcpy(h + 257, "ustar\00000", 8);
	seal(h);
	add_block(b, h, 512);
}

static void add_file(struct builder *b, const char *name, const char *content)
{
	add_header(b, '0', name, "", strlen(content));
	add_block(b, content, strlen(content));
}

static void add_pax(struct builder *b, char type, const char *records, size_t len)
{
	add_header(b, type, "pax", "", len);
	add_block(b, records, len);
}

/* One record, its length counted. */
static void add_record(struct builder *b, const char *key, const char *value, size_t value_len)
{
	size_t body = strlen(key) + value_len + 3, len = body + 1;
	char *text, number[24];

	while ((size_t)snprintf(number, sizeof(number), "%zu", len) + body != len)
		len++;
	text = malloc(len + 1);
	assert_non_null(text);
	snprintf(text, len + 1, "%s %s=", number, key);
	memcpy(text + len - value_len - 1, value, value_len);
	text[len - 1] = '\n';
	add_pax(b, 'x', text, len);
	free(text);
}

static void add_end(struct builder *b)
{
	static const u8 zeros[1024];

	add_block(b, zeros, sizeof(zeros));
}

/* Ends the archive, unpacks it into the fixture's root, frees it. */
static int finish(struct builder *b, struct tar_report *report)
{
	int err;

	add_end(b);
	err = unpack((struct span){ b->bytes, b->len }, report);
	free(b->bytes);
	*b = (struct builder){ 0 };
	return err;
}

/* Writers fill a record of 10,240 bytes with zeros, so that a cut there loses nothing but the length. */
static void archive_of_no_whole_blocks_is_refused(void **state)
{
	struct builder b = { 0 };
	struct tar_report report;

	(void)state;
	add_file(&b, "f", "x");
	for (int i = 0; i < 8; i++)
		add_end(&b);
	assert_int_equal(unpack_alone((struct span){ b.bytes, b.len - 512 }, &report), 0);
	for (size_t cut = 1; cut < 1500; cut += cut == 1 ? 510 : 1) {
		if (cut % 512 == 0)
			continue;
		assert_int_equal(unpack_alone((struct span){ b.bytes, b.len - cut }, &report), -EBADMSG);
		assert_string_equal(report.why, "tar: the archive is cut");
	}
	free(b.bytes);
}

/* A record shows them as they are; it is `assay image` that refuses them. */
static void odd_names_are_taken_byte_for_byte(void **state)
{
	struct builder b = { 0 };
	struct tar_report report;

	(void)state;
	add_file(&b, "a\nb", "newline");
	add_file(&b, "a\xff", "no UTF-8");
	assert_int_equal(finish(&b, &report), 0);
	assert_true(fs_holds("/a\nb", "newline"));
	assert_true(fs_holds("/a\xff", "no UTF-8"));
}

static void expect_refusal(struct builder *b, int want, const char *why)
{
	struct tar_report report;
	int err = finish(b, &report);

	if (err != want || !strstr(report.why, why))
		fail_msg("%d \"%s\" instead of %d \"%s\"", err, report.why, want, why);
}

static void bad_names_are_refused(void **state)
{
	static const struct {
		const char *name, *why;
	} bad[] = {
		{ "/etc/passwd", "absolute" }, { "../x", "\"..\"" }, { "a/../b", "\"..\"" }, { "a/..", "\"..\"" },
		{ "./..", "\"..\"" }, { "", "no name" }, { "./", "only a directory" }, { ".", "only a directory" },
	};
	struct builder b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		add_header(&b, strcmp(bad[i].name, "./") ? '0' : '2', bad[i].name, "x", 0);
		expect_refusal(&b, -EBADMSG, bad[i].why);
	}
}

static void long_names_are_refused_at_the_limits(void **state)
{
	struct builder b = { 0 };
	struct tar_report report;
	char name[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '/' : 'd';
	add_record(&b, "path", name, 4096);
	add_file(&b, "short", "");
	expect_refusal(&b, -ENAMETOOLONG, "4095");
	add_record(&b, "path", name, 4095);
	add_file(&b, "short", "");
	assert_int_equal(finish(&b, &report), 0);
	memset(name, 'c', 256);
	add_record(&b, "path", name, 256);
	add_file(&b, "short", "");
	expect_refusal(&b, -ENAMETOOLONG, "255");
	add_record(&b, "path", "a\0b", 3);
	add_file(&b, "short", "");
	expect_refusal(&b, -EBADMSG, "NUL");
	memset(name, 'L', 5000);
	add_pax(&b, 'L', name, 5000);
	add_file(&b, "short", "");
	expect_refusal(&b, -ENAMETOOLONG, "4095");
}

static void absurd_sizes_are_refused(void **state)
{
	struct builder b = { 0 };
	u8 *h;

	(void)state;
	add_header(&b, '0', "f", "", 077777777777ull);
	expect_refusal(&b, -EBADMSG, "longer than the archive");
	add_header(&b, '0', "f", "", 0);
	h = b.bytes;
	memset(h + 124, 0xff, 12); /* base-256, beyond 64 bits (or negative) */
	seal(h);
	expect_refusal(&b, -EBADMSG, "malformed");
	add_header(&b, '0', "f", "", 0);
	h = b.bytes;
	memset(h + 124, 0, 12);
	h[124] = 0x80;
	memset(h + 128, 0xff, 8); /* 2^64 - 1 */
	seal(h);
	expect_refusal(&b, -EBADMSG, "longer than the archive");
	add_header(&b, '0', "f", "", 0);
	h = b.bytes;
	memcpy(h + 124, "00000000x00", 11);
	seal(h);
	expect_refusal(&b, -EBADMSG, "malformed");
	add_record(&b, "size", "18446744073709551615", 20);
	add_file(&b, "f", "content");
	expect_refusal(&b, -EBADMSG, "longer than the archive");
	add_record(&b, "size", "99999999999999999999", 20);
	add_file(&b, "f", "content");
	expect_refusal(&b, -EBADMSG, "size");
	add_header(&b, '5', "d", "", 512);
	expect_refusal(&b, -EBADMSG, "only a file may have content");
	add_header(&b, 'x', "pax", "", 077777777777ull);
	expect_refusal(&b, -EBADMSG, "longer than the archive");
}

static void malformed_records_are_refused(void **state)
{
	static const char *const bad[] = {
		"x", "5 a=b", "6 a=b", "7 a=b\n", "0 a=b\n", "6 =ab\n", "5 ab\n", " a=b\n", "99999999999 a=b\n",
		"6 a=b\n9", "6\ta=b\n", "4 a=", "3 \n",
	};
	struct builder b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		add_pax(&b, 'x', bad[i], strlen(bad[i]));
		add_file(&b, "f", "");
		expect_refusal(&b, -EBADMSG, "malformed");
	}
	add_record(&b, "uid", "4294967295", 10);
	add_file(&b, "f", "");
	expect_refusal(&b, -EBADMSG, "uid");
	add_record(&b, "gid", "-1", 2);
	add_file(&b, "f", "");
	expect_refusal(&b, -EBADMSG, "gid");
	add_record(&b, "mtime", "12.3.4", 6);
	add_file(&b, "f", "");
	expect_refusal(&b, -EBADMSG, "mtime");
	add_record(&b, "uid", "1", 1);
	add_record(&b, "uid", "2", 1);
	add_file(&b, "f", "");
	expect_refusal(&b, -EBADMSG, "two extended headers");
	add_record(&b, "uid", "1", 1);
	expect_refusal(&b, -EBADMSG, "not followed by an entry");
}

static void unsupported_things_are_refused_by_name(void **state)
{
	struct builder b = { 0 };

	(void)state;
	add_header(&b, '6', "fifo", "", 0);
	expect_refusal(&b, -EBADMSG, "\"fifo\"");
	add_header(&b, 'S', "sparse", "", 0);
	expect_refusal(&b, -EBADMSG, "\"sparse\"");
	add_record(&b, "GNU.sparse.major", "1", 1);
	add_file(&b, "f", "");
	expect_refusal(&b, -EBADMSG, "sparse");
	add_record(&b, "LIBARCHIVE.xattr.security.ima", "AwIE", 4);
	add_file(&b, "f", "");
	expect_refusal(&b, -EBADMSG, "libarchive");
	add_record(&b, "SCHILY.xattr.system.posix_acl_access", "x", 1);
	add_file(&b, "f", "");
	expect_refusal(&b, -EBADMSG, "outside of user, trusted and security");
	add_pax(&b, 'g', "9 path=x\n", 9);
	add_file(&b, "f", "");
	expect_refusal(&b, -EBADMSG, "global header");
	add_header(&b, '0', "new\nline", "", 0);
	b.bytes[0] ^= 1;
	expect_refusal(&b, -EBADMSG, "checksum");
	add_header(&b, '0', "f", "", 0);
	b.bytes[257] = 'U';
	seal(b.bytes);
	expect_refusal(&b, -EBADMSG, "not a ustar header");
}

static void links_must_lead_to_files(void **state)
{
	struct builder b = { 0 };

	(void)state;
	add_header(&b, '1', "l", "nothing", 0);
	expect_refusal(&b, -EBADMSG, "not there");
	add_header(&b, '1', "l", "no/thing", 0);
	expect_refusal(&b, -EBADMSG, "not there");
	add_header(&b, '1', "l", "/etc/passwd", 0);
	expect_refusal(&b, -EBADMSG, "absolute");
	add_header(&b, '1', "l", "../x", 0);
	expect_refusal(&b, -EBADMSG, "\"..\"");
	add_header(&b, '5', "dir", "", 0);
	add_header(&b, '1', "l", "dir", 0);
	expect_refusal(&b, -EBADMSG, "directory");
	add_header(&b, '2', "s", "", 0);
	expect_refusal(&b, -EBADMSG, "target");
}

static void names_never_go_through_symlinks(void **state)
{
	struct builder b = { 0 };

	(void)state;
	add_header(&b, '5', "etc", "", 0);
	add_header(&b, '2', "way", "etc", 0);
	add_file(&b, "way/passwd", "x");
	expect_refusal(&b, -EBADMSG, "not a directory");
	assert_null(fs_inode("/etc/passwd"));
	add_file(&b, "file", "x");
	add_file(&b, "file/inside", "x");
	expect_refusal(&b, -EBADMSG, "not a directory");
}

static void later_entries_replace_earlier_ones(void **state)
{
	struct builder b = { 0 };
	struct tar_report report;

	(void)state;
	add_file(&b, "f", "old");
	add_header(&b, '1', "g", "f", 0);
	add_file(&b, "f", "new");
	add_header(&b, '2', "s", "x", 0);
	add_file(&b, "s", "was a link");
	add_header(&b, '5', "d/", "", 0);
	add_file(&b, "d/kept", "k");
	add_header(&b, '5', "d", "", 0);
	assert_int_equal(finish(&b, &report), 0);
	assert_true(fs_holds("/f", "new"));
	assert_true(fs_holds("/g", "old"));
	assert_int_equal(fs_inode("/g")->nlink, 1);
	assert_true(fs_holds("/s", "was a link"));
	assert_true(fs_holds("/d/kept", "k"));
	add_file(&b, "d", "x");
	expect_refusal(&b, -EBADMSG, "directory of that name");
	add_header(&b, '5', "f", "", 0);
	expect_refusal(&b, -EBADMSG, "not a directory");
}

static void missing_directories_are_made(void **state)
{
	struct builder b = { 0 };
	struct tar_report report;

	(void)state;
	add_file(&b, "./a/b//c/f", "x");
	add_header(&b, '3', "dev/null", "", 0);
	add_header(&b, '4', "dev/sda", "", 0);
	assert_int_equal(finish(&b, &report), 0);
	assert_int_equal(fs_inode("/a/b")->mode, S_IFDIR | 0755);
	assert_int_equal(fs_inode("/a/b")->uid, 0);
	assert_true(fs_holds("/a/b/c/f", "x"));
	assert_int_equal(report.count[TAR_DEVICE], 2);
	assert_int_equal(report.count[TAR_FILE], 1);
	assert_null(fs_inode("/dev")); /* a skipped entry leaves nothing */
}

static void root_entry_sets_the_root(void **state)
{
	struct builder b = { 0 };
	struct tar_report report;

	(void)state;
	add_record(&b, "uid", "7", 1);
	add_header(&b, '5', "./", "", 0);
	assert_int_equal(finish(&b, &report), 0);
	assert_int_equal(fs_inode("/")->uid, 7);
	assert_int_equal(fs_inode("/")->mode, S_IFDIR | 0644);
}

static void global_values_hold_until_an_entry_says_otherwise(void **state)
{
	struct builder b = { 0 };
	struct tar_report report;

	(void)state;
	add_pax(&b, 'g', "10 uid=55\n10 gid=66\n12 mtime=77\n13 comment=x\n", 45);
	add_file(&b, "a", "");
	add_record(&b, "uid", "8", 1);
	add_file(&b, "b", "");
	assert_int_equal(finish(&b, &report), 0);
	assert_int_equal(fs_inode("/a")->uid, 55);
	assert_int_equal(fs_inode("/a")->gid, 66);
	assert_int_equal(fs_inode("/a")->mtime.sec, 77);
	assert_int_equal(fs_inode("/b")->uid, 8);
	assert_int_equal(fs_inode("/b")->gid, 66);
}

static void times_have_fractions_and_signs(void **state)
{
	struct builder b = { 0 };
	struct tar_report report;

	(void)state;
	add_record(&b, "mtime", "12.5", 4);
	add_file(&b, "a", "");
	add_record(&b, "mtime", "-1.25", 5);
	add_file(&b, "b", "");
	add_record(&b, "mtime", "3.1234567899", 12);
	add_file(&b, "c", "");
	assert_int_equal(finish(&b, &report), 0);
	assert_int_equal(fs_inode("/a")->mtime.nsec, 500000000);
	assert_int_equal(fs_inode("/b")->mtime.sec, -2);
	assert_int_equal(fs_inode("/b")->mtime.nsec, 750000000);
	assert_int_equal(fs_inode("/c")->mtime.nsec, 123456789);
}

static void end_marker_must_be_the_end(void **state)
{
	struct builder b = { 0 };
	struct tar_report report;

	(void)state;
	add_end(&b);
	add_block(&b, "garbage", 7);
	expect_refusal(&b, -EBADMSG, "follows the end marker");
	add_block(&b, "", 0);
	assert_int_equal(finish(&b, &report), 0); /* nothing but the marker */
}

static void reports_name_the_entry_in_clean_text(void **state)
{
	struct builder b = { 0 };
	char name[100];

	(void)state;
	add_header(&b, '6', "new\nline\x1b", "", 0);
	expect_refusal(&b, -EBADMSG, "tar entry \"new?line?\": it is neither");
	memset(name, 'n', 99);
	name[99] = '\0';
	add_header(&b, '6', name, "", 0);
	expect_refusal(&b, -EBADMSG, name);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fs_setup, fs_teardown)
	const struct CMUnitTest tests[] = {
		T(gnu_posix_archive_unpacks),
		T(gnu_format_archive_unpacks),
		T(libarchive_archive_unpacks),
		T(ustar_prefix_is_joined),
		T(gnu_archive_cut_anywhere_is_refused),
		T(libarchive_archive_cut_anywhere_is_refused),
		T(archive_of_no_whole_blocks_is_refused),
		T(odd_names_are_taken_byte_for_byte),
		T(flipped_bits_never_crash),
		T(bad_names_are_refused),
		T(long_names_are_refused_at_the_limits),
		T(absurd_sizes_are_refused),
		T(malformed_records_are_refused),
		T(unsupported_things_are_refused_by_name),
		T(links_must_lead_to_files),
		T(names_never_go_through_symlinks),
		T(later_entries_replace_earlier_ones),
		T(missing_directories_are_made),
		T(root_entry_sets_the_root),
		T(global_values_hold_until_an_entry_says_otherwise),
		T(times_have_fractions_and_signs),
		T(end_marker_must_be_the_end),
		T(reports_name_the_entry_in_clean_text),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
