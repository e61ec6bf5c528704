/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/utf16.h - the firmware's UTF-16 text as UTF-8.
 *
 * Context    any; no allocation.
 * Units      bytes, also for the input.
 * Ownership  the caller's buffers.
 * Errors     -EILSEQ when the bytes are no text: an odd length, no terminating NUL or one inside, an unpaired
 *            surrogate, or a control character (below U+0020, U+007F); -EOVERFLOW when cap is too small, which
 *            3 bytes for each 2 of input never is.
 * Source     The Unicode Standard, section 3.9.
 */
#pragma once

#include "kernel/base/base.h"

/* The text without its NUL. Several NULs at the end count as one. */
must_check int utf16_to_utf8(const void *bytes, size_t len, void *ret_buf, size_t cap, size_t *ret_len);
