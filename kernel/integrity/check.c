/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/check.c - one file on its way: decide, collect, measure, appraise.
 *
 * Relies on the caller for what stays put: a file that is executed or mapped has its writers kept out, so that the
 * pages hashed here are the pages that run. Invariant: 0 is returned only after every class the policy asked for was
 * done, by now or on the same content before; the record is made before the verdict is known.
 */
#include "crypto/sigfmt.h"
#include "kernel/integrity/appraise.h"
#include "kernel/integrity/audit.h"
#include "kernel/integrity/core.h"
#include "kernel/integrity/service.h"

#define LABEL_NAME "security.ima"
#define NAME_CAP (VFS_PATH_MAX + 16u) /* " (deleted)" */
#define VERDICT_BITS (RULE_SIGNATURE | RULE_VERITY)

int core_name(const struct integrity_task *task, const struct path *path, char **ret_name) {
	const struct vfs_context *from = core.has_root ? &core.real : task->context;
	char *name = port_alloc(NAME_CAP);
	ssize len = 0;

	if (!name) return -ENOMEM;
	if (from)
		len = path_name(from, path, name, NAME_CAP);
	else
		(void)text_copy(name, NAME_CAP, path->dentry->name); /* a component is shorter */
	if (len < 0) {
		port_free(name);
		return (int)len;
	}
	*ret_name = name;
	return 0;
}

static int make_name(struct access *a) { return a->name ? 0 : core_name(a->task, &a->file->path, &a->name); }

/* For texts: the last component where the whole path cannot be had. */
static const char *name_for_texts(struct access *a) { return make_name(a) ? a->file->path.dentry->name : a->name; }

static void audit_data(struct access *a, const char *op, const char *cause) {
	const bool verdict = strcmp(op, "appraise_data") == 0;

	audit_integrity(a->task, &(struct audit_event){ .type = a->asked && verdict ? AUDIT_USERSPACE : AUDIT_DATA,
							.op = op, .cause = cause, .inode = a->inode,
							.name = name_for_texts(a) });
}

/* These lines of Linux have the last component only. */
static void audit_collect(struct access *a, const char *cause) {
	audit_integrity(a->task, &(struct audit_event){ .type = AUDIT_DATA, .op = "collect_data", .cause = cause,
							.inode = a->inode, .name = a->file->path.dentry->name });
}

/* Refuses: one audit line where cause is Linux's word for it, one sentence. */
static int refuse(struct access *a, int err, const char *op, const char *cause, const struct policy_rule *rule) {
	if (op) audit_data(a, op, cause);
	core_say_refused(name_for_texts(a), err, cause, "", rule);
	return err;
}

bool integrity_must_measure(const struct policy_query *query, struct policy_decision *ret_decision) {
	u32 classes = CLASS_MEASURE | CLASS_AUDIT | CLASS_HASH | (core.mode == APPRAISE_OFF ? 0 : CLASS_APPRAISE);

	policy_decide(&core.policy, query, classes, ret_decision);
	return ret_decision->classes & CLASS_MEASURE;
}

/* ---- readers and writers at the same time */

static int record_violation(struct access *a, const char *cause) {
	struct audit_event audit = { .type = AUDIT_PCR, .op = "invalid_pcr", .cause = cause, .inode = a->inode,
	};
	struct event event = { .violation = true, .default_hash = core.default_hash, .inode = a->inode };
	int err;

	mlog_count_violation(core.log);
	err = make_name(a);
	event.name = audit.name = name_for_texts(a);
	event.base_name = a->file->path.dentry->name;
	if (!err) err = core_record(a->task, core.default_template, LOG_DEFAULT_PCR, &event);
	audit.ok = !err;
	audit_integrity(a->task, &audit);
	return err ? refuse(a, err, NULL, "the violation cannot be recorded", NULL) : 0;
}

/*
 * A file that was measured is opened for write (ToMToU), or one that is measured now has writers: once for the readers
 * since the last, once for the writers until the last is gone. What could not be recorded is still due.
 */
static int check_violations(struct access *a) {
	bool writing = (a->file->flags & O_ACCMODE) != O_RDONLY;
	struct icache *state = a->inode->integrity;

	if (!(core.policy.classes & CLASS_MEASURE)) return 0;
	if (writing) {
		if (!state || !a->inode->readers || !(state->marks & ICACHE_MAY_EMIT_TOMTOU)) return 0;
		TRY(record_violation(a, "ToMToU"));
		state->marks &= ~ICACHE_MAY_EMIT_TOMTOU;
		return 0;
	}
	if (!(a->decision.classes & CLASS_MEASURE)) return 0;
	state = icache_get(a->inode);
	if (!state) return refuse(a, -ENOMEM, NULL, "memory ran out", a->decision.measure_rule);
	state->marks |= ICACHE_MAY_EMIT_TOMTOU;
	if (a->inode->writers <= 0 || state->marks & ICACHE_EMITTED_OPENWRITERS) return 0;
	TRY(record_violation(a, "open_writers"));
	state->marks |= ICACHE_EMITTED_OPENWRITERS;
	return 0;
}

/* ---- collect */

static int hash_page(struct inode *inode, u64 index, size_t len, struct hash_ctx *ctx) {
	static const u8 hole[PAGE_SIZE];
	void *page = NULL;
	int err = inode->ops->page(inode, index, false, &page);

	if (err) return err == -ENOMEM ? err : -EIO;
	hash_update(ctx, page ? page : hole, len);
	if (page) port_page_put(page);
	return 0;
}

int core_hash_file(struct inode *inode, unsigned hash_id, struct digest *ret_digest) {
	struct digest digest = { .id = (u8)hash_id, .len = (u8)hash_len(hash_id) };
	struct hash_ctx ctx;

	TRY(hash_init(&ctx, hash_id));
	if (inode->size && (!inode->ops || !inode->ops->page)) return -EIO; /* size 0: made when read, as on Linux */
	for (u64 at = 0; at < inode->size; at += PAGE_SIZE)
		TRY(hash_page(inode, at / PAGE_SIZE, min_u64(PAGE_SIZE, inode->size - at), &ctx));
	hash_final(&ctx, digest.bytes);
	*ret_digest = digest;
	return 0;
}

static int read_label(struct access *a) {
	ssize len = blob_xattr(&a->label, a->inode, LABEL_NAME);

	if (len == -ENOMEM) return -ENOMEM;
	a->label_err = len < 0 ? (int)len : 0;
	a->state->marks &= ~ICACHE_SIGNED;
	if (a->label.len && a->label.base[0] == IMA_XATTR_SIG) a->state->marks |= ICACHE_SIGNED;
	return 0;
}

/* What can have no digest is recorded with zeros in its place, and not remembered. */
static const char *why_no_digest(const struct file *file, u32 demands) {
	if (demands & RULE_VERITY) return "no-verity-digest"; /* no file system here has them */
	return file->flags & O_DIRECT ? "failed(directio)" : NULL;
}

static bool is_known(const struct icache *state, unsigned hash_id) {
	return state->collected && state->digest.id == hash_id;
}

/* Reads the content once for a change of it. */
static int digest_of(struct icache *state, struct inode *inode, unsigned hash_id) {
	struct change_id id = change_id_take(inode);

	if (is_known(state, hash_id)) return 0;
	TRY(core_hash_file(inode, hash_id, &state->digest));
	state->id = id;
	state->collected = true;
	return 0;
}

/* The digest of the content as it is now, in the label's algorithm where we have it; kept with the inode. */
static int collect(struct access *a) {
	unsigned hash_id;

	TRY(read_label(a));
	hash_id = sigfmt_hash_id(blob_span(&a->label), core.default_hash);
	if (!hash_available(hash_id)) hash_id = core.default_hash;
	a->digest = (struct digest){ .id = (u8)hash_id, .len = (u8)hash_len(hash_id) };
	if (a->decision.set & RULE_VERITY || !is_known(a->state, hash_id))
		a->no_digest = why_no_digest(a->file, a->decision.set);
	if (a->no_digest) return 0;
	TRY(digest_of(a->state, a->inode, hash_id));
	a->digest = a->state->digest;
	return 0;
}

/* ---- measure */

static int legacy_digest(struct access *a, const struct template *template, struct event *event) {
	if (!template_wants_legacy_digest(template)) return 0;
	event->legacy_digest = a->digest;
	if (a->digest.id == HASH_SHA1) return 0;
	event->legacy_digest = (struct digest){ .id = HASH_SHA1, .len = (u8)hash_len(HASH_SHA1) };
	return a->no_digest ? 0 : core_hash_file(a->inode, HASH_SHA1, &event->legacy_digest);
}

static int measure(struct access *a) {
	const struct template *template = a->decision.template ? a->decision.template : core.default_template;
	struct event event = {
		.name = a->name, .base_name = a->file->path.dentry->name, .digest = a->digest,
		.verity = a->decision.set & RULE_VERITY, .default_hash = core.default_hash,
		.label = blob_span(&a->label), .inode = a->inode,
	};

	TRY(legacy_digest(a, template, &event));
	TRY(core_record(a->task, template, a->decision.pcr, &event));
	return 0;
}

/* ---- appraise */

static bool verdict_is_cached(const struct access *a) {
	const struct icache_verdict *known = &a->state->verdicts[a->decision.appraise_class];

	return known->good && known->rule_bits == (a->decision.set & VERDICT_BITS) && known->algos == a->decision.algos;
}

static enum verdict verdict(struct access *a, struct appraise_result *result) {
	const struct appraise_request request = {
		.digest = a->digest, .label = blob_span(&a->label), .label_err = a->label_err,
		.ima = core.rings[RING_IMA], .is_new = a->created, .size = a->inode->size,
		.demands = a->decision.set,
	};

	return appraise_file(&request, result);
}

static int appraise(struct access *a) {
	struct appraise_result result = { .cause = a->no_digest };
	const char *op = "appraise_data";

	if (a->no_digest) {
		op = NULL; /* collect audited it */
	} else if (verdict(a, &result) == VERDICT_GOOD) {
		if (!a->decision.algos || a->decision.algos >> a->digest.id & 1) {
			/* What passed only because it is new passes once. */
			a->state->verdicts[a->decision.appraise_class] = (struct icache_verdict){
				!a->created, a->decision.set & VERDICT_BITS, a->decision.algos };
			return 0;
		}
		op = "collect_data";
		result.cause = "denied-hash-algorithm";
	}
	if (op) audit_data(a, op, result.cause);
	if (core.mode != APPRAISE_ENFORCE) return 0;
	core_say_refused(a->name, -EACCES, result.cause, result.why, a->decision.appraise_rule);
	return -EACCES;
}

/* ---- the whole */

/* The classes that were not yet done for this content. */
static u32 still_to_do(const struct access *a) {
	u32 todo = a->decision.classes & ~(a->state->done & (CLASS_AUDIT | CLASS_HASH));

	if (a->state->measured_pcrs >> a->decision.pcr & 1) todo &= ~CLASS_MEASURE;
	if (todo & CLASS_APPRAISE && verdict_is_cached(a)) todo &= ~CLASS_APPRAISE;
	return todo;
}

static int do_classes(struct access *a, u32 todo) {
	const struct policy_rule *rule = todo & CLASS_MEASURE ? a->decision.measure_rule : a->decision.appraise_rule;
	int err = make_name(a);

	if (err) return refuse(a, err, NULL, "the path cannot be named", rule);
	err = collect(a);
	if (err) {
		audit_collect(a, "failed");
		return refuse(a, err, NULL, "the content cannot be read", rule);
	}
	if (a->no_digest) audit_collect(a, a->no_digest);
	if (todo & CLASS_MEASURE) {
		err = measure(a);
		if (err) return refuse(a, err, NULL, "the measurement cannot be recorded", rule);
	}
	if (todo & CLASS_AUDIT) audit_file(a->task, a->name, &a->digest);
	if (!a->no_digest) {
		a->state->done |= todo & (CLASS_AUDIT | CLASS_HASH);
		if (todo & CLASS_MEASURE) a->state->measured_pcrs |= 1ull << a->decision.pcr;
	} else if (a->decision.set & RULE_DIRECTIO && !(a->decision.set & RULE_VERITY)) {
		return 0;
	}
	return todo & CLASS_APPRAISE ? appraise(a) : 0;
}

/* A signed file is not written to: its signature could not be made again. */
static int check_writer(struct access *a) {
	if (!(a->mask & MAY_WRITE) || !(a->decision.classes & CLASS_APPRAISE) || core.mode != APPRAISE_ENFORCE)
		return 0;
	if (a->created || !(a->state->marks & ICACHE_SIGNED)) return 0;
	return refuse(a, -EACCES, NULL, "a signed file cannot be opened for write", a->decision.appraise_rule);
}

/* A mapping cannot be appraised while somebody may change the pages under it. */
static int check_mapped_writers(struct access *a) {
	if (a->func != FUNC_MMAP_CHECK || !(a->decision.classes & CLASS_APPRAISE) || a->inode->writers <= 0) return 0;
	audit_data(a, "mmap_file", "mmapped_writers");
	if (core.mode != APPRAISE_ENFORCE) return 0;
	return refuse(a, -EACCES, NULL, "somebody has it open for write", a->decision.appraise_rule);
}

static int run(struct access *a) {
	bool watched = a->func == FUNC_FILE_CHECK || a->func == FUNC_MMAP_CHECK || a->func == FUNC_MMAP_CHECK_REQPROT;
	u32 todo;

	if (watched) TRY(check_violations(a));
	if (!a->decision.classes) return 0;
	a->state = icache_get(a->inode);
	if (!a->state) return refuse(a, -ENOMEM, NULL, "memory ran out", NULL);
	icache_refresh(a->state, a->inode);
	todo = still_to_do(a);
	if (todo) TRY(do_classes(a, todo));
	TRY(check_mapped_writers(a));
	return check_writer(a);
}

static void access_done(struct access *a) {
	blob_done(&a->label);
	port_free(a->name);
}

int check_file(const struct integrity_task *task, const struct cred *cred, struct file *file, unsigned func, u32 mask,
	       enum check_how how) {
	RELEASED(access_done) struct access a = { .task = task, .cred = cred, .file = file, .inode = file->inode,
						  .func = (u8)func, .mask = mask, .created = how == CHECK_CREATED,
						  .asked = how == CHECK_ASKED };
	const struct policy_query query = { .func = a.func, .mask = mask, .cred = cred, .inode = a.inode };

	if (!inode_is(a.inode, S_IFREG)) return 0;
	(void)integrity_must_measure(&query, &a.decision); /* the other classes count too */
	if (how == CHECK_RECORD_ONLY) a.decision.classes = CLASS_MEASURE;
	if (how == CHECK_SIGNED) a.decision.classes |= CLASS_APPRAISE;
	if (how == CHECK_SIGNED) a.decision.set |= RULE_IMASIG;
	if (how == CHECK_PROTECT && a.decision.classes & CLASS_APPRAISE)
		return refuse(&a, -EPERM, "collect_data", "failed-mprotect", a.decision.appraise_rule);
	return run(&a);
}

/* ---- the service, for files (service.h) */

int integrity_collect(struct file *file, unsigned hash_id, struct digest *ret_digest) {
	struct inode *inode = file->inode;
	struct icache *state;

	if (!inode_is(inode, S_IFREG) || (file->flags & O_DIRECT) || !hash_available(hash_id)) return -EINVAL;
	state = icache_get(inode);
	if (!state) return -ENOMEM;
	icache_refresh(state, inode);
	TRY(digest_of(state, inode, hash_id));
	*ret_digest = state->digest;
	return 0;
}

int integrity_store_file(const struct integrity_task *task, struct file *file, const struct digest *digest,
			 const struct policy_decision *decision) {
	RELEASED(access_done) struct access a = { .task = task, .file = file, .inode = file->inode,
						  .decision = *decision, .digest = *digest };

	a.state = icache_get(a.inode);
	if (!a.state) return -ENOMEM;
	TRY(make_name(&a));
	TRY(read_label(&a));
	return measure(&a);
}
