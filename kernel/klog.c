/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/klog.c - a ring of records {header, text}, oldest overwritten.
 *
 * Invariant: [tail, head) in ring positions (which only grow) holds whole records; a record never wraps: where one
 * does not fit before the end of the ring, a filler takes the rest. Pure but for the three functions of klog_config;
 * runs on the host for tests.
 */
#include "kernel/klog.h"

#include "kernel/limits.h"

struct record {
	u64 seq;
	u64 time_ns;
	u16 len;      /* of the text behind the header */
	u8 level;
	u8 filler;    /* no record: the rest of the ring */
	u32 reserved;
};
#define RECORD_ALIGN 8u
#define PREFIX_MAX 40u   /* "<6>[12345678.123456] " or "6,seq,usec,-;" */

_Alignas(RECORD_ALIGN) static char ring[KLOG_LEN];
static u64 head, tail;
static u64 next_seq;
static u64 clear_seq;     /* first record that "since clear" shows */
static u64 read_seq;      /* SYSLOG_ACTION_READ */
static struct klog_config config;
u64 klog_printk[4] = { 7, 4, 1, 7 };
u64 klog_ratelimit_interval, klog_ratelimit_burst = 10;

void klog_set(const struct klog_config *given) {
	if (given->console) config.console = given->console;
	if (given->now_ns) config.now_ns = given->now_ns;
	if (given->wake) config.wake = given->wake;
}

static struct record *record_at(u64 pos) { return (struct record *)(void *)(ring + pos % KLOG_LEN); }

static u64 record_len(const struct record *r) { return align_up(sizeof(*r) + r->len, RECORD_ALIGN); }

/* Space from pos to the end of the ring that is too small for a header is skipped as well. */
static u64 next_pos(u64 pos) {
	u64 rest = KLOG_LEN - pos % KLOG_LEN;

	return rest < sizeof(struct record) || record_at(pos)->filler ? pos + rest : pos + record_len(record_at(pos));
}

/* First position at or behind pos that holds a record; head when there is none. */
static u64 real_pos(u64 pos) {
	while (pos < head && (KLOG_LEN - pos % KLOG_LEN < sizeof(struct record) || record_at(pos)->filler))
		pos = next_pos(pos);
	return pos;
}

static void make_room(u64 need) {
	while (head + need - tail > KLOG_LEN) tail = next_pos(tail);
}

static void store(int level, const char *text, size_t len) {
	struct record r = { .seq = next_seq++, .level = (u8)level, .len = (u16)len };
	u64 need = record_len(&r), rest = KLOG_LEN - head % KLOG_LEN;

	r.time_ns = config.now_ns ? config.now_ns() : 0;
	if (rest < need) {
		make_room(rest);
		if (rest >= sizeof(struct record)) *record_at(head) = (struct record){ .filler = 1 };
		head += rest;
	}
	make_room(need);
	*record_at(head) = r;
	memcpy(ring + head % KLOG_LEN + sizeof(r), text, len);
	head += need;
}

static bool audit_suppressed(const char *text, size_t len) {
	static u64 window_start, in_window;
	u64 now = config.now_ns ? config.now_ns() : 0;

	if (!klog_ratelimit_interval || len < 7 || memcmp(text, "audit: ", 7) != 0) return false;
	if (now - window_start >= klog_ratelimit_interval * 1000000000ull) {
		window_start = now;
		in_window = 0;
	}
	return ++in_window > klog_ratelimit_burst;
}

/* Control bytes become \xNN; the rest is kept byte for byte. Returns the new length. */
static size_t escape(char *out, size_t cap, const char *text, size_t len) {
	size_t n = 0;

	for (size_t i = 0; i < len && n + 4 <= cap; i++) {
		u8 c = (u8)text[i];

		if (c < 0x20 || c == 0x7f)
			n += text_format(out + n, 5, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	return n;
}

void klog_write(int level, const char *text, size_t len) {
	char line[KLOG_LINE_MAX + 2];
	size_t n;

	while (len && text[len - 1] == '\n') len--;
	if (audit_suppressed(text, len)) return;
	n = escape(line, KLOG_LINE_MAX, text, len);
	store(level, line, n);
	line[n] = '\n';
	if (config.console && (u64)level < klog_printk[0]) config.console(line, n + 1);
	if (config.wake) config.wake();
}

void klog_vformat(int level, const char *format, va_list args) {
	char line[KLOG_LINE_MAX];
	size_t len = text_vformat(line, sizeof(line), format, args);

	klog_write(level, line, (size_t)min_u64(len, sizeof(line) - 1));
}

int klog_console_level(void) { return (int)klog_printk[0]; }

void klog_set_console_level(int level) { klog_printk[0] = level < 0 ? 0 : level > 8 ? 8 : (u64)level; }

static size_t put_record(char *out, size_t cap, const struct record *r, bool kmsg) {
	unsigned long long us = r->time_ns / 1000;
	size_t n;

	if (kmsg)
		n = text_format(out, cap, "%u,%llu,%llu,-;", r->level, (unsigned long long)r->seq, us);
	else
		n = text_format(out, cap, "<%u>[%5llu.%06llu] ", r->level, us / 1000000, us % 1000000);
	if (n + r->len + 1 > cap) return 0;
	memcpy(out + n, (const char *)(r + 1), r->len);
	out[n + r->len] = '\n';
	return n + r->len + 1;
}

/* The next record from *pos on whose number is at least first; *pos moves behind it. NULL: no more. */
static const struct record *next_record(u64 *pos, u64 first) {
	for (*pos = real_pos(max_u64(*pos, tail)); *pos < head; *pos = real_pos(*pos)) {
		const struct record *r = record_at(*pos);

		*pos = next_pos(*pos);
		if (r->seq >= first) return r;
	}
	return NULL;
}

static size_t text_len(const struct record *r) {
	char text[PREFIX_MAX + KLOG_LINE_MAX + 2];

	return put_record(text, sizeof(text), r, false);
}

/* Bytes that the records from number first on take as text. */
static size_t len_from(u64 first) {
	size_t len = 0;
	u64 pos = 0;

	for (const struct record *r; (r = next_record(&pos, first)) != NULL;) len += text_len(r);
	return len;
}

ssize klog_read_all(char *ret_buf, size_t cap, bool from_clear) {
	u64 first = from_clear ? clear_seq : 0, pos = 0;
	size_t total = len_from(first), n = 0;

	for (const struct record *r; (r = next_record(&pos, first)) != NULL;) {
		if (total > cap)
			total -= text_len(r); /* the oldest give way */
		else
			n += put_record(ret_buf + n, cap - n, r, false);
	}
	return (ssize)n;
}

void klog_clear(void) { clear_seq = next_seq; }

size_t klog_unread(void) { return len_from(read_seq); }

ssize klog_read_next(char *ret_buf, size_t cap) {
	size_t n = 0, len = 1;
	u64 pos = 0;

	for (const struct record *r; len && (r = next_record(&pos, read_seq)) != NULL;) {
		len = put_record(ret_buf + n, cap - n, r, false);
		n += len;
		if (len) read_seq = r->seq + 1;
	}
	return n ? (ssize)n : read_seq == next_seq ? -EAGAIN : -EINVAL;
}

ssize klog_read_record(u64 *seq, char *ret_buf, size_t cap) {
	u64 first = klog_first_seq(), pos = 0;
	const struct record *r = next_record(&pos, *seq);
	size_t n;

	if (*seq < first) {
		*seq = first;
		return -EPIPE;
	}
	if (!r) return -EAGAIN;
	n = put_record(ret_buf, cap, r, true);
	if (n) *seq = r->seq + 1;
	return n ? (ssize)n : -EINVAL;
}

u64 klog_first_seq(void) {
	u64 pos = real_pos(tail);

	return pos < head ? record_at(pos)->seq : next_seq;
}

u64 klog_next_seq(void) { return next_seq; }

u64 klog_clear_seq(void) { return max_u64(clear_seq, klog_first_seq()); }
