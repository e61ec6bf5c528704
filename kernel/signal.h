/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/signal.h - sending signals, and what they do on the way to ring 3.
 *
 * Context    sending: any, interrupt context included; delivery: the return to ring 3 of the current task.
 * Ownership  a queued signal owns its siginfo.
 * Errors     -EAGAIN the queue of a realtime signal is full; -EINVAL, -EPERM, -ESRCH.
 * Source     POSIX.1-2017 2.4; Linux x86-64 signal frame and siginfo layout.
 */
#pragma once

#include "kernel/base/base.h"

struct task;
struct process;
struct trap_frame;

#define SIGNAL_COUNT 64
enum { SIGHUP = 1, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2,
       SIGPIPE, SIGALRM, SIGTERM, SIGCHLD = 17, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU,
       SIGWINCH = 28, SIGSYS = 31, SIGRTMIN };

#define SIG_DFL 0ull
#define SIG_IGN 1ull
/* The bits of sigaction's flags that count here; SA_SIGINFO changes nothing. */
enum { SA_NOCLDSTOP = 1, SA_NOCLDWAIT = 2, SA_RESTORER = 0x04000000, SA_ONSTACK = 0x08000000, SA_RESTART = 0x10000000,
       SA_NODEFER = 0x40000000 };
#define SA_RESETHAND 0x80000000ull

enum { SI_USER = 0, SI_KERNEL = 0x80, SI_TKILL = -6 };
enum { CLD_EXITED = 1, CLD_KILLED = 2, CLD_STOPPED = 5, CLD_CONTINUED = 6 };

enum { SS_ONSTACK = 1, SS_DISABLE = 2 };
#define SS_AUTODISARM 0x80000000u
#define MINSIGSTKSZ 2048u

#define SIG_BIT(sig) (1ull << ((sig) - 1))
#define SIG_UNBLOCKABLE (SIG_BIT(SIGKILL) | SIG_BIT(SIGSTOP))
/* Stop the process by default; those of the terminal not when its group is orphaned. */
#define SIG_TERMINAL_STOPS (SIG_BIT(SIGTSTP) | SIG_BIT(SIGTTIN) | SIG_BIT(SIGTTOU))
#define SIG_STOPS (SIG_BIT(SIGSTOP) | SIG_TERMINAL_STOPS)

/* As sigaltstack's argument lies in memory. */
struct stack_abi {
	u64 base;
	u32 flags, pad;
	u64 len;
};

/* As rt_sigaction's argument lies in memory. */
struct sigaction_abi {
	u64 handler, flags, restorer, mask;
};

struct sighand {
	u32 refs;
	struct sigaction_abi action[SIGNAL_COUNT];
};

/* siginfo_t as programs see it: 128 bytes. */
struct siginfo_abi {
	s32 signo, error, code, pad;
	union {
		struct {
			s32 pid;
			u32 uid;
			u64 value;
		} rt;
		struct {
			s32 pid;
			u32 uid;
			s32 status, pad2;
			s64 utime, stime; /* clock ticks */
		} child;
		struct {
			s32 id, overrun;
			u64 value;
		} timer;
		struct {
			u64 addr;
		} fault;
		u8 space[112];
	} u;
};
_Static_assert(sizeof(struct siginfo_abi) == 128, "siginfo_t has 128 bytes");

struct sigqueue_entry {
	struct list node;
	struct siginfo_abi info;
};

struct sigpending {
	u64 set;
	struct list queue;   /* of sigqueue_entry; a set bit without an entry means "no information" */
	u32 queued;
};

struct sighand *sighand_alloc(const struct sighand *copy_of);
void sighand_put(struct sighand *sighand);
void sigpending_discard(struct sigpending *pending, u64 set);

static inline struct siginfo_abi signal_info(int sig, int code) {
	return (struct siginfo_abi){ .signo = sig, .code = code };
}
/* With the current task as sender. */
struct siginfo_abi signal_info_user(int sig, int code);

/* Mechanical sending: permission is the caller's. info->signo 0 sends nothing. */
must_check int signal_send_task(struct task *task, const struct siginfo_abi *info);
must_check int signal_send_process(struct process *process, const struct siginfo_abi *info);
/* kill()'s rule for the current task. */
bool signal_permitted(const struct task *target, int sig);

/* A synchronous fault of the current task: delivered even when blocked or ignored (it then kills). */
void signal_fault(struct trap_frame *frame, int sig, int code, u64 addr);

/* Pending and not blocked for the task, from either queue. */
u64 signal_deliverable(const struct task *task);
/* Takes the next signal of set from the task's or its process's queue; 0 when none. */
int signal_take(struct task *task, u64 set, struct siginfo_abi *ret_info);
/* Everything that must happen before ring 3: restarts, stops, deaths, handler frames. */
void signal_deliver(struct trap_frame *frame);
/* rt_sigreturn: puts back what the frame on the program's stack says. */
s64 signal_return(struct trap_frame *frame);
/* Blocks exactly mask (minus KILL and STOP). */
void signal_set_blocked(u64 mask);
/* exec: handlers become default, ignored ones stay. */
void sighand_reset(struct sighand *sighand);
/* After a change to ignored: pending ones are dropped. */
void signal_discard(struct process *process, u64 set);

/* What taking a signal does to a process, which blocks it nowhere. */
enum signal_effect { SIGNAL_NOTHING = 0, SIGNAL_HANDLER, SIGNAL_STOP, SIGNAL_DEATH };
enum signal_effect signal_effect(const struct process *process, int sig);
