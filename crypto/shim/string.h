/* SPDX-License-Identifier: Apache-2.0 */
/* crypto/shim/string.h - <string.h> for foreign sources in the kernel: what kernel/base/mem.c has. */
#pragma once

#include "kernel/base/mem.h"
