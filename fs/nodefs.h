/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/nodefs.h - the four pseudo instances, made once at boot.
 *
 * Context    boot (nodefs_init), then any task.
 * Ownership  the superblocks live for ever.
 * Errors     -ENOMEM.
 */
#pragma once

#include "fs/pseudo.h"

must_check int nodefs_init(void);
struct superblock *nodefs_proc(void);
struct superblock *nodefs_sys(void);
struct superblock *nodefs_security(void);
struct superblock *nodefs_dev(void);
