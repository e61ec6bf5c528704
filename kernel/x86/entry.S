/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/entry.S - first instruction, system call entry, interrupt stubs, the way back, switching.
 *
 * Relies on the layout of struct trap_frame (trap.h). Invariants: no entry path uses GS; AC is clear before C code
 * runs (SFMASK for SYSCALL, CLAC in the stubs, which is skipped where the CPU has no SMAP); every frame is 16-byte
 * aligned at the call into C.
 */
#define FRAME_TAIL 24            /* orig_rax, vector, error: between the registers and RIP */

	.section .text.entry, "ax", @progbits
	.globl kernel_entry
kernel_entry:
	cld
	rdtsc
	shl $32, %rdx
	or %rdx, %rax
	mov $boot_stack_top, %rsp
	xor %ebp, %ebp
	mov %rax, %rsi
	call kernel_main             /* (physical address of bootinfo, time stamp) */
	ud2

/* Stacks that are there from the start. paging_init() unmaps the first page of each slot. */
	.section .bss.pages, "aw", @nobits
	.balign 4096
	.globl boot_stack, ist_stacks
boot_stack:
	.skip 4096 + 32768
boot_stack_top:
ist_stacks:
	.skip 4 * (4096 + 8192)      /* IST_COUNT slots of IST_SLOT bytes: trap.h */

	.text

/* Saves the registers above vector and error, and calls C with the frame. */
.macro save_registers
	.irp r, rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	push %\r
	.endr
.endm

.macro restore_registers
	.irp r, r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
	pop %\r
	.endr
.endm

/* No register of a program reaches C code by accident. */
.macro clear_registers
	.irp r, esi, edx, ecx, eax, r8d, r9d, r10d, r11d, ebx, ebp, r12d, r13d, r14d, r15d
	xor %\r, %\r
	.endr
.endm

/*
 * SYSCALL: RCX holds RIP, R11 RFLAGS, IF and AC are off, RSP is the program's. One CPU: two fixed words do for a
 * per-CPU area.
 */
	.globl syscall_entry
syscall_entry:
	mov %rsp, syscall_user_rsp(%rip)
	mov kernel_stack_top(%rip), %rsp
	push $0x23                   /* USER_SS */
	push syscall_user_rsp(%rip)
	push %r11
	push $0x2b                   /* USER_CS */
	push %rcx
	push $0                      /* error */
	push $0x100                  /* TRAP_SYSCALL */
	push %rax                    /* orig_rax */
	movq $-38, %rax              /* -ENOSYS until somebody says otherwise */
	save_registers
	push $0                      /* cr2 */
	mov %rsp, %rdi
	clear_registers
	call trap_syscall
	test %al, %al
	jz return_by_iret
	/* RIP is in the user half and RCX, R11 hold what SYSRET will load. */
	add $8, %rsp
	restore_registers
	mov 48(%rsp), %rsp           /* the frame's rsp: past orig_rax, vector, error, rip, cs, rflags */
	sysretq

/* trap_return() made the frame one that IRETQ accepts. */
return_by_iret:
	add $8, %rsp
	restore_registers
	add $FRAME_TAIL, %rsp
	iretq

/* enter_user(frame) */
	.globl enter_user
enter_user:
	mov %rdi, %rsp
	xor %ebp, %ebp
	call trap_return
	jmp return_by_iret

/* context_switch(save_rsp, new_rsp) */
	.globl context_switch
context_switch:
	.irp r, rbp, rbx, r12, r13, r14, r15
	push %\r
	.endr
	mov %rsp, (%rdi)
	mov %rsi, %rsp
	.irp r, r15, r14, r13, r12, rbx, rbp
	pop %\r
	.endr
	ret

/*
 * 16 bytes a stub, so that trap.c finds vector n at trap_stubs + 16 n. The CPU pushes an error code at vectors 8,
 * 10 to 14, 17, 21, 29, 30; at the others 0 stands for it.
 */
	.balign 16
	.globl trap_stubs
trap_stubs:
	.set i, 0
	.rept 256
	.balign 16
	.if i != 8 && (i < 10 || i > 14) && i != 17 && i != 21 && i != 29 && i != 30
	push $0
	.endif
	push $i
	jmp trap_common
	.set i, i + 1
	.endr

trap_common:
	push $-1                     /* orig_rax: no system call */
	save_registers
	cld
	cmpb $0, cpu_has_smap(%rip)
	je 1f
	clac
1:	mov %cr2, %rax
	push %rax
	mov %rsp, %rdi
	clear_registers
	call trap_dispatch
	jmp return_by_iret

/*
 * fpu_restore(state). AMD's FXRSTOR leaves the last x87 instruction's address standing unless an exception is
 * pending, so it is overwritten first. fpu_state_check() saw to it that no reserved bit of MXCSR is set.
 */
	.globl fpu_restore
fpu_restore:
	fnclex
	emms
	fildl syscall_user_rsp(%rip)
	fxrstor64 (%rdi)
	ret

	.globl fpu_save
fpu_save:
	fxsave64 (%rdi)
	ret

	.bss
	.balign 8
	.globl kernel_stack_top
kernel_stack_top:
	.skip 8
syscall_user_rsp:
	.skip 8

	.section .note.GNU-stack, "", @progbits
