/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/procnodes.c - the shape of /proc/PID: names, modes, owners, links.
 *
 * Invariant: nothing is kept between lookup and use but ids, so that a process may end at any time in between.
 */
#include "kernel/procnodes.h"

#include "fs/nodefs.h"
#include "kernel/devnodes.h"
#include "kernel/filearg.h"
#include "kernel/task.h"
#include "kernel/vm.h"

#define FD_SHIFT 32u

static struct mm no_memory = { .regions = LIST_INIT(no_memory.regions) };

int proc_view(void *arg, struct proc_view *ret_view) {
	u32 id = (u32)(uintptr_t)arg;
	struct task *task = task_find(id);
	struct process *process = process_find(id);

	if (process == NULL && task != NULL) process = task->process;
	if (process == NULL) return -ESRCH;
	if (task == NULL) task = process_any_thread(process);
	*ret_view = (struct proc_view){ process, task, process->pid, process->comm, &no_memory };
	if (task == NULL) return 0;
	ret_view->id = task->tid;
	ret_view->comm = task->comm;
	if (task->mm != NULL) ret_view->mm = task->mm;
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
static int view_permitted(void *arg, struct proc_view *ret_view) {
	TRY(proc_view(arg, ret_view));
	TRY(proc_permitted(ret_view));
	return ret_view->task == NULL || ret_view->task->mm == NULL || ret_view->task->fs == NULL ? -ENOENT : 0;
}

enum link { LINK_EXE, LINK_CWD, LINK_ROOT, LINK_FD };

static int follow(void *arg, enum link link, struct path *ret_path) {
	struct proc_view view;

	TRY(view_permitted(arg, &view));
	const struct task *task = view.task;
	int fd = link == LINK_FD ? (int)((uintptr_t)arg >> FD_SHIFT) : -1;
	RELEASED(file_drop) struct file *file = fd >= 0 ? fdtable_file(task->files, fd) : NULL;

	if (link == LINK_EXE ? task->mm->exe == NULL : link == LINK_FD && file == NULL) return -ENOENT;
	*ret_path = link == LINK_EXE ? task->mm->exe->path : link == LINK_FD ? file->path :
		    link == LINK_CWD ? task->fs->context.cwd : task->fs->context.root;
	path_get(ret_path);
	return 0;
}

static int follow_exe(void *arg, struct path *ret_path) { return follow(arg, LINK_EXE, ret_path); }
static int follow_cwd(void *arg, struct path *ret_path) { return follow(arg, LINK_CWD, ret_path); }
static int follow_root(void *arg, struct path *ret_path) { return follow(arg, LINK_ROOT, ret_path); }
static int follow_fd(void *arg, struct path *ret_path) { return follow(arg, LINK_FD, ret_path); }

/* Owner and argument of what belongs to a thread or process. */
static int look_view(const struct proc_view *view, u64 number, struct pseudo_node *node) {
	node->uid = view->task != NULL ? view->task->cred.euid : view->process->uid;
	node->gid = view->task != NULL ? view->task->cred.egid : 0;
	if (number != PSEUDO_NONE) node->arg = (void *)(uintptr_t)number;
	return 0;
}

static int look_process(void *dir_arg, u64 number, struct pseudo_node *node) {
	struct proc_view view;

	if (proc_view(number != PSEUDO_NONE ? (void *)(uintptr_t)number : dir_arg, &view) != 0) return -ENOENT;
	return look_view(&view, number, node);
}

static int look_thread(void *dir_arg, u64 number, struct pseudo_node *node) {
	struct proc_view view, thread;

	if (proc_view(dir_arg, &view) != 0 || proc_view((void *)(uintptr_t)number, &thread) != 0) return -ENOENT;
	return thread.process == view.process ? look_view(&thread, number, node) : -ENOENT;
}

static int look_fd(void *dir_arg, u64 number, struct pseudo_node *node) {
	struct proc_view view;

	if (view_permitted(dir_arg, &view) != 0) return -ENOENT;
	RELEASED(file_drop) struct file *file = fdtable_file(view.task->files, (int)number);

	if (file == NULL) return -ENOENT;
	u32 access = file->flags & O_ACCMODE;

	node->mode = S_IFLNK | (access != O_WRONLY ? 0500 : 0) | (access != O_RDONLY ? 0300 : 0);
	return look_view(&view, (uintptr_t)dir_arg | number << FD_SHIFT, node);
}

static u64 next_process(void *, u64 from) {
	u64 next = PSEUDO_NONE;

	list_for_each_entry(struct process, p, &process_list, node) {
		if (p->pid >= from) next = min_u64(next, p->pid);
	}
	return next;
}

static u64 next_thread(void *dir_arg, u64 from) {
	struct proc_view view;
	u64 next = PSEUDO_NONE;

	if (proc_view(dir_arg, &view) != 0) return next;
	list_for_each_entry(struct task, t, &view.process->threads, thread_node) {
		if (t->tid >= from) next = min_u64(next, t->tid);
	}
	return next;
}

static u64 next_fd(void *dir_arg, u64 from) {
	struct proc_view view;
	int fd = view_permitted(dir_arg, &view) == 0 ? fdtable_next(view.task->files, (int)from) : -1;

	return fd < 0 ? PSEUDO_NONE : (u64)fd;
}

static int show_self(struct blob *text, void *) {
	blob_format(text, "%u", task_pid());
	return 0;
}

static int show_thread_self(struct blob *text, void *) {
	blob_format(text, "%u/task/%u", task_pid(), task_current()->tid);
	return 0;
}

static const struct pseudo_node descriptor = { .follow = follow_fd, .mode = S_IFLNK | 0700 };
static const struct pseudo_dir descriptors = { .numbered = &descriptor, .next = next_fd, .look = look_fd };

static const struct pseudo_dir threads;
static const struct pseudo_node of_process[] = {
	{ "cmdline", S_IFREG | 0444, .show = proc_show_cmdline },
	{ "comm", S_IFREG | 0644, .show = proc_show_comm, .store = proc_store_comm },
	{ "cwd", S_IFLNK | 0777, .follow = follow_cwd },
	{ "environ", S_IFREG | 0400, .show = proc_show_environ },
	{ "exe", S_IFLNK | 0777, .follow = follow_exe },
	{ "fd", S_IFDIR | 0500, .dir = &descriptors },
	{ "maps", S_IFREG | 0444, .show = proc_show_maps },
	{ "mounts", S_IFREG | 0444, .show = mounts_show }, /* one name space: everybody sees the same */
	{ "root", S_IFLNK | 0777, .follow = follow_root },
	{ "stat", S_IFREG | 0444, .show = proc_show_stat },
	{ "statm", S_IFREG | 0444, .show = proc_show_statm },
	{ "status", S_IFREG | 0444, .show = proc_show_status },
	{ "task", S_IFDIR | 0555, .dir = &threads },
};
static const struct pseudo_dir process_dir = { of_process, ARRAY_COUNT(of_process), .look = look_process };
static const struct pseudo_node process_node = { .mode = S_IFDIR | 0555, .dir = &process_dir };
static const struct pseudo_dir threads = { .numbered = &process_node, .next = next_thread, .look = look_thread };
static const struct pseudo_dir processes = { .numbered = &process_node, .next = next_process, .look = look_process };

static const struct pseudo_node nodes[] = {
	{ "", S_IFDIR | 0555, .dir = &processes },
	{ "self", S_IFLNK | 0777, .show = show_self },
	{ "thread-self", S_IFLNK | 0777, .show = show_thread_self },
};
NODES(NODEFS_PROC, nodes);
