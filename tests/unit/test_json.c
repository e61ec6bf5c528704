/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/test_json.c - the JSON writer, judged by Python's reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/fake/scratch.h"
#include "tools/json.h"

static void document(struct buf *b)
{
	struct json j = { .out = b };

	json_open_object(&j, NULL);
	json_string(&j, "plain", "text");
	json_string(&j, "odd", "a\"b\\c\n\x01\x7f/\xc3\xa4");
	json_string(&j, "none", NULL);
	json_number(&j, "big", UINT64_MAX);
	json_bool(&j, "yes", true);
	json_hex(&j, "hex", "\x00\xff", 2);
	json_open_array(&j, "empty");
	json_close_array(&j);
	json_open_array(&j, "list");
	json_open_object(&j, NULL);
	json_close_object(&j);
	json_bool(&j, NULL, false);
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
}

static void json_document_reads_back_in_python(void **state)
{
	struct buf b = { 0 };

	(void)state;
	document(&b);
	scratch_write("x.json", b.bytes, b.len);
	buf_free(&b);
	assert_int_equal(scratch_sh("python3 -c \"import json,os,sys\n"
				    "v = json.load(open(os.environ['D'] + '/x.json', encoding='utf-8'))\n"
				    "odd = 'a' + chr(34) + 'b' + chr(92) + 'c' + chr(10)"
				    " + chr(1) + chr(127) + '/' + chr(0xe4)\n"
				    "want = dict(plain='text', odd=odd, none=None, big=2**64-1, yes=True, hex='00ff',"
				    " empty=[], list=[{}, False])\n"
				    "sys.exit(v != want or list(v) != list(want))\""), 0);
}

static void json_same_calls_same_bytes(void **state)
{
	struct buf a = { 0 }, b = { 0 };

	(void)state;
	document(&a);
	document(&b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.bytes, b.bytes, a.len);
	assert_int_equal(a.bytes[a.len - 1], '\n');
	buf_free(&a);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_document_reads_back_in_python),
		cmocka_unit_test(json_same_calls_same_bytes),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
