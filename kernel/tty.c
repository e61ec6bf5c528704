/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tty.c - the serial console as a terminal: reading, writing, ioctls and job control over kernel/ldisc.c.
 *
 * One terminal, shown as /dev/console, /dev/ttyS0 and, to the session it controls, /dev/tty. Invariant: foreground
 * is a group of session, or 0 when nobody's session has the terminal.
 */
#include "kernel/tty.h"

#include "fs/nodefs.h"
#include "kernel/dev/uart.h"
#include "kernel/ldisc.h"
#include "kernel/limits.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/clock.h"
#include "kernel/x86/usercopy.h"

enum { TCGETS = 0x5401, TCSETS, TCSETSW, TCSETSF, TCSBRK = 0x5409, TCXONC, TCFLSH, TIOCEXCL, TIOCNXCL, TIOCSCTTY,
       TIOCGPGRP, TIOCSPGRP, TIOCOUTQ, TIOCGWINSZ = 0x5413, TIOCSWINSZ, FIONREAD = 0x541b, TIOCNOTTY = 0x5422,
       TIOCGETD = 0x5424, TCSBRKP, TIOCGSID = 0x5429, TCSETS2 = 0x402c542b, TCSETSW2, TCSETSF2 };
#define TCGETS2 0x802c542au

#define TTY_DEV (4u << 8 | 64u)
#define TTY_SPEED 115200u
#define DECISECOND 100000000ull
#define WRITE_PIECE 256u

struct winsize {
	u16 rows, columns, x_pixels, y_pixels;
};

static struct ldisc ldisc;
static struct winsize winsize;
static u32 session, foreground;
/* file->private_data of an open /dev/tty, /dev/console and /dev/ttyS0. */
static char console_node, port_node, own_node;

static void signal_foreground(int sig) {
	if (foreground) task_signal_group(foreground, sig);
}

static const struct ldisc_ops ldisc_ops = { uart_write, signal_foreground, poll_wake };

void tty_poll_input(void) {
	bool got = false;

	for (u8 byte; uart_read(&byte); got = true) ldisc_input(&ldisc, byte);
	if (got && ldisc_ready(&ldisc)) poll_wake();
}

void tty_session_end(u32 sid) {
	if (!sid || sid != session) return;
	signal_foreground(SIGHUP);
	signal_foreground(SIGCONT);
	session = foreground = 0;
}

u32 tty_device(u32 sid, u32 *ret_foreground) {
	bool has = sid && sid == session;

	*ret_foreground = has ? foreground : 0;
	return has ? TTY_DEV : 0;
}

static bool is_own(void) { return session && session == task_sid(); }

/* A group in the background is stopped with sig, unless it does not want to know. -EIO: nobody could continue it. */
static int check_background(int sig) {
	if (!is_own() || !foreground || task_pgid() == foreground) return 0;
	if (task_signal_ignored(sig)) return sig == SIGTTIN ? -EIO : 0;
	if (task_group_orphaned(task_pgid())) return -EIO;
	task_signal_group(task_pgid(), sig);
	return -ERESTARTSYS;
}

static void take_session(void) {
	session = task_sid();
	foreground = task_pgid();
}

static int tty_open(struct inode *, struct file *file) {
	if (file->private_data == &own_node && !is_own()) return -ENXIO;
	/* The console as such never becomes a controlling terminal by being opened; as on Linux. */
	if (file->private_data == &port_node && !(file->flags & O_NOCTTY) && !session && task_sid() == task_pid())
		take_session();
	return 0;
}

/* Waits until at least want bytes, or a line, are there. deadline 0: for ever. */
static int wait_input(const struct file *file, size_t want, u64 deadline) {
	while (!ldisc_ready(&ldisc) || (!(ldisc.termios.lflag & ICANON) && ldisc_available(&ldisc) < want)) {
		if (file->flags & O_NONBLOCK) return -EAGAIN;

		int err = poll_sleep(deadline);

		TRY(err == -EINTR ? -ERESTARTSYS : err);
		TRY(check_background(SIGTTIN));
	}
	return 0;
}

/* MIN and TIME decide when a read in non-canonical mode is done (POSIX 11.1.7). */
static int wait_raw(const struct file *file, size_t len) {
	size_t min = ldisc.termios.cc[VMIN], have = 0;
	u64 time = ldisc.termios.cc[VTIME] * DECISECOND;
	int err = 0;

	if (!min && !time) return 0;
	if (file->flags & O_NONBLOCK) return wait_input(file, 1, 0);
	if (!min) err = wait_input(file, 1, clock_now_ns() + time);
	while (have < min_u64(min, len) && !err) {
		err = wait_input(file, have + 1, have && time ? clock_now_ns() + time : 0);
		have = ldisc_available(&ldisc);
	}
	return err == -ETIMEDOUT || (err == -ERESTARTSYS && have) ? 0 : err;
}

static ssize tty_read(struct file *file, void *buf, size_t len, u64 *) {
	TRY(check_background(SIGTTIN));
	if (len) TRY(ldisc.termios.lflag & ICANON ? wait_input(file, 1, 0) : wait_raw(file, len));
	return (ssize)ldisc_read(&ldisc, buf, len);
}

static ssize tty_write(struct file *file, const void *buf, size_t len, u64 *) {
	int err = ldisc.termios.lflag & TOSTOP ? check_background(SIGTTOU) : 0;
	size_t done = 0;

	while (!err && done < len) {
		size_t part = (size_t)min_u64(len - done, WRITE_PIECE);

		if (!ldisc.stopped) {
			ldisc_write(&ldisc, (const u8 *)buf + done, part);
			done += part;
			tty_poll_input(); /* ^S and ^C between two pieces */
			if (task_signal_pending()) break;
		} else if (file->flags & O_NONBLOCK) {
			err = -EAGAIN;
		} else {
			err = poll_sleep(0);
		}
	}
	return done || !err ? (ssize)done : err == -EINTR ? -ERESTARTSYS : err;
}

static u32 tty_poll(struct file *) {
	bool raw = !(ldisc.termios.lflag & ICANON);
	size_t want = raw && !ldisc.termios.cc[VTIME] && ldisc.termios.cc[VMIN] ? ldisc.termios.cc[VMIN] : 1;
	bool in = ldisc_ready(&ldisc) && (!raw || ldisc_available(&ldisc) >= want);

	return (in ? POLLIN : 0) | (ldisc.stopped ? 0 : POLLOUT);
}

static int put_u32(u64 arg, u32 value) { return copy_to_user(uaddr(arg), &value, sizeof(value)); }

struct termios2 {
	struct termios termios;
	u32 in_speed, out_speed;
};

static int get_termios(u32 cmd, u64 arg) {
	struct termios2 t = { ldisc.termios, TTY_SPEED, TTY_SPEED };

	return copy_to_user(uaddr(arg), &t, cmd == TCGETS2 ? sizeof(t) : sizeof(t.termios));
}

static int set_termios(u32 cmd, u64 arg) {
	struct termios2 t = { 0 };

	TRY(copy_from_user(&t, uaddr(arg), cmd >= TCSETS2 ? sizeof(t) : sizeof(t.termios)));
	TRY(check_background(SIGTTOU));
	if (cmd == TCSETSF || cmd == TCSETSF2) ldisc_flush_input(&ldisc);
	ldisc_set_termios(&ldisc, &t.termios);
	if (!(t.termios.iflag & IXON)) ldisc.stopped = false;
	poll_wake(); /* what "ready" means may have changed */
	return 0;
}

static int set_winsize(u64 arg) {
	struct winsize w;

	TRY(copy_from_user(&w, uaddr(arg), sizeof(w)));
	if (memcmp(&w, &winsize, sizeof(w)) != 0) signal_foreground(SIGWINCH);
	winsize = w;
	return 0;
}

static int set_foreground(u64 arg) {
	u32 group;

	TRY(copy_from_user(&group, uaddr(arg), sizeof(group)));
	if (!is_own()) return -ENOTTY;
	TRY(check_background(SIGTTOU));
	if ((s32)group < 0) return -EINVAL;
	if (!task_group_exists(group, task_sid())) return -EPERM;
	foreground = group;
	return 0;
}

static int make_own(u64 arg) {
	if (is_own() && task_sid() == task_pid()) return 0;
	if (task_sid() != task_pid()) return -EPERM;
	if (session && !(arg == 1 && task_cred()->euid == 0)) return -EPERM;
	take_session();
	return 0;
}

static int give_up_own(void) {
	if (!is_own()) return -ENOTTY;
	if (task_sid() == task_pid()) tty_session_end(session);
	return 0;
}

/*
 * TCXONC: 0 stops output, 1 lets it go on; 2 and 3 would send to the other side. TCFLSH: 1 is output, never
 * held back.
 */
static int flow_or_flush(u32 cmd, u64 arg) {
	TRY(check_background(SIGTTOU));
	if (arg > (cmd == TCXONC ? 3 : 2)) return -EINVAL;
	if (cmd == TCFLSH && arg != 1) ldisc_flush_input(&ldisc);
	if (cmd == TCXONC && arg < 2) {
		ldisc.stopped = arg == 0;
		poll_wake();
	}
	return 0;
}

static int tty_ioctl(struct file *, u32 cmd, u64 arg) {
	switch (cmd) {
	case TCGETS: case TCGETS2: return get_termios(cmd, arg);
	case TCSETS: case TCSETSW: case TCSETSF: case TCSETS2: case TCSETSW2: case TCSETSF2:
		return set_termios(cmd, arg);
	case TIOCGWINSZ: return copy_to_user(uaddr(arg), &winsize, sizeof(winsize));
	case TIOCSWINSZ: return set_winsize(arg);
	case TIOCGPGRP: return is_own() ? put_u32(arg, foreground) : -ENOTTY;
	case TIOCSPGRP: return set_foreground(arg);
	case TIOCGSID: return is_own() ? put_u32(arg, session) : -ENOTTY;
	case TIOCSCTTY: return make_own(arg);
	case TIOCNOTTY: return give_up_own();
	case TCXONC: case TCFLSH: return flow_or_flush(cmd, arg);
	case FIONREAD: return put_u32(arg, (u32)ldisc_available(&ldisc));
	case TIOCOUTQ: case TIOCGETD: return put_u32(arg, 0);
	case TCSBRK: case TCSBRKP: case TIOCEXCL: case TIOCNXCL: return 0;
	default: return -ENOTTY;
	}
}

static s64 tty_seek(struct file *, s64, int) { return -ESPIPE; }

static const struct file_ops tty_fops = { .open = tty_open, .read = tty_read, .write = tty_write, .seek = tty_seek,
					  .ioctl = tty_ioctl, .poll = tty_poll };
static const struct pseudo_node dev[] = {
	{ "console", S_IFCHR | 0600, 5u << 8 | 1u, .fops = &tty_fops, .arg = &console_node },
	{ "tty", S_IFCHR | 0666, 5u << 8, .fops = &tty_fops, .arg = &own_node },
	{ "ttyS0", S_IFCHR | 0660, TTY_DEV, .fops = &tty_fops, .arg = &port_node },
};
NODES(NODEFS_DEV, dev);

static const struct pseudo_node sys[] = { { "class/tty/console/active", S_IFREG | 0444, .arg = "ttyS0" } };
NODES(NODEFS_SYS, sys);

void tty_init(void) { ldisc_init(&ldisc, &ldisc_ops); }
