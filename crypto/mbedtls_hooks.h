/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/mbedtls_hooks.h - the functions that mbedTLS calls instead of a C library's.
 *
 * Included by mbedtls_config.h, so every mbedTLS source sees it; it must stand on compiler headers alone.
 *
 * Context    task context; they allocate.
 * Ownership  as calloc and free; memory is wiped when freed.
 * Errors     NULL when memory ran out, when count * size overflows, or for no bytes.
 */
#pragma once

#include <stddef.h>

void *mbedtls_port_calloc(size_t count, size_t size);
void mbedtls_port_free(void *p);
/* The format language is that of kernel/base/text.h. */
int mbedtls_port_snprintf(char *buf, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));
