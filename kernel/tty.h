/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tty.h - the serial console as a terminal: job control, /dev/console, /dev/tty and /dev/ttyS0.
 *
 * Context    task context, except tty_input (also from the interrupt of the UART and the tick).
 * Ownership  one terminal; it lives for ever.
 * Errors     those of read, write and ioctl on a Linux terminal.
 * Source     POSIX.1-2017 chapter 11; Linux ioctl_tty(2), termios(3).
 */
#pragma once

#include "kernel/base/types.h"

void tty_init(void);
/* Takes what the UART received; called from its interrupt and from every tick. */
void tty_poll_input(void);
/* The session's leader is gone: its foreground group gets SIGHUP and SIGCONT, the terminal is free. */
void tty_session_end(u32 sid);
/* For /proc/PID/stat: device number of the session's terminal (0 none) and its foreground group. */
u32 tty_device(u32 sid, u32 *ret_foreground);
