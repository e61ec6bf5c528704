/* SPDX-License-Identifier: Apache-2.0 */
/* crypto/shim/stdlib.h - <stdlib.h> for foreign sources in the kernel: types only, memory comes through hooks. */
#pragma once

#include <stddef.h>
