/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/image_reference.c - the values that a verifier expects of an image: `--reference`.
 *
 * Everything is computed from the bytes of the finished PE file, by the rules of boot/pe.h and boot/uki.h that
 * the stub compiles too. The form is described in docs/FORMATS.md; members may be added, none is renamed.
 *
 * PCR 11 is what the stub makes of the sections; PCR 12 stays zero as long as no load options are given.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/pe.h"
#include "kernel/version.h"
#include "tools/image.h"
#include "tools/json.h"
#include "tools/pedigest.h"

#define BANKS 4u

static const u8 banks[BANKS] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

/* One value a bank: of a PCR, or the digests of an event. */
struct pcr_set {
	struct digest values[BANKS];
};

static void hash_span(unsigned id, struct span s, struct digest *ret_digest) {
	if (hash_bytes(id, s.base, s.len, ret_digest))
		(void)cli_fail("%s is not built in", hash_name(id)); /* each bank's hash is, by the configuration */
}

static void pcr_init(struct pcr_set *pcr) {
	for (size_t i = 0; i < BANKS; i++)
		pcr->values[i] = (struct digest){ .id = banks[i], .len = (u8)hash_len(banks[i]) };
}

static void hash_event(struct span event, struct pcr_set *ret_digests) {
	for (size_t i = 0; i < BANKS; i++) hash_span(banks[i], event, &ret_digests->values[i]);
}

static void pcr_extend(struct pcr_set *pcr, const struct pcr_set *event) {
	for (size_t i = 0; i < BANKS; i++) {
		struct digest *value = &pcr->values[i];
		u8 both[2 * HASH_MAX_LEN];

		memcpy(both, value->bytes, value->len);
		memcpy(both + value->len, event->values[i].bytes, value->len);
		hash_span(banks[i], (struct span){ both, 2u * value->len }, value);
	}
}

static void put_digest(struct json *j, const struct digest *d) { json_hex(j, hash_name(d->id), d->bytes, d->len); }

static int hash_range(void *ctx, struct span range) {
	struct hash_ctx *contexts = ctx;

	for (size_t i = 0; i < BANKS; i++) hash_update(&contexts[i], range.base, range.len);
	return 0;
}

static int put_authenticode(struct json *j, const struct pe *pe) {
	struct hash_ctx contexts[BANKS];

	for (size_t i = 0; i < BANKS; i++) {
		if (hash_init(&contexts[i], banks[i])) return cli_fail("%s is not built in", hash_name(banks[i]));
	}
	if (pe_digest_ranges(pe, hash_range, contexts)) return cli_fail("the image's headers contradict its length");
	json_open_object(j, "authenticode");
	for (size_t i = 0; i < BANKS; i++) {
		struct digest d = { .id = banks[i], .len = (u8)hash_len(banks[i]) };

		hash_final(&contexts[i], d.bytes);
		put_digest(j, &d);
	}
	json_close_object(j);
	return 0;
}

/* Describes each section that is there, in measuring order, and extends *pcr as the stub will. */
static int put_sections(struct json *j, const struct pe *pe, struct pcr_set *pcr) {
	json_open_array(j, "sections");
	for (unsigned i = 0; i < UKI_COUNT; i++) {
		const char *name = uki_name(i);
		struct pcr_set named, digests;
		struct span content;
		int err = pe_find(pe, name, &content);

		if (err == -ENOENT) continue;
		if (err) return cli_fail("the section %s of the image cannot be read back", name);
		json_open_object(j, NULL);
		json_string(j, "name", name);
		json_number(j, "size", content.len);
		json_bool(j, "measured", uki_is_measured(i));
		hash_event((struct span){ (const u8 *)name, strlen(name) + 1 }, &named);
		hash_event(content, &digests);
		for (size_t k = 0; k < BANKS; k++) put_digest(j, &digests.values[k]);
		json_close_object(j);
		if (!uki_is_measured(i)) continue;
		pcr_extend(pcr, &named);
		pcr_extend(pcr, &digests);
	}
	json_close_array(j);
	return 0;
}

static void put_pcr(struct json *j, const char *index, const struct pcr_set *pcr) {
	json_open_object(j, index);
	for (size_t i = 0; i < BANKS; i++) put_digest(j, &pcr->values[i]);
	json_close_object(j);
}

static void put_file(struct json *j, const struct rootfs_entry *entry) {
	const struct buf *data = entry->link ? &entry->link->data : &entry->data;
	char *path = cli_text("/%s", entry->path);
	char *mode = cli_text("%04o", (entry->link ? entry->link : entry)->mode & 07777);
	struct sig_value sig;
	struct digest d;

	hash_span(HASH_SHA256, (struct span){ data->bytes, data->len }, &d);
	json_open_object(j, NULL);
	json_string(j, "path", path);
	json_string(j, "mode", mode);
	json_number(j, "size", data->len);
	put_digest(j, &d);
	if (image_signature(entry, &sig))
		json_hex(j, "signer", sig.key_id, sizeof(sig.key_id));
	else
		json_string(j, "signer", NULL);
	json_close_object(j);
	free(path);
	free(mode);
}

static void put_files(struct json *j, const struct rootfs *fs) {
	json_open_array(j, "files");
	for (size_t i = 0; i < fs->count; i++) {
		if (S_ISREG(fs->entries[i]->mode)) put_file(j, fs->entries[i]);
	}
	json_close_array(j);
}

int image_make_reference(struct image *im) {
	struct json j = { .out = &im->reference };
	struct pcr_set sections, options;
	const char *why = "";
	struct pe pe;
	int status;

	if (pe_open(im->pe.bytes, im->pe.len, PE_FILE, &pe, &why))
		return cli_fail("the image cannot be read back: %s", why);
	pcr_init(&sections);
	pcr_init(&options);
	json_open_object(&j, NULL);
	json_string(&j, "format", "assay-reference-1");
	json_string(&j, "uname", ASSAY_RELEASE);
	json_string(&j, "image_version", im->o.version);
	status = put_authenticode(&j, &pe);
	if (!status) status = put_sections(&j, &pe, &sections);
	json_open_object(&j, "pcrs");
	put_pcr(&j, "11", &sections);
	put_pcr(&j, "12", &options);
	json_close_object(&j);
	put_files(&j, &im->fs);
	json_close_object(&j);
	json_end(&j);
	return status;
}
