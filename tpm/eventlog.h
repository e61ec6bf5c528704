/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/eventlog.h - the firmware's TCG2 event log.
 *
 * Parsed is not verified: eventlog_parse yields a raw view whose content is a claim; only
 * eventlog_replay, which compares with PCR values, makes an eventlog_verified. An event's type never decides anything.
 *
 * Context    any; no allocation.
 * Ownership  views point into the caller's bytes.
 * Errors     -EBADMSG malformed (the reason, static text, in ret_why), -EOVERFLOW over a cap.
 * Source     TCG PC Client Platform Firmware Profile 1.05, section 10; TCG EFI Protocol 2.0 section 5.
 */
#ifndef ASSAY_EVENTLOG_H
#define ASSAY_EVENTLOG_H

#include "crypto/hash.h"
#include "kernel/base/cursor.h"
#include "tpm/tpm.h"

#define EVENTLOG_ALGS_MAX 8u
#define EVENTLOG_LEN_MAX (1u << 20)
#define EVENTLOG_EVENTS_MAX 4096u

struct eventlog_raw {
	struct span bytes;      /* whole log, header included */
	size_t header_len;      /* bytes of the Spec ID event */
	size_t alg_count;
	struct { u16 alg; u8 len; } algs[EVENTLOG_ALGS_MAX];
	size_t event_count;     /* after the header */
	u8 startup_locality;
};

struct eventlog_event {
	u32 pcr;
	u32 type;
	struct span digests[EVENTLOG_ALGS_MAX]; /* in the order of raw->algs */
	struct span data;
};

/* Checks the whole log. */
must_check int eventlog_parse(struct span bytes, struct eventlog_raw *ret_log, const char **ret_why);

/*
 * Length of the well-formed Spec ID event plus events from start up to and including the one at last_entry (as GetEventLog reports it),
 * for the stub, which is given no end pointer. -EBADMSG.
 */
must_check int eventlog_measure(const void *log, size_t cap, size_t last_entry, size_t *ret_len);

/* Iterates: *pos starts at raw->header_len; returns false at the end. Only on a parsed log. */
bool eventlog_next(const struct eventlog_raw *log, size_t *pos, struct eventlog_event *ret_event);

/*
 * Bytes of count crypto-agile events in the final-events table, checked with the algorithms of log.
 */
must_check int eventlog_final_len(const struct eventlog_raw *log, struct span events, u64 count,
				  size_t *ret_len);

/* PCR values that the events give, for the algorithm with index alg of log. */
must_check int eventlog_replay_pcr(const struct eventlog_raw *log, size_t alg, unsigned pcr,
				   struct digest *ret_value);

#endif
