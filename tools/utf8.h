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

#include "kernel/base/types.h"

/* True when the bytes are valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool text_is_utf8(const void *bytes, size_t len);

/* True when the bytes hold a control byte (below 0x20, or 0x7f). */
bool text_has_control(const void *bytes, size_t len);
