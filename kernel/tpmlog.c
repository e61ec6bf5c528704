/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tpmlog.c - the firmware's event log.
 *
 * Relies on tpm/eventlog.h for every look into it. Invariant: the_log is a log that parsed to its end, or empty.
 */
#include "kernel/tpmlog.h"

#include "fs/nodefs.h"
#include "kernel/pmm.h"
#include "kernel/x86/paging.h"
#include "tpm/eventlog.h"

#define FINAL_MAX 0x20000u      /* longest table that is looked at; firmware has 32 KiB */
#define FINAL_HEADER_LEN 16u /* version, number of events: 8 bytes each */
#define FINAL_VERSION 1u
#define CHECKED_PCRS (0xffffu & ~(1u << PCR_RUNTIME))

static struct eventlog_raw the_log;
static bool log_truncated;

/* Bytes from paddr to the end of the firmware's memory that holds it. */
static u64 room_at(paddr_t paddr) {
	size_t count;
	const struct pmm_range *ranges = pmm_ranges(&count);

	for (size_t i = 0; i < count; i++) {
		if (ranges[i].kind != PMM_FREE && paddr >= ranges[i].start && paddr < ranges[i].end)
			return ranges[i].end - paddr;
	}
	return 0;
}

/* A private copy of the final events table: {NULL, 0} without one. The caller frees it. */
static struct span copy_final(paddr_t table) {
	size_t len = (size_t)min_u64(room_at(table), FINAL_MAX);
	u8 *copy = table && len >= FINAL_HEADER_LEN ? port_alloc(len) : NULL;

	if (copy && paging_read_phys(copy, table, len) == 0 && load_le64(copy) == FINAL_VERSION)
		return (struct span){ copy, len };
	port_free(copy);
	if (table) port_log(LOG_WARN, "assay: TPM: the firmware's final events cannot be read");
	return (struct span){ NULL, 0 };
}

/* What firmware logged after the stub had fetched the log; nothing when it is malformed. */
static struct span tail_of(const struct eventlog_raw *log, struct span final, u64 skip) {
	struct span events = { final.base + FINAL_HEADER_LEN, final.len - FINAL_HEADER_LEN };
	size_t len;

	if (eventlog_final_len(log, events, load_le64(final.base + 8), &len) == 0 && skip <= len)
		return (struct span){ events.base + skip, len - (size_t)skip };
	port_log(LOG_WARN, "assay: TPM: the firmware's final events are malformed");
	return (struct span){ NULL, 0 };
}

int tpmlog_init(const struct bootinfo *boot) {
	struct span bytes = { phys_to_virt(boot->event_log.addr), (size_t)boot->event_log.len };
	struct span final = { 0 }, tail = { 0 };
	struct eventlog_raw raw;
	const char *why = NULL;

	log_truncated = boot->flags & BOOT_LOG_TRUNCATED;
	if (!bytes.len) return 0;
	if (eventlog_parse_prefix(bytes, &raw, &why) != 0) {
		port_log(LOG_WARN, "assay: TPM: the firmware's event log cannot be used: %s", why);
		return 0;
	}
	if (!why && raw.format == EVENTLOG_AGILE) final = copy_final(boot->final_events);
	if (final.len) tail = tail_of(&raw, final, boot->final_events_skip);
	u8 *joined = port_alloc(raw.bytes.len + tail.len);

	if (joined) {
		memcpy(joined, raw.bytes.base, raw.bytes.len);
		if (tail.len) memcpy(joined + raw.bytes.len, tail.base, tail.len);
		bytes = (struct span){ joined, raw.bytes.len + tail.len };
		(void)eventlog_parse_prefix(bytes, &the_log, why ? NULL : &why); /* its header was good before */
	}
	port_free((void *)(uintptr_t)final.base);
	if (why)
		port_log(LOG_WARN, "assay: TPM: the firmware's event log is cut to %zu bytes: %s",
			 the_log.bytes.len, why);
	return joined ? 0 : -ENOMEM;
}

/* Compares one PCR in every bank that the log has too; differs gets a bit for each bank. */
static int check_pcr(struct tpm *tpm, unsigned pcr, u32 *differs) {
	struct tpm_digests actual;
	struct digest given;
	size_t alg;

	TRY(tpm_pcr_read(tpm, pcr, &actual));
	for (size_t bank = 0; bank < tpm->bank_count; bank++) {
		const char *name = pcr_bank_name(tpm->banks[bank].alg);

		if (eventlog_find_alg(&the_log, tpm->banks[bank].alg, &alg) == 0 &&
		    eventlog_replay_pcr(&the_log, alg, pcr, &given) == 0 &&
		    memcmp(given.bytes, actual.bytes[bank], given.len) == 0)
			continue;
		*differs |= 1u << bank;
		port_log(LOG_WARN, "assay: TPM: PCR %u of bank %s does not match the firmware's event log: %s", pcr,
			 name ? name : "unknown", pcr_use(pcr));
	}
	return 0;
}

void tpmlog_check(struct tpm *tpm) {
	u32 differs = 0;

	if (!the_log.bytes.len) {
		port_log(LOG_WARN, "assay: TPM: there is no event log of the firmware");
		return;
	}
	if (log_truncated) port_log(LOG_WARN, "assay: TPM: the firmware says that its event log is incomplete");
	for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
		if (CHECKED_PCRS & 1u << pcr && check_pcr(tpm, pcr, &differs) != 0) differs = ~0u;
	}
	if (!differs) port_log(LOG_INFO, "assay: TPM: PCR 0 to 15 match the firmware's event log in every bank");
}

static int show_log(struct blob *text, void *) {
	blob_bytes(text, the_log.bytes.base, the_log.bytes.len);
	return 0;
}

int tpmlog_register_nodes(void) {
	static const struct pseudo_node node = { "tpm0/binary_bios_measurements", S_IFREG | 0440, .show = show_log };

	return the_log.bytes.len ? pseudo_add(nodefs[NODEFS_SECURITY], &node, 1) : 0;
}
