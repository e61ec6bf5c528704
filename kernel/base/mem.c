/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/mem.c - the C library's memory and string functions, for programs without one.
 *
 * The stub and the kernel link it. Copies go eight bytes at a time; unaligned access is left to the CPU.
 *
 * Invariant: no loop here may be turned back into a call of the function it implements. gcc is told so by the
 * pragma; clang keeps to -ffreestanding.
 */
#include "kernel/base/mem.h"

#include "kernel/base/types.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

typedef u64 __attribute__((aligned(1), may_alias)) word_t;

void *memcpy(void *restrict dst, const void *restrict src, size_t len) {
	u8 *d = dst;
	const u8 *s = src;

	for (; len >= 32; len -= 32, d += 32, s += 32) {
		((word_t *)d)[0] = ((const word_t *)s)[0];
		((word_t *)d)[1] = ((const word_t *)s)[1];
		((word_t *)d)[2] = ((const word_t *)s)[2];
		((word_t *)d)[3] = ((const word_t *)s)[3];
	}
	for (; len >= 8; len -= 8, d += 8, s += 8) *(word_t *)d = *(const word_t *)s;
	for (; len; len--) *d++ = *s++;
	return dst;
}

void *memmove(void *dst, const void *src, size_t len) {
	u8 *d = dst;
	const u8 *s = src;

	if ((uintptr_t)d - (uintptr_t)s >= len) {
		/* Forwards: dst is below src or beyond its end, so each word is read before it is overwritten. */
		for (; len >= 8; len -= 8, d += 8, s += 8) *(word_t *)d = *(const word_t *)s;
		for (; len; len--) *d++ = *s++;
		return dst;
	}
	for (; len >= 8; len -= 8) *(word_t *)(d + len - 8) = *(const word_t *)(s + len - 8);
	for (; len; len--) d[len - 1] = s[len - 1];
	return dst;
}

void *memset(void *dst, int byte, size_t len) {
	u8 *d = dst;
	u64 word = (u8)byte * 0x0101010101010101u;

	for (; len >= 8; len -= 8, d += 8) *(word_t *)d = word;
	for (; len; len--) *d++ = (u8)byte;
	return dst;
}

int memcmp(const void *a, const void *b, size_t len) {
	const u8 *x = a, *y = b;

	for (; len >= 8 && *(const word_t *)x == *(const word_t *)y; len -= 8) {
		x += 8;
		y += 8;
	}
	for (; len; len--, x++, y++) {
		if (*x != *y) return *x - *y;
	}
	return 0;
}

void *memchr(const void *s, int byte, size_t len) {
	for (const u8 *p = s; len; len--, p++) {
		if (*p == (u8)byte) return (void *)(uintptr_t)p;
	}
	return NULL;
}

size_t strlen(const char *s) {
	size_t len = 0;

	while (s[len]) len++;
	return len;
}

size_t strnlen(const char *s, size_t max) {
	size_t len = 0;

	while (len < max && s[len]) len++;
	return len;
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, SIZE_MAX); }

int strncmp(const char *a, const char *b, size_t max) {
	for (; max; max--, a++, b++) {
		if (*a != *b || !*a) return (u8)*a - (u8)*b;
	}
	return 0;
}

char *strchr(const char *s, int c) {
	for (;; s++) {
		if (*s == (char)c) return (char *)(uintptr_t)s;
		if (!*s) return NULL;
	}
}

char *strrchr(const char *s, int c) {
	const char *found = NULL;

	for (;; s++) {
		if (*s == (char)c) found = s;
		if (!*s) return (char *)(uintptr_t)found;
	}
}

char *strstr(const char *haystack, const char *needle) {
	size_t len = strlen(needle);

	for (;; haystack++) {
		if (!strncmp(haystack, needle, len)) return (char *)(uintptr_t)haystack;
		if (!*haystack) return NULL;
	}
}
