/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/eventlog.c - parsing of the firmware's event log.
 *
 * Relies on the cursor for every bound. Invariant: a struct eventlog_raw that left this file describes bytes in
 * which every event was read once to its end, so eventlog_next cannot fail on it before the end.
 */
#include "tpm/eventlog.h"

#define SHA1_LEN 20u
#define SIGNATURE_LEN 16u

static const char signature_agile[SIGNATURE_LEN] = "Spec ID Event03";
static const char startup_text[] = "StartupLocality"; /* stands in the event with its NUL */

static const char *take_event(struct cursor *c, const struct eventlog_raw *log, struct eventlog_event *ret_event) {
	bool agile = log->format == EVENTLOG_AGILE;

	*ret_event = (struct eventlog_event){ .pcr = cursor_le32(c) };
	ret_event->type = cursor_le32(c);
	if (agile && cursor_le32(c) != log->alg_count && cursor_ok(c))
		return "an event does not have one digest for each algorithm of the header";
	for (size_t i = 0; i < log->alg_count; i++) {
		u16 alg = agile ? cursor_le16(c) : log->algs[0].alg;
		size_t index;

		if (!cursor_ok(c)) break;
		if (eventlog_find_alg(log, alg, &index) != 0)
			return "an event has a digest of an algorithm that the header does not name";
		if (ret_event->digests[index].base) return "an event has two digests of one algorithm";
		ret_event->digests[index] = cursor_take(c, log->algs[index].len);
	}
	ret_event->data = cursor_take(c, cursor_le32(c));
	if (!cursor_ok(c)) return "an event is longer than the log";
	if (ret_event->pcr >= PCR_COUNT &&
	    (ret_event->pcr != EVENTLOG_NO_PCR || ret_event->type != EVENTLOG_NO_ACTION))
		return "an event names a PCR above 23";
	return NULL;
}

static const char *take_algs(struct cursor *c, struct eventlog_raw *log) {
	u32 count = cursor_le32(c);

	if (!cursor_ok(c) || count < 1 || count > EVENTLOG_ALGS_MAX)
		return "the header names no algorithm, or too many";
	for (size_t i = 0; i < count; i++) {
		u16 alg = cursor_le16(c);
		u16 len = cursor_le16(c);
		size_t known = pcr_bank_len(alg), other;

		if (!cursor_ok(c) || len < 1 || len > HASH_MAX_LEN || (known && known != len))
			return "the header gives an algorithm a wrong digest size";
		if (!eventlog_find_alg(log, alg, &other)) return "the header names an algorithm twice";
		log->algs[i].alg = alg;
		log->algs[i].len = (u8)len;
		log->alg_count++;
	}
	return NULL;
}

/* The Spec ID event's content: class, version, algorithms, vendor bytes; padding may follow. */
static const char *take_spec_id(struct span data, struct eventlog_raw *log) {
	struct cursor c = cursor_of(data);
	const char *why;

	cursor_skip(&c, SIGNATURE_LEN);
	cursor_skip(&c, 4); /* platform class */
	cursor_skip(&c, 1); /* minor version */
	if (cursor_u8(&c) != 2) return "the header is of another major version than 2";
	cursor_skip(&c, 2); /* errata, size of UINTN */
	why = take_algs(&c, log);
	if (why) return why;
	cursor_skip(&c, cursor_u8(&c));
	return cursor_ok(&c) ? NULL : "the header is cut short";
}

/* Consumes the Spec ID event if there is one, itself laid out in the old format; without it the whole log is. */
static const char *take_header(struct cursor *c, struct eventlog_raw *log) {
	static const u8 zeros[SHA1_LEN];
	struct cursor start = *c;
	struct eventlog_event header;

	*log = (struct eventlog_raw){
		.format = EVENTLOG_TCG12, .alg_count = 1, .algs = { { PCR_ALG_SHA1, SHA1_LEN } } };
	const char *why = take_event(c, log, &header);

	if (why) return why;
	if (header.data.len < SIGNATURE_LEN || memcmp(header.data.base, signature_agile, SIGNATURE_LEN) != 0) {
		*c = start;
		return NULL;
	}
	if (header.pcr != 0 || header.type != EVENTLOG_NO_ACTION ||
	    memcmp(header.digests[0].base, zeros, SHA1_LEN) != 0)
		return "the header is not an EV_NO_ACTION event with a digest of zeros";
	*log = (struct eventlog_raw){ .format = EVENTLOG_AGILE, .header_len = c->pos };
	return take_spec_id(header.data, log);
}

static const char *note_event(struct eventlog_raw *log, const struct eventlog_event *event) {
	if (event->type != EVENTLOG_NO_ACTION || event->data.len != sizeof(startup_text) + 1 ||
	    memcmp(event->data.base, startup_text, sizeof(startup_text)) != 0)
		return NULL;
	u8 locality = event->data.base[sizeof(startup_text)];

	if (event->pcr != 0 || locality > 4 || (log->startup_locality && locality != log->startup_locality))
		return "the start-up locality is impossible, or given twice";
	log->startup_locality = locality;
	return NULL;
}

int eventlog_parse_prefix(struct span bytes, struct eventlog_raw *ret_log, const char **ret_why) {
	struct eventlog_raw log;
	struct eventlog_event event;
	struct cursor c = cursor_of(bytes);
	const char *why = bytes.len > EVENTLOG_LEN_MAX ? "the log is longer than 1 MiB" : take_header(&c, &log);

	if (ret_why) *ret_why = why;
	if (why) return bytes.len > EVENTLOG_LEN_MAX ? -EOVERFLOW : -EBADMSG;
	for (log.bytes = (struct span){ bytes.base, c.pos }; !cursor_at_end(&c); log.bytes.len = c.pos) {
		why = take_event(&c, &log, &event);
		if (log.event_count == EVENTLOG_EVENTS_MAX) why = "the log has more than 4096 events";
		if (!why) why = note_event(&log, &event);
		if (why) break;
		log.event_count++;
	}
	if (ret_why) *ret_why = why;
	*ret_log = log;
	return 0;
}

int eventlog_measure(const void *log, size_t cap, size_t last_entry, size_t *ret_len) {
	struct eventlog_raw raw;
	struct eventlog_event event;

	TRY(eventlog_parse_prefix((struct span){ log, min_u64(cap, EVENTLOG_LEN_MAX) }, &raw, NULL));
	/* The header itself is the last entry of a crypto-agile log without events. */
	bool found = raw.header_len && last_entry == 0;
	size_t pos = raw.header_len;

	for (size_t start = pos; !found && eventlog_next(&raw, &pos, &event); start = pos) found = start == last_entry;
	if (!found) return -EBADMSG;
	*ret_len = pos;
	return 0;
}

bool eventlog_next(const struct eventlog_raw *log, size_t *pos, struct eventlog_event *ret_event) {
	struct cursor c = cursor_of(log->bytes);
	struct eventlog_event event;

	cursor_seek(&c, *pos);
	if (cursor_left(&c) == 0 || take_event(&c, log, &event)) return false;
	*ret_event = event;
	*pos = c.pos;
	return true;
}

int eventlog_final_len(const struct eventlog_raw *log, struct span events, u64 count, size_t *ret_len) {
	struct cursor c = cursor_of(events);

	if (count > EVENTLOG_EVENTS_MAX) return -EOVERFLOW;
	if (log->format != EVENTLOG_AGILE) return -EBADMSG;
	for (u64 i = 0; i < count; i++) {
		struct eventlog_event event;

		if (take_event(&c, log, &event)) return -EBADMSG;
	}
	*ret_len = c.pos;
	return 0;
}

int eventlog_find_alg(const struct eventlog_raw *log, u16 alg, size_t *ret_index) {
	for (size_t i = 0; i < log->alg_count; i++) {
		if (log->algs[i].alg == alg) {
			*ret_index = i;
			return 0;
		}
	}
	return -ENOENT;
}
