/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/measure.h - what the stub measures, and the firmware's log of it.
 *
 * All through EFI_TCG2, before ExitBootServices, so that firmware hashes into every active bank and its log stays
 * complete. What is measured, in which order and with which events, is written in boot/uki.h.
 *
 * Context    before ExitBootServices.
 * Ownership  measure_log allocates a copy of the log for the kernel.
 * Errors     negative errno with a static sentence in ret_why, and then the boot must stop: a TPM is there
 *            that cannot be told what runs. No TCG2 or no TPM is no error: then nothing is measured and the
 *            flags say so.
 * Source     TCG EFI Protocol Specification 2.0; TCG PC Client Platform Firmware Profile 1.05, section 10.
 */
#pragma once

#include "boot/bootinfo.h"
#include "boot/firmware.h"
#include "boot/pe.h"

struct tcg2;

struct measure {
	struct tcg2 *tcg2; /* NULL: no TCG2 or no TPM */
	bool log_full;     /* extended, but firmware's log had no room */
};

void measure_open(const struct firmware *fw, struct measure *ret_m);

must_check int measure_sections(struct measure *m, const struct pe *image, const char **ret_why);
must_check int measure_options(struct measure *m, struct span options, const char **ret_why);

/* The last call before load_leave(): copies the event log and notes where the Final Events table stands. */
void measure_log(const struct measure *m, const struct firmware *fw, struct bootinfo *info);
