/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/eventreplay.c - the PCR values that an event log's digests give.
 *
 * Relies on a log that eventlog.c parsed. Invariant: a struct eventlog_verified is made
 * only after every asked PCR was found equal.
 */
#include "kernel/base/mem.h"
#include "tpm/eventlog.h"

static int fold(unsigned hash, u8 *value, size_t len, struct span digest)
{
	struct hash_ctx ctx;
	int err = hash_init(&ctx, hash);

	if (err) return err;
	hash_update(&ctx, value, len);
	hash_update(&ctx, digest.base, digest.len);
	hash_final(&ctx, value);
	return 0;
}

int eventlog_replay_pcr(const struct eventlog_raw *log, size_t alg, unsigned pcr, struct digest *ret_value)
{
	struct digest value = { 0 };
	struct eventlog_event event;
	size_t pos = log->header_len;
	unsigned hash;
	int err;

	if (alg >= log->alg_count || pcr >= PCR_COUNT) return -EINVAL;
	if (hash_from_tpm_alg(log->algs[alg].alg, &hash) || !hash_available(hash) ||
	    hash_len(hash) != log->algs[alg].len)
		return -ENOPKG;
	value.id = (u8)hash;
	value.len = log->algs[alg].len;
	pcr_initial_value(pcr, log->startup_locality, value.bytes, value.len);
	while (eventlog_next(log, &pos, &event)) {
		if (event.pcr != pcr || event.type == EVENTLOG_NO_ACTION) continue;
		err = fold(hash, value.bytes, value.len, event.digests[alg]);
		if (err) return err;
	}
	*ret_value = value;
	return 0;
}

int eventlog_replay(const struct eventlog_raw *log, const struct eventlog_actual *actual,
		    struct eventlog_verified *ret_verified, unsigned *ret_pcr)
{
	struct eventlog_verified verified = { .log = log, .alg = actual->alg, .pcr_mask = actual->pcr_mask };
	size_t alg;
	int err = eventlog_find_alg(log, actual->alg, &alg);

	if (err) return err;
	for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
		struct digest value;

		if (!(actual->pcr_mask & 1u << pcr)) continue;
		err = eventlog_replay_pcr(log, alg, pcr, &value);
		if (err) return err;
		if (memcmp(value.bytes, actual->values[pcr], value.len) != 0) {
			*ret_pcr = pcr;
			return -EBADMSG;
		}
	}
	*ret_verified = verified;
	return 0;
}
