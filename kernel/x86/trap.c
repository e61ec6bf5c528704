/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/trap.c - descriptor tables, CPU features, and what follows an exception.
 *
 * Relies on entry.S for the frames. Invariant: nothing goes to ring 3 but through trap_return(), which leaves a
 * frame that IRETQ accepts whatever the program asked for.
 */
#include "kernel/x86/trap.h"

#include "kernel/x86/apic.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/paging.h"
#include "kernel/x86/usercopy.h"

/* Signals and their codes: Linux uapi asm-generic/siginfo.h. */
enum { SIGILL = 4, SIGTRAP, SIGBUS = 7, SIGFPE, SIGKILL, SIGSEGV = 11, SI_KERNEL = 0x80 };
/* Error code of a page fault. */
enum { PF_WRITE = 2, PF_RESERVED = 8, PF_EXEC = 16 };
enum { DEBUG = 1, NMI = 2, DOUBLE_FAULT = 8, PAGE_FAULT = 14, X87 = 16, MACHINE_CHECK = 18, SIMD = 19 };

#define TSS_SELECTOR 0x30u

struct tss {
	u32 reserved0;
	u64 rsp[3], reserved1, ist[7], reserved2;
	u16 reserved3, io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "64-bit TSS");

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "64-bit gate");

struct descriptor_table {
	u16 limit;
	u64 base;
} __attribute__((packed));

struct fixup {
	u64 fault, landing;
};

extern char trap_stubs[], syscall_entry[];
extern u64 kernel_stack_top;
extern const struct fixup fixup_start[], fixup_end[];
extern u8 cpu_has_smap;

RO_AFTER_INIT u8 cpu_has_smap;
RO_AFTER_INIT static struct trap_handlers handlers;
RO_AFTER_INIT static char features[64];
RO_AFTER_INIT static u32 mxcsr_mask;

/*
 * The order SYSCALL and SYSRET force. Slot 0x18 (32-bit code) stays empty: there are no 32-bit programs. Accessed
 * bits are set, so that the CPU never writes here.
 */
RO_AFTER_INIT static u64 gdt[8] = {
	0,
	0x00af9b000000ffff, /* 0x08 kernel code */
	0x00cf93000000ffff, /* 0x10 kernel data */
	0,
	0x00cff3000000ffff, /* 0x20 user data */
	0x00affb000000ffff, /* 0x28 user code */
};
RO_AFTER_INIT static struct gate idt[256];
static struct tss tss;

static const u8 ist_vectors[IST_COUNT] = { DOUBLE_FAULT, NMI, MACHINE_CHECK, DEBUG };

static void gate_set(unsigned vector, unsigned ist, unsigned dpl) {
	u64 stub = (u64)trap_stubs + 16u * vector;

	idt[vector] = (struct gate){ .offset_low = (u16)stub, .selector = KERNEL_CS, .ist = (u8)ist,
				     .type = (u8)(0x8e | dpl << 5), .offset_mid = (u16)(stub >> 16),
				     .offset_high = (u32)(stub >> 32) };
}

static void tables_init(void) {
	u64 base = (u64)&tss;

	tss.io_map = sizeof(tss);
	gdt[6] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	gdt[7] = base >> 32;
	for (unsigned v = 0; v < 256; v++) gate_set(v, 0, v == 3 || v == 4 ? 3 : 0);
	for (unsigned i = 0; i < IST_COUNT; i++) {
		tss.ist[i] = (u64)ist_stacks + (i + 1) * IST_SLOT;
		gate_set(ist_vectors[i], i + 1, 0);
	}

	struct descriptor_table gdtr = { sizeof(gdt) - 1, (u64)gdt };
	struct descriptor_table idtr = { sizeof(idt) - 1, (u64)idt };

	cpu_lgdt(&gdtr);
	cpu_load_segments();
	cpu_lidt(&idtr);
	cpu_ltr(TSS_SELECTOR);
}

static void features_init(void) {
	static const struct {
		const char *name;
		u64 cr4;
		bool in_ecx;
		u8 bit;
	} table[] = { /* CPUID leaf 7 */
		{ " smep", CR4_SMEP, false, 7 }, { " smap", CR4_SMAP, false, 20 },
		{ " umip", CR4_UMIP, true, 2 }, { " fsgsbase", CR4_FSGSBASE, false, 0 },
	};
	/* The whole value is written: OSXSAVE and whatever else the firmware had on goes off. */
	u64 cr4 = CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	struct cpuid leaf7 = { 0 };

	text_copy(features, sizeof(features), "nx wp");
	if (cpuid(0, 0).eax >= 7) leaf7 = cpuid(7, 0);
	for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
		if (!((table[i].in_ecx ? leaf7.ecx : leaf7.ebx) >> table[i].bit & 1)) continue;
		cr4 |= table[i].cr4;
		(void)text_copy(features + strlen(features), sizeof(features) - strlen(features), table[i].name);
	}
	cpu_write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
	cpu_write_cr4(cr4);
	cpu_has_smap = (cr4 & CR4_SMAP) != 0;
}

void trap_init(void) {
	_Alignas(16) u8 state[FPU_STATE_LEN] = { 0 };

	tables_init();
	features_init();
	/* SYSCALL: selectors, entry, and the flags that are off at the entry. SYSENTER faults. */
	cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
	cpu_wrmsr(MSR_STAR, 0x0018ull << 48 | (u64)KERNEL_CS << 32);
	cpu_wrmsr(MSR_LSTAR, (u64)syscall_entry);
	cpu_wrmsr(MSR_SFMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IOPL);
	cpu_wrmsr(MSR_SYSENTER_CS, 0);
	cpu_fxsave(state);
	mxcsr_mask = load_le32(state + 28);
	if (!mxcsr_mask) mxcsr_mask = 0xffbf; /* SDM volume 1, 11.6.6 */
	fpu_state_init(state);
	fpu_restore(state);
}

void trap_set_handlers(const struct trap_handlers *given) { handlers = *given; }

/* Intel parts that do not say RDCL_NO let a program read kernel memory by speculation; nobody else's do. */
bool trap_leaks_to_user(void) {
	struct cpuid vendor = cpuid(0, 0);
	bool says = vendor.eax >= 7 && cpuid(7, 0).edx >> 29 & 1; /* MSR_ARCH_CAPABILITIES is there */

	return vendor.ebx == 0x756e6547 && !(says && cpu_rdmsr(MSR_ARCH_CAPABILITIES) & 1);
}

const char *trap_features(void) { return features; }

void set_kernel_stack(u64 top) {
	tss.rsp[0] = top;
	kernel_stack_top = top;
}

u64 context_prepare(void *stack_top, void (*entry)(void)) {
	u64 *sp = stack_top;

	*--sp = 0;           /* where entry would return to */
	*--sp = (u64)entry;
	for (int i = 0; i < 6; i++) *--sp = 0;
	return (u64)sp;
}

void fpu_state_init(void *ret_state) {
	memset(ret_state, 0, FPU_STATE_LEN);
	store_le16(ret_state, 0x37f);
	store_le32((u8 *)ret_state + 24, 0x1f80);
}

void fpu_state_check(void *state) {
	u8 *mxcsr = (u8 *)state + 24;

	store_le32(mxcsr, load_le32(mxcsr) & mxcsr_mask);
}

void user_bases_save(u64 *ret_fs, u64 *ret_gs) {
	*ret_fs = cpu_rdmsr(MSR_FS_BASE);
	*ret_gs = cpu_rdmsr(MSR_GS_BASE);
}

void user_bases_load(u64 fs, u64 gs) {
	cpu_clear_segments(); /* first: loading a selector changes the base */
	cpu_wrmsr(MSR_FS_BASE, fs);
	cpu_wrmsr(MSR_GS_BASE, gs);
}

__attribute__((noreturn)) static void die(const struct trap_frame *f, const char *what) {
	static const char *const names[] = { "cr2", "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8",
					     "rax", "rcx", "rdx", "rsi", "rdi", NULL, "vector", "error", "rip", "cs",
					     "rflags", "rsp", "ss" };
	static char text[640];
	const u64 *values = (const u64 *)f;
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (names[i] && len < sizeof(text))
			len += text_format(text + len, sizeof(text) - len, " %s %llx", names[i],
					   (unsigned long long)values[i]);
	}
	port_panic("%s in the kernel:%s", what, text);
}

/* A copy from or to a program's memory went wrong: the fixup's landing, 0 when rip is no such instruction. */
static u64 fixup_landing(u64 rip) {
	for (const struct fixup *x = fixup_start; x < fixup_end; x++) {
		if (x->fault == rip) return x->landing;
	}
	return 0;
}

static void kernel_page_fault(struct trap_frame *f) {
	u64 landing = fixup_landing(f->rip);

	if (landing && f->cr2 < USER_END && !(f->error & PF_RESERVED)) {
		if (handlers.page_fault(f->cr2, f->error & PF_WRITE, false, false) != 0) f->rip = landing;
	} else {
		die(f, kstack_is_guard(f->cr2) ? "stack overflow" : "page fault");
	}
}

static void user_page_fault(struct trap_frame *f) {
	if (f->error & PF_RESERVED) die(f, "damaged page table");

	int err = f->cr2 >= USER_END ? -EFAULT
				     : handlers.page_fault(f->cr2, f->error & PF_WRITE, f->error & PF_EXEC, true);

	if (err == -ENOMEM)
		handlers.user_exception(f, SIGKILL, SI_KERNEL, f->cr2);
	else if (err == -EIO)
		handlers.user_exception(f, SIGBUS, 2 /* BUS_ADRERR */, f->cr2);
	else if (err)
		handlers.user_exception(f, SIGSEGV, err == -EACCES ? 2 : 1, f->cr2);
}

/* FPE_* code of pending floating point exceptions: bits are those of the status word and MXCSR alike. */
static int fpe_code(bool simd) {
	_Alignas(16) u8 state[FPU_STATE_LEN];

	cpu_fxsave(state);

	u32 mxcsr = load_le32(state + 24);
	u32 pending = simd ? ~(mxcsr >> 7) & mxcsr : (u32)(~load_le16(state) & load_le16(state + 2));

	/* FLTINV, FLTDIV, FLTOVF, FLTUND, FLTRES */
	return pending & 1 ? 7 : pending & 4 ? 3 : pending & 8 ? 4 : pending & 0x12 ? 5 : pending & 0x20 ? 6 : 0;
}

static void user_exception(struct trap_frame *f) {
	static const struct {
		u8 sig, code;
		bool with_rip;
	} table[32] = { /* FPE_INTDIV, TRAP_TRACE, INT3, ILL_ILLOPN, ..., BUS_ADRALN */
		[0] = { SIGFPE, 1, true }, [DEBUG] = { SIGTRAP, 2, true }, [3] = { SIGTRAP, SI_KERNEL, false },
		[6] = { SIGILL, 2, true }, [11] = { SIGBUS, SI_KERNEL, false }, [12] = { SIGBUS, SI_KERNEL, false },
		[X87] = { SIGFPE, 0, true }, [17] = { SIGBUS, 1, false }, [SIMD] = { SIGFPE, 0, true },
	};
	unsigned v = (unsigned)f->vector;
	int sig = table[v].sig ? table[v].sig : SIGSEGV;
	int code = table[v].sig ? table[v].code : SI_KERNEL;

	if (v == X87 || v == SIMD) code = fpe_code(v == SIMD);
	if (v == DEBUG) f->rflags &= ~RFLAGS_TF;
	handlers.user_exception(f, sig, code, table[v].with_rip ? f->rip : 0);
}

static void interrupt(const struct trap_frame *f) {
	if (f->vector == VECTOR_SPURIOUS) return;
	apic_eoi();
	if (f->vector == VECTOR_TIMER) handlers.timer();
	if (f->vector == VECTOR_SERIAL) handlers.serial();
}

void trap_dispatch(struct trap_frame *f) {
	bool user = (f->cs & 3) == 3;

	if (f->vector == NMI || f->vector == MACHINE_CHECK)
		port_panic("%s at %llx", f->vector == NMI ? "non-maskable interrupt" : "machine check",
			   (unsigned long long)f->rip);
	if (f->vector >= 32)
		interrupt(f);
	else if (f->vector == DOUBLE_FAULT)
		die(f, kstack_is_guard(f->rsp - 8) ? "stack overflow" : "double fault");
	else if (f->vector == PAGE_FAULT)
		user ? user_page_fault(f) : kernel_page_fault(f);
	else if (user)
		user_exception(f);
	else
		die(f, "exception");
	if (user) trap_return(f);
}

void trap_return(struct trap_frame *f) {
	handlers.return_to_user(f);
	while (f->rip >= USER_END) {
		handlers.user_exception(f, SIGSEGV, SI_KERNEL, 0);
		handlers.return_to_user(f);
	}
	f->cs = USER_CS;
	f->ss = USER_SS;
	f->rflags = (f->rflags & (RFLAGS_USER | RFLAGS_RF)) | RFLAGS_IF | 2;
}

/* true: SYSRET gives the program what the frame says, and nothing in it needs IRETQ. */
bool trap_syscall(struct trap_frame *f) {
	handlers.syscall(f);
	trap_return(f);
	return f->vector == TRAP_SYSCALL && f->rcx == f->rip && f->r11 == f->rflags &&
	       !(f->rflags & (RFLAGS_TF | RFLAGS_RF));
}
