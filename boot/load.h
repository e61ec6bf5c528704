/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/load.h - from the kernel's ELF file to its first instruction.
 *
 * load_kernel places the segments, load_tables makes the page tables and the buffer for the memory map, load_leave
 * leaves boot services and jumps. Between load_tables and load_leave little may be allocated (the event log's copy).
 *
 * Context    before ExitBootServices, in this order.
 * Ownership  all memory is EfiLoaderData and noted in struct bootinfo.
 * Errors     negative errno with a static sentence in ret_why. After a failed load_leave only console and
 *            exit may be tried.
 * Source     UEFI 2.10 sections 7.2, 7.4; Intel SDM volume 3, 2.5 and 4.1.
 */
#pragma once

#include "boot/bootinfo.h"
#include "boot/firmware.h"
#include "boot/kelf.h"

struct load {
	struct elf_plan plan;
	void *map;         /* buffer for the memory map */
	UINTN map_cap;
	void *tables;      /* the top of the kernel's first page tables */
};

must_check int load_kernel(const struct firmware *fw, struct span elf, struct bootinfo *info, struct load *load,
			   const char **ret_why);
must_check int load_tables(const struct firmware *fw, struct bootinfo *info, struct load *load, const char **ret_why);

/* Returns only when firmware does not let go. */
must_check int load_leave(const struct firmware *fw, struct bootinfo *info, struct load *load, const char **ret_why);
