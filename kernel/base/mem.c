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

void *memcpy(void *restrict dst, const void *restrict src, size_t len) { return memmove(dst, src, len); }

void *memmove(void *dst, const void *src, size_t len) {
	u8 *d = dst;
	const u8 *s = src;

	if ((uintptr_t)d - (uintptr_t)s >= len) {
		/* Forwards: dst is below src or beyond its end, so each word is read before it is overwritten. */
#pragma GCC unroll 4
		for (; len >= 8; len -= 8, d += 8, s += 8) store_le64(d, load_le64(s));
		for (; len; len--) *d++ = *s++;
		return dst;
	}
	for (; len >= 8; len -= 8) store_le64(d + len - 8, load_le64(s + len - 8));
	for (; len; len--) d[len - 1] = s[len - 1];
	return dst;
}

void *memset(void *dst, int byte, size_t len) {
	u8 *d = dst;
	u64 word = (u8)byte * 0x0101010101010101u;

	for (; len >= 8; len -= 8, d += 8) store_le64(d, word);
	for (; len; len--) *d++ = (u8)byte;
	return dst;
}

int memcmp(const void *a, const void *b, size_t len) {
	const u8 *x = a, *y = b;

	for (; len >= 8 && load_le64(x) == load_le64(y); len -= 8, x += 8) y += 8;
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

size_t strlen(const char *s) { return strnlen(s, SIZE_MAX); }

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

char *strchr(const char *s, int c) { return memchr(s, c, strlen(s) + 1); }

char *strrchr(const char *s, int c) {
	for (size_t i = strlen(s) + 1; i; i--) {
		if (s[i - 1] == (char)c) return (char *)(uintptr_t)&s[i - 1];
	}
	return NULL;
}

char *strstr(const char *haystack, const char *needle) {
	size_t len = strlen(needle);

	for (;; haystack++) {
		if (!strncmp(haystack, needle, len)) return (char *)(uintptr_t)haystack;
		if (!*haystack) return NULL;
	}
}
