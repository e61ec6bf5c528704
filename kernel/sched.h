/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sched.h - who runs, how tasks wait, and timers.
 *
 * One CPU. Kernel code is never preempted: a task leaves the CPU only in schedule(), called by the
 * waits below, and on the way back to ring 3 when its time slice is used up. So code between two waits is atomic.
 *
 * Context    task context, except the wakes, timers and sched_tick (also interrupt context: interrupts come only from
 *            ring 3 and while nothing runs, so that they find the kernel's data at rest).
 * Units      ns since boot (port_now_ns); deadline 0 means none.
 * Ownership  a timer belongs to whoever embeds it, and must be cancelled before its memory goes.
 * Errors     -EINTR a signal is pending, -ETIMEDOUT the deadline passed.
 */
#pragma once

#include "kernel/base/base.h"

struct task;

#define SLICE_NS 20000000ll /* how long a task runs while others wait */

struct waitq {
	struct list waiters;
};
#define WAITQ_INIT(q) { LIST_INIT((q).waiters) }

static inline void waitq_init(struct waitq *q) { list_init(&q->waiters); }

/*
 * Sleeps until woken. The caller tests its condition in a loop:
 *     while (!condition) { err = waitq_sleep(q, deadline, true); if (err) return err; }
 * A call that may be restarted turns -EINTR into -ERESTARTSYS (kernel/syscall.h).
 */
must_check int waitq_sleep(struct waitq *q, u64 deadline_ns, bool interruptible);
void waitq_wake_all(struct waitq *q);

/* Everything that poll, select or epoll can wait for wakes this one queue. */
void poll_wake(void);
must_check int poll_sleep(u64 deadline_ns);

/* What can end a sleep besides the wake and the deadline. */
enum sleep_mode {
	SLEEP_DEEP = 0,       /* nothing */
	SLEEP_INTERRUPTIBLE,  /* any signal that is not blocked */
	SLEEP_KILLABLE,       /* a signal that ends the process */
};
/* The sleep under waitq_sleep: until sched_wake() names the task. */
must_check int sched_sleep(u64 deadline_ns, enum sleep_mode mode);
/* Makes a sleeping or stopped task runnable; result is what its sched_sleep returns. Harmless when it runs already. */
void sched_wake(struct task *task, int result);
/* Puts a new task into the run queue. */
void sched_add(struct task *task);
/* Boot only: task becomes the current one although it does not run yet (NULL: the boot context again). */
struct task *sched_adopt(struct task *task);
/* The running task stops (job control) until sched_wake(). */
void sched_stop(void);
/*
 * The running task never runs again; its stack and memory are freed by whoever runs next. Called by the boot
 * context, everything begins to run.
 */
__attribute__((noreturn)) void sched_end(void);

/* Lets the others run; returns when it is this task's turn again. */
void schedule(void);
/* Gives up the CPU when the slice is used up; the last thing before ring 3. */
void sched_preempt(void);
/* From the timer interrupt: time slices, timers. */
void sched_tick(u64 now_ns);

struct ktimer {
	struct list node;       /* self-linked when not armed */
	u64 deadline_ns;
	void (*fire)(struct ktimer *timer); /* not armed any more when called; may arm itself again */
};

static inline void ktimer_init(struct ktimer *timer, void (*fire)(struct ktimer *timer)) {
	list_init(&timer->node);
	timer->fire = fire;
}

static inline bool ktimer_armed(const struct ktimer *timer) { return !list_empty(&timer->node); }

/* Replaces an earlier deadline. */
void ktimer_arm(struct ktimer *timer, u64 deadline_ns);
void ktimer_cancel(struct ktimer *timer);

/* CPU time, in ns. */
struct cpu_times {
	u64 user, system;
};

/* Counters for /proc. */
struct sched_stats {
	struct cpu_times times;
	u64 idle_ns, switches;
	u32 runnable;     /* the running one included */
};
struct sched_stats sched_stats(void);
