/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/shim/stdlib.h - what tpm2-tss needs of <stdlib.h>: size_t and NULL; it allocates nothing. */
#pragma once

#include <stddef.h>
