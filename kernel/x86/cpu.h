/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/cpu.h - one-line wrappers around instructions: the only inline assembly in the kernel.
 *
 * Context    any, CPL 0.
 * Units      MSR and port numbers as the manuals name them.
 * Errors     none: an MSR that is not there faults and stops the machine, so callers ask CPUID first.
 * Source     Intel SDM volumes 2 and 4; AMD APM volume 2.
 */
#pragma once

#include "kernel/base/base.h"

enum { MSR_APIC_BASE = 0x1b, MSR_ARCH_CAPABILITIES = 0x10a, MSR_SYSENTER_CS = 0x174, MSR_PAT = 0x277,
       MSR_X2APIC = 0x800, MSR_EFER = 0xc0000080, MSR_STAR, MSR_LSTAR, MSR_SFMASK = 0xc0000084,
       MSR_FS_BASE = 0xc0000100, MSR_GS_BASE };
enum { EFER_SCE = 1 << 0, EFER_NXE = 1 << 11 };
enum { CR0_PE = 1 << 0, CR0_MP = 1 << 1, CR0_ET = 1 << 4, CR0_NE = 1 << 5, CR0_WP = 1 << 16, CR0_PG = 1u << 31 };
enum { CR4_PAE = 1 << 5, CR4_MCE = 1 << 6, CR4_PGE = 1 << 7, CR4_OSFXSR = 1 << 9, CR4_OSXMMEXCPT = 1 << 10,
       CR4_UMIP = 1 << 11, CR4_LA57 = 1 << 12, CR4_FSGSBASE = 1 << 16, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21,
       CR4_CET = 1 << 23 };
/* USER: what a program may choose: CF PF AF ZF SF TF DF OF AC ID. */
enum { RFLAGS_TF = 1 << 8, RFLAGS_IF = 1 << 9, RFLAGS_DF = 1 << 10, RFLAGS_IOPL = 3 << 12, RFLAGS_NT = 1 << 14,
       RFLAGS_RF = 1 << 16, RFLAGS_AC = 1 << 18, RFLAGS_USER = 0x240dd5 };

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(u32 leaf, u32 subleaf) {
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
	return r;
}

/* A reader gives what the instruction leaves in value, a writer gives nothing. */
#define CPU_READER(type, name, code, result, ...)                              \
	static inline type name {                                              \
		type value;                                                    \
		__asm__ volatile(code : result(value) : __VA_ARGS__ : "memory"); \
		return value;                                                  \
	}
#define CPU_WRITER(name, code, ...) \
	static inline void name { __asm__ volatile(code : : __VA_ARGS__ : "memory"); }
#define CPU_TWO_HALVES(name, code, ...)                                                \
	static inline u64 name {                                                       \
		u32 lo, hi;                                                            \
		__asm__ volatile(code : "=a"(lo), "=d"(hi) : __VA_ARGS__ : "memory");  \
		return (u64)hi << 32 | lo;                                             \
	}

CPU_READER(u64, cpu_read_cr4(void), "mov %%cr4, %0", "=r")
CPU_READER(u8, cpu_in8(u16 port), "inb %1, %0", "=a", "Nd"(port))
CPU_READER(u32, cpu_in32(u16 port), "inl %1, %0", "=a", "Nd"(port))
CPU_READER(u8, cpu_mmio_read8(const volatile void *p), "movb %1, %0", "=q", "m"(*(const volatile u8 *)p))
CPU_READER(u32, cpu_mmio_read32(const volatile void *p), "movl %1, %0", "=r", "m"(*(const volatile u32 *)p))
CPU_TWO_HALVES(cpu_rdmsr(u32 msr), "rdmsr", "c"(msr))
/* Ordered against earlier loads, so that two readings never run backwards. */
CPU_TWO_HALVES(cpu_rdtsc(void), "lfence; rdtsc")
CPU_WRITER(cpu_wrmsr(u32 msr, u64 v), "wrmsr", "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)))
CPU_WRITER(cpu_write_cr0(u64 v), "mov %0, %%cr0", "r"(v))
CPU_WRITER(cpu_write_cr3(u64 v), "mov %0, %%cr3", "r"(v))
CPU_WRITER(cpu_write_cr4(u64 v), "mov %0, %%cr4", "r"(v))
CPU_WRITER(cpu_invlpg(u64 va), "invlpg (%0)", "r"(va))
CPU_WRITER(cpu_out8(u16 port, u8 v), "outb %0, %1", "a"(v), "Nd"(port))
CPU_WRITER(cpu_out16(u16 port, u16 v), "outw %0, %1", "a"(v), "Nd"(port))
CPU_WRITER(cpu_mmio_write8(volatile void *p, u8 v), "movb %1, (%0)", "r"(p), "q"(v))
CPU_WRITER(cpu_mmio_write32(volatile void *p, u32 v), "movl %1, (%0)", "r"(p), "r"(v))
CPU_WRITER(cpu_lgdt(const void *descriptor), "lgdt (%0)", "r"(descriptor))
CPU_WRITER(cpu_lidt(const void *descriptor), "lidt (%0)", "r"(descriptor))
CPU_WRITER(cpu_ltr(u16 selector), "ltr %0", "r"(selector))
CPU_WRITER(cpu_fxsave(void *area), "fxsave64 (%0)", "r"(area))
CPU_WRITER(cpu_pause(void), "pause", )
/* Opens interrupts for as long as the CPU has nothing to do. */
CPU_WRITER(cpu_wait_for_interrupt(void), "sti; hlt; cli", )
/* Data selectors are null in the kernel and at a program's start. */
CPU_WRITER(cpu_clear_segments(void), "mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs", "r"(0))
/* After LGDT: CS is the kernel's code (0x08), SS its data (0x10). */
CPU_WRITER(cpu_load_segments(void), "pushq $0x08; pushq $1f; lretq; 1: mov %0, %%ss", "r"(0x10))

/* Both return false when the generator has nothing to give, or is not there (callers ask CPUID). */
static inline bool cpu_rdrand(u64 *ret_value) {
	bool ok;

	__asm__ volatile("rdrand %0" : "=r"(*ret_value), "=@ccc"(ok));
	return ok;
}

static inline bool cpu_rdseed(u64 *ret_value) {
	bool ok;

	__asm__ volatile("rdseed %0" : "=r"(*ret_value), "=@ccc"(ok));
	return ok;
}

__attribute__((noreturn)) static inline void cpu_stop(void) {
	for (;;) __asm__ volatile("cli; hlt" : : : "memory");
}

/* With an empty descriptor table the next exception resets the machine. */
__attribute__((noreturn)) static inline void cpu_triple_fault(void) {
	static const u8 none[10];

	cpu_lidt(none);
	__asm__ volatile("int3");
	cpu_stop();
}
