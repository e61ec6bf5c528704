/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/location.c - the TPM2 table; relies on the cursor for every bound. */
#include "tpm/location.h"

#include "kernel/base/cursor.h"

#define START_TIS 6u
#define START_CRB 7u
#define TIS_BASE 0xfed40000u     /* of locality 0, and on PCs of the CRB too */
#define CONTROL_OFFSET 0x40u     /* the control area is this far into locality 0's page, if there is a locality */
#define CONTROL_AREA_MIN 0x1000u /* page 0 is nobody's device */

int location_parse(struct span table, struct tpm_location *ret_where, const char **ret_why) {
	struct cursor c = cursor_of(table);
	struct span signature = cursor_take(&c, 4);

	cursor_skip(&c, 36); /* the rest of the header, platform class */
	u64 area = cursor_le64(&c), end;
	u32 method = cursor_le32(&c);

	*ret_why = "its ACPI table is malformed";
	if (!cursor_ok(&c) || memcmp(signature.base, "TPM2", 4) != 0) return -EBADMSG;
	*ret_why = "its start method needs ACPI methods, a secure monitor or a bus that is not supported";
	if (method != START_TIS && method != START_CRB) return -EOPNOTSUPP;
	*ret_why = "its ACPI table gives no address of its control area";
	if (method == START_CRB && (area < CONTROL_AREA_MIN || add_overflows(area, PAGE_SIZE, &end))) return -EBADMSG;
	if (method == START_TIS)
		*ret_where = (struct tpm_location){ TPM_IF_TIS, TIS_BASE, true };
	else
		*ret_where = (struct tpm_location){
			TPM_IF_CRB, area - CONTROL_OFFSET, area % PAGE_SIZE == CONTROL_OFFSET };
	return 0;
}
