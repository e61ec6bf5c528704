/* SPDX-License-Identifier: Apache-2.0 */
/* crypto/shim/string.h - <string.h> for foreign sources in the kernel: what kernel/base/mem.c has. */
#ifndef ASSAY_SHIM_STRING_H
#define ASSAY_SHIM_STRING_H

#include "kernel/base/mem.h"

#endif
