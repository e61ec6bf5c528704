/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/dev/acpi.h - tables of the firmware, without AML: checksum first, private copies.
 *
 * Context    boot; allocates.
 * Units      physical addresses.
 * Ownership  tables are copied into memory of our own, which lives until acpi_done().
 * Errors     -ENOENT no such table, -EBADMSG signature, length or checksum is wrong, -ENOMEM.
 * Source     ACPI 6.5 sections 5.2.5 to 5.2.12, 7.4.2 (_Sx), 4.8.3.
 */
#pragma once

#include "kernel/base/base.h"

/* read copies physical memory, 0 or errno. rsdp 0 is -ENOENT. */
must_check int acpi_init(paddr_t rsdp, int (*read)(void *ret_dst, paddr_t paddr, size_t len));
/* The first table with this signature of four characters, header included. */
must_check int acpi_table(const char signature[4], struct span *ret_table);

/* Frees the copies: spans of acpi_table() end here, what was parsed stays. */
void acpi_done(void);

struct acpi_fadt {
	u16 pm1a_cnt, pm1b_cnt;   /* ports; 0 absent */
	u16 pm_timer;
	bool pm_timer_32bit;
	u8 century;               /* CMOS register; 0 absent */
	u8 reset_space;           /* 0 memory, 1 port */
	u64 reset_addr;           /* 0 absent */
	u8 reset_value;
	bool s5_found;            /* from the DSDT */
	u8 s5_type_a, s5_type_b;
};
must_check int acpi_fadt(struct acpi_fadt *ret_fadt);

struct acpi_madt {
	paddr_t lapic;
	paddr_t ioapic;           /* the one whose gsi base is 0; 0 absent */
	u32 ioapic_gsi_base;
	u32 irq4_gsi;             /* of the first serial port, after overrides */
	bool irq4_level, irq4_active_low;
};
must_check int acpi_madt(struct acpi_madt *ret_madt);

/* Parsers of one table, for tests: bytes are a whole table whose checksum was checked. */
must_check int acpi_parse_fadt(struct span table, struct acpi_fadt *ret_fadt, paddr_t *ret_dsdt);
must_check int acpi_parse_madt(struct span table, struct acpi_madt *ret_madt);
must_check int acpi_parse_s5(struct span dsdt, u8 *ret_type_a, u8 *ret_type_b);
/* Length is consistent and the bytes sum to 0. */
must_check int acpi_check_table(struct span table, const char signature[4]);
