/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/dev/acpi.c */
/*
 * tests/unit/test_acpi.c - finding and reading ACPI tables in a made-up physical memory; cut and forged ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/dev/acpi.h"
#include "tests/fake/fake_port.h"

#define MEMORY_LEN 0x4000u
#define RSDP 0x100u
#define XSDT 0x200u
#define FADT 0x400u
#define MADT 0x800u
#define DSDT 0xc00u

static u8 memory[MEMORY_LEN];

static int read_memory(void *ret_dst, paddr_t paddr, size_t len)
{
	if (paddr > MEMORY_LEN || len > MEMORY_LEN - paddr)
		return -EINVAL;
	memcpy(ret_dst, memory + paddr, len);
	return 0;
}

static void set_checksum(u8 *bytes, size_t len, size_t at)
{
	u8 sum = 0;

	bytes[at] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (u8)(sum + bytes[i]);
	bytes[at] = (u8)-sum;
}

static void finish_table(paddr_t at, const char *signature, u32 len)
{
	memcpy(memory + at, signature, 4);
	store_le32(memory + at + 4, len);
	set_checksum(memory + at, len, 9);
}

/* As QEMU's q35 has it: PM1a control 0x604, PM timer 0x608, reset by writing 0xf to port 0xcf9. */
static void put_fadt(void)
{
	u8 *t = memory + FADT;

	store_le32(t + 40, DSDT);
	store_le32(t + 64, 0x604);
	store_le32(t + 76, 0x608);
	t[108] = 0x32;
	store_le32(t + 112, 1u << 10 | 1u << 8);
	t[116] = 1;
	store_le64(t + 120, 0xcf9);
	t[128] = 0x0f;
	store_le64(t + 140, DSDT);
	finish_table(FADT, "FACP", 244);
}

static const u8 madt_entries[] = {
	0, 8, 0, 0, 1, 0, 0, 0,                      /* a processor */
	0, 8, 1, 1, 0, 0, 0, 0,                      /* one that is switched off */
	1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,   /* IOAPIC at 0xfec00000 */
	2, 10, 0, 0, 2, 0, 0, 0, 0, 0,               /* irq 0 is 2 */
	2, 10, 0, 4, 36, 0, 0, 0, 0x0f, 0,           /* irq 4 is 36, level, active low */
	0x7f, 3, 0,                                  /* of a kind we do not know */
	4, 6, 0xff, 0, 0, 1,
};

static const u8 s5_qemu[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00 };

static int build(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	memcpy(memory + RSDP, "RSD PTR ", 8);
	memory[RSDP + 15] = 2;
	store_le32(memory + RSDP + 20, 36);
	store_le64(memory + RSDP + 24, XSDT);
	set_checksum(memory + RSDP, 20, 8);
	set_checksum(memory + RSDP, 36, 32);
	store_le64(memory + XSDT + 36, FADT);
	store_le64(memory + XSDT + 44, 0x10000000); /* nothing is there */
	store_le64(memory + XSDT + 52, MADT);
	finish_table(XSDT, "XSDT", 60);
	put_fadt();
	store_le32(memory + MADT + 36, 0xfee00000);
	memcpy(memory + MADT + 44, madt_entries, sizeof(madt_entries));
	finish_table(MADT, "APIC", 44 + sizeof(madt_entries));
	memcpy(memory + DSDT + 100, s5_qemu, sizeof(s5_qemu));
	finish_table(DSDT, "DSDT", 200);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	acpi_done();
	assert_int_equal(fake_port_live(), 0);
	return 0;
}

static void tables_are_found_and_read(void **state)
{
	struct acpi_fadt f;
	struct acpi_madt m;
	struct span t;

	(void)state;
	assert_int_equal(acpi_init(RSDP, read_memory), 0);
	assert_int_equal(acpi_fadt(&f), 0);
	assert_int_equal(f.pm1a_cnt, 0x604);
	assert_int_equal(f.pm_timer, 0x608);
	assert_true(f.pm_timer_32bit);
	assert_int_equal(f.century, 0x32);
	assert_int_equal(f.reset_space, 1);
	assert_int_equal(f.reset_addr, 0xcf9);
	assert_int_equal(f.reset_value, 0xf);
	assert_true(f.s5_found);
	assert_int_equal(f.s5_type_a, 0);
	assert_int_equal(acpi_madt(&m), 0);
	assert_int_equal(m.lapic, 0xfee00000);
	assert_int_equal(m.ioapic, 0xfec00000);
	assert_int_equal(m.irq4_gsi, 36);
	assert_true(m.irq4_level);
	assert_true(m.irq4_active_low);
	assert_int_equal(acpi_table("TPM2", &t), -ENOENT);
}

static void copies_do_not_follow_the_firmware(void **state)
{
	struct span t;

	(void)state;
	assert_int_equal(acpi_init(RSDP, read_memory), 0);
	assert_int_equal(acpi_table("APIC", &t), 0);
	memset(memory, 0xff, sizeof(memory));
	assert_int_equal(load_le32(t.base + 36), 0xfee00000);
}

static void old_root_table_is_used_by_old_firmware(void **state)
{
	struct acpi_fadt f;

	(void)state;
	memory[RSDP + 15] = 0;
	store_le32(memory + RSDP + 16, XSDT);
	set_checksum(memory + RSDP, 20, 8);
	memset(memory + XSDT + 36, 0, 24);
	store_le32(memory + XSDT + 36, FADT);
	finish_table(XSDT, "RSDT", 40);
	assert_int_equal(acpi_init(RSDP, read_memory), 0);
	assert_int_equal(acpi_fadt(&f), 0);
}

static void forged_roots_are_refused(void **state)
{
	static const struct {
		u32 at;
		u8 flip;
	} flips[] = { { RSDP, 1 }, { RSDP + 8, 1 }, { RSDP + 20, 1 }, { RSDP + 33, 1 }, { RSDP + 25, 0x70 },
		      { XSDT, 1 }, { XSDT + 4, 1 }, { XSDT + 7, 0x40 }, { XSDT + 59, 1 } };

	for (size_t i = 0; i < ARRAY_COUNT(flips); i++) {
		build(state);
		memory[flips[i].at] ^= flips[i].flip;
		assert_int_not_equal(acpi_init(RSDP, read_memory), 0);
	}
	assert_int_equal(acpi_init(0, read_memory), -ENOENT);
	assert_int_equal(acpi_init(MEMORY_LEN - 4, read_memory), -EINVAL);
}

static void table_with_a_wrong_sum_is_left_out(void **state)
{
	struct acpi_fadt f;
	struct acpi_madt m;

	(void)state;
	memory[FADT + 64] ^= 1;
	assert_int_equal(acpi_init(RSDP, read_memory), 0);
	assert_int_equal(acpi_fadt(&f), -ENOENT);
	assert_int_equal(acpi_madt(&m), 0);
}

/* At every length: an error or a result, and no byte beyond. */
static void cut_tables_are_safe(void **state)
{
	static const paddr_t tables[] = { FADT, MADT, DSDT };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
		u32 whole = load_le32(memory + tables[i] + 4);

		for (u32 len = 0; len <= whole; len++) {
			u8 *copy = malloc(len ? len : 1);
			struct span t = { copy, len };
			struct acpi_fadt f;
			struct acpi_madt m;
			paddr_t dsdt;
			u8 a, b;

			memcpy(copy, memory + tables[i], len);
			if (len >= 36) {
				(void)acpi_parse_s5(t, &a, &b);   /* any outcome, as long as ASan is content */
				(void)acpi_parse_fadt(t, &f, &dsdt);
				(void)acpi_parse_madt(t, &m);
			}
			assert_int_equal(acpi_check_table(t, NULL), len == whole ? 0 : -EBADMSG);
			free(copy);
		}
	}
}

static void short_fadt_has_no_reset_register(void **state)
{
	struct span t = { memory + FADT, 116 };
	struct acpi_fadt f;
	paddr_t dsdt;

	(void)state;
	assert_int_equal(acpi_parse_fadt(t, &f, &dsdt), 0);
	assert_int_equal(f.reset_addr, 0);
	assert_int_equal(dsdt, DSDT);
	t.len = 115;
	assert_int_equal(acpi_parse_fadt(t, &f, &dsdt), -EBADMSG);
}

static void madt_with_an_entry_of_no_length_is_refused(void **state)
{
	struct span t = { memory + MADT, 44 + sizeof(madt_entries) };
	struct acpi_madt m;

	(void)state;
	memory[MADT + 45] = 0;
	assert_int_equal(acpi_parse_madt(t, &m), -EBADMSG);
	memory[MADT + 45] = 200;
	assert_int_equal(acpi_parse_madt(t, &m), -EBADMSG);
}

static void s5_is_found_in_its_forms_only(void **state)
{
	static const struct {
		u8 bytes[16];
		int err;
		u8 a, b;
	} cases[] = {
		{ { 0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, 0x05, 0x0a, 0x07, 0, 0 }, 0, 5, 7 },
		{ { 0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x01, 0x00, 0, 0 }, 0, 1, 0 },
		{ { 0x08, '_', 'S', '5', '_', 0x12, 0x46, 0x00, 0x04, 0x01, 0x01 }, 0, 1, 1 },
		{ { 0x10, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x00 }, -ENOENT, 0, 0 },
		{ { 0x08, '_', 'S', '5', '_', 0x11, 0x06, 0x04, 0x00, 0x00 }, -ENOENT, 0, 0 },
		{ { 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x01, 0x00, 0x00 }, -ENOENT, 0, 0 },
		{ { 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 0x08, 0x00 }, -ENOENT, 0, 0 },
		{ { 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0b, 0x05, 0x00 }, -ENOENT, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		u8 table[64] = { 0 }, a = 0, b = 0;
		struct span t = { table, sizeof(table) };

		memcpy(table + 40, cases[i].bytes, sizeof(cases[i].bytes));
		assert_int_equal(acpi_parse_s5(t, &a, &b), cases[i].err);
		assert_int_equal(a, cases[i].a);
		assert_int_equal(b, cases[i].b);
	}
}

static void no_memory_is_an_error(void **state)
{
	(void)state;
	fake_port_fail_after(1);
	assert_int_equal(acpi_init(RSDP, read_memory), -ENOMEM);
	fake_port_fail_after(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tables_are_found_and_read, build, tear_down),
		cmocka_unit_test_setup_teardown(copies_do_not_follow_the_firmware, build, tear_down),
		cmocka_unit_test_setup_teardown(old_root_table_is_used_by_old_firmware, build, tear_down),
		cmocka_unit_test_setup_teardown(forged_roots_are_refused, build, tear_down),
		cmocka_unit_test_setup_teardown(table_with_a_wrong_sum_is_left_out, build, tear_down),
		cmocka_unit_test_setup_teardown(cut_tables_are_safe, build, tear_down),
		cmocka_unit_test_setup_teardown(short_fadt_has_no_reset_register, build, tear_down),
		cmocka_unit_test_setup_teardown(madt_with_an_entry_of_no_length_is_refused, build, tear_down),
		cmocka_unit_test_setup_teardown(s5_is_found_in_its_forms_only, build, tear_down),
		cmocka_unit_test_setup_teardown(no_memory_is_an_error, build, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
