/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/rootfs_pax.c - writes a root as POSIX tar with pax headers.
 *
 * The bytes depend on the entries alone: no time of day, no process number, no user names. A pax header
 * precedes an entry only where ustar cannot say it: long or non-ASCII names, attributes, big numbers.
 *
 * Source     POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header".
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/rootfs.h"

#define BLOCK 512u
#define RECORD 10240u
#define NUMBER7_MAX 07777777u        /* seven octal digits */
#define NUMBER11_MAX 077777777777ull /* eleven */

struct ustar {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char owner[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char pad[12];
};
_Static_assert(sizeof(struct ustar) == BLOCK, "a ustar header is one block");

static void octal(char *field, size_t len, u64 value) {
	field[--len] = '\0';
	while (len) {
		field[--len] = (char)('0' + (value & 7));
		value >>= 3;
	}
}

static size_t decimal_len(size_t value) {
	size_t digits = 1;

	while (value >= 10) {
		value /= 10;
		digits++;
	}
	return digits;
}

/* "LEN KEY=VALUE\n", LEN counting itself. */
static void pax_record(struct buf *b, const char *key, const void *value, size_t len) {
	size_t rest = 1 + strlen(key) + 1 + len + 1;
	size_t total = rest + decimal_len(rest);

	total = rest + decimal_len(total);
	buf_format(b, "%zu %s=", total, key);
	buf_append(b, value, len);
	buf_text(b, "\n");
}

static void pax_number(struct buf *b, const char *key, u64 value, u64 max) {
	char text[24];

	if (value <= max) return;
	pax_record(b, key, text, (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)value));
}

static void pax_name(struct buf *b, const char *key, const char *name, size_t room) {
	size_t len = strlen(name);
	bool plain = len <= room;

	for (const char *p = name; *p; p++) plain = plain && (u8)*p < 0x80;
	if (!plain) pax_record(b, key, name, len);
}

/* Copies what fits; a pax record tells the rest. Bytes beyond ASCII are replaced: some readers convert them. */
static void ustar_name(char *field, size_t room, const char *name) {
	for (size_t i = 0; i < room && name[i]; i++) field[i] = (u8)name[i] < 0x80 ? name[i] : '_';
}

static void write_header(struct buf *b, struct ustar *h) {
	const u8 *bytes = (const u8 *)h;
	unsigned sum = 0;

	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	octal(h->major, sizeof(h->major), 0);
	octal(h->minor, sizeof(h->minor), 0);
	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++) sum += bytes[i];
	octal(h->checksum, 7, sum);
	buf_append(b, h, sizeof(*h));
}

static void write_extended(struct buf *b, const struct rootfs_entry *e, const struct buf *records) {
	struct ustar h = { .type = 'x' };
	const char *base = strrchr(e->path, '/');

	memcpy(h.name, "PaxHeaders/", 11);
	ustar_name(h.name + 11, sizeof(h.name) - 12, base ? base + 1 : e->path);
	octal(h.mode, sizeof(h.mode), 0644);
	octal(h.uid, sizeof(h.uid), 0);
	octal(h.gid, sizeof(h.gid), 0);
	octal(h.size, sizeof(h.size), records->len);
	octal(h.mtime, sizeof(h.mtime), e->mtime <= NUMBER11_MAX ? e->mtime : 0);
	write_header(b, &h);
	buf_append(b, records->bytes, records->len);
	buf_pad(b, BLOCK);
}

static void write_entry(struct buf *b, const struct rootfs_entry *e) {
	struct buf records = { 0 };
	const char *slash = S_ISDIR(e->mode) ? "/" : "";
	char *name = cli_text("%s%s", e->path, slash);
	const char *link = e->link ? e->link->path : e->target ? e->target : "";
	size_t size = e->link || !S_ISREG(e->mode) ? 0 : e->data.len;
	struct ustar h = { .type = e->link ? '1' : S_ISLNK(e->mode) ? '2' : S_ISDIR(e->mode) ? '5' : '0' };

	pax_name(&records, "path", name, sizeof(h.name));
	pax_name(&records, "linkpath", link, sizeof(h.link));
	pax_number(&records, "uid", e->uid, NUMBER7_MAX);
	pax_number(&records, "gid", e->gid, NUMBER7_MAX);
	pax_number(&records, "mtime", e->mtime, NUMBER11_MAX);
	for (size_t i = 0; !e->link && i < e->xattr_count; i++) {
		char *key = cli_text("SCHILY.xattr.%s", e->xattrs[i].name);

		pax_record(&records, key, e->xattrs[i].value, e->xattrs[i].len);
		free(key);
	}
	if (records.len) write_extended(b, e, &records);
	ustar_name(h.name, sizeof(h.name), name);
	ustar_name(h.link, sizeof(h.link), link);
	octal(h.mode, sizeof(h.mode), e->mode & 07777);
	octal(h.uid, sizeof(h.uid), e->uid <= NUMBER7_MAX ? e->uid : 0);
	octal(h.gid, sizeof(h.gid), e->gid <= NUMBER7_MAX ? e->gid : 0);
	octal(h.size, sizeof(h.size), size);
	octal(h.mtime, sizeof(h.mtime), e->mtime <= NUMBER11_MAX ? e->mtime : 0);
	write_header(b, &h);
	if (size) buf_append(b, e->data.bytes, size);
	buf_pad(b, BLOCK);
	buf_free(&records);
	free(name);
}

void rootfs_write_pax(const struct rootfs *fs, struct buf *b) {
	static const u8 end[2 * BLOCK];

	for (size_t i = 0; i < fs->count; i++) write_entry(b, fs->entries[i]);
	buf_append(b, end, sizeof(end));
	buf_pad(b, RECORD);
}
