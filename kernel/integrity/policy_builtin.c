/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy_builtin.c - the policies that ima_policy= names, as text. The sets follow each other in a
 * fixed order, whatever the order of the names.
 */
#include "kernel/integrity/policy.h"

#define NOT_MEASURED(magic) "dont_measure fsmagic=" magic "\n"
#define NOT_APPRAISED(magic) "dont_appraise fsmagic=" magic "\n"

static const char tcb_exclusions[] =
	NOT_MEASURED("0x9fa0") NOT_MEASURED("0x62656572") NOT_MEASURED("0x64626720")
	"dont_measure func=FILE_CHECK fsmagic=0x1021994\n"
	NOT_MEASURED("0x1cd1") NOT_MEASURED("0x42494e4d") NOT_MEASURED("0x73636673") NOT_MEASURED("0xf97cff8c")
	NOT_MEASURED("0x43415d53") NOT_MEASURED("0x27e0eb") NOT_MEASURED("0x63677270") NOT_MEASURED("0x6e736673")
	NOT_MEASURED("0xde5e81e4");

static const char tcb[] =
	"measure func=MMAP_CHECK mask=MAY_EXEC\n"
	"measure func=BPRM_CHECK mask=MAY_EXEC\n"
	"measure func=FILE_CHECK mask=^MAY_READ euid=0\n"
	"measure func=FILE_CHECK mask=^MAY_READ uid=0\n"
	"measure func=MODULE_CHECK\n"
	"measure func=FIRMWARE_CHECK\n"
	"measure func=POLICY_CHECK\n";

/* The rules of the deprecated parameter ima_tcb. */
static const char old_tcb[] =
	"measure func=MMAP_CHECK mask=MAY_EXEC\n"
	"measure func=BPRM_CHECK mask=MAY_EXEC\n"
	"measure func=FILE_CHECK mask=MAY_READ uid=0\n"
	"measure func=MODULE_CHECK\n"
	"measure func=FIRMWARE_CHECK\n";

/* Without ima_policy=: no machine code runs that was not measured and appraised. */
static const char exec_tcb[] =
	"measure func=BPRM_CHECK\n"
	"measure func=MMAP_CHECK mask=MAY_EXEC\n"
	"measure func=KEXEC_KERNEL_CHECK\n"
	"measure func=KEXEC_INITRAMFS_CHECK\n"
	"measure func=KEXEC_CMDLINE\n"
	"measure func=POLICY_CHECK\n"
	"appraise func=BPRM_CHECK appraise_type=imasig\n"
	"appraise func=MMAP_CHECK mask=MAY_EXEC appraise_type=imasig\n"
	"appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig\n"
	"appraise func=KEXEC_INITRAMFS_CHECK appraise_type=imasig\n"
	"appraise func=POLICY_CHECK appraise_type=imasig\n";

static const char secure_boot[] =
	"appraise func=MODULE_CHECK appraise_type=imasig|modsig\n"
	"appraise func=FIRMWARE_CHECK appraise_type=imasig\n"
	"appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig\n"
	"appraise func=POLICY_CHECK appraise_type=imasig\n";

static const char appraise_tcb[] =
	NOT_APPRAISED("0x9fa0") NOT_APPRAISED("0x62656572") NOT_APPRAISED("0x64626720") NOT_APPRAISED("0x1021994")
	NOT_APPRAISED("0x858458f6") NOT_APPRAISED("0x1cd1") NOT_APPRAISED("0x42494e4d") NOT_APPRAISED("0x73636673")
	NOT_APPRAISED("0xf97cff8c") NOT_APPRAISED("0x43415d53") NOT_APPRAISED("0x6e736673")
	NOT_APPRAISED("0xde5e81e4") NOT_APPRAISED("0x27e0eb") NOT_APPRAISED("0x63677270")
	"appraise func=POLICY_CHECK appraise_type=imasig\n"
	"appraise fowner=0\n";

/* In the order in which the sets stand in the policy; the exclusions serve both tcb sets. */
static const struct {
	const char *name, *text;
} sets[] = {
	{ "tcb", tcb_exclusions }, { "ima_tcb", tcb_exclusions }, { "tcb", tcb }, { "ima_tcb", old_tcb },
	{ "exec_tcb", exec_tcb }, { "secure_boot", secure_boot }, { "appraise_tcb", appraise_tcb },
	{ "critical_data", "measure func=CRITICAL_DATA\n" }, { "fail_securely", "" }, { "none", "" },
};

/* The next of the names between blanks and bars; NULL at the end. */
static const char *next_name(const char **names, size_t *ret_len) {
	const char *name = *names, *end;

	while (*name == ' ' || *name == '|') name++;
	for (end = name; *end && *end != ' ' && *end != '|'; end++) ;
	*names = end;
	*ret_len = (size_t)(end - name);
	return end > name ? name : NULL;
}

bool policy_names_have(const char *names, const char *name) {
	const char *found;
	size_t len;

	while (names && (found = next_name(&names, &len)))
		if (strlen(name) == len && memcmp(found, name, len) == 0) return true;
	return false;
}

static bool is_set(const char *name, size_t len) {
	for (size_t i = 0; i < ARRAY_COUNT(sets); i++)
		if (strlen(sets[i].name) == len && memcmp(sets[i].name, name, len) == 0) return true;
	return false;
}

int policy_builtin_text(const char *names, struct blob *out) {
	const char *rest = names, *name, *last = NULL;
	bool any = false;
	size_t len;

	while (rest && (name = next_name(&rest, &len))) {
		any |= is_set(name, len);
		if (!is_set(name, len)) port_log(LOG_ERR, "ima: policy \"%.*s\" not found", (int)len, name);
	}
	for (size_t i = 0; i < ARRAY_COUNT(sets); i++) {
		if (!policy_names_have(any ? names : "exec_tcb", sets[i].name) || sets[i].text == last) continue;
		blob_text(out, sets[i].text);
		last = sets[i].text;
	}
	return blob_status(out);
}
