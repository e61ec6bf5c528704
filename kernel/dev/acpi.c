/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/dev/acpi.c - finding tables, and taking three of them apart.
 *
 * All bytes come from the firmware: every table is copied, its checksum checked on the copy, and read through
 * cursors. AML is not interpreted; of the DSDT only the constant package _S5_ is looked for.
 */
#include "kernel/dev/acpi.h"

#include "kernel/base/cursor.h"
#include "kernel/limits.h"

enum { HEADER_LEN = 36, RSDP_V1_LEN = 20, RSDP_V2_LEN = 36 };
enum { FADT_TIMER_32BIT = 1 << 8, FADT_RESET_SUPPORTED = 1 << 10, GAS_PORT = 1 };

static struct span tables[ACPI_TABLES_MAX];
static size_t table_count;
static int (*read_phys)(void *ret_dst, paddr_t paddr, size_t len);

static bool sums_to_zero(const u8 *bytes, size_t len) {
	u8 sum = 0;

	for (size_t i = 0; i < len; i++) sum = (u8)(sum + bytes[i]);
	return sum == 0;
}

int acpi_check_table(struct span table, const char signature[4]) {
	if (table.len < HEADER_LEN || table.len > ACPI_TABLE_LEN_MAX || load_le32(table.base + 4) != table.len ||
	    (signature && memcmp(table.base, signature, 4) != 0) || !sums_to_zero(table.base, table.len))
		return -EBADMSG;
	return 0;
}

static void free_table(struct span table) { port_free((void *)(uintptr_t)table.base); }

/* A private, checked copy of the table at paddr. */
static int load_table(paddr_t paddr, const char *signature, struct span *ret_table) {
	u8 header[HEADER_LEN], *copy;
	struct span table;
	int err;

	TRY(read_phys(header, paddr, sizeof(header)));
	table.len = load_le32(header + 4);
	if (table.len < HEADER_LEN || table.len > ACPI_TABLE_LEN_MAX) return -EBADMSG;
	table.base = copy = port_alloc(table.len);
	if (!copy) return -ENOMEM;
	err = read_phys(copy, paddr, table.len);
	if (!err) err = acpi_check_table(table, signature);
	if (err)
		port_free(copy);
	else
		*ret_table = table;
	return err;
}

/* The root table lists the others; one that is malformed is left out. */
static void load_listed(struct span root, size_t entry_len) {
	struct cursor c = cursor_of(root);

	cursor_skip(&c, HEADER_LEN);
	while (cursor_left(&c) >= entry_len && table_count < ACPI_TABLES_MAX) {
		paddr_t paddr = entry_len == 8 ? cursor_le64(&c) : cursor_le32(&c);

		if (paddr && load_table(paddr, NULL, &tables[table_count]) == 0) table_count++;
	}
}

int acpi_init(paddr_t rsdp, int (*read)(void *ret_dst, paddr_t paddr, size_t len)) {
	u8 bytes[RSDP_V2_LEN];
	struct span root;
	bool v2;

	if (!rsdp) return -ENOENT;
	acpi_done();
	read_phys = read;
	TRY(read(bytes, rsdp, RSDP_V1_LEN));
	if (memcmp(bytes, "RSD PTR ", 8) != 0 || !sums_to_zero(bytes, RSDP_V1_LEN)) return -EBADMSG;
	v2 = bytes[15] >= 2;
	if (v2) {
		TRY(read(bytes, rsdp, RSDP_V2_LEN));
		if (load_le32(bytes + 20) != RSDP_V2_LEN || !sums_to_zero(bytes, RSDP_V2_LEN)) return -EBADMSG;
	}
	TRY(load_table(v2 ? load_le64(bytes + 24) : load_le32(bytes + 16), v2 ? "XSDT" : "RSDT", &root));
	load_listed(root, v2 ? 8 : 4);
	free_table(root);
	return 0;
}

void acpi_done(void) {
	while (table_count) free_table(tables[--table_count]);
}

int acpi_table(const char signature[4], struct span *ret_table) {
	for (size_t i = 0; i < table_count; i++) {
		if (memcmp(tables[i].base, signature, 4) == 0) {
			*ret_table = tables[i];
			return 0;
		}
	}
	return -ENOENT;
}

/* Fields that a shorter, older table does not have read as 0. */
static u64 field(struct span table, size_t off, size_t len) {
	u64 value = 0;

	if (off + len > table.len) return 0;
	for (size_t i = len; i-- > 0;) value = value << 8 | table.base[off + i];
	return value;
}

int acpi_parse_fadt(struct span table, struct acpi_fadt *ret_fadt, paddr_t *ret_dsdt) {
	struct acpi_fadt f = { 0 };
	u32 flags;
	paddr_t dsdt;

	if (table.len < 116) return -EBADMSG; /* ACPI 1.0 */
	flags = (u32)field(table, 112, 4);
	f.pm1a_cnt = (u16)field(table, 64, 4);
	f.pm1b_cnt = (u16)field(table, 68, 4);
	f.pm_timer = (u16)field(table, 76, 4);
	f.pm_timer_32bit = flags & FADT_TIMER_32BIT;
	f.century = (u8)field(table, 108, 1);
	if (flags & FADT_RESET_SUPPORTED && table.len >= 129 && field(table, 116, 1) <= GAS_PORT) {
		f.reset_space = (u8)field(table, 116, 1);
		f.reset_addr = field(table, 120, 8);
		f.reset_value = (u8)field(table, 128, 1);
	}
	dsdt = field(table, 140, 8);
	*ret_dsdt = dsdt ? dsdt : field(table, 40, 4);
	*ret_fadt = f;
	return 0;
}

/* A package element: ZeroOp, OneOp, or BytePrefix and a byte (ACPI 6.5 section 20.2.3). */
static u8 small_integer(struct cursor *c) {
	u8 op = cursor_u8(c);

	if (op == 0x0a) return cursor_u8(c);
	if (op > 1) cursor_fail(c);
	return op;
}

int acpi_parse_s5(struct span dsdt, u8 *ret_type_a, u8 *ret_type_b) {
	for (size_t at = HEADER_LEN; at + 4 < dsdt.len; at++) {
		struct cursor c = cursor_of(dsdt);
		u8 lead, a, b;

		if (memcmp(dsdt.base + at, "_S5_", 4) != 0) continue;
		/* NameOp, maybe with the root prefix; then PackageOp, PkgLength, NumElements, elements. */
		if (dsdt.base[at - 1] != 0x08 && !(dsdt.base[at - 1] == '\\' && dsdt.base[at - 2] == 0x08)) continue;
		cursor_seek(&c, at + 4);
		if (cursor_u8(&c) != 0x12) continue;
		lead = cursor_u8(&c);
		cursor_skip(&c, lead >> 6);
		if (cursor_u8(&c) < 2) continue;
		a = small_integer(&c);
		b = small_integer(&c);
		if (!cursor_ok(&c) || a > 7 || b > 7) continue;
		*ret_type_a = a;
		*ret_type_b = b;
		return 0;
	}
	return -ENOENT;
}

int acpi_fadt(struct acpi_fadt *ret_fadt) {
	struct span table, dsdt;
	struct acpi_fadt f;
	paddr_t dsdt_addr;

	TRY(acpi_table("FACP", &table));
	TRY(acpi_parse_fadt(table, &f, &dsdt_addr));
	if (dsdt_addr && load_table(dsdt_addr, "DSDT", &dsdt) == 0) {
		f.s5_found = acpi_parse_s5(dsdt, &f.s5_type_a, &f.s5_type_b) == 0;
		free_table(dsdt);
	}
	*ret_fadt = f;
	return 0;
}

static void madt_entry(u8 type, struct cursor e, struct acpi_madt *m) {
	u16 head = cursor_le16(&e); /* id, reserved; or bus, irq; or reserved */

	if (type == 1) { /* IOAPIC */
		paddr_t addr = cursor_le32(&e);
		u32 base = cursor_le32(&e);

		if (!cursor_ok(&e) || (m->ioapic && base >= m->ioapic_gsi_base)) return;
		m->ioapic = addr;
		m->ioapic_gsi_base = base;
	} else if (type == 2) { /* override; flags bits 1:0 polarity, 3:2 trigger mode (3: low, level) */
		u32 gsi = cursor_le32(&e);
		u16 flags = cursor_le16(&e);

		if (!cursor_ok(&e) || head != 4 << 8) return; /* ISA's irq 4 */
		m->irq4_gsi = gsi;
		m->irq4_active_low = (flags & 3) == 3;
		m->irq4_level = (flags >> 2 & 3) == 3;
	} else if (type == 5) { /* 64-bit address of the local APIC */
		paddr_t addr = cursor_le64(&e);

		if (cursor_ok(&e)) m->lapic = addr;
	}
}

int acpi_parse_madt(struct span table, struct acpi_madt *ret_madt) {
	struct cursor c = cursor_of(table);
	struct acpi_madt m = { .irq4_gsi = 4 };

	cursor_skip(&c, HEADER_LEN);
	m.lapic = cursor_le32(&c);
	cursor_skip(&c, 4);
	if (!cursor_ok(&c)) return -EBADMSG;
	while (cursor_left(&c) >= 2) {
		u8 type = cursor_u8(&c);
		u8 len = cursor_u8(&c);

		if (len < 2 || (size_t)len - 2 > cursor_left(&c)) return -EBADMSG;
		madt_entry(type, cursor_sub(&c, len - 2u), &m);
	}
	*ret_madt = m;
	return 0;
}

int acpi_madt(struct acpi_madt *ret_madt) {
	struct span table;

	TRY(acpi_table("APIC", &table));
	return acpi_parse_madt(table, ret_madt);
}
