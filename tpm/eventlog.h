/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/eventlog.h - the firmware's TCG event log.
 *
 * Parsed is not verified: eventlog_parse_prefix yields a raw view whose content is a claim, until the values of
 * eventlog_replay_pcr are found equal to those that a TPM gave. An event's type never decides anything but
 * EV_NO_ACTION, which is never extended.
 *
 * Parsing (eventlog.c) needs no hash functions, so that the boot stub links it; replaying is in eventreplay.c.
 *
 * Context    any; no allocation.
 * Units      bytes; positions are offsets from the start of the log.
 * Ownership  views point into the caller's bytes, which must not change meanwhile: copy firmware's memory first.
 * Errors     -EBADMSG malformed, -EOVERFLOW over a cap; the reason, static text, in ret_why (may be NULL).
 * Source     TCG PC Client Platform Firmware Profile 1.05, section 10; TCG EFI Protocol 2.0, section 5.
 */
#pragma once

#include "crypto/hash.h"
#include "kernel/base/cursor.h"
#include "tpm/pcr.h"

#define EVENTLOG_ALGS_MAX 8u
#define EVENTLOG_LEN_MAX (1u << 20)
#define EVENTLOG_EVENTS_MAX 4096u

#define EVENTLOG_NO_ACTION 3u          /* EV_NO_ACTION */
#define EVENTLOG_NO_PCR 0xffffffffu    /* as the PCR of an EV_NO_ACTION event */

enum eventlog_format {
	EVENTLOG_TCG12 = 1, /* SHA-1 only, no header */
	EVENTLOG_AGILE = 2, /* Spec ID event, then events with one digest per bank */
};

struct eventlog_raw {
	struct span bytes;      /* whole log, header included */
	size_t header_len;      /* bytes of the Spec ID event; 0 in the old format */
	size_t alg_count;
	struct { u16 alg; u8 len; } algs[EVENTLOG_ALGS_MAX];
	size_t event_count;     /* after the header */
	u8 format;              /* enum eventlog_format */
	u8 startup_locality;    /* PCR 0 starts at it */
};

struct eventlog_event {
	u32 pcr;
	u32 type;
	struct span digests[EVENTLOG_ALGS_MAX]; /* in the order of raw->algs */
	struct span data;
};

/*
 * The well-formed events from the start on: ret_log->bytes ends where they end. When that is before the end of
 * bytes, ret_why gets the reason, else NULL. Fails only without a well-formed header.
 */
must_check int eventlog_parse_prefix(struct span bytes, struct eventlog_raw *ret_log, const char **ret_why);

/*
 * Length of the header plus events from the start up to and including the one at offset last_entry, of
 * which GetEventLog tells the address: for the stub, which is given no end pointer. Reads at most cap bytes.
 */
must_check int eventlog_measure(const void *log, size_t cap, size_t last_entry, size_t *ret_len);

/* Iterates: *pos starts at raw->header_len; returns false at the end. Only on a parsed log. */
bool eventlog_next(const struct eventlog_raw *log, size_t *pos, struct eventlog_event *ret_event);

/* Bytes of count crypto-agile events in the final-events table, checked with the algorithms of log. */
must_check int eventlog_final_len(const struct eventlog_raw *log, struct span events, u64 count, size_t *ret_len);

/* Index in log->algs, or -ENOENT. */
must_check int eventlog_find_alg(const struct eventlog_raw *log, u16 alg, size_t *ret_index);

/*
 * The value that the events give a PCR, for the algorithm with index alg of log. -ENOPKG when
 * the hash is not built in.
 */
must_check int eventlog_replay_pcr(const struct eventlog_raw *log, size_t alg, unsigned pcr, struct digest *ret_value);
