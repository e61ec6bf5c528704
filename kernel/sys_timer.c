/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_timer.c - timers that send signals: alarm, setitimer, timer_create.
 *
 * ITIMER_REAL and POSIX timers stand in the scheduler's queue; the two that count CPU time are looked at in task_tick.
 * Invariant: a POSIX timer has at most one signal pending; what it missed meanwhile is counted as overrun.
 */
#include "kernel/base/port.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

#define ITIMER_REAL 0
#define ITIMER_PROF 2
#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD_ID 4
#define TIMER_ABSTIME 1
#define TIMERS_PER_PROCESS_MAX 128u
#define SIGEVENT_LEN 64u
#define DELAYTIMER_MAX 0x7fffffffu
/* A shorter period would only make overruns. */
#define INTERVAL_MIN_NS 100000ull

struct itimerval_abi {
	struct timeval_abi interval, value;
};

struct itimerspec_abi {
	struct timespec_abi interval, value;
};

struct sigevent_abi {
	u64 value;
	s32 signo, notify, tid;
	u8 rest[SIGEVENT_LEN - 20];
};
_Static_assert(sizeof(struct sigevent_abi) == SIGEVENT_LEN, "struct sigevent has 64 bytes");

struct posix_timer {
	struct list node;      /* in process->posix_timers */
	struct ktimer timer;
	struct process *process;
	int id;
	int clock;
	u64 interval_ns;
	s32 signo, notify;
	u32 tid;               /* SIGEV_THREAD_ID */
	u64 value;
	u32 overrun;
};

static struct timeval_abi timeval_of(u64 ns)
{
	return (struct timeval_abi){ (s64)(ns / NS_PER_S), (s64)(ns % NS_PER_S / NS_PER_US) };
}

static u64 left(const struct ktimer *timer)
{
	u64 now = port_now_ns();

	if (!ktimer_armed(timer))
		return 0;
	return timer->deadline_ns > now ? timer->deadline_ns - now : 1000;
}

static u64 cpu_now(const struct process *process, int which)
{
	u64 user, system;

	sched_account(true);
	process_times(process, &user, &system);
	return which == ITIMER_PROF ? user + system : user;
}

static void get_interval_timer(const struct process *process, int which, u64 *ret_value_ns, u64 *ret_interval_ns)
{
	if (which == ITIMER_REAL) {
		*ret_value_ns = left(&process->alarm.timer);
		*ret_interval_ns = process->alarm.interval_ns;
		return;
	}
	u64 next = process->cpu_timer[which - 1].next_ns, now = cpu_now(process, which);

	*ret_value_ns = next == 0 ? 0 : next > now ? next - now : 1000;
	*ret_interval_ns = process->cpu_timer[which - 1].interval_ns;
}

static void set_interval_timer(struct process *process, int which, u64 value_ns, u64 interval_ns)
{
	if (which != ITIMER_REAL) {
		process->cpu_timer[which - 1].next_ns = value_ns == 0 ? 0 : cpu_now(process, which) + value_ns;
		process->cpu_timer[which - 1].interval_ns = interval_ns;
		return;
	}
	process->alarm.interval_ns = interval_ns;
	if (value_ns == 0)
		ktimer_cancel(&process->alarm.timer);
	else
		ktimer_arm(&process->alarm.timer, deadline_after(value_ns));
}

static s64 put_itimerval(u64 addr, u64 value_ns, u64 interval_ns)
{
	struct itimerval_abi abi = { timeval_of(interval_ns), timeval_of(value_ns) };

	return addr == 0 ? 0 : copy_to_user(uaddr(addr), &abi, sizeof(abi));
}

static s64 sys_getitimer(const u64 args[6])
{
	int which = int_arg(args[0]);
	u64 value, interval;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	get_interval_timer(process_current(), which, &value, &interval);
	return args[1] == 0 ? -EFAULT : put_itimerval(args[1], value, interval);
}

static s64 sys_setitimer(const u64 args[6])
{
	struct process *process = process_current();
	struct itimerval_abi abi = { { 0, 0 }, { 0, 0 } };
	int which = int_arg(args[0]);
	u64 value = 0, interval = 0, old_value, old_interval;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	int err = args[1] != 0 ? copy_from_user(&abi, uaddr(args[1]), sizeof(abi)) : 0;

	if (err == 0)
		err = timeval_ns(&abi.value, &value);
	if (err == 0)
		err = timeval_ns(&abi.interval, &interval);
	if (err != 0)
		return err;
	if (interval != 0)
		interval = max_u64(interval, INTERVAL_MIN_NS);
	get_interval_timer(process, which, &old_value, &old_interval);
	set_interval_timer(process, which, value, interval);
	return put_itimerval(args[2], old_value, old_interval);
}

static s64 sys_alarm(const u64 args[6])
{
	struct process *process = process_current();
	u64 old = left(&process->alarm.timer);

	set_interval_timer(process, ITIMER_REAL, (u32)args[0] * NS_PER_S, 0);
	/* Rounded, but never to 0 while an alarm was set. */
	return old == 0 ? 0 : (s64)max_u64((old + NS_PER_S / 2) / NS_PER_S, 1);
}

static void timer_signal(struct posix_timer *timer)
{
	struct siginfo_abi info = signal_info(timer->signo, SI_TIMER);
	struct task *thread = timer->notify == SIGEV_THREAD_ID ? task_find(timer->tid) : NULL;
	u64 pending = thread != NULL ? thread->pending.set : timer->process->pending.set;

	info.u.timer.id = timer->id;
	info.u.timer.overrun = (s32)timer->overrun;
	info.u.timer.value = timer->value;
	if (timer->notify == SIGEV_NONE || (timer->notify == SIGEV_THREAD_ID && thread == NULL))
		return;
	if ((pending & SIG_BIT(timer->signo)) != 0) {
		timer->overrun += timer->overrun < DELAYTIMER_MAX;
		return;
	}
	timer->overrun = 0;
	int err = thread != NULL ? signal_send_task(thread, &info) : signal_send_process(timer->process, &info);

	if (err != 0)
		timer->overrun++;
}

static void posix_timer_fires(struct ktimer *ktimer)
{
	struct posix_timer *timer = container_of(ktimer, struct posix_timer, timer);

	if (timer->interval_ns != 0)
		ktimer_arm(ktimer, ktimer->deadline_ns + timer->interval_ns);
	timer_signal(timer);
}

static struct posix_timer *find_timer(int id)
{
	list_for_each(pos, &process_current()->posix_timers) {
		struct posix_timer *timer = list_entry(pos, struct posix_timer, node);

		if (timer->id == id)
			return timer;
	}
	return NULL;
}

static void free_timer(struct posix_timer *timer)
{
	ktimer_cancel(&timer->timer);
	list_del(&timer->node);
	port_free(timer);
}

/* exec and exit: all POSIX timers go; the alarm survives exec. */
void process_release_timers(struct process *process)
{
	while (!list_empty(&process->posix_timers))
		free_timer(list_first(&process->posix_timers, struct posix_timer, node));
	if (process->exiting || process->thread_count == 0)
		ktimer_cancel(&process->alarm.timer);
}

static int check_event(const struct sigevent_abi *event)
{
	if (event->notify == SIGEV_NONE)
		return 0;
	if (event->notify != SIGEV_SIGNAL && event->notify != SIGEV_THREAD_ID)
		return -EINVAL;
	if (event->signo < 1 || event->signo > SIGNAL_COUNT)
		return -EINVAL;
	if (event->notify == SIGEV_SIGNAL)
		return 0;
	const struct task *task = event->tid > 0 ? task_find((u32)event->tid) : NULL;

	return task != NULL && task->process == process_current() ? 0 : -EINVAL;
}

static int free_id(void)
{
	int id = 0;

	while (find_timer(id) != NULL)
		id++;
	return id;
}

static s64 sys_timer_create(const u64 args[6])
{
	struct sigevent_abi event = { .signo = SIGALRM };
	int clock = int_arg(args[0]), id = free_id();
	struct posix_timer *timer;

	if (clock != 0 && clock != 1 && clock != 7)
		return clock == 2 || clock == 3 ? -EOPNOTSUPP : -EINVAL;
	event.value = (u64)id;
	if (args[1] != 0 && copy_from_user(&event, uaddr(args[1]), sizeof(event)) != 0)
		return -EFAULT;
	int err = check_event(&event);

	if (err != 0)
		return err;
	if (id >= (int)TIMERS_PER_PROCESS_MAX)
		return -EAGAIN;
	timer = port_alloc(sizeof(*timer));
	if (timer == NULL)
		return -EAGAIN;
	ktimer_init(&timer->timer, posix_timer_fires);
	timer->process = process_current();
	timer->id = id;
	timer->clock = clock;
	timer->signo = event.signo;
	timer->notify = event.notify;
	timer->tid = (u32)event.tid;
	timer->value = event.value;
	if (copy_to_user(uaddr(args[2]), &id, sizeof(id)) != 0) {
		port_free(timer);
		return -EFAULT;
	}
	list_add_tail(&timer->process->posix_timers, &timer->node);
	return 0;
}

static s64 put_itimerspec(u64 addr, const struct posix_timer *timer)
{
	struct itimerspec_abi abi = { timespec_of(timer->interval_ns), timespec_of(left(&timer->timer)) };

	return copy_to_user(uaddr(addr), &abi, sizeof(abi));
}

static s64 sys_timer_settime(const u64 args[6])
{
	struct posix_timer *timer = find_timer(int_arg(args[0]));
	struct itimerspec_abi abi;
	u64 value, interval;

	if (timer == NULL)
		return -EINVAL;
	int err = copy_from_user(&abi, uaddr(args[2]), sizeof(abi));

	if (err == 0)
		err = timespec_ns(&abi.value, &value);
	if (err == 0)
		err = timespec_ns(&abi.interval, &interval);
	if (err == 0 && args[3] != 0)
		err = (int)put_itimerspec(args[3], timer);
	if (err != 0)
		return err;
	timer->interval_ns = interval != 0 ? max_u64(interval, INTERVAL_MIN_NS) : 0;
	timer->overrun = 0;
	if (value == 0)
		ktimer_cancel(&timer->timer);
	else if ((int_arg(args[1]) & TIMER_ABSTIME) == 0)
		ktimer_arm(&timer->timer, deadline_after(value));
	else
		ktimer_arm(&timer->timer, timer->clock == 0 ? deadline_of_wall(value) : value);
	return 0;
}

static s64 sys_timer_gettime(const u64 args[6])
{
	const struct posix_timer *timer = find_timer(int_arg(args[0]));

	return timer != NULL ? put_itimerspec(args[1], timer) : -EINVAL;
}

static s64 sys_timer_getoverrun(const u64 args[6])
{
	const struct posix_timer *timer = find_timer(int_arg(args[0]));

	return timer != NULL ? (s64)timer->overrun : -EINVAL;
}

static s64 sys_timer_delete(const u64 args[6])
{
	struct posix_timer *timer = find_timer(int_arg(args[0]));

	if (timer == NULL)
		return -EINVAL;
	free_timer(timer);
	return 0;
}

const struct syscall_entry sys_timer_calls[] = {
	{ 36, 2, "getitimer", sys_getitimer },
	{ 37, 1, "alarm", sys_alarm },
	{ 38, 3, "setitimer", sys_setitimer },
	{ 222, 3, "timer_create", sys_timer_create },
	{ 223, 4, "timer_settime", sys_timer_settime },
	{ 224, 2, "timer_gettime", sys_timer_gettime },
	{ 225, 1, "timer_getoverrun", sys_timer_getoverrun },
	{ 226, 1, "timer_delete", sys_timer_delete },
};
const size_t sys_timer_call_count = ARRAY_COUNT(sys_timer_calls);
