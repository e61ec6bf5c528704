/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_run_pcrs.c - any bytes as a TPM's response to PCR_Read, and as a stream of messages. */
#include <stdlib.h>
#include <string.h>

#include "tools/run_pcrs.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct tpm_frame frame = { .have = 0 };
	struct pcrs p = { 0 };
	u32 got;

	p.banks[1].alg = PCR_ALG_SHA256;
	if (pcrs_take(&p, 1, data, len, &got) == 0 && (got >> PCR_COUNT || got != p.banks[1].mask))
		abort();
	for (size_t i = 0; i < len; i += 7)
		if (tpm_frame_feed(&frame, data + i, len - i < 7 ? len - i : 7))
			break;
	return 0;
}
