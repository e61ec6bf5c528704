/* SPDX-License-Identifier: Apache-2.0 */
/* crypto/shim/stdlib.h - <stdlib.h> for foreign sources in the kernel: types only, memory comes through hooks. */
#ifndef ASSAY_SHIM_STDLIB_H
#define ASSAY_SHIM_STDLIB_H

#include <stddef.h>

#endif
