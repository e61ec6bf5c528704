/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/devnodes.h - the memory devices, and the few nodes that belong to the VFS itself.
 *
 * Context    boot, after nodefs_init.
 * Errors     -ENOMEM, -EEXIST.
 */
#pragma once

#include "fs/pseudo.h"

/* /dev/{null,zero,full,random,urandom,fd,stdin,stdout,stderr}, /proc/{mounts,filesystems}; pipes, locks and epoll. */
must_check int devnodes_init(void);
/* The text of /proc/PID/mounts. */
void mounts_show(struct show_sink *sink);
