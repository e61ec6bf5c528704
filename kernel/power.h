/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/power.h - the ends of the machine. Each prints the console's last line first.
 *
 * Context    any; interrupts are switched off. Nothing is freed or written back: all files are in memory.
 */
#pragma once

#include "kernel/dev/acpi.h"

/* How the machine is switched off and reset; without it both end in standing still. */
void power_init(const struct acpi_fadt *fadt);
/* "assay: init exited with status N", then off: when pid 1 is gone (128 + signal when it was killed). */
__attribute__((noreturn)) void power_off(int init_status);
/* The same line, then a reset: reboot(2). */
__attribute__((noreturn)) void power_restart(int init_status);
/* "assay: halted: REASON", then stands still; the reason is one sentence that names the thing. */
__attribute__((noreturn)) void halt_machine(const char *format, ...) __attribute__((format(printf, 1, 2)));
