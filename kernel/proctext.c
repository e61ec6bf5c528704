/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/proctext.c - the texts of /proc/PID, in the forms that ps, top and their like parse.
 *
 * Source     Linux proc(5).
 */
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"
#include "kernel/devnodes.h"
#include "kernel/procnodes.h"
#include "kernel/task.h"
#include "kernel/tty.h"
#include "kernel/vm.h"

#define NS_PER_CLOCK_TICK 10000000ull
#define ULL(v) ((unsigned long long)(v))

static char state_letter(const struct proc_view *view)
{
	const struct task *task = view->task;

	if (view->process->zombie || task == NULL)
		return 'Z';
	switch (task->state) {
	case TASK_SLEEPING:
		return task->sleep_mode == SLEEP_INTERRUPTIBLE ? 'S' : 'D';
	case TASK_STOPPED:
		return 'T';
	default:
		return 'R';
	}
}

static const char *state_name(char letter)
{
	switch (letter) {
	case 'Z':
		return "zombie";
	case 'S':
		return "sleeping";
	case 'D':
		return "disk sleep";
	case 'T':
		return "stopped";
	default:
		return "running";
	}
}

static const char *comm_of(const struct proc_view *view)
{
	return view->task != NULL ? view->task->comm : view->process->comm;
}

static u32 id_of(const struct proc_view *view)
{
	return view->task != NULL && view->process->thread_count > 0 ? view->task->tid : view->process->pid;
}

/* Signals with action SIG_IGN, and with a handler. */
static void signal_sets(const struct process *process, u64 *ret_ignored, u64 *ret_caught)
{
	u64 ignored = 0, caught = 0;

	for (int sig = 1; sig <= SIGNAL_COUNT; sig++) {
		u64 handler = process->sighand->action[sig - 1].handler;

		if (handler == SIG_IGN)
			ignored |= SIG_BIT(sig);
		else if (handler != SIG_DFL)
			caught |= SIG_BIT(sig);
	}
	*ret_ignored = ignored;
	*ret_caught = caught;
}

static void show_stat_memory(struct show_sink *sink, const struct proc_view *view)
{
	static const struct mm none;
	const struct task *task = view->task;
	const struct mm *mm = task != NULL && task->mm != NULL ? task->mm : &none;
	bool may_look = proc_permitted(view) == 0;
	u64 ignored, caught;

	signal_sets(view->process, &ignored, &caught);
	show_format(sink, " %llu %llu %llu %llu %llu %llu 0 0", ULL(mm->total_pages * PAGE_SIZE),
		    ULL(mm->owned_pages + mm->borrowed_pages), ULL(view->process->limits[RLIMIT_RSS].soft),
		    ULL(may_look ? mm->code_start : 1), ULL(may_look ? mm->code_end : 1),
			    ULL(may_look ? mm->stack_start : 0));
	show_format(sink, " %llu %llu %llu %llu 0 0 0", ULL(task != NULL ? task->pending.set & 0x7fffffff : 0),
		    ULL(task != NULL ? task->blocked & 0x7fffffff : 0), ULL(ignored & 0x7fffffff),
			    ULL(caught & 0x7fffffff));
	show_format(sink, " %d 0 0 0 0 0 0", view->process->exit_signal);
	show_format(sink, " %llu %llu %llu %llu %llu %llu %llu %d\n", ULL(may_look ? mm->data_start : 0),
		    ULL(may_look ? mm->data_end : 0), ULL(may_look ? mm->brk_start : 0),
			    ULL(may_look ? mm->arg_start : 0),
		    ULL(may_look ? mm->arg_end : 0), ULL(may_look ? mm->env_start : 0), ULL(may_look ? mm->env_end : 0),
		    may_look ? view->process->exit_status : 0);
}

static int show_stat(struct show_sink *sink, void *arg)
{
	struct proc_view view;
	u64 user, system;
	u32 foreground;
	int err = proc_view((u64)(uintptr_t)arg, &view);

	if (err != 0)
		return err;
	const struct process *p = view.process;
	u32 tty = tty_device(p->sid, &foreground);
	s32 nice = view.task != NULL ? view.task->nice : 0;

	process_times(p, &user, &system);
	show_format(sink, "%u (%s) %c %u %u %u %u %d 0 0 0 0 0", id_of(&view), comm_of(&view), state_letter(&view),
		    p->parent != NULL ? p->parent->pid : 0, p->pgid, p->sid, tty, tty != 0 ? (int)foreground : -1);
	show_format(sink, " %llu %llu %llu %llu %d %d %u 0 %llu", ULL(user / NS_PER_CLOCK_TICK),
		    ULL(system / NS_PER_CLOCK_TICK),
		    ULL(p->child_user_ns / NS_PER_CLOCK_TICK), ULL(p->child_system_ns / NS_PER_CLOCK_TICK), 20 + nice,
			    nice,
		    p->thread_count, ULL(p->start_ns / NS_PER_CLOCK_TICK));
	show_stat_memory(sink, &view);
	return 0;
}

static u64 region_total(const struct mm *mm, bool (*counts)(const struct region *r))
{
	u64 pages = 0;

	list_for_each(pos, &mm->regions) {
		const struct region *r = list_entry(pos, struct region, node);

		if (counts(r))
			pages += region_pages(r);
	}
	return pages;
}

static bool is_code(const struct region *r)
{
	return (r->prot & PROT_EXEC) != 0;
}

static bool is_data(const struct region *r)
{
	return (r->prot & PROT_WRITE) != 0 && (r->flags & REGION_SHARED) == 0;
}

static bool is_stack(const struct region *r)
{
	return (r->flags & REGION_STACK) != 0;
}

static int show_statm(struct show_sink *sink, void *arg)
{
	struct proc_view view;
	int err = proc_view((u64)(uintptr_t)arg, &view);

	if (err != 0)
		return err;
	const struct mm *mm = view.task != NULL ? view.task->mm : NULL;

	if (mm == NULL)
		show_format(sink, "0 0 0 0 0 0 0\n");
	else
		show_format(sink, "%llu %llu %llu %llu 0 %llu 0\n", ULL(mm->total_pages),
			    ULL(mm->owned_pages + mm->borrowed_pages),
		    ULL(mm->borrowed_pages), ULL(region_total(mm, is_code)), ULL(region_total(mm, is_data)));
	return 0;
}

static void show_status_memory(struct show_sink *sink, const struct mm *mm)
{
	u64 kib = PAGE_SIZE / 1024;

	show_format(sink,
		    "VmPeak:\t%8llu kB\nVmSize:\t%8llu kB\nVmLck:\t       0 kB\nVmHWM:\t%8llu kB\nVmRSS:\t%8llu kB\n",
		    ULL(mm->total_pages * kib), ULL(mm->total_pages * kib),
			    ULL((mm->owned_pages + mm->borrowed_pages) * kib),
		    ULL((mm->owned_pages + mm->borrowed_pages) * kib));
	show_format(sink,
		    "RssAnon:\t%8llu kB\nRssFile:\t%8llu kB\nVmData:\t%8llu kB\nVmStk:\t%8llu kB\nVmExe:\t%8llu kB\n",
		    ULL(mm->owned_pages * kib), ULL(mm->borrowed_pages * kib), ULL(region_total(mm, is_data) * kib),
		    ULL(region_total(mm, is_stack) * kib), ULL(region_total(mm, is_code) * kib));
	show_format(sink, "VmPTE:\t%8llu kB\nVmSwap:\t       0 kB\n", ULL(mm->pages.table_pages * kib));
}

static void show_status_ids(struct show_sink *sink, const struct cred *cred)
{
	show_format(sink, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", cred->uid, cred->euid, cred->suid,
		    cred->fsuid, cred->gid,
		    cred->egid, cred->sgid, cred->fsgid);
	show_format(sink, "Groups:\t");
	for (u32 i = 0; i < cred->group_count; i++)
		show_format(sink, "%u ", cred->groups[i]);
	show_format(sink, "\n");
}

static int show_status(struct show_sink *sink, void *arg)
{
	struct proc_view view;
	u64 ignored, caught;
	int err = proc_view((u64)(uintptr_t)arg, &view);

	if (err != 0)
		return err;
	const struct process *p = view.process;
	const struct task *task = view.task;
	char letter = state_letter(&view);

	show_format(sink, "Name:\t%s\n", comm_of(&view));
	if (task != NULL)
		show_format(sink, "Umask:\t%04o\n", task->fs != NULL ? task->fs->context.umask : 0);
	show_format(sink, "State:\t%c (%s)\nTgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\nTracerPid:\t0\n", letter,
		    state_name(letter),
		    p->pid, id_of(&view), p->parent != NULL ? p->parent->pid : 0);
	if (task != NULL)
		show_status_ids(sink, &task->cred);
	if (task != NULL && task->mm != NULL)
		show_status_memory(sink, task->mm);
	signal_sets(p, &ignored, &caught);
	show_format(sink, "Threads:\t%u\nSigQ:\t%u/%llu\nSigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n",
		    p->thread_count,
		    p->pending.queued, ULL(p->limits[RLIMIT_SIGPENDING].soft),
			    ULL(task != NULL ? task->pending.set : 0),
		    ULL(p->pending.set), ULL(task != NULL ? task->blocked : 0));
	show_format(sink, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n", ULL(ignored), ULL(caught));
	show_format(sink, "NoNewPrivs:\t%d\nCpus_allowed:\t1\nCpus_allowed_list:\t0\n", task != NULL &&
		    task->no_new_privs);
	return 0;
}

/* A stretch of the program's memory as it is now. */
static int show_memory(struct show_sink *sink, struct mm *mm, u64 start, u64 end)
{
	u8 *buf = port_alloc(PAGE_SIZE);

	if (buf == NULL)
		return -ENOMEM;
	while (start < end) {
		size_t want = min_u64(end - start, PAGE_SIZE), got = vm_peek(mm, start, buf, want);

		show_bytes(sink, buf, got);
		start += got;
		if (got < want)
			break;
	}
	port_free(buf);
	return 0;
}

static int show_cmdline(struct show_sink *sink, void *arg)
{
	struct proc_view view;
	int err = proc_view((u64)(uintptr_t)arg, &view);

	if (err != 0)
		return err;
	if (view.task == NULL || view.task->mm == NULL)
		return 0;
	return show_memory(sink, view.task->mm, view.task->mm->arg_start, view.task->mm->arg_end);
}

static int show_environ(struct show_sink *sink, void *arg)
{
	struct proc_view view;
	int err = proc_view((u64)(uintptr_t)arg, &view);

	if (err == 0)
		err = proc_permitted(&view);
	if (err != 0)
		return err;
	if (view.task == NULL || view.task->mm == NULL)
		return 0;
	return show_memory(sink, view.task->mm, view.task->mm->env_start, view.task->mm->env_end);
}

static int show_comm(struct show_sink *sink, void *arg)
{
	struct proc_view view;
	int err = proc_view((u64)(uintptr_t)arg, &view);

	if (err == 0)
		show_format(sink, "%s\n", comm_of(&view));
	return err;
}

/* Only a thread of the same process may rename. */
static ssize store_comm(const char *text, size_t len, void *arg, const struct cred *cred)
{
	struct proc_view view;
	int err = proc_view((u64)(uintptr_t)arg, &view);

	(void)cred; /* being the process is what counts */
	if (err != 0)
		return err;
	if (view.process != process_current() || view.task == NULL)
		return -EINVAL;
	size_t kept = min_u64(len, COMM_LEN - 1);

	if (kept > 0 && text[kept - 1] == '\n')
		kept--;
	memset(view.task->comm, 0, COMM_LEN);
	memcpy(view.task->comm, text, kept);
	return (ssize)len;
}

static void show_region(struct show_sink *sink, const struct mm *mm, const struct region *r, char *path)
{
	const struct inode *inode = r->file != NULL ? r->file->inode : NULL;
	u64 dev = inode != NULL ? inode->sb->dev : 0;

	show_format(sink, "%08llx-%08llx %c%c%c%c %08llx %02llx:%02llx %llu ", ULL(r->start), ULL(r->end),
		    (r->prot & PROT_READ) != 0 ? 'r' : '-', (r->prot & PROT_WRITE) != 0 ? 'w' : '-',
		    (r->prot & PROT_EXEC) != 0 ? 'x' : '-', (r->flags & REGION_SHARED) != 0 ? 's' : 'p', ULL(r->offset),
		    ULL(dev >> 8 & 0xfff), ULL(dev & 0xff), ULL(inode != NULL ? inode->ino : 0));
	if (r->file != NULL && path_name(task_fs(), &r->file->path, path, VFS_PATH_MAX) >= 0)
		show_format(sink, "                   %s", path);
	else if ((r->flags & REGION_HEAP) != 0)
		show_format(sink, "                   [heap]");
	else if (r->start <= mm->stack_start && mm->stack_start < r->end)
		show_format(sink, "                   [stack]");
	show_format(sink, "\n");
}

static int show_maps(struct show_sink *sink, void *arg)
{
	struct proc_view view;
	int err = proc_view((u64)(uintptr_t)arg, &view);

	if (err == 0)
		err = proc_permitted(&view);
	if (err != 0)
		return err;
	if (view.task == NULL || view.task->mm == NULL)
		return 0;
	char *path = port_alloc(VFS_PATH_MAX);

	if (path == NULL)
		return -ENOMEM;
	list_for_each(pos, &view.task->mm->regions)
		show_region(sink, view.task->mm, list_entry(pos, struct region, node), path);
	port_free(path);
	return 0;
}

static void show_limit(struct show_sink *sink, const char *name, u64 value)
{
	if (value == RLIM_INFINITY)
		show_format(sink, "%s%-20s ", name, "unlimited");
	else
		show_format(sink, "%s%-20llu ", name, ULL(value));
}

static int show_limits(struct show_sink *sink, void *arg)
{
	static const struct {
		const char *name, *unit;
	} names[RLIMIT_COUNT] = {
		{ "Max cpu time              ", "seconds" }, { "Max file size             ", "bytes" },
		{ "Max data size             ", "bytes" }, { "Max stack size            ", "bytes" },
		{ "Max core file size        ", "bytes" }, { "Max resident set          ", "bytes" },
		{ "Max processes             ", "processes" }, { "Max open files            ", "files" },
		{ "Max locked memory         ", "bytes" }, { "Max address space         ", "bytes" },
		{ "Max file locks            ", "locks" }, { "Max pending signals       ", "signals" },
		{ "Max msgqueue size         ", "bytes" }, { "Max nice priority         ", "" },
		{ "Max realtime priority     ", "" }, { "Max realtime timeout      ", "us" },
	};
	struct proc_view view;
	int err = proc_view((u64)(uintptr_t)arg, &view);

	if (err != 0)
		return err;
	show_format(sink, "Limit                     Soft Limit           Hard Limit           Units     \n");
	for (unsigned i = 0; i < RLIMIT_COUNT; i++) {
		show_limit(sink, names[i].name, view.process->limits[i].soft);
		show_limit(sink, "", view.process->limits[i].hard);
		show_format(sink, "%-10s\n", names[i].unit);
	}
	return 0;
}

/* One name space: everybody sees the same mounts. */
static int show_mounts(struct show_sink *sink, void *arg)
{
	(void)arg; /* whose it is makes no difference */
	mounts_show(sink);
	return 0;
}

const struct pseudo_ops proc_stat_ops = { .show = show_stat };
const struct pseudo_ops proc_statm_ops = { .show = show_statm };
const struct pseudo_ops proc_status_ops = { .show = show_status };
const struct pseudo_ops proc_cmdline_ops = { .show = show_cmdline };
const struct pseudo_ops proc_environ_ops = { .show = show_environ };
const struct pseudo_ops proc_comm_ops = { .show = show_comm, .store = store_comm };
const struct pseudo_ops proc_maps_ops = { .show = show_maps };
const struct pseudo_ops proc_limits_ops = { .show = show_limits };
const struct pseudo_ops proc_mounts_ops = { .show = show_mounts };
