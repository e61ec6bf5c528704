/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/ct.h - comparing and wiping bytes that are secret.
 *
 * Context    any.
 * Errors     none.
 */
#pragma once

#include "kernel/base/base.h"

/* Looks at every byte whatever it finds: time depends on len alone. */
static inline bool ct_equal(const void *a, const void *b, size_t len) {
	const volatile u8 *x = a, *y = b;
	u8 difference = 0;

	for (size_t i = 0; i < len; i++) difference |= (u8)(x[i] ^ y[i]);
	return difference == 0;
}

/* Volatile stores: they stay although nothing reads the memory afterwards. Accepts NULL with len 0. */
static inline void ct_wipe(void *p, size_t len) {
	volatile u8 *b = p;

	while (len--) *b++ = 0;
}
