/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/utf8.h - what may stand in a text that goes into an image.
 *
 * Context    any; no allocation.
 * Units      bytes.
 * Ownership  the bytes stay the caller's.
 * Errors     none.
 * Source     RFC 3629.
 */
#pragma once

#include "kernel/base/text.h"

/* True when the bytes are valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool text_is_utf8(const void *bytes, size_t len);
