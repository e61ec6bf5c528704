/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/fake_tpm_exec.c - what the fake TPM's commands do.
 *
 * Relies on the cursor and on crypto/hash.h; the layouts are those of TPM 2.0 Library part 3. Invariant: a
 * command that is answered with an error has changed nothing.
 */
#include "kernel/base/cursor.h"
#include "kernel/base/mem.h"
#include "tests/fake/fake_tpm.h"
#include "tpm/frame.h"

#define RC_SIZE 0x95u    /* TPM_RC_SIZE, format 1 */
#define RC_VALUE 0x84u   /* TPM_RC_VALUE */
#define RC_HANDLE 0x8bu  /* TPM_RC_HANDLE */

static void answer(struct fake_tpm *f, u16 tag, u32 rc, const struct writer *body)
{
	size_t len = rc || !body ? 0 : body->len;

	f->rsp_len = FRAME_HEADER_LEN + len;
	frame_write(f->rsp, rc ? FRAME_ST_NO_SESSIONS : tag, (u32)f->rsp_len, rc);
}

static struct writer body_of(struct fake_tpm *f)
{
	return writer_init(f->rsp + FRAME_HEADER_LEN, sizeof(f->rsp) - FRAME_HEADER_LEN);
}

static void fold(const struct fake_bank *bank, u8 *value, const u8 *digest)
{
	struct hash_ctx ctx;
	unsigned id;

	if (hash_from_tpm_alg(bank->alg, &id) || hash_init(&ctx, id)) {
		for (size_t i = 0; i < bank->len; i++) /* some function that the driver cannot compute */
			value[i] = (u8)((value[i] << 1 | value[i] >> 7) ^ digest[i] ^ 0x5a);
		return;
	}
	hash_update(&ctx, value, bank->len);
	hash_update(&ctx, digest, bank->len);
	hash_final(&ctx, value);
}

void fake_tpm_extend(struct fake_tpm *fake, unsigned pcr, const struct tpm_digests *digests, size_t banks)
{
	for (size_t i = 0; i < banks && i < fake->bank_count; i++)
		fold(&fake->banks[i], fake->banks[i].pcrs[pcr], digests->bytes[i]);
	fake->update_counter++;
}

static struct fake_bank *find_bank(struct fake_tpm *f, u16 alg)
{
	for (size_t i = 0; i < f->bank_count; i++) {
		if (f->banks[i].alg == alg)
			return &f->banks[i];
	}
	return NULL;
}

static void pcr_extend(struct fake_tpm *f, struct cursor c)
{
	u32 pcr = cursor_be32(&c);
	struct writer body = body_of(f);
	struct span digests[16];
	struct fake_bank *banks[16];

	cursor_skip(&c, cursor_be32(&c)); /* the password session */
	u32 count = cursor_be32(&c);

	if (pcr >= PCR_COUNT || count > ARRAY_COUNT(banks)) {
		answer(f, 0, RC_HANDLE, NULL);
		return;
	}
	for (u32 i = 0; i < count; i++) {
		banks[i] = find_bank(f, cursor_be16(&c));
		digests[i] = cursor_take(&c, banks[i] ? banks[i]->len : 0);
		if (!banks[i] || !cursor_ok(&c)) {
			answer(f, 0, RC_VALUE, NULL);
			return;
		}
	}
	if (!cursor_at_end(&c)) {
		answer(f, 0, RC_SIZE, NULL);
		return;
	}
	for (u32 i = 0; i < count && !(i && f->faulty && f->fault == FAKE_HALF); i++)
		fold(banks[i], banks[i]->pcrs[pcr], digests[i].base);
	f->extends++;
	f->update_counter++;
	writer_be32(&body, 0);
	writer_bytes(&body, "\0\0\1\0\0", 5);
	answer(f, FRAME_ST_SESSIONS, 0, &body);
}

/* Up to eight digests; what was not given is not in the returned selection. */
static void pcr_read(struct fake_tpm *f, struct cursor c)
{
	struct writer body = body_of(f), digests;
	u8 digest_bytes[8 * (2 + HASH_MAX_LEN)];
	u32 count = cursor_be32(&c), given = 0;

	digests = writer_init(digest_bytes, sizeof(digest_bytes));
	f->update_counter += f->restless;
	writer_be32(&body, f->update_counter);
	writer_be32(&body, count);
	for (u32 i = 0; i < count && cursor_ok(&c); i++) {
		u16 alg = cursor_be16(&c);
		const struct fake_bank *bank = find_bank(f, alg);
		struct span select = cursor_take(&c, cursor_u8(&c));
		u8 out[3] = { 0 };

		for (unsigned pcr = 0; bank && pcr < PCR_COUNT && pcr / 8 < select.len; pcr++) {
			if (!(select.base[pcr / 8] & 1u << pcr % 8) || given == 8)
				continue;
			out[pcr / 8] |= (u8)(1u << pcr % 8);
			writer_be16(&digests, bank->len);
			writer_bytes(&digests, bank->pcrs[pcr], bank->len);
			given++;
		}
		writer_be16(&body, alg);
		writer_u8(&body, sizeof(out));
		writer_bytes(&body, out, sizeof(out));
	}
	writer_be32(&body, given);
	writer_bytes(&body, digests.base, digests.len);
	answer(f, FRAME_ST_NO_SESSIONS, cursor_at_end(&c) ? 0 : RC_SIZE, &body);
}

static u32 property_value(u32 property)
{
	switch (property) {
	case 0x105:
		return 0x46414b45; /* "FAKE" */
	case 0x10b:
		return 0x20240101;
	case 0x11e:
	case 0x11f:
		return 4096;
	default:
		return 0;
	}
}

static void get_capability(struct fake_tpm *f, struct cursor c)
{
	struct writer body = body_of(f);
	u32 kind = cursor_be32(&c), property = cursor_be32(&c), count = cursor_be32(&c);

	writer_u8(&body, 0);
	writer_be32(&body, kind);
	if (kind == 1) { /* handles */
		u32 n = property == 0x80000000u ? (u32)f->handle_count : 0;

		writer_be32(&body, n);
		for (u32 i = 0; i < n; i++)
			writer_be32(&body, f->handles[i]);
	} else if (kind == 5) { /* PCRs */
		writer_be32(&body, (u32)f->bank_count + 1);
		writer_be16(&body, 0x0028); /* a bank without PCRs: not active */
		writer_bytes(&body, "\3\0\0\0", 4);
		for (size_t i = 0; i < f->bank_count; i++) {
			writer_be16(&body, f->banks[i].alg);
			writer_bytes(&body, "\3\xff\xff\xff", 4);
		}
	} else if (kind == 6 && count) { /* properties */
		writer_be32(&body, 1);
		writer_be32(&body, property);
		writer_be32(&body, property_value(property));
	} else {
		answer(f, 0, RC_VALUE, NULL);
		return;
	}
	answer(f, FRAME_ST_NO_SESSIONS, 0, &body);
}

static void get_random(struct fake_tpm *f, struct cursor c)
{
	struct writer body = body_of(f);
	u16 ask = cursor_be16(&c);
	u16 give = ask > 16 ? 16 : ask; /* as a TPM may: fewer than asked */

	writer_be16(&body, give);
	for (u16 i = 0; i < give; i++)
		writer_u8(&body, (u8)(0xa0 + i + f->commands));
	answer(f, FRAME_ST_NO_SESSIONS, 0, &body);
}

static void flush_context(struct fake_tpm *f, struct cursor c)
{
	u32 handle = cursor_be32(&c);

	for (size_t i = 0; i < f->handle_count; i++) {
		if (f->handles[i] != handle)
			continue;
		f->handles[i] = f->handles[--f->handle_count];
		f->flushes++;
		answer(f, FRAME_ST_NO_SESSIONS, 0, NULL);
		return;
	}
	answer(f, 0, RC_HANDLE, NULL);
}

static void give_handle(struct fake_tpm *f)
{
	struct writer body = body_of(f);

	writer_be32(&body, f->next_handle);
	answer(f, FRAME_ST_NO_SESSIONS, f->next_handle ? 0 : FRAME_RC_COMMAND_CODE, &body);
}

static void startup(struct fake_tpm *f)
{
	f->startups++;
	answer(f, FRAME_ST_NO_SESSIONS, f->started ? FRAME_RC_INITIALIZE : 0, NULL);
	f->started = true;
}

void fake_tpm_exec(struct fake_tpm *fake)
{
	struct cursor c = cursor_init(fake->cmd, fake->cmd_len);
	u16 tag = cursor_be16(&c);
	u32 size = cursor_be32(&c), code = cursor_be32(&c);

	if ((tag != FRAME_ST_NO_SESSIONS && tag != FRAME_ST_SESSIONS) || size != fake->cmd_len)
		answer(fake, 0, 0x1e, NULL); /* TPM_RC_BAD_TAG, and good enough for a bad size */
	else if (fake->failure_mode)
		answer(fake, 0, FRAME_RC_FAILURE, NULL);
	else if (code == 0x144)
		startup(fake);
	else if (!fake->started)
		answer(fake, 0, FRAME_RC_INITIALIZE, NULL);
	else if (code == FRAME_CC_SELF_TEST)
		answer(fake, tag, 0, NULL);
	else if (code == 0x145) {
		fake->shutdowns++;
		answer(fake, tag, 0, NULL);
	} else if (code == 0x17a)
		get_capability(fake, c);
	else if (code == 0x17e)
		pcr_read(fake, c);
	else if (code == FRAME_CC_PCR_EXTEND)
		pcr_extend(fake, c);
	else if (code == 0x17b)
		get_random(fake, c);
	else if (code == FRAME_CC_FLUSH_CONTEXT)
		flush_context(fake, c);
	else if (code == 0x161 || code == 0x176)
		give_handle(fake);
	else
		answer(fake, 0, FRAME_RC_COMMAND_CODE, NULL);
}
