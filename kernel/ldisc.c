/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/ldisc.c - what happens to each byte that comes from, or goes to, a terminal.
 *
 * Invariant: tail <= line_start <= head <= tail + TTY_INPUT_MAX; in canonical mode only bytes before line_start can
 * be read.
 */
#include "kernel/ldisc.h"

#define MARK_END 1u  /* the last byte of a line */
#define MARK_EOF 2u  /* ends a line and is not delivered */

enum { SIGINT = 2, SIGQUIT = 3, SIGTSTP = 20 };
#define BELL 7u
#define TAB_WIDTH 8u

void ldisc_init(struct ldisc *l, const struct ldisc_ops *ops) {
	memset(l, 0, sizeof(*l));
	l->ops = ops;
	l->termios = (struct termios){
		.iflag = ICRNL | IXON,
		.oflag = OPOST | ONLCR,
		.cflag = 0010002u | 0000060u | 0000200u | 0002000u, /* B115200 CS8 CREAD HUPCL */
		.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.cc = { [VINTR] = 3, [VQUIT] = 0x1c, [VERASE] = 0x7f, [VKILL] = 0x15, [VEOF] = 4, [VMIN] = 1,
			[VSTART] = 0x11, [VSTOP] = 0x13, [VSUSP] = 0x1a, [VREPRINT] = 0x12, [VDISCARD] = 0xf,
			[VWERASE] = 0x17, [VLNEXT] = 0x16 },
	};
}

static bool l_flag(const struct ldisc *l, u32 flag) { return l->termios.lflag & flag; }

/* The control characters from VREPRINT on are extensions. */
static bool is_cc(const struct ldisc *l, unsigned index, u8 byte) {
	return byte && l->termios.cc[index] == byte && (index < VREPRINT || l_flag(l, IEXTEN));
}

static bool is_continuation(const struct ldisc *l, u8 byte) {
	return l->termios.iflag & IUTF8 && (byte & 0xc0) == 0x80;
}

static bool is_control(u8 byte) { return byte < 0x20 || byte == 0x7f; }

/* Output. */

static void put(struct ldisc *l, const char *bytes, size_t len) { l->ops->output(bytes, len); }

static void put_tab(struct ldisc *l) {
	u32 width = TAB_WIDTH - l->column % TAB_WIDTH;
	bool spaces = (l->termios.oflag & XTABS) == XTABS;

	put(l, spaces ? "        " : "\t", spaces ? width : 1);
	l->column += width;
}

static void put_processed(struct ldisc *l, u8 byte) {
	u32 o = l->termios.oflag;

	if (byte == '\r' && o & OCRNL) byte = '\n';
	if (byte == '\n') {
		put(l, o & ONLCR ? "\r\n" : "\n", o & ONLCR ? 2 : 1);
		if (o & (ONLCR | ONLRET)) l->column = 0;
	} else if (byte == '\r') {
		if (o & ONOCR && !l->column) return;
		put(l, "\r", 1);
		l->column = 0;
	} else if (byte == '\t') {
		put_tab(l);
	} else {
		put(l, (const char *)&byte, 1);
		if (byte == '\b')
			l->column -= l->column != 0;
		else if (!is_control(byte) && !is_continuation(l, byte))
			l->column++;
	}
}

void ldisc_write(struct ldisc *l, const void *bytes, size_t len) {
	if (!(l->termios.oflag & OPOST)) put(l, bytes, len);
	for (size_t i = 0; i < len && l->termios.oflag & OPOST; i++) put_processed(l, ((const u8 *)bytes)[i]);
}

/* Echo. */

static void echo_raw(struct ldisc *l, u8 byte) { ldisc_write(l, &byte, 1); }

static void echo(struct ldisc *l, u8 byte) {
	if (!l_flag(l, ECHO)) {
		if (byte == '\n' && l_flag(l, ICANON) && l_flag(l, ECHONL)) echo_raw(l, byte);
	} else if (l_flag(l, ECHOCTL) && is_control(byte) && byte != '\t' && byte != '\n') {
		echo_raw(l, '^');
		echo_raw(l, byte ^ 0x40);
	} else {
		echo_raw(l, byte);
	}
}

static u32 column_after(const struct ldisc *l, u32 column, u8 byte) {
	if (byte == '\t') return column + TAB_WIDTH - column % TAB_WIDTH;
	if (is_control(byte)) return l_flag(l, ECHOCTL) ? column + 2 : column;
	return is_continuation(l, byte) ? column : column + 1;
}

/* Column that the edited line reaches, up to position end. */
static u32 line_column_at(const struct ldisc *l, u64 end) {
	u32 column = l->line_column;

	for (u64 at = l->line_start; at < end; at++) column = column_after(l, column, l->bytes[at % TTY_INPUT_MAX]);
	return column;
}

/* Editing. */

static void store(struct ldisc *l, u8 byte, u8 mark) {
	/* In canonical mode one place stays free, so that a line can always be ended. */
	u64 room = TTY_INPUT_MAX - (l->head - l->tail);

	if (room <= (l_flag(l, ICANON) && !mark ? 1 : 0)) {
		if (l->termios.iflag & IMAXBEL) echo_raw(l, BELL);
		return;
	}
	l->bytes[l->head % TTY_INPUT_MAX] = byte;
	l->marks[l->head % TTY_INPUT_MAX] = mark;
	l->head++;
	if (mark || !l_flag(l, ICANON)) l->line_start = l->head;
}

/* Takes the last character (all bytes of it) away; on the screen as well. */
static void erase_one(struct ldisc *l, bool show) {
	u32 before = line_column_at(l, l->head), after;

	do {
		l->head--;
	} while (l->head > l->line_start && is_continuation(l, l->bytes[l->head % TTY_INPUT_MAX]));
	if (!show || !l_flag(l, ECHO)) return;
	if (!l_flag(l, ECHOE)) {
		echo(l, l->termios.cc[VERASE]);
		return;
	}
	after = line_column_at(l, l->head);
	for (bool tab = l->bytes[l->head % TTY_INPUT_MAX] == '\t'; before > after; before--)
		put(l, tab ? "\b" : "\b \b", tab ? 1 : 3);
	l->column = after;
}

static void erase_word(struct ldisc *l) {
	bool seen = false;

	while (l->head > l->line_start) {
		u8 c = l->bytes[(l->head - 1) % TTY_INPUT_MAX];
		bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
			    c >= 0x80;

		if (seen && !word) break;
		seen |= word;
		erase_one(l, true);
	}
}

static void kill_line(struct ldisc *l) {
	bool show = l_flag(l, ECHOK) && l_flag(l, ECHOKE) && l_flag(l, ECHOE);

	while (l->head > l->line_start) erase_one(l, show);
	if (!show) {
		echo(l, l->termios.cc[VKILL]);
		if (l_flag(l, ECHOK)) echo_raw(l, '\n');
	}
}

static void reprint(struct ldisc *l) {
	echo(l, l->termios.cc[VREPRINT]);
	echo_raw(l, '\n');
	l->line_column = l->column;
	for (u64 at = l->line_start; at < l->head; at++) echo(l, l->bytes[at % TTY_INPUT_MAX]);
}

/* Bytes that edit or end a line. true: dealt with. */
static bool canonical(struct ldisc *l, u8 byte) {
	if (is_cc(l, VERASE, byte)) {
		if (l->head > l->line_start) erase_one(l, true);
	} else if (is_cc(l, VKILL, byte)) {
		kill_line(l);
	} else if (is_cc(l, VWERASE, byte)) {
		erase_word(l);
	} else if (is_cc(l, VREPRINT, byte) && l_flag(l, ECHO)) {
		reprint(l);
	} else if (is_cc(l, VLNEXT, byte)) {
		l->literal = true;
		if (l_flag(l, ECHO) && l_flag(l, ECHOCTL)) put(l, "^\b", 2);
	} else if (is_cc(l, VEOF, byte)) {
		store(l, 0, MARK_END | MARK_EOF);
	} else if (byte == '\n' || is_cc(l, VEOL, byte) || is_cc(l, VEOL2, byte)) {
		echo(l, byte);
		store(l, byte, MARK_END);
	} else {
		return false;
	}
	return true;
}

static void resume(struct ldisc *l) {
	if (!l->stopped) return;
	l->stopped = false;
	l->ops->output_resumed();
}

static bool signals(struct ldisc *l, u8 byte) {
	int sig = is_cc(l, VINTR, byte) ? SIGINT : is_cc(l, VQUIT, byte) ? SIGQUIT : 0;

	if (is_cc(l, VSUSP, byte)) sig = SIGTSTP;
	if (!sig || !l_flag(l, ISIG)) return false;
	if (!l_flag(l, NOFLSH)) ldisc_flush_input(l);
	resume(l);
	echo(l, byte);
	l->ops->signal(sig);
	return true;
}

static bool flow_control(struct ldisc *l, u8 byte) {
	bool stop = is_cc(l, VSTOP, byte), start = is_cc(l, VSTART, byte);

	if (!(l->termios.iflag & IXON)) return false;
	if (l->stopped && (start || (l->termios.iflag & IXANY && !stop))) {
		resume(l);
		return start;
	}
	if (stop) l->stopped = true;
	return stop || start;
}

static void take_plain(struct ldisc *l, u8 byte) {
	if (l->head == l->line_start) l->line_column = l->column;
	echo(l, byte);
	store(l, byte, 0);
}

void ldisc_input(struct ldisc *l, u8 byte) {
	u32 i = l->termios.iflag;

	if (i & ISTRIP) byte &= 0x7f;
	if (l->literal) {
		l->literal = false;
		take_plain(l, byte);
		return;
	}
	if (flow_control(l, byte) || signals(l, byte)) return;
	if (byte == '\r' && i & IGNCR) return;
	if (byte == '\r' && i & ICRNL)
		byte = '\n';
	else if (byte == '\n' && i & INLCR)
		byte = '\r';
	if (!l_flag(l, ICANON) || !canonical(l, byte)) take_plain(l, byte);
}

/* Reading. */

void ldisc_flush_input(struct ldisc *l) {
	l->tail = l->line_start = l->head;
	l->literal = false;
}

void ldisc_set_termios(struct ldisc *l, const struct termios *termios) {
	bool was = l_flag(l, ICANON);

	l->termios = *termios;
	if (was != l_flag(l, ICANON)) {
		l->line_start = l->head; /* what was typed so far is there to be read */
		l->literal = false;
	}
}

bool ldisc_ready(const struct ldisc *l) { return l->line_start > l->tail; }

size_t ldisc_available(const struct ldisc *l) {
	size_t count = 0;

	for (u64 at = l->tail; at < l->line_start; at++) count += !(l->marks[at % TTY_INPUT_MAX] & MARK_EOF);
	return count;
}

size_t ldisc_read(struct ldisc *l, void *ret_buf, size_t len) {
	u8 *out = ret_buf;
	size_t n = 0;

	while (l->tail < l->line_start) {
		u8 mark = l_flag(l, ICANON) ? l->marks[l->tail % TTY_INPUT_MAX] : 0;

		if (n == len && !(n && mark & MARK_EOF)) /* a line's end of file goes with its last byte */
			break;
		if (!(l->marks[l->tail % TTY_INPUT_MAX] & MARK_EOF)) out[n++] = l->bytes[l->tail % TTY_INPUT_MAX];
		l->tail++;
		if (mark) break;
	}
	return n;
}
