/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_keys.c - add_key, request_key, keyctl and /proc/keys over kernel/integrity/keys.h.
 */
#include "fs/nodefs.h"
#include "kernel/filearg.h"
#include "kernel/integrity/keys.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define TYPE_MAX 32u
#define DESCRIPTION_MAX 4096u
#define PAYLOAD_MAX ((1u << 20) - 1)

/* Linux uapi keyctl.h. */
enum { KEYCTL_GET_KEYRING_ID, KEYCTL_JOIN_SESSION_KEYRING, KEYCTL_DESCRIBE = 6, KEYCTL_LINK = 8, KEYCTL_UNLINK,
       KEYCTL_SEARCH, KEYCTL_READ };

/* A pid may come again, a pid with its start does not. */
static u64 process_number(const struct process *process) { return process->start_ns << 22 | process->pid; }

static bool look_up(u64 number, u64 *ret_parent) {
	const struct process *process = process_find(number & ((1u << 22) - 1));

	if (!process || process_number(process) != number) return false;
	*ret_parent = process->parent ? process_number(process->parent) : 0;
	return true;
}

/* Type and description, as copied in. */
struct names {
	char type[TYPE_MAX];
	char *description;
};

static void names_done(struct names *names) { port_free(names->description); }

static int copy_description(u64 addr, char **ret_text) {
	ssize len;

	*ret_text = port_alloc(DESCRIPTION_MAX);
	if (!*ret_text) return -ENOMEM;
	len = addr ? copy_string_from_user(*ret_text, uaddr(addr), DESCRIPTION_MAX) : 0; /* none: an empty one */
	return len == -ENAMETOOLONG ? -EINVAL : len < 0 ? (int)len : 0;
}

static int copy_names(u64 type, u64 description, struct names *names) {
	ssize len = copy_string_from_user(names->type, uaddr(type), TYPE_MAX);

	if (len < 0) return len == -ENAMETOOLONG ? -EINVAL : (int)len;
	if (len == 0) return -EINVAL;
	return copy_description(description, &names->description);
}

static struct keys_caller caller_of(struct integrity_task *task) {
	task_integrity(task);
	keys_set_processes(look_up);
	return (struct keys_caller){ task, process_number(process_current()) };
}

SYSCALL(248, add_key) {
	RELEASED(names_done) struct names names = { 0 };
	RELEASED(memory_drop) u8 *payload = NULL;
	struct integrity_task task;
	const struct keys_caller caller = caller_of(&task);
	u64 len = args[3];

	if (len > PAYLOAD_MAX) return -EINVAL;
	TRY(copy_names(args[0], args[1], &names));
	if (len) {
		payload = port_alloc(len);
		if (!payload) return -ENOMEM;
		TRY(copy_from_user(payload, uaddr(args[2]), len));
	}
	return keys_add(&caller, names.type, names.description, (struct span){ payload, len }, int_arg(args[4]));
}

/* Nobody is asked to make a key that is not there. */
SYSCALL(249, request_key) {
	RELEASED(names_done) struct names names = { 0 };
	struct integrity_task task;
	const struct keys_caller caller = caller_of(&task);

	TRY(copy_names(args[0], args[1], &names));
	return keys_search(&caller, KEYS_SESSION, names.type, names.description);
}

/* The whole length is told; bytes are given only when all fit. */
static s64 give(const struct blob *text, u64 to, u64 cap) {
	if (to && text->len && text->len <= cap) TRY(copy_to_user(uaddr(to), text->base, text->len));
	return (s64)text->len;
}

static s64 join_session(const struct keys_caller *caller, u64 name) {
	RELEASED(names_done) struct names names = { 0 };

	if (name) TRY(copy_description(name, &names.description));
	return keys_join_session(caller, names.description);
}

static s64 search(const struct keys_caller *caller, const u64 args[6]) {
	RELEASED(names_done) struct names names = { 0 };

	TRY(copy_names(args[2], args[3], &names));
	if (int_arg(args[4])) return -EOPNOTSUPP; /* a key lies in one ring */
	return keys_search(caller, int_arg(args[1]), names.type, names.description);
}

SYSCALL(250, keyctl) {
	RELEASED(blob_done) struct blob text = { 0 };
	struct integrity_task task;
	const struct keys_caller caller = caller_of(&task);
	s32 key = int_arg(args[1]);

	switch (int_arg(args[0])) {
	case KEYCTL_GET_KEYRING_ID: return keys_ring(&caller, key, int_arg(args[2]));
	case KEYCTL_JOIN_SESSION_KEYRING: return join_session(&caller, args[1]);
	case KEYCTL_DESCRIBE:
		TRY(keys_describe(&caller, key, &text));
		return give(&text, args[2], args[3]);
	case KEYCTL_LINK: return -EPERM;
	case KEYCTL_UNLINK: return keys_unlink(&caller, key, int_arg(args[2]));
	case KEYCTL_SEARCH: return search(&caller, args);
	case KEYCTL_READ:
		TRY(keys_read(&caller, key, &text));
		return give(&text, args[2], args[3]);
	default: return -EOPNOTSUPP;
	}
}

static int show_keys(struct blob *text, void *) {
	keys_set_processes(look_up);
	return keys_show(task_cred(), text);
}

static const struct pseudo_node key_nodes[] = { { "keys", S_IFREG | 0444, .show = show_keys } };
NODES(NODEFS_PROC, key_nodes);
