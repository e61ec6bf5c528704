/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/signal.c - sending signals and keeping them until somebody takes them.
 *
 * Invariant: a signal that nobody would act on is not kept; a deadly one ends the process at once,
 * whatever its threads wait for. SIGCONT and the stop signals cancel each other when they are sent, not when they are
 * taken.
 */
#include "kernel/signal.h"

#include "kernel/task.h"

#define DEFAULT_IGNORE_SET (SIG_BIT(SIGCHLD) | SIG_BIT(SIGCONT) | SIG_BIT(SIGURG) | SIG_BIT(SIGWINCH))
/* Taken before the others: what a program's own instruction caused. */
#define SYNCHRONOUS_SET \
	(SIG_BIT(SIGSEGV) | SIG_BIT(SIGBUS) | SIG_BIT(SIGILL) | SIG_BIT(SIGTRAP) | SIG_BIT(SIGFPE) | SIG_BIT(SIGSYS))

struct sighand *sighand_alloc(const struct sighand *copy_of) {
	struct sighand *sighand = port_alloc(sizeof(*sighand));

	if (sighand == NULL) return NULL;
	if (copy_of != NULL) *sighand = *copy_of;
	sighand->refs = 1;
	return sighand;
}

void sighand_put(struct sighand *sighand) {
	if (sighand != NULL && --sighand->refs == 0) port_free(sighand);
}

void sighand_reset(struct sighand *sighand) {
	for (unsigned i = 0; i < SIGNAL_COUNT; i++) {
		struct sigaction_abi *action = &sighand->action[i];
		u64 handler = action->handler == SIG_IGN ? SIG_IGN : SIG_DFL;

		*action = (struct sigaction_abi){ .handler = handler };
	}
}

static void drop(struct sigpending *pending, struct sigqueue_entry *entry) {
	list_del(&entry->node);
	port_free(entry);
	pending->queued--;
}

void sigpending_discard(struct sigpending *pending, u64 set) {
	list_for_each_safe(pos, next, &pending->queue) {
		struct sigqueue_entry *entry = list_entry(pos, struct sigqueue_entry, node);

		if ((SIG_BIT(entry->info.signo) & set) != 0) drop(pending, entry);
	}
	pending->set &= ~set;
}

void signal_discard(struct process *process, u64 set) {
	sigpending_discard(&process->pending, set);
	list_for_each_entry(struct task, task, &process->threads, thread_node) sigpending_discard(&task->pending, set);
}

enum signal_effect signal_effect(const struct process *process, int sig) {
	u64 handler = process->sighand->action[sig - 1].handler;

	if (handler != SIG_DFL) return handler == SIG_IGN ? SIGNAL_NOTHING : SIGNAL_HANDLER;
	if ((SIG_BIT(sig) & DEFAULT_IGNORE_SET) != 0 || process->unkillable) return SIGNAL_NOTHING;
	return (SIG_BIT(sig) & SIG_STOPS) != 0 ? SIGNAL_STOP : SIGNAL_DEATH;
}

struct siginfo_abi signal_info_user(int sig, int code) {
	struct siginfo_abi info = signal_info(sig, code);

	info.u.rt.pid = (s32)task_pid();
	info.u.rt.uid = task_current()->cred.uid;
	return info;
}

static int enqueue(struct sigpending *pending, const struct siginfo_abi *info, u64 queue_max) {
	int sig = info->signo;
	struct sigqueue_entry *entry;

	if (sig < SIGRTMIN && (pending->set & SIG_BIT(sig)) != 0) return 0;
	entry = pending->queued < queue_max || sig < SIGRTMIN ? port_alloc(sizeof(*entry)) : NULL;
	if (entry == NULL && sig >= SIGRTMIN && info->code < 0) return -EAGAIN;
	if (entry != NULL) {
		entry->info = *info;
		list_add_tail(&pending->queue, &entry->node);
		pending->queued++;
	}
	pending->set |= SIG_BIT(sig);
	return 0;
}

static void continue_process(struct process *process) {
	bool told = process->stop_reported;

	signal_discard(process, SIG_STOPS);
	if (!process->stopping) return;
	process->stopping = process->stop_reported = false;
	list_for_each_entry(struct task, task, &process->threads, thread_node)
		if (task->state == TASK_STOPPED) sched_wake(task, 0);
	if (told) process_notify_parent(process, CLD_CONTINUED, SIGCONT);
}

/* task can take sig now or when it wakes. */
static bool wants(const struct task *task, int sig) {
	return sig == SIGKILL || ((task->blocked & SIG_BIT(sig)) == 0 && task->state != TASK_STOPPED);
}

static void wake_for(struct task *task, int sig) {
	if (!wants(task, sig)) return;
	if (signal_effect(task->process, sig) == SIGNAL_DEATH)
		process_kill(task->process, sig);
	else if (task->state == TASK_SLEEPING && task->sleep_mode == SLEEP_INTERRUPTIBLE)
		sched_wake(task, -EINTR);
}

/* The thread that shall take it: the first one that wants to, or else any. */
static struct task *taker(struct process *process, int sig) {
	list_for_each_entry(struct task, task, &process->threads, thread_node)
		if (wants(task, sig)) return task;
	return process_any_thread(process);
}

/* To task, or with NULL to whichever thread takes it. What would change nothing is kept only while it is blocked. */
static int send(struct process *process, struct task *task, const struct siginfo_abi *info) {
	struct sigpending *pending = task != NULL ? &task->pending : &process->pending;
	int sig = info->signo;

	if (sig == 0 || process->exiting) return 0;
	if (sig == SIGCONT) continue_process(process);
	if ((SIG_BIT(sig) & SIG_STOPS) != 0) signal_discard(process, SIG_BIT(SIGCONT));
	if (task == NULL) task = taker(process, sig);
	if (task == NULL || (process->unkillable && (SIG_BIT(sig) & SIG_UNBLOCKABLE) != 0)) return 0;
	if ((task->blocked & SIG_BIT(sig)) == 0 && signal_effect(process, sig) == SIGNAL_NOTHING) return 0;
	TRY(enqueue(pending, info, process->limits[RLIMIT_SIGPENDING].soft));
	wake_for(task, sig);
	return 0;
}

int signal_send_task(struct task *task, const struct siginfo_abi *info) { return send(task->process, task, info); }

int signal_send_process(struct process *process, const struct siginfo_abi *info) { return send(process, NULL, info); }

bool signal_permitted(const struct task *target, int sig) {
	const struct task *self = task_current();
	const struct cred *from = &self->cred, *to = &target->cred;

	if (target->process == self->process || from->euid == 0) return true;
	if (from->euid == to->suid || from->euid == to->uid || from->uid == to->suid || from->uid == to->uid)
		return true;
	return sig == SIGCONT && target->process->sid == self->process->sid;
}

u64 signal_deliverable(const struct task *task) {
	return (task->pending.set | task->process->pending.set) & ~task->blocked;
}

/* Takes sig out of the queue; without an entry its information is only the number. */
static void take_from(struct sigpending *pending, int sig, struct siginfo_abi *ret_info) {
	struct sigqueue_entry *found = NULL;
	bool more = false;

	list_for_each_entry(struct sigqueue_entry, entry, &pending->queue, node) {
		if (entry->info.signo != sig) continue;
		more = found != NULL;
		if (more) break;
		found = entry;
	}
	*ret_info = found != NULL ? found->info : signal_info(sig, SI_USER);
	if (found != NULL) drop(pending, found);
	if (!more) pending->set &= ~SIG_BIT(sig);
}

int signal_take(struct task *task, u64 set, struct siginfo_abi *ret_info) {
	struct sigpending *queues[2] = { &task->pending, &task->process->pending };

	for (unsigned i = 0; i < 2; i++) {
		u64 ready = queues[i]->set & set;

		if (ready == 0) continue;
		if ((ready & SYNCHRONOUS_SET) != 0) ready &= SYNCHRONOUS_SET;
		int sig = __builtin_ctzll(ready) + 1;

		take_from(queues[i], sig, ret_info);
		return sig;
	}
	return 0;
}

void signal_set_blocked(u64 mask) { task_current()->blocked = mask & ~SIG_UNBLOCKABLE; }

bool task_signal_pending(void) {
	const struct task *task = task_current();

	return task_is_dying(task) || task->process->stopping || signal_deliverable(task) != 0;
}

void task_signal_self(int sig) {
	struct siginfo_abi info = signal_info_user(sig, SI_USER);

	(void)signal_send_task(task_current(), &info); /* a full queue loses only the information */
}

void task_signal_group(u32 pgid, int sig) {
	struct siginfo_abi info = signal_info(sig, SI_KERNEL);

	list_for_each_entry(struct process, process, &process_list, node) {
		if (process->pgid == pgid)
			(void)signal_send_process(process, &info); /* as above */
	}
}

bool task_signal_ignored(int sig) {
	const struct task *task = task_current();

	return (task->blocked & SIG_BIT(sig)) != 0 || task->process->sighand->action[sig - 1].handler == SIG_IGN;
}

void task_swap_mask(u64 mask) {
	struct task *task = task_current();

	task->saved_blocked = task->blocked;
	task->restore_blocked = true;
	signal_set_blocked(mask);
}
