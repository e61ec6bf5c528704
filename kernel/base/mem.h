/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/mem.h - the C library's memory and string functions that every program has.
 *
 * On the host the C library supplies them; in the stub and the kernel
 * kernel/base/mem.c does. Semantics are those of ISO C.
 *
 * Context    any, interrupt context included.
 * Errors     none.
 */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
void *memchr(const void *s, int byte, size_t len);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);
