/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/usercopy_bytes.S - the instructions that touch a program's memory.
 *
 * Callers (usercopy.c) have checked that the range lies in the user half. Each instruction that may fault stands in
 * .fixup with the place to go on: the count of bytes not done is then in RCX (and RDX) and is returned. AC is set
 * for nothing else.
 */

/* Opens and closes user memory, where the CPU has SMAP. */
.macro user_open
	cmpb $0, cpu_has_smap(%rip)
	je 1f
	stac
1:
.endm
.macro user_close
	cmpb $0, cpu_has_smap(%rip)
	je 1f
	clac
1:
.endm
.macro fixup from, to
	.pushsection .fixup, "a", @progbits
	.quad \from, \to
	.popsection
.endm

	.text

/* u64 usercopy_bytes(void *dst, const void *src, u64 len): bytes not copied. */
	.globl usercopy_bytes
usercopy_bytes:
	mov %rdx, %rcx
	shr $3, %rcx
	and $7, %edx
	user_open
.Lcopy_words:
	rep movsq
	mov %rdx, %rcx
.Lcopy_rest:
	rep movsb
	user_close
	mov %rcx, %rax
	ret
.Lcopy_words_failed:
	lea (%rdx, %rcx, 8), %rcx
.Lcopy_rest_failed:
	user_close
	mov %rcx, %rax
	ret
	fixup .Lcopy_words, .Lcopy_words_failed
	fixup .Lcopy_rest, .Lcopy_rest_failed

/* u64 usercopy_clear(void *dst, u64 len): bytes not cleared. */
	.globl usercopy_clear
usercopy_clear:
	mov %rsi, %rcx
	xor %eax, %eax
	user_open
.Lclear:
	rep stosb
.Lclear_failed:
	user_close
	mov %rcx, %rax
	ret
	fixup .Lclear, .Lclear_failed

	.section .note.GNU-stack, "", @progbits
