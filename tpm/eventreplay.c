/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/eventreplay.c - the PCR values that an event log's digests give. Relies on a log that eventlog.c parsed. */
#include "tpm/eventlog.h"

int eventlog_replay_pcr(const struct eventlog_raw *log, size_t alg, unsigned pcr, struct digest *ret_value) {
	struct digest value = { 0 };
	struct eventlog_event event;
	struct hash_ctx ctx;
	unsigned hash;

	if (alg >= log->alg_count || pcr >= PCR_COUNT) return -EINVAL;
	value.len = log->algs[alg].len;
	if (hash_from_tpm_alg(log->algs[alg].alg, &hash) || hash_len(hash) != value.len) return -ENOPKG;
	value.id = (u8)hash;
	/* Those of a dynamic launch start as ones; PCR 0 tells the locality of Startup. */
	memset(value.bytes, pcr >= PCR_DRTM_FIRST && pcr <= PCR_DRTM_LAST ? 0xff : 0, value.len);
	if (pcr == 0) value.bytes[value.len - 1] = log->startup_locality;
	for (size_t pos = log->header_len; eventlog_next(log, &pos, &event);) {
		if (event.pcr != pcr || event.type == EVENTLOG_NO_ACTION) continue;
		TRY(hash_init(&ctx, hash));
		hash_update(&ctx, value.bytes, value.len);
		hash_update(&ctx, event.digests[alg].base, value.len);
		hash_final(&ctx, value.bytes);
	}
	*ret_value = value;
	return 0;
}
