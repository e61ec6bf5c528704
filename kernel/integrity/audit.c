/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/audit.c - see audit.h. Serial numbers count from 1 and are never given twice.
 */
#include "kernel/integrity/audit.h"

#include "kernel/integrity/core.h"

#define NO_ID 4294967295u

static u64 last_serial;

static void begin(struct blob *line, enum audit_type type) {
	u64 ms = port_wall_ns() / 1000000;

	blob_format(line, "audit: type=%u audit(%llu.%03u:%llu): ", (unsigned)type,
		    (unsigned long long)(ms / 1000), (unsigned)(ms % 1000), (unsigned long long)++last_serial);
}

static void end(struct blob *line, enum audit_type type) {
	if (line->failed)
		port_log(LOG_NOTICE, "audit: type=%u audit(0.000:%llu): memory ran out, the record is cut: %.*s",
			 (unsigned)type, (unsigned long long)last_serial, (int)line->len,
			 line->len ? (const char *)line->base : "");
	else
		port_log(LOG_NOTICE, "%.*s", (int)line->len, (const char *)line->base);
	blob_done(line);
}

void audit_untrusted(struct blob *line, const char *text) {
	bool plain = true;

	for (const char *c = text; *c; c++)
		if (*c == '"' || (u8)*c < 0x21 || (u8)*c > 0x7e) plain = false;
	if (plain) {
		blob_format(line, "\"%s\"", text);
		return;
	}
	for (const char *c = text; *c; c++) blob_format(line, "%02X", (u8)*c);
}

void audit_integrity(const struct integrity_task *task, const struct audit_event *event) {
	struct blob line = { 0 };

	begin(&line, event->type);
	blob_format(&line, "pid=%u uid=%u auid=%u ses=%u op=%s cause=%s comm=", task->pid, task->cred->uid, NO_ID,
		    NO_ID, event->op, event->cause);
	audit_untrusted(&line, task->comm);
	if (event->name) {
		blob_text(&line, " name=");
		audit_untrusted(&line, event->name);
	}
	if (event->inode) {
		blob_text(&line, " dev=");
		audit_untrusted(&line, event->inode->sb->fsname);
		blob_format(&line, " ino=%llu", (unsigned long long)event->inode->ino);
	}
	blob_format(&line, " res=%d errno=%d", event->ok, event->err);
	end(&line, event->type);
}

void audit_file(const struct integrity_task *task, const char *name, const struct digest *digest) {
	const struct cred *c = task->cred;
	struct blob line = { 0 };
	char *exe = NULL;

	begin(&line, AUDIT_RULE);
	blob_text(&line, "file=");
	audit_untrusted(&line, name);
	blob_format(&line, " hash=\"%s:", hash_name(digest->id));
	blob_hex(&line, digest->bytes, digest->len);
	blob_format(&line, "\" ppid=%u pid=%u auid=%u uid=%u gid=%u euid=%u suid=%u fsuid=%u egid=%u sgid=%u fsgid=%u"
		    " tty=(none) ses=%u comm=", task->ppid, task->pid, NO_ID, c->uid, c->gid, c->euid, c->suid,
		    c->fsuid, c->egid, c->sgid, c->fsgid, NO_ID);
	audit_untrusted(&line, task->comm);
	blob_text(&line, " exe=");
	if (task->exe && core_name(task, task->exe, &exe) == 0)
		audit_untrusted(&line, exe);
	else
		blob_text(&line, "(null)");
	port_free(exe);
	end(&line, AUDIT_RULE);
}

void audit_policy_rule(const struct blob *tokens, bool ok) {
	struct blob line = { 0 };
	char *room;

	begin(&line, AUDIT_POLICY_RULE);
	room = (char *)blob_room(&line, tokens->len + 1);
	if (room) text_printable(room, tokens->len + 1, tokens->base, tokens->len);
	line.len -= room ? 1 : 0; /* the NUL */
	blob_format(&line, "res=%d", ok);
	end(&line, AUDIT_POLICY_RULE);
}
