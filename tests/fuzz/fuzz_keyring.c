/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_keyring.c - any bytes as certificates: added as trusted, and as signed by those. */
#include <stdlib.h>
#include <string.h>

#include "crypto/keyring.h"
#include "tests/fake/fake_port.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct keyring *trusted = keyring_alloc("trusted"), *ring = keyring_alloc(".ima");
	size_t count = 0;

	if (keyring_add(trusted, data, len, NULL, &count) == 0) {
		struct digest digest = { .id = HASH_SHA256, .len = 32 };
		struct key_info info;

		for (size_t i = 0; i < count; i++) {
			if (keyring_info(trusted, i, &info) || info.skid_len < 4 || info.der.len > len)
				abort();
			if (!keyring_verify(trusted, info.key_id, &digest, (struct span){ data, len > 64 ? 64 : len }))
				abort();
		}
		if (keyring_add(ring, data, len, trusted, NULL) && keyring_count(ring))
			abort();
	} else if (keyring_count(trusted)) {
		abort();
	}
	keyring_free(ring);
	keyring_free(trusted);
	if (fake_port_live())
		abort();
	return 0;
}
