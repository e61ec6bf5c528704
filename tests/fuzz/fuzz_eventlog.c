/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_eventlog.c - any bytes as an event log: what parses iterates to its end, and its prefix parses. */
#include <stdlib.h>

#include "tests/fake/whole_log.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct eventlog_raw raw, again;
	struct eventlog_event event;
	struct digest value;
	size_t pos, count = 0, start = 0, measured;
	bool whole = !eventlog_parse((struct span){ data, len }, &raw, NULL);

	if (eventlog_parse_prefix((struct span){ data, len }, &raw, NULL))
		return whole ? abort(), 0 : 0;
	if (raw.bytes.len > len || whole != (raw.bytes.len == len))
		abort();
	if (raw.bytes.len && eventlog_parse(raw.bytes, &again, NULL))
		abort();
	for (pos = raw.header_len; eventlog_next(&raw, &pos, &event); count++) {
		if (eventlog_measure(data, len, pos, &measured) == 0 && measured <= pos)
			abort();
		start = pos;
	}
	if (count != raw.event_count || (count && start != raw.bytes.len))
		abort();
	for (size_t alg = 0; alg < raw.alg_count; alg++)
		(void)eventlog_replay_pcr(&raw, alg, 0, &value); /* -ENOPKG for odd algorithms */
	(void)eventlog_final_len(&raw, (struct span){ data, len }, 3, &measured); /* any result will do */
	return 0;
}
