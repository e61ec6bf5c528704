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
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "tpm/frame.h"
#include "tpm/pcr.h"
#include "tpm/tcti.h"

#define EXTEND_TRIES 3u
#define READ_BACK_TRIES 3u
#define CONSISTENT_TRIES 8u   /* reads of a PCR while somebody keeps updating */
#define FLUSH_ROUNDS 4u       /* GetCapability calls for one kind of handle */
#define RANDOM_CHUNK 32u      /* no larger than any TPM's largest digest */
#define EXTEND_RSP_LEN 19u    /* header, parameter size, and the empty answer of a password session */

_Static_assert(TPM_PCR_COUNT == PCR_COUNT, "one count of PCRs");
_Static_assert(TPM_FRAME_MAX == FRAME_MAX, "one longest frame");

/* The large structures of tss2 stand here and not on the kernel's stacks. */
struct state {
	struct wire wire;
	struct tcti *tcti;
	TSS2_SYS_CONTEXT *sys;
	size_t sys_len;
	TPMS_CAPABILITY_DATA capability;
	TPML_PCR_SELECTION wanted;
	TPML_PCR_SELECTION given;
	TPML_DIGEST values;
	TPM2B_DIGEST random;
	u8 frame[FRAME_HEADER_LEN + 4 + 4 + 9 + 4 + TPM_BANKS_MAX * (2 + HASH_MAX_LEN)];
	u8 answer[FRAME_MAX];
	struct {
		bool valid;
		struct tpm_digests value;
	} known[PCR_COUNT];
};

static struct state *state_of(const struct tpm *tpm)
{
	return tpm->state;
}

/* tss2-sys refuses to prepare a command after a failed one, so each starts from a fresh context. */
static TSS2_SYS_CONTEXT *fresh(struct state *s)
{
	tcti_reset(s->tcti);
	/* Fails on sizes alone, and state_alloc saw to them. */
	(void)Tss2_Sys_Initialize(s->sys, s->sys_len, (TSS2_TCTI_CONTEXT *)s->tcti, NULL);
	return s->sys;
}

/* The one place where TSS2_RC becomes errno. */
static int translate(struct tpm *tpm, TSS2_RC rc)
{
	struct state *s = state_of(tpm);
	int err;

	if (s->wire.dead || rc == TPM2_RC_INITIALIZE || rc == TPM2_RC_FAILURE)
		tpm->dead = true;
	if (rc == TSS2_RC_SUCCESS)
		return 0;
	err = (rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER ? tcti_error(s->tcti) : 0;
	return err == -ETIMEDOUT ? err : -EIO; /* -ENODEV would read as "there never was one" */
}

static void state_free(struct state *s)
{
	if (!s)
		return;
	port_free(s->sys);
	port_free(s->tcti);
	port_free(s);
}

static struct state *state_alloc(void)
{
	struct state *s = port_alloc(sizeof(*s));

	if (!s)
		return NULL;
	s->sys_len = Tss2_Sys_GetContextSize(0);
	s->sys = port_alloc(s->sys_len);
	s->tcti = port_alloc(tcti_size());
	if (s->sys && s->tcti)
		return s;
	state_free(s);
	return NULL;
}

static bool tested(TSS2_RC rc)
{
	return rc == TSS2_RC_SUCCESS || rc == TPM2_RC_TESTING; /* testing goes on in the background */
}

/*
 * 0x100 is the answer to any command before Startup and to Startup after it: only when the self-test says
 * so is Startup sent, and then firmware has measured nothing.
 */
static int start(struct tpm *tpm, const char **ret_why)
{
	struct state *s = state_of(tpm);
	TSS2_RC rc = Tss2_Sys_SelfTest(fresh(s), NULL, TPM2_NO, NULL);

	if (rc == TPM2_RC_INITIALIZE) {
		tpm->unstarted = true;
		rc = Tss2_Sys_Startup(fresh(s), TPM2_SU_CLEAR);
		if (rc == TSS2_RC_SUCCESS)
			rc = Tss2_Sys_SelfTest(fresh(s), NULL, TPM2_NO, NULL);
	}
	if (tested(rc))
		return 0;
	if (rc == TPM2_RC_FAILURE)
		*ret_why = "it is in failure mode";
	else if (rc == TPM2_RC_UPGRADE)
		*ret_why = "it waits for a firmware update";
	else
		*ret_why = "it does not pass its self-test";
	if ((rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER && rc != TPM2_RC_FAILURE && rc != TPM2_RC_UPGRADE &&
	    rc != TPM2_RC_INITIALIZE && tested(Tss2_Sys_SelfTest(fresh(s), NULL, TPM2_YES, NULL)))
		return 0;
	return translate(tpm, rc);
}

/*
 * tss2-sys reads a response up to the end of its buffer, not of the response: what it made of a
 * response that is too short or too long is not to be believed. body is what it unmarshalled.
 */
static int check_len(const struct state *s, size_t body)
{
	return tcti_response_len(s->tcti) == FRAME_HEADER_LEN + body ? 0 : -EIO;
}

static int get_capability(struct tpm *tpm, u32 kind, u32 property, u32 count, bool *ret_more)
{
	struct state *s = state_of(tpm);
	TPMI_YES_NO more = TPM2_NO;
	size_t len = sizeof(more);
	int err;

	memset(&s->capability, 0, sizeof(s->capability));
	err = translate(tpm, Tss2_Sys_GetCapability(fresh(s), NULL, kind, property, count, &more, &s->capability,
						    NULL));
	if (err)
		return err;
	if (s->capability.capability != kind ||
	    Tss2_MU_TPMS_CAPABILITY_DATA_Marshal(&s->capability, s->answer, sizeof(s->answer), &len))
		return -EIO;
	*ret_more = more == TPM2_YES;
	return check_len(s, len);
}

static int get_property(struct tpm *tpm, u32 property, u32 *ret_value)
{
	const TPML_TAGGED_TPM_PROPERTY *list = &state_of(tpm)->capability.data.tpmProperties;
	bool more;
	int err = get_capability(tpm, TPM2_CAP_TPM_PROPERTIES, property, 1, &more);

	if (err)
		return err;
	if (list->count < 1 || list->tpmProperty[0].property != property)
		return -EIO;
	*ret_value = list->tpmProperty[0].value;
	return 0;
}

static int read_properties(struct tpm *tpm)
{
	u32 manufacturer;
	int err = get_property(tpm, TPM2_PT_MANUFACTURER, &manufacturer);

	if (!err)
		err = get_property(tpm, TPM2_PT_FIRMWARE_VERSION_1, &tpm->firmware[0]);
	if (!err)
		err = get_property(tpm, TPM2_PT_FIRMWARE_VERSION_2, &tpm->firmware[1]);
	if (!err)
		err = get_property(tpm, TPM2_PT_MAX_COMMAND_SIZE, &tpm->max_command);
	if (!err)
		err = get_property(tpm, TPM2_PT_MAX_RESPONSE_SIZE, &tpm->max_response);
	if (err)
		return err;
	for (unsigned i = 0; i < 4; i++) {
		u8 c = (u8)(manufacturer >> (24 - 8 * i));

		/* Short names are padded with NUL or spaces: the text ends there. */
		tpm->manufacturer[i] = (char)(c > 0x20 && c < 0x7f ? c : 0);
	}
	return 0;
}

/* Objects and sessions that firmware and loaders left; persistent objects and NV are not ours to touch. */
static int flush_leftovers(struct tpm *tpm, u32 first)
{
	struct state *s = state_of(tpm);
	bool more = true;

	for (unsigned round = 0; more && round < FLUSH_ROUNDS; round++) {
		const TPML_HANDLE *list = &s->capability.data.handles;
		int err = get_capability(tpm, TPM2_CAP_HANDLES, first, TPM2_MAX_CAP_HANDLES, &more);

		if (err)
			return err;
		for (u32 i = 0; i < list->count; i++) {
			TSS2_RC rc = Tss2_Sys_FlushContext(fresh(s), list->handle[i]);

			if ((rc & TSS2_RC_LAYER_MASK) != TSS2_TPM_RC_LAYER)
				return translate(tpm, rc);
			/* A TPM that refuses to flush one handle keeps it; nothing of ours needs the slot. */
		}
	}
	return 0;
}

/* One PCR_Read of s->wanted into s->given and s->values. */
static int pcr_read(struct tpm *tpm, u32 *ret_counter)
{
	struct state *s = state_of(tpm);
	size_t len = sizeof(*ret_counter);
	int err;

	memset(&s->given, 0, sizeof(s->given));
	memset(&s->values, 0, sizeof(s->values));
	err = translate(tpm, Tss2_Sys_PCR_Read(fresh(s), NULL, &s->wanted, ret_counter, &s->given, &s->values, NULL));
	if (err)
		return err;
	if (Tss2_MU_TPML_PCR_SELECTION_Marshal(&s->given, s->answer, sizeof(s->answer), &len) ||
	    Tss2_MU_TPML_DIGEST_Marshal(&s->values, s->answer, sizeof(s->answer), &len))
		return -EIO;
	return check_len(s, len);
}

static void want_banks(struct tpm *tpm, unsigned pcr, u32 want)
{
	TPML_PCR_SELECTION *wanted = &state_of(tpm)->wanted;

	memset(wanted, 0, sizeof(*wanted));
	for (size_t i = 0; i < tpm->bank_count; i++) {
		if (!(want & 1u << i))
			continue;
		TPMS_PCR_SELECTION *one = &wanted->pcrSelections[wanted->count++];

		one->hash = tpm->banks[i].alg;
		one->sizeofSelect = 3;
		one->pcrSelect[pcr / 8] = (u8)(1u << pcr % 8);
	}
}

static bool has_pcr(const TPMS_PCR_SELECTION *one, unsigned pcr)
{
	return one->sizeofSelect > pcr / 8 && (one->pcrSelect[pcr / 8] & 1u << pcr % 8);
}

/* Reads PCR pcr of the banks whose bits are set in want; *ret_got tells which came. */
static int read_part(struct tpm *tpm, unsigned pcr, u32 want, struct tpm_digests *values, u32 *ret_got,
		     u32 *ret_counter)
{
	struct state *s = state_of(tpm);
	u32 got = 0, next = 0;
	int err;

	want_banks(tpm, pcr, want);
	err = pcr_read(tpm, ret_counter);
	for (u32 i = 0; !err && i < s->given.count; i++) {
		const TPMS_PCR_SELECTION *one = &s->given.pcrSelections[i];
		size_t bank = 0;

		if (!has_pcr(one, pcr))
			continue;
		while (bank < tpm->bank_count && tpm->banks[bank].alg != one->hash)
			bank++;
		if (bank == tpm->bank_count || !(want & ~got & 1u << bank) || next >= s->values.count ||
		    s->values.digests[next].size != tpm->banks[bank].len)
			return -EIO;
		memcpy(values->bytes[bank], s->values.digests[next++].buffer, tpm->banks[bank].len);
		got |= 1u << bank;
	}
	*ret_got = got;
	return err;
}

/* Every bank, in as many parts as the TPM makes of it. -EAGAIN when a PCR was updated between two parts. */
static int read_all(struct tpm *tpm, unsigned pcr, struct tpm_digests *values)
{
	u32 all = (1u << tpm->bank_count) - 1;
	u32 have = 0, first = 0;

	while (have != all) {
		u32 got, counter;
		int err = read_part(tpm, pcr, all & ~have, values, &got, &counter);

		if (err)
			return err;
		if (!got)
			return -EIO; /* an active bank without this PCR */
		if (have && counter != first)
			return -EAGAIN;
		first = counter;
		have |= got;
	}
	return 0;
}

int tpm_pcr_read(struct tpm *tpm, unsigned pcr, struct tpm_digests *ret_values)
{
	struct tpm_digests values = { 0 };
	int err = -EAGAIN;

	if (pcr >= PCR_COUNT || !tpm->bank_count)
		return -EINVAL;
	if (tpm->dead)
		return -EIO;
	for (unsigned try = 0; err == -EAGAIN && try < CONSISTENT_TRIES; try++)
		err = read_all(tpm, pcr, &values);
	if (err)
		return err == -EAGAIN ? -EIO : err;
	*ret_values = values;
	return 0;
}

/* Size of a digest that no table tells: the TPM shows it in PCR 0. */
static int ask_len(struct tpm *tpm, u16 alg, u8 *ret_len)
{
	struct state *s = state_of(tpm);
	u32 counter;
	int err;

	memset(&s->wanted, 0, sizeof(s->wanted));
	s->wanted.count = 1;
	s->wanted.pcrSelections[0] = (TPMS_PCR_SELECTION){ .hash = alg, .sizeofSelect = 3, .pcrSelect = { 1 } };
	err = pcr_read(tpm, &counter);
	if (err)
		return err;
	if (s->values.count != 1 || s->values.digests[0].size < 1 || s->values.digests[0].size > HASH_MAX_LEN)
		return -EIO;
	*ret_len = (u8)s->values.digests[0].size;
	return 0;
}

static int add_bank(struct tpm *tpm, u16 alg)
{
	struct tpm_bank bank = { .alg = alg, .hash = HASH_COUNT, .len = (u8)pcr_bank_len(alg) };
	unsigned hash;

	if (tpm->bank_count == TPM_BANKS_MAX)
		return -EIO;
	if (!hash_from_tpm_alg(alg, &hash))
		bank.hash = (u8)hash;
	if (!bank.len) {
		int err = ask_len(tpm, alg, &bank.len);

		if (err)
			return err;
	}
	tpm->banks[tpm->bank_count++] = bank;
	return 0;
}

/* A bank is active when some PCR is allocated in it. */
static int read_banks(struct tpm *tpm)
{
	const TPML_PCR_SELECTION *assigned = &state_of(tpm)->capability.data.assignedPCR;
	u16 algs[TPM2_NUM_PCR_BANKS];
	size_t count = 0;
	bool more;
	int err = get_capability(tpm, TPM2_CAP_PCRS, 0, 1, &more);

	for (u32 i = 0; !err && i < assigned->count; i++) {
		u8 any = 0;

		for (u32 j = 0; j < assigned->pcrSelections[i].sizeofSelect; j++)
			any |= assigned->pcrSelections[i].pcrSelect[j];
		if (any)
			algs[count++] = assigned->pcrSelections[i].hash;
	}
	for (size_t i = 0; !err && i < count; i++)
		err = add_bank(tpm, algs[i]);
	return !err && !count ? -EIO : err;
}

static int learn(struct tpm *tpm, const char **ret_why)
{
	int err = start(tpm, ret_why);

	if (err)
		return err;
	*ret_why = "it does not tell which objects it holds";
	err = flush_leftovers(tpm, TPM2_TRANSIENT_FIRST);
	if (!err)
		err = flush_leftovers(tpm, TPM2_LOADED_SESSION_FIRST);
	if (!err)
		err = flush_leftovers(tpm, TPM2_ACTIVE_SESSION_FIRST);
	if (err)
		return err;
	*ret_why = "it does not tell its properties";
	err = read_properties(tpm);
	if (err)
		return err;
	*ret_why = "it has no active PCR bank, more than eight, or does not tell";
	return read_banks(tpm);
}

int tpm_open(struct tpm *tpm, const struct tpm_regs *regs, const struct tpm_location *where, const char **ret_why)
{
	const char *why = "out of memory";
	struct state *s = state_alloc();
	int err = s ? 0 : -ENOMEM;

	*tpm = (struct tpm){ .regs = *regs, .state = s };
	if (!err)
		err = wire_open(&s->wire, regs, where, &why);
	if (!err) {
		tpm->interface = s->wire.interface;
		tpm->table_disagrees = s->wire.table_disagrees;
		s->tcti = tcti_init(s->tcti, &s->wire);
		err = learn(tpm, &why);
	}
	if (!err)
		return 0;
	if (ret_why)
		*ret_why = why;
	tpm_close(tpm, false);
	return err;
}

void tpm_close(struct tpm *tpm, bool shutdown)
{
	struct state *s = state_of(tpm);

	if (s && shutdown && !tpm->dead)
		(void)Tss2_Sys_Shutdown(fresh(s), NULL, TPM2_SU_CLEAR, NULL); /* the power goes off anyhow */
	if (s && tpm->interface != TPM_IF_NONE)
		wire_close(&s->wire);
	state_free(s);
	tpm->state = NULL;
	tpm->dead = true;
}

/* The value that a bank will hold; false when its hash is not built in. */
static bool foretell(const struct tpm_bank *bank, const u8 *old, const u8 *digest, u8 *ret_new)
{
	struct hash_ctx ctx;

	if (bank->hash == HASH_COUNT || hash_init(&ctx, bank->hash))
		return false;
	hash_update(&ctx, old, bank->len);
	hash_update(&ctx, digest, bank->len);
	hash_final(&ctx, ret_new);
	return true;
}

/*
 * PCR_Extend for all banks at once. Written here because tss2's union of digests has no room
 * for the algorithms that tss2 does not know, and an active bank must never be left out.
 */
static size_t write_extend(const struct tpm *tpm, unsigned pcr, const struct tpm_digests *digests, u8 *frame,
			   size_t cap)
{
	struct writer w = writer_init(frame, cap);

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
	return writer_ok(&w) ? w.len : 0;
}

/* 0 only for the one answer that a successful PCR_Extend has. */
static int send_extend(struct tpm *tpm, unsigned pcr, const struct tpm_digests *digests)
{
	struct state *s = state_of(tpm);
	TSS2_TCTI_CONTEXT *tcti = (TSS2_TCTI_CONTEXT *)s->tcti;
	size_t len = write_extend(tpm, pcr, digests, s->frame, sizeof(s->frame));
	size_t answer_len = sizeof(s->answer);
	TSS2_RC rc;

	tcti_reset(s->tcti);
	rc = Tss2_Tcti_Transmit(tcti, len, s->frame);
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_Tcti_Receive(tcti, &answer_len, s->answer, TSS2_TCTI_TIMEOUT_BLOCK);
	if (rc == TSS2_RC_SUCCESS && (rc = frame_code(s->answer)) == TSS2_RC_SUCCESS && answer_len != EXTEND_RSP_LEN)
		rc = TSS2_SYS_RC_MALFORMED_RESPONSE;
	return translate(tpm, rc);
}

enum outcome { OUTCOME_OTHER = 0, OUTCOME_OLD, OUTCOME_NEW };

static enum outcome compare(const struct tpm *tpm, const struct tpm_digests *actual, const struct tpm_digests *old,
			    const struct tpm_digests *digests)
{
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
	if (same == tpm->bank_count)
		return OUTCOME_OLD;
	return extended == tpm->bank_count && foretold ? OUTCOME_NEW : OUTCOME_OTHER;
}

/* What became of an extend whose answer is not to be had. */
static enum outcome read_back(struct tpm *tpm, unsigned pcr, const struct tpm_digests *old,
			      const struct tpm_digests *digests)
{
	struct tpm_digests actual;

	for (unsigned try = 0; try < READ_BACK_TRIES; try++) {
		if (!tpm_pcr_read(tpm, pcr, &actual))
			return compare(tpm, &actual, old, digests);
	}
	return OUTCOME_OTHER;
}

/* After a success: what the PCR holds now, where it can be computed. */
static void remember(struct tpm *tpm, unsigned pcr, const struct tpm_digests *digests)
{
	struct state *s = state_of(tpm);
	bool valid = true;

	for (size_t i = 0; i < tpm->bank_count; i++) {
		u8 *value = s->known[pcr].value.bytes[i];

		valid &= foretell(&tpm->banks[i], value, digests->bytes[i], value);
	}
	s->known[pcr].valid = valid;
}

int tpm_extend(struct tpm *tpm, unsigned pcr, const struct tpm_digests *digests)
{
	struct state *s = state_of(tpm);
	enum outcome outcome = OUTCOME_OLD;
	int err = 0;

	if (pcr >= PCR_COUNT || !tpm->bank_count)
		return -EINVAL;
	if (tpm->dead)
		return -EIO;
	if (!s->known[pcr].valid) {
		err = tpm_pcr_read(tpm, pcr, &s->known[pcr].value);
		if (err)
			return err;
		s->known[pcr].valid = true;
	}
	for (unsigned try = 0; outcome == OUTCOME_OLD && try < EXTEND_TRIES; try++) {
		err = send_extend(tpm, pcr, digests);
		/* A TPM that ran the command and yet asked for it again has extended twice. */
		outcome = OUTCOME_NEW;
		if (err || tcti_resent(s->tcti))
			outcome = read_back(tpm, pcr, &s->known[pcr].value, digests);
	}
	if (outcome == OUTCOME_NEW) {
		remember(tpm, pcr, digests);
		return 0;
	}
	if (outcome == OUTCOME_OLD)
		return err ? err : -EIO;
	s->known[pcr].valid = false;
	return -EBADMSG;
}

int tpm_random(struct tpm *tpm, void *ret_buf, size_t len)
{
	struct state *s = state_of(tpm);
	u8 *out = ret_buf;

	while (len) {
		u16 ask = (u16)min_u64(len, RANDOM_CHUNK);

		if (tpm->dead)
			return -EIO;
		s->random.size = 0;
		int err = translate(tpm, Tss2_Sys_GetRandom(fresh(s), NULL, ask, &s->random, NULL));

		if (err)
			return err;
		if (s->random.size < 1 || s->random.size > ask || check_len(s, sizeof(u16) + s->random.size))
			return -EIO;
		memcpy(out, s->random.buffer, s->random.size);
		out += s->random.size;
		len -= s->random.size;
	}
	return 0;
}

int tpm_submit(struct tpm *tpm, const void *cmd, size_t len, void *ret_rsp, size_t cap, size_t *ret_len)
{
	struct state *s = state_of(tpm);
	int err;

	if (len < FRAME_HEADER_LEN || len > FRAME_MAX || load_be32((const u8 *)cmd + 2) != len)
		return -EINVAL;
	if (tpm->dead)
		return -EIO;
	s->known[PCR_DEBUG].valid = false; /* the two that the allow-list leaves to programs */
	s->known[PCR_APPLICATION].valid = false;
	err = wire_exchange(&s->wire, cmd, len, ret_rsp, cap, ret_len);
	tpm->dead |= s->wire.dead;
	return err == -ENODEV ? -EIO : err;
}

const char *tpm_interface_name(enum tpm_interface interface)
{
	switch (interface) {
	case TPM_IF_TIS:
		return "TIS";
	case TPM_IF_CRB:
		return "CRB";
	default:
		return "none";
	}
}
