/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy_show.c - the words of the language, and rules written in them again.
 *
 * The order of tokens is fixed, each is followed by one blank; ids are shown as signed numbers, as Linux shows them.
 */
#include "fs/vfs.h"
#include "kernel/integrity/policy.h"
#include "kernel/integrity/policy_words.h"

const struct policy_word policy_actions[] = {
	{ "measure", ACTION_MEASURE }, { "dont_measure", ACTION_DONT_MEASURE },
	{ "appraise", ACTION_APPRAISE }, { "dont_appraise", ACTION_DONT_APPRAISE },
	{ "audit", ACTION_AUDIT }, { "dont_audit", ACTION_DONT_AUDIT },
	{ "hash", ACTION_HASH }, { "dont_hash", ACTION_DONT_HASH }, { NULL, 0 },
};

const struct policy_word policy_funcs[] = {
	{ "FILE_CHECK", FUNC_FILE_CHECK }, { "PATH_CHECK", FUNC_FILE_CHECK },
	{ "MMAP_CHECK", FUNC_MMAP_CHECK }, { "FILE_MMAP", FUNC_MMAP_CHECK },
	{ "MMAP_CHECK_REQPROT", FUNC_MMAP_CHECK_REQPROT }, { "BPRM_CHECK", FUNC_BPRM_CHECK },
	{ "CREDS_CHECK", FUNC_CREDS_CHECK }, { "MODULE_CHECK", FUNC_MODULE_CHECK },
	{ "FIRMWARE_CHECK", FUNC_FIRMWARE_CHECK }, { "KEXEC_KERNEL_CHECK", FUNC_KEXEC_KERNEL_CHECK },
	{ "KEXEC_INITRAMFS_CHECK", FUNC_KEXEC_INITRAMFS_CHECK }, { "POLICY_CHECK", FUNC_POLICY_CHECK },
	{ "KEXEC_CMDLINE", FUNC_KEXEC_CMDLINE }, { "KEY_CHECK", FUNC_KEY_CHECK },
	{ "CRITICAL_DATA", FUNC_CRITICAL_DATA }, { "SETXATTR_CHECK", FUNC_SETXATTR_CHECK }, { NULL, 0 },
};

const struct policy_word policy_masks[] = {
	{ "MAY_EXEC", MAY_EXEC }, { "MAY_WRITE", MAY_WRITE }, { "MAY_READ", MAY_READ }, { "MAY_APPEND", MAY_APPEND },
	{ NULL, 0 },
};

const char *policy_word_text(const struct policy_word *words, u32 value) {
	while (words->text && words->value != value) words++;
	return words->text ? words->text : "";
}

bool policy_word_find(const struct policy_word *words, const char *text, u32 *ret_value) {
	while (words->text && strcmp(words->text, text) != 0) words++;
	if (words->text) *ret_value = words->value;
	return words->text != NULL;
}

const char *policy_func_name(unsigned func) { return policy_word_text(policy_funcs, func); }

static void show_text(struct blob *out, const char *key, const char *value) {
	blob_text(out, key);
	blob_text(out, "=");
	blob_text(out, value);
	blob_text(out, " ");
}

static void show_id(struct blob *out, const char *key, const struct policy_id *id) {
	blob_format(out, "%s%c%d ", key, id->op, (int)id->value);
}

static void show_uuid(struct blob *out, const u8 *uuid) {
	blob_text(out, "fsuuid=");
	for (unsigned i = 0; i < 16; i++) {
		blob_text(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "");
		blob_hex(out, uuid + i, 1);
	}
	blob_text(out, " ");
}

static void show_algos(struct blob *out, u32 algos) {
	const char *before = "appraise_algos=";

	for (unsigned id = 0; id < HASH_COUNT; id++) {
		if (!(algos >> id & 1)) continue;
		blob_text(out, before);
		blob_text(out, hash_name(id));
		before = ",";
	}
	blob_text(out, " ");
}

static void show_file_conditions(const struct policy_rule *rule, struct blob *out) {
	if (rule->set & RULE_FSMAGIC) blob_format(out, "fsmagic=0x%llx ", (unsigned long long)rule->fsmagic);
	if (rule->set & RULE_FSNAME) show_text(out, "fsname", rule->fsname);
	if (rule->set & RULE_SUBTYPE) show_text(out, "fs_subtype", rule->fs_subtype);
	if (rule->set & RULE_KEYRINGS) show_text(out, "keyrings", rule->keyrings);
	if (rule->set & RULE_LABEL) show_text(out, "label", rule->label);
	if (rule->set & RULE_PCR) blob_format(out, "pcr=%u ", rule->pcr);
	if (rule->set & RULE_FSUUID) show_uuid(out, rule->fsuuid);
}

static void show_id_conditions(const struct policy_rule *rule, struct blob *out) {
	if (rule->set & (RULE_UID | RULE_EUID)) show_id(out, rule->set & RULE_UID ? "uid" : "euid", &rule->uid);
	if (rule->set & (RULE_GID | RULE_EGID)) show_id(out, rule->set & RULE_GID ? "gid" : "egid", &rule->gid);
	if (rule->set & RULE_FOWNER) show_id(out, "fowner", &rule->fowner);
	if (rule->set & RULE_FGROUP) show_id(out, "fgroup", &rule->fgroup);
}

static void show_options(const struct policy_rule *rule, struct blob *out) {
	if (rule->set & RULE_ALGOS) show_algos(out, rule->algos);
	if (rule->set & RULE_TEMPLATE) show_text(out, "template", rule->template->name);
	if (rule->set & RULE_SIGNATURE)
		show_text(out, "appraise_type", rule->set & RULE_MODSIG ? "imasig|modsig"
			  : rule->set & RULE_SIGV3 ? "sigv3" : "imasig");
	if (rule->set & RULE_VERITY) show_text(out, "digest_type", "verity");
	if (rule->set & RULE_DIRECTIO) blob_text(out, "permit_directio ");
}

void policy_rule_show(const struct policy_rule *rule, struct blob *out) {
	blob_text(out, policy_word_text(policy_actions, rule->action));
	blob_text(out, " ");
	if (rule->set & RULE_FUNC) show_text(out, "func", policy_func_name(rule->func));
	if (rule->set & RULE_MASK)
		blob_format(out, "mask=%s%s ", rule->mask_contains ? "^" : "",
			    policy_word_text(policy_masks, rule->mask));
	show_file_conditions(rule, out);
	show_id_conditions(rule, out);
	show_options(rule, out);
}

int policy_show(const struct policy *policy, struct blob *out) {
	for (size_t i = 0; i < policy->count; i++) {
		policy_rule_show(&policy->rules[i], out);
		blob_text(out, "\n");
	}
	return blob_status(out);
}
