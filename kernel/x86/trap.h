/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/trap.h - the way into the kernel and back: descriptor tables, dispatch, frames, switching.
 *
 * One CPU, and kernel code runs with interrupts off: they are open only while ring 3 runs and inside
 * cpu_wait_for_interrupt(). The kernel uses neither FS nor GS, so both bases are always the program's and no entry
 * path has a SWAPGS to get wrong. NMI, double fault, machine check and debug have stacks of their own.
 *
 * x86 knows nothing of tasks: what happens is told to the functions of struct trap_handlers.
 *
 * Context    interrupts off.
 * Ownership  a frame lies at the top of the task's kernel stack: (struct trap_frame *)top - 1.
 * Errors     a fault in kernel code that is not a copy from or to user memory stops the machine.
 * Source     Intel SDM volume 3 chapter 6; AMD APM volume 2 chapter 8.
 */
#pragma once

#include "kernel/base/base.h"

#define KERNEL_CS 0x08u
#define USER_SS 0x23u
#define USER_CS 0x2bu

/* Values of frame.vector that are no interrupt. */
#define TRAP_SYSCALL 0x100u
#define TRAP_NEW 0x101u        /* a frame made by hand: fork's child, a fresh program */

/* Layout known to entry.S. */
struct trap_frame {
	u64 cr2;               /* of a page fault */
	u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u64 orig_rax;          /* number of the system call; (u64)-1 when this is none */
	u64 vector;
	u64 error;             /* the CPU's error code, 0 where there is none */
	u64 rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct trap_frame) == 192, "entry.S counts on the layout, calls on the alignment");

struct trap_handlers {
	/*
	 * A page that a program touched, or a copy from or to it. 0: touch it again. -EFAULT nothing is there,
	 * -EACCES not that way, -EIO beyond the file's end, -ENOMEM: become SIGSEGV, SIGSEGV, SIGBUS, SIGKILL; for a
	 * copy any is -EFAULT.
	 */
	int (*page_fault)(u64 addr, bool write, bool exec, bool user);
	/* Any other exception of ring 3, or a page fault that page_fault refused: a signal. */
	void (*user_exception)(struct trap_frame *frame, int sig, int code, u64 addr);
	/* orig_rax and the arguments are in the frame; the result goes to frame->rax. */
	void (*syscall)(struct trap_frame *frame);
	/* Last thing before ring 3, whatever the way in: signals, rescheduling. */
	void (*return_to_user)(struct trap_frame *frame);
	void (*timer)(void);
	void (*serial)(void);
};

/* Vectors of our interrupts. */
#define VECTOR_TIMER 0x40u
#define VECTOR_SERIAL 0x41u
#define VECTOR_SPURIOUS 0xffu

/* Descriptor tables, SYSCALL, CR0/CR4 features that CPUID has. Needs nothing but the kernel's own memory. */
void trap_init(void);
/* From here on programs may run. */
void trap_set_handlers(const struct trap_handlers *handlers);
/* "smep smap umip fsgsbase nx" as found. */
const char *trap_features(void);
/* The processor may be open to Meltdown, against which nothing is done here. */
bool trap_leaks_to_user(void);

/* The stack that the next entry from ring 3 uses; top is 16-byte aligned. */
void set_kernel_stack(u64 top);

/*
 * Saves the callee-saved registers and RSP of the caller, and continues where new_rsp was saved. context_prepare
 * makes such a value below stack_top (usually below the frame) that continues in entry, which must not return.
 */
void context_switch(u64 *ret_save_rsp, u64 new_rsp);
u64 context_prepare(void *stack_top, void (*entry)(void));
/* Goes to ring 3 with frame, which is at the top of the current kernel stack. Runs return_to_user first. */
__attribute__((noreturn)) void enter_user(struct trap_frame *frame);

/* x87 and SSE registers: 512 bytes, 16-byte aligned. The registers are the current task's until the next switch. */
#define FPU_STATE_LEN 512u
void fpu_save(void *ret_state);
void fpu_restore(const void *state);
/* What a fresh program starts with. */
void fpu_state_init(void *ret_state);
/* Makes a state that came from a program harmless: reserved bits of MXCSR would fault in FXRSTOR. */
void fpu_state_check(void *state);

/* FS and GS base of the running task: saved and loaded with the registers above. Bases must be below USER_END. */
void user_bases_save(u64 *ret_fs, u64 *ret_gs);
void user_bases_load(u64 fs, u64 gs);

/* Stacks of NMI, double fault, machine check and debug; each slot's lowest page is a guard. In entry.S. */
#define IST_COUNT 4u
#define IST_SLOT (4096u + 8192u)
extern char boot_stack[], ist_stacks[];

/* entry.S and trap.c only. */
void trap_dispatch(struct trap_frame *frame);
bool trap_syscall(struct trap_frame *frame);
void trap_return(struct trap_frame *frame);
