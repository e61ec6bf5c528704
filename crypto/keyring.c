/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto/keyring.c - the rings: which certificates are trusted, and which of them a signature names.
 *
 * Invariant: every key in a ring passed cert.c's checks and, where the caller asked for it, was signed by a key of
 * another ring; no key stands in a ring twice; a sealed ring never grows.
 */
#include "crypto/keyring.h"

#include "crypto/cert.h"

struct key {
	struct list node;
	struct cert *cert;
};

struct keyring {
	const char *name;
	struct list keys;
	size_t count;
	bool sealed;
};

struct keyring *keyring_alloc(const char *name) {
	struct keyring *ring = port_alloc(sizeof(*ring));

	if (!ring) return NULL;
	ring->name = name;
	list_init(&ring->keys);
	return ring;
}

static void free_keys(struct list *keys) {
	list_for_each_safe(node, next, keys) {
		struct key *key = list_entry(node, struct key, node);

		list_del(node);
		cert_free(key->cert);
		port_free(key);
	}
}

void keyring_free(struct keyring *ring) {
	if (!ring) return;
	free_keys(&ring->keys);
	port_free(ring);
}

const char *keyring_name(const struct keyring *ring) { return ring->name; }

size_t keyring_count(const struct keyring *ring) { return ring->count; }

void keyring_seal(struct keyring *ring) { ring->sealed = true; }

int keyring_info(const struct keyring *ring, size_t index, struct key_info *ret_info) {
	list_for_each(node, &ring->keys) {
		if (index-- == 0) {
			cert_describe(list_entry(node, struct key, node)->cert, ret_info);
			return 0;
		}
	}
	return -ENOKEY;
}

static bool holds_key(const struct list *keys, const struct cert *cert) {
	list_for_each(node, keys) {
		if (cert_same_key(list_entry(node, struct key, node)->cert, cert)) return true;
	}
	return false;
}

/* 0 when some key of the ring signed the certificate. */
static int check_signed_by(const struct cert *cert, struct keyring *issuers) {
	int result = -EKEYREJECTED;

	list_for_each(node, &issuers->keys) {
		int err = cert_check_issuer(cert, list_entry(node, struct key, node)->cert);

		if (!err) return 0;
		if (err != -EKEYREJECTED) result = err;
	}
	return result;
}

/* Parses one certificate and, when nothing speaks against it, puts it at the end of keys. */
static int add_next(struct cursor *der, const struct keyring *ring, struct keyring *signed_by, struct list *keys) {
	struct cert *cert;
	struct key *key;
	int err = cert_parse_next(der, &cert);

	if (err) return err;
	if (holds_key(&ring->keys, cert) || holds_key(keys, cert))
		err = -EEXIST;
	else if (signed_by)
		err = check_signed_by(cert, signed_by);
	key = err ? NULL : port_alloc(sizeof(*key));
	if (!key) {
		cert_free(cert);
		return err ? err : -ENOMEM;
	}
	key->cert = cert;
	list_add_tail(keys, &key->node);
	return 0;
}

int keyring_add(struct keyring *ring, const void *der, size_t len, struct keyring *signed_by, size_t *ret_count) {
	struct cursor c = cursor_init(der, len);
	struct list added = LIST_INIT(added);
	size_t count = 0;

	if (ring->sealed) return -EPERM;
	do {
		int err = add_next(&c, ring, signed_by, &added);

		if (err) {
			free_keys(&added);
			return err;
		}
		count++;
	} while (!cursor_at_end(&c));
	list_for_each_safe(node, next, &added) {
		list_del(node);
		list_add_tail(&ring->keys, node);
	}
	ring->count += count;
	if (ret_count) *ret_count = count;
	return 0;
}

static bool has_id(const struct key *key, const u8 key_id[4]) {
	struct span skid = cert_skid(key->cert);

	return !memcmp(skid.base + skid.len - 4, key_id, 4);
}

int keyring_find(const struct keyring *ring, const u8 key_id[4], size_t *ret_index) {
	size_t index = 0;

	list_for_each(node, &ring->keys) {
		if (has_id(list_entry(node, struct key, node), key_id)) {
			*ret_index = index;
			return 0;
		}
		index++;
	}
	return -ENOKEY;
}

int keyring_verify(struct keyring *ring, const u8 key_id[4], const struct digest *digest, struct span sig) {
	int result = -ENOKEY;

	/* Four bytes may name several keys: each is as trusted as the others. */
	list_for_each(node, &ring->keys) {
		struct key *key = list_entry(node, struct key, node);

		if (!has_id(key, key_id)) continue;
		result = cert_verify(key->cert, digest, sig);
		if (!result) return 0;
	}
	return result;
}
