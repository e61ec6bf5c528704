/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/shim/string.h - what tpm2-tss needs of <string.h>: the floor's memory functions. */
#ifndef ASSAY_TPM_SHIM_STRING_H
#define ASSAY_TPM_SHIM_STRING_H

#include "kernel/base/mem.h"

#endif
