/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/replay.c - replays the measurement list and compares the result with the TPM's PCR 10, bank by bank.
 *
 * Recomputes each template digest from the record's data before it counts. Exit status 0 when every bank is equal, 1
 * when one is not or a list is malformed, 3 when there is no TPM to compare with.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "kernel/base/text.h"
#include "kernel/integrity/log_format.h"
#include "tools/log_parse.h"

#define LIST_MAX (16u << 20)

static u8 list[LIST_MAX];

static ssize_t read_file(const char *path, void *buf, size_t cap) {
	int fd = open(path, O_RDONLY);
	size_t got = 0;
	ssize_t n = 1;

	if (fd < 0) return -1;
	while (got < cap && (n = read(fd, (u8 *)buf + got, cap - got)) > 0) got += (size_t)n;
	(void)close(fd); /* only read from */
	return n < 0 ? -1 : (ssize_t)got;
}

/* Extends *value by one record whose digest proved right. */
static int take_record(const struct log_record *record, unsigned hash, u8 *value, const char **ret_why) {
	struct log_template template;
	u8 digest[HASH_MAX_LEN];
	bool violation = log_record_is_violation(record);

	if (!violation) {
		if (log_record_template(record, &template, ret_why)) return -EBADMSG;
		if (log_record_digest(record, &template, hash, digest) ||
		    memcmp(digest, record->digest.base, record->digest.len) != 0) {
			*ret_why = "the template digest is not that of the data";
			return -EBADMSG;
		}
	}
	if (record->pcr != LOG_DEFAULT_PCR) return 0;
	return log_chain_extend(hash, value, record->digest.base, violation);
}

static int replay(size_t list_len, unsigned hash, u8 *value, size_t *ret_count, const char **ret_why) {
	struct cursor c = cursor_init(list, list_len);

	for (*ret_count = 0; !cursor_at_end(&c); ++*ret_count) {
		struct log_record record;

		if (log_parse_next(&c, hash_len(hash), &record, ret_why) || take_record(&record, hash, value, ret_why))
			return -EBADMSG;
	}
	return 0;
}

/* 1 equal, 0 not, -1 the bank has no PCR 10. */
static int check_bank(unsigned hash) {
	char path[128], pcr[2 * HASH_MAX_LEN + 2] = "", ours[2 * HASH_MAX_LEN + 1];
	u8 value[HASH_MAX_LEN] = { 0 };
	const char *name = hash_name(hash), *why = "";
	size_t count = 0;
	ssize_t len;
	bool equal;

	(void)snprintf(path, sizeof(path), "/sys/class/tpm/tpm0/pcr-%s/10", name);
	if (read_file(path, pcr, sizeof(pcr) - 1) <= 0) return -1;
	(void)snprintf(path, sizeof(path), "/sys/kernel/security/ima/binary_runtime_measurements_%s", name);
	len = read_file(path, list, sizeof(list));
	if (len < 0 || replay((size_t)len, hash, value, &count, &why)) {
		(void)printf("replay: record %zu of %s: %s\n", count + 1, path, len < 0 ? strerror(errno) : why);
		return 0;
	}
	text_hex(ours, value, hash_len(hash));
	for (char *p = pcr; *p; p++) /* the TPM's value is printed in capitals */
		*p = *p == '\n' ? '\0' : *p >= 'A' && *p <= 'F' ? (char)(*p + 32) : *p;
	equal = strcmp(ours, pcr) == 0;
	(void)printf("replay: %zu records give PCR 10 (%s) %.64s%s: %s\n", count, name, ours,
		     strlen(ours) > 64 ? "..." : "", equal ? "equal to the TPM's" : "NOT EQUAL to the TPM's");
	if (!equal) (void)printf("replay: the TPM's PCR 10 (%s) is %s\n", name, pcr);
	return equal;
}

int main(void) {
	static const u8 banks[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
	size_t found = 0, equal = 0;

	for (size_t i = 0; i < ARRAY_COUNT(banks); i++) {
		int result = check_bank(banks[i]);

		found += result >= 0;
		equal += result > 0;
	}
	if (!found) (void)printf("replay: there is no TPM to compare the list with\n");
	if (fflush(stdout)) return 1;
	return !found ? 3 : equal == found ? 0 : 1;
}
