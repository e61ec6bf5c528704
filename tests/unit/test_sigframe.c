/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/sigframe.c */
/*
 * tests/unit/test_sigframe.c - the signal frame: offsets that libc counts on, alignment, and what a forged one cannot
 * do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/sigframe.h"

static struct trap_frame numbered_registers(void)
{
	struct trap_frame regs;
	u64 words[sizeof(regs) / sizeof(u64)];

	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		words[i] = 0x1000 + i;
	memcpy(&regs, words, sizeof(regs));
	regs.rflags = 0x246;
	return regs;
}

/* Byte offsets of Linux's struct rt_sigframe on x86-64, from the handler's RSP. */
static void sigframe_fields_stand_where_libc_looks(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct sigframe, restorer), 0);
	assert_int_equal(offsetof(struct sigframe, uc.flags), 8);
	assert_int_equal(offsetof(struct sigframe, uc.stack.base), 24);
	assert_int_equal(offsetof(struct sigframe, uc.stack.flags), 32);
	assert_int_equal(offsetof(struct sigframe, uc.stack.len), 40);
	assert_int_equal(offsetof(struct sigframe, uc.context.r8), 48);
	assert_int_equal(offsetof(struct sigframe, uc.context.rdi), 112);
	assert_int_equal(offsetof(struct sigframe, uc.context.rsp), 168);
	assert_int_equal(offsetof(struct sigframe, uc.context.rip), 176);
	assert_int_equal(offsetof(struct sigframe, uc.context.cs), 192);
	assert_int_equal(offsetof(struct sigframe, uc.context.error), 200);
	assert_int_equal(offsetof(struct sigframe, uc.context.cr2), 224);
	assert_int_equal(offsetof(struct sigframe, uc.context.fpstate), 232);
	assert_int_equal(offsetof(struct sigframe, uc.sigmask), 304);
	assert_int_equal(offsetof(struct sigframe, info), 312);
	assert_int_equal(offsetof(struct siginfo_abi, u.fault.addr), 16);
	assert_int_equal(offsetof(struct siginfo_abi, u.child.status), 24);
	assert_int_equal(offsetof(struct siginfo_abi, u.rt.value), 24);
	assert_int_equal(offsetof(struct siginfo_abi, u.timer.value), 24);
}

static void sigframe_place_is_aligned_as_after_a_call(void **state)
{
	(void)state;
	for (u64 sp = 0x7fff00001000; sp < 0x7fff00001100; sp++) {
		struct sigframe_place place = sigframe_place(sp);

		assert_int_equal(place.frame & 15, 8);
		assert_int_equal(place.fpstate & 63, 0);
		assert_true(place.fpstate + FPU_STATE_LEN <= sp);
		assert_true(place.frame + sizeof(struct sigframe) <= place.fpstate);
	}
}

static void sigframe_returning_gives_the_registers_back(void **state)
{
	(void)state;
	struct trap_frame regs = numbered_registers(), back = { 0 };
	struct sigframe frame;

	sigframe_save(&frame, &regs, 0x7000);
	assert_int_equal(frame.uc.context.fpstate, 0x7000);
	assert_int_equal(sigframe_restore(&frame.uc, &back), 0);
	assert_int_equal(back.rax, regs.rax);
	assert_int_equal(back.rbx, regs.rbx);
	assert_int_equal(back.rcx, regs.rcx);
	assert_int_equal(back.r8, regs.r8);
	assert_int_equal(back.r15, regs.r15);
	assert_int_equal(back.rbp, regs.rbp);
	assert_int_equal(back.rsp, regs.rsp);
	assert_int_equal(back.rip, regs.rip);
	assert_int_equal(back.rflags, regs.rflags);
	/* No restart, no SYSRET. */
	assert_true(back.orig_rax == (u64)-1);
	assert_int_not_equal(back.vector, TRAP_SYSCALL);
}

static void sigframe_forged_one_gets_no_privilege(void **state)
{
	(void)state;
	struct trap_frame regs = numbered_registers(), back = { 0 };
	struct sigframe frame;

	sigframe_save(&frame, &regs, 0);
	frame.uc.context.cs = KERNEL_CS;
	frame.uc.context.ss = 0x10;
	frame.uc.context.rflags = ~0ull;
	assert_int_equal(sigframe_restore(&frame.uc, &back), 0);
	assert_int_equal(back.cs, USER_CS);
	assert_int_equal(back.ss, USER_SS);
	assert_int_equal(back.rflags & 0x3000, 0);  /* IOPL */
	assert_int_equal(back.rflags & 0x4000, 0);  /* NT */
	assert_int_equal(back.rflags & 0x20000, 0); /* VM */
	assert_int_equal(back.rflags & 0x200, 0x200);
	frame.uc.context.rflags = 0;
	assert_int_equal(sigframe_restore(&frame.uc, &back), 0);
	assert_int_equal(back.rflags, 0x202);
	frame.uc.context.rip = 0x800000000000;
	assert_int_equal(sigframe_restore(&frame.uc, &back), -EINVAL);
	frame.uc.context.rip = 0xffffffff80000000;
	assert_int_equal(sigframe_restore(&frame.uc, &back), -EINVAL);
}

static void sigframe_handler_starts_with_its_arguments(void **state)
{
	(void)state;
	struct trap_frame regs = numbered_registers();

	regs.rflags = 0x10746; /* RF, DF and TF are on */
	sigframe_enter(&regs, 0x401000, 11, 0x7ffe0008);
	assert_int_equal(regs.rdi, 11);
	assert_int_equal(regs.rsi, 0x7ffe0008 + 312);
	assert_int_equal(regs.rdx, 0x7ffe0008 + 8);
	assert_int_equal(regs.rax, 0);
	assert_int_equal(regs.rip, 0x401000);
	assert_int_equal(regs.rsp, 0x7ffe0008);
	assert_int_equal(regs.rflags, 0x246);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sigframe_fields_stand_where_libc_looks),
		cmocka_unit_test(sigframe_place_is_aligned_as_after_a_call),
		cmocka_unit_test(sigframe_returning_gives_the_registers_back),
		cmocka_unit_test(sigframe_forged_one_gets_no_privilege),
		cmocka_unit_test(sigframe_handler_starts_with_its_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
