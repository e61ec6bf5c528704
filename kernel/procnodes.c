/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/procnodes.c - the shape of /proc/PID: names, modes, owners, links.
 *
 * Invariant: nothing is kept between lookup and use but ids, so that a process may end at any time in between.
 */
#include "kernel/procnodes.h"

#include "kernel/filearg.h"
#include "kernel/task.h"
#include "kernel/vm.h"

#define ID_MAX 0x7fffffffu
#define FD_SHIFT 32u
#define NAME_CAP 64u

int proc_view(u64 arg, struct proc_view *ret_view) {
	struct task *task = task_find((u32)arg);
	struct process *process = process_find((u32)arg);

	if (process == NULL && task != NULL) process = task->process;
	if (process == NULL) return -ESRCH;
	*ret_view = (struct proc_view){ process, task != NULL ? task : process_any_thread(process) };
	return 0;
}

int proc_permitted(const struct proc_view *view) {
	const struct cred *self = task_cred();

	if (self->euid == 0 || view->process == process_current()) return 0;
	if (view->task == NULL || !view->task->dumpable) return -EACCES;
	const struct cred *cred = &view->task->cred;

	return self->euid == cred->uid && self->euid == cred->euid && self->euid == cred->suid ? 0 : -EACCES;
}

/* For the links: the thread, when the caller may look into it. */
static int view_permitted(u64 arg, struct proc_view *ret_view) {
	TRY(proc_view(arg, ret_view));
	TRY(proc_permitted(ret_view));
	return ret_view->task == NULL || ret_view->task->mm == NULL || ret_view->task->fs == NULL ? -ENOENT : 0;
}

enum { LINK_EXE, LINK_CWD, LINK_ROOT, LINK_FD };

static int follow(u64 arg, int link, struct path *ret_path) {
	struct proc_view view;

	TRY(view_permitted(arg, &view));
	const struct task *task = view.task;
	RELEASED(file_drop) struct file *file = link == LINK_FD ? fdtable_file(task->files, (int)(arg >> FD_SHIFT))
		: NULL;

	if (link == LINK_EXE ? task->mm->exe == NULL : link == LINK_FD && file == NULL) return -ENOENT;
	*ret_path = link == LINK_EXE ? task->mm->exe->path : link == LINK_FD ? file->path :
		    link == LINK_CWD ? task->fs->context.cwd : task->fs->context.root;
	path_get(ret_path);
	return 0;
}

static int follow_exe(u64 arg, struct path *ret_path) { return follow(arg, LINK_EXE, ret_path); }
static int follow_cwd(u64 arg, struct path *ret_path) { return follow(arg, LINK_CWD, ret_path); }
static int follow_root(u64 arg, struct path *ret_path) { return follow(arg, LINK_ROOT, ret_path); }
static int follow_fd(u64 arg, struct path *ret_path) { return follow(arg, LINK_FD, ret_path); }

static int lookup_fd(const char *name, size_t len, void *dir_arg, struct pseudo_node_info *ret) {
	u64 id = (u32)(uintptr_t)dir_arg, fd;
	struct proc_view view;

	if (text_to_u64(name, len, 10, ID_MAX, &fd) != 0 || view_permitted(id, &view) != 0) return -ENOENT;
	RELEASED(file_drop) struct file *file = fdtable_file(view.task->files, (int)fd);

	if (file == NULL) return -ENOENT;
	u32 access = file->flags & O_ACCMODE;

	ret->mode = S_IFLNK | (access != O_WRONLY ? 0500 : 0) | (access != O_RDONLY ? 0300 : 0);
	ret->uid = view.task->cred.euid;
	ret->gid = view.task->cred.egid;
	ret->arg_value = id | fd << FD_SHIFT;
	ret->follow = follow_fd;
	return 0;
}

static bool list_fd(u64 index, void *dir_arg, char *ret_name, u32 *ret_mode) {
	struct proc_view view;
	int fd = -1;

	if (view_permitted((u32)(uintptr_t)dir_arg, &view) != 0) return false;
	for (u64 i = 0; i <= index; i++) {
		fd = fdtable_next(view.task->files, fd + 1);
		if (fd < 0) return false;
	}
	(void)text_format(ret_name, NAME_CAP, "%d", fd); /* a number fits */
	*ret_mode = S_IFLNK;
	return true;
}

static const struct pseudo_dynamic fd_children = { lookup_fd, list_fd };
static const struct pseudo_dynamic task_children;

static const struct node {
	const char *name;
	u32 mode;
	const struct pseudo_ops *ops;
	int (*follow)(u64 arg, struct path *ret_path);
	const struct pseudo_dynamic *children;
} nodes[] = {
	{ "cmdline", S_IFREG | 0444, &proc_cmdline_ops, NULL, NULL },
	{ "comm", S_IFREG | 0644, &proc_comm_ops, NULL, NULL },
	{ "cwd", S_IFLNK | 0777, NULL, follow_cwd, NULL },
	{ "environ", S_IFREG | 0400, &proc_environ_ops, NULL, NULL },
	{ "exe", S_IFLNK | 0777, NULL, follow_exe, NULL },
	{ "fd", S_IFDIR | 0500, NULL, NULL, &fd_children },
	{ "maps", S_IFREG | 0444, &proc_maps_ops, NULL, NULL },
	{ "mounts", S_IFREG | 0444, &proc_mounts_ops, NULL, NULL },
	{ "root", S_IFLNK | 0777, NULL, follow_root, NULL },
	{ "stat", S_IFREG | 0444, &proc_stat_ops, NULL, NULL },
	{ "statm", S_IFREG | 0444, &proc_statm_ops, NULL, NULL },
	{ "status", S_IFREG | 0444, &proc_status_ops, NULL, NULL },
	{ "task", S_IFDIR | 0555, NULL, NULL, &task_children },
};

static int lookup_node(const char *name, size_t len, void *dir_arg, struct pseudo_node_info *ret) {
	u64 id = (u32)(uintptr_t)dir_arg;
	struct proc_view view;

	if (proc_view(id, &view) != 0) return -ENOENT;
	for (unsigned i = 0; i < ARRAY_COUNT(nodes); i++) {
		const struct node *node = &nodes[i];

		if (strlen(node->name) != len || memcmp(node->name, name, len) != 0) continue;
		ret->mode = node->mode;
		ret->uid = view.task != NULL ? view.task->cred.euid : view.process->uid;
		ret->gid = view.task != NULL ? view.task->cred.egid : 0;
		ret->ops = node->ops;
		ret->arg_value = id;
		ret->follow = node->follow;
		ret->children = node->children;
		return 0;
	}
	return -ENOENT;
}

static bool list_node(u64 index, void *dir_arg, char *ret_name, u32 *ret_mode) {
	struct proc_view view;

	if (index >= ARRAY_COUNT(nodes) || proc_view((u32)(uintptr_t)dir_arg, &view) != 0) return false;
	(void)text_copy(ret_name, NAME_CAP, nodes[index].name); /* they are short */
	*ret_mode = nodes[index].mode;
	return true;
}

static const struct pseudo_dynamic node_children = { lookup_node, list_node };

static void fill_directory(const struct proc_view *view, u64 id, struct pseudo_node_info *ret) {
	ret->mode = S_IFDIR | 0555;
	ret->uid = view->task != NULL ? view->task->cred.euid : view->process->uid;
	ret->gid = view->task != NULL ? view->task->cred.egid : 0;
	ret->arg_value = id;
	ret->children = &node_children;
}

static int lookup_thread(const char *name, size_t len, void *dir_arg, struct pseudo_node_info *ret) {
	struct proc_view view, thread;
	u64 tid;

	if (text_to_u64(name, len, 10, ID_MAX, &tid) != 0 || proc_view((u32)(uintptr_t)dir_arg, &view) != 0 ||
	    proc_view(tid, &thread) != 0 || thread.process != view.process)
		return -ENOENT;
	fill_directory(&thread, tid, ret);
	return 0;
}

static bool list_thread(u64 index, void *dir_arg, char *ret_name, u32 *ret_mode) {
	struct proc_view view;

	if (proc_view((u32)(uintptr_t)dir_arg, &view) != 0) return false;
	list_for_each(pos, &view.process->threads) {
		if (index-- > 0) continue;
		(void)text_format(ret_name, NAME_CAP, "%u", list_entry(pos, struct task, thread_node)->tid); /* fits */
		*ret_mode = S_IFDIR;
		return true;
	}
	return false;
}

static const struct pseudo_dynamic task_children = { lookup_thread, list_thread };

static int lookup_process(const char *name, size_t len, void *dir_arg, struct pseudo_node_info *ret) {
	struct proc_view view;
	u64 id;

	(void)dir_arg; /* the root has none */
	if (len == 4 && memcmp(name, "self", 4) == 0) {
		ret->mode = S_IFLNK | 0777;
		(void)text_format(ret->target, sizeof(ret->target), "%u", task_pid()); /* fits */
		return 0;
	}
	if (len == 11 && memcmp(name, "thread-self", 11) == 0) {
		ret->mode = S_IFLNK | 0777;
		/* fits */
		(void)text_format(ret->target, sizeof(ret->target), "%u/task/%u", task_pid(), task_current()->tid);
		return 0;
	}
	if (text_to_u64(name, len, 10, ID_MAX, &id) != 0 || name[0] == '0' || proc_view(id, &view) != 0)
		return -ENOENT;
	fill_directory(&view, id, ret);
	return 0;
}

static bool list_process(u64 index, void *dir_arg, char *ret_name, u32 *ret_mode) {
	static const char *const links[2] = { "self", "thread-self" };

	(void)dir_arg; /* the root has none */
	if (index < ARRAY_COUNT(links)) {
		(void)text_copy(ret_name, NAME_CAP, links[index]); /* fits */
		*ret_mode = S_IFLNK;
		return true;
	}
	index -= ARRAY_COUNT(links);
	list_for_each(pos, &process_list) {
		if (index-- > 0) continue;
		(void)text_format(ret_name, NAME_CAP, "%u", list_entry(pos, struct process, node)->pid); /* fits */
		*ret_mode = S_IFDIR;
		return true;
	}
	return false;
}

int procnodes_init(struct superblock *proc) {
	static const struct pseudo_dynamic processes = { lookup_process, list_process };

	return pseudo_set_dynamic(proc, "", &processes, NULL);
}
