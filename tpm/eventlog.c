/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/eventlog.c - parsing of the firmware's event log.
 *
 * Relies on the cursor for every bound. Invariant: a struct eventlog_raw that left this file describes bytes in
 * which every event was read once to its end, so eventlog_next cannot fail on it before the end.
 */
#include "tpm/eventlog.h"

#include "kernel/base/mem.h"

#define SHA1_LEN 20u
#define SIGNATURE_LEN 16u

static const char signature_agile[SIGNATURE_LEN] = "Spec ID Event03";
static const char startup_text[] = "StartupLocality"; /* stands in the event with its NUL */

/* One event as TCG 1.2 lays it out; so is the header of the crypto-agile log. */
static const char *take_tcg12(struct cursor *c, struct eventlog_event *ret_event)
{
	memset(ret_event, 0, sizeof(*ret_event));
	ret_event->pcr = cursor_le32(c);
	ret_event->type = cursor_le32(c);
	ret_event->digests[0] = cursor_take(c, SHA1_LEN);
	ret_event->data = cursor_take(c, cursor_le32(c));
	return cursor_ok(c) ? NULL : "an event is longer than the log";
}

static const char *take_digests(struct cursor *c, const struct eventlog_raw *log, struct eventlog_event *event)
{
	for (size_t i = 0; i < log->alg_count; i++) {
		u16 alg = cursor_le16(c);
		size_t index;

		if (!cursor_ok(c)) return "an event is longer than the log";
		if (eventlog_find_alg(log, alg, &index))
			return "an event has a digest of an algorithm that the header does not name";
		if (event->digests[index].base) return "an event has two digests of one algorithm";
		event->digests[index] = cursor_take(c, log->algs[index].len);
	}
	return NULL;
}

static const char *take_agile(struct cursor *c, const struct eventlog_raw *log, struct eventlog_event *ret_event)
{
	const char *why;

	memset(ret_event, 0, sizeof(*ret_event));
	ret_event->pcr = cursor_le32(c);
	ret_event->type = cursor_le32(c);
	u32 count = cursor_le32(c);

	if (cursor_ok(c) && count != log->alg_count)
		return "an event does not have one digest for each algorithm of the header";
	why = take_digests(c, log, ret_event);
	if (why) return why;
	ret_event->data = cursor_take(c, cursor_le32(c));
	return cursor_ok(c) ? NULL : "an event is longer than the log";
}

static const char *take_event(struct cursor *c, const struct eventlog_raw *log, struct eventlog_event *ret_event)
{
	const char *why = log->format == EVENTLOG_AGILE ? take_agile(c, log, ret_event) : take_tcg12(c, ret_event);

	if (why) return why;
	if (ret_event->pcr >= PCR_COUNT &&
	    !(ret_event->pcr == EVENTLOG_NO_PCR && ret_event->type == EVENTLOG_NO_ACTION))
		return "an event names a PCR above 23";
	return NULL;
}

static const char *take_algs(struct cursor *c, struct eventlog_raw *log)
{
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
static const char *take_spec_id(struct span data, struct eventlog_raw *log)
{
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

static bool all_zero(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.base[i]) return false;
	}
	return true;
}

/* Consumes the Spec ID event if there is one; without it the log is in the old format. */
static const char *take_header(struct cursor *c, struct eventlog_raw *log)
{
	struct cursor start = *c;
	struct eventlog_event header;
	const char *why = take_tcg12(c, &header);

	if (why) return why;
	if (header.data.len < SIGNATURE_LEN || memcmp(header.data.base, signature_agile, SIGNATURE_LEN) != 0) {
		*c = start;
		log->format = EVENTLOG_TCG12;
		log->alg_count = 1;
		log->algs[0].alg = PCR_ALG_SHA1;
		log->algs[0].len = SHA1_LEN;
		return NULL;
	}
	if (header.pcr != 0 || header.type != EVENTLOG_NO_ACTION || !all_zero(header.digests[0]))
		return "the header is not an EV_NO_ACTION event with a digest of zeros";
	log->format = EVENTLOG_AGILE;
	log->header_len = c->pos;
	return take_spec_id(header.data, log);
}

static const char *note_event(struct eventlog_raw *log, const struct eventlog_event *event, bool *seen_locality)
{
	if (event->type != EVENTLOG_NO_ACTION || event->data.len != sizeof(startup_text) + 1 ||
	    memcmp(event->data.base, startup_text, sizeof(startup_text)) != 0)
		return NULL;
	u8 locality = event->data.base[sizeof(startup_text)];

	if (event->pcr != 0 || locality > 4 || (*seen_locality && locality != log->startup_locality))
		return "the start-up locality is impossible, or given twice";
	log->startup_locality = locality;
	*seen_locality = true;
	return NULL;
}

int eventlog_parse_prefix(struct span bytes, struct eventlog_raw *ret_log, const char **ret_why)
{
	struct eventlog_raw log = { 0 };
	struct cursor c = cursor_of(bytes);
	const char *why = NULL;
	bool seen_locality = false;
	size_t good;

	if (bytes.len > EVENTLOG_LEN_MAX) why = "the log is longer than 1 MiB";
	if (!why) why = take_header(&c, &log);
	if (why) {
		if (ret_why) *ret_why = why;
		return bytes.len > EVENTLOG_LEN_MAX ? -EOVERFLOW : -EBADMSG;
	}
	for (good = c.pos; !cursor_at_end(&c); good = c.pos) {
		struct eventlog_event event;

		why = log.event_count >= EVENTLOG_EVENTS_MAX ? "the log has more than 4096 events"
							       : take_event(&c, &log, &event);
		if (!why) why = note_event(&log, &event, &seen_locality);
		if (why) break;
		log.event_count++;
	}
	log.bytes.base = bytes.base;
	log.bytes.len = good;
	*ret_log = log;
	if (ret_why) *ret_why = why;
	return 0;
}

int eventlog_parse(struct span bytes, struct eventlog_raw *ret_log, const char **ret_why)
{
	struct eventlog_raw log;
	const char *why = NULL;
	int err = eventlog_parse_prefix(bytes, &log, &why);

	if (!err && why) err = log.event_count >= EVENTLOG_EVENTS_MAX ? -EOVERFLOW : -EBADMSG;
	if (err) {
		if (ret_why) *ret_why = why;
		return err;
	}
	*ret_log = log;
	return 0;
}

int eventlog_measure(const void *log, size_t cap, size_t last_entry, size_t *ret_len)
{
	struct eventlog_raw raw = { 0 };
	struct cursor c = cursor_init(log, cap < EVENTLOG_LEN_MAX ? cap : EVENTLOG_LEN_MAX);
	size_t start = 0;

	if (take_header(&c, &raw)) return -EBADMSG;
	/* The header itself is the last entry of a crypto-agile log without events. */
	bool found = raw.format == EVENTLOG_AGILE && last_entry == 0;

	for (size_t n = 0; !found && start <= last_entry && n < EVENTLOG_EVENTS_MAX; n++) {
		struct eventlog_event event;

		start = c.pos;
		if (take_event(&c, &raw, &event)) return -EBADMSG;
		found = start == last_entry;
	}
	if (!found) return -EBADMSG;
	*ret_len = c.pos;
	return 0;
}

bool eventlog_next(const struct eventlog_raw *log, size_t *pos, struct eventlog_event *ret_event)
{
	struct cursor c = cursor_of(log->bytes);
	struct eventlog_event event;

	cursor_seek(&c, *pos);
	if (cursor_left(&c) == 0 || take_event(&c, log, &event)) return false;
	*ret_event = event;
	*pos = c.pos;
	return true;
}

int eventlog_final_len(const struct eventlog_raw *log, struct span events, u64 count, size_t *ret_len)
{
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

int eventlog_find_alg(const struct eventlog_raw *log, u16 alg, size_t *ret_index)
{
	for (size_t i = 0; i < log->alg_count; i++) {
		if (log->algs[i].alg == alg) {
			*ret_index = i;
			return 0;
		}
	}
	return -ENOENT;
}
