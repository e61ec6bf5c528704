/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/policy_load.c - see policy_load.h. Invariant: rules are committed only by release, and only when
 * no write failed since open.
 */
#include "kernel/integrity/policy_load.h"

#include "kernel/integrity/audit.h"

static void audit_status(const struct policy_load_env *env, const char *op, const char *cause, bool ok) {
	audit_integrity(env->task, &(struct audit_event){ .type = AUDIT_STATUS, .op = op, .cause = cause, .ok = ok });
}

int policy_load_open(struct policy_load *load) {
	if (load->busy) return -EBUSY;
	*load = (struct policy_load){ .busy = true, .valid = true };
	return 0;
}

static int check_room(const struct policy_load *load, const struct policy_load_env *env) {
	if (env->rules_before + load->rules.count < POLICY_RULES_MAX && load->bytes <= POLICY_TEXT_MAX) return 0;
	port_log(LOG_WARN, "ima: policy: there is room for %u rules in all and %u bytes a load", POLICY_RULES_MAX,
		 POLICY_TEXT_MAX);
	return -E2BIG;
}

static int add_line(struct policy_load *load, const struct policy_load_env *env, struct span *text,
		    struct policy_error *why) {
	RELEASED(blob_done) struct blob echo = { 0 };
	size_t before = load->rules.count, left = text->len;
	int err = check_room(load, env);

	if (err) return err;
	err = policy_add_line(&load->rules, text, &echo, why);
	load->bytes += left - text->len;
	why->line = ++load->line;
	if (err || load->rules.count > before) audit_policy_rule(&echo, !err);
	if (err) audit_status(env, "update_policy", "invalid-policy", false);
	if (err == -EINVAL)
		port_log(LOG_WARN, "ima: policy: line %u, column %u: %s%s%s", why->line, why->column, why->reason,
			 why->token[0] ? ": " : "", why->token);
	return err;
}

int policy_load_text(struct policy_load *load, const struct policy_load_env *env, struct span text,
		     struct policy_error *ret_error) {
	load->line = 0;
	while (text.len) TRY(add_line(load, env, &text, ret_error));
	return 0;
}

/* A rule that is only loaded, not in force yet, counts too. */
static bool must_be_signed(const struct policy_load *load, const struct policy_load_env *env) {
	return env->enforce && (env->signed_required || load->rules.appraise_funcs >> FUNC_POLICY_CHECK & 1);
}

static int add_file(struct policy_load *load, const struct policy_load_env *env, const char *name, size_t len) {
	RELEASED(blob_done) struct blob path = { 0 }, text = { 0 };
	struct policy_error why;
	int err;

	if (memchr(name, 0, len)) return -EINVAL;
	blob_bytes(&path, name, len);
	blob_bytes(&path, "", 1);
	err = blob_status(&path);
	if (!err) err = env->read(env->task, (const char *)path.base, must_be_signed(load, env), &text);
	if (err) {
		char shown[128];

		text_printable(shown, sizeof(shown), name, len);
		port_log(LOG_ERR, "ima: Unable to open file: %s (%d)", shown, err);
		return err;
	}
	return policy_load_text(load, env, blob_span(&text), &why);
}

static ssize take(struct policy_load *load, const struct policy_load_env *env, const char *text, size_t len) {
	size_t cut = min_u64(len, POLICY_WRITE_MAX);
	const char *end = memchr(text, '\n', cut);
	size_t line_len = end ? (size_t)(end - text) : cut;
	struct span line = { (const u8 *)text, line_len + !!end };
	struct policy_error why;

	if (!end && len > cut) {
		port_log(LOG_WARN, "ima: policy: a line is longer than %u bytes", POLICY_WRITE_MAX);
		return -EINVAL;
	}
	if (text[0] == '/') {
		TRY(add_file(load, env, text, line_len));
	} else if (must_be_signed(load, env)) {
		audit_status(env, "policy_update", "signed policy required", false);
		port_log(LOG_WARN, "ima: policy: rules must come in a signed file: write its path");
		return -EACCES;
	} else {
		TRY(add_line(load, env, &line, &why));
	}
	return (ssize)(line_len + !!end);
}

ssize policy_load_write(struct policy_load *load, const struct policy_load_env *env, const char *text, size_t len) {
	ssize taken = len ? take(load, env, text, len) : 0;

	if (taken < 0) load->valid = false;
	return taken;
}

int policy_load_release(struct policy_load *load, const struct policy_load_env *env) {
	int err = load->valid && load->rules.count ? env->commit(env->task, &load->rules) : -EINVAL;
	const char *outcome = err ? "failed" : "completed";

	port_log(LOG_INFO, "ima: policy update %s", outcome);
	audit_status(env, "policy_update", outcome, !err);
	policy_done(&load->rules);
	*load = (struct policy_load){ 0 };
	return err;
}
