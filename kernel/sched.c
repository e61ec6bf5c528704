/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sched.c - the run queue, sleeping and waking, timers.
 *
 * Invariants: a task is in one of the two queues exactly when it is TASK_RUNNABLE and not the current one; armed timers
 * stand in the order of their deadlines. When nobody can run, the CPU waits for an interrupt on the stack of the
 * task that ran last.
 */
#include "kernel/sched.h"

#include "kernel/clock.h"
#include "kernel/task.h"
#include "kernel/vm.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/trap.h"
#include "kernel/x86/usercopy.h"

/* Who slept goes first, but not for ever: so many times in a row. */
#define WOKEN_FIRST 4u

static struct list run_queue = LIST_INIT(run_queue), woken = LIST_INIT(woken);
static u32 woken_in_a_row;
static struct list timers = LIST_INIT(timers);
static struct waitq poll_queue = WAITQ_INIT(poll_queue);
/* What runs before the first task, and never again. */
static struct task boot_task = { .state = TASK_RUNNABLE, .comm = "boot" };
static struct task *current = &boot_task;
static struct task *ended; /* off the CPU, its memory still to be freed */
static u64 slice_end_ns;
static bool slice_used;
static struct sched_stats totals;

struct task *task_current(void) { return current; }

static void account(struct task *task, u64 now) {
	u64 passed = now - task->stamp_ns;

	*(task->in_kernel ? &task->times.system : &task->times.user) += passed;
	*(task->in_kernel ? &totals.times.system : &totals.times.user) += passed;
	task->stamp_ns = now;
}

void sched_account(bool in_kernel_from_now) {
	account(current, clock_now_ns());
	current->in_kernel = in_kernel_from_now;
}

static void finish_switch(void) {
	if (ended != NULL) task_free(TAKE(ended));
}

static void switch_to(struct task *next) {
	struct task *previous = current;
	u64 now = clock_now_ns();

	account(previous, now);
	next->stamp_ns = now;
	slice_end_ns = now + SLICE_NS;
	slice_used = false;
	if (next == previous) return;
	totals.switches++;
	if (previous->state == TASK_ENDED) {
		ended = previous == &boot_task ? NULL : previous;
	} else {
		fpu_save(previous->fpu);
		user_bases_save(&previous->fs_base, &previous->gs_base);
	}
	current = next;
	set_kernel_stack((u64)next->kstack + KSTACK_LEN);
	if (next->mm != previous->mm) pagetable_switch(next->mm != NULL ? &next->mm->pages : NULL);
	fpu_restore(next->fpu);
	user_bases_load(next->fs_base, next->gs_base);
	context_switch(&previous->saved_rsp, next->saved_rsp);
	finish_switch();
}

static void run_first_time(void) {
	finish_switch();
	if (current->set_tid != 0)
		/* as Linux: a bad address is the caller's loss */
		(void)copy_to_user(uaddr(current->set_tid), &current->tid, sizeof(current->tid));
	current->in_kernel = true;
	enter_user(task_frame(current));
}

struct task *sched_adopt(struct task *task) {
	struct task *previous = current;

	current = task != NULL ? task : &boot_task;
	return previous;
}

static bool somebody_waits(void) { return !list_empty(&run_queue) || !list_empty(&woken); }

void sched_add(struct task *task) {
	task->saved_rsp = context_prepare(task_frame(task), run_first_time);
	task->state = TASK_RUNNABLE;
	list_add_tail(&run_queue, &task->run_node);
}

void schedule(void) {
	if (current->state == TASK_RUNNABLE) list_add_tail(&run_queue, &current->run_node);
	while (!somebody_waits()) {
		u64 before = clock_now_ns();

		cpu_wait_for_interrupt();
		u64 after = clock_now_ns();

		totals.idle_ns += after - before;
		current->stamp_ns += after - before; /* waiting is nobody's time */
	}
	bool favour = !list_empty(&woken) && (list_empty(&run_queue) || woken_in_a_row < WOKEN_FIRST);
	struct task *next = list_first(favour ? &woken : &run_queue, struct task, run_node);

	woken_in_a_row = favour ? woken_in_a_row + 1 : 0;
	list_del(&next->run_node);
	switch_to(next);
}

void sched_preempt(void) {
	if (slice_used && somebody_waits()) schedule();
}

void sched_end(void) {
	current->state = TASK_ENDED;
	schedule();
	port_panic("assay: a task that ended ran again");
}

void sched_stop(void) {
	current->state = TASK_STOPPED;
	schedule();
}

static void sleep_over(struct ktimer *timer) {
	sched_wake(container_of(timer, struct task, sleep_timer), -ETIMEDOUT);
}

int sched_sleep(u64 deadline_ns, enum sleep_mode mode) {
	if (mode == SLEEP_INTERRUPTIBLE && task_signal_pending()) return -EINTR;
	if (mode == SLEEP_KILLABLE && task_is_dying(current)) return -EINTR;
	if (deadline_ns != 0 && clock_now_ns() >= deadline_ns) return -ETIMEDOUT;
	current->sleep_mode = mode;
	current->state = TASK_SLEEPING;
	if (deadline_ns != 0) {
		ktimer_init(&current->sleep_timer, sleep_over);
		ktimer_arm(&current->sleep_timer, deadline_ns);
	}
	schedule();
	if (deadline_ns != 0) ktimer_cancel(&current->sleep_timer);
	return current->sleep_result;
}

void sched_wake(struct task *task, int result) {
	if (task->state != TASK_SLEEPING && task->state != TASK_STOPPED) return;
	task->sleep_result = result;
	list_add_tail(task->state == TASK_SLEEPING ? &woken : &run_queue, &task->run_node);
	task->state = TASK_RUNNABLE;
}

struct waiter {
	struct list node;
	struct task *task;
};

int waitq_sleep(struct waitq *q, u64 deadline_ns, bool interruptible) {
	struct waiter waiter = { .task = current };

	list_add_tail(&q->waiters, &waiter.node);
	int err = sched_sleep(deadline_ns, interruptible ? SLEEP_INTERRUPTIBLE : SLEEP_DEEP);

	list_del(&waiter.node);
	return err;
}

void waitq_wake_all(struct waitq *q) {
	list_for_each(pos, &q->waiters) sched_wake(list_entry(pos, struct waiter, node)->task, 0);
}

void poll_wake(void) { waitq_wake_all(&poll_queue); }

int poll_sleep(u64 deadline_ns) { return waitq_sleep(&poll_queue, deadline_ns, true); }

void ktimer_arm(struct ktimer *timer, u64 deadline_ns) {
	struct list *before;

	list_del(&timer->node);
	timer->deadline_ns = deadline_ns;
	for (before = timers.next; before != &timers; before = before->next) {
		if (list_entry(before, struct ktimer, node)->deadline_ns > deadline_ns) break;
	}
	list_add_tail(before, &timer->node);
	if (timers.next == &timer->node) clock_request(deadline_ns);
}

void ktimer_cancel(struct ktimer *timer) { list_del(&timer->node); }

void sched_tick(u64 now_ns) {
	while (!list_empty(&timers)) {
		struct ktimer *timer = list_first(&timers, struct ktimer, node);

		if (timer->deadline_ns > now_ns) {
			clock_request(timer->deadline_ns);
			break;
		}
		list_del(&timer->node);
		timer->fire(timer);
	}
	if (now_ns >= slice_end_ns) slice_used = true;
	task_tick(now_ns);
}

struct sched_stats sched_stats(void) {
	totals.runnable = current->state == TASK_RUNNABLE ? 1 : 0;
	list_for_each(pos, &run_queue) totals.runnable++;
	list_for_each(pos, &woken) totals.runnable++;
	return totals;
}
