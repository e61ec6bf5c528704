/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_sigfmt.c - any bytes as a value of security.ima: what is handed out lies inside them. */
#include <stdlib.h>

#include "crypto/sigfmt.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct span value = { data, len };
	struct sig_value v;

	if (sigfmt_hash_id(value, HASH_COUNT) > HASH_COUNT)
		abort();
	if (sigfmt_parse(value, &v))
		return 0;
	if (v.sig.base < data || v.sig.len > len || v.sig.base + v.sig.len > data + len || v.hash >= HASH_COUNT)
		abort();
	if (v.version && v.sig.base + v.sig.len != data + len)
		abort();
	return 0;
}
