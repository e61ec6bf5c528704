/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/hash_ids.c - names, sizes and numbers of the hash algorithms; no implementation.
 *
 * Apart from hash.c so that the boot stub and the tools can name algorithms without linking mbedTLS.
 */

#include "crypto/hash.h"

static const struct {
	const char *name;
	u8 len;
	u16 tpm_alg; /* TCG Algorithm Registry, table 3; 0 for none */
} ids[HASH_COUNT] = {
	[HASH_MD4] = { "md4", 16, 0 }, [HASH_MD5] = { "md5", 16, 0 }, [HASH_SHA1] = { "sha1", 20, 0x0004 },
	[HASH_RMD160] = { "rmd160", 20, 0 }, [HASH_SHA256] = { "sha256", 32, 0x000b },
	[HASH_SHA384] = { "sha384", 48, 0x000c }, [HASH_SHA512] = { "sha512", 64, 0x000d },
	[HASH_SHA224] = { "sha224", 28, 0 }, [HASH_RMD128] = { "rmd128", 16, 0 }, [HASH_RMD256] = { "rmd256", 32, 0 },
	[HASH_RMD320] = { "rmd320", 40, 0 }, [HASH_WP256] = { "wp256", 32, 0 }, [HASH_WP384] = { "wp384", 48, 0 },
	[HASH_WP512] = { "wp512", 64, 0 }, [HASH_TGR128] = { "tgr128", 16, 0 }, [HASH_TGR160] = { "tgr160", 20, 0 },
	[HASH_TGR192] = { "tgr192", 24, 0 }, [HASH_SM3] = { "sm3", 32, 0x0012 },
	[HASH_STREEBOG256] = { "streebog256", 32, 0 }, [HASH_STREEBOG512] = { "streebog512", 64, 0 },
	[HASH_SHA3_256] = { "sha3-256", 32, 0 }, [HASH_SHA3_384] = { "sha3-384", 48, 0 },
	[HASH_SHA3_512] = { "sha3-512", 64, 0 },
};

size_t hash_len(unsigned id) { return id < HASH_COUNT ? ids[id].len : 0; }

const char *hash_name(unsigned id) { return id < HASH_COUNT ? ids[id].name : NULL; }

int hash_by_name(const char *name, size_t len, unsigned *ret_id) {
	for (unsigned id = 0; id < HASH_COUNT; id++) {
		if (strlen(ids[id].name) != len || memcmp(ids[id].name, name, len)) continue;
		*ret_id = id;
		return 0;
	}
	return -ENOENT;
}

u16 hash_tpm_alg(unsigned id) { return id < HASH_COUNT ? ids[id].tpm_alg : 0; }

int hash_from_tpm_alg(u16 alg, unsigned *ret_id) {
	for (unsigned id = 0; alg && id < HASH_COUNT; id++) {
		if (ids[id].tpm_alg != alg) continue;
		*ret_id = id;
		return 0;
	}
	return -ENOENT;
}
