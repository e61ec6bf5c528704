/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_run_vars.c - any bytes as a firmware variable store: edited inside its bounds, or untouched. */
#include <stdlib.h>
#include <string.h>

#include "tools/run_vars.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	u8 *copy = malloc(len ? len : 1);
	const char *why;

	memcpy(copy, data, len);
	if (vars_set_boot(copy, len, "quiet", &why) && memcmp(copy, data, len) != 0)
		abort();
	free(copy);
	return 0;
}
