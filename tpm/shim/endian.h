/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/shim/endian.h - what tpm2-tss needs of <endian.h>: byte order conversions.
 *
 * Relies on the compiler's __BYTE_ORDER__, which is a fact of the target.
 */
#pragma once

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the conversions below are those of a little-endian machine");

#define htobe16(v) __builtin_bswap16(v)
#define htobe32(v) __builtin_bswap32(v)
#define htobe64(v) __builtin_bswap64(v)
#define be16toh(v) __builtin_bswap16(v)
#define be32toh(v) __builtin_bswap32(v)
#define be64toh(v) __builtin_bswap64(v)
#define htole16(v) (v)
#define htole32(v) (v)
#define htole64(v) (v)
#define le16toh(v) (v)
#define le32toh(v) (v)
#define le64toh(v) (v)
