/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_signal.c - the signal calls.
 */
#include "kernel/sigframe.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

#define SIGSET_LEN 8u
enum { SIG_BLOCK = 0, SIG_UNBLOCK, SIG_SETMASK };

static bool is_signal(int sig) { return sig >= 1 && sig <= SIGNAL_COUNT; }

SYSCALL(13, rt_sigaction) {
	int sig = int_arg(args[0]);
	struct process *process = process_current();
	struct sigaction_abi action;

	if (args[3] != SIGSET_LEN || !is_signal(sig)) return -EINVAL;
	if (args[1] != 0 && (SIG_BIT(sig) & SIG_UNBLOCKABLE) != 0) return -EINVAL;
	struct sigaction_abi *now = &process->sighand->action[sig - 1];

	if (args[1] != 0) TRY(copy_from_user(&action, uaddr(args[1]), sizeof(action)));
	if (args[2] != 0) TRY(copy_to_user(uaddr(args[2]), now, sizeof(*now)));
	if (args[1] == 0) return 0;
	*now = action;
	now->mask &= ~SIG_UNBLOCKABLE;
	/* Pending signals that the new action ignores are gone. */
	if (signal_effect(process, sig) == SIGNAL_NOTHING) signal_discard(process, SIG_BIT(sig));
	return 0;
}

SYSCALL(14, rt_sigprocmask) {
	struct task *task = task_current();
	u64 set = 0, old = task->blocked;

	if (args[3] != SIGSET_LEN) return -EINVAL;
	if (args[1] != 0) {
		TRY(copy_from_user(&set, uaddr(args[1]), sizeof(set)));
		switch (int_arg(args[0])) {
		case SIG_BLOCK: signal_set_blocked(old | set); break;
		case SIG_UNBLOCK: signal_set_blocked(old & ~set); break;
		case SIG_SETMASK: signal_set_blocked(set); break;
		default: return -EINVAL;
		}
	}
	return args[2] == 0 ? 0 : copy_to_user(uaddr(args[2]), &old, sizeof(old));
}

SYSCALL(15, rt_sigreturn) { return signal_return(task_frame(task_current())); }

SYSCALL(127, rt_sigpending) {
	const struct task *task = task_current();
	u64 set = (task->pending.set | task->process->pending.set) & task->blocked;

	if (args[1] > SIGSET_LEN) return -EINVAL;
	return copy_to_user(uaddr(args[0]), &set, args[1]);
}

SYSCALL(34, pause) {
	while (sched_sleep(0, SLEEP_INTERRUPTIBLE) == 0)
		; /* only a signal ends it */
	return -ERESTARTNOHAND;
}

SYSCALL(130, rt_sigsuspend) {
	u64 mask;

	if (args[1] != SIGSET_LEN) return -EINVAL;
	TRY(copy_from_user(&mask, uaddr(args[0]), sizeof(mask)));
	task_swap_mask(mask);
	return sys_pause(args);
}

/* Waits with the signals of set open, so that they wake; they are taken here and never reach a handler. */
static int wait_for_set(struct task *task, u64 set, u64 deadline_ns, struct siginfo_abi *ret_info) {
	u64 blocked = task->blocked;
	int sig = signal_take(task, set, ret_info), err = 0;

	while (sig == 0 && err == 0) {
		task->blocked = blocked & ~set;
		err = sched_sleep(deadline_ns, SLEEP_INTERRUPTIBLE);
		task->blocked = blocked;
		sig = signal_take(task, set, ret_info);
	}
	if (sig != 0) return sig;
	return err == -ETIMEDOUT ? -EAGAIN : -EINTR;
}

SYSCALL(128, rt_sigtimedwait) {
	struct siginfo_abi info;
	u64 set, deadline;

	if (args[3] != SIGSET_LEN) return -EINVAL;
	TRY(copy_from_user(&set, uaddr(args[0]), sizeof(set)));
	TRY(deadline_read(args[2], 1, FROM_NOW, &deadline));
	int sig = wait_for_set(task_current(), set & ~SIG_UNBLOCKABLE, deadline, &info);

	if (sig > 0 && args[1] != 0) TRY(copy_to_user(uaddr(args[1]), &info, sizeof(info)));
	return sig;
}

static s64 send_to_process(struct process *process, const struct siginfo_abi *info) {
	const struct task *thread = process_any_thread(process);

	/* A zombie is there but takes nothing. */
	if (thread == NULL) return 0;
	return signal_permitted(thread, info->signo) ? signal_send_process(process, info) : -EPERM;
}

/* kill() to a group (or, with 0, to all but init and the caller): success when one could be sent. */
static s64 send_to_many(u32 pgid, const struct siginfo_abi *info) {
	s64 result = -ESRCH;

	list_for_each_entry(struct process, process, &process_list, node) {
		if (pgid != 0 ? process->pgid != pgid : process->pid == 1 || process == process_current()) continue;
		s64 one = send_to_process(process, info);

		if (one == 0 || result != 0) result = one;
	}
	return result;
}

SYSCALL(62, kill) {
	int pid = int_arg(args[0]), sig = int_arg(args[1]);
	struct siginfo_abi info = signal_info_user(sig, SI_USER);

	if (sig != 0 && !is_signal(sig)) return -EINVAL;
	if (pid == INT32_MIN) return -ESRCH;
	if (pid <= 0) return send_to_many(pid == -1 ? 0 : pid == 0 ? task_pgid() : (u32)-pid, &info);
	struct process *process = process_find((u32)pid);
	const struct task *task = task_find((u32)pid);

	if (process == NULL && task != NULL) process = task->process; /* the id of any thread will do */
	return process != NULL ? send_to_process(process, &info) : -ESRCH;
}

static s64 send_to_thread(int tgid, int tid, int sig) {
	struct siginfo_abi info = signal_info_user(sig, SI_TKILL);
	struct task *task = task_find((u32)tid);

	if (tid <= 0 || (sig != 0 && !is_signal(sig))) return -EINVAL;
	if (task == NULL || (tgid != -1 && task->process->pid != (u32)tgid)) return -ESRCH;
	return signal_permitted(task, sig) ? signal_send_task(task, &info) : -EPERM;
}

SYSCALL(200, tkill) { return send_to_thread(-1, int_arg(args[0]), int_arg(args[1])); }

SYSCALL(234, tgkill) {
	int tgid = int_arg(args[0]);

	return tgid <= 0 ? -EINVAL : send_to_thread(tgid, int_arg(args[1]), int_arg(args[2]));
}

/* What a program says about itself must not look like the kernel's or kill()'s word, unless it tells itself. */
SYSCALL(129, rt_sigqueueinfo) {
	int sig = int_arg(args[1]);
	struct process *process = process_find((u32)args[0]);
	struct siginfo_abi info;

	TRY(copy_from_user(&info, uaddr(args[2]), sizeof(info)));
	if ((info.code >= 0 || info.code == SI_TKILL) && process != process_current()) return -EPERM;
	if (sig != 0 && !is_signal(sig)) return -EINVAL;
	info.signo = sig;
	return process != NULL ? send_to_process(process, &info) : -ESRCH;
}

static s64 set_altstack(struct task *task, const struct stack_abi *stack, bool on_it) {
	u32 mode = stack->flags & ~SS_AUTODISARM;

	if (on_it) return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) return -EINVAL;
	if (mode != SS_DISABLE && stack->len < MINSIGSTKSZ) return -ENOMEM;
	task->altstack = mode == SS_DISABLE ? (struct stack_abi){ 0 } : *stack;
	task->altstack.flags &= SS_AUTODISARM;
	return 0;
}

SYSCALL(131, sigaltstack) {
	struct task *task = task_current();
	bool on_it = (task->altstack.flags & SS_AUTODISARM) == 0 && task_on_altstack(task, task_frame(task)->rsp);
	struct stack_abi stack, old = task->altstack;

	if (old.len == 0 || on_it) old.flags |= old.len == 0 ? SS_DISABLE : SS_ONSTACK;
	if (args[0] != 0) {
		TRY(copy_from_user(&stack, uaddr(args[0]), sizeof(stack)));
		TRY(set_altstack(task, &stack, on_it));
	}
	return args[1] == 0 ? 0 : copy_to_user(uaddr(args[1]), &old, sizeof(old));
}

SYSCALL(219, restart_syscall) {
	struct restart *restart = &task_current()->restart;

	return restart->call != NULL ? restart->call(restart) : -EINTR;
}
