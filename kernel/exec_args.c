/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec_args.c - collecting argument strings into pages.
 *
 * Invariant: len <= limit, and every page up to len is there.
 */
#include "kernel/exec_args.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/x86/usercopy.h"

void exec_args_done(struct exec_args *args)
{
	for (u32 i = 0; i < ARG_PAGES_MAX; i++) {
		if (args->pages[i] != NULL)
			port_page_put(args->pages[i]);
	}
	port_free(args);
}

/* The place for the next byte and how many fit there. */
static int room(struct exec_args *args, u8 **ret_at, size_t *ret_len)
{
	u64 index = args->len >> PAGE_BITS, in_page = args->len & (PAGE_SIZE - 1);

	if (args->len >= args->limit)
		return -E2BIG;
	if (args->pages[index] == NULL)
		args->pages[index] = port_page_alloc();
	if (args->pages[index] == NULL)
		return -ENOMEM;
	*ret_at = (u8 *)args->pages[index] + in_page;
	*ret_len = min_u64(PAGE_SIZE - in_page, args->limit - args->len);
	return 0;
}

int exec_args_append(struct exec_args *args, const void *bytes, size_t len)
{
	const u8 *from = bytes;

	while (len > 0) {
		u8 *at;
		size_t part;
		int err = room(args, &at, &part);

		if (err != 0)
			return err;
		part = min_u64(part, len);
		memcpy(at, from, part);
		args->len += part;
		from += part;
		len -= part;
	}
	return 0;
}

static int append_user_string(struct exec_args *args, u64 addr)
{
	u64 start = args->len;

	for (;;) {
		u8 *at;
		size_t part;
		int err = room(args, &at, &part);

		if (err != 0)
			return err;
		ssize len = copy_string_from_user((char *)at, uaddr(addr), part);

		if (len >= 0) {
			args->len += (u64)len + 1;
			return args->len - start > ARG_LEN_MAX ? -E2BIG : 0;
		}
		if (len != -ENAMETOOLONG)
			return (int)len;
		args->len += part;
		addr += part;
		if (args->len - start > ARG_LEN_MAX)
			return -E2BIG;
	}
}

static int append_one(struct exec_args *args, const struct exec_strings *strings, u64 index, bool skip, bool *ret_end)
{
	u64 pointer = 0;

	if (strings->kernel != NULL) {
		const char *text = strings->kernel[index];

		*ret_end = text == NULL;
		return text == NULL || skip ? 0 : exec_args_append(args, text, strlen(text) + 1);
	}
	if (strings->user != 0) {
		int err = copy_from_user(&pointer, uaddr(strings->user + index * sizeof(pointer)), sizeof(pointer));

		if (err != 0)
			return err;
	}
	*ret_end = pointer == 0;
	return pointer == 0 || skip ? 0 : append_user_string(args, pointer);
}

int exec_args_collect(struct exec_args *args, const struct exec_strings *strings, u64 skip, u64 *count)
{
	for (u64 i = 0;; i++) {
		bool end = false;
		int err = append_one(args, strings, i, i < skip, &end);

		if (err != 0 || end)
			return err;
		if (i < skip)
			continue;
		(*count)++;
		/* The pointer takes part in the limit, as the string does. */
		if (args->limit - args->len < sizeof(u64))
			return -E2BIG;
		args->limit -= sizeof(u64);
	}
}
