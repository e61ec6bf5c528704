/* SPDX-License-Identifier: Apache-2.0 */
/* crypto/shim/stdio.h - <stdio.h> for foreign sources in the kernel: types only, nothing is printed there. */
#ifndef ASSAY_SHIM_STDIO_H
#define ASSAY_SHIM_STDIO_H

#include <stdarg.h>
#include <stddef.h>

#endif
