/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/measure.c - EFI_TCG2.
 *
 * gnu-efi has no header for this protocol; the structures below are the specification's.
 */
#include "boot/measure.h"

#include "boot/uki.h"
#include "kernel/base/cursor.h"
#include "tpm/eventlog.h"
#include "tpm/pcr.h"

enum { EV_EVENT_TAG = 6, EVENT_HEADER_LEN = 14, EVENT_LEN_MAX = 64, FINAL_EVENTS_LEN_MAX = 0x10000 };

static EFI_GUID tcg2_guid = { 0x607f766c, 0x7455, 0x42be, { 0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f } };
static const EFI_GUID final_guid = { 0x1e2ed096, 0x30e2, 0x4254, { 0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25 } };

/* EFI_TCG2_BOOT_SERVICE_CAPABILITY, structure version 1.1. */
struct tcg2_capability {
	u8 size, structure_version[2], protocol_version[2];
	u32 hashes, logs;
	u8 tpm_present;
	u16 max_command, max_response;
	u32 manufacturer, bank_count, active_banks;
};
_Static_assert(sizeof(struct tcg2_capability) == 36, "TCG EFI Protocol 2.0, section 6.4.4");

struct tcg2 {
	EFI_STATUS(EFIAPI *get_capability)(struct tcg2 *self, struct tcg2_capability *capability);
	EFI_STATUS(EFIAPI *get_event_log)(struct tcg2 *self, u32 format, u64 *start, u64 *last, BOOLEAN *truncated);
	EFI_STATUS(EFIAPI *hash_log_extend)(struct tcg2 *self, u64 flags, u64 addr, u64 len, void *event);
	/* SubmitCommand and the bank calls follow; not used. */
};

void measure_open(const struct firmware *fw, struct measure *ret_m) {
	struct tcg2 *tcg2 = firmware_protocol(fw, &tcg2_guid);
	struct tcg2_capability cap = { .size = sizeof(cap) };

	*ret_m = (struct measure){ .tcg2 = NULL };
	if (tcg2 && tcg2->get_capability(tcg2, &cap) == EFI_SUCCESS && cap.tpm_present) ret_m->tcg2 = tcg2;
}

/* One event; name travels in its data. */
static int extend(struct measure *m, u32 pcr, u32 tag, const char *name, struct span bytes) {
	u8 event[EVENT_LEN_MAX];
	struct writer w = writer_init(event, sizeof(event));
	size_t name_len = strlen(name) + 1;
	EFI_STATUS status;

	writer_le32(&w, (u32)(4 + EVENT_HEADER_LEN + 8 + name_len));
	writer_le32(&w, EVENT_HEADER_LEN);
	writer_le16(&w, 1);
	writer_le32(&w, pcr);
	writer_le32(&w, EV_EVENT_TAG);
	writer_le32(&w, tag);
	writer_le32(&w, (u32)name_len);
	writer_bytes(&w, name, name_len);
	if (!writer_ok(&w)) return -EOVERFLOW;
	status = m->tcg2->hash_log_extend(m->tcg2, 0, (u64)(uintptr_t)bytes.base, bytes.len, event);
	m->log_full |= status == EFI_VOLUME_FULL; /* the TPM was extended, the log has no room */
	return status == EFI_SUCCESS || status == EFI_VOLUME_FULL ? 0 : -EIO;
}

static int extend_item(struct measure *m, u32 pcr, const char *name, struct span content) {
	TRY(extend(m, pcr, UKI_TAG_NAME, name, (struct span){ (const u8 *)name, strlen(name) + 1 }));
	return extend(m, pcr, UKI_TAG_CONTENT, name, content);
}

int measure_sections(struct measure *m, const struct pe *image, const char **ret_why) {
	static char twice[64];

	for (unsigned i = 0; i < UKI_COUNT; i++) {
		struct span content;
		int err = pe_find(image, uki_name(i), &content);

		if (err == -ENOENT || (!err && !uki_is_measured(i))) continue;
		if (err) {
			text_format(twice, sizeof(twice), "the image has the section %s twice", uki_name(i));
			*ret_why = twice;
			return err;
		}
		err = m->tcg2 ? extend_item(m, PCR_IMAGE, uki_name(i), content) : 0;
		if (err) {
			*ret_why = "the TPM did not take the measurement of the image's sections (PCR 11)";
			return err;
		}
	}
	return 0;
}

int measure_options(struct measure *m, struct span options, const char **ret_why) {
	int err = 0;

	if (m->tcg2 && options.len) err = extend_item(m, PCR_OPTIONS, UKI_OPTIONS_NAME, options);
	if (err) *ret_why = "the TPM did not take the measurement of the load options (PCR 12)";
	return err;
}

/* Bytes of the events that the Final Events table holds already: they are in the main log too. */
static u64 final_events_len(u64 table, struct span log) {
	struct eventlog_raw raw;
	struct span events = { (const u8 *)(uintptr_t)table + 16, FINAL_EVENTS_LEN_MAX };
	size_t len = 0;

	if (load_le64(events.base - 8) == 0 || eventlog_parse_prefix(log, &raw, NULL) ||
	    eventlog_final_len(&raw, events, load_le64(events.base - 8), &len))
		return 0;
	return len;
}

static int copy_log(const struct firmware *fw, u64 start, u64 last, struct bootinfo *info) {
	const void *from = (const void *)(uintptr_t)start;
	size_t len;
	void *copy;

	if (last < start || last - start > EVENTLOG_LEN_MAX) return -EBADMSG;
	TRY(eventlog_measure(from, EVENTLOG_LEN_MAX, (size_t)(last - start), &len));
	copy = firmware_alloc(fw, len);
	if (!copy) return -ENOMEM;
	memcpy(copy, from, len);
	info->event_log = (struct boot_span){ (u64)(uintptr_t)copy, len };
	return 0;
}

void measure_log(const struct measure *m, const struct firmware *fw, struct bootinfo *info) {
	u64 start = 0, last = 0;
	BOOLEAN truncated = 0;

	if (!m->tcg2) return;
	if (m->tcg2->get_event_log(m->tcg2, EVENTLOG_AGILE, &start, &last, &truncated) != EFI_SUCCESS &&
	    m->tcg2->get_event_log(m->tcg2, EVENTLOG_TCG12, &start, &last, &truncated) != EFI_SUCCESS)
		start = 0;
	if (truncated || m->log_full) info->flags |= BOOT_LOG_TRUNCATED;
	if (!start || !last) return;
	if (copy_log(fw, start, last, info)) {
		firmware_say(fw, "assay: the firmware's event log cannot be read; the kernel gets none\n");
		info->flags |= BOOT_LOG_TRUNCATED;
		return;
	}
	info->final_events = firmware_table(fw, &final_guid);
	if (info->final_events)
		info->final_events_skip = final_events_len(info->final_events,
			(struct span){ (const u8 *)(uintptr_t)info->event_log.addr, info->event_log.len });
}
