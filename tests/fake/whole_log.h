/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/whole_log.h - an event log that must be well-formed to its last byte.
 *
 * Context    tests.
 * Ownership  as eventlog_parse_prefix.
 * Errors     those of eventlog_parse_prefix; -EBADMSG or -EOVERFLOW for bytes left over, the reason in ret_why.
 */
#pragma once

#include "tpm/eventlog.h"

must_check static inline int eventlog_parse(struct span bytes, struct eventlog_raw *ret_log, const char **ret_why)
{
	struct eventlog_raw log;

	TRY(eventlog_parse_prefix(bytes, &log, ret_why));
	if (log.bytes.len != bytes.len)
		return log.event_count == EVENTLOG_EVENTS_MAX ? -EOVERFLOW : -EBADMSG;
	*ret_log = log;
	return 0;
}
