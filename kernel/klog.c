/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/klog.c - a ring of records over a ring of their texts, the oldest overwritten.
 *
 * Invariant: the texts of records [first, next) lie whole in the last KLOG_LEN bytes before head; positions only grow.
 * Pure but for the three functions of klog_config; runs on the host for tests.
 */
#include "kernel/klog.h"

#include "kernel/limits.h"

#define RECORDS (KLOG_LEN / 64) /* lines are seldom shorter */

static char ring[KLOG_LEN];
static u64 head;
static struct record {
	u64 pos, time_ns;
	u16 len;
	u8 level;
} records[RECORDS];             /* by number */
static struct klog_config config;
struct klog_numbers klog_seq;
u64 klog_printk[4] = { 7, 4, 1, 7 };
u64 klog_ratelimit_interval, klog_ratelimit_burst = 10;

void klog_set(const struct klog_config *given) { config = *given; }

static u64 now_ns(void) { return config.now_ns ? config.now_ns() : 0; }

static struct record *record_at(u64 seq) { return &records[seq % RECORDS]; }

static void store(int level, const char *text, size_t len) {
	struct klog_numbers *k = &klog_seq;

	while (k->first < k->next && (k->next - k->first == RECORDS ||
				      head + len - record_at(k->first)->pos > KLOG_LEN))
		k->first++;
	*record_at(k->next++) = (struct record){ head, now_ns(), (u16)len, (u8)level };
	for (size_t i = 0; i < len; i++) ring[head++ % KLOG_LEN] = text[i];
}

static bool audit_suppressed(const char *text, size_t len) {
	static u64 window_start, in_window;
	u64 now = now_ns();

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
		if (text_has_control(text + i, 1))
			n += text_format(out + n, 5, "\\x%02x", (u8)text[i]);
		else
			out[n++] = text[i];
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

	klog_write(level, line, min_u64(len, sizeof(line) - 1));
}

/* One record as text; the length it needs. Nothing is written beyond cap. */
static size_t put_record(char *out, size_t cap, u64 seq, bool kmsg) {
	const struct record *r = record_at(seq);
	u64 us = r->time_ns / 1000;
	size_t n = kmsg ? text_format(out, cap, "%u,%lu,%lu,-;", r->level, seq, us)
			: text_format(out, cap, "<%u>[%5lu.%06lu] ", r->level, us / 1000000, us % 1000000);

	if (n + r->len + 1 <= cap) {
		for (size_t i = 0; i < r->len; i++) out[n + i] = ring[(r->pos + i) % KLOG_LEN];
		out[n + r->len] = '\n';
	}
	return n + r->len + 1;
}

/* Bytes that the records from number first on take as text. */
static size_t len_from(u64 first) {
	size_t len = 0;

	for (first = max_u64(first, klog_seq.first); first < klog_seq.next; first++)
		len += put_record(NULL, 0, first, false);
	return len;
}

ssize klog_read_all(char *ret_buf, size_t cap) {
	size_t total = len_from(klog_seq.clear), n = 0;

	for (u64 seq = max_u64(klog_seq.clear, klog_seq.first); seq < klog_seq.next; seq++) {
		if (total > cap)
			total -= put_record(NULL, 0, seq, false); /* the oldest give way */
		else
			n += put_record(ret_buf + n, cap - n, seq, false);
	}
	return (ssize)n;
}

size_t klog_unread(void) { return len_from(klog_seq.read); }

ssize klog_read_next(char *ret_buf, size_t cap) {
	size_t n = 0;

	klog_seq.read = max_u64(klog_seq.read, klog_seq.first);
	for (; klog_seq.read < klog_seq.next; klog_seq.read++) {
		size_t len = put_record(ret_buf + n, cap - n, klog_seq.read, false);

		if (len > cap - n) return n ? (ssize)n : -EINVAL;
		n += len;
	}
	return n ? (ssize)n : -EAGAIN;
}

ssize klog_read_record(u64 *seq, char *ret_buf, size_t cap) {
	if (*seq < klog_seq.first) {
		*seq = klog_seq.first;
		return -EPIPE;
	}
	if (*seq >= klog_seq.next) return -EAGAIN;
	size_t len = put_record(ret_buf, cap, *seq, true);

	if (len > cap) return -EINVAL;
	++*seq;
	return (ssize)len;
}
