/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/kmsg.h - /dev/kmsg.
 *
 * Context    boot (kmsg_init), then task context.
 * Errors     those of pseudo_add.
 * Source     Linux Documentation/ABI/testing/dev-kmsg.
 */
#pragma once

#include "fs/pseudo.h"

must_check int kmsg_init(struct superblock *dev);
