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
/*
 * "assay: init exited with status N", then off: when pid 1 is gone (128 + signal when it was killed), or ended the
 * machine by reboot(2). Another program's end of it is not init's: then ended_by is the reason of
 * "assay: halted: REASON".
 */
__attribute__((noreturn)) void power_off(int init_status, const char *ended_by);
/* The same line, with status 0, then a reset. */
__attribute__((noreturn)) void power_restart(const char *ended_by);
/* "assay: halted: REASON", then stands still; the reason is one sentence that names the thing. */
__attribute__((noreturn)) void halt_machine(const char *format, ...) __attribute__((format(printf, 1, 2)));
