/* SPDX-License-Identifier: Apache-2.0 */
/* kernel/base/err.c - names of error numbers; relies on the list in err.h alone. */
#include "kernel/base/err.h"

static const struct {
	int value;
	const char *name;
} names[] = {
#define ERRNO_NAME(name, value) { value, #name },
	ERRNO_LIST(ERRNO_NAME)
#undef ERRNO_NAME
};

const char *err_name(int err) {
	int value = err < 0 ? -err : err;

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (names[i].value == value) return names[i].name;
	}
	return "E?";
}
