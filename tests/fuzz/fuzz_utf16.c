/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_utf16.c - any bytes as load options: the text is UTF-8 without control characters. */
/* links: boot/utf16.c */
#include <stdlib.h>

#include "boot/utf16.h"
#include "tools/utf8.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	size_t cap = len / 2 * 3, text_len = 0;
	u8 *text = malloc(cap ? cap : 1);
	int err = utf16_to_utf8(data, len, text, cap, &text_len);

	if (err && err != -EILSEQ)
		abort();
	if (!err && (!text_is_utf8(text, text_len) || text_has_control(text, text_len)))
		abort();
	free(text);
	return 0;
}
