/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/cmdline.c */
/* tests/fuzz/fuzz_cmdline.c - two texts: nothing from outside weakens what the image says. */
#include <stdlib.h>
#include <string.h>

#include "kernel/cmdline.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	static struct cmdline both, alone;
	struct span image, outside;

	if (!len)
		return 0;
	image = (struct span){ data + 1, data[0] * (len - 1) / 255 };
	outside = (struct span){ image.base + image.len, len - 1 - image.len };
	if (cmdline_parse(&both, image, outside) != 0)
		return 0;
	if (cmdline_parse(&alone, image, (struct span){ NULL, 0 }) != 0)
		abort();
	if (strcmp(both.init, alone.init) != 0 || !both.ima_policy != !alone.ima_policy ||
	    both.ima_appraise != alone.ima_appraise || both.ima_tpm_require != alone.ima_tpm_require ||
	    both.evm_fix != alone.evm_fix || both.argv[both.argc] || both.envp[both.envc])
		abort();
	return 0;
}
