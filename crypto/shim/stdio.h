/* SPDX-License-Identifier: Apache-2.0 */
/* crypto/shim/stdio.h - <stdio.h> for foreign sources in the kernel: types only, nothing is printed there. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
