/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/location.c - the TPM2 table; relies on the cursor for every bound. */
#include "tpm/location.h"

#include "kernel/base/cursor.h"
#include "kernel/base/mem.h"

#define CONTROL_AREA_MIN 0x1000u /* page 0 is nobody's device */

static int fail(const char **ret_why, int err, const char *why)
{
	*ret_why = why;
	return err;
}

int location_parse(struct span table, struct tpm_location *ret_where, const char **ret_why)
{
	struct cursor c = cursor_of(table);
	struct span signature = cursor_take(&c, 4);
	struct tpm_location where;
	u64 end;

	cursor_skip(&c, 32); /* the rest of the header */
	cursor_skip(&c, 4);  /* platform class */
	where.control_area = cursor_le64(&c);
	where.start_method = cursor_le32(&c);
	if (!cursor_ok(&c) || memcmp(signature.base, "TPM2", 4) != 0)
		return fail(ret_why, -EBADMSG, "its ACPI table is malformed");
	if (where.start_method != LOCATION_START_TIS && where.start_method != LOCATION_START_CRB)
		return fail(ret_why, -EOPNOTSUPP,
			    "its start method needs ACPI methods, a secure monitor or a bus that is not supported");
	if (where.start_method == LOCATION_START_CRB &&
	    (where.control_area < CONTROL_AREA_MIN || add_overflows(where.control_area, PAGE_SIZE, &end)))
		return fail(ret_why, -EBADMSG, "its ACPI table gives no address of its control area");
	*ret_where = where;
	return 0;
}
