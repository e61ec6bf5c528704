/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sigframe.h - what a signal handler finds on its stack, and what of it counts when the handler returns.
 *
 * Pure: layout and arithmetic. The memory is written and read by signal_deliver.c.
 *
 * Context    any.
 * Units      addresses of the program, bytes.
 * Ownership  the caller's memory.
 * Errors     -EINVAL a returning frame whose instruction pointer is not in the user half.
 * Source     System V ABI AMD64; Linux x86-64 struct rt_sigframe, ucontext, sigcontext.
 */
#pragma once

#include "kernel/signal.h"
#include "kernel/x86/trap.h"

#define UC_SIGCONTEXT_SS 2ull
#define UC_STRICT_RESTORE_SS 4ull

struct sigcontext_abi {
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	u16 cs, gs, fs, ss;
	u64 error, trapno, oldmask, cr2;
	u64 fpstate;
	u64 reserved[8];
};

struct ucontext_abi {
	u64 flags;
	u64 link;
	struct stack_abi stack;
	struct sigcontext_abi context;
	u64 sigmask;
};

struct sigframe {
	u64 restorer;            /* the handler's return address */
	struct ucontext_abi uc;
	struct siginfo_abi info;
};
_Static_assert(sizeof(struct sigframe) == 440, "rt_sigframe has 440 bytes");
_Static_assert(offsetof(struct sigframe, uc.sigmask) == 304, "uc_sigmask is at 304");
_Static_assert(offsetof(struct sigframe, info) == 312, "siginfo is at 312");

/* Where frame and FP state go below sp (already moved past the red zone or to the alternate stack's top). */
struct sigframe_place {
	u64 frame;
	u64 fpstate;
};
struct sigframe_place sigframe_place(u64 sp);

/* Everything of the frame that comes from the registers. */
void sigframe_save(struct sigframe *ret_frame, const struct trap_frame *regs, u64 fpstate);
/* Registers for the first instruction of the handler. */
void sigframe_enter(struct trap_frame *regs, u64 handler, int sig, u64 frame_addr);
/* Puts the saved registers back: only what a program may choose. */
must_check int sigframe_restore(const struct ucontext_abi *uc, struct trap_frame *ret_regs);
