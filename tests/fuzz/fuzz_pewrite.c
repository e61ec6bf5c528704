/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_pewrite.c - any bytes as a stub's ELF file and as a PE file to add to: results are images. */
#include <stdlib.h>

#include "boot/pe.h"
#include "kernel/base/port.h"
#include "tools/pewrite.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	const struct pe_section_in in = { ".added", "content", 7 };
	const char *why;
	size_t out_len;
	u8 *out;

	if (len >= 4 && data[0] == 0x7f && pewrite_stub(data, len, &out, &out_len, &why) == 0)
		port_free(out);
	if (pewrite_append(data, len, &in, 1, &out, &out_len, &why) == 0) {
		struct span content;
		struct pe pe;

		if (pe_open(out, out_len, PE_FILE, &pe, &why) || pe_find(&pe, ".added", &content) || content.len != 7)
			abort();
		port_free(out);
	}
	return 0;
}
