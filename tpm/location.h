/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/location.h - where ACPI's TPM2 table says that the TPM is.
 *
 * Context    any; reads the table only.
 * Units      physical addresses.
 * Ownership  the bytes stay the caller's; their checksum was checked by who found them.
 * Errors     -EBADMSG too short, wrong signature, or an address that cannot be; -EOPNOTSUPP a start method that needs
 *            ACPI methods, a secure monitor or a bus that is not supported. ret_why gets a static sentence.
 * Source     TCG ACPI Specification 1.2, section 8 (TPM2 table); ACPI 6.5, section 5.2.6.
 */
#pragma once

#include "tpm/tpm.h"

must_check int location_parse(struct span table, struct tpm_location *ret_where, const char **ret_why);
