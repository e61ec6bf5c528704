/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tpmlog.c - the firmware's event log.
 *
 * Relies on tpm/eventlog.h for every look into it. Invariant: the_log is a log that parsed to its end, or empty.
 */
#include "kernel/tpmlog.h"

#include "fs/pseudo.h"
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/try.h"
#include "kernel/pmm.h"
#include "kernel/x86/paging.h"
#include "tpm/eventlog.h"

#define FINAL_HEADER_LEN 16u /* version, number of events: 8 bytes each */
#define FINAL_VERSION 1u
#define CHECKED_PCRS (0xffffu & ~(1u << PCR_RUNTIME))

static struct eventlog_raw the_log;
static bool log_truncated;

/* Bytes from paddr to the end of the firmware's memory that holds it. */
static u64 room_at(paddr_t paddr)
{
	size_t count;
	const struct pmm_range *ranges = pmm_ranges(&count);

	for (size_t i = 0; i < count; i++) {
		if (ranges[i].kind != PMM_FREE && paddr >= ranges[i].start && paddr < ranges[i].end)
			return ranges[i].end - paddr;
	}
	return 0;
}

/* Bytes of the first events, at most count, that are well-formed. */
static size_t final_prefix(const struct eventlog_raw *log, struct span events, u64 count)
{
	u64 good = 0, bad = min_u64(count, EVENTLOG_EVENTS_MAX) + 1;
	size_t len = 0, tried;

	while (bad - good > 1) {
		u64 half = good + (bad - good) / 2;

		if (eventlog_final_len(log, events, half, &tried) == 0) {
			good = half;
			len = tried;
		} else {
			bad = half;
		}
	}
	if (good != count)
		port_log(LOG_WARN, "assay: TPM: the firmware's final events are malformed after the first %llu of %llu",
			 (unsigned long long)good, (unsigned long long)count);
	return len;
}

/* A private copy of the final events table: {NULL, 0} without one. The caller frees it. */
static struct span copy_final(paddr_t table)
{
	size_t len = (size_t)min_u64(room_at(table), TPMLOG_FINAL_MAX);
	u8 *copy = table && len >= FINAL_HEADER_LEN ? port_alloc(len) : NULL;

	if (copy && paging_read_phys(copy, table, len) == 0 && load_le64(copy) == FINAL_VERSION)
		return (struct span){ copy, len };
	port_free(copy);
	if (table) port_log(LOG_WARN, "assay: TPM: the firmware's final events cannot be read");
	return (struct span){ NULL, 0 };
}

/* What firmware logged after the stub had fetched the log. */
static struct span tail_of(const struct eventlog_raw *log, struct span final, u64 skip)
{
	struct span events = { final.base + FINAL_HEADER_LEN, final.len - FINAL_HEADER_LEN };
	size_t len = final_prefix(log, events, load_le64(final.base + 8));

	if (skip > len) return (struct span){ NULL, 0 };
	return (struct span){ events.base + skip, len - (size_t)skip };
}

static int join(struct span head, struct span tail)
{
	u8 *bytes = port_alloc(head.len + tail.len);
	const char *why = NULL;

	if (!bytes) return -ENOMEM;
	memcpy(bytes, head.base, head.len);
	if (tail.len) memcpy(bytes + head.len, tail.base, tail.len);
	if (eventlog_parse_prefix((struct span){ bytes, head.len + tail.len }, &the_log, &why) != 0)
		port_free(bytes);
	else if (why)
		port_log(LOG_WARN, "assay: TPM: the firmware's event log is cut after %zu bytes: %s", the_log.bytes.len,
			 why);
	return 0;
}

int tpmlog_init(const struct bootinfo *boot)
{
	struct span bytes = { NULL, (size_t)boot->event_log.len }, final = { NULL, 0 }, tail = { NULL, 0 };
	struct eventlog_raw raw;
	const char *why = NULL;
	int err;

	log_truncated = boot->flags & BOOT_LOG_TRUNCATED;
	if (!bytes.len) return 0;
	bytes.base = phys_to_virt(boot->event_log.addr);
	if (eventlog_parse_prefix(bytes, &raw, &why) != 0) {
		port_log(LOG_WARN, "assay: TPM: the firmware's event log cannot be used: %s", why);
		return 0;
	}
	if (why)
		port_log(LOG_WARN, "assay: TPM: the firmware's event log is cut after %zu of %zu bytes: %s",
			 raw.bytes.len, bytes.len, why);
	else if (raw.format == EVENTLOG_AGILE)
		final = copy_final(boot->final_events);
	if (final.len) tail = tail_of(&raw, final, boot->final_events_skip);
	err = join(raw.bytes, tail);
	port_free((void *)(uintptr_t)final.base);
	return err;
}

/* What the TPM holds in the checked PCRs of one bank. */
static int read_bank(struct tpm *tpm, size_t bank, struct eventlog_actual *ret_actual)
{
	ret_actual->alg = tpm->banks[bank].alg;
	ret_actual->pcr_mask = CHECKED_PCRS;
	for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
		struct tpm_digests values;

		if (!(CHECKED_PCRS & 1u << pcr)) continue;
		TRY(tpm_pcr_read(tpm, pcr, &values));
		memcpy(ret_actual->values[pcr], values.bytes[bank], sizeof(ret_actual->values[pcr]));
	}
	return 0;
}

void tpmlog_check(struct tpm *tpm)
{
	static struct eventlog_actual actual;
	struct eventlog_verified verified;

	if (!the_log.bytes.len) port_log(LOG_WARN, "assay: TPM: there is no event log of the firmware");
	if (log_truncated) port_log(LOG_WARN, "assay: TPM: the firmware says that its event log is incomplete");
	for (size_t bank = 0; the_log.bytes.len && bank < tpm->bank_count; bank++) {
		const char *name = pcr_bank_name(tpm->banks[bank].alg);
		unsigned pcr = 0;
		int err = read_bank(tpm, bank, &actual);

		if (!err) err = eventlog_replay(&the_log, &actual, &verified, &pcr);
		if (!name) name = "unknown";
		if (!err)
			port_log(LOG_INFO, "assay: TPM: bank %s: PCR 0 to 15 match the firmware's event log", name);
		else if (err == -EBADMSG)
			port_log(LOG_WARN, "assay: TPM: bank %s: PCR %u does not match the firmware's event log: %s",
				 name, pcr, pcr_use(pcr));
		else
			port_log(LOG_WARN, "assay: TPM: bank %s: the firmware's event log cannot be compared (%s)",
				 name, err == -ENOENT ? "it lacks the bank" : err_name(err));
	}
}

static int show_log(struct show_sink *sink, void *arg)
{
	(void)arg;
	show_bytes(sink, the_log.bytes.base, the_log.bytes.len);
	return 0;
}

int tpmlog_register_nodes(struct superblock *securityfs)
{
	static const struct pseudo_ops ops = { .show = show_log };

	if (!the_log.bytes.len) return 0;
	return pseudo_add(securityfs, "tpm0/binary_bios_measurements", S_IFREG | 0440, 0, &ops, NULL);
}
