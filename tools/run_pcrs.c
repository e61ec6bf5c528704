/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_pcrs.c - TPM2_PCR_Read and its results.
 */
#include "tools/run_pcrs.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/cursor.h"
#include "kernel/base/text.h"
#include "tools/cli.h"
#include "tools/run_proc.h"

#define TPM_ST_NO_SESSIONS 0x8001u
#define TPM_CC_PCR_READ 0x17eu
#define READ_ROUNDS 8u /* eight digests fit into one response: three rounds read 24 */

static const u16 algs[PCRS_BANKS] = { PCR_ALG_SHA1, PCR_ALG_SHA256, PCR_ALG_SHA384, PCR_ALG_SHA512, PCR_ALG_SM3_256 };

int tpm_frame_feed(struct tpm_frame *f, const void *bytes, size_t len) {
	const u8 *b = bytes;

	while (len) {
		size_t want = (f->total ? f->total : TPM_HEADER_LEN) - f->have;
		size_t n = len < want ? len : want;

		if (!f->total) memcpy(f->header + f->have, b, n);
		f->have += (u32)n;
		b += n;
		len -= n;
		if (!f->total && f->have == TPM_HEADER_LEN) {
			f->total = load_be32(f->header + 2);
			if (f->total < TPM_HEADER_LEN || f->total > TPM_MESSAGE_MAX) return -EBADMSG;
		}
		if (f->total && f->have == f->total) {
			f->complete++;
			f->have = f->total = 0;
		}
	}
	return 0;
}

size_t pcrs_command(u16 alg, u32 mask, u8 ret_cmd[32]) {
	struct writer w = writer_init(ret_cmd, 32);

	writer_be16(&w, TPM_ST_NO_SESSIONS);
	writer_be32(&w, 20);
	writer_be32(&w, TPM_CC_PCR_READ);
	writer_be32(&w, 1);
	writer_be16(&w, alg);
	writer_u8(&w, 3);
	for (unsigned i = 0; i < 3; i++) writer_u8(&w, (u8)(mask >> (8 * i)));
	return w.len;
}

/* The selection of a response: one entry at most, of the bank asked for. */
static u32 take_selection(struct cursor *c, u16 alg) {
	u32 count = cursor_be32(c);
	u32 mask = 0;
	u8 octets;

	if (count == 0) return 0;
	if (count != 1 || cursor_be16(c) != alg) {
		cursor_fail(c);
		return 0;
	}
	octets = cursor_u8(c);
	if (octets > 4) {
		cursor_fail(c);
		return 0;
	}
	for (unsigned i = 0; i < octets; i++) mask |= (u32)cursor_u8(c) << (8 * i);
	return mask;
}

int pcrs_take(struct pcrs *p, size_t bank, const void *rsp, size_t len, u32 *ret_got) {
	struct cursor c = cursor_init(rsp, len);
	struct pcrs copy = *p;
	size_t digest_len = pcr_bank_len(copy.banks[bank].alg);
	u32 mask, count, rc;

	if (cursor_be16(&c) != TPM_ST_NO_SESSIONS || cursor_be32(&c) != len) return -EBADMSG;
	rc = cursor_be32(&c);
	if (rc) return -EIO;
	cursor_skip(&c, 4); /* update counter */
	mask = take_selection(&c, copy.banks[bank].alg);
	count = cursor_be32(&c);
	if (mask >> PCR_COUNT || count != (u32)__builtin_popcount(mask)) return -EBADMSG;
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!(mask >> i & 1)) continue;
		if (cursor_be16(&c) != digest_len || cursor_get_bytes(&c, copy.banks[bank].values[i], digest_len))
			return -EBADMSG;
	}
	if (!cursor_at_end(&c)) return -EBADMSG;
	copy.banks[bank].mask |= mask;
	*p = copy;
	*ret_got = mask;
	return 0;
}

/* One command and its response. */
static int transact(int fd, const u8 *cmd, size_t len, u64 deadline, u8 *rsp, size_t *ret_len) {
	struct tpm_frame frame = { .have = 0 };
	size_t have = 0;

	if (write(fd, cmd, len) != (ssize_t)len) return -EIO;
	while (!frame.complete) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		u64 now = now_ms();
		ssize_t n;

		if (now >= deadline || poll(&p, 1, (int)(deadline - now)) <= 0) return -ETIMEDOUT;
		n = read(fd, rsp + have, TPM_MESSAGE_MAX - have);
		if (n <= 0) return -EIO;
		if (tpm_frame_feed(&frame, rsp + have, (size_t)n) || frame.complete > 1) return -EBADMSG;
		have += (size_t)n;
	}
	*ret_len = have;
	return 0;
}

int pcrs_read(int fd, unsigned ms, struct pcrs *ret_pcrs) {
	u64 deadline = now_ms() + ms;
	struct pcrs p = { 0 };

	for (size_t bank = 0; bank < PCRS_BANKS; bank++) {
		u32 left = (1u << PCR_COUNT) - 1;

		p.banks[bank].alg = algs[bank];
		for (unsigned round = 0; left && round < READ_ROUNDS; round++) {
			u8 cmd[32], rsp[TPM_MESSAGE_MAX];
			size_t len;
			u32 got = 0;
			int err = transact(fd, cmd, pcrs_command(algs[bank], left, cmd), deadline, rsp, &len);

			if (!err) err = pcrs_take(&p, bank, rsp, len, &got);
			if (err == -EIO && bank + 1 == PCRS_BANKS)
				got = 0; /* SM3 is an algorithm that this TPM does not know */
			else if (err)
				return err;
			if (!got) break;
			left &= ~got;
		}
	}
	*ret_pcrs = p;
	return 0;
}

static void bank_json(struct buf *json, const struct pcrs *p, size_t bank) {
	const char *comma = "";

	buf_format(json, "%s  \"%s\": {", json->len > 2 ? ",\n" : "", pcr_bank_name(p->banks[bank].alg));
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		char hex[2 * PCRS_DIGEST_MAX + 1];

		if (!(p->banks[bank].mask >> i & 1)) continue;
		text_hex(hex, p->banks[bank].values[i], pcr_bank_len(p->banks[bank].alg));
		buf_format(json, "%s\n    \"%u\": \"%s\"", comma, i, hex);
		comma = ",";
	}
	buf_text(json, "\n  }");
}

static void bank_text(struct buf *text, const struct pcrs *p, size_t bank) {
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		char hex[2 * PCRS_DIGEST_MAX + 1];

		if (!(p->banks[bank].mask >> i & 1)) continue;
		text_hex(hex, p->banks[bank].values[i], pcr_bank_len(p->banks[bank].alg));
		buf_format(text, "PCR-%02u: %s\n", i, hex);
	}
}

static int write_file(char *path, struct buf *b) {
	struct output out = { NULL, NULL };
	int status = output_write(&out, path, b->bytes, b->len);

	if (!status) status = output_commit(&out);
	free(path);
	buf_free(b);
	return status;
}

int pcrs_write(const struct pcrs *p, const char *dir) {
	struct buf json = { 0 };
	int status = CLI_OK;

	buf_text(&json, "{\n");
	for (size_t bank = 0; bank < PCRS_BANKS && !status; bank++) {
		struct buf text = { 0 };

		if (!p->banks[bank].mask) continue;
		bank_json(&json, p, bank);
		bank_text(&text, p, bank);
		status = write_file(cli_text("%s/pcrs-%s.txt", dir, pcr_bank_name(p->banks[bank].alg)), &text);
	}
	buf_text(&json, "\n}\n");
	if (!status) return write_file(cli_text("%s/pcrs.json", dir), &json);
	buf_free(&json);
	return status;
}

void pcrs_remove(const char *dir) {
	char *path = cli_text("%s/pcrs.json", dir);

	(void)unlink(path); /* usually it is not there */
	free(path);
	for (size_t bank = 0; bank < PCRS_BANKS; bank++) {
		path = cli_text("%s/pcrs-%s.txt", dir, pcr_bank_name(algs[bank]));
		(void)unlink(path); /* usually it is not there */
		free(path);
	}
}
