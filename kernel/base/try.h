/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/try.h - returning early, and releasing what a scope holds.
 *
 * TRY(call) evaluates a call that returns 0 (or a count) or a negative errno, and returns
 * the errno from the calling function. What the function holds by then must be released by its
 * scope: RELEASED(f) names the function that gets the variable's address when the scope ends.
 *
 * Context    any.
 * Ownership  a variable declared RELEASED is initialised at its declaration, since every return path
 *            releases it; to hand it on, take it out (TAKE) so that the scope finds NULL.
 * Errors     the errno of the call, unchanged.
 */
#pragma once

#define TRY(call)                                  \
	do {                                       \
		const __auto_type try_ = (call);   \
		if (try_ < 0) return try_;         \
	} while (0)

#define RELEASED(function) __attribute__((cleanup(function)))

/* The pointer's value; the variable becomes NULL. */
#define TAKE(pointer)                              \
	({                                         \
		__auto_type take_ = (pointer);     \
		(pointer) = NULL;                  \
		take_;                             \
	})
