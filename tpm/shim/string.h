/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/shim/string.h - what tpm2-tss needs of <string.h>: the floor's memory functions. */
#pragma once

#include "kernel/base/mem.h"
