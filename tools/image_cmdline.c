/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/image_cmdline.c - what the guest's kernel will make of the image's command line.
 *
 * kernel/cmdline.c and the tables of kernel/integrity decide, as in the guest: what would halt the kernel is an
 * error, what it would ignore is a warning, and so is a start under which nothing is refused.
 */
#include <string.h>
#include <sys/stat.h>

#include "crypto/hash.h"
#include "kernel/integrity/policy_parse.h"
#include "tools/image.h"
#include "tools/utf8.h"

/* Values that are looked up only when the log is begun. */
static void warn_fallbacks(const struct cmdline *c) {
	const struct template *found = c->ima_template ? template_find(c->ima_template, strlen(c->ima_template)) : NULL;
	const struct template *made;
	enum hash_id hash = HASH_SHA256;

	if (c->ima_hash && (hash_by_name(c->ima_hash, strlen(c->ima_hash), &hash) || !hash_available(hash)))
		cli_warn("the kernel will ignore ima_hash=%s: it has no such hash", c->ima_hash);
	if (c->ima_template && !found)
		cli_warn("the kernel will ignore ima_template=%s: there is no such template", c->ima_template);
	if (found && template_is_legacy(found) && hash != HASH_SHA1) {
		cli_warn("the kernel will ignore ima_template=%s: it needs ima_hash=sha1", c->ima_template);
		found = NULL;
	}
	/* The first that can be used counts; both point into one text. Rules may name the format then. */
	if (c->ima_template_fmt && (!found || c->ima_template_fmt < c->ima_template) &&
	    template_register("", c->ima_template_fmt, template_show_fields, &made))
		cli_warn("the kernel will ignore ima_template_fmt=%s: it is no format", c->ima_template_fmt);
}

int image_check_cmdline(struct image *im) {
	static const char prefix[] = "command line: ";
	const char *text = im->o.cmdline ? im->o.cmdline : "", *why = im->boot.why;
	size_t len = strlen(text);

	if (text_has_control(text, len) || !text_is_utf8(text, len))
		return cli_fail("the text of --cmdline holds control bytes or is not valid UTF-8");
	if (len > CMDLINE_LEN_MAX)
		return cli_fail("the text of --cmdline is longer than %u bytes", CMDLINE_LEN_MAX);
	if (cmdline_parse(&im->boot, (struct span){ (const u8 *)text, len }, (struct span){ 0 })) {
		if (strncmp(why, prefix, sizeof(prefix) - 1) == 0) why += sizeof(prefix) - 1;
		return cli_fail("the kernel would halt over --cmdline: %s", why);
	}
	if (im->boot.ignored[0]) cli_warn("the kernel will ignore in --cmdline: %s", im->boot.ignored);
	warn_fallbacks(&im->boot);
	return 0;
}

bool image_policy_is_ignored(const struct image *im) { return policy_names_have(im->boot.ima_policy, "none"); }

/* What the kernel starts with: the root's policy, else those that ima_policy= names. */
static bool appraises(const struct image *im, const struct rootfs_entry *file) {
	RELEASED(blob_done) struct blob named = { 0 };
	struct policy policy = { 0 };
	struct policy_error error;
	bool result;

	if (policy_builtin_text(im->boot.ima_policy, &named)) return true; /* out of memory: no warning */
	if (file)
		result = policy_parse((const char *)file->data.bytes, file->data.len, &policy, &error) != 0;
	else
		result = policy_parse((const char *)named.base, named.len, &policy, &error) != 0;
	result |= (policy.classes & CLASS_APPRAISE) != 0;
	policy_done(&policy);
	return result;
}

void image_warn_open(const struct image *im) {
	const struct rootfs_entry *file =
		image_policy_is_ignored(im) ? NULL : rootfs_resolve(&im->fs, IMAGE_POLICY_PATH);
	const char *mode = im->boot.ima_appraise, *names = im->boot.ima_policy;
	bool open = !appraises(im, file); /* it also warns of names that the kernel does not know */

	if (mode && strcmp(mode, "enforce") != 0)
		cli_warn("with ima_appraise=%s nothing is refused, unless Secure Boot is on", mode);
	else if (open)
		cli_warn("nothing is refused: %s%s has no rule that appraises", file ? "/" IMAGE_POLICY_PATH :
			 "ima_policy=", file ? "" : names ? names : "");
}
