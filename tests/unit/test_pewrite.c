/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_pewrite.c - PE files as objdump, sbsign and boot/pe.c see them.
 *
 * The Authenticode digest is judged by sbsign: the digest that it signs must be the one that our ranges give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "boot/pe.h"
#include "kernel/base/port.h"
#include "tests/fake/scratch.h"
#include "tests/fake/stub_elf.h"
#include "tools/pedigest.h"
#include "tools/pewrite.h"

struct image {
	u8 *bytes;
	size_t len;
};

static struct image make_stub(void)
{
	const char *why = NULL;
	struct image stub;
	size_t len;
	u8 *elf = stub_elf(&len);

	assert_int_equal(pewrite_stub(elf, len, &stub.bytes, &stub.len, &why), 0);
	free(elf);
	return stub;
}

static struct image append(struct image stub, const struct pe_section_in *in, size_t count, int expect)
{
	const char *why = NULL;
	struct image out = { NULL, 0 };

	assert_int_equal(pewrite_append(stub.bytes, stub.len, in, count, &out.bytes, &out.len, &why), expect);
	assert_true(expect == 0 || why != NULL);
	return out;
}

static const struct pe_section_in two[] = { { ".linux", "kernel bytes", 12 }, { ".cmdline", "quiet", 5 } };

static struct image make_image(void)
{
	struct image stub = make_stub();
	struct image image = append(stub, two, 2, 0);

	port_free(stub.bytes);
	return image;
}

static void pewrite_image_has_the_fixed_layout(void **state)
{
	struct image image = make_image(), again = make_image();
	struct pe pe;
	const char *why;
	size_t sum;

	(void)state; /* the folder */
	assert_int_equal(pe_open(image.bytes, image.len, PE_FILE, &pe, &why), 0);
	assert_int_equal(load_le32(image.bytes + 0x3c), 0x300);
	for (size_t i = 0x1f1; i < 0x300; i++)
		assert_int_equal(image.bytes[i], 0);
	assert_int_equal(load_le32(image.bytes + 0x308), 0); /* time stamp */
	sum = pe.headers_len;
	for (size_t i = 0; i < pe.count; i++) {
		struct pe_section s;

		pe_section_at(&pe, i, &s);
		assert_int_equal(s.file_off, sum);
		assert_int_equal(s.vaddr % PAGE_SIZE, 0);
		assert_true(!(s.flags & PE_SCN_WRITE) || !(s.flags & PE_SCN_EXEC));
		sum += s.file_len;
	}
	assert_int_equal(sum, image.len);
	assert_int_equal(pe.count, 6);
	assert_int_equal(again.len, image.len);
	assert_memory_equal(again.bytes, image.bytes, image.len);
	port_free(image.bytes);
	port_free(again.bytes);
}

static void pewrite_image_is_listed_by_objdump(void **state)
{
	struct image image = make_image();

	(void)state; /* the folder */
	scratch_write("out.efi", image.bytes, image.len);
	port_free(image.bytes);
	assert_int_equal(scratch_sh("objdump -h $D/out.efi >$D/list"), 0);
	assert_int_equal(scratch_sh("grep -Eq '^ *0 \\.text +00000020 +0+1000 ' $D/list"), 0);
	assert_int_equal(scratch_sh("grep -Eq '^ *1 \\.rodata +00000009 +0+2000 ' $D/list"), 0);
	assert_int_equal(scratch_sh("grep -Eq '^ *2 \\.data +00000310 +0+3000 ' $D/list"), 0);
	assert_int_equal(scratch_sh("grep -Eq '^ *3 \\.reloc +0000000c +0+4000 ' $D/list"), 0);
	assert_int_equal(scratch_sh("grep -Eq '^ *4 \\.linux +0000000c +0+5000 ' $D/list"), 0);
	assert_int_equal(scratch_sh("grep -Eq '^ *5 \\.cmdline +00000005 +0+6000 ' $D/list"), 0);
	assert_int_equal(scratch_sh("objcopy -O binary -j .cmdline $D/out.efi $D/cmdline"), 0);
	assert_int_equal(scratch_sh("printf quiet | cmp -n 5 - $D/cmdline"), 0);
}

static int hash_range(void *ctx, struct span range)
{
	return EVP_DigestUpdate(ctx, range.base, range.len) == 1 ? 0 : -EIO;
}

static bool contains(const u8 *bytes, size_t len, const u8 *what, size_t what_len)
{
	return memmem(bytes, len, what, what_len) != NULL;
}

static void pewrite_digest_is_the_one_sbsign_signs(void **state)
{
	struct image image = make_image();
	struct pe_optional optional;
	struct pe pe;
	const char *why;
	u8 digest[32];
	struct buf signed_file;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	(void)state; /* the folder */
	scratch_write("out.efi", image.bytes, image.len);
	port_free(image.bytes);
	assert_int_equal(scratch_sh("openssl req -new -x509 -newkey rsa:2048 -nodes -keyout $D/k -out $D/c -subj /CN=t "
				    "-days 9 2>/dev/null"), 0);
	assert_int_equal(scratch_sh("sbsign --key $D/k --cert $D/c --output $D/signed.efi $D/out.efi 2>$D/said"), 0);
	assert_int_equal(scratch_sh("grep -iq warning $D/said"), 1);
	assert_int_equal(scratch_sh("sbverify --cert $D/c $D/signed.efi >/dev/null"), 0);
	signed_file = scratch_read("signed.efi");
	assert_int_equal(pe_open(signed_file.bytes, signed_file.len, PE_FILE, &pe, &why), 0);
	assert_int_equal(pe_optional(&pe, &optional), 0);
	assert_true(optional.cert_len > 0);
	assert_int_equal(EVP_DigestInit(ctx, EVP_sha256()), 1);
	assert_int_equal(pe_digest_ranges(&pe, hash_range, ctx), 0);
	assert_int_equal(EVP_DigestFinal(ctx, digest, NULL), 1);
	EVP_MD_CTX_free(ctx);
	assert_true(contains(signed_file.bytes + optional.cert_off, optional.cert_len, digest, 32));
	signed_file.bytes[pe.headers_len] ^= 1; /* the twin that must fail */
	ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestInit(ctx, EVP_sha256()), 1);
	assert_int_equal(pe_digest_ranges(&pe, hash_range, ctx), 0);
	assert_int_equal(EVP_DigestFinal(ctx, digest, NULL), 1);
	EVP_MD_CTX_free(ctx);
	assert_false(contains(signed_file.bytes + optional.cert_off, optional.cert_len, digest, 32));
	(void)append((struct image){ signed_file.bytes, signed_file.len }, two, 2, -EBADMSG);
	buf_free(&signed_file);
}

static void pewrite_append_refuses_what_it_cannot_keep_right(void **state)
{
	struct image image = make_image();
	const struct pe_section_in empty = { ".x", "", 0 }, longname = { ".ninechar", "x", 1 }, noname = { "", "x", 1 };
	const struct pe_section_in same[] = { { ".x", "x", 1 }, { ".x", "y", 1 } };
	struct pe_section_in many[20];
	char names[20][4];
	struct image full;

	(void)state; /* the folder */
	(void)append(image, &two[1], 1, -EEXIST);
	(void)append(image, &empty, 1, -EINVAL);
	(void)append(image, &longname, 1, -EINVAL);
	(void)append(image, &noname, 1, -EINVAL);
	(void)append(image, same, 2, -EEXIST);
	for (size_t i = 0; i < 20; i++) {
		(void)snprintf(names[i], sizeof(names[i]), ".%c", (char)('a' + (int)i));
		many[i] = (struct pe_section_in){ names[i], "x", 1 };
	}
	full = append(image, many, PEWRITE_SECTIONS_MAX - 7, 0); /* six are there */
	(void)append(full, &many[PEWRITE_SECTIONS_MAX - 7], 2, -ENOSPC);
	port_free(full.bytes);
	port_free(image.bytes);
}

static void pewrite_append_refuses_gaps_overlaps_and_cut_files(void **state)
{
	struct image image = make_image();
	const struct pe_section_in in = { ".x", "x", 1 };
	u8 *table = image.bytes + 0x300 + 24 + 240;

	(void)state; /* the folder */
	for (size_t len = 0; len < image.len; len++) {
		u8 *cut = malloc(len ? len : 1);

		memcpy(cut, image.bytes, len);
		(void)append((struct image){ cut, len }, &in, 1, -EBADMSG);
		free(cut);
	}
	store_le32(table + 40 + 12, 0x1000); /* .rodata upon .text */
	(void)append(image, &in, 1, -EBADMSG);
	store_le32(table + 40 + 12, 0x2000);
	store_le32(table + 40 + 16, 0); /* a gap where its bytes were */
	(void)append(image, &in, 1, -EBADMSG);
	store_le32(table + 40 + 16, 0x200);
	port_free(append(image, &in, 1, 0).bytes);
	port_free(image.bytes);
}

/* Offset, bytes, value: one field of the stub's ELF file spoiled. */
static void pewrite_stub_refuses_a_bad_elf_file(void **state)
{
	static const struct { size_t off; u64 value; } cases[] = {
		{ 0, 0 }, { 18, 3 }, { ELF_SHOFF, 0xffffffff }, { ELF_SHNUM, 0xffff }, { ELF_SHNUM, 0 },
		{ STUB_ELF_SECTIONS + 64 + 16, 0 },           /* .text in the headers' page */
		{ STUB_ELF_SECTIONS + 128 + 16, 0x1800 },     /* .rodata inside .text's page */
		{ STUB_ELF_SECTIONS + 128 + 16, 0xffffffffffffffff },
		{ STUB_ELF_SECTIONS + 192 + 24, 0xffffffff }, /* .data outside the file */
		{ STUB_ELF_SECTIONS + 192 + 32, 0xffffffffffffffff },
		{ STUB_ELF_SECTIONS + 256 + 16, 0x7fff0000 }, /* .bss where the image would have 2 GiB */
	};

	(void)state; /* the folder */
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const char *why = NULL;
		size_t len, pe_len;
		u8 *elf = stub_elf(&len), *pe;

		memcpy(elf + cases[i].off, &cases[i].value, cases[i].off % 8 ? 2 : cases[i].off == ELF_SHNUM ? 2 : 8);
		assert_int_equal(pewrite_stub(elf, len, &pe, &pe_len, &why), -EBADMSG);
		assert_non_null(why);
		free(elf);
	}
}

static void pewrite_stub_refuses_every_cut(void **state)
{
	size_t len;
	u8 *elf = stub_elf(&len);

	(void)state; /* the folder */
	for (size_t n = 0; n < len; n += n < 0x400 || n > 0xff0 ? 1 : 16) {
		const char *why = NULL;
		u8 *cut = malloc(n ? n : 1), *pe;
		size_t pe_len;

		memcpy(cut, elf, n);
		assert_int_equal(pewrite_stub(cut, n, &pe, &pe_len, &why), -EBADMSG);
		free(cut);
	}
	free(elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pewrite_image_has_the_fixed_layout),
		cmocka_unit_test_setup_teardown(pewrite_image_is_listed_by_objdump, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(pewrite_digest_is_the_one_sbsign_signs, scratch_setup,
						scratch_teardown),
		cmocka_unit_test(pewrite_append_refuses_what_it_cannot_keep_right),
		cmocka_unit_test(pewrite_append_refuses_gaps_overlaps_and_cut_files),
		cmocka_unit_test(pewrite_stub_refuses_a_bad_elf_file),
		cmocka_unit_test(pewrite_stub_refuses_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
