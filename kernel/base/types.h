/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/types.h - integers, addresses that must not mix, and size arithmetic.
 *
 * Context    any; compiles in the stub, the kernel, the tools and the tests.
 * Units      bytes unless a name says otherwise (_pages, _count, _bits log2, _ms, _ns).
 * Ownership  nothing is allocated.
 * Errors     none; the checked helpers return true when a result would not fit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
typedef s64 ssize;

/* A physical address. Turned into a pointer only by paging.h. */
typedef u64 paddr_t;

/* An address a program gave us. Only usercopy turns it into bytes. */
typedef struct {
	u64 addr;
} uaddr_t;

/* Bytes somebody else owns: [base, base + len). base may be NULL when len is 0. */
struct span {
	const u8 *base;
	size_t len;
};

/* Every function that can fail carries it; ignoring is written (void)f() with the reason. */
#define must_check [[nodiscard]]

#define PAGE_SIZE 4096u
#define PAGE_BITS 12u

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline u64 align_down(u64 v, u64 align) { return v & ~(align - 1); }

/* Wraps to 0 for values within align of 2^64: check with add_overflows first on hostile input. */
static inline u64 align_up(u64 v, u64 align) { return (v + align - 1) & ~(align - 1); }

static inline bool add_overflows(u64 a, u64 b, u64 *ret_sum) { return __builtin_add_overflow(a, b, ret_sum); }

static inline bool mul_overflows(u64 a, u64 b, u64 *ret_product) { return __builtin_mul_overflow(a, b, ret_product); }

static inline u64 min_u64(u64 a, u64 b) { return a < b ? a : b; }

static inline u64 max_u64(u64 a, u64 b) { return a > b ? a : b; }
/* One more; the last number stays. */
static inline u64 count_up(u64 n) { return n + (n != UINT64_MAX); }

/* Little-endian and big-endian loads and stores at any alignment; the CPU is little-endian. */
typedef u16 __attribute__((aligned(1), may_alias)) u16_anywhere;
typedef u32 __attribute__((aligned(1), may_alias)) u32_anywhere;
typedef u64 __attribute__((aligned(1), may_alias)) u64_anywhere;
static inline u16 load_le16(const void *p) { return *(const u16_anywhere *)p; }
static inline u32 load_le32(const void *p) { return *(const u32_anywhere *)p; }
static inline u64 load_le64(const void *p) { return *(const u64_anywhere *)p; }
static inline u16 load_be16(const void *p) { return __builtin_bswap16(load_le16(p)); }
static inline u32 load_be32(const void *p) { return __builtin_bswap32(load_le32(p)); }
static inline void store_le16(void *p, u16 v) { *(u16_anywhere *)p = v; }
static inline void store_le32(void *p, u32 v) { *(u32_anywhere *)p = v; }
static inline void store_le64(void *p, u64 v) { *(u64_anywhere *)p = v; }
static inline void store_be16(void *p, u16 v) { store_le16(p, __builtin_bswap16(v)); }
static inline void store_be32(void *p, u32 v) { store_le32(p, __builtin_bswap32(v)); }
