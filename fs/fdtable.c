/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/fdtable.c - descriptor tables.
 *
 * An array that grows by doubling. Invariant: no number below `hint` is free. The table's address is the owner of
 * record locks, as the table is what processes that share descriptors share.
 */
#include "fs/fdtable.h"

#include "fs/locks.h"

#define FIRST_SIZE 32u
#define FD_LIMIT (1u << 20)

struct slot {
	struct file *file;
	bool cloexec;
};

struct fdtable {
	u32 refs, size, hint;
	struct slot *slots;
};

static int grow(struct fdtable *table, u64 need) {
	u32 size = table->size ? table->size : FIRST_SIZE;
	struct slot *slots;

	if (need <= table->size) return 0;
	while (size < need) size *= 2;
	slots = port_alloc(size * sizeof(*slots));
	if (!slots) return -ENOMEM;
	if (table->size) memcpy(slots, table->slots, table->size * sizeof(*slots));
	port_free(table->slots);
	table->slots = slots;
	table->size = size;
	return 0;
}

static struct fdtable *alloc_sized(u32 size) {
	struct fdtable *table = port_alloc(sizeof(*table));

	if (!table) return NULL;
	table->refs = 1;
	if (grow(table, size) == 0) return table;
	fdtable_put(table);
	return NULL;
}

struct fdtable *fdtable_alloc(void) { return alloc_sized(FIRST_SIZE); }

struct fdtable *fdtable_copy(const struct fdtable *table) {
	struct fdtable *copy = alloc_sized(table->size);

	if (!copy) return NULL;
	for (u32 i = 0; i < table->size; i++) {
		copy->slots[i] = table->slots[i];
		if (copy->slots[i].file) file_get(copy->slots[i].file);
	}
	copy->hint = table->hint;
	return copy;
}

void fdtable_get(struct fdtable *table) { table->refs++; }

static void close_slot(struct fdtable *table, u32 fd) {
	struct file *file = table->slots[fd].file;

	table->slots[fd] = (struct slot){ NULL, false };
	if (fd < table->hint) table->hint = fd;
	locks_owner_gone(file->inode, table);
	file_put(file);
}

void fdtable_put(struct fdtable *table) {
	if (!table || --table->refs) return;
	for (u32 i = 0; i < table->size; i++)
		if (table->slots[i].file) close_slot(table, i);
	port_free(table->slots);
	port_free(table);
}

void fdtable_close_on_exec(struct fdtable *table) {
	for (u32 i = 0; i < table->size; i++)
		if (table->slots[i].file && table->slots[i].cloexec) close_slot(table, i);
}

static struct slot *open_slot(const struct fdtable *table, int fd) {
	if (fd < 0 || (u32)fd >= table->size || !table->slots[fd].file) return NULL;
	return &table->slots[fd];
}

struct file *fdtable_file(const struct fdtable *table, int fd) {
	const struct slot *slot = open_slot(table, fd);

	if (!slot) return NULL;
	file_get(slot->file);
	return slot->file;
}

int fdtable_install(struct fdtable *table, struct file *file, int from, bool cloexec, u64 max, int *ret_fd) {
	u64 limit = min_u64(max, FD_LIMIT);
	u32 fd;

	if (from < 0 || (u64)from >= limit) return from < 0 ? -EINVAL : -EMFILE;
	fd = (u32)from > table->hint ? (u32)from : table->hint;
	while (fd < table->size && table->slots[fd].file) fd++;
	if (fd >= limit) return -EMFILE;
	TRY(grow(table, (u64)fd + 1));
	if ((u32)from <= table->hint) table->hint = fd + 1;
	table->slots[fd] = (struct slot){ file, cloexec };
	*ret_fd = (int)fd;
	return 0;
}

int fdtable_replace(struct fdtable *table, int fd, struct file *file, bool cloexec, u64 max) {
	if (fd < 0 || (u64)fd >= min_u64(max, FD_LIMIT)) return -EBADF;
	TRY(grow(table, (u64)fd + 1));
	if (table->slots[fd].file) close_slot(table, (u32)fd);
	table->slots[fd] = (struct slot){ file, cloexec };
	return 0;
}

int fdtable_close(struct fdtable *table, int fd) {
	if (!open_slot(table, fd)) return -EBADF;
	close_slot(table, (u32)fd);
	return 0;
}

int fdtable_cloexec(const struct fdtable *table, int fd) {
	const struct slot *slot = open_slot(table, fd);

	return slot ? slot->cloexec : -EBADF;
}

int fdtable_set_cloexec(struct fdtable *table, int fd, bool cloexec) {
	struct slot *slot = open_slot(table, fd);

	if (!slot) return -EBADF;
	slot->cloexec = cloexec;
	return 0;
}

int fdtable_next(const struct fdtable *table, int from) {
	for (u32 fd = from < 0 ? 0 : (u32)from; fd < table->size; fd++)
		if (table->slots[fd].file) return (int)fd;
	return -1;
}
