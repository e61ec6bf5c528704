/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/kmsg.h - /dev/kmsg, and waiting for a new line of the kernel log.
 *
 * Context    boot (kmsg_init), then task context.
 * Errors     those of pseudo_add; kmsg_wait -EINTR.
 * Source     Linux Documentation/ABI/testing/dev-kmsg.
 */
#ifndef ASSAY_KMSG_H
#define ASSAY_KMSG_H

#include "fs/pseudo.h"

must_check int kmsg_init(struct superblock *dev);
/* Until something was logged: for syslog(2)'s SYSLOG_ACTION_READ. */
must_check int kmsg_wait(void);

#endif
