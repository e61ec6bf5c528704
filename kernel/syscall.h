/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/syscall.h - the system call table.
 *
 * SYSCALL() defines a call wherever its subject is; syscall.c sorts them by number at boot and dispatches.
 * A call first decodes (copies in and checks everything, changes nothing), then acts.
 *
 * Context    task context, IF as the task had it; args are RDI RSI RDX R10 R8 R9.
 * Errors     a negative errno goes to RAX. -ERESTARTSYS never leaves the kernel. Unknown number: -ENOSYS, logged
 *            once.
 * Source     Linux x86-64 system call numbers.
 */
#pragma once

#include "kernel/base/base.h"

/* A call that may be restarted after a handler ran with SA_RESTART. */
#define ERESTARTSYS 512
/* Always restarted; restarted unless a handler ran; continued by restart_syscall unless a handler ran. */
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

struct syscall_entry {
	u16 number;
	const char *name;
	s64 (*call)(const u64 args[6]);
};

/* Defines sys_NAME and its entry in the table, which the linker collects. */
#define SYSCALL(nr, name_)                                                                        \
	static s64 sys_##name_(const u64 args[6]);                                                \
	[[gnu::section(".syscalls"), gnu::used, gnu::aligned(8)]]                                  \
	static const struct syscall_entry entry_##name_ = {                                       \
		.number = (nr), .name = #name_, .call = sys_##name_ };                            \
	static s64 sys_##name_([[maybe_unused]] const u64 args[6])

/* Sorts the entries by number; panics on a number that stands twice. */
void syscall_init(void);

/* int arguments: the upper half of the register does not count. */
static inline int int_arg(u64 value) { return (int)(u32)value; }
