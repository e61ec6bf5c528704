/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/power.c - the last line, then off, reset, or standing still.
 *
 * Invariant: nothing is printed after the last line, whatever goes wrong on the way.
 */
#include "kernel/power.h"

#include "kernel/dev/uart.h"
#include "kernel/klog.h"
#include "kernel/limits.h"
#include "kernel/tpmdev.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/paging.h"

#define SLP_EN (1u << 13)
#define RESET_MEMORY 0u
#define PORT_8042 0x64u
#define PORT_CF9 0xcf9u

RO_AFTER_INIT static struct acpi_fadt fadt;
static bool ending;

void power_init(const struct acpi_fadt *given) { fadt = *given; }

/* Only the first end is told: a fault on the way to it just stops the machine. */
static void last_line(const char *text, size_t len) {
	if (ending) cpu_stop();
	ending = true;
	klog_printk[0] = 8;
	klog_write(0, text, len);
	klog_printk[0] = 0;
	uart_drain();
}

static void say_end(int init_status, const char *ended_by) {
	char line[128];

	if (!ending) tpmdev_shutdown();
	last_line(line, ended_by ? text_format(line, sizeof(line), "assay: halted: %s", ended_by)
				 : text_format(line, sizeof(line), "assay: init exited with status %d", init_status));
}

void power_off(int init_status, const char *ended_by) {
	say_end(init_status, ended_by);
	if (fadt.s5_found && fadt.pm1a_cnt) {
		cpu_out16(fadt.pm1a_cnt, (u16)(fadt.s5_type_a << 10 | SLP_EN));
		if (fadt.pm1b_cnt) cpu_out16(fadt.pm1b_cnt, (u16)(fadt.s5_type_b << 10 | SLP_EN));
	}
	cpu_stop();
}

void power_restart(const char *ended_by) {
	say_end(0, ended_by);
	if (fadt.reset_addr && fadt.reset_space == RESET_MEMORY) {
		void *reg = paging_map_mmio(fadt.reset_addr, 1);

		if (reg) cpu_mmio_write8(reg, fadt.reset_value);
	} else if (fadt.reset_addr) {
		cpu_out8((u16)fadt.reset_addr, fadt.reset_value);
	}
	cpu_out8(PORT_CF9, 0x06);
	cpu_out8(PORT_8042, 0xfe);
	cpu_triple_fault();
}

void halt_machine(const char *format, ...) {
	char line[KLOG_LINE_MAX];
	size_t len = text_format(line, sizeof(line), "assay: halted: ");
	va_list args;

	va_start(args, format);
	len += text_vformat(line + len, sizeof(line) - len, format, args);
	va_end(args);
	last_line(line, (size_t)min_u64(len, sizeof(line) - 1));
	cpu_stop();
}
