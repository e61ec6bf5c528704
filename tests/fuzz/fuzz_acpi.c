/* SPDX-License-Identifier: Apache-2.0 */
/* links: kernel/dev/acpi.c */
/* tests/fuzz/fuzz_acpi.c - a table's bytes to each of its parsers. */
#include "kernel/dev/acpi.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct span table = { data, len };
	struct acpi_fadt fadt;
	struct acpi_madt madt;
	paddr_t dsdt;
	u8 a, b;

	if (len < 36)
		return 0;
	(void)acpi_check_table(table, "APIC"); /* any result; the sanitizers judge */
	(void)acpi_parse_fadt(table, &fadt, &dsdt);
	(void)acpi_parse_madt(table, &madt);
	if (acpi_parse_s5(table, &a, &b) == 0 && (a > 7 || b > 7))
		__builtin_trap();
	return 0;
}
