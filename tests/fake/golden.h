/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/golden.h - files of tests/golden for unit tests.
 *
 * Tests run with the repository's root as their working directory.
 *
 * Context    unit tests.
 * Ownership  the caller frees with golden_free. Blocks have their exact size, so that ASan sees one byte too many.
 * Errors     a missing file aborts the test program with its name.
 */
#pragma once

#include "kernel/base/types.h"

/* name is relative to tests/golden. */
struct span golden_read(const char *name);
void golden_free(struct span file);
/* A copy of the first len bytes (len <= file.len) in a block of that size; never NULL. */
u8 *golden_cut(struct span file, size_t len);
