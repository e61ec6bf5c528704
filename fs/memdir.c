/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/memdir.c - directory entries in memory.
 *
 * The hash is seeded, so that names chosen by a program do not all land in one bucket. A table that cannot grow for
 * want of memory stays as it is: slower, never wrong.
 */
#include "fs/memdir.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"

#define FIRST_BUCKETS 8u

static u32 hash_name(const char *name, size_t len) {
	static u32 seed;
	u32 hash;

	if (!seed && (port_random(&seed, sizeof(seed)) || !seed))
		seed = 0x811c9dc5u; /* no randomness: chains may get long, nothing else */
	hash = seed;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (u8)name[i]) * 0x01000193u; /* FNV-1a */
	return hash ^ hash >> 15;
}

void memdir_init(struct memdir *dir) {
	list_init(&dir->entries);
	dir->next_pos = MEMDIR_FIRST_POS;
}

struct mementry *memdir_find(const struct memdir *dir, const char *name, size_t len) {
	u32 hash = hash_name(name, len);
	struct mementry *e = dir->bucket_count ? dir->buckets[hash & (dir->bucket_count - 1)] : NULL;

	while (e && (e->hash != hash || e->len != len || memcmp(e->name, name, len) != 0)) e = e->hash_next;
	return e;
}

static void into_bucket(struct memdir *dir, struct mementry *entry) {
	struct mementry **bucket = &dir->buckets[entry->hash & (dir->bucket_count - 1)];

	entry->hash_next = *bucket;
	*bucket = entry;
}

static int grow(struct memdir *dir) {
	u32 count = dir->bucket_count ? dir->bucket_count * 2 : FIRST_BUCKETS;
	struct mementry **buckets;

	if (dir->count < dir->bucket_count) return 0;
	buckets = port_alloc(count * sizeof(struct mementry *));
	if (!buckets) return dir->bucket_count ? 0 : -ENOMEM;
	port_free(dir->buckets);
	dir->buckets = buckets;
	dir->bucket_count = count;
	list_for_each(pos, &dir->entries) into_bucket(dir, list_entry(pos, struct mementry, link));
	return 0;
}

int memdir_add(struct memdir *dir, const char *name, size_t len, struct inode *inode) {
	struct mementry *entry = port_alloc(sizeof(*entry) + len + 1);

	if (!entry) return -ENOMEM;
	if (grow(dir)) {
		port_free(entry);
		return -ENOMEM;
	}
	memcpy(entry->name, name, len);
	entry->len = (u32)len;
	entry->hash = hash_name(name, len);
	entry->pos = dir->next_pos++;
	entry->inode = inode;
	inode_get(inode);
	list_add_tail(&dir->entries, &entry->link);
	into_bucket(dir, entry);
	dir->count++;
	return 0;
}

void memdir_remove(struct memdir *dir, struct mementry *entry) {
	struct mementry **link = &dir->buckets[entry->hash & (dir->bucket_count - 1)];

	while (*link != entry) link = &(*link)->hash_next;
	*link = entry->hash_next;
	list_del(&entry->link);
	dir->count--;
	inode_put(entry->inode);
	port_free(entry);
}

void memdir_clear(struct memdir *dir) {
	while (!list_empty(&dir->entries)) memdir_remove(dir, list_first(&dir->entries, struct mementry, link));
	port_free(dir->buckets);
	dir->buckets = NULL;
	dir->bucket_count = 0;
}
