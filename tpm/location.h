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
#ifndef ASSAY_TPM_LOCATION_H
#define ASSAY_TPM_LOCATION_H

#include "tpm/tpm.h"

#define LOCATION_START_TIS 6u
#define LOCATION_START_CRB 7u

/* Of the FIFO interface, and of the CRB on PCs: locality n at n * 0x1000 from it. */
#define LOCATION_TIS_BASE 0xfed40000ull
/* The control area is this far into locality 0's page, if there is a locality. */
#define LOCATION_CONTROL_OFFSET 0x40u

must_check int location_parse(struct span table, struct tpm_location *ret_where, const char **ret_why);

/* The registers below the control area are there: locality and interface id. */
static inline bool location_has_head(const struct tpm_location *where)
{
	return where->start_method == LOCATION_START_TIS ||
	       (where->control_area & (PAGE_SIZE - 1)) == LOCATION_CONTROL_OFFSET;
}

/* Address 0 of struct tpm_regs. */
static inline paddr_t location_base(const struct tpm_location *where)
{
	return where->start_method == LOCATION_START_TIS ? LOCATION_TIS_BASE
							   : where->control_area - LOCATION_CONTROL_OFFSET;
}

#endif
