/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/shim/stdlib.h - what tpm2-tss needs of <stdlib.h>: size_t and NULL; it allocates nothing. */
#ifndef ASSAY_TPM_SHIM_STDLIB_H
#define ASSAY_TPM_SHIM_STDLIB_H

#include <stddef.h>

#endif
