/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/tar.c - the tar archive reader.
 *
 * All bytes go through the cursor. Nothing is believed before the header's checksum holds; a size is compared with
 * what is left before anything is taken.
 */
#include "fs/tar.h"

#define BLOCK 512u
#define XATTR_PREFIX "SCHILY.xattr."
/* ustar header fields: offset and length, POSIX.1-2017 pax, "ustar Interchange Format". */
enum { NAME_AT = 0, NAME_LEN = 100, MODE_AT = 100, SUM_AT = 148, SUM_LEN = 8, TYPE_AT = 156, LINK_AT = 157,
       MAGIC_AT = 257, PREFIX_AT = 345, PREFIX_LEN = 155 };

static const struct {
	const char *keyword;
	size_t at, len;
	u64 max;
	const char *refusal;
} numbers[TAR_NUMBERS] = {
	[TAR_SIZE] = { "size", 124, 12, ~0ull, "its size is not a number" },
	[TAR_UID] = { "uid", 108, 8, 0xfffffffe, "its uid is not a number of 32 bits" },
	[TAR_GID] = { "gid", 116, 8, 0xfffffffe, "its gid is not a number of 32 bits" },
	[TAR_MTIME] = { "mtime", 136, 12, (1ull << 40) - 1, "its mtime is not a number" },
};

static int bad(struct tar_reader *r, const char *why) {
	r->why = why;
	return -EBADMSG;
}

static bool is_zero(struct span s) {
	for (size_t i = 0; i < s.len; i++)
		if (s.base[i]) return false;
	return true;
}

/* A field that ends at its first NUL. */
static struct span field_text(struct span block, size_t at, size_t len) {
	const char *text = (const char *)block.base + at;

	return (struct span){ block.base + at, strnlen(text, len) };
}

/* Octal with blanks around it, or base-256 when the first bit is set (GNU; negative numbers are refused). */
static bool field_number(struct span block, size_t at, size_t len, u64 *ret_value) {
	const u8 *f = block.base + at;
	bool binary = f[0] & 0x80;
	u64 value = binary ? f[0] & 0x7f : 0;
	size_t i = binary;

	for (; binary && i < len; i++) {
		if (value >> 56) return false;
		value = value << 8 | f[i];
	}
	while (i < len && f[i] == ' ') i++;
	for (; i < len && f[i] >= '0' && f[i] <= '7'; i++) value = value << 3 | (u64)(f[i] - '0');
	for (; i < len; i++)
		if (f[i] != ' ' && f[i] != '\0') return false;
	*ret_value = value;
	return true;
}

static bool checksum_holds(struct span block) {
	u64 want, sum = 0;

	for (size_t i = 0; i < BLOCK; i++) sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : block.base[i];
	return field_number(block, SUM_AT, SUM_LEN, &want) && want == sum;
}

static bool is_posix(struct span block) { return memcmp(block.base + MAGIC_AT, "ustar\0" "00", 8) == 0; }

static bool is_gnu(struct span block) { return memcmp(block.base + MAGIC_AT, "ustar  \0", 8) == 0; }

static bool span_begins(struct span s, const char *text) {
	size_t len = strlen(text);

	return s.len >= len && memcmp(s.base, text, len) == 0;
}

static bool span_is(struct span s, const char *text) { return s.len == strlen(text) && span_begins(s, text); }

/* One "LEN KEY=VALUE\n" record: 1, 0 at the end, -EBADMSG. */
static int next_record(struct cursor *c, struct span *ret_key, struct span *ret_value) {
	size_t start = c->pos, digits = 0;
	struct cursor record;
	struct span rest;
	const u8 *equals;
	u64 len = 0;
	u8 byte;

	if (cursor_at_end(c)) return 0;
	while ((byte = cursor_u8(c)) >= '0' && byte <= '9' && digits++ < 10) len = len * 10 + (u64)(byte - '0');
	if (byte != ' ' || !digits || len < digits + 2) return -EBADMSG;
	record = cursor_sub(c, (size_t)(len - (c->pos - start)));
	rest = cursor_take(&record, cursor_left(&record));
	if (!cursor_ok(c) || !rest.len || rest.base[rest.len - 1] != '\n') return -EBADMSG;
	rest.len--;
	equals = rest.len ? memchr(rest.base, '=', rest.len) : NULL;
	if (!equals || equals == rest.base) return -EBADMSG;
	*ret_key = (struct span){ rest.base, (size_t)(equals - rest.base) };
	*ret_value = (struct span){ equals + 1, rest.len - ret_key->len - 1 };
	return 1;
}

/* Seconds, perhaps negative, perhaps with a fraction. */
static bool parse_time(struct span text, u64 max, u64 *ret_sec, u32 *ret_nsec) {
	const u8 *end = text.base + text.len, *dot = memchr(text.base, '.', text.len);
	bool negative = text.base[0] == '-';
	size_t whole = (size_t)((dot ? dot : end) - text.base) - negative;
	u32 nsec = 0, scale = 100000000;
	u64 sec;

	if (text_to_u64((const char *)text.base + negative, whole, 10, max, &sec)) return false;
	for (const u8 *digit = dot ? dot + 1 : end; digit < end; digit++, scale /= 10) {
		if (*digit < '0' || *digit > '9') return false;
		nsec += scale * (u32)(*digit - '0');
	}
	*ret_sec = negative ? -sec - (nsec != 0) : sec;
	*ret_nsec = negative && nsec ? 1000000000u - nsec : nsec;
	return true;
}

static int use_record(struct tar_reader *r, struct tar_pax *pax, struct span key, struct span value) {
	if (span_is(key, "path")) pax->path = value;
	if (span_is(key, "linkpath")) pax->linkpath = value;
	for (u32 n = 0; n < TAR_NUMBERS; n++) {
		u64 *to = &pax->number[n], max = numbers[n].max;

		if (!span_is(key, numbers[n].keyword)) continue;
		pax->has[n] = value.len != 0; /* an empty value takes the keyword back */
		if (!value.len) continue;
		if (n == TAR_MTIME ? !parse_time(value, max, to, &pax->mtime_nsec)
				   : text_to_u64((const char *)value.base, value.len, 10, max, to) != 0)
			return bad(r, numbers[n].refusal);
	}
	if (span_begins(key, "GNU.sparse.")) return bad(r, "it is stored sparse, which is not supported");
	pax->schily |= span_begins(key, XATTR_PREFIX);
	pax->libarchive |= span_begins(key, "LIBARCHIVE.xattr.");
	return 0;
}

static int parse_pax(struct tar_reader *r, struct span data, struct tar_pax *pax) {
	struct cursor c = cursor_of(data);
	struct span key, value;
	int err;

	while ((err = next_record(&c, &key, &value)) == 1) TRY(use_record(r, pax, key, value));
	return err ? bad(r, "an extended header is malformed") : 0;
}

static int parse_global(struct tar_reader *r, struct span data) {
	const struct tar_pax *g = &r->global;

	TRY(parse_pax(r, data, &r->global));
	if (!g->path.len && !g->linkpath.len && !g->has[TAR_SIZE] && !g->schily && !g->libarchive) return 0;
	return bad(r, "a global header sets what belongs to one entry");
}

int tar_xattr_next(struct cursor *records, char ret_name[VFS_XATTR_NAME_MAX + 1], struct span *ret_value) {
	struct span key, value;
	size_t len = 0;
	int more;

	do {
		more = next_record(records, &key, &value);
		if (more != 1) return more;
	} while (!span_begins(key, XATTR_PREFIX));
	for (size_t i = strlen(XATTR_PREFIX); i < key.len; i++) {
		struct span rest = { key.base + i, key.len - i };
		bool equals = span_begins(rest, "%3D"); /* GNU tar escapes what would end the keyword, and its escape */
		u8 byte = equals ? '=' : key.base[i];

		if (equals || span_begins(rest, "%25")) i += 2;
		if (!byte) return -EBADMSG;
		if (len == VFS_XATTR_NAME_MAX) return -ENAMETOOLONG;
		ret_name[len++] = (char)byte;
	}
	ret_name[len] = '\0';
	*ret_value = value;
	return 1;
}

/* One header block: 1, or 0 at the end marker. */
static int next_block(struct tar_reader *r, struct span *ret_block) {
	struct span block = cursor_take(&r->in, BLOCK);

	if (!block.len || r->in.len % BLOCK) return bad(r, "the archive is cut");
	if (!is_zero(block)) {
		*ret_block = block;
		if (!checksum_holds(block)) return bad(r, "the header's checksum is wrong");
		if (!is_posix(block) && !is_gnu(block)) return bad(r, "the header is not a ustar header");
		return 1;
	}
	block = cursor_take(&r->in, BLOCK);
	if (!block.len) return bad(r, "the archive is cut");
	if (!is_zero(block) || !is_zero(cursor_take(&r->in, cursor_left(&r->in))))
		return bad(r, "something follows the end marker");
	return 0;
}

static int take_content(struct tar_reader *r, u64 size, struct span *ret_content) {
	u64 left = cursor_left(&r->in);
	u64 pad = (BLOCK - size % BLOCK) % BLOCK;

	if (size > left || pad > left - size)
		return bad(r, "its content is longer than the archive (or the archive is cut)");
	*ret_content = cursor_take(&r->in, (size_t)size);
	cursor_skip(&r->in, (size_t)pad);
	return 0;
}

static int use_extension(struct tar_reader *r, u8 type, struct span data, struct tar_pax *pax) {
	struct span *to = type == 'L' ? &pax->path : &pax->linkpath;

	if (type == 'g') return parse_global(r, data);
	if (type == 'x') {
		if (pax->records.base) return bad(r, "it has two extended headers");
		pax->records = data;
		return parse_pax(r, data, pax);
	}
	if (data.len && data.base[data.len - 1] == '\0') data.len--;
	if (!to->len) *to = data; /* else pax has said it */
	return 0;
}

static void entry_name(struct tar_reader *r, struct span block, const struct tar_pax *pax, struct tar_entry *entry) {
	struct span name = field_text(block, NAME_AT, NAME_LEN);
	struct span prefix = is_posix(block) ? field_text(block, PREFIX_AT, PREFIX_LEN) : (struct span){ NULL, 0 };

	if (pax->path.len) {
		name = pax->path;
	} else if (prefix.len) {
		memcpy(r->joined, prefix.base, prefix.len);
		r->joined[prefix.len] = '/';
		memcpy(r->joined + prefix.len + 1, name.base, name.len);
		name = (struct span){ (const u8 *)r->joined, prefix.len + 1 + name.len };
	}
	entry->name = r->name = name;
	entry->link = pax->linkpath.len ? pax->linkpath : field_text(block, LINK_AT, NAME_LEN);
}

/* What the entry's extended header says, else a global one, else its own. */
static int entry_numbers(struct tar_reader *r, struct span block, const struct tar_pax *pax, struct tar_entry *entry,
			 u64 *ret_size) {
	const struct tar_pax *with_time = pax->has[TAR_MTIME] ? pax : &r->global;
	u64 mode, number[TAR_NUMBERS];
	bool fine = field_number(block, MODE_AT, 8, &mode);

	for (u32 n = 0; fine && n < TAR_NUMBERS; n++) {
		const struct tar_pax *from = pax->has[n] ? pax : &r->global;

		fine = field_number(block, numbers[n].at, numbers[n].len, &number[n]) && number[n] <= numbers[n].max;
		if (from->has[n]) number[n] = from->number[n];
	}
	if (!fine) return bad(r, "a number in its header is malformed");
	entry->mode = (u32)mode & 07777;
	entry->uid = (u32)number[TAR_UID];
	entry->gid = (u32)number[TAR_GID];
	entry->mtime = (struct vtime){ (s64)number[TAR_MTIME], with_time->mtime_nsec };
	*ret_size = number[TAR_SIZE];
	return 0;
}

static int entry_type(struct tar_reader *r, u8 flag, struct tar_entry *entry) {
	static const char flags[] = "0712345";
	static const u8 types[] = { TAR_FILE, TAR_FILE, TAR_LINK, TAR_SYMLINK, TAR_DEVICE, TAR_DEVICE, TAR_DIRECTORY };
	const char *at = strchr(flags, flag ? flag : '0');

	if (!at) return bad(r, "it is neither a file, a directory, a link nor a device");
	entry->type = types[at - flags];
	if (entry->type == TAR_FILE && entry->name.len && entry->name.base[entry->name.len - 1] == '/')
		entry->type = TAR_DIRECTORY; /* as tar wrote them before there was a type */
	return 0;
}

static int finish_entry(struct tar_reader *r, struct span block, const struct tar_pax *pax,
			struct tar_entry *ret_entry) {
	struct tar_entry entry = { .records = pax->records };
	u64 size;

	entry_name(r, block, pax, &entry);
	TRY(entry_type(r, block.base[TYPE_AT], &entry));
	TRY(entry_numbers(r, block, pax, &entry, &size));
	if (entry.type != TAR_FILE && size) return bad(r, "only a file may have content");
	if (pax->libarchive && !pax->schily)
		return bad(r, "its extended attributes are in libarchive's spelling alone");
	TRY(take_content(r, size, &entry.content));
	*ret_entry = entry;
	return 1;
}

int tar_next(struct tar_reader *reader, struct tar_entry *ret_entry) {
	struct tar_pax pax = { 0 };
	struct span block, data;
	int more;

	while ((more = next_block(reader, &block)) == 1) {
		u8 type = block.base[TYPE_AT];
		u64 size;

		if (!field_number(block, numbers[TAR_SIZE].at, numbers[TAR_SIZE].len, &size))
			return bad(reader, "the size in a header is malformed");
		if (!type || !strchr("xgLK", type)) return finish_entry(reader, block, &pax, ret_entry);
		TRY(take_content(reader, size, &data));
		TRY(use_extension(reader, type, data, &pax));
	}
	if (more == 0 && (pax.records.base || pax.path.len || pax.linkpath.len))
		return bad(reader, "an extended header is not followed by an entry");
	return more;
}
