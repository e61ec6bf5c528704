/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_uki.c - names and measuring order of the image's sections.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/uki.h"

/* As systemd-stub measures them into PCR 11, .pcrsig being the one that it leaves out. */
static const char systemd_order[] =
	".linux .osrel .cmdline .initrd .ucode .splash .dtb .uname .sbat .pcrpkey .profile ";

static void uki_measured_sections_are_in_systemds_order(void **state)
{
	char text[256] = "";

	(void)state; /* none */
	for (unsigned i = 0; i < UKI_COUNT; i++) {
		if (!uki_is_measured(i))
			continue;
		strcat(text, uki_name(i));
		strcat(text, " ");
	}
	assert_string_equal(text, systemd_order);
}

static void uki_names_fit_a_section_header_and_differ(void **state)
{
	(void)state; /* none */
	for (unsigned i = 0; i < UKI_COUNT; i++) {
		assert_true(strlen(uki_name(i)) <= 8);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(uki_name(i), uki_name(j));
	}
}

static void uki_outside_the_enum_nothing(void **state)
{
	(void)state; /* none */
	assert_null(uki_name(UKI_COUNT));
	assert_null(uki_name((enum uki_section)-1));
	assert_false(uki_is_measured(UKI_COUNT));
	assert_false(uki_is_measured(UKI_PCRSIG));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uki_measured_sections_are_in_systemds_order),
		cmocka_unit_test(uki_names_fit_a_section_header_and_differ),
		cmocka_unit_test(uki_outside_the_enum_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
