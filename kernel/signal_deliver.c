/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/signal_deliver.c - what signals do on the way to ring 3.
 *
 * Relies on sigframe.h for layout, on usercopy for the program's stack. Invariant: a task goes back to ring 3 only
 * when no signal that it can take is pending, its process neither stops nor ends, and an interrupted call has got
 * its answer.
 */
#include "kernel/sigframe.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define RED_ZONE 128u
#define SYSCALL_INSN_LEN 2u
#define NR_RESTART_SYSCALL 219u

/* A burst of these lines is allowed per interval, so that a crashing loop does not fill the log. */
#define REPORT_BURST 10u
#define REPORT_INTERVAL_NS 5000000000ull

static void report_fault(const struct task *task, const struct trap_frame *frame, int sig, u64 addr) {
	static const char *const names[SIGNAL_COUNT + 1] = {
		[SIGILL] = "SIGILL", [SIGTRAP] = "SIGTRAP", [SIGBUS] = "SIGBUS", [SIGFPE] = "SIGFPE",
		[SIGKILL] = "out of memory", [SIGSEGV] = "SIGSEGV",
	};
	static u64 interval_start, reported, dropped;
	u64 now = port_now_ns();

	if (now - interval_start > REPORT_INTERVAL_NS) {
		if (dropped > 0) port_log(LOG_WARN, "assay: %lu reports of killed programs were left out", dropped);
		interval_start = now;
		reported = dropped = 0;
	}
	if (reported++ >= REPORT_BURST) {
		dropped++;
		return;
	}
	port_log(LOG_INFO, "assay: %s[%u] is killed by a fault: %s, address %lx, instruction %lx, stack %lx",
		 task->comm, task->process->pid, names[sig] != NULL ? names[sig] : "exception", addr, frame->rip,
		 frame->rsp);
}

/* A signal that the current instruction caused cannot wait and cannot be ignored. */
void signal_fault(struct trap_frame *frame, int sig, int code, u64 addr) {
	struct task *task = task_current();
	struct process *process = task->process;
	struct sigaction_abi *action = &process->sighand->action[sig - 1];
	struct siginfo_abi info = signal_info(sig, code);

	info.u.fault.addr = addr;
	if (action->handler <= SIG_IGN || (task->blocked & SIG_BIT(sig)) != 0) {
		report_fault(task, frame, sig, addr);
		action->handler = SIG_DFL;
		process->unkillable = false;
	}
	task->blocked &= ~SIG_BIT(sig);
	if (signal_send_task(task, &info) != 0) process_kill(process, sig);
}

static int write_frame(struct task *task, struct trap_frame *regs, const struct sigaction_abi *action,
		       const struct siginfo_abi *info, u64 mask) {
	struct stack_abi *alt = &task->altstack;
	bool use_alt = (action->flags & SA_ONSTACK) != 0 && alt->len != 0 && !task_on_altstack(task, regs->rsp);
	u64 top = use_alt ? alt->base + alt->len : regs->rsp - RED_ZONE;
	struct sigframe_place place = sigframe_place(top);
	struct sigframe frame;

	if (place.frame >= top || (task_on_altstack(task, top) && place.frame < alt->base)) return -EFAULT;
	sigframe_save(&frame, regs, place.fpstate);
	frame.restorer = action->restorer;
	frame.uc.stack = *alt;
	if (alt->len == 0) frame.uc.stack.flags = SS_DISABLE;
	frame.uc.sigmask = mask;
	frame.info = *info;
	fpu_save(task->fpu);
	TRY(copy_to_user(uaddr(place.fpstate), task->fpu, FPU_STATE_LEN));
	TRY(copy_to_user(uaddr(place.frame), &frame, sizeof(frame)));
	if ((alt->flags & SS_AUTODISARM) != 0) *alt = (struct stack_abi){ 0 };
	sigframe_enter(regs, action->handler, info->signo, place.frame);
	return 0;
}

static void run_handler(struct trap_frame *regs, const struct siginfo_abi *info) {
	struct task *task = task_current();
	struct sigaction_abi *action = &task->process->sighand->action[info->signo - 1];
	u64 mask = task->restore_blocked ? task->saved_blocked : task->blocked;

	if ((action->flags & SA_RESTORER) == 0 || write_frame(task, regs, action, info, mask) != 0) {
		/* No frame, no handler: if it was SIGSEGV's own, the default action ends the process. */
		if (info->signo == SIGSEGV) action->handler = SIG_DFL;
		signal_fault(regs, SIGSEGV, SI_KERNEL, 0);
		return;
	}
	task->restore_blocked = false;
	u64 blocked = task->blocked | action->mask;

	if ((action->flags & SA_NODEFER) == 0) blocked |= SIG_BIT(info->signo);
	if ((action->flags & SA_RESETHAND) != 0) action->handler = SIG_DFL;
	signal_set_blocked(blocked);
}

/* The interrupted call's answer: with a handler about to run, or without one. */
static void settle_call(struct trap_frame *regs, const struct sigaction_abi *handler) {
	s64 code = -(s64)regs->rax;

	if (regs->orig_rax == (u64)-1 || code < ERESTARTSYS || code > ERESTART_RESTARTBLOCK) return;
	if (handler == NULL || code == ERESTARTNOINTR || (code == ERESTARTSYS && (handler->flags & SA_RESTART) != 0)) {
		regs->rip -= SYSCALL_INSN_LEN;
		regs->rax = code == ERESTART_RESTARTBLOCK ? NR_RESTART_SYSCALL : regs->orig_rax;
	} else {
		regs->rax = (u64)-EINTR;
	}
	regs->orig_rax = (u64)-1;
	regs->vector = TRAP_NEW; /* registers changed: no way back by SYSRET */
}

static void begin_stop(struct process *process, int sig) {
	if ((SIG_BIT(sig) & SIG_TERMINAL_STOPS) != 0 && task_group_orphaned(process->pgid)) return;
	process->stopping = true;
	process->stop_signal = sig;
	process->stop_reported = false;
	process->event = 0;
	list_for_each_entry(struct task, task, &process->threads, thread_node)
		if (task->state == TASK_SLEEPING && task->sleep_mode == SLEEP_INTERRUPTIBLE) sched_wake(task, -EINTR);
}

/* Stands still until SIGCONT or death. The last thread to stop tells the parent. */
static void stop_here(struct task *task) {
	struct process *process = task->process;
	bool last = true;

	list_for_each_entry(struct task, other, &process->threads, thread_node)
		if (other != task && other->state != TASK_STOPPED) last = false;
	if (last && !process->stop_reported) {
		process->stop_reported = true;
		process_notify_parent(process, CLD_STOPPED, process->stop_signal);
	}
	sched_stop();
}

/* Takes one signal; returns the handler that is to run, or NULL when the signal did what it does without one. */
static struct sigaction_abi *take_one(struct task *task, struct siginfo_abi *ret_info) {
	int sig = signal_take(task, ~task->blocked, ret_info);

	switch (sig != 0 ? signal_effect(task->process, sig) : SIGNAL_NOTHING) {
	case SIGNAL_HANDLER: return &task->process->sighand->action[sig - 1];
	case SIGNAL_STOP: begin_stop(task->process, sig); break;
	case SIGNAL_DEATH: process_kill(task->process, sig); break;
	case SIGNAL_NOTHING: break;
	}
	return NULL;
}

void signal_deliver(struct trap_frame *frame) {
	struct task *task = task_current();

	for (;;) {
		struct siginfo_abi info;

		if (task_is_dying(task)) task_exit(task->process->exit_status);
		if (task->process->stopping) {
			stop_here(task);
			continue;
		}
		if (signal_deliverable(task) == 0) break;
		const struct sigaction_abi *handler = take_one(task, &info);

		if (handler != NULL) {
			settle_call(frame, handler);
			run_handler(frame, &info);
		}
	}
	settle_call(frame, NULL);
	if (task->restore_blocked) {
		task->restore_blocked = false;
		signal_set_blocked(task->saved_blocked);
	}
}

static int read_frame(struct task *task, struct trap_frame *regs, u64 addr) {
	struct sigframe frame;

	TRY(copy_from_user(&frame, uaddr(addr), sizeof(frame)));
	u64 fpstate = frame.uc.context.fpstate;

	fpu_state_init(task->fpu);
	if (fpstate != 0) TRY(copy_from_user(task->fpu, uaddr(fpstate), FPU_STATE_LEN));
	TRY(sigframe_restore(&frame.uc, regs));
	fpu_state_check(task->fpu);
	fpu_restore(task->fpu);
	signal_set_blocked(frame.uc.sigmask);
	bool alt = frame.uc.stack.len >= MINSIGSTKSZ && (frame.uc.stack.flags & SS_DISABLE) == 0;

	task->altstack = alt ? frame.uc.stack : (struct stack_abi){ 0 };
	task->altstack.flags &= SS_AUTODISARM;
	return 0;
}

s64 signal_return(struct trap_frame *frame) {
	/* The handler's return popped the first word of the frame. */
	if (read_frame(task_current(), frame, frame->rsp - 8) != 0)
		signal_fault(frame, SIGSEGV, SI_KERNEL, frame->rsp - 8);
	return (s64)frame->rax;
}
