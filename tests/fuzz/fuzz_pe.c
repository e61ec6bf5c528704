/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_pe.c - any bytes as a PE image, in both views: what is handed out lies inside them. */
#include <stdlib.h>

#include "boot/pe.h"
#include "boot/uki.h"
#include "tools/pedigest.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static int touch(void *ctx, struct span range)
{
	const struct pe *pe = ctx;

	if (range.len && (range.base < pe->bytes.base || range.base + range.len > pe->bytes.base + pe->bytes.len))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	for (unsigned view = PE_FILE; view <= PE_LOADED; view++) {
		struct span content;
		const char *why;
		struct pe pe;

		if (pe_open(data, len, view, &pe, &why))
			continue;
		for (unsigned i = 0; i < UKI_COUNT; i++)
			if (pe_find(&pe, uki_name(i), &content) == 0)
				(void)touch(&pe, content);
		(void)pe_digest_ranges(&pe, touch, &pe); /* an error is an answer */
	}
	return 0;
}
