/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/shim/inttypes.h - what tpm2-tss needs of <inttypes.h>: the types; its log formats are compiled out. */
#pragma once

#include <stdint.h>
