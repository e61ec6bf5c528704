/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/seen.c - open addressing with linear probing, at most three quarters full, so that a search ends.
 */
#include "kernel/integrity/seen.h"

#define SLOTS_FIRST 256u

static inline u64 rotl(u64 v, unsigned bits) { return v << bits | v >> (64 - bits); }

static void sip_rounds(u64 v[4], unsigned count) {
	while (count--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] = rotl(v[2], 32);
	}
}

static void sip_word(u64 v[4], u64 word) {
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

void siphash128(const u8 key[16], const void *bytes, size_t len, u8 ret_hash[16]) {
	u64 k0 = load_le64(key), k1 = load_le64(key + 8);
	u64 v[4] = { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du ^ 0xee,
		     k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u };
	const u8 *from = bytes;
	u8 last[8] = { 0 };
	size_t whole = len & ~(size_t)7;

	for (size_t i = 0; i < whole; i += 8) sip_word(v, load_le64(from + i));
	for (size_t i = whole; i < len; i++) last[i - whole] = from[i];
	last[7] = (u8)len;
	sip_word(v, load_le64(last));
	v[2] ^= 0xee;
	sip_rounds(v, 4);
	store_le64(ret_hash, v[0] ^ v[1] ^ v[2] ^ v[3]);
	v[1] ^= 0xdd;
	sip_rounds(v, 4);
	store_le64(ret_hash + 8, v[0] ^ v[1] ^ v[2] ^ v[3]);
}

static bool is_free(const struct fingerprint *fp) { return !(fp->words[0] | fp->words[1] | fp->words[2]); }

/* The slot that holds fp, or the free one where it belongs. */
static struct fingerprint *find(struct fingerprint *slots, size_t slot_count, const struct fingerprint *fp) {
	size_t at = fp->words[0] & (slot_count - 1);

	while (!is_free(&slots[at]) && memcmp(&slots[at], fp, sizeof(*fp)) != 0) at = (at + 1) & (slot_count - 1);
	return &slots[at];
}

int seen_init(struct seen *seen) {
	struct seen made = { .slot_count = SLOTS_FIRST };

	if (port_random(made.key, sizeof(made.key))) return -EIO;
	made.slots = port_alloc(SLOTS_FIRST * sizeof(*made.slots));
	if (!made.slots) return -ENOMEM;
	*seen = made;
	return 0;
}

void seen_done(struct seen *seen) {
	port_free(seen->slots);
	*seen = (struct seen){ 0 };
}

struct fingerprint seen_fingerprint(const struct seen *seen, u32 pcr, const void *digest, size_t len) {
	u8 input[4 + 64], hash[16];
	struct fingerprint fp;

	len = min_u64(len, sizeof(input) - 4);
	store_le32(input, pcr);
	memcpy(input + 4, digest, len);
	siphash128(seen->key, input, 4 + len, hash);
	for (unsigned i = 0; i < 3; i++) fp.words[i] = load_le32(hash + 4 * i);
	if (is_free(&fp)) fp.words[0] = 1;
	return fp;
}

bool seen_has(const struct seen *seen, const struct fingerprint *fp) {
	return !is_free(find(seen->slots, seen->slot_count, fp));
}

int seen_reserve(struct seen *seen) {
	size_t bigger_count = seen->slot_count * 2;
	struct fingerprint *bigger;

	if (seen->used + 1 <= seen->slot_count / 4 * 3) return 0;
	bigger = port_alloc(bigger_count * sizeof(*bigger));
	if (!bigger) return -ENOMEM;
	for (size_t i = 0; i < seen->slot_count; i++)
		if (!is_free(&seen->slots[i])) *find(bigger, bigger_count, &seen->slots[i]) = seen->slots[i];
	port_free(seen->slots);
	seen->slots = bigger;
	seen->slot_count = bigger_count;
	return 0;
}

void seen_add(struct seen *seen, const struct fingerprint *fp) {
	*find(seen->slots, seen->slot_count, fp) = *fp;
	seen->used++;
}
