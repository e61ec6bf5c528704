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

#define STOP_SET (SIG_BIT(SIGSTOP) | SIG_BIT(SIGTSTP) | SIG_BIT(SIGTTIN) | SIG_BIT(SIGTTOU))
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

void sigpending_init(struct sigpending *pending) {
	pending->set = 0;
	pending->queued = 0;
	list_init(&pending->queue);
}

static void discard(struct sigpending *pending, u64 set) {
	list_for_each_safe(pos, next, &pending->queue) {
		struct sigqueue_entry *entry = list_entry(pos, struct sigqueue_entry, node);

		if ((SIG_BIT(entry->info.signo) & set) != 0) {
			list_del(&entry->node);
			port_free(entry);
			pending->queued--;
		}
	}
	pending->set &= ~set;
}

void sigpending_flush(struct sigpending *pending) { discard(pending, ~0ull); }

void signal_discard(struct process *process, u64 set) {
	discard(&process->pending, set);
	list_for_each(pos, &process->threads) discard(&list_entry(pos, struct task, thread_node)->pending, set);
}

bool signal_ignored_by_default(int sig) { return (SIG_BIT(sig) & DEFAULT_IGNORE_SET) != 0; }

bool signal_child_autoreap(const struct process *parent) {
	const struct sigaction_abi *action = &parent->sighand->action[SIGCHLD - 1];

	return action->handler == SIG_IGN || (action->flags & SA_NOCLDWAIT) != 0;
}

struct siginfo_abi signal_info_user(int sig, int code) {
	struct siginfo_abi info = signal_info(sig, code);

	info.u.rt.pid = (s32)task_pid();
	info.u.rt.uid = task_current()->cred.uid;
	return info;
}

/* Sending it would change nothing: not kept. A blocked one is kept, for it may be waited for. */
static bool is_ignored(const struct task *task, int sig) {
	const struct process *process = task->process;
	u64 handler = process->sighand->action[sig - 1].handler;

	if ((task->blocked & SIG_BIT(sig)) != 0) return false;
	if (handler == SIG_DFL) return signal_ignored_by_default(sig) || process->unkillable;
	return handler == SIG_IGN;
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
	signal_discard(process, STOP_SET);
	if (!process->stopping) return;
	bool reported = process->stop_reported;

	process->stopping = false;
	process->stop_reported = false;
	list_for_each_entry(struct task, task, &process->threads, thread_node)
		if (task->state == TASK_STOPPED) sched_wake(task, 0);
	if (reported) {
		process->continued = true;
		process_notify_parent(process, CLD_CONTINUED, SIGCONT);
	}
}

/* What the mere sending of sig does. */
static void sending_effects(struct process *process, int sig) {
	if (sig == SIGCONT)
		continue_process(process);
	else if ((SIG_BIT(sig) & STOP_SET) != 0)
		signal_discard(process, SIG_BIT(SIGCONT));
}

static bool is_deadly(const struct process *process, int sig) {
	if (sig == SIGKILL) return true;
	return process->sighand->action[sig - 1].handler == SIG_DFL && !signal_ignored_by_default(sig) &&
	       (SIG_BIT(sig) & STOP_SET) == 0;
}

/* task can take sig now or when it wakes. */
static bool wants(const struct task *task, int sig) {
	if (sig == SIGKILL) return true;
	return (task->blocked & SIG_BIT(sig)) == 0 && task->state != TASK_STOPPED;
}

static void wake_for(struct task *task, int sig) {
	if (!wants(task, sig)) return;
	if (is_deadly(task->process, sig))
		process_kill(task->process, sig);
	else if (task->state == TASK_SLEEPING && task->sleep_mode == SLEEP_INTERRUPTIBLE)
		sched_wake(task, -EINTR);
}

int signal_send_task(struct task *task, const struct siginfo_abi *info) {
	struct process *process = task->process;
	int sig = info->signo;

	if (sig == 0 || process->exiting) return 0;
	sending_effects(process, sig);
	if ((process->unkillable && (SIG_BIT(sig) & SIG_UNBLOCKABLE) != 0) || is_ignored(task, sig)) return 0;
	int err = enqueue(&task->pending, info, process->limits[RLIMIT_SIGPENDING].soft);

	if (err == 0) wake_for(task, sig);
	return err;
}

/* The thread that shall take it: the first one that wants to. */
static struct task *taker(struct process *process, int sig) {
	list_for_each_entry(struct task, task, &process->threads, thread_node)
		if (wants(task, sig)) return task;
	return NULL;
}

int signal_send_process(struct process *process, const struct siginfo_abi *info) {
	int sig = info->signo;

	if (sig == 0 || process->exiting || process->zombie) return 0;
	sending_effects(process, sig);
	struct task *task = taker(process, sig);
	const struct task *judge = task != NULL ? task : process_any_thread(process);

	if ((process->unkillable && (SIG_BIT(sig) & SIG_UNBLOCKABLE) != 0) || judge == NULL || is_ignored(judge, sig))
		return 0;
	int err = enqueue(&process->pending, info, process->limits[RLIMIT_SIGPENDING].soft);

	if (err == 0 && task != NULL) wake_for(task, sig);
	return err;
}

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
	bool taken = false, more = false;

	*ret_info = signal_info(sig, SI_USER);
	list_for_each_safe(pos, next, &pending->queue) {
		struct sigqueue_entry *entry = list_entry(pos, struct sigqueue_entry, node);

		if (entry->info.signo != sig) continue;
		if (taken) {
			more = true;
			break;
		}
		*ret_info = entry->info;
		list_del(&entry->node);
		port_free(entry);
		pending->queued--;
		taken = true;
	}
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
