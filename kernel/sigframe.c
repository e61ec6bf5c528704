/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sigframe.c - registers to signal frame and back.
 *
 * Invariant: what comes back from a program's stack never yields privilege: selectors are ours, of RFLAGS
 * only the arithmetic and debugging bits count, and RIP and RSP stay in the user half.
 */
#include "kernel/sigframe.h"

#define FLAGS_USER 0x50dd5ull   /* CF PF AF ZF SF TF DF OF RF AC */
#define FLAGS_FIXED 0x202ull    /* IF, and bit 1 which is always set */
#define FLAGS_ENTRY_OFF 0x10500ull /* TF DF RF: off when a handler starts */
#define USER_HALF_END 0x00007ffffffff000ull

struct sigframe_place sigframe_place(u64 sp) {
	struct sigframe_place place;

	place.fpstate = align_down(sp - FPU_STATE_LEN, 64);
	/* As after a call: 8 below a multiple of 16. */
	place.frame = align_down(place.fpstate - sizeof(struct sigframe), 16) - 8;
	return place;
}

void sigframe_save(struct sigframe *f, const struct trap_frame *regs, u64 fpstate) {
	struct sigcontext_abi *c = &f->uc.context;

	memset(f, 0, sizeof(*f));
	f->uc.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	*c = (struct sigcontext_abi){
		.r8 = regs->r8, .r9 = regs->r9, .r10 = regs->r10, .r11 = regs->r11,
		.r12 = regs->r12, .r13 = regs->r13, .r14 = regs->r14, .r15 = regs->r15,
		.rdi = regs->rdi, .rsi = regs->rsi, .rbp = regs->rbp, .rbx = regs->rbx,
		.rdx = regs->rdx, .rax = regs->rax, .rcx = regs->rcx, .rsp = regs->rsp,
		.rip = regs->rip, .rflags = regs->rflags, .cs = USER_CS, .ss = USER_SS,
		.error = regs->error, .trapno = regs->vector < 0x100 ? regs->vector : 0,
		.cr2 = regs->cr2, .fpstate = fpstate,
	};
}

void sigframe_enter(struct trap_frame *regs, u64 handler, int sig, u64 frame_addr) {
	regs->rdi = (u64)sig;
	regs->rsi = frame_addr + offsetof(struct sigframe, info);
	regs->rdx = frame_addr + offsetof(struct sigframe, uc);
	regs->rax = 0;
	regs->rip = handler;
	regs->rsp = frame_addr;
	regs->cs = USER_CS;
	regs->ss = USER_SS;
	regs->rflags &= ~FLAGS_ENTRY_OFF;
	regs->orig_rax = (u64)-1;
	regs->vector = TRAP_NEW;
}

int sigframe_restore(const struct ucontext_abi *uc, struct trap_frame *regs) {
	const struct sigcontext_abi *c = &uc->context;

	if (c->rip >= USER_HALF_END) return -EINVAL;
	regs->r8 = c->r8, regs->r9 = c->r9, regs->r10 = c->r10, regs->r11 = c->r11;
	regs->r12 = c->r12, regs->r13 = c->r13, regs->r14 = c->r14, regs->r15 = c->r15;
	regs->rdi = c->rdi, regs->rsi = c->rsi, regs->rbp = c->rbp, regs->rbx = c->rbx;
	regs->rdx = c->rdx, regs->rax = c->rax, regs->rcx = c->rcx, regs->rsp = c->rsp;
	regs->rip = c->rip;
	regs->cs = USER_CS;
	regs->ss = USER_SS;
	regs->rflags = (c->rflags & FLAGS_USER) | FLAGS_FIXED;
	regs->orig_rax = (u64)-1;
	regs->vector = TRAP_NEW;
	return 0;
}
