/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tpm.c - opening a TPM, extending, reading.
 *
 * Relies on tss2-sys over tcti.c, and on crypto/hash.h to foretell a PCR's next value.
 * Invariant: known[pcr], where valid, is what the TPM held after the last command that could change
 * that PCR; it is the "old value" of promise 1, so it is dropped whenever there is doubt.
 */
#include "tpm/tpm.h"

#include <tss2_mu.h>
#include <tss2_sys.h>

#include "kernel/base/cursor.h"
#include "tpm/tcti.h"

/* CONSISTENT: reads of a PCR while somebody keeps updating; FLUSH: GetCapability calls for one kind of handle. */
enum { EXTEND_TRIES = 3, READ_BACK_TRIES = 3, CONSISTENT_TRIES = 8, FLUSH_ROUNDS = 4 };
#define RANDOM_CHUNK 32u      /* no larger than any TPM's largest digest */
#define EXTEND_RSP_LEN 19u    /* header, parameter size, and the empty answer of a password session */

/* The large structures of tss2 stand here and not on the kernel's stacks. */
struct state {
	struct wire wire;
	struct tcti tcti;
	TPMS_CAPABILITY_DATA capability;
	TPML_PCR_SELECTION selection, given;
	TPML_DIGEST values;
	TPM2B_DIGEST random;
	u8 scratch[FRAME_MAX];
	struct {
		bool valid;
		struct tpm_digests value;
	} known[PCR_COUNT];
	_Alignas(16) u8 sys[]; /* tss2's own context */
};

static struct state *state_of(const struct tpm *tpm) { return tpm->state; }

/* tss2-sys refuses to prepare a command after a failed one, so each starts from a fresh context. */
static TSS2_SYS_CONTEXT *fresh(struct state *s) {
	TSS2_SYS_CONTEXT *sys = (TSS2_SYS_CONTEXT *)(void *)s->sys;

	tcti_init(&s->tcti, &s->wire);
	/* Fails on sizes alone, and tpm_open saw to them. */
	(void)Tss2_Sys_Initialize(sys, Tss2_Sys_GetContextSize(0), (TSS2_TCTI_CONTEXT *)&s->tcti, NULL);
	return sys;
}

/* The one place where TSS2_RC becomes errno. */
static int translate(struct tpm *tpm, TSS2_RC rc) {
	struct state *s = state_of(tpm);

	tpm->dead |= s->wire.dead || rc == TPM2_RC_INITIALIZE || rc == TPM2_RC_FAILURE;
	if (rc == TSS2_RC_SUCCESS) return 0;
	/* Anything but a time-out is -EIO: -ENODEV would read as "there never was one". */
	return s->tcti.error == -ETIMEDOUT ? -ETIMEDOUT : -EIO;
}

static bool tested(TSS2_RC rc) {
	return rc == TSS2_RC_SUCCESS || rc == TPM2_RC_TESTING; /* testing goes on in the background */
}

/*
 * 0x100 is the answer to any command before Startup and to Startup after it: only when the self-test says
 * so is Startup sent, and then firmware has measured nothing.
 */
static int start(struct tpm *tpm, const char **ret_why) {
	struct state *s = state_of(tpm);
	TSS2_RC rc = Tss2_Sys_SelfTest(fresh(s), NULL, TPM2_NO, NULL);

	if (rc == TPM2_RC_INITIALIZE) {
		tpm->unstarted = true;
		rc = Tss2_Sys_Startup(fresh(s), TPM2_SU_CLEAR);
		if (rc == TSS2_RC_SUCCESS) rc = Tss2_Sys_SelfTest(fresh(s), NULL, TPM2_NO, NULL);
	}
	*ret_why = rc == TPM2_RC_FAILURE ? "it is in failure mode"
		   : rc == TPM2_RC_UPGRADE ? "it waits for a firmware update" : "it does not pass its self-test";
	if (!tested(rc) && rc != TPM2_RC_INITIALIZE && rc != TPM2_RC_FAILURE && rc != TPM2_RC_UPGRADE)
		rc = Tss2_Sys_SelfTest(fresh(s), NULL, TPM2_YES, NULL);
	return tested(rc) ? 0 : translate(tpm, rc);
}

/*
 * tss2-sys reads a response up to the end of its buffer, not of the response: what it made of a
 * response that is too short or too long is not to be believed. body is what it unmarshalled.
 */
static int check_len(const struct state *s, size_t body) {
	return s->tcti.rsp_len == FRAME_HEADER_LEN + body ? 0 : -EIO;
}

static int get_capability(struct tpm *tpm, u32 kind, u32 property, u32 count, bool *ret_more) {
	struct state *s = state_of(tpm);
	TPMI_YES_NO more = TPM2_NO;
	size_t len = sizeof(more);

	memset(&s->capability, 0, sizeof(s->capability));
	TRY(translate(tpm, Tss2_Sys_GetCapability(fresh(s), NULL, kind, property, count, &more, &s->capability, NULL)));
	if (s->capability.capability != kind ||
	    Tss2_MU_TPMS_CAPABILITY_DATA_Marshal(&s->capability, s->scratch, sizeof(s->scratch), &len))
		return -EIO;
	*ret_more = more == TPM2_YES;
	return check_len(s, len);
}

static int read_property(struct tpm *tpm, u32 property, u32 *ret_value) {
	const TPML_TAGGED_TPM_PROPERTY *list = &state_of(tpm)->capability.data.tpmProperties;
	bool more;

	TRY(get_capability(tpm, TPM2_CAP_TPM_PROPERTIES, property, 1, &more));
	if (list->count < 1 || list->tpmProperty[0].property != property) return -EIO;
	*ret_value = list->tpmProperty[0].value;
	return 0;
}

static int read_properties(struct tpm *tpm) {
	u32 manufacturer;

	TRY(read_property(tpm, TPM2_PT_MANUFACTURER, &manufacturer));
	TRY(read_property(tpm, TPM2_PT_FIRMWARE_VERSION_1, &tpm->firmware[0]));
	TRY(read_property(tpm, TPM2_PT_FIRMWARE_VERSION_2, &tpm->firmware[1]));
	store_be32(tpm->manufacturer, manufacturer);
	for (char *c = tpm->manufacturer; c < tpm->manufacturer + 4; c++)
		if (*c <= 0x20 || *c >= 0x7f) *c = '\0'; /* short names are padded: the text ends there */
	return 0;
}

/* Objects and sessions that firmware and loaders left; persistent objects and NV are not ours to touch. */
static int flush_leftovers(struct tpm *tpm, u32 first) {
	struct state *s = state_of(tpm);
	const TPML_HANDLE *list = &s->capability.data.handles;
	bool more = true;

	for (unsigned round = 0; more && round < FLUSH_ROUNDS; round++) {
		TRY(get_capability(tpm, TPM2_CAP_HANDLES, first, TPM2_MAX_CAP_HANDLES, &more));
		for (u32 i = 0; i < list->count; i++) {
			/* A TPM that refuses to flush one handle keeps it; nothing of ours needs the slot. */
			(void)translate(tpm, Tss2_Sys_FlushContext(fresh(s), list->handle[i]));
			if (tpm->dead) return -EIO;
		}
	}
	return 0;
}

/* PCR pcr of one bank, into s->values.digests[0]. */
static int read_one(struct tpm *tpm, u16 alg, unsigned pcr, u32 *ret_counter) {
	struct state *s = state_of(tpm);
	TPMS_PCR_SELECTION *wanted = &s->selection.pcrSelections[0];
	const TPMS_PCR_SELECTION *got = &s->given.pcrSelections[0];
	size_t len = sizeof(*ret_counter);

	s->selection.count = 1;
	*wanted = (TPMS_PCR_SELECTION){ .hash = alg, .sizeofSelect = 3 };
	wanted->pcrSelect[pcr / 8] = (u8)(1u << pcr % 8);
	memset(&s->given, 0, sizeof(s->given));
	memset(&s->values, 0, sizeof(s->values));
	TRY(translate(tpm, Tss2_Sys_PCR_Read(fresh(s), NULL, &s->selection, ret_counter, &s->given, &s->values, NULL)));
	/* The selection comes back without the PCR when the bank lacks it. */
	if (s->given.count != 1 || s->values.count != 1 || s->values.digests[0].size > HASH_MAX_LEN ||
	    got->hash != alg || !(got->pcrSelect[pcr / 8] & 1u << pcr % 8) ||
	    Tss2_MU_TPML_PCR_SELECTION_Marshal(&s->given, s->scratch, sizeof(s->scratch), &len) ||
	    Tss2_MU_TPML_DIGEST_Marshal(&s->values, s->scratch, sizeof(s->scratch), &len))
		return -EIO;
	return check_len(s, len);
}

/* Every bank. -EAGAIN when a PCR was updated between two of them. */
static int read_all(struct tpm *tpm, unsigned pcr, struct tpm_digests *values) {
	const TPM2B_DIGEST *value = &state_of(tpm)->values.digests[0];
	u32 counter, first = 0;

	for (size_t i = 0; i < tpm->bank_count; i++) {
		TRY(read_one(tpm, tpm->banks[i].alg, pcr, &counter));
		if (i && counter != first) return -EAGAIN;
		if (value->size != tpm->banks[i].len) return -EIO;
		memcpy(values->bytes[i], value->buffer, value->size);
		first = counter;
	}
	return 0;
}

int tpm_pcr_read(struct tpm *tpm, unsigned pcr, struct tpm_digests *ret_values) {
	struct tpm_digests values = { 0 };
	int err = -EAGAIN;

	if (pcr >= PCR_COUNT || !tpm->bank_count) return -EINVAL;
	if (tpm->dead) return -EIO;
	for (unsigned try = 0; err == -EAGAIN && try < CONSISTENT_TRIES; try++) err = read_all(tpm, pcr, &values);
	if (err) return err == -EAGAIN ? -EIO : err;
	*ret_values = values;
	return 0;
}

/* The size of a digest that no table tells is seen in PCR 0. */
static int add_bank(struct tpm *tpm, u16 alg) {
	struct tpm_bank bank = { .alg = alg, .hash = HASH_COUNT, .len = (u8)pcr_bank_len(alg) };
	unsigned hash;
	u32 counter;

	if (tpm->bank_count == TPM_BANKS_MAX) return -EIO;
	if (!hash_from_tpm_alg(alg, &hash)) bank.hash = (u8)hash;
	if (!bank.len) {
		TRY(read_one(tpm, alg, 0, &counter));
		bank.len = (u8)state_of(tpm)->values.digests[0].size;
	}
	if (!bank.len) return -EIO;
	tpm->banks[tpm->bank_count++] = bank;
	return 0;
}

/* A bank is active when some PCR is allocated in it. */
static int read_banks(struct tpm *tpm) {
	const TPML_PCR_SELECTION *assigned = &state_of(tpm)->capability.data.assignedPCR;
	bool more;

	TRY(get_capability(tpm, TPM2_CAP_PCRS, 0, 1, &more));
	for (u32 i = 0; i < assigned->count; i++) {
		u8 any = 0;

		for (u32 j = 0; j < assigned->pcrSelections[i].sizeofSelect; j++)
			any |= assigned->pcrSelections[i].pcrSelect[j];
		if (any) TRY(add_bank(tpm, assigned->pcrSelections[i].hash));
	}
	return tpm->bank_count ? 0 : -EIO;
}

static int learn(struct tpm *tpm, const char **ret_why) {
	static const u32 leftovers[] = { TPM2_TRANSIENT_FIRST, TPM2_LOADED_SESSION_FIRST, TPM2_ACTIVE_SESSION_FIRST };

	TRY(start(tpm, ret_why));
	*ret_why = "it does not tell which objects it holds";
	for (size_t i = 0; i < ARRAY_COUNT(leftovers); i++) TRY(flush_leftovers(tpm, leftovers[i]));
	*ret_why = "it does not tell its properties";
	TRY(read_properties(tpm));
	*ret_why = "it has no active PCR bank, more than eight, or does not tell";
	return read_banks(tpm);
}

int tpm_open(struct tpm *tpm, const struct tpm_regs *regs, const struct tpm_location *where, const char **ret_why) {
	const char *why = "out of memory";
	struct state *s = port_alloc(sizeof(struct state) + Tss2_Sys_GetContextSize(0));
	int err = s ? 0 : -ENOMEM;

	*tpm = (struct tpm){ .state = s };
	if (!err) err = wire_open(&s->wire, regs, where, &why);
	if (!err) {
		tpm->interface = s->wire.interface;
		tpm->table_disagrees = s->wire.table_disagrees;
		err = learn(tpm, &why);
	}
	if (!err) return 0;
	if (ret_why) *ret_why = why;
	tpm_close(tpm, false);
	return err;
}

void tpm_close(struct tpm *tpm, bool shutdown) {
	struct state *s = state_of(tpm);

	if (s && shutdown && !tpm->dead)
		(void)Tss2_Sys_Shutdown(fresh(s), NULL, TPM2_SU_CLEAR, NULL); /* the power goes off anyhow */
	if (s && tpm->interface != TPM_IF_NONE) wire_close(&s->wire);
	port_free(s);
	tpm->state = NULL;
	tpm->dead = true;
}

/* The value that a bank will hold; false when its hash is not built in. */
static bool foretell(const struct tpm_bank *bank, const u8 *old, const u8 *digest, u8 *ret_new) {
	struct hash_ctx ctx;

	if (bank->hash == HASH_COUNT || hash_init(&ctx, bank->hash)) return false;
	hash_update(&ctx, old, bank->len);
	hash_update(&ctx, digest, bank->len);
	hash_final(&ctx, ret_new);
	return true;
}

/*
 * PCR_Extend for all banks at once. Written here because tss2's union of digests has no room
 * for the algorithms that tss2 does not know, and an active bank must never be left out.
 */
static size_t write_extend(const struct tpm *tpm, unsigned pcr, const struct tpm_digests *digests, u8 *frame) {
	struct writer w = writer_init(frame, FRAME_MAX);

	writer_be16(&w, FRAME_ST_SESSIONS);
	writer_be32(&w, 0); /* size: below */
	writer_be32(&w, FRAME_CC_PCR_EXTEND);
	writer_be32(&w, pcr);
	writer_be32(&w, 9); /* the empty password: handle, no nonce, no attributes, no secret */
	writer_be32(&w, TPM2_RS_PW);
	writer_be16(&w, 0);
	writer_u8(&w, 0);
	writer_be16(&w, 0);
	writer_be32(&w, (u32)tpm->bank_count);
	for (size_t i = 0; i < tpm->bank_count; i++) {
		writer_be16(&w, tpm->banks[i].alg);
		writer_bytes(&w, digests->bytes[i], tpm->banks[i].len);
	}
	store_be32(frame + 2, (u32)w.len);
	return w.len;
}

/* 0 only for the one answer that a successful PCR_Extend has. */
static int send_extend(struct tpm *tpm, unsigned pcr, const struct tpm_digests *digests) {
	struct tcti *t = &state_of(tpm)->tcti;
	TSS2_RC rc;

	tcti_init(t, &state_of(tpm)->wire);
	t->cmd_len = write_extend(tpm, pcr, digests, t->cmd);
	rc = tcti_run(t) ? TSS2_TCTI_RC_IO_ERROR : frame_code(t->rsp);
	if (rc == TSS2_RC_SUCCESS && t->rsp_len != EXTEND_RSP_LEN) rc = TSS2_SYS_RC_MALFORMED_RESPONSE;
	return translate(tpm, rc);
}

enum outcome { OUTCOME_OTHER = 0, OUTCOME_OLD, OUTCOME_NEW };

static enum outcome compare(const struct tpm *tpm, const struct tpm_digests *actual, const struct tpm_digests *old,
			    const struct tpm_digests *digests) {
	size_t same = 0, extended = 0, foretold = 0;

	for (size_t i = 0; i < tpm->bank_count; i++) {
		u8 expected[HASH_MAX_LEN];
		size_t len = tpm->banks[i].len;

		if (memcmp(actual->bytes[i], old->bytes[i], len) == 0) {
			same++;
		} else if (!foretell(&tpm->banks[i], old->bytes[i], digests->bytes[i], expected)) {
			extended++; /* changed, and the banks we can compute decide whether rightly */
		} else if (memcmp(actual->bytes[i], expected, len) == 0) {
			extended++;
			foretold++;
		}
	}
	if (same == tpm->bank_count) return OUTCOME_OLD;
	return extended == tpm->bank_count && foretold ? OUTCOME_NEW : OUTCOME_OTHER;
}

/* What became of an extend whose answer is not to be had. */
static enum outcome read_back(struct tpm *tpm, unsigned pcr, const struct tpm_digests *old,
			      const struct tpm_digests *digests) {
	struct tpm_digests actual;

	for (unsigned try = 0; try < READ_BACK_TRIES; try++) {
		if (!tpm_pcr_read(tpm, pcr, &actual)) return compare(tpm, &actual, old, digests);
	}
	return OUTCOME_OTHER;
}

/* After a success: what the PCR holds now, where it can be computed. */
static void remember(struct tpm *tpm, unsigned pcr, const struct tpm_digests *digests) {
	struct state *s = state_of(tpm);
	bool valid = true;

	for (size_t i = 0; i < tpm->bank_count; i++) {
		u8 *value = s->known[pcr].value.bytes[i];

		valid &= foretell(&tpm->banks[i], value, digests->bytes[i], value);
	}
	s->known[pcr].valid = valid;
}

int tpm_extend(struct tpm *tpm, unsigned pcr, const struct tpm_digests *digests) {
	struct state *s = state_of(tpm);
	enum outcome outcome = OUTCOME_OLD;
	int err = 0;

	if (pcr >= PCR_COUNT || !tpm->bank_count) return -EINVAL;
	if (tpm->dead) return -EIO;
	if (!s->known[pcr].valid) TRY(tpm_pcr_read(tpm, pcr, &s->known[pcr].value));
	s->known[pcr].valid = true;
	for (unsigned try = 0; outcome == OUTCOME_OLD && try < EXTEND_TRIES; try++) {
		err = send_extend(tpm, pcr, digests);
		/* A TPM that ran the command and yet asked for it again has extended twice. */
		outcome = OUTCOME_NEW;
		if (err || s->tcti.delay_ms) outcome = read_back(tpm, pcr, &s->known[pcr].value, digests);
	}
	if (outcome == OUTCOME_OLD) return err ? err : -EIO;
	s->known[pcr].valid = false;
	if (outcome != OUTCOME_NEW) return -EBADMSG;
	remember(tpm, pcr, digests);
	return 0;
}

int tpm_random(struct tpm *tpm, void *ret_buf, size_t len) {
	struct state *s = state_of(tpm);
	u8 *out = ret_buf;

	while (len) {
		u16 ask = (u16)min_u64(len, RANDOM_CHUNK);

		if (tpm->dead) return -EIO;
		s->random.size = 0;
		TRY(translate(tpm, Tss2_Sys_GetRandom(fresh(s), NULL, ask, &s->random, NULL)));
		if (s->random.size < 1 || s->random.size > ask) return -EIO;
		TRY(check_len(s, sizeof(u16) + s->random.size));
		memcpy(out, s->random.buffer, s->random.size);
		out += s->random.size;
		len -= s->random.size;
	}
	return 0;
}

int tpm_submit(struct tpm *tpm, const void *cmd, size_t len, void *ret_rsp, size_t cap, size_t *ret_len) {
	struct state *s = state_of(tpm);
	int err;

	if (len < FRAME_HEADER_LEN || len > FRAME_MAX || load_be32((const u8 *)cmd + 2) != len) return -EINVAL;
	if (tpm->dead) return -EIO;
	s->known[PCR_DEBUG].valid = false; /* the two that the allow-list leaves to programs */
	s->known[PCR_APPLICATION].valid = false;
	err = wire_exchange(&s->wire, cmd, len, ret_rsp, cap, ret_len);
	tpm->dead |= s->wire.dead;
	return err == -ENODEV ? -EIO : err;
}

const char *tpm_interface_name(enum tpm_interface interface) {
	return interface == TPM_IF_TIS ? "TIS" : interface == TPM_IF_CRB ? "CRB" : "none";
}
