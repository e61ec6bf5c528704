/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/integrity.c - the hooks' face: start, and the doors through which programs' acts come.
 *
 * Each hook names the act (a func, a mask, whose credentials) and leaves the rest to check.c.
 */
#include "kernel/integrity/integrity.h"

#include "kernel/integrity/appraise.h"
#include "kernel/integrity/audit.h"
#include "kernel/integrity/core.h"
#include "kernel/integrity/keys.h"
#include "kernel/integrity/policy_parse.h"

#define PROT_EXEC 4u
#define DEFAULT_TEMPLATE "ima-ng"

struct core core;

static const char *const ring_names[RING_COUNT] = { ".builtin_trusted_keys", ".ima", ".evm" };

static const struct cred boot_cred;
static const struct integrity_task boot_task = { .pid = 1, .comm = "swapper/0", .cred = &boot_cred };

const struct integrity_task *core_boot_task(void) { return &boot_task; }

struct integrity_task core_current_task(const struct cred *cred) {
	struct integrity_task task = boot_task;

	if (core.current) core.current(&task);
	task.cred = cred ? cred : task.cred;
	return task;
}

/* ---- start */

static void choose_hash(const char *name) {
	core.default_hash = HASH_SHA256;
	if (!name) return;
	if (!hash_by_name(name, strlen(name), &core.default_hash) && hash_available(core.default_hash)) return;
	port_log(LOG_ERR, "ima: hash algorithm \"%s\" not available, using sha256", name);
	core.default_hash = HASH_SHA256;
}

/* The older template has room for a sha1 only. */
static const struct template *named_template(const char *name) {
	const struct template *found = template_find(name, strlen(name));

	if (found && (!template_is_legacy(found) || core.default_hash == HASH_SHA1)) return found;
	port_log(LOG_ERR, found ? "ima: template %s needs ima_hash=sha1, using " DEFAULT_TEMPLATE :
		 "ima: template %s not found, using " DEFAULT_TEMPLATE, name);
	return NULL;
}

static const struct template *format_template(const char *format) {
	const struct template *made = NULL;

	if (template_register("", format, template_show_fields, &made))
		port_log(LOG_ERR, "ima: template format \"%s\" not valid, using " DEFAULT_TEMPLATE, format);
	return made;
}

/* The first usable of the two parameters counts. */
static void choose_template(const struct integrity_config *config) {
	const struct template *chosen = NULL;
	const char *name = config->template_name, *format = config->template_format;

	if (config->format_first && format) chosen = format_template(format);
	if (!chosen && name) chosen = named_template(name);
	if (!chosen && !config->format_first && format) chosen = format_template(format);
	core.default_template = chosen ? chosen : template_find(DEFAULT_TEMPLATE, strlen(DEFAULT_TEMPLATE));
}

/* What stays until reboot, whatever policy follows. */
static void keep_consequences(void) {
	if (core.policy.appraise_funcs >> FUNC_POLICY_CHECK & 1) core.signed_policy_required = true;
	if (!core.setxattr_algos) core.setxattr_algos = core.policy.setxattr_algos;
}

static int start_policy(const char *names) {
	RELEASED(blob_done) struct blob text = { 0 };
	struct policy policy;
	struct policy_error why;

	TRY(policy_builtin_text(names, &text));
	TRY(policy_parse((const char *)text.base, text.len, &policy, &why));
	core.use_image = !policy_names_have(names, "none");
	core.policy = policy;
	keep_consequences();
	return 0;
}

static int start(const struct integrity_config *config) {
	TRY(mlog_alloc(config->tpm, core.default_hash, &core.log));
	for (size_t i = 0; i < RING_COUNT; i++) {
		core.rings[i] = keyring_alloc(ring_names[i]);
		if (!core.rings[i]) return -ENOMEM;
	}
	TRY(start_policy(config->policy_names));
	TRY(core_measure_aggregate(config->tpm));
	return core_measure_critical();
}

static void set_hooks(void);

int integrity_init(const struct integrity_config *config) {
	int err;

	core.mode = config->appraise;
	core.audit_informational = config->audit_informational;
	core.tpm = config->tpm;
	core.version = config->version;
	choose_hash(config->hash_name);
	choose_template(config);
	if (!config->tpm) port_log(LOG_INFO, "ima: No TPM chip found, activating TPM-bypass!");
	port_log(LOG_INFO, "ima: Allocated hash algorithm: %s", hash_name(core.default_hash));
	template_freeze();
	err = start(config);
	if (err)
		core_done();
	else
		set_hooks();
	return err;
}

/* The first loaded policy replaces the built-in rules, further ones are appended. Readers see the old or the new. */
static int commit_policy(const struct integrity_task *task, struct policy *rules) {
	RELEASED(blob_done) struct blob text = { 0 };
	bool first = !core.custom_policy;

	if (!first) TRY(policy_show(&core.policy, &text));
	TRY(policy_show(rules, &text));
	if (!first) TRY(policy_reserve(&core.policy, rules->count));
	TRY(core_record_policy(task, blob_span(&text), BUFFER_HASH | (core.image_done ? BUFFER_ALWAYS : 0)));
	if (first) policy_done(&core.policy);
	if (first) core.policy = *rules;
	for (size_t i = 0; !first && i < rules->count; i++)
		(void)policy_add(&core.policy, &rules->rules[i]); /* there is room */
	if (!first) port_free(rules->rules);
	*rules = (struct policy){ 0 };
	core.custom_policy = true;
	keep_consequences();
	if (first && core.image_done) (void)core_measure_keys(); /* in force already; what failed has been said */
	if (first) keys_measure_queued();
	return 0;
}

struct policy_load_env core_load_env(const struct integrity_task *task) {
	return (struct policy_load_env){ .task = task, .rules_before = core.custom_policy ? core.policy.count : 0,
					 .signed_required = core.signed_policy_required,
					 .enforce = core.mode == APPRAISE_ENFORCE,
					 .read = core_read_policy, .commit = commit_policy };
}

void core_done(void) {
	if (core.has_root) {
		path_put(&core.real.root);
		path_put(&core.real.cwd);
	}
	policy_done(&core.policy);
	policy_done(&core.load.rules);
	keys_done();
	template_reset();
	mlog_free(core.log);
	for (size_t i = 0; i < RING_COUNT; i++) keyring_free(core.rings[i]);
	core = (struct core){ 0 };
}

struct keyring *integrity_keyring(const char *name) {
	for (size_t i = 0; i < RING_COUNT; i++)
		if (strcmp(ring_names[i], name) == 0) return core.rings[i];
	return NULL;
}

bool integrity_log_broken(void) { return core.log && mlog_broken(core.log, NULL); }

void integrity_set_current(void (*current)(struct integrity_task *ret_task)) { core.current = current; }

/* ---- programs */

int integrity_bprm_check(const struct integrity_task *task, struct file *file, bool asked_only) {
	TRY(check_file(task, task->cred, file, FUNC_FILE_CHECK, MAY_EXEC, CHECK_BY_RULES)); /* exec opens, too */
	return check_file(task, task->cred, file, FUNC_BPRM_CHECK, MAY_EXEC, asked_only ? CHECK_ASKED : CHECK_BY_RULES);
}

int integrity_creds_check(const struct integrity_task *task, struct file *file, const struct cred *new_cred) {
	return check_file(task, new_cred, file, FUNC_CREDS_CHECK, MAY_EXEC, CHECK_BY_RULES);
}

int integrity_mmap_check(const struct integrity_task *task, struct file *file, u32 reqprot, u32 prot) {
	if (!file) return 0;
	if (reqprot & PROT_EXEC)
		TRY(check_file(task, task->cred, file, FUNC_MMAP_CHECK_REQPROT, MAY_EXEC, CHECK_BY_RULES));
	if (prot & PROT_EXEC) TRY(check_file(task, task->cred, file, FUNC_MMAP_CHECK, MAY_EXEC, CHECK_BY_RULES));
	return 0;
}

int integrity_mprotect_check(const struct integrity_task *task, struct file *file) {
	TRY(check_file(task, task->cred, file, FUNC_MMAP_CHECK_REQPROT, MAY_EXEC, CHECK_PROTECT));
	return check_file(task, task->cred, file, FUNC_MMAP_CHECK, MAY_EXEC, CHECK_PROTECT);
}

/* ---- the file system's hooks */

static int hook_file_open(struct file *file, const struct cred *cred, u32 mask, bool created) {
	const struct integrity_task task = core_current_task(cred);

	return check_file(&task, cred, file, FUNC_FILE_CHECK, mask, created ? CHECK_CREATED : CHECK_BY_RULES);
}

/* The last writer goes: the next overlap is a new one. */
static void hook_file_release(struct file *file) {
	struct icache *state = file->inode->integrity;

	if (state && file->inode->writers == 1) state->marks &= ~ICACHE_EMITTED_OPENWRITERS;
}

static void audit_refused_label(const struct integrity_task *task, const struct path *path, const char *cause) {
	struct audit_event event = { .type = AUDIT_DATA, .op = "set_data", .cause = cause, .inode = path_inode(path),
				     .name = path->dentry->name };
	char *name = NULL;

	if (core_name(task, path, &name) == 0) event.name = name;
	audit_integrity(task, &event);
	port_free(name);
}

/* A digest stays known over a change of its label only as far as its algorithm does, so all that is known goes. */
static int hook_setxattr(const struct path *path, const char *name, const void *value, size_t len,
			 const struct cred *cred) {
	const struct integrity_task task = core_current_task(cred);
	struct icache *state = path_inode(path)->integrity;
	const char *cause = NULL;
	int err = appraise_xattr_check(name, value, len, task.cred, core.setxattr_algos, &cause);

	if (cause) audit_refused_label(&task, path, cause);
	if (!err && state && strcmp(name, "security.ima") == 0) icache_forget(state);
	return err;
}

static void set_hooks(void) {
	static const struct vfs_hooks hooks = {
		.file_open = hook_file_open, .file_release = hook_file_release,
		.setxattr = hook_setxattr, .inode_changed = icache_changed, .inode_free = icache_free,
	};

	vfs_set_hooks(&hooks);
}
