/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tcti.c - the transport of tss2-sys.
 *
 * Relies on wire.c. Invariant: the command that was transmitted is kept until its final response is given out,
 * because the device may have overwritten its own copy; a response given out was checked by the wire.
 */
#include "tpm/tcti.h"

#define TCTI_MAGIC 0x5941535341495443ull /* "CTIASSAY" in memory order */

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const u8 *command) {
	struct tcti *t = (struct tcti *)(void *)context;

	if (t->state != TCTI_IDLE) return TSS2_TCTI_RC_BAD_SEQUENCE;
	if (size < FRAME_HEADER_LEN || size > sizeof(t->cmd) || load_be32(command + 2) != size)
		return TSS2_TCTI_RC_BAD_VALUE;
	memcpy(t->cmd, command, size);
	t->cmd_len = size;
	t->error = 0;
	t->state = TCTI_HELD;
	return TSS2_RC_SUCCESS;
}

/* First pause after which the command is worth another try, 0 for an answer that is final. */
static u64 first_delay(const struct tcti *t) {
	switch (frame_code(t->rsp)) {
	case FRAME_RC_TESTING: return frame_code(t->cmd) == FRAME_CC_SELF_TEST ? 0 : TCTI_DELAY_FIRST_MS;
	case FRAME_RC_RETRY:
	case FRAME_RC_YIELDED: return TCTI_DELAY_FIRST_MS;
	case FRAME_RC_NV_RATE:
	case FRAME_RC_NV_UNAVAILABLE: return TCTI_DELAY_NV_MS;
	default: return 0;
	}
}

int tcti_run(struct tcti *t) {
	const struct tpm_regs *r = &t->wire->regs;

	for (t->delay_ms = 0;;) {
		t->error = wire_exchange(t->wire, t->cmd, t->cmd_len, t->rsp, sizeof(t->rsp), &t->rsp_len);
		if (t->error) return t->error;
		u64 first = first_delay(t), start = r->now_ms(r->bus), delay = t->delay_ms ? t->delay_ms * 2 : first;

		if (!first || delay > TCTI_DELAY_MAX_MS) return 0;
		t->delay_ms = delay;
		while (r->now_ms(r->bus) - start < delay) r->pause(r->bus);
	}
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *context, size_t *size, u8 *response, s32 timeout) {
	struct tcti *t = (struct tcti *)(void *)context;
	size_t cap = *size;

	if (timeout != TSS2_TCTI_TIMEOUT_BLOCK) return TSS2_TCTI_RC_BAD_VALUE;
	if (t->state == TCTI_IDLE) return TSS2_TCTI_RC_BAD_SEQUENCE;
	if (t->state == TCTI_HELD) t->state = tcti_run(t) ? TCTI_IDLE : TCTI_READY;
	if (t->error) return t->error == -ENODEV ? TSS2_TCTI_RC_NO_CONNECTION : TSS2_TCTI_RC_IO_ERROR;
	*size = t->rsp_len;
	if (!response) return TSS2_RC_SUCCESS;
	if (cap < t->rsp_len) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
	memcpy(response, t->rsp, t->rsp_len);
	t->state = TCTI_IDLE;
	return TSS2_RC_SUCCESS;
}

void tcti_init(struct tcti *tcti, struct wire *wire) {
	tcti->common = (TSS2_TCTI_CONTEXT_COMMON_V1){
		.magic = TCTI_MAGIC, .version = 1, .transmit = transmit, .receive = receive };
	tcti->wire = wire;
	tcti->state = TCTI_IDLE;
	tcti->error = 0;
}
