/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_filter.c - any bytes as a TPM command: what passes cannot extend a PCR of ours. */
#include <stdlib.h>

#include "tpm/filter.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	u8 rsp[10] = { 0 };
	const char *what = NULL;
	u32 code = 0;
	int err = tpm_filter(data, len, rsp, &what, &code);

	if (err == -EPERM && (!what || load_be16(rsp) != 0x8001 || load_be32(rsp + 2) != 10 || !load_be32(rsp + 6)))
		abort();
	if (err)
		return 0;
	code = load_be32(data + 6);
	if (code >> 29 || code == 0x144 || code == 0x145 || code == 0x126 || code == 0x12b)
		abort();
	if (code == 0x182 || code == 0x13c || code == 0x185 || code == 0x13d) {
		u32 pcr = load_be32(data + 10);

		if (pcr != 16 && pcr != 23 && pcr != 0x40000007)
			abort();
	}
	return 0;
}
