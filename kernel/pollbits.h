/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/pollbits.h - what poll, select and epoll share: event bits, waiting, and the signal mask of the call.
 *
 * Context    task context; deadline_wait sleeps until something may have become ready.
 * Units      deadlines in ns since boot; 0 is none.
 * Ownership  an epoll instance does not keep the files it watches; it hears of their end.
 * Errors     -ETIMEDOUT, -ERESTARTNOHAND (a signal), -EINVAL, -EFAULT.
 * Source     Linux uapi poll.h, eventpoll.h.
 */
#pragma once

#include "fs/vfs.h"

enum { POLLPRI = 2, POLLNVAL = 32, POLLRDNORM = 0x40, POLLWRNORM = 0x100 };
#define POLL_ALWAYS (POLLERR | POLLHUP) /* reported whether asked for or not */

/* Milliseconds from now; negative is for ever. */
u64 deadline_from_ms(s32 ms);
/* Sleeps until something changed: 0. */
must_check int deadline_wait(u64 deadline_ns);
/* The signal mask for the time of the call; address 0 changes nothing. */
must_check int mask_from_user(u64 addr, u64 size);
/* What the file can do now, with the synonyms that programs ask for. */
u32 poll_bits(struct file *file);
/* Asks fs to tell of files that go: once at boot. */
void epoll_init(void);
