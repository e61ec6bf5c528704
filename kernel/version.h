/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/version.h - the one place where the version stands.
 *
 * Programs see the release as uname(2) gives it; the image carries the same text in .uname. It starts with the
 * Linux version whose system call ABI is followed, because libc refuses old numbers.
 */
#pragma once

#define ASSAY_VERSION "0.1.0"
#define ASSAY_RELEASE "7.2.0-assay-" ASSAY_VERSION
