/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exit.c - the end of threads and processes, and the parent's wait.
 *
 * Invariants: a zombie has a living parent that may wait for it, or it is freed at once; the end of pid 1 is
 * the end of the machine. Statuses are as wait4 gives them: signal, or exit code << 8.
 */
#include "kernel/futex.h"
#include "kernel/power.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/tty.h"
#include "kernel/vm.h"
#include "kernel/x86/usercopy.h"

bool task_is_dying(const struct task *task) {
	const struct process *process = task->process;

	return process->exiting || (process->exec_task != NULL && process->exec_task != task);
}

static void wake_to_die(struct task *task) {
	if (task->state == TASK_STOPPED || (task->state == TASK_SLEEPING && task->sleep_mode != SLEEP_DEEP))
		sched_wake(task, -EINTR);
}

void process_kill(struct process *process, int status) {
	if (process->exiting) return;
	process->exiting = true;
	process->exit_status = status;
	process->stopping = false;
	list_for_each(pos, &process->threads) wake_to_die(list_entry(pos, struct task, thread_node));
}

void task_exit_group(int status) {
	process_kill(process_current(), status);
	task_exit(process_current()->exit_status);
}

int task_become_single(void) {
	struct task *self = task_current();
	struct process *process = self->process;

	if (task_is_dying(self)) return -EAGAIN;
	process->exec_task = self;
	list_for_each_entry(struct task, task, &process->threads, thread_node)
		if (task != self) wake_to_die(task);
	while (process->thread_count > 1 && !process->exiting)
		(void)sched_sleep(0, SLEEP_KILLABLE); /* the loop looks at why it woke */
	process->exec_task = NULL;
	if (process->exiting) return -EAGAIN;
	self->tid = process->pid;
	return 0;
}

void task_release_mm(struct task *task) {
	u32 zero = 0;

	if (task->mm != NULL) {
		futex_release_robust(task);
		if (task->clear_tid != 0 && task->mm->refs > 1 &&
		    copy_to_user(uaddr(task->clear_tid), &zero, sizeof(zero)) == 0)
			futex_wake_one(task->clear_tid);
	}
	task->clear_tid = 0;
	task->robust_list = 0;
	if (task->vfork != NULL) {
		task->vfork->done = true;
		sched_wake(task->vfork->parent, 0);
		task->vfork = NULL;
	}
}

/* The process's event, for its parent. */
static struct siginfo_abi event_info(const struct process *process, int sig) {
	struct siginfo_abi info = signal_info(sig, process->event);

	info.u.child.pid = (s32)process->pid;
	info.u.child.uid = process->uid;
	info.u.child.status = process->event_status;
	return info;
}

void process_notify_parent(struct process *process, int code, int status) {
	struct process *parent = process->parent;
	const struct task *thread = process_any_thread(process);
	bool ended = code != CLD_STOPPED && code != CLD_CONTINUED;
	struct cpu_times times = process_times(process);

	if (parent == NULL) return;
	if (thread != NULL) process->uid = thread->cred.uid;
	process->event = code;
	process->event_status = status;
	struct siginfo_abi info = event_info(process, ended ? process->exit_signal : SIGCHLD);

	info.u.child.utime = (s64)(times.user / NS_PER_CLOCK_TICK);
	info.u.child.stime = (s64)(times.system / NS_PER_CLOCK_TICK);
	if (ended || (parent->sighand->action[SIGCHLD - 1].flags & SA_NOCLDSTOP) == 0)
		(void)signal_send_process(parent, &info); /* a full queue loses only the information */
	waitq_wake_all(&parent->child_event);
}

/* CLD_* of a zombie, and its exit code or signal. */
static int ended_code(const struct process *process, int *ret_status) {
	int signal = process->exit_status & 0x7f;

	*ret_status = signal != 0 ? signal : process->exit_status >> 8 & 0xff;
	return signal != 0 ? CLD_KILLED : CLD_EXITED;
}

/* A zombie tells its parent, and is gone when the parent does not want it. */
static void announce_end(struct process *process) {
	const struct sigaction_abi *wish = &process->parent->sighand->action[SIGCHLD - 1];
	bool unwanted = process->exit_signal == SIGCHLD &&
			(wish->handler == SIG_IGN || (wish->flags & SA_NOCLDWAIT) != 0);
	int status, code = ended_code(process, &status);

	process_notify_parent(process, code, status);
	if (unwanted) process_free(process);
}

static bool group_has_stopped(u32 pgid) {
	list_for_each_entry(struct process, process, &process_list, node)
		if (process->pgid == pgid && process->stopping) return true;
	return false;
}

/*
 * A stopped group whose last tie to another group of the session was between process and parent would stand for ever.
 */
static void release_orphaned_group(const struct process *process, const struct process *parent) {
	u32 pgid = process->pgid;

	if (parent == NULL || parent->pgid == pgid || parent->sid != process->sid) return;
	if (!task_group_orphaned(pgid) || !group_has_stopped(pgid)) return;
	task_signal_group(pgid, SIGHUP);
	task_signal_group(pgid, SIGCONT);
}

/* init becomes the parent of what is left. */
static void give_children_away(struct process *process) {
	struct process *init = process_find(1);

	list_for_each_safe(pos, next, &process->children) {
		struct process *child = list_entry(pos, struct process, sibling);

		list_del(&child->sibling);
		child->parent = init;
		list_add_tail(&init->children, &child->sibling);
		release_orphaned_group(child, process);
		child->exit_signal = SIGCHLD;
		if (child->zombie) announce_end(child);
	}
}

static void end_process(struct task *last) {
	struct process *process = last->process;
	int status;

	if (process->pid == 1) {
		int code = ended_code(process, &status);

		power_off(code == CLD_EXITED ? status : 128 + status, NULL);
	}
	process->zombie = true;
	process->uid = last->cred.uid;
	memcpy(process->comm, last->comm, sizeof(process->comm));
	ktimer_cancel(&process->alarm.timer);
	give_children_away(process);
	if (process->sid == process->pid) tty_session_end(process->sid);
	release_orphaned_group(process, process->parent);
	announce_end(process);
}

void task_exit(int status) {
	struct task *task = task_current();
	struct process *process = task->process;
	struct mm *mm = task->mm;

	if (!process->exiting && process->thread_count == 1) process_kill(process, status);
	task_release_mm(task);
	task->mm = NULL;
	pagetable_switch(NULL);
	mm_put(mm);
	fdtable_put(task->files);
	task->files = NULL;
	fs_state_put(task->fs);
	task->fs = NULL;
	sched_account(true);
	cpu_times_add(&process->dead, task->times);
	list_del(&task->node);
	list_del(&task->thread_node);
	task_count--;
	if (--process->thread_count == 0)
		end_process(task);
	else if (process->exec_task != NULL)
		sched_wake(process->exec_task, 0);
	task->process = NULL;
	sched_end();
}

static bool matches(const struct process *child, const struct wait_request *q) {
	if (q->which == WAIT_PID) return child->pid == q->id;
	return q->which != WAIT_GROUP || child->pgid == q->id;
}

/* true when child has something to tell that was asked for; unless WAIT_KEEP it is then told. */
static bool collect(struct process *parent, struct process *child, u32 options, struct wait_result *ret) {
	static const u32 asked[] = { [CLD_EXITED] = WAIT_EXITED, [CLD_KILLED] = WAIT_EXITED,
				     [CLD_STOPPED] = WAIT_STOPPED, [CLD_CONTINUED] = WAIT_CONTINUED };

	if ((asked[child->event] & options) == 0) return false;
	*ret = (struct wait_result){ .info = event_info(child, SIGCHLD), .times = process_times(child) };
	cpu_times_add(&ret->times, child->children_times);
	switch (child->event) {
	case CLD_STOPPED: ret->wait_status = child->event_status << 8 | 0x7f; break;
	case CLD_CONTINUED: ret->wait_status = 0xffff; break;
	default: ret->wait_status = child->exit_status; break;
	}
	if ((options & WAIT_KEEP) != 0) return true;
	child->event = 0;
	if (!child->zombie) return true;
	cpu_times_add(&parent->children_times, ret->times);
	process_free(child);
	return true;
}

int task_wait(const struct wait_request *q, struct wait_result *ret_result) {
	struct process *self = process_current();

	for (int interrupted = 0;;) {
		bool any = false;

		list_for_each_safe(pos, next, &self->children) {
			struct process *child = list_entry(pos, struct process, sibling);

			if (!matches(child, q)) continue;
			any = true;
			if (collect(self, child, q->options, ret_result)) return 1;
		}
		if (!any) return -ECHILD;
		if ((q->options & WAIT_NOHANG) != 0) return 0;
		if (interrupted != 0) return -ERESTARTSYS; /* a child's end counts more than its signal */
		interrupted = waitq_sleep(&self->child_event, 0, true);
	}
}
