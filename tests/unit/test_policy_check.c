/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/test_policy_check.c - `assay policy check`: the corpus of a real Linux, and what users get wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/fake/golden.h"
#include "tests/fake/scratch.h"
#include "tools/commands.h"


/* With standard output in the file `out`. */
static int check(const char *words, const char **ret_said)
{
	int saved = dup(STDOUT_FILENO), status;
	char *path = scratch_path("out");
	FILE *file = fopen(path, "w");

	assert_true(saved >= 0 && file && fflush(stdout) == 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
	status = scratch_command(cmd_policy, words, ret_said);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	(void)fclose(file);
	free(path);
	return status;
}

static void expect(const char *words, int status, const char *sentence)
{
	const char *said;
	int seen = check(words, &said);

	if (seen != status || (*sentence ? !strstr(said, sentence) : *said))
		fail_msg("%s: %d '%s' instead of %d '%s'", words, seen, said, status, sentence);
}

/* docs/CAVEATS.md says where and why Assay answers other than the Linux that made the corpus. */
static bool is_exception(const char *rule)
{
	return !strcmp(rule, "appraise appraise_type=imasig digest_type=verity") ||
	       !strcmp(rule, "appraise func=MODULE_CHECK appraise_type=imasig|modsig");
}

static void policy_check_answers_the_corpus_as_linux_does(void **state)
{
	struct span corpus = golden_read("policy/corpus.txt");
	char *text = calloc(1, corpus.len + 1), *save = NULL;
	unsigned good = 0, bad = 0;
	const char *said;

	(void)state;
	memcpy(text, corpus.base, corpus.len);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t');
		int status;

		if (line[0] == '#' || !tab || is_exception(tab + 1)) continue;
		*tab = 0;
		scratch_write_text("rule", tab + 1);
		status = strcmp(line, "OK") != 0;
		if (!tab[1 + strspn(tab + 1, " \t")] || tab[1 + strspn(tab + 1, " \t")] == '#')
			status = 1; /* no rule at all */
		if (check("policy check @rule", &said) != status) fail_msg("%s: %s: %s", line, tab + 1, said);
		if (status) assert_non_null(strstr(said, "/rule:1:"));
		good += !status;
		bad += status;
	}
	assert_true(good > 40 && bad > 40);
	free(text);
	golden_free(corpus);
}

static void policy_check_names_line_column_and_reason_of_each_bad_rule(void **state)
{
	(void)state;
	scratch_write_text("p", "# mine\nmeasure func=BPRM_CHECK\n\n  measure  func=FOO\nappraise uid=x # no\nhash\n");
	expect("policy check @p", 1, "/p:4:12: the value is not known: func=FOO\n");
	expect("policy check @p", 1, "/p:5:10: the value is no id (0 to 4294967294): uid=x\n");
	scratch_write_text("crlf", "measure func=BPRM_CHECK\r\n");
	expect("policy check @crlf", 1, "/crlf:1:9: the value is not known: func=BPRM_CHECK?\n");
	scratch_write_text("good", "measure func=BPRM_CHECK\n");
	expect("policy check @good", 0, "");
	assert_int_equal(scratch_sh("grep -qx '.*/good: 1 rule' $D/out"), 0);
	expect("policy check @good @p @missing", 1, "cannot open");
	scratch_write_text("own", "measure func=BPRM_CHECK template=n-ng|d-ng\n");
	expect("policy check @own", 1, "/own:1:25: the template is not known: template=n-ng|d-ng");
	expect("policy check @own --template-fmt n-ng|d-ng", 0, "");
}

static void policy_check_without_a_rule_is_refused(void **state)
{
	(void)state;
	scratch_write_text("none", "# nothing\n\n");
	scratch_write_text("empty", "");
	expect("policy check @none", 1, "/none:1:1: there is no rule in it\n");
	expect("policy check @empty", 1, "/empty:1:1: there is no rule in it\n");
	expect("policy check /dev/null", 1, "there is no rule in it\n");
	expect("policy check @.", 1, "is a directory");
	expect("policy check /dev/zero", 1, "is larger than");
}

static void policy_usage_errors_exit_2(void **state)
{
	(void)state;
	expect("policy", 2, "assay policy check FILE");
	expect("policy load x", 2, "'load' is not 'check'");
	expect("policy check", 2, "give the policy");
	expect("policy check x --bogus", 2, "--bogus");
	expect("policy check x --template-fmt nothing", 2, "no row of template fields");
	expect("policy check x --template-fmt", 2, "needs a value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_check_answers_the_corpus_as_linux_does),
		cmocka_unit_test(policy_check_names_line_column_and_reason_of_each_bad_rule),
		cmocka_unit_test(policy_check_without_a_rule_is_refused),
		cmocka_unit_test(policy_usage_errors_exit_2),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
