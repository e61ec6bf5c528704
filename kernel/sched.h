/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sched.h - who runs, and how tasks wait.
 *
 * One CPU. Kernel code is never preempted: a task leaves the CPU only in schedule(), called by the
 * waits below, and on the way back to ring 3 when its time slice is used up. So code between two waits is atomic.
 *
 * Context    task context, except waitq_wake_* and sched_tick (also interrupt context).
 * Units      ns since boot (port_now_ns); deadline 0 means none.
 * Errors     -EINTR a signal is pending, -ETIMEDOUT the deadline passed.
 */
#ifndef ASSAY_SCHED_H
#define ASSAY_SCHED_H

#include "kernel/base/err.h"
#include "kernel/base/list.h"

struct task;

struct waitq {
	struct list waiters;
};
#define WAITQ_INIT(q) { LIST_INIT((q).waiters) }

static inline void waitq_init(struct waitq *q)
{
	list_init(&q->waiters);
}

/*
 * Sleeps until woken. The caller tests its condition in a loop:
 *     while (!condition) { err = waitq_sleep(q, deadline, true); if (err) return err; }
 */
must_check int waitq_sleep(struct waitq *q, u64 deadline_ns, bool interruptible);
void waitq_wake_all(struct waitq *q);
void waitq_wake_one(struct waitq *q);

/* Everything that poll, select or epoll can wait for wakes this one queue. */
void poll_wake(void);
must_check int poll_sleep(u64 deadline_ns);

void schedule(void);
/* From the timer interrupt: time slices, timers. */
void sched_tick(u64 now_ns);

#endif
