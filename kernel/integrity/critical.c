/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/critical.c - critical data: what the kernel tells a verifier of itself, as ima-buf records.
 *
 * Invariant: nothing here differs between two boots of the same platform.
 */
#include "kernel/integrity/core.h"

static int measure(const char *label, const char *name, struct span bytes) {
	return integrity_measure_buffer(core_boot_task(), FUNC_CRITICAL_DATA, label, name, bytes, 0);
}

/* manufacturer=IBM;firmware=8217.4131.18.13878;banks=sha1,sha256 */
static int measure_tpm(const struct tpm *tpm) {
	RELEASED(blob_done) struct blob text = { 0 };

	blob_format(&text, "manufacturer=%s;firmware=%u.%u.%u.%u;banks=", tpm->manufacturer, tpm->firmware[0] >> 16,
		    tpm->firmware[0] & 0xffff, tpm->firmware[1] >> 16, tpm->firmware[1] & 0xffff);
	for (size_t i = 0; i < tpm->bank_count; i++) {
		const char *name = hash_name(tpm->banks[i].hash);

		blob_text(&text, i ? "," : "");
		if (name)
			blob_text(&text, name);
		else
			blob_format(&text, "tpm_alg_%x", tpm->banks[i].alg);
	}
	TRY(blob_status(&text));
	return measure("tpm_info", "tpm_info", blob_span(&text));
}

int core_record_policy(const struct integrity_task *task, struct span text, u32 how) {
	return integrity_measure_buffer(task, FUNC_CRITICAL_DATA, "ima_policy", "ima_policy", text, how);
}

int core_measure_critical(void) {
	RELEASED(blob_done) struct blob text = { 0 };

	if (core.version)
		TRY(measure("kernel_info", "kernel_version",
			    (struct span){ (const u8 *)core.version, strlen(core.version) }));
	if (core.tpm) TRY(measure_tpm(core.tpm));
	TRY(policy_show(&core.policy, &text));
	return core_record_policy(core_boot_task(), blob_span(&text), BUFFER_HASH);
}
