/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/ldisc.h - the line discipline of a terminal: editing, echo, control characters, output translation.
 *
 * Pure: knows no device and no task; what it wants done goes through struct ldisc_ops. Runs on the host for tests.
 *
 * Context    any; not reentrant.
 * Units      bytes.
 * Ownership  the struct is the caller's.
 * Errors     none: input that does not fit is dropped with a bell, as on Linux.
 * Source     POSIX.1-2017 chapter 11; Linux termios(3), uapi asm-generic/termbits.h.
 */
#pragma once

#include "kernel/base/base.h"
#include "kernel/limits.h"

enum { VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE,
       VLNEXT, VEOL2, TTY_CC_COUNT = 19 };

/* Linux uapi asm-generic/termbits.h; one enum a field of struct termios. */
enum { ISTRIP = 0000040, INLCR = 0000100, IGNCR = 0000200, ICRNL = 0000400, IXON = 0002000, IXANY = 0004000,
       IMAXBEL = 0020000, IUTF8 = 0040000 };
enum { OPOST = 0000001, ONLCR = 0000004, OCRNL = 0000010, ONOCR = 0000020, ONLRET = 0000040, XTABS = 0014000 };
enum { ISIG = 0000001, ICANON = 0000002, ECHO = 0000010, ECHOE = 0000020, ECHOK = 0000040, ECHONL = 0000100,
       NOFLSH = 0000200, TOSTOP = 0000400, ECHOCTL = 0001000, ECHOKE = 0004000, IEXTEN = 0100000 };

/* As TCGETS gives it: the kernel's struct, 36 bytes. */
struct termios {
	u32 iflag, oflag, cflag, lflag;
	u8 line;
	u8 cc[TTY_CC_COUNT];
};
_Static_assert(sizeof(struct termios) == 36, "Linux struct termios of the kernel");

struct ldisc_ops {
	void (*output)(const char *bytes, size_t len);
	void (*signal)(int sig);   /* to the foreground group */
	void (*output_resumed)(void);
};

struct ldisc {
	struct termios termios;
	const struct ldisc_ops *ops;
	u8 bytes[TTY_INPUT_MAX];
	u8 marks[TTY_INPUT_MAX];   /* what a byte ends: LDISC_* */
	u64 head, tail;            /* positions only grow; [tail, head) is there */
	u64 line_start;            /* [line_start, head) is still being edited */
	u32 column;                /* of the cursor */
	u32 line_column;           /* where the edited line began */
	bool literal;              /* the next byte is taken as it is (^V) */
	bool stopped;              /* ^S */
};

void ldisc_init(struct ldisc *l, const struct ldisc_ops *ops);
void ldisc_set_termios(struct ldisc *l, const struct termios *termios);
void ldisc_input(struct ldisc *l, u8 byte);
void ldisc_flush_input(struct ldisc *l);
/* Something can be read: a whole line in canonical mode, else at least one byte. */
bool ldisc_ready(const struct ldisc *l);
/* Bytes that could be read now. */
size_t ldisc_available(const struct ldisc *l);
/* One line at most in canonical mode; 0 with ldisc_ready() is the end of file that ^D made. */
size_t ldisc_read(struct ldisc *l, void *ret_buf, size_t len);
/* Translates and puts out. */
void ldisc_write(struct ldisc *l, const void *bytes, size_t len);
