/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy_builtin.c - the policies that ima_policy= names, as text. The sets follow each other in a
 * fixed order, whatever the order of the names.
 */
#include "kernel/integrity/policy.h"

static const char tcb_exclusions[] =
	"dont_measure fsmagic=0x9fa0\n"
	"dont_measure fsmagic=0x62656572\n"
	"dont_measure fsmagic=0x64626720\n"
	"dont_measure func=FILE_CHECK fsmagic=0x1021994\n"
	"dont_measure fsmagic=0x1cd1\n"
	"dont_measure fsmagic=0x42494e4d\n"
	"dont_measure fsmagic=0x73636673\n"
	"dont_measure fsmagic=0xf97cff8c\n"
	"dont_measure fsmagic=0x43415d53\n"
	"dont_measure fsmagic=0x27e0eb\n"
	"dont_measure fsmagic=0x63677270\n"
	"dont_measure fsmagic=0x6e736673\n"
	"dont_measure fsmagic=0xde5e81e4\n";

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

static const char secure_boot[] =
	"appraise func=MODULE_CHECK appraise_type=imasig|modsig\n"
	"appraise func=FIRMWARE_CHECK appraise_type=imasig\n"
	"appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig\n"
	"appraise func=POLICY_CHECK appraise_type=imasig\n";

static const char appraise_tcb[] =
	"dont_appraise fsmagic=0x9fa0\n"
	"dont_appraise fsmagic=0x62656572\n"
	"dont_appraise fsmagic=0x64626720\n"
	"dont_appraise fsmagic=0x1021994\n"
	"dont_appraise fsmagic=0x858458f6\n"
	"dont_appraise fsmagic=0x1cd1\n"
	"dont_appraise fsmagic=0x42494e4d\n"
	"dont_appraise fsmagic=0x73636673\n"
	"dont_appraise fsmagic=0xf97cff8c\n"
	"dont_appraise fsmagic=0x43415d53\n"
	"dont_appraise fsmagic=0x6e736673\n"
	"dont_appraise fsmagic=0xde5e81e4\n"
	"dont_appraise fsmagic=0x27e0eb\n"
	"dont_appraise fsmagic=0x63677270\n"
	"appraise func=POLICY_CHECK appraise_type=imasig\n"
	"appraise fowner=0\n";

static const char critical_data[] = "measure func=CRITICAL_DATA\n";

/* Without ima_policy=: no machine code runs that was not measured and appraised. */
static const char default_policy[] =
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

/* In the order in which the sets stand in the policy; the exclusions serve both tcb sets. */
static const struct {
	const char *name;
	const char *text;
} sets[] = {
	{ "tcb", tcb_exclusions }, { "ima_tcb", tcb_exclusions },
	{ "tcb", tcb }, { "ima_tcb", old_tcb },
	{ "secure_boot", secure_boot }, { "appraise_tcb", appraise_tcb }, { "critical_data", critical_data },
	{ "fail_securely", "" }, { "none", "" },
};

static const char *next_name(const char **names, size_t *ret_len) {
	const char *start = *names;
	size_t len = 0;

	while (*start == ' ' || *start == '|') start++;
	while (start[len] && start[len] != ' ' && start[len] != '|') len++;
	*names = start + len;
	*ret_len = len;
	return len ? start : NULL;
}

bool policy_names_have(const char *names, const char *name) {
	const char *found;
	size_t len;

	if (!names) return false;
	while ((found = next_name(&names, &len)))
		if (strlen(name) == len && memcmp(found, name, len) == 0) return true;
	return false;
}

static bool is_set(const char *name, size_t len) {
	for (size_t i = 0; i < ARRAY_COUNT(sets); i++)
		if (strlen(sets[i].name) == len && memcmp(sets[i].name, name, len) == 0) return true;
	return false;
}

int policy_builtin_text(const char *names, void (*unknown)(const char *name, size_t len), struct blob *out) {
	const char *rest = names, *name, *last = NULL;
	bool any = false;
	size_t len;

	while (names && (name = next_name(&rest, &len))) {
		if (is_set(name, len))
			any = true;
		else if (unknown)
			unknown(name, len);
	}
	if (!any) {
		blob_text(out, default_policy);
		return blob_status(out);
	}
	for (size_t i = 0; i < ARRAY_COUNT(sets); i++) {
		if (!policy_names_have(names, sets[i].name) || sets[i].text == last) continue;
		blob_text(out, sets[i].text);
		last = sets[i].text;
	}
	return blob_status(out);
}
