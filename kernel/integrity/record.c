/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/record.c - events become records: build, append and extend, and say what failed.
 *
 * Everything is built before the log is touched; what fails there fails in one place and is audited here.
 */
#include "kernel/integrity/audit.h"
#include "kernel/integrity/core.h"
#include "kernel/integrity/service.h"

#define BUFFER_TEMPLATE "ima-buf"

static void audit_pcr(const struct integrity_task *task, const struct event *event, const char *cause, bool ok) {
	audit_integrity(task, &(struct audit_event){ .type = AUDIT_PCR, .op = "add_template_measure", .cause = cause,
			.name = event->name, .inode = event->inode, .ok = ok });
}

/* Says once that the log broke, and where. */
static void report_break(void) {
	u64 record = 0;

	if (core.break_reported || !mlog_broken(core.log, &record)) return;
	core.break_reported = true;
	port_log(LOG_ERR, "assay: the log is broken at record %llu: the TPM did not take it; nothing that needs a "
		 "record runs until reboot", (unsigned long long)record + 1); /* people count from 1 */
}

static int append(const struct template *template, u32 pcr, const struct event *event) {
	RELEASED(blob_done) struct blob data = { 0 };

	TRY(template_build(template, event, &data));
	return mlog_append(core.log, &(struct mlog_record){ pcr, template, blob_span(&data), event->violation });
}

int core_record(const struct integrity_task *task, const struct template *template, u32 pcr, const struct event *event)
{
	int err = append(template, pcr, event);
	char cause[32] = "ENOMEM";

	if (!err || err == -EEXIST) {
		if (core.audit_informational) audit_pcr(task, event, err ? "hash_exists" : "hash_added", true);
		return 0;
	}
	if (err != -ENOMEM) text_format(cause, sizeof(cause), "TPM_error(%d)", err);
	audit_pcr(task, event, cause, false);
	report_break();
	return err == -ENOMEM ? err : -EIO;
}

void core_say_refused(const char *name, int err, const char *cause, const char *why, const struct policy_rule *rule) {
	RELEASED(blob_done) struct blob text = { 0 };
	char what[256], words[64];

	text_printable(what, sizeof(what), name, strlen(name));
	(void)text_copy(words, sizeof(words), cause); /* ours, short */
	for (char *c = words; *c; c++)
		if (*c == '-') *c = ' ';
	if (rule) {
		blob_text(&text, ": rule '");
		policy_rule_show(rule, &text);
		if (text.len) text.base[text.len - 1] = '\''; /* the blank behind the last word */
	}
	port_log(LOG_WARN, "assay: %s: refused (%s): %s%s%s%.*s", what, err_name(err), words, why[0] ? ": " : "", why,
		 text.failed ? 0 : (int)text.len, text.len ? (const char *)text.base : "");
}

/* ---- the service, for data that is no file (service.h) */

/* What stands in the record: the bytes, or in their place their digest. */
static int digest_buffer(struct event *event, struct digest *of_buffer, bool hash_only) {
	TRY(hash_bytes(core.default_hash, event->buffer.base, event->buffer.len, &event->digest));
	if (hash_only) {
		*of_buffer = event->digest;
		event->buffer = (struct span){ of_buffer->bytes, of_buffer->len };
		TRY(hash_bytes(core.default_hash, of_buffer->bytes, of_buffer->len, &event->digest));
	}
	return hash_bytes(HASH_SHA1, event->buffer.base, event->buffer.len, &event->legacy_digest);
}

int integrity_store_data(const struct integrity_task *task, const char *template_name, u32 pcr, const char *name,
			 struct span data, bool hash_only) {
	const char *chosen = template_name ? template_name : BUFFER_TEMPLATE;
	const struct template *template = template_find(chosen, strlen(chosen));
	struct event event = { .name = name, .default_hash = core.default_hash, .buffer = data };
	struct digest of_buffer;

	if (!core.log) return 0;
	if (!template) return -EINVAL;
	TRY(digest_buffer(&event, &of_buffer, hash_only));
	return core_record(task, template, pcr, &event);
}

int integrity_measure_buffer(const struct integrity_task *task, unsigned func, const char *label, const char *name,
			     struct span buffer, u32 how) {
	const char *op = func == FUNC_KEXEC_CMDLINE ? "measuring_kexec_cmdline" :
			 func == FUNC_KEY_CHECK ? "measuring_key" : "measuring_critical_data";
	const struct policy_query query = { .func = (u8)func, .cred = task->cred, .data = label };
	struct policy_decision decision;
	int err;

	if (!integrity_must_measure(&query, &decision) && !(how & BUFFER_ALWAYS)) return 0;
	err = integrity_store_data(task, decision.template ? template_label(decision.template) : NULL, decision.pcr,
				   name, buffer, how & BUFFER_HASH);
	if (!err) return 0;
	audit_integrity(task, &(struct audit_event){ .type = AUDIT_PCR, .op = op, .name = name, .err = err,
						     .cause = err == -ENOMEM ? "alloc_entry" : "store_entry" });
	core_say_refused(name, err, "the measurement cannot be recorded", "", decision.measure_rule);
	return err;
}

int core_measure_keys(void) {
	struct key_info info;

	for (size_t i = 0; i < RING_COUNT; i++) {
		const char *name = keyring_name(core.rings[i]);

		for (size_t k = 0; k < keyring_count(core.rings[i]); k++) {
			TRY(keyring_info(core.rings[i], k, &info));
			TRY(integrity_measure_buffer(core_boot_task(), FUNC_KEY_CHECK, name, name, info.der, false));
		}
	}
	return 0;
}
