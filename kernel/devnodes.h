/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/devnodes.h - the memory devices and the list of mounts.
 *
 * Context    task context.
 * Errors     0.
 */
#pragma once

#include "kernel/base/blob.h"

/* The text of /proc/PID/mounts. */
int mounts_show(struct blob *text, void *arg);
