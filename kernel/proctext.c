/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/proctext.c - the texts of /proc/PID, in the forms that ps, top and their like parse.
 *
 * Source     Linux proc(5).
 */
#include "kernel/procnodes.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/tty.h"
#include "kernel/vm.h"

/* As /proc/PID/status has it; the first letter alone is for stat. */
static const char *state_text(const struct proc_view *view) {
	const struct task *task = view->task;

	if (task == NULL) return "Z (zombie)";
	if (task->state == TASK_STOPPED) return "T (stopped)";
	if (task->state != TASK_SLEEPING) return "R (running)";
	return task->sleep_mode == SLEEP_INTERRUPTIBLE ? "S (sleeping)" : "D (disk sleep)";
}

static u32 parent_of(const struct process *p) { return p->parent != NULL ? p->parent->pid : 0; }

/* Signals with action SIG_IGN, or those with a handler. */
static u64 signal_set(const struct process *process, bool caught) {
	u64 set = 0;

	for (int sig = 1; sig <= SIGNAL_COUNT; sig++) {
		u64 handler = process->sighand->action[sig - 1].handler;

		if (caught ? handler > SIG_IGN : handler == SIG_IGN) set |= SIG_BIT(sig);
	}
	return set;
}

/* Addresses are shown to those who may look into the process. */
static void show_stat_memory(struct blob *text, const struct proc_view *view) {
	const struct process *p = view->process;
	const struct mm *mm = view->mm, hidden = { 0 }, *shown = proc_permitted(view) == 0 ? mm : &hidden;
	u64 pending = view->task != NULL ? view->task->pending.set : 0;
	u64 blocked = view->task != NULL ? view->task->blocked : 0;
	u64 low = 0x7fffffff, resident = mm->owned_pages + mm->borrowed_pages;

	blob_format(text, " %lu %lu %lu %lu %lu %lu 0 0", mm->total_pages * PAGE_SIZE, resident,
		    p->limits[RLIMIT_RSS].soft, shown->at.code_start, shown->at.code_end, shown->at.stack_start);
	blob_format(text, " %lu %lu %lu %lu 0 0 0 %d 0 0 0 0 0 0", pending & low, blocked & low,
		    signal_set(p, false) & low, signal_set(p, true) & low, p->exit_signal);
	blob_format(text, " %lu %lu %lu %lu %lu %lu %lu %d\n", shown->at.data_start, shown->at.data_end,
		    shown->at.brk_start, shown->at.arg_start, shown->at.arg_end, shown->at.env_start, shown->at.env_end,
		    p->exit_status);
}

int proc_show_stat(struct blob *text, void *arg) {
	struct proc_view view;
	u32 foreground;

	TRY(proc_view(arg, &view));
	const struct process *p = view.process;
	const u64 tick = NS_PER_CLOCK_TICK;
	struct cpu_times own = process_times(p), children = p->children_times;
	u32 tty = tty_device(p->sid, &foreground);
	s32 nice = view.task != NULL ? view.task->nice : 0;

	blob_format(text, "%u (%s) %c %u %u %u %u %d 0 0 0 0 0", view.id, view.comm, *state_text(&view),
		    parent_of(p), p->pgid, p->sid, tty, tty != 0 ? (int)foreground : -1);
	blob_format(text, " %lu %lu %lu %lu %d %d %u 0 %lu", own.user / tick, own.system / tick, children.user / tick,
		    children.system / tick, 20 + nice, nice, p->thread_count, p->start_ns / tick);
	show_stat_memory(text, &view);
	return 0;
}

/* Pages of regions that are executable, or else of those that are written to privately. */
static u64 region_total(const struct mm *mm, bool code) {
	u64 pages = 0;

	list_for_each_entry(struct region, r, &mm->regions, node) {
		bool data = (r->prot & PROT_WRITE) != 0 && (r->flags & REGION_SHARED) == 0;

		if (code ? (r->prot & PROT_EXEC) != 0 : data) pages += region_pages(r);
	}
	return pages;
}

int proc_show_statm(struct blob *text, void *arg) {
	struct proc_view view;

	TRY(proc_view(arg, &view));
	const struct mm *mm = view.mm;

	blob_format(text, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_pages, mm->owned_pages + mm->borrowed_pages,
		    mm->borrowed_pages, region_total(mm, true), region_total(mm, false));
	return 0;
}

/* The lines of a process that has threads and memory. */
static void show_status_task(struct blob *text, const struct task *task) {
	const struct cred *c = &task->cred;
	const struct mm *mm = task->mm;
	u32 umask = task->fs->context.umask;

	blob_format(text, "Umask:\t0%u%u%u\n", umask >> 6 & 7, umask >> 3 & 7, umask & 7);
	blob_format(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nGroups:\t", c->uid, c->euid, c->suid,
		    c->fsuid, c->gid, c->egid, c->sgid, c->fsgid);
	for (u32 i = 0; i < c->group_count; i++) blob_format(text, "%u ", c->groups[i]);
	if (c->group_count == 0) blob_format(text, " ");
	const struct {
		const char *name;
		u64 pages;
	} sizes[] = {
		{ "VmPeak", mm->total_pages }, { "VmSize", mm->total_pages }, { "VmLck", 0 },
		{ "VmHWM", mm->owned_pages + mm->borrowed_pages }, { "VmRSS", mm->owned_pages + mm->borrowed_pages },
		{ "RssAnon", mm->owned_pages }, { "RssFile", mm->borrowed_pages },
		{ "VmData", region_total(mm, false) }, { "VmExe", region_total(mm, true) },
		{ "VmPTE", mm->pages.table_pages }, { "VmSwap", 0 },
	};

	blob_format(text, "\n");
	for (unsigned i = 0; i < ARRAY_COUNT(sizes); i++)
		blob_format(text, "%s:\t%8lu kB\n", sizes[i].name, sizes[i].pages * PAGE_SIZE / 1024);
}

int proc_show_status(struct blob *text, void *arg) {
	struct proc_view view;

	TRY(proc_view(arg, &view));
	const struct process *p = view.process;
	const struct task *task = view.task;

	blob_format(text, "Name:\t%s\nState:\t%s\nTgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\nTracerPid:\t0\n",
		    view.comm, state_text(&view), p->pid, view.id, parent_of(p));
	if (task != NULL && task->mm != NULL && task->fs != NULL) show_status_task(text, task);
	blob_format(text, "Threads:\t%u\nSigQ:\t%u/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n",
		    p->thread_count, p->pending.queued, p->limits[RLIMIT_SIGPENDING].soft,
		    task != NULL ? task->pending.set : 0, p->pending.set, task != NULL ? task->blocked : 0);
	blob_format(text,
		    "SigIgn:\t%016lx\nSigCgt:\t%016lx\nNoNewPrivs:\t%d\nCpus_allowed:\t1\nCpus_allowed_list:\t0\n",
		    signal_set(p, false), signal_set(p, true), task != NULL && task->no_new_privs);
	return 0;
}

/* The program's arguments or environment as they stand in its memory now. */
static int show_strings(struct blob *text, void *arg, bool environment) {
	struct proc_view view;
	u8 buf[512];
	size_t got = sizeof(buf);

	TRY(proc_view(arg, &view));
	if (environment) TRY(proc_permitted(&view));
	u64 start = environment ? view.mm->at.env_start : view.mm->at.arg_start;
	u64 end = environment ? view.mm->at.env_end : view.mm->at.arg_end;

	for (; start < end && got == sizeof(buf); start += got) {
		got = vm_peek(view.mm, start, buf, min_u64(end - start, sizeof(buf)));
		blob_bytes(text, buf, got);
	}
	return 0;
}

int proc_show_cmdline(struct blob *text, void *arg) { return show_strings(text, arg, false); }

int proc_show_environ(struct blob *text, void *arg) { return show_strings(text, arg, true); }

int proc_show_comm(struct blob *text, void *arg) {
	struct proc_view view;

	TRY(proc_view(arg, &view));
	blob_format(text, "%s\n", view.comm);
	return 0;
}

/* Only a thread of the same process may rename. */
ssize proc_store_comm(const char *text, size_t len, void *arg, const struct cred *) {
	struct proc_view view;

	TRY(proc_view(arg, &view));
	if (view.process != process_current() || view.task == NULL) return -EINVAL;
	size_t kept = min_u64(len, COMM_LEN - 1);

	if (kept > 0 && text[kept - 1] == '\n') kept--;
	memset(view.task->comm, 0, COMM_LEN);
	memcpy(view.task->comm, text, kept);
	return (ssize)len;
}

static void show_region(struct blob *text, const struct mm *mm, const struct region *r, char *path) {
	const struct inode *inode = r->file != NULL ? r->file->inode : NULL;
	u64 dev = inode != NULL ? inode->sb->dev : 0;
	const char *what = (r->flags & REGION_HEAP) != 0 ? "[heap]"
			   : r->start <= mm->at.stack_start && mm->at.stack_start < r->end ? "[stack]" : NULL;

	if (r->file != NULL && path_name(task_fs(), &r->file->path, path, VFS_PATH_MAX) >= 0) what = path;
	blob_format(text, "%08lx-%08lx %c%c%c%c %08lx %02lx:%02lx %lu %s%s\n", r->start, r->end,
		    (r->prot & PROT_READ) != 0 ? 'r' : '-', (r->prot & PROT_WRITE) != 0 ? 'w' : '-',
		    (r->prot & PROT_EXEC) != 0 ? 'x' : '-', (r->flags & REGION_SHARED) != 0 ? 's' : 'p', r->offset,
		    dev >> 8 & 0xfff, dev & 0xff, inode != NULL ? inode->ino : 0,
		    what != NULL ? "                   " : "", what != NULL ? what : "");
}

int proc_show_maps(struct blob *text, void *arg) {
	struct proc_view view;

	TRY(proc_view(arg, &view));
	TRY(proc_permitted(&view));
	char *path = port_alloc(VFS_PATH_MAX);

	if (path == NULL) return -ENOMEM;
	list_for_each_entry(struct region, r, &view.mm->regions, node) show_region(text, view.mm, r, path);
	port_free(path);
	return 0;
}
