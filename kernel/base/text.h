/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/text.h - bounded strings and formatting without allocation.
 *
 * The format language is a subset of printf: %s %.*s %c %d %i %u %x %X %p %%, the
 * flags 0 and -, a width and a precision (also *), the lengths h hh l ll z. No %n,
 * no floating point.
 *
 * Context    any.
 * Units      cap counts the terminating NUL.
 * Ownership  the caller's buffer; always NUL-terminated when cap > 0.
 * Errors     none; text_format returns the length the whole text would have.
 */
#pragma once

#include <stdarg.h>

#include "kernel/base/types.h"

size_t text_vformat(char *buf, size_t cap, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
size_t text_format(char *buf, size_t cap, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Copies and truncates; returns false when src did not fit. */
bool text_copy(char *dst, size_t cap, const char *src);

/* The bytes as printable ASCII, each other one as '?'; what is cut to fit cap ends in "...". */
void text_printable(char *buf, size_t cap, const void *bytes, size_t len);

/* Lower-case hex of len bytes; buf needs 2 * len + 1 bytes. */
void text_hex(char *buf, const void *bytes, size_t len);

/*
 * Whole-string number in base 10 or 16 (base 0: 0x prefix selects 16, else 10). -EINVAL for an empty text, a sign or
 * a stray character, -ERANGE for a value above max.
 */
must_check int text_to_u64(const char *text, size_t len, unsigned base, u64 max, u64 *ret_value);

/* True when the bytes hold a control byte (below 0x20, or 0x7f). */
bool text_has_control(const void *bytes, size_t len);
