/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/keys.c - see keys.h. Invariant: a key stands in the list behind the ring it lies in, so that one
 * pass forward finds all that goes with a ring; a certificate in a trusted ring is the one of the same number there.
 */
#include "kernel/integrity/keys.h"

#include "kernel/integrity/core.h"

#define FIRST_SERIAL 0x10000000
#define KEYS_MAX 200u             /* as Linux's quota of a user; here of all */
#define KEY_BYTES_MAX 0x40000u
#define USER_PAYLOAD_MAX 32767u

enum kind { USER, ASYMMETRIC, KEYRING, KIND_COUNT };
static const char *const kinds[KIND_COUNT] = { "user", "asymmetric", "keyring" };

struct entry {
	struct list node;
	enum kind kind;
	s32 serial, special;     /* KEYS_* of a program's own rings, 0 */
	u32 uid, gid, perm;
	struct entry *in;        /* NULL: in no ring */
	u64 process;             /* whose end is the ring's end; 0: nobody's */
	struct keyring *trusted; /* of a trusted ring, and of keys in it */
	size_t index;            /* a trusted key: where in the ring */
	struct keyring *own;     /* a certificate elsewhere: parsed, alone */
	struct blob payload;     /* USER */
	bool dead;
	char description[];
};

/* A certificate that a KEY_CHECK rule of a later policy may want. */
struct queued {
	struct list node;
	struct blob der;
	char ring[];
};

static struct list entries = LIST_INIT(entries), queue = LIST_INIT(queue);
static s32 last_serial = FIRST_SERIAL;
static size_t key_count, byte_count;
static keys_process_fn *processes;

void keys_set_processes(keys_process_fn *lookup) { processes = lookup; }

static size_t cost(const struct entry *e) { return strlen(e->description) + 1 + e->payload.len; }

static void entry_free(struct entry **entry) {
	struct entry *e = *entry;

	if (!e) return;
	keyring_free(e->own);
	blob_done(&e->payload);
	port_free(e);
}

static struct entry *entry_alloc(enum kind kind, const char *description, u32 perm, const struct cred *cred) {
	struct entry *e = port_alloc(sizeof(*e) + strlen(description) + 1);

	if (!e) return NULL;
	e->kind = kind;
	e->uid = cred->fsuid;
	e->gid = cred->fsgid;
	e->perm = perm;
	memcpy(e->description, description, strlen(description) + 1);
	return e;
}

static s32 enlist(struct entry *e, struct entry *in) {
	e->in = in;
	e->serial = ++last_serial;
	list_add_tail(&entries, &e->node);
	key_count += !e->trusted;
	byte_count += e->trusted ? 0 : cost(e);
	return e->serial;
}

/* Takes away what is marked dead, and all that lies in it. */
static void sweep(void) {
	list_for_each_entry(struct entry, e, &entries, node) e->dead |= e->in && e->in->dead;
	list_for_each_safe(pos, next, &entries) {
		struct entry *e = list_entry(pos, struct entry, node);

		if (!e->dead) continue;
		list_del(pos);
		key_count -= !e->trusted;
		byte_count -= e->trusted ? 0 : cost(e);
		entry_free(&e);
	}
}

/* "Organisation: Name: id", as Linux names a certificate. */
static void describe_key(const struct key_info *info, char text[320]) {
	char id[2 * sizeof(info->skid) + 1];

	text_hex(id, info->skid, info->skid_len);
	text_format(text, 320, "%s: %s", info->subject, id);
}

static int enlist_trusted(struct keyring *ring, size_t index, u32 perm, struct entry *in, struct entry **ret_entry) {
	static const struct cred nobody;
	struct key_info info;
	char text[320];
	struct entry *e;

	TRY(keyring_info(ring, index, &info));
	describe_key(&info, text);
	e = entry_alloc(ASYMMETRIC, text, perm, &nobody);
	if (!e) return -ENOMEM;
	e->trusted = ring;
	e->index = index;
	(void)enlist(e, in); /* its number is in it */
	if (ret_entry) *ret_entry = e;
	return 0;
}

/* The trusted rings with what is in them by now get their numbers; what belonged to processes that ended goes. */
static int refresh(void) {
	static const struct cred nobody;
	u64 parent;

	for (size_t i = 0; i < RING_COUNT; i++) {
		struct entry *ring = NULL;
		size_t known = 0;

		list_for_each_entry(struct entry, e, &entries, node) {
			if (e->trusted == core.rings[i] && e->kind == KEYRING) ring = e;
			known += e->trusted == core.rings[i] && e->kind != KEYRING;
		}
		if (!ring) {
			ring = entry_alloc(KEYRING, keyring_name(core.rings[i]), i == RING_BUILTIN ? 0x1f0b0000 :
					   0x1f0f0000, &nobody);
			if (!ring) return -ENOMEM;
			ring->trusted = core.rings[i];
			(void)enlist(ring, NULL); /* its number is in it */
		}
		for (; known < keyring_count(core.rings[i]); known++)
			TRY(enlist_trusted(core.rings[i], known, 0x1f030000, ring, NULL));
	}
	list_for_each_entry(struct entry, e, &entries, node)
		e->dead = e->process && !(processes && processes(e->process, &parent));
	sweep();
	return 0;
}

/* Half of the room is root's. */
static int check_quota(const struct cred *cred, size_t len) {
	unsigned share = cred->euid == 0 ? 1 : 2;

	return key_count >= KEYS_MAX / share || byte_count + len > KEY_BYTES_MAX / share ? -EDQUOT : 0;
}

static bool may(const struct entry *e, const struct cred *cred) { return cred->euid == 0 || cred->fsuid == e->uid; }

/* ---- rings of programs */

static struct entry *find_special(s32 special, u64 process, u32 uid) {
	list_for_each_entry(struct entry, e, &entries, node)
		if (e->special == special && (e->process ? e->process == process : e->uid == uid)) return e;
	return NULL;
}

static int make_special(const struct keys_caller *caller, s32 special, const char *name, struct entry **ret_entry) {
	const bool of_user = special <= KEYS_USER;
	struct entry *e = entry_alloc(KEYRING, name, of_user ? 0x1f3f0000 : 0x3f030000, caller->task->cred);

	if (!e) return -ENOMEM;
	e->special = special;
	e->gid = 65534;
	e->uid = of_user ? caller->task->cred->uid : e->uid;
	e->process = of_user ? 0 : caller->process;
	(void)enlist(e, NULL); /* its number is in it */
	*ret_entry = e;
	return 0;
}

/* A session ring is that of the nearest ancestor that has one; without one, the user's serves for reading. */
static int special_ring(const struct keys_caller *caller, s32 special, bool create, struct entry **ret_entry) {
	static const char *const names[] = { [-KEYS_THREAD] = "_tid", [-KEYS_PROCESS] = "_pid",
					     [-KEYS_SESSION] = "_ses" };
	u32 uid = caller->task->cred->uid;
	u64 process = caller->process;
	char name[32];

	for (; process; process = special == KEYS_SESSION && processes && processes(process, &process) ? process : 0) {
		*ret_entry = find_special(special, process, uid);
		if (*ret_entry) return 0;
	}
	if (special == KEYS_SESSION && !create) special = KEYS_USER_SESSION;
	if (special >= KEYS_SESSION)
		return create ? make_special(caller, special, names[-special], ret_entry) : -ENOKEY;
	*ret_entry = find_special(special, 0, uid);
	if (*ret_entry) return 0;
	text_format(name, sizeof(name), special == KEYS_USER ? "_uid.%u" : "_uid_ses.%u", uid);
	return make_special(caller, special, name, ret_entry);
}

static int find(const struct keys_caller *caller, s32 key, bool create, struct entry **ret_entry) {
	TRY(refresh());
	if (key <= 0 && key >= KEYS_USER_SESSION && key) return special_ring(caller, key, create, ret_entry);
	if (key <= 0) return -EINVAL;
	list_for_each_entry(struct entry, e, &entries, node) {
		if (e->serial != key) continue;
		*ret_entry = e;
		return may(e, caller->task->cred) ? 0 : -EACCES;
	}
	return -ENOKEY;
}

static int find_ring(const struct keys_caller *caller, s32 key, bool create, struct entry **ret_entry) {
	TRY(find(caller, key, create, ret_entry));
	return (*ret_entry)->kind == KEYRING ? 0 : -ENOTDIR;
}

s32 keys_ring(const struct keys_caller *caller, s32 ring, bool create) {
	struct entry *e;

	TRY(find_ring(caller, ring, create, &e));
	return e->serial;
}

s32 keys_join_session(const struct keys_caller *caller, const char *name) {
	struct entry *e;

	if (name && name[0] == '.') return -EPERM;
	TRY(refresh());
	TRY(check_quota(caller->task->cred, 0));
	e = find_special(KEYS_SESSION, caller->process, 0);
	if (e) e->dead = true;
	sweep();
	TRY(make_special(caller, KEYS_SESSION, name ? name : "_ses", &e));
	return e->serial;
}

/* ---- certificates */

/* A loaded policy decides at once; before that the certificate waits for the first. */
static int show_to_rules(const struct integrity_task *task, const char *ring, struct span der, bool trusted) {
	struct queued *q;

	if (core.custom_policy) return integrity_measure_buffer(task, FUNC_KEY_CHECK, ring, ring, der, 0);
	if (trusted) return 0; /* the rings are measured as a whole then */
	TRY(check_quota(task->cred, der.len));
	q = port_alloc(sizeof(*q) + strlen(ring) + 1);
	if (!q) return -ENOMEM;
	memcpy(q->ring, ring, strlen(ring) + 1);
	blob_bytes(&q->der, der.base, der.len);
	if (blob_status(&q->der)) {
		port_free(q);
		return -ENOMEM;
	}
	byte_count += der.len;
	list_add_tail(&queue, &q->node);
	return 0;
}

static void drop_queue(bool measure) {
	while (!list_empty(&queue)) {
		struct queued *q = list_first(&queue, struct queued, node);

		if (measure)
			(void)integrity_measure_buffer(core_boot_task(), FUNC_KEY_CHECK, q->ring, q->ring,
						       blob_span(&q->der), 0); /* what failed has been said */
		byte_count -= q->der.len;
		list_del(&q->node);
		blob_done(&q->der);
		port_free(q);
	}
}

void keys_measure_queued(void) { drop_queue(true); }

void keys_done(void) {
	list_for_each_entry(struct entry, e, &entries, node) e->dead = true;
	sweep();
	drop_queue(false);
}

static struct entry *child(const struct entry *ring, unsigned kind, const char *description) {
	list_for_each_entry(struct entry, e, &entries, node)
		if (e->in == ring && e->kind == kind && strcmp(e->description, description) == 0) return e;
	return NULL;
}

/* A ring with the certificate alone, and its description. issuers: as keyring_add takes them. */
static int parse_alone(struct span der, struct keyring *issuers, struct keyring **ret_own, char ret_text[320]) {
	RELEASED(keyring_drop) struct keyring *own = keyring_alloc("");
	struct key_info info;

	if (!own) return -ENOMEM;
	TRY(keyring_add(own, der.base, der.len, issuers, NULL));
	TRY(keyring_info(own, 0, &info));
	describe_key(&info, ret_text);
	*ret_own = TAKE(own);
	return 0;
}

/* What is there already keeps its number; but a certificate that nobody trusted signed is refused all the same. */
static s32 find_trusted(const struct entry *ring, struct span der) {
	RELEASED(keyring_drop) struct keyring *own = NULL;
	const struct entry *known;
	char text[320];

	TRY(parse_alone(der, core.rings[RING_BUILTIN], &own, text));
	known = child(ring, ASYMMETRIC, text);
	return known ? known->serial : -EEXIST;
}

static s32 add_trusted(const struct keys_caller *caller, struct entry *ring, struct span der) {
	size_t before = keyring_count(ring->trusted);
	struct entry *added = NULL;
	int err;

	if (ring->trusted == core.rings[RING_BUILTIN]) return -EACCES;
	err = keyring_add(ring->trusted, der.base, der.len, core.rings[RING_BUILTIN], NULL);
	if (err == -EEXIST) err = find_trusted(ring, der); /* or its number */
	if (err) return err == -EKEYREJECTED ? -ENOKEY : err;
	err = show_to_rules(caller->task, ring->description, der, true);
	for (size_t i = before; !err && i < keyring_count(ring->trusted); i++)
		err = enlist_trusted(ring->trusted, i, 0x39010000, ring, &added);
	if (!err) return added->serial;
	list_for_each_entry(struct entry, e, &entries, node)
		e->dead = e->trusted == ring->trusted && e->kind != KEYRING && e->index >= before;
	sweep();
	keyring_shorten(ring->trusted, before);
	return err;
}

static int check_new(unsigned kind, const char *description, const struct span *payload) {
	if (kind == KIND_COUNT) return -ENODEV;
	if (kind != ASYMMETRIC && !description[0]) return -EINVAL;
	if (kind == KEYRING) return payload->len ? -EINVAL : description[0] == '.' ? -EPERM : 0;
	return !payload->len || (kind == USER && payload->len > USER_PAYLOAD_MAX) ? -EINVAL : 0;
}

s32 keys_add(const struct keys_caller *caller, const char *type, const char *description, struct span payload, s32 ring)
{
	RELEASED(keyring_drop) struct keyring *own = NULL;
	RELEASED(entry_free) struct entry *e = NULL;
	struct entry *in, *old;
	unsigned kind = 0;
	char text[320] = "";

	while (kind < KIND_COUNT && strcmp(kinds[kind], type) != 0) kind++;
	if (type[0] == '.') return -EPERM;
	TRY(find_ring(caller, ring, true, &in));
	TRY(check_new(kind, description, &payload));
	if (in->trusted) return kind == ASYMMETRIC ? add_trusted(caller, in, payload) : -EOPNOTSUPP;
	TRY(check_quota(caller->task->cred, payload.len));
	if (kind == ASYMMETRIC) {
		TRY(parse_alone(payload, NULL, &own, text));
		TRY(show_to_rules(caller->task, in->description, payload, false));
	}
	e = entry_alloc(kind, description[0] ? description : text, kind == ASYMMETRIC ? 0x39010000 : 0x3f010000,
			caller->task->cred);
	if (!e) return -ENOMEM;
	if (kind == USER) blob_bytes(&e->payload, payload.base, payload.len);
	TRY(blob_status(&e->payload));
	old = child(in, kind, e->description); /* the new one takes its place */
	if (old) old->dead = true;
	sweep();
	e->own = TAKE(own);
	return enlist(TAKE(e), in);
}

/* ---- looking */

s32 keys_search(const struct keys_caller *caller, s32 ring, const char *type, const char *description) {
	struct entry *top;

	TRY(find_ring(caller, ring, false, &top));
	list_for_each_entry(struct entry, e, &entries, node) {
		const struct entry *up = e;

		if (strcmp(kinds[e->kind], type) != 0 || strcmp(e->description, description) != 0) continue;
		while (up && up != top) up = up->in;
		if (up && may(e, caller->task->cred)) return e->serial;
	}
	return -ENOKEY;
}

int keys_describe(const struct keys_caller *caller, s32 key, struct blob *out) {
	struct entry *e;

	TRY(find(caller, key, false, &e));
	blob_format(out, "%s;%u;%u;%08x;%s", kinds[e->kind], e->uid, e->gid, e->perm, e->description);
	blob_bytes(out, "", 1);
	return blob_status(out);
}

int keys_read(const struct keys_caller *caller, s32 key, struct blob *out) {
	struct entry *e;

	TRY(find(caller, key, false, &e));
	if (e->kind == ASYMMETRIC) return -EOPNOTSUPP;
	blob_bytes(out, e->payload.base, e->payload.len);
	list_for_each_entry(struct entry, inner, &entries, node)
		if (inner->in == e) blob_le32(out, (u32)inner->serial);
	return blob_status(out);
}

int keys_unlink(const struct keys_caller *caller, s32 key, s32 ring) {
	struct entry *in, *e;

	TRY(find_ring(caller, ring, false, &in));
	if (in->trusted) return -EPERM;
	TRY(find(caller, key, false, &e));
	if (e->in != in) return -ENOENT;
	e->dead = true;
	sweep();
	return 0;
}

static void show_entry(const struct entry *e, struct blob *out) {
	const struct keyring *ring = e->trusted ? e->trusted : e->own;
	struct key_info info;
	size_t inside = 0;

	blob_format(out, "%08x I--%c---     1 perm %08x %5u %5u %-9.9s %s: ", (u32)e->serial, e->trusted ? '-' : 'Q',
		    e->perm, e->uid, e->gid, kinds[e->kind], e->description);
	list_for_each_entry(struct entry, inner, &entries, node) inside += inner->in == e;
	if (e->kind == USER)
		blob_format(out, "%zu\n", e->payload.len);
	else if (e->kind == KEYRING)
		blob_format(out, inside ? "%zu\n" : "empty\n", inside);
	else if (keyring_info(ring, e->index, &info) == 0)
		blob_format(out, "X509.%s%s %02x%02x%02x%02x []\n", info.algorithm[0] == 'r' ? "rsa" : "ecdsa-nist-",
			    info.algorithm[0] == 'r' ? "" : info.algorithm + strlen("ecdsa-"), info.key_id[0],
			    info.key_id[1], info.key_id[2], info.key_id[3]);
}

int keys_show(const struct cred *cred, struct blob *out) {
	TRY(refresh());
	list_for_each_entry(struct entry, e, &entries, node)
		if (may(e, cred)) show_entry(e, out);
	return blob_status(out);
}
