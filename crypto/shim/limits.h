/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/shim/limits.h - where the compiler's own <limits.h>, which has all that is needed, goes on to a C library's.
 */
#pragma once
