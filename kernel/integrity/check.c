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
	audit_integrity(a->task, &(struct audit_event){ .type = AUDIT_DATA, .op = op, .cause = cause,
							.inode = a->inode, .name = name_for_texts(a) });
}

/* Refuses: one audit line where cause is Linux's word for it, one sentence. */
static int refuse(struct access *a, int err, const char *op, const char *cause, const struct policy_rule *rule) {
	if (op) audit_data(a, op, cause);
	core_say_refused(name_for_texts(a), err, cause, "", rule);
	return err;
}

static void decide(struct access *a) {
	const struct policy_query query = { .func = a->func, .mask = a->mask, .cred = a->cred, .inode = a->inode };
	u32 classes = CLASS_MEASURE | CLASS_AUDIT | CLASS_HASH | CLASS_APPRAISE;

	if (core.mode == APPRAISE_OFF) classes &= ~CLASS_APPRAISE;
	policy_decide(&core.policy, &query, classes, &a->decision);
}

/* ---- readers and writers at the same time */

static int record_violation(struct access *a, const char *cause) {
	struct audit_event audit = { .type = AUDIT_PCR, .op = "invalid_pcr", .cause = cause, .inode = a->inode,
				     .ok = true };
	struct event event = { .violation = true, .default_hash = core.default_hash, .inode = a->inode };
	int err = make_name(a);

	if (!err) {
		event.name = audit.name = a->name;
		event.base_name = a->file->path.dentry->name;
		audit_integrity(a->task, &audit);
		err = core_record(a->task, core.default_template, LOG_DEFAULT_PCR, &event);
	}
	return err ? refuse(a, err, NULL, "the violation cannot be recorded", NULL) : 0;
}

/* A file that was measured is opened for write (ToMToU), or one that is measured now has writers. */
static int check_violations(struct access *a) {
	bool writing = (a->file->flags & O_ACCMODE) != O_RDONLY;
	struct icache *state = a->inode->integrity;

	if (!(core.policy.classes & CLASS_MEASURE)) return 0;
	if (writing) {
		if (!state || !a->inode->readers || !(state->marks & ICACHE_MAY_EMIT_TOMTOU)) return 0;
		state->marks &= ~ICACHE_MAY_EMIT_TOMTOU;
		return record_violation(a, "ToMToU");
	}
	if (!(a->decision.classes & CLASS_MEASURE)) return 0;
	state = icache_get(a->inode);
	if (!state) return refuse(a, -ENOMEM, NULL, "memory ran out", a->decision.measure_rule);
	state->marks |= ICACHE_MAY_EMIT_TOMTOU;
	if (a->inode->writers <= 0 || state->marks & ICACHE_EMITTED_OPENWRITERS) return 0;
	state->marks |= ICACHE_EMITTED_OPENWRITERS;
	return record_violation(a, "open_writers");
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

/* The digest of the content as it is now, in the label's algorithm where we have it; kept with the inode. */
static int collect(struct access *a) {
	struct icache *state = a->state;
	unsigned hash_id;
	bool known;

	TRY(read_label(a));
	hash_id = sigfmt_hash_id(blob_span(&a->label), core.default_hash);
	if (!hash_available(hash_id)) hash_id = core.default_hash;
	known = state->collected && state->digest.id == hash_id;
	if (!known && a->file->flags & O_DIRECT) {
		a->digest = (struct digest){ .id = (u8)hash_id, .len = (u8)hash_len(hash_id) };
		a->digest_missing = true;
		return 0;
	}
	if (!known) {
		struct change_id id = change_id_take(a->inode);

		TRY(core_hash_file(a->inode, hash_id, &state->digest));
		state->id = id;
		state->collected = true;
	}
	a->digest = state->digest;
	return 0;
}

/* ---- measure */

static int legacy_digest(struct access *a, const struct template *template, struct event *event) {
	if (!template_wants_legacy_digest(template)) return 0;
	event->legacy_digest = a->digest;
	if (a->digest.id == HASH_SHA1) return 0;
	event->legacy_digest = (struct digest){ .id = HASH_SHA1, .len = (u8)hash_len(HASH_SHA1) };
	return a->digest_missing ? 0 : core_hash_file(a->inode, HASH_SHA1, &event->legacy_digest);
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
	if (!a->digest_missing) a->state->measured_pcrs |= 1ull << a->decision.pcr;
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
	struct appraise_result result = { .cause = "opened with O_DIRECT" };
	const char *op = "appraise_data";

	if (a->digest_missing) {
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
		audit_data(a, "collect_data", "failed");
		return refuse(a, err, NULL, "the content cannot be read", rule);
	}
	if (a->digest_missing) audit_data(a, "collect_data", "failed(directio)");
	if (todo & CLASS_MEASURE) {
		err = measure(a);
		if (err) return refuse(a, err, NULL, "the measurement cannot be recorded", rule);
	}
	if (todo & CLASS_AUDIT) audit_file(a->task, a->name, &a->digest);
	if (!a->digest_missing) a->state->done |= todo & (CLASS_AUDIT | CLASS_HASH);
	if (a->digest_missing && a->decision.set & RULE_DIRECTIO) return 0;
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
	if (core.mode != APPRAISE_ENFORCE) return 0;
	return refuse(a, -EACCES, "mmap_file", "mmapped_writers", a->decision.appraise_rule);
}

static int run(struct access *a) {
	bool watched = a->func == FUNC_FILE_CHECK || a->func == FUNC_MMAP_CHECK || a->func == FUNC_MMAP_CHECK_REQPROT;
	u32 todo;

	if (watched) TRY(check_violations(a));
	if (!a->decision.classes) return 0;
	TRY(check_mapped_writers(a));
	a->state = icache_get(a->inode);
	if (!a->state) return refuse(a, -ENOMEM, NULL, "memory ran out", NULL);
	icache_refresh(a->state, a->inode);
	todo = still_to_do(a);
	if (todo) TRY(do_classes(a, todo));
	return check_writer(a);
}

static void access_done(struct access *a) {
	blob_done(&a->label);
	port_free(a->name);
}

int check_file(const struct integrity_task *task, const struct cred *cred, struct file *file, unsigned func, u32 mask,
	       enum check_how how) {
	RELEASED(access_done) struct access a = { .task = task, .cred = cred, .file = file, .inode = file->inode,
						  .func = (u8)func, .mask = mask, .created = how == CHECK_CREATED };

	if ((a.inode->mode & S_IFMT) != S_IFREG) return 0;
	decide(&a);
	if (how == CHECK_RECORD_ONLY) a.decision.classes = CLASS_MEASURE;
	return run(&a);
}
