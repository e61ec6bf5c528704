/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/mlog.c - see mlog.h.
 *
 * Records stand 8-byte aligned in append-only segments: u16 data length (0xffff: a u32 length follows at 4, and the
 * data at 8), u8 pcr with bit 7 for a violation, u8 index of the template, the data, zeros. A record never crosses a
 * segment; one that is bigger than a segment gets its own. Everything that can fail for want of memory is done before
 * the record is counted.
 */
#include "kernel/integrity/mlog.h"

#include "kernel/integrity/seen.h"

#define SEGMENT_BYTES 65536u
#define TEMPLATES_MAX 32u
#define PCR_VIOLATION 0x80u
#define LEN_WIDE 0xffffu

struct segment {
	struct segment *next;
	u8 *bytes; /* apart from this struct, so that a full one can be mapped read-only */
	size_t cap, used;
};

/* A list of records; what is staged becomes a second one. */
struct records {
	struct segment *first, *open; /* records are added to open, the last one */
	u64 count;
};

struct mlog {
	struct tpm *tpm;
	struct mlog_bank banks[MLOG_BANKS_MAX];
	size_t bank_count;
	size_t default_bank;  /* the slot whose digest tells duplicates apart */
	const struct template *templates[TEMPLATES_MAX];
	size_t template_count;
	struct records current;
	struct seen seen;
	u64 violations;
	bool broken;
	u64 broken_at;
};

static void add_bank(struct mlog *log, u16 alg, unsigned hash, size_t len, bool listed) {
	log->banks[log->bank_count++] = (struct mlog_bank){
		.alg = alg, .hash = (u8)hash, .len = (u8)min_u64(len, HASH_MAX_LEN), .padded = !hash_available(hash),
		.listed = listed,
	};
}

static size_t find_bank(const struct mlog *log, unsigned hash) {
	size_t i = 0;

	while (i < log->bank_count && log->banks[i].hash != hash) i++;
	return i;
}

static void init_banks(struct mlog *log, unsigned default_hash) {
	for (size_t i = 0; log->tpm && i < log->tpm->bank_count; i++)
		add_bank(log, log->tpm->banks[i].alg, log->tpm->banks[i].hash, log->tpm->banks[i].len, true);
	if (find_bank(log, HASH_SHA1) == log->bank_count)
		add_bank(log, hash_tpm_alg(HASH_SHA1), HASH_SHA1, hash_len(HASH_SHA1), true);
	if (find_bank(log, default_hash) == log->bank_count)
		add_bank(log, hash_tpm_alg(default_hash), default_hash, hash_len(default_hash), false);
	log->default_bank = find_bank(log, default_hash);
}

int mlog_alloc(struct tpm *tpm, unsigned default_hash, struct mlog **ret_log) {
	struct mlog *log;
	int err;

	if (!hash_available(default_hash) || !hash_available(HASH_SHA1)) return -ENOPKG;
	log = port_alloc(sizeof(*log));
	err = log ? seen_init(&log->seen) : -ENOMEM;
	if (err) {
		port_free(log);
		return err;
	}
	log->tpm = tpm;
	init_banks(log, default_hash);
	*ret_log = log;
	return 0;
}

static void free_segments(struct segment *segment) {
	for (struct segment *next; segment; segment = next) {
		next = segment->next;
		port_free(segment->bytes);
		port_free(segment);
	}
}

void mlog_free(struct mlog *log) {
	if (!log) return;
	free_segments(log->current.first);
	seen_done(&log->seen);
	port_free(log);
}

static int reserve_space(struct records *records, size_t len) {
	struct segment *made;

	if (records->open && records->open->cap - records->open->used >= len) return 0;
	made = port_alloc(sizeof(*made));
	if (!made) return -ENOMEM;
	made->cap = max_u64(SEGMENT_BYTES, len);
	made->bytes = port_alloc(made->cap);
	if (!made->bytes) {
		port_free(made);
		return -ENOMEM;
	}
	*(records->open ? &records->open->next : &records->first) = made;
	records->open = made;
	return 0;
}

static size_t header_len(size_t data_len) { return data_len < LEN_WIDE ? 4 : 8; }

static size_t stored_len(size_t data_len) { return align_up(header_len(data_len) + data_len, 8); }

static int template_index(struct mlog *log, const struct template *template, u8 *ret_index) {
	size_t i = 0;

	while (i < log->template_count && log->templates[i] != template) i++;
	if (i == TEMPLATES_MAX) return -ENOSPC;
	if (i == log->template_count) log->templates[log->template_count++] = template;
	*ret_index = (u8)i;
	return 0;
}

/* Writes the record behind the last one; the caller reserved the space. */
static void store(struct records *records, const struct mlog_record *record, u8 index) {
	size_t len = record->data.len, header = header_len(len);
	u8 *to = records->open->bytes + records->open->used;

	store_le16(to, (u16)min_u64(len, LEN_WIDE));
	to[2] = (u8)(record->pcr | (record->violation ? PCR_VIOLATION : 0));
	to[3] = index;
	if (header == 8) store_le32(to + 4, (u32)len);
	memcpy(to + header, record->data.base, len);
	records->open->used += stored_len(len);
	records->count++;
}

/* Takes the last record back: only before anybody could see it. */
static void retract(struct records *records, size_t data_len) {
	records->open->used -= stored_len(data_len);
	memset(records->open->bytes + records->open->used, 0, stored_len(data_len));
	records->count--;
}

bool mlog_next(const struct mlog *log, struct mlog_cursor *cursor, struct mlog_record *ret_record) {
	size_t header, len;
	const u8 *from;

	if (!cursor->segment) cursor->segment = log->current.first;
	while (cursor->segment && cursor->offset == cursor->segment->used) {
		if (!cursor->segment->next) return false;
		*cursor = (struct mlog_cursor){ .segment = cursor->segment->next };
	}
	if (!cursor->segment) return false;
	from = cursor->segment->bytes + cursor->offset;
	header = load_le16(from) == LEN_WIDE ? 8 : 4;
	len = header == 4 ? load_le16(from) : load_le32(from + 4);
	*ret_record = (struct mlog_record){
		.pcr = from[2] & ~PCR_VIOLATION, .violation = from[2] & PCR_VIOLATION,
		.template = log->templates[from[3]], .data = { from + header, len },
	};
	cursor->offset += stored_len(len);
	return true;
}

/* The digest of the data for a bank, violation or not. */
static int content_digest(const struct mlog_bank *bank, const struct mlog_record *record, u8 *ret_bytes) {
	memset(ret_bytes, 0, bank->len);
	return template_digest(record->template, bank->padded ? HASH_SHA1 : bank->hash, record->data, ret_bytes);
}

int mlog_digest(const struct mlog_bank *bank, const struct mlog_record *record, u8 *ret_bytes) {
	if (!record->violation) return content_digest(bank, record, ret_bytes);
	memset(ret_bytes, 0, bank->len);
	return 0;
}

/* A violation extends ones: over the bank, or over a sha1 where the algorithm has no mapping. */
static int extend_digest(const struct mlog_bank *bank, const struct mlog_record *record, u8 *ret_bytes) {
	TRY(mlog_digest(bank, record, ret_bytes));
	if (record->violation)
		memset(ret_bytes, 0xff, bank->hash == HASH_COUNT ? min_u64(bank->len, hash_len(HASH_SHA1)) : bank->len);
	return 0;
}

/* PCRs 17 to 22 belong to other localities, 24 and above do not exist. */
static bool pcr_fits(const struct mlog *log, u32 pcr) {
	if (!log->tpm) return pcr <= LOG_PCR_MAX;
	return pcr <= 16 || pcr == 23;
}

/* Extends; a failure that may have left the PCR other than the log says breaks the log. */
static int extend(struct mlog *log, const struct mlog_record *record, const struct tpm_digests *digests) {
	int err = log->tpm ? tpm_extend(log->tpm, record->pcr, digests) : 0;

	if (!err) return 0;
	if (err == -ENOMEM || err == -EINVAL) { /* nothing was sent */
		retract(&log->current, record->data.len);
		return err;
	}
	log->broken = true;
	log->broken_at = log->current.count - 1;
	return -EIO;
}

int mlog_append(struct mlog *log, const struct mlog_record *record) {
	const struct mlog_bank *key = &log->banks[log->default_bank];
	struct tpm_digests digests;
	struct fingerprint fp;
	u8 digest[HASH_MAX_LEN], index;

	if (log->broken) return -EIO;
	if (!pcr_fits(log, record->pcr)) return -EINVAL;
	if (record->data.len > LOG_DATA_MAX) return -E2BIG;
	TRY(content_digest(key, record, digest));
	fp = seen_fingerprint(&log->seen, record->pcr, digest, key->len);
	if (!record->violation && seen_has(&log->seen, &fp)) return -EEXIST;
	for (size_t i = 0; log->tpm && i < log->tpm->bank_count; i++)
		TRY(extend_digest(&log->banks[i], record, digests.bytes[i]));
	TRY(template_index(log, record->template, &index));
	TRY(seen_reserve(&log->seen));
	TRY(reserve_space(&log->current, stored_len(record->data.len)));
	store(&log->current, record, index);
	TRY(extend(log, record, &digests));
	if (!record->violation) seen_add(&log->seen, &fp);
	return 0;
}

u64 mlog_count(const struct mlog *log) { return log->current.count; }

void mlog_count_violation(struct mlog *log) { log->violations = count_up(log->violations); }

u64 mlog_violations(const struct mlog *log) { return log->violations; }

bool mlog_broken(const struct mlog *log, u64 *ret_record) {
	if (log->broken && ret_record) *ret_record = log->broken_at;
	return log->broken;
}

size_t mlog_bank_count(const struct mlog *log) { return log->bank_count; }

const struct mlog_bank *mlog_bank(const struct mlog *log, size_t index) { return &log->banks[index]; }

int mlog_show_binary(const struct mlog_bank *bank, const struct mlog_record *record, struct blob *out) {
	const char *label = template_label(record->template);
	u8 digest[HASH_MAX_LEN];

	TRY(mlog_digest(bank, record, digest));
	blob_le32(out, record->pcr);
	blob_bytes(out, digest, bank->len);
	blob_le32(out, (u32)strlen(label));
	blob_text(out, label);
	if (!template_is_legacy(record->template)) blob_le32(out, (u32)record->data.len);
	blob_bytes(out, record->data.base, record->data.len);
	return blob_status(out);
}

int mlog_show_ascii(const struct mlog_bank *bank, const struct mlog_record *record, struct blob *out) {
	u8 digest[HASH_MAX_LEN];

	TRY(mlog_digest(bank, record, digest));
	blob_format(out, "%2d ", (int)record->pcr);
	blob_hex(out, digest, bank->len);
	blob_format(out, " %s", template_label(record->template));
	TRY(record->template->show(record->template, record->data, out));
	blob_text(out, "\n");
	return blob_status(out);
}
