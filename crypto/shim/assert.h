/* SPDX-License-Identifier: Apache-2.0 */
/* crypto/shim/assert.h - <assert.h> for foreign sources in the kernel: compile-time assertions only. */
#pragma once

#define static_assert _Static_assert
