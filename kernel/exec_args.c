/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec_args.c - collecting argument strings before there is an address space to hold them.
 */
#include "kernel/exec_image.h"
#include "kernel/x86/usercopy.h"

#define ARGS_FIRST 8192u

static int reserve(struct exec_args *args, u64 more) {
	u64 cap = max_u64(args->cap, ARGS_FIRST);

	if (more > args->limit - args->len) return -E2BIG;
	while (cap < args->len + more) cap *= 2;
	if (cap == args->cap) return 0;
	char *bytes = port_alloc(cap);

	if (bytes == NULL) return -ENOMEM;
	memcpy(bytes, args->bytes, args->len);
	port_free(args->bytes);
	args->bytes = bytes;
	args->cap = cap;
	return 0;
}

int exec_args_append(struct exec_args *args, const void *bytes, size_t len) {
	TRY(reserve(args, len));
	memcpy(args->bytes + args->len, bytes, len);
	args->len += len;
	return 0;
}

static int append_user_string(struct exec_args *args, u64 addr) {
	u64 start = args->len;

	for (;;) {
		TRY(reserve(args, 1));
		u64 room = min_u64(args->cap, args->limit) - args->len;
		uaddr_t from = uaddr(addr + (args->len - start));
		ssize len = copy_string_from_user(args->bytes + args->len, from, room);

		if (len < 0 && len != -ENAMETOOLONG) return (int)len;
		args->len += len < 0 ? room : (u64)len + 1;
		if (args->len - start > ARG_LEN_MAX) return -E2BIG;
		if (len >= 0) return 0;
	}
}

/* 1 when the string was appended or skipped, 0 at the end of the array. */
static int append_one(struct exec_args *args, const struct exec_strings *strings, u64 index, bool skip) {
	const char *text = NULL;
	u64 pointer = 0;

	if (strings->kernel != NULL)
		text = strings->kernel[index];
	else if (strings->user != 0)
		TRY(copy_from_user(&pointer, uaddr(strings->user + index * sizeof(pointer)), sizeof(pointer)));
	if (text == NULL && pointer == 0) return 0;
	if (!skip) TRY(text != NULL ? exec_args_append(args, text, strlen(text) + 1)
		       : append_user_string(args, pointer));
	return 1;
}

int exec_args_collect(struct exec_args *args, const struct exec_strings *strings, u64 skip, u64 *count) {
	for (u64 i = 0;; i++) {
		int more = append_one(args, strings, i, i < skip);

		if (more <= 0) return more;
		if (i < skip) continue;
		(*count)++;
		/* The pointer takes part in the limit, as the string does. */
		if (args->limit - args->len < sizeof(u64)) return -E2BIG;
		args->limit -= sizeof(u64);
	}
}
