/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz_appraise.c - one byte of demands, the rest a label of "hello\n": nothing odd is ever good. */
#include <stdlib.h>
#include <string.h>

#include "crypto/sigfmt.h"
#include "kernel/integrity/appraise.h"
#include "tests/fake/golden.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static struct keyring *ring_of_test_keys(void)
{
	static const char *const names[] = { "keys/rsa2048.der", "keys/p256.der", "keys/p384.der" };
	struct keyring *ring = keyring_alloc(".ima");

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		struct span der = golden_read(names[i]);

		if (keyring_add(ring, der.base, der.len, NULL, NULL))
			abort();
		golden_free(der);
	}
	return ring;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	static struct keyring *ima;
	struct appraise_request q = { .size = 6 };
	struct appraise_result r;

	if (!len)
		return 0;
	ima = ima ? ima : ring_of_test_keys();
	q.ima = ima;
	q.label = (struct span){ data + 1, len - 1 };
	q.demands = (data[0] & 1 ? RULE_IMASIG : 0) | (data[0] & 2 ? RULE_SIGV3 : 0) | (data[0] & 4 ? RULE_VERITY : 0);
	if (hash_bytes(sigfmt_hash_id(q.label, HASH_SHA256), "hello\n", 6, &q.digest) &&
	    hash_bytes(HASH_SHA256, "hello\n", 6, &q.digest))
		abort();
	if (appraise_file(&q, &r) != VERDICT_GOOD) {
		if (!*r.cause || !*r.why || memchr(r.why, 0, sizeof(r.why)) == NULL)
			abort();
		return 0;
	}
	if (len < 2 || q.demands & RULE_VERITY || (q.demands & RULE_SIGNATURE && data[1] != IMA_XATTR_SIG))
		abort();
	if (q.demands & RULE_SIGV3 && data[2] != 3)
		abort();
	return 0;
}
