/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/cmdline.c */
/*
 * tests/unit/test_cmdline.c - the command line: what counts, what is ignored, what goes to init.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/cmdline.h"

static struct cmdline c;

/* Texts stand in blocks of their exact size, so that ASan sees one byte too many. */
static int parse_bytes(const char *image, size_t image_len, const char *outside, size_t outside_len)
{
	u8 *a = malloc(image_len ? image_len : 1), *b = malloc(outside_len ? outside_len : 1);
	int err;

	memcpy(a, image, image_len);
	memcpy(b, outside, outside_len);
	err = cmdline_parse(&c, (struct span){ image_len ? a : NULL, image_len },
			    (struct span){ outside_len ? b : NULL, outside_len });
	free(a);
	free(b);
	return err;
}

static int parse(const char *image, const char *outside)
{
	return parse_bytes(image, strlen(image), outside, strlen(outside));
}

static void empty_gives_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("", ""), 0);
	assert_string_equal(c.init, "/init");
	assert_int_equal(c.argc, 1);
	assert_string_equal(c.argv[0], "/init");
	assert_null(c.argv[1]);
	assert_string_equal(c.envp[0], "HOME=/");
	assert_string_equal(c.envp[1], "TERM=linux");
	assert_null(c.envp[2]);
	assert_null(c.ima_policy);
	assert_null(c.ima_appraise);
	assert_string_equal(c.ignored, "");
	assert_string_equal(c.full, "");
}

static void options_of_the_image_are_taken(void **state)
{
	(void)state;
	assert_int_equal(parse("quiet loglevel=6 console=ttyS0,115200 init=/sbin/init ima_policy=tcb ima_appraise=log "
			       "ima_hash=sha512 ima_template=ima-sig ima_template_fmt=d|n ima_tpm=require "
			       "integrity_audit=1 evm=fix\n", ""), 0);
	assert_true(c.quiet);
	assert_int_equal(c.loglevel, 6);
	assert_string_equal(c.console, "ttyS0,115200");
	assert_string_equal(c.init, "/sbin/init");
	assert_string_equal(c.argv[0], "/sbin/init");
	assert_string_equal(c.ima_policy, "tcb");
	assert_string_equal(c.ima_appraise, "log");
	assert_string_equal(c.ima_hash, "sha512");
	assert_string_equal(c.ima_template, "ima-sig");
	assert_string_equal(c.ima_template_fmt, "d|n");
	assert_string_equal(c.ima_tpm_require, "require");
	assert_string_equal(c.integrity_audit, "1");
	assert_string_equal(c.evm_fix, "fix");
	assert_string_equal(c.ignored, "");
}

static void several_policies_are_joined(void **state)
{
	(void)state;
	assert_int_equal(parse("ima_policy=tcb ima_tcb ima-policy=appraise_tcb", ""), 0);
	assert_string_equal(c.ima_policy, "tcb|ima_tcb|appraise_tcb");
}

static void unknown_words_go_to_init_as_on_linux(void **state)
{
	(void)state;
	assert_int_equal(parse("single FOO=bar TERM=vt100 mod.param=1 =odd -- -x ima_policy=none \"a b\"", ""), 0);
	assert_int_equal(c.argc, 6);
	assert_string_equal(c.argv[1], "single");
	assert_string_equal(c.argv[2], "=odd");
	assert_string_equal(c.argv[3], "-x");
	assert_string_equal(c.argv[4], "ima_policy=none");
	assert_string_equal(c.argv[5], "a b");
	assert_null(c.argv[6]);
	assert_string_equal(c.envp[1], "TERM=vt100");
	assert_string_equal(c.envp[2], "FOO=bar");
	assert_null(c.envp[3]);
	assert_null(c.ima_policy);
	assert_string_equal(c.ignored, "mod.param=1");
}

static void words_before_init_are_forgotten(void **state)
{
	(void)state;
	assert_int_equal(parse("auto init=/a after", ""), 0);
	assert_int_equal(c.argc, 2);
	assert_string_equal(c.argv[0], "/a");
	assert_string_equal(c.argv[1], "after");
}

static void quotes_keep_spaces(void **state)
{
	(void)state;
	assert_int_equal(parse("ima_policy=\"tcb critical_data\" \"A=b c\" X=\"y", ""), 0);
	assert_string_equal(c.ima_policy, "tcb critical_data");
	assert_string_equal(c.envp[2], "A=b c");
	assert_string_equal(c.envp[3], "X=y");
}

static void outside_is_ignored_when_the_image_has_a_line(void **state)
{
	(void)state;
	assert_int_equal(parse("quiet", "loglevel=7 FOO=bar word -- arg"), 0);
	assert_int_equal(c.loglevel, 0);
	assert_int_equal(c.argc, 1);
	assert_null(c.envp[2]);
	assert_string_equal(c.ignored, "loglevel=7 FOO=bar word arg");
	assert_string_equal(c.full, "quiet");
}

static void outside_counts_where_the_image_allows_it(void **state)
{
	(void)state;
	assert_int_equal(parse("assay.allow=loglevel,FOO assay.allow=integrity-audit,word",
			       "loglevel=7 FOO=bar BAR=x integrity_audit=1 word"), 0);
	assert_int_equal(c.loglevel, 7);
	assert_string_equal(c.envp[2], "FOO=bar");
	assert_null(c.envp[3]);
	assert_string_equal(c.integrity_audit, "1");
	assert_string_equal(c.argv[1], "word");
	assert_string_equal(c.ignored, "BAR=x");
	assert_string_equal(c.full, "assay.allow=loglevel,FOO assay.allow=integrity-audit,word loglevel=7 FOO=bar "
				    "integrity_audit=1 word");
}

static void outside_counts_without_a_line_of_the_image(void **state)
{
	(void)state;
	assert_int_equal(parse("", "loglevel=3 FOO=bar word -- arg"), 0);
	assert_int_equal(c.loglevel, 3);
	assert_string_equal(c.envp[2], "FOO=bar");
	assert_string_equal(c.argv[1], "word");
	assert_string_equal(c.argv[2], "arg");
	assert_string_equal(c.full, "loglevel=3 FOO=bar word -- arg");
}

static void some_options_never_come_from_outside(void **state)
{
	static const char *const words[] = { "init=/evil", "ima=off", "ima_policy=none", "ima-policy=none",
					     "ima_appraise=off", "ima_tpm=require", "ima_tcb", "evm=fix",
					     "assay.allow=ima",
					     "\"ima_appraise=off\"", "assay.x=1", "ima_hash=sha1", "ima_unheard=1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		char image[256];

		for (int with_line = 0; with_line < 2; with_line++) {
			strcpy(image, with_line ? "assay.allow=init,ima,ima_policy,ima-policy,ima_appraise,ima_tpm,"
						  "ima_tcb,evm,assay.allow,assay.x,ima_hash,ima_unheard" : "");
			assert_int_equal(parse(image, words[i]), 0);
			assert_string_equal(c.ignored, words[i]);
			assert_string_equal(c.full, image);
			assert_string_equal(c.init, "/init");
			assert_null(c.ima_policy);
			assert_null(c.ima_appraise);
			assert_null(c.ima_hash);
			assert_null(c.ima_tpm_require);
			assert_null(c.evm_fix);
		}
	}
}

static void outside_cannot_widen_what_the_image_allows(void **state)
{
	(void)state;
	assert_int_equal(parse("assay.allow=assay.allow", "assay.allow=FOO FOO=1"), 0);
	assert_string_equal(c.ignored, "assay.allow=FOO FOO=1");
	assert_null(c.envp[2]);
}

static void values_without_sense_are_ignored_and_said(void **state)
{
	(void)state;
	assert_int_equal(parse("loglevel=many ima_appraise=perhaps ima=off evm=y integrity_audit=2 ima_unheard=1", ""),
			 0);
	assert_string_equal(c.ignored,
			    "loglevel=many ima_appraise=perhaps ima=off evm=y integrity_audit=2 ima_unheard=1");
	assert_null(c.ima_appraise);
	assert_int_equal(c.loglevel, 0);
}

static void values_that_would_weaken_are_refused(void **state)
{
	(void)state;
	assert_int_equal(parse("ima_tpm=maybe", ""), -EINVAL);
	assert_non_null(strstr(c.why, "ima_tpm=maybe"));
	assert_int_equal(parse("rootuuid=41737361-7921-4d65-a173-75726564212", ""), -EINVAL);
	assert_int_equal(parse("rootuuid=4173736197921-4d65-a173-757265642121", ""), -EINVAL);
	assert_int_equal(parse("rootuuid=g1737361-7921-4d65-a173-757265642121", ""), -EINVAL);
}

static void rootuuid_is_read(void **state)
{
	static const u8 want[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
				     0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10 };

	(void)state;
	assert_int_equal(parse("rootuuid=01234567-89ab-cdef-FEDC-BA9876543210", ""), 0);
	assert_memory_equal(c.rootuuid, want, 16);
}

static void control_bytes_are_refused(void **state)
{
	(void)state;
	assert_int_equal(parse_bytes("a\0b", 3, "", 0), -EINVAL);
	assert_int_equal(parse("a\x1b[31m", ""), -EINVAL);
	assert_int_equal(parse("", "a\x7f"), -EINVAL);
	assert_int_equal(parse_bytes("quiet\0\0\0", 8, "", 0), 0); /* padding of the section */
	assert_true(c.quiet);
}

static void long_texts_are_refused(void **state)
{
	char text[CMDLINE_LEN_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[CMDLINE_LEN_MAX + 1] = '\0';
	assert_int_equal(parse(text, ""), -E2BIG);
	assert_int_equal(parse("", text), -E2BIG);
	text[CMDLINE_LEN_MAX] = '\0';
	assert_int_equal(parse(text, text), 0);
	assert_string_equal(c.full, text);
	for (size_t i = 0; i < CMDLINE_LEN_MAX; i++)
		text[i] = i % 2 ? ' ' : 'y';
	assert_int_equal(parse(text, ""), -E2BIG); /* too many arguments */
	for (size_t i = 0; i + 16 <= CMDLINE_LEN_MAX; i += 16)
		memcpy(text + i, "ima_policy=tcba ", 16);
	assert_int_equal(parse(text, ""), -E2BIG); /* joined too long */
}

static void cut_anywhere_nothing_breaks(void **state)
{
	static const char text[] =
		"quiet \"a=b c\" init=\"/x y\" ima_policy=tcb assay.allow=\"a,b\" assay.allow=c -- \"q r\" =";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		assert_int_equal(parse_bytes(text, len, text, len), 0);
		assert_true(c.argc >= 1);
		assert_null(c.argv[c.argc]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_gives_defaults),
		cmocka_unit_test(options_of_the_image_are_taken),
		cmocka_unit_test(several_policies_are_joined),
		cmocka_unit_test(unknown_words_go_to_init_as_on_linux),
		cmocka_unit_test(words_before_init_are_forgotten),
		cmocka_unit_test(quotes_keep_spaces),
		cmocka_unit_test(outside_is_ignored_when_the_image_has_a_line),
		cmocka_unit_test(outside_counts_where_the_image_allows_it),
		cmocka_unit_test(outside_counts_without_a_line_of_the_image),
		cmocka_unit_test(some_options_never_come_from_outside),
		cmocka_unit_test(outside_cannot_widen_what_the_image_allows),
		cmocka_unit_test(values_without_sense_are_ignored_and_said),
		cmocka_unit_test(values_that_would_weaken_are_refused),
		cmocka_unit_test(rootuuid_is_read),
		cmocka_unit_test(control_bytes_are_refused),
		cmocka_unit_test(long_texts_are_refused),
		cmocka_unit_test(cut_anywhere_nothing_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
