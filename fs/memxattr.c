/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/memxattr.c - extended attributes in memory: a short list, each one allocation.
 */
#include "fs/memxattr.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"

struct memxattr {
	struct memxattr *next;
	size_t name_len;
	size_t len;
	char name[]; /* name, NUL, value */
};

static s64 cost(const struct memxattr *x) { return (s64)(sizeof(*x) + x->name_len + 1 + x->len); }

static struct memxattr **find(struct memxattr **list, const char *name) {
	while (*list && strcmp((*list)->name, name) != 0) list = &(*list)->next;
	return list;
}

ssize memxattr_get(const struct memxattr *list, const char *name, void *buf, size_t cap) {
	while (list && strcmp(list->name, name) != 0) list = list->next;
	if (!list) return -ENODATA;
	if (cap && list->len > cap) return -ERANGE;
	if (cap) memcpy(buf, list->name + list->name_len + 1, list->len);
	return (ssize)list->len;
}

int memxattr_set(struct memxattr **list, const char *name, const void *value, size_t len, int flags, s64 *ret_delta) {
	size_t name_len = strnlen(name, VFS_XATTR_NAME_MAX + 1);
	struct memxattr **at, *x, *old;

	if (name_len == 0 || name_len > VFS_XATTR_NAME_MAX) return -ERANGE;
	if (len > VFS_XATTR_SIZE_MAX) return -E2BIG;
	at = find(list, name);
	old = *at;
	if (old && (flags & VFS_XATTR_CREATE)) return -EEXIST;
	if (!old && (flags & VFS_XATTR_REPLACE)) return -ENODATA;
	x = port_alloc(sizeof(*x) + name_len + 1 + len);
	if (!x) return -ENOMEM;
	x->name_len = name_len;
	x->len = len;
	memcpy(x->name, name, name_len);
	if (len) memcpy(x->name + name_len + 1, value, len);
	x->next = old ? old->next : NULL;
	*at = x;
	*ret_delta = cost(x) - (old ? cost(old) : 0);
	port_free(old);
	return 0;
}

int memxattr_remove(struct memxattr **list, const char *name, s64 *ret_delta) {
	struct memxattr **at = find(list, name);
	struct memxattr *old = *at;

	if (!old) return -ENODATA;
	*at = old->next;
	*ret_delta = -cost(old);
	port_free(old);
	return 0;
}

ssize memxattr_list(const struct memxattr *list, char *buf, size_t cap) {
	size_t len = 0;

	for (; list; list = list->next) {
		size_t n = list->name_len + 1;

		if (cap && n > cap - len) return -ERANGE;
		if (cap) memcpy(buf + len, list->name, n);
		len += n;
		if (len > VFS_XATTR_SIZE_MAX) return -E2BIG;
	}
	return (ssize)len;
}

u64 memxattr_clear(struct memxattr **list) {
	u64 freed = 0;

	while (*list) {
		struct memxattr *x = *list;

		*list = x->next;
		freed += (u64)cost(x);
		port_free(x);
	}
	return freed;
}
