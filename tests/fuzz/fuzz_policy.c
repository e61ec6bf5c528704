/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fuzz/fuzz_policy.c - any bytes as a policy: refused with a reason, or shown as text that gives the same policy.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/integrity/policy_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An own format reads back as an empty template=, and an id above 2^31 as a negative number: as on Linux. */
static bool reads_back(const struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_rule *r = &policy->rules[i];

		if ((r->uid.value | r->gid.value | r->fowner.value | r->fgroup.value) >> 31)
			return false;
	}
	return true;
}

static void check_readback(const struct policy *first)
{
	struct policy second = { 0 };
	struct blob one = { 0 }, two = { 0 };
	struct policy_error why;

	if (policy_show(first, &one) || policy_parse((char *)one.base, one.len, &second, &why) ||
	    policy_show(&second, &two) || one.len != two.len || (one.len && memcmp(one.base, two.base, one.len)))
		abort();
	policy_done(&second);
	blob_done(&one);
	blob_done(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy policy = { 0 };
	struct policy_error why = { 0 };

	if (policy_parse((const char *)data, size, &policy, &why)) {
		if (!why.line || !why.column || !why.reason || policy.count)
			abort();
	} else if (reads_back(&policy)) {
		check_readback(&policy);
	}
	policy_done(&policy);
	return 0;
}
